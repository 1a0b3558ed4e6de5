"""Verdicts on features: large enough and more than chance, by chunk, with gaps and levels of their own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plumbline.domain import Bins, FeatureDrift, FeatureProfile, Kind, Point, PointStatus
from plumbline.monitor.binned_counts import Distance, binned_counts
from plumbline.monitor.drift.aligned_counts import aligned_chunks
from plumbline.monitor.drift.correlation import performance_correlation
from plumbline.monitor.drift.dispersion import null_distribution
from plumbline.monitor.drift.distances import METHODS
from plumbline.monitor.drift.features import (
    _too_few_note,
    confirm_running_drift,
    drift,
    drift_by_chunk,
    ranking,
    with_exact_distance,
)
from plumbline.monitor.drift.missing_values import upper_tail_chance
from plumbline.profile.edges import numeric_edges

START = date(2026, 1, 5)
UTC_START = datetime(2026, 1, 5, tzinfo=UTC)
REFERENCE = (UTC_START, UTC_START + timedelta(days=28))


def numbers(values: list[np.ndarray], missing: list[int] | None = None, name: str = "x") -> FeatureProfile:
    """A numeric feature's profile from one array of values a day; the grid from the first 28 days."""
    edges, deciles = numeric_edges(np.concatenate(values[:28]))
    bins = Bins(feature=name, kind=Kind.NUMERIC, edges=edges, levels=(), decile_cells=deciles)
    rows = [np.bincount(np.searchsorted(edges, v, side="left"), minlength=bins.cells) for v in values]
    return FeatureProfile(
        bins=bins,
        days=tuple(START + timedelta(days=i) for i in range(len(values))),
        counts=np.array(rows, dtype=np.int64),
        missing=np.array(missing or [0] * len(values)),
        sums=np.array([v.sum() for v in values]),
        squares=np.array([(v**2).sum() for v in values]),
    )


def levels(counts: list[list[int]], name: str = "c", others: dict[str, int] | None = None) -> FeatureProfile:
    """A categorical feature's profile; the last cell of a row is levels that the reference did not have."""
    bins = Bins(feature=name, kind=Kind.CATEGORICAL, levels=tuple("abcdef"[: len(counts[0]) - 1]))
    days = tuple(START + timedelta(days=i) for i in range(len(counts)))
    none = np.zeros(len(days))
    return FeatureProfile(
        bins=bins,
        days=days,
        counts=np.array(counts),
        missing=none.astype(np.int64),
        sums=none,
        squares=none,
        other_levels=others or {},
    )


def days(n: int, shift_from: int, shift: float, per_day: int = 60, seed: int = 3) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [random.normal(shift if i >= shift_from else 0.0, 1.0, per_day) for i in range(n)]


def test_every_chunk_at_once_is_each_chunk_alone() -> None:
    profile, level = numbers(days(70, 42, 0.8)), levels([[30, 20 + i % 7, 10, i % 3] for i in range(70)])
    for method in METHODS:
        chunks = drift_by_chunk([profile, level], reference=REFERENCE, by="week", method=method)
        assert chunks
        for chunk in chunks:
            span = (chunk.start, chunk.end)
            (alone,) = [
                f
                for f in drift([profile, level], reference=REFERENCE, window=span, methods=[method])
                if f.feature == chunk.feature
            ]
            assert (alone.value, alone.n, alone.low) == (chunk.value, chunk.n, chunk.low)
            assert (alone.q_value, alone.drifted) == (chunk.q_value, chunk.drifted)


def test_a_shift_is_a_breach_from_its_first_full_week_and_a_quiet_feature_is_not() -> None:
    chunks = drift_by_chunk(
        [numbers(days(70, 42, 0.8)), numbers(days(70, 99, 0, seed=5), name="quiet")], reference=REFERENCE, by="week"
    )  # fmt: skip
    of = {name: [c for c in chunks if c.feature == name] for name in ("x", "quiet")}
    assert [c.status for c in of["x"][:6]] == [PointStatus.OK] * 6
    assert {c.status for c in of["x"][6:]} == {PointStatus.BREACH}
    assert not any(c.status is PointStatus.BREACH for c in of["quiet"])
    assert all(c.low <= c.value <= c.high for c in chunks)  # type: ignore[operator]


def test_one_uncertain_chunk_is_watched_and_two_running_are_a_breach() -> None:
    unknown, ok, watch, breach = range(4)

    def told(status: list[int]) -> list[int]:
        return confirm_running_drift(np.array(status), np.array(status) >= watch).tolist()

    assert told([ok, watch, ok]) == [ok, watch, ok]
    assert told([watch, unknown, watch, ok]) == [breach, unknown, breach, ok]


