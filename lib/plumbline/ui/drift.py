"""The pieces of the Drift page: what to compare, every feature over time, the ranking, whole rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from plumbline.answers.drift.features import DriftAnswer, Span, window_a_year_earlier
from plumbline.answers.drift.multivariate import WholeRowAnswer
from plumbline.answers.drift.sentence import NAMED_OUTPUTS
from plumbline.answers.drift.shapes import FeatureShape
from plumbline.charts.heatmap import heatmap
from plumbline.domain import FeatureDrift, Kind, PointStatus
from plumbline.monitor.drift.distances import SHAPE
from plumbline.monitor.drift.multivariate import WholeRow
from plumbline.profile.bins import OUTPUTS
from plumbline.ui import drift_feature
from plumbline.ui.frame import drill_down
from plumbline.ui.notes import marks, strip
from plumbline.ui.parts import cards, charts, tables
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.state import session
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.ui.state.windows import midnight
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text

MOST = 40  # features drawn; the table has them all
REFERENCE, LAST_YEAR, DATES = (
    screen_text("the reference"),
    screen_text("the same weeks of last year"),
    screen_text("other dates"),
)
WHOLE = "whole rows"


def choices(view: View) -> tuple[str, Span | None]:
    """The measure, and what the window is compared with; the link carries both."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        method = st.selectbox(
            phrase("Measure"),
            list(SHAPE),
            index=SHAPE.index("js"),
            format_func=numbers.name,
            key=session.METHOD.name,
            bind="query-params",
            width=250,
            help=phrase("Decides the picture and the ranking. ")
            + " ".join(f"**{numbers.name(m)}**: {escape(drift_feature.method_sentence(m))}" for m in SHAPE),
        )
        against = st.selectbox(
            phrase("Compare with"),
            [REFERENCE, LAST_YEAR, DATES],
            format_func=localise,
            key=session.AGAINST.name,
            bind="query-params",
            width=180,
            help=phrase(
                "The window chosen above the page is compared with the healthy span, or with dates "
                "of your own."
            ),
        )
        span: Span | None = None
        if against == LAST_YEAR and view.system is not None:
            span = ask(view, window_a_year_earlier, view.system.key, (view.start, view.end))
            if span is None:
                cards.note(
                    phrase("The log does not hold these weeks of the year before; the reference is meant.")
                )
        if against == DATES:
            first = st.date_input(
                phrase("From"),
                value=None,
                format="YYYY-MM-DD",
                key=session.THEN_FROM.name,
                bind="query-params",
                width=150,
            )
            last = st.date_input(
                phrase("To"),
                value=None,
                format="YYYY-MM-DD",
                key=session.THEN_TO.name,
                bind="query-params",
                width=150,
            )
            span = (midnight(first), midnight(last, 1))
            if span == (None, None) or (span[0] and span[1] and span[0] >= span[1]):
                cards.note(phrase("Choose a first and a last day; until then the reference is meant."))
                span = None
    return str(method or "js"), span


def drift_over_time(answer: DriftAnswer, method: str, whole: WholeRowAnswer | None, view: View) -> None:
    """Feature by chunk, the most drifted first; outputs and whole rows below. A click says more of a cell."""
    order = [r.feature for r in answer.ranking]
    place = {name: i for i, name in enumerate(order)}
    drifts = sorted(answer.chunks, key=lambda d: place.get(d.feature, len(order)))
    inputs = [d.feature for d in drifts if d.feature not in OUTPUTS]
    keep = {*list(dict.fromkeys(inputs))[:MOST], *OUTPUTS}
    drawn = [d for d in drifts if d.feature in keep]
    drawn += [_as_drift(chunk) for chunk in whole.chunks] if whole else []
    cards.section(
        phrase("Every feature, over time"),
        phrase(
            "{method} by {by}, over its threshold. A cell is red where it drifted: large enough to "
            "matter, and more than chance. A square marks a breach, sure or confirmed by the next; a "
            "diamond is watched; a cross has too few values to judge. Select a cell to see more of it.",
            method=numbers.name(method),
            by=localise(answer.by),
        ),
    )
    events = marks.events(view)
    beside = breaches_beside_title(answer)
    if beside:
        cards.note(beside)
    picked = charts.show(
        heatmap(drawn, view.mode, releases=marks.releases(view), events=events),
        key="drift.map",
        name=f"drift {answer.system.key}",
        alt=phrase("{sentence} The ranking below names every feature.", sentence=answer.sentence),
        rows=[_data(d) for d in drawn],
        select=True,
        events=events,
    )
    strip.strip(view)
    cell = drill_down.clicked_mark(picked)
    if cell and isinstance(cell, list) and len(cell) == 3:
        _cell(answer, drawn, cell)


