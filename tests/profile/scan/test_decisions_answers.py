"""Single decisions of a small log of two loads: by every comparison, in every order, page by page, by id and by place,
and drawn. Filters and pages are held against pandas by ``test_decisions.py``; here all of them of one log with ties,
missing values, numbers that are none, repeated ids and hostile values, looked at by sample."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from plumbline.domain import PlumblineError, Slice, System, Task
from plumbline.profile import build
from plumbline.profile.scan import decisions
from plumbline.profile.scope import slice_scope
from plumbline.store.sql import decision_table
from tests.factory.decision_tables import START, insert, make_system, workspace
from tests.factory.task_logs import task_log
from tests.known_answers import Table, differences

Ask = Callable[[duckdb.DuckDBPyConnection, System], Iterator[tuple[str, Any]]]


def _asked(ask: Ask) -> Table:
    def table() -> Iterator[tuple[str, Any]]:
        with tempfile.TemporaryDirectory() as folder, workspace(Path(folder)).write() as cursor:
            log = task_log(Task.BINARY).iloc[:90].reset_index(drop=True)
            log["decision_id"] = [f"d{i % 80}" for i in range(90)]
            log.loc[3:5, "feature:x"] = np.nan
            log["override"] = np.where(np.arange(90) % 9 == 0, "no", None)
            system = make_system(cursor, Task.BINARY, classes=("no", "yes"))
            insert(cursor, system, log.iloc[:60], 1)
            build.on_load(cursor, system, 1)
            insert(cursor, system, log.iloc[60:], 2)
            build.on_load(cursor, system, 2)
            cursor.execute(f"UPDATE {decision_table(system.key)} SET \"feature:x\" = 'nan' WHERE _line = 9")
            yield from ask(cursor, system)

    return table


def _refusal(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except PlumblineError as error:
        return str(error)


def _places(frame: pd.DataFrame) -> list[str]:
    return [f"{load}:{line}" for load, line in zip(frame["_load_id"], frame["_line"], strict=True)]


FILTERS = [
    (column, operator, wanted)
    for column, values in {
        "score": ("0.5", "a"), "feature:x": ("0", "1e400"), "label": ("yes", "z"), "version": ("1", ""),
        "timestamp": ("2026-01-03 06:00", "2026-01-03T01:00:00+01:00", "then"),
        "decision_id": ("d7", "D7", "{c}", "7%"),
        "nothing": ("1",), "override": ("no",),
    }.items()
    for operator in (*decisions.OPERATORS, "like")
    for wanted in values
]  # fmt: skip


def _filters(cursor: duckdb.DuckDBPyConnection, system: System) -> Iterator[tuple[str, Any]]:
    for one in FILTERS:
        yield " ".join(one), _refusal(lambda f=one: decisions.count(cursor, system, [f]))
    for mark in (*decisions.MARKS, "odd"):
        one = ("decision", "is", mark)
        yield f"is {mark}", _refusal(lambda f=one: _places(decisions.find(cursor, system, [f], limit=9)))
        for most in (0, 1, 5, 1000):
            yield (
                f"is {mark}, at most {most}",
                _refusal(lambda f=one, m=most: decisions.count(cursor, system, [f], m)),
            )
    two = [("score", ">", "0.3"), ("score", "<=", "0.6"), ("label", "is there", "")]
    yield (
        "three at once",
        [decisions.count(cursor, system, two), _places(decisions.find(cursor, system, two))],
    )


def _pages(cursor: duckdb.DuckDBPyConnection, system: System) -> Iterator[tuple[str, Any]]:
    for order in (
        "timestamp",
        "-timestamp",
        "score",
        "-feature:x",
        "feature:x",
        "label",
        "-override",
        "nothing",
    ):
        after: Any = None
        for page in range(4):
            frame = _refusal(lambda o=order, a=after: decisions.find(cursor, system, (), o, 31, a))
            if isinstance(frame, str):
                yield f"{order}, page {page}", frame
                break
            after = decisions.page_end(frame, order)
            yield f"{order}, page {page}", [_places(frame), after]
    some = decisions.find(cursor, system, limit=2, columns=["feature:x"], order="feature:k")
    yield "some columns", [list(some.columns), str(some["timestamp"].dtype), some["score"].tolist()]


def _single(cursor: duckdb.DuckDBPyConnection, system: System) -> Iterator[tuple[str, Any]]:
    def told(key: str) -> Any:
        one = decisions.read_decision(cursor, system, key)
        return {
            name: one.columns[name]
            for name in ("_load_id", "_line", "decision_id", "timestamp", "score", "feature:x", "label")
        }

    for key in (
                "d0", "d5", "d9", "d79", "d80", "#1:4", "#1:9", "#2:1", "#2:30", "#2:31", "#3:1", "#0:1",
                "1:4", "#1:", "#:1",
                "#a:1", "#99999999999:1", "#1:99999999999999999999", "", "#1:4:5"):  # fmt: skip
        yield f"decision {key!r}", _refusal(lambda k=key: told(k))
    places = [(1, 1), (2, 3), (1, 60), (2, 31), (3, 1)]
    yield "places", _places(decisions.read_places(cursor, system, places))
    yield "no place", _places(decisions.read_places(cursor, system, []))
    yield "main version", decisions.main_version(cursor, system)


def _samples(cursor: duckdb.DuckDBPyConnection, system: System) -> Iterator[tuple[str, Any]]:
    parts = {
        "all": Slice(),
        "two days": Slice(START, START + timedelta(days=2)),
        "version 1": Slice(version="1"),
    }
    for name, part in parts.items():
        for n in (0, 1, 2, 9, 200):
            for seed in (0, 1):
                yield f"{n} of {name}, {seed}", _places(decisions.sample(cursor, system, part, n, seed))
    for n in (1, 9, 60):
        statement = decisions.lowest_hashes(cursor, slice_scope(cursor, system, Slice()), n, 0)
        yield f"bound of {n}", statement.params.get("bound")


def _cells() -> Iterator[tuple[str, Any]]:
    moments = {
        "naive": datetime(2026, 1, 5, 12), "aware": datetime(2026, 1, 5, 12, tzinfo=UTC), "none": pd.NaT, "number": 1.5,
        "no number": float("nan"), "whole": 3, "text": "x", "nothing": None,
        "stamp": pd.Timestamp("2026-01-05 12:00+02:00"),
    }  # fmt: skip
    for name, value in moments.items():
        yield name, decisions._cell_value(value)
    for kind in ("number", "time", "text"):
        for wanted in ("0.5", "inf", "2026-03-01 14:30", "2026-03-01T14:30+02:00", "x", ""):
            yield (
                f"{kind} of {wanted!r}",
                _refusal(lambda k=kind, w=wanted: decisions._convert_value(k, "c", w)),
            )


TABLES: dict[str, Table] = {
    "filters": _asked(_filters), "pages": _asked(_pages), "single": _asked(_single), "samples": _asked(_samples),
    "cells": _cells,
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
