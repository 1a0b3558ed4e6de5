"""The pieces of the Releases page: who decided when, guardrails, what each switch changed, side by side."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import streamlit as st

from plumbline.answers.releases import sentences
from plumbline.answers.releases.guardrails import GuardrailResult
from plumbline.answers.releases.history import ReleasesAnswer
from plumbline.answers.releases.switches import SwitchShift, around
from plumbline.charts.forest_plot import EstimateRow, ReferenceLine, forest
from plumbline.charts.style import Mode
from plumbline.charts.timeline import ReleaseEvent, Stretch, timeline
from plumbline.monitor.releases.ab_test import Comparison, Measure
from plumbline.monitor.releases.history import duration
from plumbline.monitor.releases.shift_attribution import ShiftAttribution
from plumbline.ui.frame import drill_down
from plumbline.ui.notes import event_form, marks
from plumbline.ui.parts import cards, charts, empty_states, tables
from plumbline.ui.parts.cards import Figure
from plumbline.ui.parts.escape import one_line, prose
from plumbline.ui.parts.glossary import help_for
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.quantities import count
from plumbline.wording.times import iso_day, iso_minute, say_clock

_SPLIT_STATUS = {"release": "watch", "world": "ok", "both": "watch", "neither": "ok", "unknown": "unknown"}


def intended_share() -> float | None:
    """The share of decisions that a newcomer was meant to get, 0 to 1; the link carries it."""
    cards.section("Side by side", "Tests, canaries and shadows. The p-value holds however often one looks.")
    per_cent = st.number_input(
        "Planned share of the new version, %",
        min_value=0.1,
        max_value=99.9,
        value=None,
        step=5.0,
        width=316,
        key=session.INTENDED.name,
        bind="query-params",
        placeholder="even, where it is near one",
        help=help_for("Split"),
    )
    return per_cent / 100 if per_cent else None


def _many(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def figures(answer: ReleasesAnswer) -> None:
    """Versions, releases, rollbacks, and the one in charge."""
    releases = answer.releases
    named = [v for v in releases.versions if v.version]
    period = releases.spans[-1]
    tripped = {w.version for w in answer.guardrails if w.fired and not w.proved}
    back = releases.rollbacks[-1] if releases.rollbacks else None
    since = numbers.moment(period.start, answer.system.timezone)
    items = [
        Figure(name="In charge", value=period.version or "no version", note=f"since {since}"),
        Figure(name="Versions", value=numbers.count(len(named)), note=_many(len(releases.switches), "release")),
        Figure(
            name="Guardrails tripped", value=numbers.count(len(tripped)),
            note=", ".join(sorted(tripped)) or f"of {len({w.version for w in answer.guardrails})} watched",
            status="fail" if tripped else "ok" if answer.guardrails else "unknown",
        ),
        Figure(
            name="Rollbacks", value=numbers.count(len(releases.rollbacks)),
            note=f"{back.bad_version} to {back.back_to} after {duration(back.minutes)}" if back else "none in the log",
        ),
    ]  # fmt: skip
    cards.figures(items)


def history(answer: ReleasesAnswer, view: View) -> None:
    """The timeline with guardrails and rollbacks on it."""
    releases = answer.releases
    stretches = [
        Stretch(version=s.version, role="in charge", start=s.start, end=s.end, n=s.n) for s in releases.spans
    ]
    stretches += [
        Stretch(version=p.version, role=p.role, start=p.start, end=p.end, n=p.n) for p in answer.presences
    ]
    events = [
        ReleaseEvent(
            w.version,
            w.at,
            "fail" if not w.proved else "watch",
            f"Guardrail, {w.signal}: {sentences.roll_back(w)}",
        )
        for w in answer.guardrails
        if w.fired and w.at is not None
    ]
    events += [
        ReleaseEvent(b.back_to, b.end, "pass", f"Back from {b.bad_version} after {duration(b.minutes)}.")
        for b in releases.rollbacks
    ]
    rows = [{**asdict(s), "start": s.start.isoformat(), "end": s.end.isoformat()} for s in stretches]
    calendar = marks.events(view)
    cards.section(
        "Versions in use",
        "Thick: in charge. Thin: beside the one in charge. Hatched: shadow, which nobody acted on. A square is a "
        "guardrail that tripped, a triangle a way back.",
    )
    charts.show(
        timeline(stretches, events, view.mode, calendar=calendar),
        key="releases.timeline",
        name=f"{answer.system.key}-versions",
        alt=f"{answer.sentence} The table of versions below has every date.",
        rows=rows,
        events=calendar,
    )
    event_form.panel(view, calendar)


def guardrails(answer: ReleasesAnswer) -> None:
    """What tripped and what it called for, then every guardrail that was watched."""
    cards.section(
        "Guardrails",
        "The first decisions of each new version, against the version before. Trips by chance at most once in a "
        "thousand switches.",
    )
    for watched in answer.guardrails:
        if watched.fired:
            status = "watch" if watched.proved else "fail"
            st.markdown(f"{cards.chip(status, watched.version)} {prose(_advice(watched))}")
    if not answer.guardrails:
        cards.note("No version took over from another, so there was nothing to watch.")
        return
    zone = answer.system.timezone
    tables.grid([_guarded(w, zone) for w in answer.guardrails], alt="Guardrails: version, signal, rate, time")


def _advice(watched: GuardrailResult) -> str:
    if watched.proved:
        return f"{watched.signal.capitalize()}: {watched.found.sentence}{watched.acquittal}"
    return f"{watched.signal.capitalize()}: {sentences.roll_back(watched)}"


def _guarded(w: GuardrailResult, zone: str) -> dict[str, object]:
    tripped = "watch" if w.proved else "fail"
    status = "unknown" if w.found.rate is None else tripped if w.fired else "ok"
    return {
        "Version": one_line(w.version),
        "After": one_line(w.previous) or "no version",
        "Guardrail": w.signal.capitalize(),
        "Rate": numbers.share(w.found.rate),
        "n": w.found.at_decision or w.found.n,
        "Before": numbers.share(w.found.previous_rate),
        "Status": cards.glyph(status),
        "Known at": numbers.moment(w.at, zone) if w.at else numbers.DASH,
        "In charge for": duration(60 * w.exposed_hours),
        "Wrong since": numbers.count(w.since.wrong) if w.since and w.since.labelled else numbers.DASH,
    }


def switches(answer: ReleasesAnswer, mode: Mode) -> None:
    """One switch drawn, all of them in the table."""
    cards.section(
        "What each switch changed, and who did it",
        "Up to 28 days on either side. The old version's decisions are reweighted to the new one's inputs: what then "
        "still differs is the release's doing.",
    )
    if not answer.shifts:
        cards.note("No version took over from another in this log.")
        return
    names = [s.switch.version for s in reversed(answer.shifts)]
    chosen = str(
        st.selectbox(
            "Switch to", list(dict.fromkeys(names)), key=session.SWITCH.name, bind="query-params", width=316
        )
    )
    shift = next((s for s in reversed(answer.shifts) if s.switch.version == chosen), answer.shifts[-1])
    rows = _shift_rows(shift)
    unit: Any = "number" if shift.metrics[0] in sentences.NUMBERS else "points"
    st.markdown(prose(sentences.say_shift_briefly(shift)))
    no_change = [ReferenceLine(0.0, "no change")]
    charts.show(
        forest(rows, mode, unit=unit, lines=no_change, none="This switch cannot be split."),
        key="releases.switch",
        name=f"{answer.system.key}-switch",
        alt=sentences.say_shift(shift),
        rows=[_data(r) for r in rows],
    )
    _rows_of(answer, shift)
    tables.grid(
        [row for s in reversed(answer.shifts) for row in _shifted(s)],
        alt="Switches: change of rate and of errors, the release's and the inputs' part",
    )
    by = ", ".join(one_line(name, 40) for name in shift.by)
    cards.note(f"Inputs compared by: {by or 'none, no feature is logged'}.")


def _rows_of(answer: ReleasesAnswer, shift: SwitchShift) -> None:
    """The ways to the decisions on either side of a switch, and to both sides by every metric."""
    at, key = shift.switch.at, answer.system.key
    start, end = around(answer.releases.spans, shift.switch)
    sides = (start, at), (at, end)
    with st.container(horizontal=True, gap="medium"):
        for version, side, words in zip(
            (shift.switch.previous, shift.switch.version), sides, ("before", "after"), strict=True
        ):
            query = drill_down.whole_log(key) | drill_down.dates(key, *side)
            if version:
                query[session.VERSION.name] = version
            empty_states.link(empty_states.NextPage("decisions", f"See the decisions {words}"), query)
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        if start < day and day + timedelta(days=1) < end:  # whole days that the switch did not fall in
            drill_down.two_windows(key, (start, day), (day + timedelta(days=1), end))


def _shift_rows(shift: SwitchShift) -> list[EstimateRow]:
    rows = []
    for metric, plain, parted in (
        (shift.metrics[0], shift.output, shift.output_split),
        (shift.metrics[1], shift.loss, shift.loss_split),
    ):
        name = sentences.say_name(metric).capitalize()
        if plain is not None:
            rows.append(_row(f"{name}, whole change", metric, plain))
        for words, part in (("release", parted.release), ("inputs", parted.world)):
            if part is None:
                rows.append(
                    EstimateRow(
                        label=f"{name}, {words}", value=None, low=None, high=None, words="cannot be told"
                    )
                )
            else:
                rows.append(_row(f"{name}, {words}", metric, part))
    return rows


def _row(label: str, metric: str, part: Any) -> EstimateRow:
    words = f"{sentences.change(metric, part.value)} ({sentences.interval(metric, part.low, part.high)})"
    status = "watch" if part.is_beyond_chance else ""
    return EstimateRow(
        label=label,
        value=part.value,
        low=part.low,
        high=part.high,
        words=f"{words}{sentences.unit(metric)}",
        status=status,
    )


def _data(row: EstimateRow) -> dict[str, object]:
    return {"what": row.label, "value": row.value, "low": row.low, "high": row.high, "words": row.words}


def _shifted(shift: SwitchShift) -> list[dict[str, object]]:
    table_rows: list[dict[str, object]] = []
    for metric, plain, parted in (
        (shift.metrics[0], shift.output, shift.output_split),
        (shift.metrics[1], shift.loss, shift.loss_split),
    ):
        if plain is None:
            continue
        who = sentences.who(shift, metric, parted)
        cause = "unknown" if who.startswith("who did it is unknown") else parted.verdict
        table_rows.append(
            {
                "Switch": f"{one_line(shift.switch.previous) or 'no version'} → {one_line(shift.switch.version)}",
                "When": f"{iso_minute(shift.switch.at)}",
                "Measure": sentences.say_name(metric).capitalize(),
                "Before": sentences.amount(metric, plain.before),
                "After": sentences.amount(metric, plain.after),
                "Change": sentences.change(metric, plain.value),
                "95 % interval": sentences.interval(metric, plain.low, plain.high),
                "Release": _part(metric, parted.release),
                "Inputs": _part(metric, parted.world),
                "Who did it": f"{cards.glyph(_SPLIT_STATUS[cause]).split(' ')[0]} {_VERDICTS[cause]}",
                "Effective rows": numbers.count(parted.effective) if parted.effective else numbers.DASH,
                "Note": one_line(_note(shift, metric, parted), 160),
            }
        )
    return table_rows


_VERDICTS = {
    "release": "the release", "world": "the world", "both": "both", "neither": "no change beyond chance",
    "unknown": "unknown",
}  # fmt: skip


def _part(metric: str, part: Any) -> str:
    return numbers.DASH if part is None else sentences.change(metric, part.value)


def _note(shift: SwitchShift, metric: str, parted: ShiftAttribution) -> str:
    if parted.note:
        return parted.note
    if metric == shift.metrics[1] and shift.world_changed:
        return "The same inputs came to have other outcomes"
    return (
        f"{count(parted.n_before)} and {count(parted.n_after)} sampled; {100 * parted.covered:.0f} % compared"
    )


def side_by_side(answer: ReleasesAnswer, mode: Mode) -> None:
    """Versions that decided over the same hours: what differs, and what it takes to know."""
    if not answer.comparisons:
        cards.note(
            "No two versions decided side by side for an hour and 30 decisions each. Run the next version in shadow "
            "first, and log its decisions with arm = shadow."
        )
        return
    for comparison in answer.comparisons[:3]:
        st.markdown(f"- {prose(sentences.say_comparison(comparison))}")
    rows = [
        _compared_row(c, m)
        for c in answer.comparisons
        for m in c.measures
        if m.metric not in sentences.NUMBERS
    ]
    if rows:
        charts.show(
            forest(rows, mode, unit="points", lines=[ReferenceLine(0.0, "no difference")], longest=44),
            key="releases.side",
            name=f"{answer.system.key}-side-by-side",
            alt="Differences of versions side by side, with 95 % intervals",
            rows=[_data(r) for r in rows],
        )
    tables.grid(
        [_compared(c, m, answer.system.timezone) for c in answer.comparisons for m in c.measures],
        alt="Versions side by side: difference, interval, p, what would have been seen",
    )


def _compared_row(c: Comparison, m: Measure) -> EstimateRow:
    label = f"{c.versions[1]} less {c.versions[0]} ({c.kind}), {sentences.say_name(m.metric)}"
    row = _row(label, m.metric, m.difference)
    return EstimateRow(
        label=label,
        value=row.value,
        low=row.low,
        high=row.high,
        words=row.words,
        status="watch" if m.differs else "",
    )


def _compared(c: Comparison, m: Measure, zone: str) -> dict[str, object]:
    ratio = c.ratio
    split = (
        numbers.DASH
        if ratio is None
        else f"{cards.glyph(ratio.status).split(' ')[0]} {numbers.share(ratio.share)}"
    )
    longer = "long enough" if m.days_more == 0 else numbers.DASH
    if m.days_more:
        longer = duration(60 * 24 * m.days_more)
    return {
        "Versions": f"{one_line(c.versions[1])} beside {one_line(c.versions[0])}",
        "How": c.kind,
        "From": f"{iso_minute(c.start)}",
        "Days": f"{c.days:.1f}",
        "Measure": sentences.say_name(m.metric).capitalize(),
        "Difference": sentences.change(m.metric, m.difference.value),
        "95 % interval": sentences.interval(m.metric, m.difference.low, m.difference.high),
        "n": m.difference.n_before + m.difference.n_after,
        "p (any time)": sentences.p_value(m.p_value),
        "Known at": numbers.moment(m.known_at, zone) if m.known_at else numbers.DASH,
        "Would have been seen": sentences.change(m.metric, m.detectable).lstrip("+")
        if m.detectable
        else numbers.DASH,
        "Longer to run": longer,
        "Split": split,
        "Agreed": numbers.share(c.agreed),
    }


def table(answer: ReleasesAnswer) -> None:
    """Every version with its dates and figures."""
    times = say_clock("Times", answer.system.timezone)
    cards.section("Versions", f"In order of first sight. Rates leave the shadow arm out. {times}")
    tables.grid(
        [
            {
                "Version": one_line(v.version) or "no version",
                "First seen": f"{iso_minute(v.first)}",
                "Last seen": f"{iso_minute(v.last)}",
                "Trained": f"{iso_day(v.trained)}" if v.trained else "unknown",
                "Decisions": v.n,
                "In shadow": v.n_shadow,
                "Arms": one_line(", ".join(a for a in v.arms if a)) or numbers.DASH,
                "Positive rate": numbers.share(v.positives_rate),
                "Accuracy": numbers.share(v.accuracy),
                "Labelled": v.n_labelled,
            }
            for v in answer.releases.versions
        ],
        alt="Versions: first and last decision, training date, decisions, rates",
    )