def breaches_beside_title(answer: DriftAnswer) -> str:
    """What is red in the picture and not in the title, so that neither seems to deny the other."""
    begins, ends = answer.window
    there = [d for d in answer.chunks if d.drifted and d.start and d.end]
    before = [d for d in there if begins and d.end and d.end <= begins]
    within = [d for d in there if d not in before and not (ends and d.start and d.start >= ends)]
    named = {d.feature for d in answer.features if d.drifted and d.feature not in OUTPUTS}
    named |= {d.feature for d in within if d.feature in NAMED_OUTPUTS and d.status is PointStatus.BREACH}
    notes = []
    if names := _firsts([d for d in within if d.feature not in named]):
        notes.append(
            phrase(
                "The title is about the window as a whole; single periods of it drifted all the same: {names}.",
                names=names,
            )
        )
    if names := _firsts(before):
        notes.append(
            phrase("The title is about the window. Before it, these breached: {names}.", names=names)
        )
    return " ".join(notes)


def _firsts(chunks: Sequence[FeatureDrift], most: int = 3) -> str:
    """The features among these chunks, each with its first, the earliest first; empty without any."""
    firsts: dict[str, FeatureDrift] = {}
    for breach in sorted(chunks, key=lambda d: d.start or datetime.min.replace(tzinfo=UTC)):
        firsts.setdefault(breach.feature, breach)
    lines = [
        phrase("{name} (first {span})", name=name, span=numbers.span(d.start, d.end))
        for name, d in list(firsts.items())[:most]
    ]
    others = phrase(" and {n} more", n=len(firsts) - most) if len(firsts) > most else ""
    return ", ".join(lines) + others


def _cell(answer: DriftAnswer, drawn: list[FeatureDrift], cell: list[Any]) -> None:
    """One chunk of one feature in words, with the ways to its distribution and to its rows."""
    drift = next(
        (d for d in drawn if d.feature == cell[0] and d.start and d.start.isoformat() == cell[1]), None
    )
    if drift is None:
        return
    sure = numbers.interval(drift.low, drift.high)
    with st.container(border=True, gap="xsmall"):
        st.markdown(
            f"**{escape(drift.feature)}**, {escape(numbers.span(drift.start, drift.end))}: "
            f"{escape(numbers.name(drift.method))} {escape(numbers.figure(drift.value))}"
            f"{escape(f' ({sure})' if sure else '')}, n = {escape(numbers.count(drift.n))} "
            f"{cards.chip('drifted' if drift.drifted else drift.status.value)}"
        )
        if drift.note:
            cards.note(drift.note)
        with st.container(horizontal=True, gap="medium"):
            if drift.feature != WHOLE:
                drill_down.to_chunk(answer.system.key, drift)
            drill_down.to_rows(answer.system.key, drift.start, drift.end, None)


def _as_drift(comparison: WholeRow) -> FeatureDrift:
    return FeatureDrift(
        feature=WHOLE,
        kind=Kind.NUMERIC,
        method="whole_row",
        value=comparison.auc,
        threshold=comparison.threshold,
        p_value=None,
        q_value=None,
        drifted=comparison.status == "breach",
        status=comparison.status,
        n_reference=comparison.n_reference,
        n=comparison.n,
        missing_share=0.0,
        missing_share_reference=0.0,
        note=comparison.note,
        start=comparison.start,
        end=comparison.end,
        low=comparison.low,
        high=comparison.high,
    )


def _data(d: FeatureDrift) -> dict[str, object]:
    return {
        "feature": d.feature, "start": d.start.isoformat() if d.start else "",
        "end": d.end.isoformat() if d.end else "", "method": d.method, "value": d.value, "low": d.low,
        "high": d.high, "threshold": d.threshold, "p_value": d.p_value, "q_value": d.q_value,
        "status": d.status.value, "drifted": d.drifted, "n": d.n, "n_reference": d.n_reference,
        "missing_share": d.missing_share, "missing_share_reference": d.missing_share_reference,
    }  # fmt: skip


