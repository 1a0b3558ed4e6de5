"""Which column is the time of decision, which the time of training, which the time of the label."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from plumbline.domain import IGNORE
from plumbline.domain.messages import Day, enumeration, message, sequence, word
from plumbline.logs.mapping.column_facts import ColumnFacts
from plumbline.logs.mapping.questions import FileQuestion, date_order
from plumbline.logs.mapping.role_names import BIRTH, name_strength, normalise
from plumbline.logs.values.language_names import LANGUAGE_NAMES
from plumbline.logs.values.times import excel
from plumbline.logs.values.zone_names import AMBIGUOUS, time_zones
from plumbline.wording.quantities import percent

if TYPE_CHECKING:
    from plumbline.logs.mapping.draft import Draft

_ENOUGH = 0.6
#: share of the rows in which the time of the decision must be there
_FILLED = 0.9
_ZONES = frozenset(("UTC", "GMT", "CET", "EST", "MST"))


def find(draft: Draft) -> None:
    """Give out timestamp, trained_at and label_time."""
    times = [c for c in draft.unmapped_columns() if _is_time(c)]
    _give_role_by_name(draft, times, "trained_at", 0.95)
    _give_role_by_name(draft, times, "label_time", 0.9)
    rest = [c for c in times if c.name not in draft.maps]
    if not draft.has("timestamp") and rest:
        _timestamp(draft, rest)
    if not draft.has("timestamp"):
        _excel(draft)
    _map_other_times(draft, [c for c in times if c.name not in draft.maps])


def _is_time(column: ColumnFacts) -> bool:
    if column.times is None or column.times.share < _ENOUGH or BIRTH.search(normalise(column.name)):
        return False
    if not column.times.format.startswith("epoch") and column.kind == "VARCHAR" and not column.numeric:
        return True
    if not column.times.format.startswith("epoch") and column.kind.startswith(("TIMESTAMP", "DATE")):
        return True
    # plain numbers in the range of epoch seconds or of dates such as 20240131: only where they run on like a clock
    named = any(name_strength(column.name).get(r) for r in ("timestamp", "trained_at", "label_time"))
    return bool(named) or (column.unique_share > 0.5 and _monotone(column) > 0.95)


def _monotone(column: ColumnFacts) -> float:
    """Share of steps between neighbouring times that go one way: on, or back in a log with the newest first."""
    if column.times is None:
        return 0.0
    seconds = column.times.seconds[~np.isnan(column.times.seconds)]
    steps = np.diff(seconds)
    return float(max(np.mean(steps >= 0), np.mean(steps <= 0))) if len(steps) else 1.0


def _give_role_by_name(draft: Draft, times: list[ColumnFacts], role: str, confidence: float) -> None:
    if draft.has(role):
        return
    named = [c for c in times if c.name not in draft.maps and name_strength(c.name).get(role)]
    if named:
        column = max(named, key=lambda c: name_strength(c.name)[role])
        if len(times) == 1 and name_strength(column.name).get("timestamp"):
            return  # the only time there is: the time of decision
        _give(draft, column, role, confidence, word("its name, and times inside"))


def _timestamp(draft: Draft, times: list[ColumnFacts]) -> None:
    filled = [c for c in times if c.missing_share <= 1 - _FILLED]
    ranked = sorted(filled or times, key=_rank, reverse=True)
    best = ranked[0]
    strength = name_strength(best.name).get("timestamp", 0.0)
    confidence = 0.97 if strength == 1 else 0.9 if strength or len(ranked) == 1 else 0.85
    if len(ranked) > 1 and _rank(best) - _rank(ranked[1]) < 0.2:
        confidence = 0.6
        draft.ask(
            message(
                "Which is the time of the decision: {first} or {second}? {first} was taken.",
                first=repr(best.name),
                second=repr(ranked[1].name),
            ),
            best,
        )
    if not filled:
        confidence = min(confidence, 0.5)
        draft.ask(
            message(
                "Is {column} the time of the decision? It is filled in only {share} of the rows.",
                column=repr(best.name),
                share=percent(1 - best.missing_share, ".0f"),
            ),
            best,
        )
    why = [word("times inside, and its name") if strength else word("times inside")]
    if _monotone(best) > 0.99:
        why.append(word("in order"))
    _give(draft, best, "timestamp", confidence, sequence(why, ", "))


def _rank(column: ColumnFacts) -> float:
    assert column.times
    strength = name_strength(column.name).get("timestamp", 0.0)
    return 1.5 * strength + min(column.unique_share, 1.0) + 0.5 * _monotone(column) + 0.3 * column.times.clock


def _map_other_times(draft: Draft, times: list[ColumnFacts]) -> None:
    """Dates beside the time of decision: of training where they lie before it and seldom change."""
    at = draft.has("timestamp")
    if at is None or at.times is None:
        return
    for column in times:
        if column.times is None or (column.numeric and not column.times.format.startswith("epoch")):
            continue
        both = ~np.isnan(at.times.seconds) & ~np.isnan(column.times.seconds)
        if not both.any():
            continue
        gap = column.times.seconds[both] - at.times.seconds[both]
        few = column.distinct <= max(20, 0.02 * len(column.present))
        if not draft.has("trained_at") and few and np.mean(gap <= 86_400) > 0.99:
            _give(
                draft,
                column,
                "trained_at",
                0.7,
                word("a date that seldom changes and lies before the decision"),
            )
            draft.ask(
                message("Is {column} the day on which the model was trained?", column=repr(column.name)),
                column,
            )
        elif not draft.has("label_time") and np.mean(gap >= 0) > 0.99 and column.unique_share > 0.2:
            _give(draft, column, "label_time", 0.7, word("a time that lies after the decision"))
            draft.ask(
                message("Is {column} the time at which the label became known?", column=repr(column.name)),
                column,
            )


def _give(draft: Draft, column: ColumnFacts, role: str, confidence: float, reason: str) -> None:
    assert column.times
    if column.times.ambiguous:
        confidence = min(confidence, 0.5)
    draft.give(column, role, confidence, reason, form=column.times.format)
    ask_about_times(draft, column, role)


def ask_about_times(draft: Draft, column: ColumnFacts, role: str) -> None:
    """What is to be asked and said of a column that holds the times of a role."""
    facts = column.times
    assert facts
    if facts.ambiguous:
        ask_order(draft, column)
    if facts.languages and draft.stated.order not in facts.languages and not draft.known:
        _ask_language(draft, column)
    if facts.unclear and not draft.known:
        _ask_zone(draft, column)
    if role == "timestamp" and all("%d" not in p and "%m" in p for p in facts.format.split("|")):
        draft.notes.append(
            message(
                "{column} tells the month alone: its decisions stand on the first of it.", column=column.name
            )
        )
    if role == "timestamp" and 0 < facts.zoned < 1:
        _note_zone(
            draft,
            message(
                "Some times of {column} carry a zone and some do not; those without are taken as UTC.",
                column=column.name,
            ),
        )
    elif role == "timestamp" and facts.zoned == 0 and _has_no_zone(column):
        _zone(draft, column)


def _ask_language(draft: Draft, column: ColumnFacts) -> None:
    """Ask in which language the months are named, where a name has several meanings."""
    assert column.times
    known = column.times.languages
    draft.ask(
        FileQuestion(
            text=message(
                "In which language are the months of {column} named, such as {example}: {languages}? "
                "The same name is another month in each.",
                column=repr(column.name),
                example=column.present[0],
                languages=sequence([LANGUAGE_NAMES[language] for language in known], ", "),
            ),
            topic="date_order",
            columns=(column.name,),
            options=known,
            must=True,
            say=f"--date-order {', or '.join(known)}",
        ),
        column,
    )


def _ask_zone(draft: Draft, column: ColumnFacts) -> None:
    """Ask which zone an abbreviation stands for, where it stands for several."""
    assert column.times
    names = column.times.unclear
    options = tuple(dict.fromkeys(zone for name in names for zone in AMBIGUOUS[name]))
    draft.ask(
        FileQuestion(
            text=message(
                "Which zone does {names} mean in {column}? It stands for several.",
                names=enumeration(names[:3]),
                column=repr(column.name),
            ),
            topic="timezone",
            columns=(column.name,),
            options=options,
            must=True,
            say=f"--timezone {options[0]}, or another zone",
        ),
        column,
    )


def _excel(draft: Draft) -> None:
    """Numbers where a time is due that Excel would show as dates: asked, never taken."""
    for column in draft.unmapped_columns():
        facts = excel(column.present, column.cells) if column.numeric else None
        if facts is None or not name_strength(column.name).get("timestamp"):
            continue
        first = datetime.fromtimestamp(float(np.nanmin(facts.seconds)), UTC)
        draft.give(
            column, "timestamp", 0.5, word("its name, and numbers that Excel shows as dates"), form="excel"
        )
        draft.ask(
            FileQuestion(
                text=message(
                    "Are the numbers of {column} (such as {example}) dates as Excel keeps them, the first being {day}?",
                    column=repr(column.name),
                    example=column.present[0],
                    day=Day(first),
                ),
                topic="date_order",
                columns=(column.name,),
                options=("excel",),
                must=True,
                say="--date-order excel",
            ),
            column,
        )
        return


def _zone(draft: Draft, column: ColumnFacts) -> None:
    """What a time without a zone is in: as a column beside it says, as before, or UTC."""
    if draft.known and draft.known.timezone != "UTC":
        _note_zone(
            draft,
            message(
                "The times of {column} carry no zone; they are taken as {zone}.",
                column=column.name,
                zone=draft.known.timezone,
            ),
        )
        return
    for facts in draft.unmapped_columns():
        names = set(facts.levels)
        if facts is column or not names or not all(_is_zone(name) for name in names):
            continue
        draft.give(facts, IGNORE, 0.9, message("the zone of {column}", column=column.name))
        if len(names) > 1:
            some = tuple(level for level, _ in facts.levels.most_common(8))
            draft.ask(
                FileQuestion(
                    text=message(
                        "The times of {column} carry no zone, and {other} names several ({zones}). "
                        "In which zone are they written?",
                        column=repr(column.name),
                        other=repr(facts.name),
                        zones=", ".join(some[:3]),
                    ),
                    topic="timezone",
                    columns=(column.name, facts.name),
                    options=tuple(dict.fromkeys(("UTC", *some))),
                    must=True,
                    say="--timezone ZONE; times with their offset need no answer",
                )
            )
            return
        draft.zone = names.pop()
        _note_zone(
            draft,
            message(
                "The times of {column} are taken as {zone}, as {other} says.",
                column=column.name,
                zone=draft.zone,
                other=facts.name,
            ),
        )
        return
    _note_zone(
        draft,
        message(
            "The times of {column} carry no zone; they are taken as {zone}.", column=column.name, zone="UTC"
        ),
    )


def _note_zone(draft: Draft, words: str) -> None:
    draft.notes.append(words)
    draft.zone_notes.append(words)


def _is_zone(name: str) -> bool:
    return name in _ZONES or (len(name) < 40 and "/" in name and name in time_zones())


def ask_order(draft: Draft, column: ColumnFacts) -> None:
    """Ask what comes first in the dates of a column; nothing is loaded before it is answered."""
    assert column.times
    name, some = column.name, column.present[0]
    if column.times.mixed:
        text = message(
            "Some dates of {column} have the day first and some the month. Which holds where both are possible?",
            column=repr(name),
        )
    else:
        text = message(
            "Are the dates of {column} (such as {example}) day first or month first?",
            column=repr(name),
            example=some,
        )
    draft.ask(date_order(text, name), column)


def _has_no_zone(column: ColumnFacts) -> bool:
    assert column.times
    return column.kind != "TIMESTAMP WITH TIME ZONE" and not column.times.format.startswith("epoch")
