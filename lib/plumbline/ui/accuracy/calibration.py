"""How far scores and estimates can be trusted: the reliability curve, and past estimates against outcomes."""

from __future__ import annotations

from plumbline.answers.performance.series import CalibrationAnswer, PerformanceAnswer
from plumbline.charts.reliability import reliability
from plumbline.charts.style import Mode
from plumbline.monitor.performance.calibration import Estimate
from plumbline.ui.parts import cards, charts, tables
from plumbline.ui.parts.escape import one_line
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase

MOST = 6  # curves drawn


def calibration(answer: CalibrationAnswer, key: str, mode: Mode) -> None:
    """Whether the score means what it says, all versions and each."""
    cards.section(phrase("Does the score mean what it says?"), answer.sentence)
    if not answer.curves or not answer.curves[0].bins:
        return
    calibrations = answer.curves[1 : MOST + 1] if len(answer.curves) > 1 else answer.curves
    charts.show(
        reliability(calibrations, mode),
        key="accuracy.calibration",
        name=f"{key}-calibration",
        alt=phrase("{sentence} The table below has each version.", sentence=answer.sentence),
        caption=phrase("On the dotted line a score means what it says. Bars are 95 % intervals."),
        rows=[
            {
                "version": "all" if c.version is None else c.version,
                "score": b.score,
                "came_true": b.share,
                "low": b.low,
                "high": b.high,
                "n": b.n,
            }
            for c in answer.curves
            for b in c.bins
        ],
    )
    tables.grid(
        [
            {
                "Version": phrase("all")
                if c.version is None
                else one_line(c.version) or phrase("not logged"),
                "Calibration error": numbers.share(c.ece),
                "Chance reaches": numbers.share(c.chance),
                "Score less outcome, on average": phrase(
                    "{value} points", value=numbers.signed_number(100 * c.gap)
                )
                if c.gap is not None
                else numbers.DASH,
                "Came true / promised": _estimate_text(c.ratio),
                "Slope": _estimate_text(c.slope),
                "Status": cards.glyph(c.status.value),
                "n": c.n,
                "Note": localise(c.note),
            }
            for c in answer.curves
        ],
        alt=phrase("Calibration by version: error, chance, status, sample"),
    )


def _estimate_text(estimates: Estimate | None) -> str:
    if estimates is None:
        return numbers.DASH
    value, low, high = (numbers.significant(v) for v in (estimates.value, estimates.low, estimates.high))
    return phrase("{value} ({low} to {high})", value=value, low=low, high=high)


def estimates(answer: PerformanceAnswer) -> None:
    """How right past estimates were, a row a metric."""
    cards.section(
        phrase("How right were the estimates?"),
        phrase(
            "Past the reference, whose outcomes an estimate has learnt from. An estimate holds "
            "while inputs change but what they mean does not; where outcomes leave its band, "
            "that is concept drift."
        ),
    )
    if not answer.hindsight:
        cards.note(phrase("Turn on Estimates above to see what scores or inputs alone would have said."))
        return
    tables.grid(
        [
            {
                "Metric": numbers.name(h.metric),
                "Chunks": h.chunks,
                "Mean gap": numbers.DASH if h.gap is None else numbers.signed_number(h.gap),
                "Mean distance": numbers.figure(h.distance, h.metric),
                "In the band": numbers.share(h.covered),
                "n": h.n,
                "Refused": one_line(h.refused, 160),
                "Since": numbers.day(h.left_at) if h.left_at else numbers.DASH,
            }
            for h in answer.hindsight
        ],
        alt=phrase("Estimates against outcomes by metric: gap, distance, share in the band"),
    )
