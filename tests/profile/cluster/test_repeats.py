"""Repeated inputs of a cluster's table are those that a table here has, each count of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from plumbline.domain import System, Task
from plumbline.logs.cluster import sample_rows
from plumbline.profile.cluster import repeats as elsewhere
from plumbline.profile.scan.identical_inputs import (
    TOLERANCE,
    decisions_by_hash,
    repeat_ends_in_cluster,
    repeats,
    repeats_in_cluster,
)
from tests.factory.decision_tables import insert, make_system, workspace
from tests.profile.cluster.session import away, opened
from tests.profile.scan.test_identical_inputs import KEYS, rows

Held = tuple[duckdb.DuckDBPyConnection, System]


@pytest.fixture(params=[Task.BINARY, Task.REGRESSION])
def held(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    log = rows(n=500)
    log.loc[::9, "feature:x"] = -0.0
    log.loc[::50, ["prediction", "score"]] = None
    if request.param is Task.REGRESSION:
        log["prediction"], log["score"] = log["score"], np.nan
    with workspace(tmp_path).write() as cursor:
        system = make_system(cursor, task=request.param)
        insert(cursor, system, log, 1)
        monkeypatch.setattr(elsewhere, "open_cluster", opened(away(cursor, system)))
        yield cursor, system


@pytest.mark.parametrize("reach", [0.0, 0.01, 0.5])
def test_every_count_is_that_of_a_table_here(held: Held, reach: float) -> None:
    cursor, system = held
    here = repeats(cursor, system, reach=reach)
    assert repeats_in_cluster(cursor, system, reach=reach) == replace(here, examples=())
    assert here.groups > here.conflicting_groups + here.near_groups > 0
    assert here.near > 0 or reach == 0


def test_examples_are_both_ends_of_the_largest_groups_that_differ(held: Held) -> None:
    cursor, system = held
    ends = repeat_ends_in_cluster(cursor, system, reach=0.0)
    here = repeats(cursor, system)
    assert len(ends) == min(20, here.conflicting_groups) > 1
    shown = decisions_by_hash(cursor, system, ends)
    output = "prediction" if system.task is Task.REGRESSION else "score"
    for group, own in zip(shown, here.examples, strict=True):
        assert len(group) == 2
        assert len({tuple(d.columns[name] for name in KEYS) for d in group}) == 1
        numbers = [abs(a.columns[output] - b.columns[output]) for a, b in [(group[0], group[1])]]
        assert numbers[0] > TOLERANCE
        assert all(d.columns["subject"] is None for d in group)
        assert own


def test_what_was_erased_here_is_no_example(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor, system = held
    ends = repeat_ends_in_cluster(cursor, system, reach=0.0)
    gone = decisions_by_hash(cursor, system, ends)[0][0].id
    assert gone is not None
    monkeypatch.setattr(elsewhere, "is_erased", lambda *given: given[3] == gone)
    assert len(decisions_by_hash(cursor, system, ends)) == len(ends) - 1
    assert sample_rows.is_erased is not elsewhere.is_erased


def test_where_the_decisions_lie_here_nothing_is_said(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor, system = held
    monkeypatch.setattr(elsewhere, "open_cluster", opened(None))
    assert repeats_in_cluster(cursor, system) is None
    assert repeat_ends_in_cluster(cursor, system, reach=0.0) == ()
    assert decisions_by_hash(cursor, system, (("a", "b"),)) == ()