def test_an_exact_distance_takes_its_limits_along() -> None:
    held = FeatureDrift(
        feature="x",
        kind=Kind.NUMERIC,
        method="ks",
        value=0.20,
        threshold=0.1,
        p_value=0.01,
        q_value=None,
        drifted=False,
        status=PointStatus.OK,
        n_reference=900,
        n=900,
        missing_share=0.0,
        missing_share_reference=0.0,
        bound=0.02,
        low=0.05,
        high=0.30,
    )
    found = with_exact_distance(held, Distance(value=0.25, p_value=0.002, note="exact"))
    assert (found.low, found.high) == (pytest.approx(0.10), pytest.approx(0.35))
    assert (found.value, found.bound, found.p_value, found.note) == (0.25, 0.0, 0.002, "exact")
    lower = with_exact_distance(held, Distance(value=0.10))
    assert (lower.low, lower.high) == (0.0, pytest.approx(0.20))
    assert lower.p_value == 0.01  # the exact distance has none of its own
    assert (
        with_exact_distance(held, Distance(value=None)).low,
        with_exact_distance(held, Distance(value=None)).high,
    ) == (None, None)


def test_too_few_values_say_how_many_are_needed() -> None:
    (found,) = drift([numbers(days(30, 99, 0, per_day=12))], reference=REFERENCE, window=(REFERENCE[1], None))
    assert found.status is PointStatus.UNKNOWN
    assert found.note == "24 values; 30 are needed, 6 more."


def test_a_feature_that_vanishes_is_a_breach_of_its_missing_share() -> None:
    values = [v if i < 28 else v[:0] for i, v in enumerate(days(35, 99, 0))]
    profile = numbers(values, [0] * 28 + [60] * 7)
    window = (REFERENCE[1], None)
    shape, gone = drift([profile], reference=REFERENCE, window=window, methods=["js", "missing"])
    assert shape.status is PointStatus.UNKNOWN
    assert (gone.value, gone.status, gone.n) == (1.0, PointStatus.BREACH, 420)
    assert gone.note == "Missing values went from 0.0 % to 100.0 %."


def test_levels_never_seen_before_are_named_and_judged() -> None:
    profile = levels([[40, 20, 0]] * 28 + [[36, 18, 6]] * 7, others={"zebra": 42})
    (found,) = drift([profile], reference=REFERENCE, window=(REFERENCE[1], None), methods=["new_levels"])
    assert found.value == pytest.approx(0.1)
    assert (found.status, found.new_levels) == (PointStatus.BREACH, ("zebra",))
    (one,) = drift(
        [levels([[40, 20, 0]] * 28 + [[40, 19, 1]])], reference=REFERENCE, window=(REFERENCE[1], None),
        methods=["new_levels"],
    )  # fmt: skip
    assert one.p_value == pytest.approx(stats.fisher_exact([[1, 59], [0, 1680]], "greater").pvalue)


@pytest.mark.parametrize(
    ("k", "m", "j", "n"), [(3, 40, 1, 200), (1, 60, 0, 1680), (9, 9, 0, 30), (0, 5, 2, 9)]
)
def test_the_exact_chance_is_fishers(k: int, m: int, j: int, n: int) -> None:
    expected = stats.fisher_exact([[k, m - k], [j, n - j]], "greater").pvalue
    found = upper_tail_chance(np.array([k, 2.0]), np.array([m, 7.0]), j, n)
    assert found[0] == pytest.approx(expected)


@pytest.mark.parametrize("name", ["js", "hellinger", "psi", "ks", "linf", "cramers_v"])
def test_the_limits_hold_the_truth_nineteen_times_in_twenty(name: str) -> None:
    random = np.random.default_rng(8)
    a, b = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.25, 0.3, 0.25, 0.2])
    method = METHODS[name]
    if Kind.CATEGORICAL in method.kinds:
        bins = Bins(feature="f", kind=Kind.CATEGORICAL, levels=("a", "b", "c"))
    else:
        bins = Bins(feature="f", kind=Kind.NUMERIC, edges=np.array([0.0, 1.0, 2.0]))
    # V weighs the two periods by their sizes, so the truth is at the same ratio
    truth = method.distance(binned_counts(bins, a * 3e9, b * 9e8)).value
    now = random.multinomial(900, b, 600)
    found = method.compute(binned_counts(bins, a * 3000, now))
    assert np.mean((found.low <= truth) & (truth <= found.high)) > 0.9


def test_the_ranking_weighs_drift_by_importance() -> None:
    found = drift([numbers(days(40, 28, 0.5)), numbers(days(40, 28, 0.9, seed=4), name="y")],
                  reference=REFERENCE, window=(REFERENCE[1], None))  # fmt: skip
    assert [r.feature for r in ranking(found)] == ["y", "x"]
    assert [r.feature for r in ranking(found, {"x": 9.0, "y": 1.0})] == ["x", "y"]


