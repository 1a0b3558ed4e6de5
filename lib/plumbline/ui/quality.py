"""The pieces of the Log quality page: what is on record, whether the same input gets the same answer, age."""

from __future__ import annotations

from typing import Any

from plumbline.answers.data.quality import QualityAnswer
from plumbline.domain import Task
from plumbline.domain.decisions import Decision
from plumbline.monitor.quality.staleness import LastArrival
from plumbline.ui.parts import cards, empty_states, filters, tables
from plumbline.ui.parts.cards import Figure
from plumbline.ui.parts.empty_states import NextPage
from plumbline.ui.parts.escape import one_line
from plumbline.ui.parts.openings import time_zone_note
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text
from plumbline.wording.times import iso_minute, iso_second

MOST_GROUPS = 5
_PARTS = {
    "id": screen_text("Have an id"),
    "version": screen_text("Name their version"),
    "features": screen_text("Hold all features"),
    "score": screen_text("Hold a score"),
    "explanation": screen_text("Hold an explanation"),
    "label": screen_text("Outcome known"),
}


def record(answer: QualityAnswer) -> None:
    """Completeness, duplicates and gaps."""
    trail = answer.trail
    times = time_zone_note(answer.system.timezone)
    cards.section(
        phrase("On record"),
        phrase("Shares of n = {n} decisions. {times}", n=numbers.count(trail.n), times=times),
    )
    cards.figures(
        [
            Figure(
                name=localise(words),
                value=numbers.share(trail.shares[name]),
                note="",
                status=trail.statuses.get(name, ""),
            )
            for name, words in _PARTS.items()
            if name in trail.shares
        ][:6]
    )
    if trail.gaps:
        tables.grid(
            [
                {
                    "From": f"{iso_minute(g.start)}",
                    "To": f"{iso_minute(g.end)}",
                    "Hours": g.hours,
                    "Usual, at that hour and weekday": g.usual_hours,
                }
                for g in trail.gaps
            ],
            alt=phrase("Gaps in the log"),
        )


def columns(answer: QualityAnswer) -> None:
    """Missing, new and out-of-range values of the window, constant columns, personal data, retention."""
    cards.section(
        phrase("Columns"),
        phrase(
            "Decisions {span} against the reference, each with its own test. Constant: ",
            span=numbers.span(*answer.window),
        )
        + (", ".join(one_line(c, 40) for c in answer.constant) or phrase("none"))
        + ".",
    )
    drifts = [f for f in answer.own if f.status in ("watch", "breach")]
    if drifts:
        tables.grid(
            [
                {
                    "Feature": one_line(f.feature, 60),
                    "What": numbers.name(f.method),
                    "Share": numbers.share(f.value),
                    "95 % interval": phrase(
                        "{low} to {high}", low=numbers.share(f.low), high=numbers.share(f.high)
                    ),
                    "Status": cards.glyph(f.status.value),
                    "n": f.n,
                    "Note": one_line(f.note, 140),
                }
                for f in drifts
            ],
            alt=phrase("Missing values, levels not seen before, values out of range"),
        )
    elif answer.own:
        cards.note(phrase("No problems in {n} features.", n=len({f.feature for f in answer.own})))
    if answer.notice:
        cards.note(one_line(answer.notice, 400))
    for leak in answer.leaks:
        cards.note(one_line(leak.sentence, 400))
    cards.section(
        phrase("Personal data"),
        phrase(
            "Looked for in {examined} rows, by form and check digits: {looked_for}. What is not "
            "recognised may still be personal.",
            examined=numbers.count(answer.examined),
            looked_for=answer.looked_for,
        ),
    )
    if answer.personal:
        tables.grid(
            [
                {
                    "Column": one_line(p.column, 60),
                    "What": one_line(p.kind, 60),
                    "Rows": p.hits,
                    "of": p.n,
                    "How sure": p.sure,
                    "Masked example": one_line(p.example, 40),
                }
                for p in answer.personal
            ],
            alt=phrase("Personal data by column; no value is shown"),
        )
    else:
        cards.note(phrase("None was found."))
    if answer.overdue is None:
        cards.note(phrase("No retention period is stated."))
    else:
        cards.note(
            phrase(
                "{overdue} decisions are older than the retention of {retention_days} days.",
                overdue=numbers.count(answer.overdue),
                retention_days=answer.retention_days,
            )
        )


