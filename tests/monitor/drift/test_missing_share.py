"""Values that went missing are found within two weeks at 55 decisions a day, and quiet years raise nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from scipy.stats import fisher_exact

from plumbline.domain import FeatureProfile, Finding, IntArray, Severity
from plumbline.monitor.drift.dispersion import daily_laws
from plumbline.monitor.drift.missing_share import (
    MATTERS,
    _fisher_p_value,
    earliest_findings,
    missing_findings,
    presence,
)
from plumbline.monitor.drift.rolling_window import rolling_windows
from tests.bench.detection.missing import BEGUN, REFERENCE, drawn, found

DAY = timedelta(days=1)
SPAN = (BEGUN, BEGUN + REFERENCE * DAY)


def told(profiles: list[FeatureProfile], days: int = 140) -> list[Finding]:
    return missing_findings("s", profiles, reference=SPAN, until=BEGUN + days * DAY)


def with_missing(gone: IntArray, n: int = 60) -> FeatureProfile:
    own = drawn(1, len(gone))[1]
    return replace(own, counts=np.column_stack([n - gone, 0 * gone]), missing=gone)


def test_five_points_more_are_found_within_two_weeks() -> None:
    late = []
    for seed in range(2000, 2006):
        profiles = drawn(seed, 140, since=84)
        (one,) = told(profiles)
        assert one.known_at is not None
        assert one.since is not None
        late.append((one.known_at - (BEGUN + 84 * DAY)) / DAY)
        assert abs(one.since - (BEGUN + 84 * DAY)) <= 7 * DAY
        assert (one.signal, one.until, one.severity) == ("missing.x0", None, Severity.MEDIUM)
        assert one.sentence.startswith("Values of x0 went missing: the share without one moved by ")
        assert one.figures["method"] == "missing"
        assert one.figures["threshold"] == MATTERS
    assert all(0 < days <= 28 for days in late)
    assert sum(days <= 14 for days in late) >= 5


@pytest.mark.parametrize("more", [{}, {"alike": 5}, {"wander": 0.25}])
def test_quiet_years_raise_nothing(more: dict[str, float]) -> None:
    assert [found(drawn(seed, REFERENCE + 365, **more)) for seed in range(2000, 2004)] == [[]] * 4  # type: ignore[arg-type]


def test_fewer_missing_values_are_no_finding() -> None:
    gone = np.where(np.arange(140) < 84, 9, 1)
    assert told([with_missing(gone)]) == []


def test_a_rise_that_does_not_matter_is_no_finding_however_sure_it_is() -> None:
    gone = np.where(np.arange(140) < 84, 60, 160)  # of 6,000 a day: 1.0 % and 2.7 %
    assert told([with_missing(gone, 6000)]) == []
    assert told([with_missing(np.where(np.arange(140) < 84, 60, 200), 6000)])


def test_it_is_over_once_values_are_there_again() -> None:
    day = np.arange(140)
    (one,) = told([with_missing(np.where((day >= 80) & (day < 100), 10, 1))])
    assert one.until is not None
    assert timedelta(days=98) <= one.until - BEGUN <= timedelta(days=108)


def test_a_log_of_less_than_two_weeks_has_no_windows() -> None:
    assert told([with_missing(np.ones(10, np.int64))], 10) == []


def test_the_exact_test_is_fishers_on_counts_over_the_dispersion() -> None:
    profile = presence(drawn(3, 100)[0])
    (one,) = rolling_windows([profile], reference=SPAN, until=BEGUN + 100 * DAY, laws=daily_laws)
    even = replace(one, cells=replace(one.cells, p=np.array([2900.0, 60, 0])))
    table = [[15, 370], [60, 2900]]
    own = _fisher_p_value(even, np.array([370.0, 15, 0]))
    assert own == pytest.approx(fisher_exact(table, alternative="greater").pvalue, rel=1e-6)
    assert _fisher_p_value(even, np.array([300_000.0, 6_000, 0])) == 0.0  # left to Pearson's


def test_days_that_repeat_each_other_widen_the_law() -> None:
    rows = [np.arange(400) < 400]
    plain, alike = (daily_laws([presence(drawn(5, 400, alike=k)[0])], rows)[0].spread for k in (1, 5))
    assert plain == pytest.approx(1.0, abs=0.35)
    assert alike == pytest.approx(5.0, rel=0.35)


def test_of_two_rules_the_one_that_was_known_first_tells() -> None:
    (one,) = told(drawn(2000, 140, since=84))
    assert one.known_at is not None
    later = replace(one, known_at=one.known_at + DAY, sentence="by the week")
    other = replace(later, signal="missing.x1")
    assert earliest_findings([later, other, one]) == [one, other]


def test_fewer_missing_values_after_more_are_no_second_finding() -> None:
    day = np.arange(140)
    gone = np.where(day < 84, 5, np.where(day < 98, 12, np.where(day < 112, 5, 0)))
    (one,) = told([with_missing(gone)])
    assert one.until is not None
    assert one.until <= BEGUN + 108 * DAY


def test_of_few_decisions_the_exact_law_decides() -> None:
    """Three of 560 are missing in the reference; four of seventy would be one in ten million by a normal law."""
    gone = np.zeros(140, np.int64)
    gone[[5, 20, 40]] = 1
    gone[[100, 101, 103, 105]] = 1
    assert told([with_missing(gone, 10)]) == []
