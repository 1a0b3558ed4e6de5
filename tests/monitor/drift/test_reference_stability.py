"""A reference that changed within itself is told, and one that only wanders or repeats itself is not."""

from __future__ import annotations

from datetime import UTC, timedelta

import numpy as np
import pytest
from scipy import stats

from plumbline.monitor.binned_counts import binned_counts
from plumbline.monitor.drift.distances import METHODS
from plumbline.monitor.drift.reference_stability import _chance, unstable_feature
from tests.bench.detection.shifts import drawn, profile_of
from tests.bench.detection.worlds import INPUTS, START

BEGUN = START.to_pydatetime().replace(tzinfo=UTC)


@pytest.mark.parametrize("kind", ["independent", "repeats-5", "ar-0.8", "few", "reference-28"])
def test_quiet_references_are_steady(kind: str) -> None:
    told = []
    for seed in range(4):
        log = drawn(kind, seed)
        days = log.kind.reference
        part = log.frame[log.frame["at"] < START + np.timedelta64(days, "D")]
        span = (BEGUN, BEGUN + timedelta(days=days))
        told.append(unstable_feature([profile_of(part, c, days) for c in INPUTS], span))
    assert sum(one is not None for one in told) <= (1 if kind.startswith("ar") else 0), told


def test_a_change_within_the_reference_is_told_with_its_week() -> None:
    log = drawn("independent", 1)
    frame = log.frame[log.frame["at"] < START + np.timedelta64(84, "D")].copy()
    late = frame["at"] >= START + np.timedelta64(56, "D")
    frame.loc[late, "tenure"] += 12
    held = [profile_of(frame, c, 84) for c in INPUTS]
    found = unstable_feature(held, (BEGUN, BEGUN + timedelta(days=84)))
    assert found is not None
    assert (found.feature, found.at) == ("tenure", BEGUN + timedelta(days=56))
    assert found.value > 0.1
    assert unstable_feature(held, (BEGUN, BEGUN + timedelta(days=21))) is None


def _weekly(shares: list[float], weeks: int = 9) -> np.ndarray:
    """Fine counts of some weeks, 1,000 decisions each, drawn from one distribution."""
    return np.random.default_rng(5).multinomial(1000, shares, size=weeks).astype(float)


@pytest.mark.parametrize("place", [0, 7, 19])
def test_an_input_that_is_nearly_always_one_value_is_steady_until_it_changes(place: int) -> None:
    """A capital gain that is zero for 95 of 100 people, on a fine grid: one cell holds nearly all."""
    shares = [0.05 / 19] * 20
    shares[place] = 0.95
    quiet = _weekly(shares)
    assert 0.001 < _chance(quiet, 4) <= 1
    changed = quiet.copy()
    changed[4:] = _weekly([0.7 if i == place else 0.3 / 19 for i in range(20)], 5)
    assert _chance(changed, 4) < 1e-4


@pytest.mark.parametrize(("weeks", "told"), [(4, False), (5, True)])
def test_two_weeks_are_needed_on_either_side_and_one_more(weeks: int, told: bool) -> None:
    log = drawn("independent", 1)
    days = 7 * weeks
    frame = log.frame[log.frame["at"] < START + np.timedelta64(days, "D")].copy()
    frame.loc[frame["at"] >= START + np.timedelta64(14, "D"), "tenure"] += 40
    found = unstable_feature([profile_of(frame, "tenure", days)], (BEGUN, BEGUN + timedelta(days=days)))
    assert (found is not None) is told
    if found:
        assert found.at == BEGUN + timedelta(days=14)


def test_the_chance_of_a_split_is_the_f_law_over_the_dispersion_within() -> None:
    rng = np.random.default_rng(8)
    weekly = rng.multinomial(500, [0.4, 0.3, 0.2, 0.1], size=9).astype(float)
    weekly[6:] = rng.multinomial(500, [0.35, 0.3, 0.22, 0.13], size=3)
    for crowded in (1.0, 4.0):  # repeated decisions are worth a quarter
        table = weekly * crowded
        inside = sum(
            stats.chi2_contingency(part, correction=False).statistic for part in (table[:6], table[6:])
        )
        sides = np.array([table[:6].sum(0), table[6:].sum(0)])
        between = stats.chi2_contingency(sides, correction=False).statistic
        spread = max(inside / (7 * 3), 1.0)
        expected = stats.f.sf(between / 3 / spread, 3, 7)
        assert _chance(table, 6) == pytest.approx(expected, rel=1e-6, abs=0)
    assert _chance(np.tile([[5.0, 0, 0]], (9, 1)), 4) == 1.0


@pytest.mark.parametrize("seed", range(6))
def test_the_plainest_change_is_the_one_of_all_features_and_splits(seed: int) -> None:
    """Every split of every feature's whole weeks, compared one by one; the size of the step differs by the seed."""
    weeks = 6 + seed % 3
    log = drawn("independent", seed)
    frame = log.frame[log.frame["at"] < START + np.timedelta64(7 * weeks + 3, "D")].copy()
    frame.loc[frame["at"] >= START + np.timedelta64(21, "D"), "tenure"] += (0, 2, 4, 6, 9, 12)[seed]
    span = (BEGUN, BEGUN + timedelta(days=7 * weeks + 3))  # three days are no week
    profiles = [profile_of(frame, c, 7 * weeks + 3) for c in INPUTS]
    split, tried = [], 0
    for profile in profiles:
        counts = np.zeros((weeks, profile.counts.shape[1]))
        for day, row in zip(profile.days, profile.counts, strict=True):
            week = (day - BEGUN.date()).days // 7
            if week < weeks:
                counts[week] += row
        for place in range(2, weeks - 1):
            tried += 1
            sides = binned_counts(profile.bins, counts[:place].sum(axis=0), counts[place:].sum(axis=0))
            distance = METHODS["js"].distance(sides)
            if distance.above_chance is not None and distance.above_chance >= METHODS["js"].breach:
                split.append((_chance(counts, place), profile.bins.feature, place, distance.value))
    sure = [each for each in split if each[0] * tried < 0.01]
    told = unstable_feature(profiles, span)
    if not sure:
        assert told is None
        return
    p_value, feature, place, value = min(sure)
    assert told is not None
    assert (told.feature, told.at) == (feature, BEGUN + timedelta(days=7 * place))
    assert (told.p_value, told.value) == pytest.approx((p_value, value), rel=1e-9, abs=0)
