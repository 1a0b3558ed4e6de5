"""One group's shift is found in a week, what moves everybody is none of it, and quiet logs raise nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import numpy as np
import pytest

from plumbline.domain import Bins, Kind
from plumbline.monitor.alarms.findings import is_same_problem
from plumbline.monitor.drift.group_shift import GroupShift, group_findings, group_shifts
from plumbline.profile.scan.grouped_inputs import GroupedRows
from tests.bench.detection.contradictions import BEGUN
from tests.bench.detection.group_shifts import found
from tests.bench.detection.kinds import KINDS
from tests.bench.detection.shifts import drawn
from tests.bench.detection.worlds import draw

DAY = timedelta(days=1)
SPAN = (BEGUN, BEGUN + 56 * DAY)
TENTHS = np.linspace(-1.28, 1.28, 9)


@pytest.mark.parametrize("kind", ["independent", "ar-0.5"])
def test_a_fifth_that_moves_by_one_standard_deviation_is_found_within_ten_days(kind: str) -> None:
    log = drawn(kind, 700, "group")
    since = log.truth.since.to_pydatetime().replace(tzinfo=UTC)
    (one,) = found(log)
    assert (one.feature, one.column, one.group, one.until) == ("tenure", "sex", "b", None)
    assert timedelta(0) < one.at - since <= 10 * DAY
    assert abs(one.since - since) <= 2 * DAY
    assert one.value > 3 * one.others


@pytest.mark.parametrize("kind", ["independent", "yearly", "ar-0.8"])
def test_what_moves_everybody_is_no_groups_shift(kind: str) -> None:
    used = replace(KINDS[kind], days=KINDS[kind].reference + 180)
    assert found(draw(kind, used, 700)) == ()


def rows(moved: np.ndarray, *, gone: float = 0.0, seed: int = 0, groups: int = 4) -> GroupedRows:
    """140 days of 100 rows; ``moved``: of each row's day and group (days, groups), by how much x is larger."""
    rng = np.random.default_rng(seed)
    day, code = np.repeat(np.arange(140), 100), rng.integers(0, groups, 14_000)
    x = rng.normal(size=14_000) + moved[day, code]
    x[rng.random(14_000) < gone] = np.nan
    return GroupedRows(
        day=np.datetime64(BEGUN.date()) + day, names=("x",), values=x[:, None], columns=("region",),
        groups=(tuple("abcd")[:groups],), codes=code[:, None],
    )  # fmt: skip


def shifts(split: GroupedRows) -> tuple[GroupShift, ...]:
    grid = Bins(feature="x", kind=Kind.NUMERIC, edges=TENTHS, levels=(), decile_cells=tuple(range(9)))
    return group_shifts(split, [grid], reference=SPAN, until=BEGUN + 140 * DAY)


def of(groups: list[int], *days: slice, size: float = 1.0) -> np.ndarray:
    moved = np.zeros((140, 4))
    for own in days:
        moved[own, groups] = size
    return moved


def test_it_is_over_and_begins_again_as_another() -> None:
    first, second = shifts(rows(of([1], slice(70, 84), slice(112, 140), size=1.2)))
    assert [s.group for s in (first, second)] == ["b", "b"]
    assert first.until is not None
    assert (first.until - BEGUN) / DAY == pytest.approx(84, abs=7)
    assert second.until is None


def test_missing_values_and_rows_of_no_group_count_nowhere() -> None:
    split = rows(of([1], slice(84, 140)), gone=0.3)
    nobody = np.where(np.arange(14_000) % 5 == 0, -1, split.codes[:, 0])[:, None]
    (one,) = shifts(replace(split, codes=nobody))
    assert one.group == "b"
    assert one.n < 0.3 * 700


def test_of_two_groups_that_move_the_other_way_the_farthest_of_the_first_tells() -> None:
    split = rows(of([0, 1, 2, 3], slice(84, 140)))
    assert shifts(split) == ()  # everybody
    assert len(shifts(rows(of([1], slice(84, 140)) - of([2], slice(84, 140), size=1.3)))) <= 1


def test_one_group_alone_or_a_short_reference_tells_nothing() -> None:
    alone = rows(np.ones((140, 1)) * (np.arange(140) >= 84)[:, None], groups=1)
    assert shifts(alone) == ()
    few = rows(of([1], slice(84, 140)))
    assert group_shifts(few, [], reference=SPAN, until=BEGUN + 140 * DAY) == ()
    start = BEGUN + 138 * DAY
    grid = Bins(feature="x", kind=Kind.NUMERIC, edges=TENTHS, levels=(), decile_cells=tuple(range(9)))
    assert group_shifts(few, [grid], reference=(start, start + DAY), until=BEGUN + 140 * DAY) == ()


def test_the_finding_names_input_group_and_both_distances_and_goes_on_as_everybodys() -> None:
    (one,) = group_findings("s", shifts(rows(of([1], slice(84, 140)))))
    assert one.signal == "group.x"
    assert one.sentence.startswith(
        "x drifted where region is b, and not elsewhere: Jensen-Shannon distance 0."
    )
    assert {"column", "group", "others", "value", "n"} <= set(one.figures)
    assert is_same_problem(one, replace(one, signal="drift.x"))
    assert not is_same_problem(one, replace(one, signal="drift.y"))


def test_what_rows_of_no_group_do_is_not_what_the_others_do() -> None:
    split = rows(of([1], slice(84, 140)))
    nobody = np.arange(14_000) % 5 == 0
    values = split.values + 5.0 * (nobody & (split.day - split.day[0] >= np.timedelta64(84)))[:, None]
    (one,) = shifts(replace(split, values=values, codes=np.where(nobody[:, None], -1, split.codes)))
    assert one.group == "b"


def test_two_inputs_that_move_in_two_groups_are_two_findings() -> None:
    one, other = (rows(of([k], slice(84, 140)), seed=0) for k in (1, 2))
    grids = [
        Bins(feature=name, kind=Kind.NUMERIC, edges=TENTHS, levels=(), decile_cells=tuple(range(9)))
        for name in ("x", "y")
    ]
    both = replace(one, values=np.column_stack([one.values, other.values]))
    told = group_shifts(both, grids, reference=SPAN, until=BEGUN + 140 * DAY)
    assert {(s.feature, s.group) for s in told} == {("x", "b"), ("y", "c")}
