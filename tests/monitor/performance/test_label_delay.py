"""The delay curve against scipy's estimate for censored data, and what counts as provisional."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plumbline.domain import DelayProfile
from plumbline.monitor.alarms.cusum import early_warning
from plumbline.monitor.performance.label_delay import (
    arrival_shares,
    delay_curve,
    immature_chunks,
    label_frontier,
    positive_curve,
    provisional,
    unbalanced_chunks,
    usual_delay,
)
from plumbline.monitor.performance.money import money_at_stake
from plumbline.monitor.performance.selective_labels import selection
from plumbline.monitor.performance.series import performance
from tests.bench.detection.contradictions import BEGUN, as_of, outcomes_of
from tests.bench.detection.shifts import drawn
from tests.monitor.outcomes import at, classified, day


def profile(rows: list[tuple[int, int | None]], today: int) -> DelayProfile:
    """From (day of decision, whole days until the label or None), as seen at midnight of ``today``."""
    days = sorted({d for d, _ in rows})
    counts, n = np.zeros((len(days), 92), np.int64), np.zeros(len(days), np.int64)
    for made, delay in rows:
        n[days.index(made)] += 1
        if delay is not None and made + delay + 2 <= today:
            counts[days.index(made), min(delay, 91)] += 1
    return DelayProfile(tuple(day(d) for d in days), counts, n)


@given(
    st.lists(st.tuples(st.integers(0, 12), st.one_of(st.none(), st.integers(0, 9))), min_size=3, max_size=60)
)
@settings(max_examples=50, deadline=None)
def test_the_curve_is_scipys_for_censored_data(rows: list[tuple[int, int | None]]) -> None:
    today = 14
    seen = [(d, k) for d, k in rows if k is not None and d + k + 2 <= today]
    waiting = [today - 2 - d for d, k in rows if k is None or d + k + 2 > today]
    curve = delay_curve(profile(rows, today), at(today))
    if not seen:
        assert not np.nansum(curve)
        return
    truth = stats.ecdf(
        stats.CensoredData(uncensored=np.array([k for _, k in seen], float), right=np.array(waiting, float))
    ).cdf
    known = np.flatnonzero(np.isfinite(curve))
    assert curve[known] == pytest.approx(truth.evaluate(known.astype(float)), abs=1e-12)


def test_a_hand_worked_curve() -> None:
    """Ten decisions, all old: 4 labels after a day, 3 after two days, 3 never come."""
    curve = delay_curve(profile([(0, 1)] * 4 + [(0, 2)] * 3 + [(0, None)] * 3, 90), at(90))
    assert curve[[0, 1, 2, 88]] == pytest.approx([0, 0.4, 0.7, 0.7])
    assert np.isnan(curve[89])
    assert usual_delay(curve) == 2


def test_a_delay_that_was_never_watched_is_unknown() -> None:
    assert usual_delay(delay_curve(profile([(0, None)], 1), at(1))) is None


def test_a_chunk_is_provisional_against_what_comes_in_the_end() -> None:
    rows = [(d, k) for d in range(40) for k in [1] * 5 + [3] * 3 + [None] * 2]
    delay = profile(rows, 40)
    labelled, n = np.array([56.0, 56.0, 40.0]), np.array([70.0, 70.0, 70.0])
    assert provisional(labelled, n, delay, at(40)).tolist() == [False, False, True]


def test_without_label_times_only_the_end_of_the_log_can_be_provisional() -> None:
    labelled, n = np.array([80.0, 20.0, 82.0, 79.0, 30.0, 0.0]), np.full(6, 100.0)
    assert provisional(labelled, n).tolist() == [False, False, False, False, True, True]
    assert provisional(np.zeros(2), n[:2]).tolist() == [False, False]


def late_frauds(seed: int, *, days: int = 150, a_day: int = 2000, change: int | None = None):  # type: ignore[no-untyped-def]
    """0.5 % positive, known after 5 to 60 days (from day ``change`` on: 5 to 15); the others within five days."""
    rng = np.random.default_rng(seed)
    made = np.repeat(np.arange(days), a_day)
    true = (rng.random(len(made)) < 0.005).astype(int)
    longest = np.where(made >= (days if change is None else change), 15, 60)
    wait = np.where(true == 1, rng.uniform(5, longest), rng.uniform(0, 5, len(made)))
    known = made + rng.random(len(made)) + wait < days
    whole = np.minimum(wait.astype(int), 91)
    counts, positives = np.zeros((2, days, 92), np.int64)
    np.add.at(counts, (made[known], whole[known]), 1)
    own = known & (true == 1)
    np.add.at(positives, (made[own], whole[own]), 1)
    held = DelayProfile(tuple(map(day, range(days))), counts, np.full(days, a_day), positives)
    score = np.where(true == 1, rng.beta(3, 2.8, len(made)), rng.beta(1, 8, len(made)))
    outcomes = classified(made, (score >= 0.5).astype(int), true, score, labelled=known)
    return held, outcomes, np.bincount(made, own) / np.maximum(np.bincount(made, true), 1)


@pytest.mark.parametrize("seed", range(3))
def test_days_whose_frauds_are_still_to_come_are_provisional_for_what_counts_frauds(seed: int) -> None:
    """99.6 % of their labels are in, and 13 % of their frauds: no day six to nineteen days old is complete."""
    held, outcomes, came = late_frauds(seed)
    asked = {"reference": (at(0), at(56)), "by": "day", "delay": held, "today": at(150)}
    points = performance(outcomes, metrics=["recall", "average_precision", "brier", "accuracy"], **asked)  # type: ignore[arg-type]
    young = [p for p in points if 6 <= (at(150) - p.start).days <= 19]
    assert float(np.mean(came[131:145])) < 0.25
    assert {p.provisional for p in young if p.metric != "accuracy"} == {True}
    assert not any(p.provisional for p in young if p.metric == "accuracy")
    old = [p for p in points if (at(150) - p.start).days >= 62]
    assert not any(p.provisional for p in old)


def test_the_delay_of_positives_is_theirs_and_not_the_crowds() -> None:
    held, _, _ = late_frauds(1)
    curve = positive_curve(held, at(150))
    assert curve is not None
    truth = stats.uniform(5, 55).cdf(np.arange(91) + 1.0)  # a wait of k.x days counts as k whole ones
    assert curve == pytest.approx(truth, abs=0.06)
    assert delay_curve(held, at(150))[6] > 0.99


def test_delays_are_learnt_from_what_is_recent() -> None:
    held, _, _ = late_frauds(1, days=400, change=150)
    curve = positive_curve(held, at(400))
    assert curve is not None
    assert curve[15] > 0.98


def test_where_every_label_is_as_late_as_any_other_nothing_more_waits() -> None:
    rng = np.random.default_rng(1)
    made, wait = np.repeat(np.arange(60), 200), rng.integers(0, 4, 12_000)
    counts = np.zeros((60, 92), np.int64)
    np.add.at(counts, (made, wait), 1)
    half = np.zeros_like(counts)
    np.add.at(half, (made[::2], wait[::2]), 1)
    held = DelayProfile(tuple(map(day, range(60))), counts, np.full(60, 200), half)
    come = arrival_shares(np.array(held.days, "datetime64[D]"), held, at(60))
    late = immature_chunks(come, held.n.astype(float), np.arange(60), 60)
    assert late[-4:].any()
    assert not late[:-5].any()


def test_outcomes_that_only_come_late_are_no_selection() -> None:
    held, outcomes, _ = late_frauds(2)
    assert selection(outcomes, held, at(150)) is None


def test_money_is_counted_from_days_whose_frauds_are_in() -> None:
    """From day 80 on nobody is flagged. Of young days most missed frauds are still to come, and cost nothing yet."""
    held, outcomes, _ = late_frauds(1)
    later = np.array([d >= day(80) for d in outcomes.days])
    confusion = outcomes.confusion.copy()
    confusion[later, 0] += confusion[later, 1]
    confusion[later, 1] = 0
    blind = replace(outcomes, confusion=confusion)
    cost = {"currency": "EUR", "matrix": {"no|yes": -80.0, "yes|no": -9.0}}
    asked = {"reference": (at(0), at(56)), "since": at(80)}
    raw = money_at_stake(blind, cost, **asked)  # type: ignore[arg-type]
    ripe = money_at_stake(blind, cost, delay=held, today=at(150), **asked)  # type: ignore[arg-type]
    assert raw is not None
    assert ripe is not None
    assert ripe.decisions == raw.decisions
    assert ripe.after == pytest.approx(-80 * 0.005, rel=0.2)
    assert raw.after is not None
    assert raw.after > -80 * 0.005 * 0.75


def both_classes(today: int, *, brought: int | None = None, slower: str = "positives") -> DelayProfile:
    """20 positives and 20 negatives a day, one class after 0 to 3 days, the slower after 10 to 29; labels of decisions
    before day ``brought`` as they were known then."""
    days = np.arange(today)
    counts = np.zeros((2, today, 92), np.int64)
    for made in days:
        known = brought if brought is not None and made < brought else today
        for place, lags in ((0, range(4)), (1, range(10, 30))):
            for lag in lags:
                if made + lag < known:
                    counts[place, made, lag] += 20 // len(lags)
    positives = counts[1] if slower == "positives" else counts[0]
    return DelayProfile(tuple(day(d) for d in days), counts.sum(0), np.full(today, 40), positives)


def chunks_that_wait(delay: DelayProfile, today: int, rule) -> list[int]:  # type: ignore[no-untyped-def]
    days = np.array(delay.days, "datetime64[D]")
    week = np.arange(today) // 7
    found = arrival_shares(days, delay, at(today))
    return np.flatnonzero(rule(found, delay.n.astype(float), week, week.max() + 1)).tolist()


@pytest.mark.parametrize("slower", ["positives", "negatives"])
def test_a_chunk_waits_for_the_slower_class_whichever_it_is(slower: str) -> None:
    """A week is complete for the slower class 27 days after its end; accuracy once no class is a point short."""
    delay = both_classes(140, slower=slower)
    assert chunks_that_wait(delay, 140, immature_chunks) == [16, 17, 18, 19]
    assert chunks_that_wait(delay, 140, unbalanced_chunks) == [16, 17, 18, 19]
    assert label_frontier(delay, delay.counts, at(140)) is None


def test_labels_whose_file_has_not_come_yet_are_waited_for() -> None:
    """Labels of the decisions before day 112 are those of day 112, though decisions go on to day 140: by the log's end
    its weeks 12 to 15 look old enough."""
    delay = both_classes(140, brought=112)
    until = np.datetime64(day(111))
    assert label_frontier(delay, delay.counts, at(140)) == until
    assert delay.positives is not None
    assert label_frontier(delay, delay.positives, at(140)) == until
    assert chunks_that_wait(delay, 140, immature_chunks) == [12, 13, 14, 15, 16, 17, 18, 19]
    assert positive_curve(delay, at(140)) == pytest.approx(
        positive_curve(both_classes(112), at(112)), abs=0.02
    )


def test_labels_that_come_at_once_or_stop_for_good_are_not_waited_for() -> None:
    fast = profile([(d, 0) for d in range(60) for _ in range(30)], 90)
    assert label_frontier(fast, fast.counts, at(61)) is None
    assert label_frontier(fast, fast.counts * 0, at(61)) is None


@pytest.mark.parametrize(("seed", "day"), [(107, 174), (100, 202)])
def test_positives_whose_file_is_to_come_are_no_fall(seed: int, day: int) -> None:
    """A fraud model whose labels come every four weeks after its decisions: the average precision of the weeks between
    was told as a fall."""
    profile, delay = outcomes_of(as_of(drawn("outcome-delay", seed), day, day - 28))
    warned = early_warning(
        profile, reference=(BEGUN, BEGUN + timedelta(days=90)), name="average_precision", delay=delay,
        today=BEGUN + timedelta(days=day),
    )  # fmt: skip
    assert warned is None or warned.alarms == ()
