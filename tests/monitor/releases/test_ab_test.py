"""Versions side by side: what kind it is, what differs, and where each version was besides being in charge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from plumbline.domain import Task
from plumbline.monitor.releases import ab_test
from plumbline.monitor.releases.ab_test import (
    change_that_matters,
    compare,
    measure,
    metric_names,
    overlap_kind,
)
from plumbline.monitor.releases.challengers import presences
from plumbline.monitor.releases.champion import spans
from plumbline.monitor.releases.history import Overlap
from plumbline.monitor.statistics.sequential_test import ArmSums
from tests.monitor.versions import every, version_hours

HOURS = np.datetime64("2026-02-01T00", "us") + np.arange(240) * np.timedelta64(1, "h")
START, END = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 11, tzinfo=UTC)
NOTHING = ArmSums(np.zeros(2), np.zeros(2), np.zeros(2))


def numbers(means: tuple[float, float], a_look: int, seed: int = 0) -> ArmSums:
    rng = np.random.default_rng(seed)
    drawn = rng.normal(np.array(means)[None, :, None], 2.0, (len(HOURS), 2, a_look))
    return ArmSums(np.full(drawn.shape[:2], float(a_look)), drawn.sum(2), (drawn**2).sum(2))


@pytest.mark.parametrize(
    ("n", "shadow", "kind"),
    [
        ((500, 480), False, "A/B"),
        ((950, 50), False, "canary"),
        ((500, 480), True, "shadow"),
        ((80, 20), False, "A/B"),
        ((81, 19), False, "canary"),
        ((19, 81), False, "canary"),
    ],
)
def test_the_kind_is_who_decided_and_how_much(n: tuple[int, int], shadow: bool, kind: str) -> None:
    assert overlap_kind(Overlap(versions=("1", "2"), start=START, end=END, n=n, shadow=shadow)) == kind


def test_means_that_differ_are_told_with_welchs_interval() -> None:
    looks = numbers((10.0, 10.5), 10)
    told = measure("prediction", HOURS, looks, NOTHING, proportion=False)
    assert told is not None
    assert told.differs
    assert told.known_at is not None
    assert START < told.known_at < END
    assert told.difference.low < 0.5 < told.difference.high
    assert told.matters == pytest.approx(0.4, abs=0.02)


def test_too_few_decisions_say_how_much_longer() -> None:
    told = measure("prediction", HOURS, numbers((10.0, 10.0), 1), NOTHING, proportion=False)
    assert told is not None
    assert not told.differs
    assert told.days_more is not None
    assert 0 < told.days_more < 20


def test_what_matters_is_a_fifth_of_the_rate_before_and_ten_points_at_most() -> None:
    def usual(rate: float) -> ArmSums:
        n = np.array([1000.0, 0.0])
        return ArmSums(n, n * rate, n * rate)

    assert change_that_matters(usual(0.1), proportion=True) == pytest.approx(0.02)
    assert change_that_matters(usual(0.9), proportion=True) == pytest.approx(0.1)
    assert change_that_matters(usual(0.5), proportion=True) == pytest.approx(0.1)
    assert change_that_matters(usual(0.0), proportion=True) == 0.01
    assert change_that_matters(NOTHING, proportion=True) == 0.01
    values = np.random.default_rng(1).normal(7.0, 3.0, 500)
    one = ArmSums(np.array([500.0, 0]), np.array([values.sum(), 0]), np.array([(values**2).sum(), 0]))
    assert change_that_matters(one, proportion=False) == pytest.approx(0.2 * values.std(ddof=1))


def test_an_arm_without_decisions_gives_no_measure() -> None:
    empty = ArmSums(np.zeros((3, 2)), np.zeros((3, 2)), np.zeros((3, 2)))
    overlap = Overlap(versions=("1", "2"), start=START, end=END, n=(10, 10), shadow=False)
    quantities = (("error_rate", empty, NOTHING, True),)
    assert compare(overlap, HOURS[:3], quantities, both=10, same=9).measures == ()
    assert compare(overlap, HOURS[:3], quantities, both=10, same=9).agreed == 0.9


def test_quantities_have_names() -> None:
    assert metric_names(Task.BINARY, "yes") == ("positive_rate", "error_rate")
    assert metric_names(Task.MULTICLASS, "gold") == ("share:gold", "error_rate")
    assert metric_names(Task.REGRESSION, "") == ("prediction", "mae")


def test_a_version_is_beside_before_it_is_in_charge_and_stragglers_are_not_told() -> None:
    rows = sorted(
        [(t, "1", "") for t in every(10, "2026-01-01", "2026-01-20")]
        + [(t, "2", "shadow") for t in every(60, "2026-01-05", "2026-01-10")]
        + [(t, "2", "") for t in every(300, "2026-01-12", "2026-01-20")]
        + [(t, "2", "") for t in every(10, "2026-01-20", "2026-02-01")]
        + [(t, "1", "") for t in every(600, "2026-01-20", "2026-01-21")]
    )
    hours = version_hours([t for t, _, _ in rows], [v for _, v, _ in rows], arms=[a for _, _, a in rows])
    told = [(p.version, p.role, p.start.day, p.n) for p in presences(hours, spans(hours))]
    assert told[0] == ("2", "shadow", 5, 120)
    assert told[1][:3] == ("2", "beside", 12)
    assert len(told) == 2


def rates(moved: bool, block: int = 24) -> ArmSums:
    """Every other ``block`` of hours is five times as good; the second version is two points better on either;
    ``moved``: it has half of the good hours' decisions and a tenth of the others', else three in ten of both."""
    rng = np.random.default_rng(6)
    good = np.arange(len(HOURS)) // block % 2 == 0
    n = np.zeros((len(HOURS), 2))
    n[:, 1] = np.where(good, 50, 10) if moved else 30
    n[:, 0] = 100 - n[:, 1]
    total = rng.binomial(n.astype(int), np.where(good, 0.5, 0.1)[:, None] + np.array([0.0, 0.02])).astype(
        float
    )
    return ArmSums(n, total, total)


@pytest.mark.parametrize("block", [24, 12])
def test_where_the_split_moved_versions_are_compared_within_the_hours(block: int) -> None:
    """From day to day, or from night to day alike on every day."""
    for moved in (False, True):
        looks = rates(moved, block)
        told = measure("positive_rate", HOURS, looks, NOTHING, proportion=True)
        assert told is not None
        sums = looks.total.sum(0) / looks.n.sum(0)
        weight = looks.n.prod(1) / looks.n.sum(1)
        share = looks.total / looks.n
        within = float((weight * (share[:, 1] - share[:, 0])).sum() / weight.sum())
        assert abs(within - 0.02) < 0.015
        if moved:
            assert sums[1] - sums[0] > 0.1  # more of its decisions were on good days
            assert told.difference.value == pytest.approx(within)
            assert told.difference.before == pytest.approx((weight * share[:, 0]).sum() / weight.sum())
        else:
            assert told.difference.value == pytest.approx(sums[1] - sums[0])
            assert told.difference.before == pytest.approx(sums[0])
        assert told.difference.after == pytest.approx(told.difference.before + told.difference.value)
        assert told.difference.low < 0.02 < told.difference.high
        assert told.difference.high - told.difference.low < 0.08


@pytest.mark.parametrize(
    ("crossed", "subjects", "unit"),
    [
        (None, True, "decisions"),
        (0.05, True, "subjects"),
        (0.051, True, "decisions"),
        (0.0, False, "decisions"),
    ],
)
def test_what_was_dealt_is_counted(crossed: float | None, subjects: bool, unit: str) -> None:
    looks = rates(False)
    if subjects:
        looks = replace(looks, subjects=looks.n / 2)
    overlap = Overlap(versions=("1", "2"), start=START, end=END, n=(16800, 7200), shadow=False)
    told = compare(overlap, HOURS, (("positive_rate", looks, NOTHING, True),), share=0.3, crossed=crossed)
    assert told.ratio is not None
    assert told.ratio.unit == unit
    assert told.by_subject is (crossed is not None)
    assert (told.days, told.kind, told.agreed) == (10.0, "A/B", None)
    shadow = replace(overlap, shadow=True)
    assert compare(shadow, HOURS, (("positive_rate", looks, NOTHING, True),), share=0.3).ratio is None


def test_a_version_counts_its_days_and_one_without_decisions_is_not_measured() -> None:
    one = ArmSums(np.array([[9.0, 0.0]] * 3), np.zeros((3, 2)), np.zeros((3, 2)))
    assert measure("error_rate", HOURS[:3], one, NOTHING, proportion=True) is None
    by_day = ab_test._daily_counts(HOURS[20:30], np.ones((10, 2)))
    assert by_day.tolist() == [[4, 4], [6, 6]]
