"""Counts and scans of three small logs, load by load, as they are read: each kind of count is held against a
plain count of the rows by ``test_build.py`` and the tests of the folders; here are all of them of one log, with
gaps, ties, two loads, versions, a shadow, a column that comes later, one that goes, and days without decisions."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from plumbline.domain import Slice, System, Task
from plumbline.profile import build
from plumbline.profile.bins import read_grids
from plumbline.profile.edges import numeric_edges
from plumbline.profile.read import profiles
from plumbline.profile.read.features import feature_profiles
from plumbline.profile.read.outcomes import label_counts, label_counts_by_answer, outcome_profile
from plumbline.profile.read.probabilities import class_cells, expected_outcomes_by_day, probability_classes
from plumbline.profile.scan import exact, protected_groups, score_sides, slices
from plumbline.profile.scan.arms import (
    aftermath,
    agreement,
    compare_arms,
    losses_by_label_time,
    subject_looks,
)
from plumbline.profile.scan.group_outcomes import group_sizes, overridden
from plumbline.profile.scan.identical_inputs import repeats
from plumbline.profile.scan.pauses import usual_pause
from tests.factory.decision_tables import START, insert, make_system, workspace
from tests.factory.task_logs import task_log
from tests.known_answers import Table, differences


def _asked(ask: Callable[[duckdb.DuckDBPyConnection, System], Iterator[tuple[str, Any]]]) -> Table:
    def table() -> Iterator[tuple[str, Any]]:
        for task in Task:
            with tempfile.TemporaryDirectory() as folder, workspace(Path(folder)).write() as cursor:
                log = task_log(task)
                classes = (
                    ()
                    if task is Task.REGRESSION
                    else ("no", "yes")
                    if task is Task.BINARY
                    else ("a", "b", "c")
                )
                system = make_system(cursor, task, classes=classes)
                cut = len(log) * 2 // 3
                insert(cursor, system, log.iloc[:cut].drop(columns=["feature:k"]), 1)
                build.on_load(cursor, system, 1)
                insert(cursor, system, log.iloc[cut:].drop(columns=["segment:region"]), 2)
                build.on_load(cursor, system, 2)
                for name, answer in ask(cursor, system):
                    yield f"{task.value}: {name}", answer

    return table


PARTS = {
    "all": Slice(),
    "three days": Slice(START, START + timedelta(days=3)),
    "version 2": Slice(version="2"),
    "arm b": Slice(arm="b"),
    "in the south": Slice(where=(("segment:region", "s"),)),
    "x to 2": Slice(where=(("feature:x", "0.0..2.0"),)),
}


def _counts(cursor: duckdb.DuckDBPyConnection, system: System) -> Iterator[tuple[str, Any]]:
    for grid in read_grids(cursor, system):
        bins = grid.bins
        edges = bins.edges if len(bins.edges) < 30 else bins.edges[::9]
        yield f"grid of {grid.column}", (bins.kind, bins.levels, bins.decile_cells, edges, grid.first_load)
    for name, part in list(PARTS.items())[:4]:
        found = feature_profiles(cursor, system) if name == "all" else feature_profiles(cursor, system, part)
        for one in found:
            wide = (
                one.counts
                if one.counts.shape[1] < 12
                else np.add.reduceat(one.counts, range(0, one.counts.shape[1], 10), axis=1)
            )
            yield (
                f"{name}, {one.bins.feature}",
                (one.days, wide, one.missing, one.sums, one.squares, one.other_levels),
            )


def _outcomes(cursor: duckdb.DuckDBPyConnection, system: System) -> Iterator[tuple[str, Any]]:
    for name, part in PARTS.items():
        one = outcome_profile(cursor, system, part)
        yield (
            f"{name}, outcomes",
            (
                one.days,
                one.versions,
                one.arms,
                one.classes,
                one.n,
                one.n_labelled,
                one.confusion,
                one.sum_log_loss,
                one.sum_brier,
                one.n_scored,
                one.moments,
                [np.flatnonzero(cells.any(0)) for cells in one.score_cells],
                one.score_cells.sum((0, 2)) if one.score_cells.size else None,
                one.score_unlabelled.sum(1),
                one.error_cells.sum(1),
                one.numbered,
            ),
        )
        yield (
            f"{name}, labels",
            (label_counts(cursor, system, part), label_counts_by_answer(cursor, system, part)),
        )
    yield "probabilities", probability_classes(cursor, system)
    if system.task is Task.MULTICLASS:
        cells = class_cells(cursor, system, Slice(), system.classes, 3)
        yield (
            "cells",
            (cells.sum(axis=(1, 2, 3)), [np.flatnonzero(cells[:, i].any((0, 1))) for i in range(3)]),
        )
        curves = np.stack(
            [
                np.stack([np.linspace(0.01 * (f + i + 1), 0.9, cells.shape[3]) for i in range(3)])
                for f in range(4)
            ]
        )
        span = (START, START + timedelta(days=4))
        yield "expected", expected_outcomes_by_day(cursor, system, Slice(), system.classes, curves, span)


def _times(cursor: duckdb.DuckDBPyConnection, system: System) -> Iterator[tuple[str, Any]]:
    for name, part in list(PARTS.items())[:4]:
        yield f"{name}, completeness", profiles.completeness(cursor, system, part)
        delay = profiles.delays(cursor, system, part)
        yield (
            f"{name}, delays",
            (
                delay.days,
                delay.n,
                delay.counts[:, :8],
                None if delay.positives is None else delay.positives[:, :8],
            ),
        )
        if system.task is Task.BINARY:
            yield f"{name}, late positives", sorted(profiles.positive_delays(cursor, system, "yes", part))
    hours = profiles.version_hours(cursor, system)
    yield (
        "hours",
        (
            hours.hours[::9],
            hours.versions[::9],
            hours.arms[::9],
            hours.first[::9],
            hours.last[::9],
            hours.trained[::9],
        ),
    )
    yield "hours, counts", (hours.n, hours.positives, hours.n_labelled, hours.correct)
    yield "loads", sorted(profiles.load_spans(cursor, system).items())
    yield "pauses", [usual_pause(cursor, system, START + timedelta(days=d)) for d in (1, 6, 13)]


def _scans(cursor: duckdb.DuckDBPyConnection, system: System) -> Iterator[tuple[str, Any]]:
    end = START + timedelta(days=13)
    yield "span", exact.span(cursor, system)
    yield "duplicates", exact.duplicate_ids(cursor, system)
    for name, part in PARTS.items():
        yield (
            f"{name}, persons",
            (
                exact.count_persons(cursor, system, part),
                exact.total_amount(cursor, system, "feature:x", part),
            ),
        )
        yield f"{name}, hands", protected_groups.hands(cursor, system, part)
        values = exact.read_values(cursor, system, "k", part)
        yield f"{name}, values", (len(values), np.sort(values.astype(float))[::25])
    yield "overridden", (overridden(cursor, system), overridden(cursor, system, START + timedelta(days=6)))
    for column in ("protected:sex", "feature:c", "segment:region"):
        yield f"sizes of {column}", group_sizes(cursor, system, column)
    same = repeats(cursor, system)
    yield (
        "repeats",
        (
            same.decisions,
            same.conflicting,
            same.groups,
            same.conflicting_groups,
            same.decided,
            same.near,
            same.near_groups,
        ),
    )
    times, positive, scores = exact.first_decisions(cursor, system, "2", START, 40)
    yield "first decisions", (times[::8], positive, scores)
    times, positive, scores, who = exact.last_decisions(cursor, system, "1", end, 40)
    yield "last decisions", (times[::8], positive, scores, None if who is None else len(np.unique(who)))
    for name in ("feature:x", "feature:k", "protected:age"):
        slicer = slices.slicer(cursor, system, name)
        yield f"cuts of {name}", (slices.cuts(cursor, system, name), slicer.labels[:-1] if slicer else ())
    if system.task is Task.BINARY:
        scored, labels = exact.scores_and_labels(cursor, system)
        order = np.lexsort((labels, scored))
        yield "scores and labels", (scored[order][::20], labels[order][::20])
        kinds = protected_groups.attributes(cursor, system, Slice())
        yield "attributes", kinds
        yield (
            "groups",
            [
                (g.attributes, g.levels, g.version, g.month, g.outcomes, g.scores.sum(axis=0))
                for g in _in_order(protected_groups.count_by_group(cursor, system, Slice(), kinds))
            ],
        )
        yield "scores", score_sides.score_range(cursor, system, Slice())


def _in_order(groups: Any) -> Any:
    """Groups come in no order."""
    return sorted(groups, key=lambda g: (g.attributes, g.levels, g.version or "", str(g.month)))


def _arms(cursor: duckdb.DuckDBPyConnection, system: System) -> Iterator[tuple[str, Any]]:
    start, middle, end = START, START + timedelta(days=6), START + timedelta(days=13)
    for name, first, last in (("all", start, end), ("the first half", start, middle)):
        yield f"{name}, compared", compare_arms(cursor, system, ("1", "2"), first, last)
        yield f"{name}, agreement", agreement(cursor, system, ("1", "2"), first, last)
        looks = subject_looks(cursor, system, ("1", "2"), first, last)
        yield f"{name}, subjects", looks
        for version in ("1", "2"):
            yield f"{name}, after {version}", aftermath(cursor, system, version, first, last)
            for later in (False, True):
                times, lost, who = losses_by_label_time(cursor, system, version, first, last, 30, last=later)
                yield (
                    f"{name}, losses of {version}, {later}",
                    (times[::6], lost, None if who is None else len(np.unique(who))),
                )


def _edges() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(272)
    for name, values in (
        ("nothing", np.empty(0)),
        ("one", np.array([3.0])),
        ("twice", np.array([3.0, 3.0])),
        ("two", np.array([-1.0, 2.0])),
        ("ties", rng.integers(0, 5, 90).astype(float)),
        ("mostly nought", np.r_[np.zeros(80), np.arange(20.0)]),
        ("extremes", np.array([-1.7e308, 0.0, 1.7e308])),
        ("halves", rng.integers(-99, 100, 400) / 2),
    ):
        yield name, numeric_edges(values)
    edges, deciles = numeric_edges(rng.integers(0, 100_000, 3000) / 7.0)
    yield "many", (len(edges), edges[::20], deciles)


TABLES: dict[str, Table] = {
    "counts": _asked(_counts),
    "outcomes": _asked(_outcomes),
    "times": _asked(_times),
    "scans": _asked(_scans),
    "arms": _asked(_arms),
    "edges": _edges,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
