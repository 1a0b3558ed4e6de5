"""What each switch of version changed, on the Releases page: the version's part and the world's, and who did it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import streamlit as st

from plumbline.answers.releases import sentences
from plumbline.answers.releases.history import ReleasesAnswer
from plumbline.answers.releases.switches import SwitchShift, comparison_window
from plumbline.charts.forest_plot import EstimateRow, ReferenceLine, forest
from plumbline.monitor.releases.shift_attribution import ShiftAttribution
from plumbline.ui.frame import drill_down
from plumbline.ui.parts import cards, charts, empty_states, tables
from plumbline.ui.parts.escape import one_line, prose
from plumbline.ui.parts.sample_note import sample_note
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import capital, digits, localise, phrase, screen_text
from plumbline.wording.quantities import count
from plumbline.wording.times import iso_minute

_SPLIT_STATUS = {"release": "watch", "world": "ok", "both": "watch", "neither": "ok", "unknown": "unknown"}


def switches(answer: ReleasesAnswer, view: View) -> None:
    """One switch drawn, all of them in the table."""
    cards.section(
        phrase("What each switch changed, and who did it"),
        phrase(
            "Up to 28 days on either side. The old version's decisions are reweighted to the new "
            "one's inputs: what then still differs is the release's doing."
        ),
    )
    if not answer.shifts:
        cards.note(phrase("No version took over from another in this log."))
        return
    names = [s.switch.version for s in reversed(answer.shifts)]
    chosen = str(
        st.selectbox(
            phrase("Switch to"),
            list(dict.fromkeys(names)),
            key=session.SWITCH.name,
            bind="query-params",
            width=316,
        )
    )
    shift = next((s for s in reversed(answer.shifts) if s.switch.version == chosen), answer.shifts[-1])
    rows = _shift_rows(shift)
    unit: Any = "number" if shift.metrics[0] in sentences.NUMBERS else "points"
    st.markdown(prose(sentences.say_shift_briefly(shift)))
    no_change = [ReferenceLine(0.0, phrase("no change"))]
    charts.show(
        forest(rows, view.mode, unit=unit, lines=no_change, none=phrase("This switch cannot be split.")),
        key="releases.switch",
        name=f"{answer.system.key}-switch",
        alt=sentences.say_shift(shift, answer.system.timezone),
        rows=[estimate_data(r) for r in rows],
    )
    _switch_links(answer, shift)
    tables.grid(
        [row for s in reversed(answer.shifts) for row in _shift_table(s)],
        alt=phrase("Switches: change of rate and of errors, the release's and the inputs' part"),
    )
    by = ", ".join(one_line(name, 40) for name in shift.by)
    cards.note(phrase("Inputs compared by: {names}.", names=by or phrase("none, no feature is logged")))
    sample_note(view)


def _switch_links(answer: ReleasesAnswer, shift: SwitchShift) -> None:
    """The ways to the decisions on either side of a switch, and to both sides by every metric."""
    at, key = shift.switch.at, answer.system.key
    start, end = comparison_window(answer.releases.spans, shift.switch)
    sides = (start, at), (at, end)
    with st.container(horizontal=True, gap="medium"):
        for version, side, words in zip(
            (shift.switch.previous, shift.switch.version),
            sides,
            (phrase("before"), phrase("after")),
            strict=True,
        ):
            query = drill_down.whole_log_query(key) | drill_down.dates(key, *side)
            if version:
                query[session.VERSION.name] = version
            empty_states.link(
                empty_states.NextPage("decisions", phrase("See the decisions {words}", words=words)), query
            )
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        if start < day and day + timedelta(days=1) < end:  # whole days that the switch did not fall in
            drill_down.two_windows_link(key, (start, day), (day + timedelta(days=1), end))


def _shift_rows(shift: SwitchShift) -> list[EstimateRow]:
    rows = []
    for metric, plain, parted in (
        (shift.metrics[0], shift.output, shift.output_split),
        (shift.metrics[1], shift.loss, shift.loss_split),
    ):
        name = capital(sentences.say_name(metric))
        if plain is not None:
            rows.append(estimate_row(phrase("{name}, whole change", name=name), metric, plain))
        for words, part in ((phrase("release"), parted.release), (phrase("inputs"), parted.world)):
            if part is None:
                rows.append(
                    EstimateRow(
                        label=f"{name}, {words}",
                        value=None,
                        low=None,
                        high=None,
                        words=phrase("cannot be told"),
                    )
                )
            else:
                rows.append(estimate_row(f"{name}, {words}", metric, part))
    return rows


def estimate_row(label: str, metric: str, part: Any) -> EstimateRow:
    """An estimate as the picture has it, with its interval in words."""
    interval = localise(sentences.interval(metric, part.low, part.high))
    words = f"{digits(sentences.change(metric, part.value))} ({interval})"
    status = "watch" if part.is_beyond_chance else ""
    return EstimateRow(
        label=label,
        value=part.value,
        low=part.low,
        high=part.high,
        words=f"{words}{localise(sentences.unit(metric))}",
        status=status,
    )


def estimate_data(row: EstimateRow) -> dict[str, object]:
    """The same as the file of the picture's data has it."""
    return {"what": row.label, "value": row.value, "low": row.low, "high": row.high, "words": row.words}


def _shift_table(shift: SwitchShift) -> list[dict[str, object]]:
    table_rows: list[dict[str, object]] = []
    for metric, plain, parted in (
        (shift.metrics[0], shift.output, shift.output_split),
        (shift.metrics[1], shift.loss, shift.loss_split),
    ):
        if plain is None:
            continue
        who = sentences.cause_words(shift, metric, parted)
        cause = "unknown" if who.startswith("who did it is unknown") else parted.verdict
        table_rows.append(
            {
                "Switch": " → ".join(
                    (one_line(shift.switch.previous) or phrase("no version"), one_line(shift.switch.version))
                ),
                "When": f"{iso_minute(shift.switch.at)}",
                "Measure": capital(sentences.say_name(metric)),
                "Before": localise(sentences.amount(metric, plain.before)),
                "After": localise(sentences.amount(metric, plain.after)),
                "Change": digits(sentences.change(metric, plain.value)),
                "95 % interval": localise(sentences.interval(metric, plain.low, plain.high)),
                "Release": _part(metric, parted.release),
                "Inputs": _part(metric, parted.world),
                "Who did it": f"{cards.glyph(_SPLIT_STATUS[cause]).split(' ')[0]} {localise(_VERDICTS[cause])}",
                "Effective rows": numbers.count(parted.effective) if parted.effective else numbers.DASH,
                "Note": one_line(_note(shift, metric, parted), 160),
            }
        )
    return table_rows


_VERDICTS = {
    "release": screen_text("the release"),
    "world": screen_text("the world"),
    "both": screen_text("both"),
    "neither": screen_text("no change beyond chance"),
    "unknown": screen_text("unknown"),
}


def _part(metric: str, part: Any) -> str:
    return numbers.DASH if part is None else digits(sentences.change(metric, part.value))


def _note(shift: SwitchShift, metric: str, parted: ShiftAttribution) -> str:
    if parted.note:
        return localise(parted.note)
    if metric == shift.metrics[1] and shift.has_concept_shift:
        return phrase("The same inputs came to have other outcomes")
    return phrase(
        "{n_before} and {n_after} sampled; {covered} % compared",
        n_before=count(parted.n_before),
        n_after=count(parted.n_after),
        covered=f"{100 * parted.covered:.0f}",
    )