def test_movement_is_spearmans() -> None:
    random = np.random.default_rng(2)
    drifts, values = random.uniform(size=12), random.uniform(size=12)
    series = [
        FeatureDrift(
            feature="x",
            kind=Kind.NUMERIC,
            method="js",
            value=d,
            threshold=0.1,
            p_value=0.5,
            q_value=0.5,
            drifted=False,
            status=PointStatus.OK,
            n_reference=500,
            n=60,
            missing_share=0,
            missing_share_reference=0,
            start=UTC_START + timedelta(days=7 * i),
        )
        for i, d in enumerate(drifts)
    ]
    points = [
        Point(
            metric="accuracy",
            start=f.start,
            end=f.start,
            n=90,
            value=v,
            low=None,
            high=None,
            threshold=None,
            status=PointStatus.OK,
        )  # type: ignore[arg-type]
        for f, v in zip(series, values, strict=True)
    ]
    truth = stats.spearmanr(drifts, -values)
    found = performance_correlation(series, points, higher_is_better=True)
    assert (found.correlation, found.p_value) == pytest.approx((truth.statistic, truth.pvalue))
    few = [performance_correlation(series[:n], points, higher_is_better=True) for n in (5, 6)]
    assert (few[0].correlation, few[0].note) == (None, "5 chunks have both; 6 are needed.")
    assert few[1].correlation == pytest.approx(stats.spearmanr(drifts[:6], -values[:6]).statistic)
    two_sided = performance_correlation(series, points, higher_is_better=None)
    assert two_sided.correlation == pytest.approx(stats.spearmanr(drifts, np.abs(values)).statistic)
    an_error = performance_correlation(series, points, higher_is_better=False)
    assert an_error.correlation == pytest.approx(-truth.statistic)


@given(st.permutations(range(35)))
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_within_the_reference_does_not_matter(order: list[int]) -> None:
    profile = levels([[30 + i % 5, 20, i % 2] for i in range(28)] + [[20, 30, 4]] * 7)
    shuffled = FeatureProfile(
        bins=profile.bins,
        days=profile.days,
        counts=np.r_[profile.counts[[i for i in order if i < 28]], profile.counts[28:]],
        missing=profile.missing,
        sums=profile.sums,
        squares=profile.squares,
    )
    window = (REFERENCE[1], None)
    one, other = (drift([p], reference=REFERENCE, window=window)[0].value for p in (profile, shuffled))
    assert one == pytest.approx(other, rel=1e-12)


def test_decisions_that_repeat_each_other_are_not_taken_as_so_many_proofs() -> None:
    random = np.random.default_rng(4)
    values = [np.repeat(random.normal(size=20), 6) for _ in range(200)]
    chunks = drift_by_chunk([numbers(values)], reference=REFERENCE, by="week")
    p_values = [c.p_value for c in chunks if c.start and c.start >= REFERENCE[1]]
    assert np.mean(np.array(p_values) < 0.05) < 0.35  # nine in ten without it
    alone = [v[::6] for v in values]
    assert null_distribution(numbers(alone), np.arange(200) < 28).spread < 1.6
    assert null_distribution(numbers(values), np.arange(200) < 28).spread == pytest.approx(6, rel=0.5)


@pytest.mark.parametrize(("reference", "window", "note"), [
    (99, 5000, "99 values in the reference; 100 are needed, 1 more."), (100, 29, "29 values; 30 are needed, 1 more."),
    (100, 30, ""), (12, 3, "12 values in the reference; 100 are needed, 88 more."),
    (1000, 0, "0 values; 30 are needed, 30 more."),
])  # fmt: skip
def test_too_few_values_are_said_with_how_many_are_missing(reference: int, window: int, note: str) -> None:
    assert str(_too_few_note(reference, window)) == note


@pytest.mark.parametrize(("first", "last"), [(None, None), (7, 21), (10, 24)])
def test_chunks_of_a_window_hold_the_days_of_the_window_alone(first: int | None, last: int | None) -> None:
    profile = levels([[i, 2 * i, 1] for i in range(28)])
    midnight = datetime(START.year, START.month, START.day, tzinfo=UTC)
    window = tuple(None if day is None else midnight + timedelta(days=day) for day in (first, last))
    reference = (midnight, midnight + timedelta(days=14))
    (laid,) = aligned_chunks([profile], reference=reference, by="week", window=(window[0], window[1]))
    shown = range(first or 0, last or 28)
    expected: dict[date, int] = {}
    for i in shown:
        day = START + timedelta(days=i)
        monday = day - timedelta(days=day.weekday())
        expected[monday] = expected.get(monday, 0) + 3 * i + 1
    assert laid.sizes.tolist() == [expected[monday] for monday in sorted(expected)]
    assert len(laid.starts) == len(expected)