def repeats_section(answer: QualityAnswer) -> None:
    """Repeats with different outputs, side by side."""
    repeats = answer.repeats
    cards.section(phrase("Same input, same answer"), answer.consistency.sentence)
    if not repeats.conflicting_groups and not repeats.near_groups:
        return
    near = (
        phrase(", {near_groups} scores near each other", near_groups=numbers.count(repeats.near_groups))
        if repeats.near_groups
        else ""
    )
    cards.note(
        phrase(
            "{conflicting_groups} of {groups} repeated inputs got different answers{near}; "
            "numbers within {tolerance} of each other count as the same.",
            conflicting_groups=numbers.count(repeats.conflicting_groups),
            groups=numbers.count(repeats.groups),
            near=near,
            tolerance=f"{answer.tolerance:.0e}",
        )
        + " "
        + (
            phrase("Examples, both ends of each group:")
            if repeats.examples
            else phrase("The cluster that holds the decisions gives no examples now.")
        )
    )
    scored = answer.system.task is not Task.REGRESSION and any(
        decision.score is not None for group in repeats.examples for decision in group
    )
    for number, group in enumerate(repeats.examples[:MOST_GROUPS], 1):
        inputs = {
            filters.title(f"feature:{name}"): value
            for name, value in group[0].features.items()
            if value is not None
        }
        cards.note(
            phrase(
                "{number}. Version {version}, input ",
                number=number,
                version=one_line(group[0].version or phrase("not named"), 40),
            )
            + one_line("; ".join(f"{k} {_value_or_dash(v)}" for k, v in inputs.items()), 240)
        )
        tables.grid(
            [_decision(decision, scored) for decision in group],
            alt=phrase("Example {number}: the same input, different outputs", number=number),
        )
        first = group[0].id
        empty_states.link(
            NextPage("decisions", phrase("Explain the first")),
            {"system": answer.system.key, "decision": first},
        )


def _decision(decision: Decision, scored: bool) -> dict[str, object]:
    shown: dict[str, object] = {
        "When (UTC)": f"{iso_second(decision.time)}", "Decision": one_line(decision.id, 40),
        "Answer": one_line(_value_or_dash(decision.prediction), 40),
    }  # fmt: skip
    return {**shown, "Score": _value_or_dash(decision.score)} if scored else shown


def _value_or_dash(value: Any) -> str:
    if value is None:
        return numbers.DASH
    return numbers.cell_value(float(value)) if isinstance(value, (int, float)) else one_line(value, 40)


def age_section(answer: QualityAnswer) -> None:
    """How old the model is, when it should be replaced, and whether decisions and labels still come."""
    cards.section(phrase("Age"), f"{localise(answer.staleness.sentence)} {localise(answer.shelf.sentence)}")
    cards.figures(
        [
            Figure(
                name=phrase("Model's age"),
                value=_days(answer.staleness.age_days),
                note=localise(answer.staleness.source.replace("_", " "), "age"),
                status=answer.staleness.status,
            ),
            Figure(
                name=phrase("Retrain by"),
                value=numbers.day(answer.shelf.retrain_by) if answer.shelf.retrain_by else numbers.DASH,
                note=phrase("shelf life {days}", days=_days(answer.shelf.days)),
                status=answer.shelf.status,
            ),
            _arrival_figure(phrase("Last decision"), answer.decisions_beat),
            _arrival_figure(phrase("Last label"), answer.labels_beat),
        ]
    )
    if answer.shelf.lives:
        tables.grid(
            [
                {
                    "Version": one_line(life.version, 40),
                    "Since": numbers.day(life.since),
                    "Known by": localise(life.source.replace("_", " "), "age"),
                    "Kept its performance": (phrase("at least ") if life.kept else "") + _days(life.days),
                }
                for life in answer.shelf.lives
            ],
            alt=phrase("How long earlier versions kept their performance"),
        )


def _arrival_figure(name: str, beat: LastArrival) -> Figure:
    return Figure(
        name=name,
        value=phrase("{days} ago", days=_days(beat.since_days))
        if beat.since_days is not None
        else numbers.DASH,
        note=phrase("usual pause up to {days}", days=_days(beat.usual_days)),
        status=beat.status,
    )


def _days(value: float | None) -> str:
    if value is None:
        return phrase("unknown")
    if value >= 2:
        return phrase("{n} days", n=f"{value:.0f}")
    hours = round(value * 24)
    if not hours:
        return phrase("under an hour")
    return phrase("1 hour") if hours == 1 else phrase("{hours} hours", hours=hours)