def ranking(answer: DriftAnswer) -> None:
    """Drift times importance, the window against the reference."""
    weighed = any(r.importance is not None for r in answer.ranking)
    words = (
        phrase("Drift times importance.")
        if weighed
        else (phrase("By drift alone: no contributions are logged to weigh it with."))
    )
    movement = next((r.moved for r in answer.ranking if r.moved), None)
    if movement is not None:
        words += phrase(
            " Correlation with loss: rank correlation of the feature's drift with worse "
            "{metric}, over {n} chunks; two trends can go together without one causing the other.",
            metric=numbers.name_within(answer.metric),
            n=movement.n,
        )
    cards.section(phrase("Ranked by what is likely to hurt"), words)
    drifts: dict[str, FeatureDrift] = {}
    for f in answer.features:
        drifts.setdefault(f.feature, f)
    ranked = {r.feature: r for r in answer.ranking}
    shapes = {shape.feature: shape for shape in answer.shapes}
    rows = []
    for name in dict.fromkeys([*ranked, *drifts]):
        if name in drifts:
            rank = ranked.get(name)
            moved = rank.moved.correlation if rank and rank.moved else None
            rows.append(_row(drifts[name], rank.importance if rank else None, moved, shapes.get(name)))
    tables.grid(
        rows,
        alt=phrase(
            "Features by drift: shape then and now, value, limits, threshold, status, "
            "importance, sample, missing"
        ),
        bars=("Then", "Now"),
        height=460 if len(rows) > 11 else None,
    )
    own_drifts = [f for f in answer.own if f.status in ("watch", "breach")]
    if own_drifts:
        cards.section(
            phrase("Missing, new and out of range"),
            phrase("Signals of their own: each has its test and its limit."),
        )
        tables.grid(
            [
                {
                    "Feature": one_line(f.feature, 80),
                    "What": numbers.name(f.method),
                    "Change": numbers.share(f.value),
                    "95 % interval": phrase(
                        "{low} to {high}", low=numbers.share(f.low), high=numbers.share(f.high)
                    ),
                    "Status": cards.glyph(f.status.value),
                    "Corrected p": numbers.p_value(f.q_value),
                    "n": f.n,
                    "Note": one_line(f.note, 160),
                    "New levels": one_line(", ".join(f.new_levels), 80) or numbers.DASH,
                }
                for f in own_drifts
            ],
            alt=phrase("Missing values, levels not seen before and values out of range"),
        )


def _row(
    drift: FeatureDrift, weight: float | None, moved: float | None, shape: FeatureShape | None
) -> dict[str, object]:
    then, now = _bars(shape)
    return {
        "Feature": one_line(drift.feature, 80),
        "Then": then,
        "Now": now,
        "Drift": numbers.figure(drift.value),
        "95 % limits": numbers.interval(drift.low, drift.high) or numbers.DASH,
        "Threshold": numbers.figure(drift.threshold),
        "Status": cards.glyph("drifted" if drift.drifted else drift.status.value),
        "Corrected p": numbers.p_value(drift.q_value),
        "Importance": numbers.share(weight),
        "Correlation with loss": numbers.DASH if moved is None else numbers.signed_number(moved, 2),
        "n": drift.n,
        "n reference": drift.n_reference,
        "Missing": numbers.share(drift.missing_share),
        "Missing before": numbers.share(drift.missing_share_reference),
        "New levels": one_line(", ".join(drift.new_levels), 80) or numbers.DASH,
        "Note": one_line(drift.note, 160),
    }


def _bars(shape: FeatureShape | None) -> tuple[list[float], list[float]]:
    """The bars of a row, on one scale: the highest of both is 1."""
    highest = max((*shape.then, *shape.now), default=0.0) if shape else 0.0
    if shape is None or not highest:
        return [], []
    return [share / highest for share in shape.then], [share / highest for share in shape.now]


def whole_row_toggle() -> bool:
    """Whether whole rows are to be compared: it takes a while, so only when asked."""
    return bool(
        st.toggle(
            phrase("Compare whole rows as well"),
            key=session.WHOLE_ROW.name,
            bind="query-params",
            help=phrase(
                "Finds inputs that stop moving together although each looks as before. From a sample "
                "of rows; takes about half a second a chunk, once."
            ),
        )
    )


def row_shift_section(answer: WholeRowAnswer) -> None:
    """What the comparison of whole rows says of the window."""
    now = answer.now
    cards.section(phrase("Whole rows"), answer.sentence)
    if now.auc is None:
        return
    inside = now.error is not None and (now.error_low or 0) <= now.error <= (now.error_high or 0)
    cards.figures(
        [
            cards.Figure(
                name=phrase("Whole-row AUC"),
                value=numbers.figure(now.auc),
                note=phrase(
                    "{interval}; 0.5 is no difference, {threshold} matters",
                    interval=numbers.interval(now.low, now.high),
                    threshold=numbers.figure(now.threshold),
                ),
                status=now.status.value,
            ),
            cards.Figure(
                name=phrase("Reconstruction error"),
                value=numbers.figure(now.error),
                note=phrase(
                    "reference's own {interval}", interval=numbers.interval(now.error_low, now.error_high)
                ),
                status="ok" if inside else "watch",
            ),
            cards.Figure(
                name=phrase("Told apart by"),
                value=", ".join(one_line(name, 24) for name in now.strongest) or numbers.DASH,
                note=phrase(
                    "n = {n} and {n_reference} sampled rows",
                    n=numbers.count(now.n),
                    n_reference=numbers.count(now.n_reference),
                ),
            ),
        ]
    )
