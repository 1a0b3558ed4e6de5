"""When five more points of missing values are noticed: the power of drawn counts, and of the formula by scipy.stats."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from scipy import stats

from plumbline.domain import FeatureProfile
from plumbline.monitor.drift.dispersion import daily_laws
from plumbline.monitor.drift.missing_share import BUDGET, presence
from plumbline.monitor.drift.missing_share_power import NoticeTime, rise_power, slowest_notice
from plumbline.monitor.statistics.null_distribution import NullDistribution
from plumbline.ui.language import reader
from plumbline.wording.language import address, localise
from tests.bench.detection.missing import BEGUN, REFERENCE, drawn

SPAN = (BEGUN, BEGUN + timedelta(days=REFERENCE))
LAW = NullDistribution(spread=5.0, freedom=55.0)


def slow_power(
    days: int, before: float, n: float, a_day: float, law: NullDistribution, chance: float
) -> float:
    """The same with one day in hand: the normal law of a difference of two shares beyond the F law's limit."""
    window = max(days, 7)
    after = before + 0.05 * min(days / 7, 1.0) if days < 7 else before + 0.05
    then, now = n / law.spread, a_day * window / law.spread
    both = (then * before + now * after) / (then + now)
    alike = math.sqrt(both * (1 - both) * (1 / then + 1 / now))
    apart = math.sqrt(before * (1 - before) / then + after * (1 - after) / now)
    limit = stats.chi2.isf(chance, 1) if math.isinf(law.freedom) else stats.f.isf(chance, 1, law.freedom)
    return float(stats.norm.sf(math.sqrt(limit) * alike, loc=after - before, scale=apart))


@pytest.mark.parametrize("before", [0.0, 0.02, 0.3, 0.9])
@pytest.mark.parametrize("law", [NullDistribution(), LAW])
def test_the_power_is_that_of_two_shares_whose_dispersion_is_estimated(
    before: float, law: NullDistribution
) -> None:
    days = np.array([1, 3, 6, 7, 8, 14, 60, 365])
    expected = [slow_power(d, before, 3080.0, 55.0, law, 2e-5) for d in days.tolist()]
    assert rise_power(days, before, 3080.0, 55.0, law, 2e-5) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("days", "a_day"), [(10, 55.0), (21, 30.0), (60, 100.0)])
def test_the_power_is_that_of_drawn_counts(days: int, a_day: float) -> None:
    """Pearson's statistic by its own definition, over counts of people, each of whose decisions are alike."""
    rng = np.random.default_rng(4)
    n, now, draws = 2000, int(days * a_day), 40_000
    missed, lacking = rng.binomial(n, 0.02, draws), rng.binomial(now, 0.07, draws)
    share = (missed + lacking) / (n + now)
    statistic = (missed / n - lacking / now) ** 2 / (share * (1 - share) * (1 / n + 1 / now))
    for chance in (1e-3, 2e-5):
        law = NullDistribution(spread=3.0)
        power = rise_power(np.array([days]), 0.02, 3.0 * n, 3.0 * a_day, law, chance)[0]
        assert power == pytest.approx((statistic > stats.chi2.isf(chance, 1)).mean(), abs=0.04)


@pytest.mark.parametrize("alike", [1, 3])
def test_the_days_are_the_first_with_four_in_five(alike: int) -> None:
    profiles = drawn(1, 140, alike=alike)
    one = slowest_notice(profiles, reference=SPAN)
    assert one is not None
    assert one.feature == "x0"
    assert one.days is not None
    held = presence(profiles[0])
    mask = np.arange(140) < REFERENCE
    (law,) = daily_laws([held], [mask])
    n, gone = held.counts[mask].sum(), held.counts[mask, 1].sum()
    a_day = held.counts[-28:].sum() / 28
    assert (one.a_day, one.effective) == (pytest.approx(a_day), pytest.approx(a_day / law.spread))
    powers = [slow_power(d, gone / n, n, a_day, law, BUDGET / 7 / 365) for d in (one.days - 1, one.days)]
    assert powers[0] < 0.8 <= powers[1]


def test_repeated_decisions_take_longer_and_too_few_people_for_ever() -> None:
    days = {}
    for alike in (1, 3, 5):
        one = slowest_notice(drawn(1, 140, alike=alike), reference=SPAN)
        assert one is not None
        days[alike] = one.days
    assert days[1] is not None
    assert days[3] is not None
    assert days[1] < days[3]
    assert days[5] is None


def test_nothing_is_said_of_a_short_reference_or_of_what_cannot_rise() -> None:
    profiles = drawn(1, 140)
    short = (BEGUN, BEGUN + timedelta(days=27))
    assert slowest_notice(profiles, reference=short) is None
    assert slowest_notice(profiles, reference=(BEGUN, BEGUN + timedelta(days=28))) is not None
    assert slowest_notice([_missing(profiles[1], 0.96)], reference=SPAN) is None
    assert slowest_notice([_missing(profiles[1], 0.94)], reference=SPAN) is not None
    assert slowest_notice([], reference=SPAN) is None


def _missing(profile: FeatureProfile, share: float) -> FeatureProfile:
    n = profile.counts.sum(axis=1)
    gone = np.round(n * share).astype(np.int64)
    return replace(profile, counts=np.column_stack([n - gone, 0 * n]), missing=gone)


def test_the_slowest_input_is_told_whatever_the_order() -> None:
    quick, slow = drawn(1, 140)[1], drawn(1, 140, alike=3)[0]
    for profiles in ([quick, slow], [slow, quick]):
        one = slowest_notice(profiles, reference=SPAN)
        assert one is not None
        assert one.feature == "x0"


def test_the_sentence_is_short_and_in_german_as_well() -> None:
    one = NoticeTime(feature="x", days=84, a_day=57.4, effective=18.7)
    assert one.sentence == (
        "A rise of five points in missing values of x would be noticed within about 84 days, four times in five: "
        "57 decisions a day count as 19 independent ones."
    )
    address(reader("de"))
    said = localise(one.sentence)
    address(None)
    assert said == (
        "Fehlen Werte von x um fünf Prozentpunkte häufiger, fällt das in vier von fünf Fällen binnen etwa 84 Tagen "
        "auf: 57 Entscheidungen am Tag zählen wie 19 unabhängige."
    )
    assert replace(one, days=None).sentence.startswith(
        "A rise of five points in missing values of x may go unnoticed for a year: 57 decisions a day"
    )
    assert replace(one, days=14).sentence == ""
    assert replace(one, days=15).sentence
