"""Findings: one a problem, dated by what could be known, joined with what warned of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plumbline.domain import FeatureDrift, Finding, Kind, Point, PointStatus, Severity
from plumbline.domain.messages import message
from plumbline.monitor.alarms.change_point import ChangePoint
from plumbline.monitor.alarms.findings import (
    is_same_problem,
    merge_problem_findings,
    performance_findings,
    with_cost,
)
from plumbline.monitor.alarms.persistence import LastingChange
from plumbline.monitor.drift.findings import brown_p_value, drift_findings, presence_findings

START = datetime(2026, 1, 5, tzinfo=UTC)
WEEK = timedelta(days=7)
OK, BREACH, UNKNOWN = PointStatus.OK, PointStatus.BREACH, PointStatus.UNKNOWN


def week(i: int) -> datetime:
    return START + i * WEEK


def point(i: int, status: PointStatus, value: float = 0.6, *, wide: bool = False) -> Point:
    half = 0.3 if wide else 0.02
    return Point(
        metric="accuracy",
        start=week(i),
        end=week(i + 1),
        n=100,
        value=value,
        low=value - half,
        high=value + half,
        threshold=0.8,
        status=status,
    )


def told(points: list[Point], **more: object) -> list[Finding]:
    return performance_findings(
        "s",
        points,
        name=str.capitalize,
        say=lambda m, v: f"{v:.2f}",
        **more,  # type: ignore[arg-type]
    )


def test_a_run_of_breaches_is_one_finding_from_its_onset_to_its_end() -> None:
    series = [point(i, BREACH if 3 <= i < 6 else OK, 0.6 if 3 <= i < 6 else 0.9) for i in range(8)]
    (found,) = told(series)
    assert (found.signal, found.since, found.until) == ("performance.accuracy", week(3), week(6))
    assert found.figures["n"] == 300
    assert found.severity is Severity.HIGH


def test_unknown_and_provisional_chunks_neither_break_a_run_nor_begin_one() -> None:
    series = [point(0, OK, 0.9), point(1, BREACH), point(2, UNKNOWN), point(3, BREACH), point(4, BREACH)]
    series[4] = replace(series[4], provisional=True)
    (found,) = told(series)
    assert (found.since, found.until, found.figures["chunks"]) == (week(1), None, 2)


def test_a_breach_is_known_when_its_interval_or_the_next_chunk_confirms_it_and_labels_are_in() -> None:
    sure = [point(0, OK, 0.9), point(1, BREACH), point(2, BREACH)]
    late = [point(0, OK, 0.9), point(1, BREACH, 0.75, wide=True), point(2, BREACH, 0.7)]
    delay = timedelta(days=4)
    assert told(sure, delay=delay)[0].known_at == week(2) + delay
    assert told(late, delay=delay)[0].known_at == week(3) + delay


def test_a_change_point_dates_the_run_it_lies_before_and_no_other() -> None:
    series = [point(i, BREACH if i in (2, 6) else OK, 0.6 if i in (2, 6) else 0.9) for i in range(8)]
    first, second = told(series, onset=week(5) + timedelta(days=3))
    assert (first.since, second.since) == (week(2), week(5) + timedelta(days=3))


def test_a_value_about_its_limit_is_one_problem_until_it_is_clear_of_it() -> None:
    values = [0.9, 0.6, 0.82, 0.6, 0.82, 0.83, 0.82, 0.9, 0.89]
    series = [point(i, BREACH if v < 0.8 else OK, v) for i, v in enumerate(values)]
    (still,) = told(series[:8], healthy=0.9)
    assert (still.since, still.until, still.figures["chunks"]) == (week(1), None, 2)
    assert "not clear" in still.sentence
    (over,) = told(series, healthy=0.9)
    assert (over.since, over.until) == (week(1), week(4))
    assert "not clear" not in over.sentence


def test_how_sure_is_the_normal_probability_of_being_beyond_the_limit() -> None:
    (found,) = told([point(0, OK, 0.9), point(1, BREACH, 0.75, wide=True), point(2, OK, 0.9)])
    assert found.confidence == pytest.approx(stats.norm.cdf(0.05 / (0.3 / stats.norm.ppf(0.975))), abs=1e-3)


def drifted(i: int, yes: bool, *, method: str = "js") -> FeatureDrift:
    return FeatureDrift(
        feature="age", kind=Kind.NUMERIC, method=method, value=0.3 if yes else 0.02, threshold=0.1, p_value=0.0,
        q_value=0.001, drifted=yes, status=BREACH if yes else OK, n_reference=1000, n=200, missing_share=0.0,
        missing_share_reference=0.0, start=week(i), end=week(i + 1),
    )  # fmt: skip


def test_one_chunk_is_a_finding_where_it_alone_is_beyond_what_a_year_of_chance_would_bring() -> None:
    """One feature, 52 weeks, a tenth of a false alarm: a p-value of 1 in 520."""
    likely = [replace(drifted(i, i == 2), p_value=0.002) for i in range(5)]
    rare = [replace(drifted(i, i == 2), p_value=0.0019) for i in range(5)]
    assert drift_findings("s", likely) == []
    (found,) = drift_findings("s", rare)
    assert (found.since, found.until, found.known_at) == (week(2), week(3), week(3))


def test_two_chunks_are_one_finding_known_when_both_together_are_beyond_chance() -> None:
    pair = [replace(drifted(i, i in (2, 3)), p_value=0.004) for i in range(6)]
    assert drift_findings("s", pair[:3]) == []
    (found,) = drift_findings("s", pair, weights={"age": 0.9, "b": 0.1})
    assert (found.since, found.until, found.known_at) == (week(2), week(4), week(4))
    assert "90 %" in found.sentence
    (light,) = drift_findings("s", [drifted(i, i > 2) for i in range(5)], weights={"age": 0.01, "b": 0.99})
    assert (light.severity, light.until) == (Severity.LOW, None)


def test_weeks_that_share_days_are_joined_only_with_those_a_week_apart_and_told_as_one() -> None:
    """Seven windows of nearly the same days are no seven proofs; a gap of a day is no end."""
    day = timedelta(days=1)
    begins = [START + i * day for i in range(24)]
    rolling = [
        replace(
            drifted(0, i not in (0, 3, *range(16, 24))), p_value=0.004, n=70, start=begin, end=begin + WEEK
        )
        for i, begin in enumerate(begins)
    ]
    assert drift_findings("s", rolling[:8], overlap=7) == []
    (found,) = drift_findings("s", rolling, overlap=7)
    assert found.known_at == START + 8 * day + WEEK  # the first that shares no day with the first of the run
    assert (found.since, found.until) == (START + day, START + 15 * day + WEEK)
    assert (found.figures["chunks"], found.figures["n"]) == (3, 210)


@pytest.mark.parametrize("method", ["missing", "new_levels", "out_of_range"])
def test_values_that_go_missing_are_a_finding_of_their_own(method: str) -> None:
    series = [drifted(i, i == 3, method=method) for i in range(6)]
    (found,) = presence_findings("s", method, series)
    assert (found.signal, found.since, found.until) == (f"{method}.age", week(3), week(4))


def finding(signal: str, first: int, last: int | None, known: int | None = None) -> Finding:
    return Finding(
        system="s",
        signal=signal,
        sentence="",
        since=week(first),
        until=None if last is None else week(last),
        severity=Severity.MEDIUM,
        confidence=None,
        page="accuracy",
        figures={},
        known_at=None if known is None else week(known),
    )


def test_warning_and_estimate_go_into_the_breach_that_they_came_before() -> None:
    breach = finding("performance.accuracy", 4, None, 6)
    warned, guessed = finding("warning.accuracy", 3, None, 4), finding("estimate.accuracy", 4, 8, 5)
    (one,) = merge_problem_findings([warned, breach, guessed])
    assert (one.signal, one.since, one.known_at) == ("performance.accuracy", week(3), week(6))
    assert one.figures == {"warning_known_at": week(4), "estimate_known_at": week(5)}


def test_without_a_breach_the_warning_that_could_be_known_first_stands() -> None:
    (one,) = merge_problem_findings(
        [finding("estimate.accuracy", 4, 8, 5), finding("warning.accuracy", 3, None, 4)]
    )
    assert one.signal == "warning.accuracy"


def test_problems_apart_in_time_or_kind_stay_apart() -> None:
    first, second = finding("performance.accuracy", 1, 2), finding("performance.accuracy", 5, 6)
    assert not is_same_problem(first, second)
    assert is_same_problem(first, finding("performance.f1", 1, 2))
    assert not is_same_problem(first, finding("drift.f1", 1, 2))
    assert is_same_problem(first, finding("estimate.accuracy", 2, None))
    assert merge_problem_findings([first, second]) == [first, second]


def test_cost_is_said_only_where_it_is_known() -> None:
    one = finding("performance.accuracy", 1, None)
    assert with_cost(one, {}) == one
    assert with_cost(one, {"amount": 5.0, "currency": "EUR"}).figures["cost"] == {
        "amount": 5.0,
        "currency": "EUR",
    }


@given(st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=8))
@settings(deadline=None)
def test_p_values_beside_an_endless_reference_are_joined_by_fishers_method(p_values: list[float]) -> None:
    chunks = [replace(drifted(0, True), p_value=p, n=100, n_reference=10**15) for p in p_values]
    expected = stats.combine_pvalues(p_values, method="fisher")
    assert brown_p_value(chunks) == pytest.approx(expected.pvalue, rel=1e-6)


def test_weeks_beside_one_short_reference_prove_less_together_than_independent_ones() -> None:
    """Eight weeks of normal means beside a reference of one week: a half of their variance is one and the same."""
    random = np.random.default_rng(7)
    shared = random.normal(size=(4000, 1)) + random.normal(size=(4000, 8))
    p_values = 2 * stats.norm.sf(np.abs(shared) / np.sqrt(2))
    chunk = replace(drifted(0, True), n=100, n_reference=100)
    joined_p = [brown_p_value([replace(chunk, p_value=p) for p in row]) for row in p_values.tolist()]
    fisher = stats.chi2.sf(-2 * np.log(p_values).sum(axis=1), 16)
    assert np.mean(fisher < 0.01) > 0.05
    assert np.mean(np.array(joined_p) < 0.01) < 0.03


def test_a_distance_about_its_threshold_is_one_finding_dated_by_what_proved_it() -> None:
    """A first week that chance may bring is not when it began, and falling to 0.09 is no end; 0.02 is."""
    sizes = [0.02, 0.11, 0.09, 0.09, 0.3, 0.09, 0.09, 0.09, 0.12, 0.02, 0.02]
    series = [
        replace(drifted(i, v >= 0.1), value=v, p_value=0.02 if i == 1 else 1e-9) for i, v in enumerate(sizes)
    ]
    (found,) = drift_findings("s", series[:8])
    assert (found.since, found.until, found.known_at) == (week(4), None, week(5))
    (over,) = drift_findings("s", series)
    assert (over.since, over.until) == (week(4), week(9))


def test_a_run_that_chance_may_bring_once_in_a_year_waits_for_more_evidence() -> None:
    weak = [replace(drifted(i, i > 1), p_value=0.03) for i in range(8)]
    assert drift_findings("s", weak[:4]) == []
    (found,) = drift_findings("s", weak)
    assert found.since == week(2)
    assert found.known_at is not None
    assert found.known_at > week(4)


def test_what_comes_every_season_is_told_once_and_again_where_it_goes_farther() -> None:
    """Four breaches of three weeks a quarter apart, the last of them twice as far."""
    series = [
        replace(
            drifted(i, i % 13 < 3, method="out_of_range"),
            value=0.4 if i >= 39 else 0.2 if i % 13 < 3 else 0.0,
        )
        for i in range(52)
    ]
    found = presence_findings("s", "out_of_range", series)
    assert [f.since for f in found] == [week(0), week(39)]
    assert found[1].known_at == week(40)


def changed(metric: str, since: int, until: int | None = None) -> LastingChange:
    """A change point of a metric from one week to another that is known two weeks after it began."""
    at, end = week(since), None if until is None else week(until)
    point_of = ChangePoint(
        metric=metric, kind="step", at=at, low=at, high=at, before=0.9, after=0.6, n_before=900, n_after=300, until=end,
        breach=message("0.60 since"), sentence=message("0.60 since."), onset=at,
    )  # fmt: skip
    return LastingChange(point_of, (replace(point(since, BREACH), metric=metric),), week(since + 2))


def test_a_lasting_change_is_told_by_the_chunk_beyond_its_limit_where_one_is_and_else_in_its_own_words() -> (
    None
):
    quiet = [point(i, OK, 0.9) for i in range(9)]
    (alone,) = told(quiet, lasts=changed("accuracy", 3))
    assert str(alone.sentence) == "Accuracy: 0.60 since."
    assert (alone.since, alone.until, alone.known_at) == (week(3), None, week(5))
    beyond = [point(i, BREACH if i >= 6 else OK, 0.5 if i >= 6 else 0.9) for i in range(9)]
    (both,) = told(beyond, lasts=changed("accuracy", 3))
    assert str(both.sentence).startswith("Accuracy went to 0.50, limit 0.80, over 300 labelled decisions.")
    assert (both.since, both.known_at, "others" in both.figures) == (week(3), week(5), False)
    recall = [replace(one, metric="recall") for one in beyond]
    (other,) = told([*quiet, *recall], lasts=changed("accuracy", 3))
    assert str(other.sentence) == "Accuracy: 0.60 since. Beyond its limit too: recall."
    assert other.figures["others"] == ["recall"]
    precision = [replace(one, metric="precision") for one in beyond]
    (several,) = told([*quiet, *recall, *precision], lasts=changed("accuracy", 3))
    assert "Beyond their limits too: recall and precision." in several.sentence


def test_problems_of_several_metrics_are_one_where_they_touch_and_last_as_long_as_the_longest() -> None:
    """Accuracy fails in weeks 2 and 3, recall from 3 to 5; and again nine weeks later, which is another problem."""
    accuracy = [point(i, BREACH if i in (2, 3) else OK, 0.6 if i in (2, 3) else 0.95) for i in range(20)]
    low = (3, 4, 5, 14, 15)
    recall = [
        replace(point(i, BREACH if i in low else OK, 0.6 if i in low else 0.95), metric="recall")
        for i in range(20)
    ]
    first, second = told([*accuracy, *recall])
    assert (first.signal, first.since, first.until, first.figures["others"]) == (
        "performance.accuracy", week(2), week(6), ["recall"],
    )  # fmt: skip
    assert (second.signal, second.since, second.until) == ("performance.recall", week(14), week(16))
    assert "others" not in second.figures
