"""Which rows of a decision table are meant: conditions, ranges, filters and samples, and how many rows of a small log
they give; the code was read, and the answers looked at by sample."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plumbline.domain import PlumblineError, Slice, Task
from plumbline.profile.scope import (
    Scope,
    column_kinds,
    equality_condition,
    is_stored,
    load_scope,
    number_range,
    slice_scope,
    span_scope,
    stored_condition,
)
from tests.factory.decision_tables import START, insert, make_system, workspace
from tests.factory.task_logs import task_log
from tests.known_answers import Table, differences

DAY = timedelta(days=1)
PARTS = {
    "all": Slice(), "from": Slice(START + DAY), "to": Slice(None, START + 2 * DAY),
    "a day": Slice(START + DAY, START + 2 * DAY),
    "an hour": Slice(START, START + DAY / 24), "none": Slice(START + 90 * DAY), "version": Slice(version="2"),
    "no version": Slice(version=""),
    "arm": Slice(arm="b"), "shadow": Slice(arm="shadow"), "both": Slice(START, version="1", arm="champion"),
}  # fmt: skip
FILTERS = (
    ("feature:x", "2.0"), ("feature:x", "0..2"), ("feature:x", "..0"), ("feature:x", "5.."), ("feature:x", ".."),
    ("feature:x", ""),
    ("feature:x", "a"), ("feature:x", "a..2"), ("feature:c", "a"), ("feature:c", ""), ("feature:c", "0..2"),
    ("score", "0.5"),
    ("label", "yes"), ("segment:region", "n"), ("timestamp", "2026-01-01"), ("nothing", "a"), ("version", "1"),
)  # fmt: skip


def _refusal(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except PlumblineError as error:
        return str(error)


def _selected() -> Iterator[tuple[str, Any]]:
    with tempfile.TemporaryDirectory() as folder, workspace(Path(folder)).write() as cursor:
        log = task_log(Task.BINARY)
        system = make_system(cursor, Task.BINARY, classes=("no", "yes"))
        insert(cursor, system, log.iloc[:250], 1)
        insert(cursor, system, log.iloc[250:], 2)
        away = replace(system, timezone="Asia/Kolkata")

        def count(scope: Scope) -> int:
            row = cursor.execute(f"SELECT count(*) {scope.rows}", scope.params).fetchone()
            return int(row[0]) if row else -1

        for name, part in PARTS.items():
            for place, one in (("here", system), ("away", away)):
                for stored in (False, True):
                    told = [
                        count(slice_scope(cursor, one, part, shadow=shadow, stored=stored))
                        for shadow in (False, True)
                    ]
                    yield f"{name}, {place}, stored {stored}", told
                yield f"span {name}, {place}", count(span_scope(one, part.start, part.end))
            yield (
                f"{name}, on stored tables",
                [stored_condition(system, part, shadow=s) for s in (False, True)],
            )
            yield f"{name}, stored", is_stored(part)
        for column, value in FILTERS:
            part = Slice(where=((column, value), ("arm", "b")))
            yield f"{column} {value!r}", _refusal(lambda p=part: count(slice_scope(cursor, system, p)))
        for load in (1, 2, 3):
            for since in (None, date(2026, 1, 3), date(2026, 1, 9)):
                yield (
                    f"load {load} since {since}",
                    [count(load_scope(one, load, since)) for one in (system, away)],
                )
        every = span_scope(system, None, None, stored=True)
        for most, n in ((10, 380), (100, 380), (379, 380), (380, 380), (381, 380), (0, 380)):
            yield f"{most} of {n}", [count(every.sample(most, n)), count(every.sample_by_id(most, n))]
        yield "kinds", column_kinds(cursor, system)
        number = replace(system, task=Task.REGRESSION)
        yield (
            "kinds of a number",
            {
                c: k
                for c, k in column_kinds(cursor, number).items()
                if c in ("prediction", "label", "override")
            },
        )


def _ranges() -> Iterator[tuple[str, Any]]:
    for value in (
        "1..2",
        "1..",
        "..2",
        "..",
        " .. ",
        "1",
        "1...2",
        "a..2",
        "1..b",
        "-1.5..-0.5",
        "1e3..1e4",
        " 1 .. 2 ",
        "nan..1",
        "1..2..3",
    ):
        yield f"range {value!r}", number_range(value)
    kinds = {"x": "number", "c": "text", "t": "time"}
    for column in (*kinds, "y"):
        for value in ("1..2", "..2", "a", ""):
            yield (
                f"{column} {value!r}",
                _refusal(lambda c=column, v=value: equality_condition(c, v, kinds, "p")),
            )
    for moment in (
        datetime(2026, 1, 5),
        datetime(2026, 1, 5, tzinfo=UTC),
        datetime(2026, 1, 5, 0, 0, 1),
        datetime(2026, 1, 5, 12),
    ):
        yield f"stored to {moment}", [is_stored(Slice(moment)), is_stored(Slice(None, moment))]


TABLES: dict[str, Table] = {"rows": _selected, "ranges": _ranges}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
