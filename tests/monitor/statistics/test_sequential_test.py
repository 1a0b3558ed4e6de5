"""The always-valid test by simulation and by its own formula; sample ratios and reach against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from plumbline.domain import PlumblineError
from plumbline.monitor.statistics.sequential_test import (
    MISMATCH,
    ArmSums,
    SampleRatio,
    always_valid,
    detectable_difference,
    difference_by_look,
    sample_ratio,
    standard_error,
    time_to_detect,
)


def moments(*arms: np.ndarray) -> ArmSums:
    """(looks, rows) a arm."""
    return ArmSums(
        np.stack([np.full(len(a), a.shape[1], float) for a in arms], 1),
        np.stack([a.sum(1) for a in arms], 1),
        np.stack([(a**2).sum(1) for a in arms], 1),
    )


def bernoulli(
    rng: np.random.Generator, rates: tuple[float, float], sizes: tuple[int, int], looks: int
) -> ArmSums:
    return moments(*((rng.random((looks, n)) < p).astype(float) for p, n in zip(rates, sizes, strict=True)))


@pytest.mark.parametrize(("rate", "sizes"), [(0.02, (40, 40)), (0.3, (50, 10)), (0.9, (20, 20))])
def test_looking_300_times_at_arms_alike_errs_less_than_stated(rate: float, sizes: tuple[int, int]) -> None:
    """At 10 %, so that 300 runs can tell; a test for one look would err far more often."""
    rng = np.random.default_rng(4)
    tau = min(0.2 * rate, 0.1)
    runs = [bernoulli(rng, (rate, rate), sizes, 300) for _ in range(300)]
    sequential = np.mean([always_valid(r, tau, proportion=True)[-1] <= 0.1 for r in runs])
    assert sequential <= 0.1
    peeking = []
    for run in runs[:100]:
        so_far = run.cumulate()
        v = (so_far.variance / so_far.n).sum(1)[20:]
        d = (so_far.mean[:, 1] - so_far.mean[:, 0])[20:]
        peeking.append((np.abs(d) / np.sqrt(np.maximum(v, 1e-12)) > stats.norm.ppf(0.95)).any())
    assert np.mean(peeking) > 0.3


def test_means_that_are_alike_err_less_than_stated() -> None:
    rng = np.random.default_rng(5)
    runs = [moments(*(rng.exponential(3.0, (200, 20)) for _ in range(2))) for _ in range(200)]
    assert np.mean([always_valid(r, 0.6, proportion=False)[-1] <= 0.1 for r in runs]) <= 0.1


def test_a_true_difference_is_found_and_stays_found() -> None:
    rng = np.random.default_rng(6)
    found = [
        always_valid(bernoulli(rng, (0.2, 0.26), (50, 50), 200), 0.04, proportion=True) for _ in range(30)
    ]
    assert all((np.diff(p) <= 0).all() for p in found)
    assert np.mean([p[-1] < 0.05 for p in found]) >= 0.95


def test_the_ratio_is_the_mean_likelihood_over_the_prior() -> None:
    """The closed form against numerical integration over N(0, tau^2)."""
    looks = bernoulli(np.random.default_rng(1), (0.3, 0.42), (50, 40), 8)
    so_far = looks.sum_looks()
    assert so_far.variance is not None
    d, v, times = (float(of[-1]) for of in difference_by_look(looks))
    assert d == pytest.approx(
        float(np.diff(so_far.mean)[0])
    )  # of a steady split: the difference of the means
    assert v == pytest.approx(float((so_far.variance / so_far.n).sum()))
    v, tau = v * times, 0.06

    def weighed(theta: float) -> float:
        likelihood = stats.norm.pdf(d, theta, v**0.5) / stats.norm.pdf(d, 0, v**0.5)
        return float(likelihood * stats.norm.pdf(theta, 0, tau))

    expected = integrate.quad(weighed, -1, 1, points=[0, d])[0]
    assert 1 / always_valid(looks, tau, proportion=True)[-1] == pytest.approx(expected, rel=1e-6)


def test_too_little_says_nothing_yet() -> None:
    rng = np.random.default_rng(2)
    assert always_valid(bernoulli(rng, (0.1, 0.9), (99, 99), 1), 0.1, proportion=True).tolist() == [1.0]
    assert always_valid(bernoulli(rng, (0.0, 0.5), (500, 500), 1), 0.1, proportion=True).tolist() == [1.0]
    assert len(always_valid(ArmSums(*(np.empty((0, 2)),) * 3), 0.1, proportion=True)) == 0
    with pytest.raises(PlumblineError, match="positive"):
        always_valid(bernoulli(rng, (0.1, 0.1), (5, 5), 1), 0.0, proportion=True)


@pytest.mark.parametrize(("n", "intended"), [((5000, 5100), None), ((9000, 1100), 0.1), ((500, 700), 0.5)])
def test_the_sample_ratio_is_scipys_chi_square(n: tuple[int, int], intended: float | None) -> None:
    told = sample_ratio(np.array([n], float), intended)
    share = intended or 0.5
    expected = stats.chisquare(n, [sum(n) * (1 - share), sum(n) * share])
    assert told.p == pytest.approx(expected.pvalue, rel=1e-6, abs=0)
    assert told.status == ("breach" if expected.pvalue < MISMATCH else "ok")


def test_the_published_mismatch_is_one() -> None:
    """Fabijan et al. (2019): 821,588 against 815,482 visitors of an even split cannot be chance."""
    told = sample_ratio(np.array([[821_588.0, 815_482.0]]), 0.5)
    assert told.p is not None
    assert told.p < 1e-5
    assert told.status == "breach"


def test_a_split_that_moved_is_found_by_scipys_contingency_table() -> None:
    n = np.array([[900, 100], [880, 120], [500, 500]], float)
    told = sample_ratio(n, None)
    assert told.steady_p == pytest.approx(stats.chi2_contingency(n, correction=False).pvalue, rel=1e-6)
    assert (told.p, told.status) == (None, "breach")
    assert sample_ratio(n[:1], None).status == "unknown"


@pytest.mark.parametrize(
    "blocks", [[[900, 100], [880, 120], [905, 98]], [[300, 310], [295, 280], [310, 330], [5, 9]]]
)
def test_a_split_that_stood_still_is_found_so_by_the_same_table(blocks: list[list[int]]) -> None:
    n = np.array(blocks, float)
    told = sample_ratio(n, None)
    assert 0.05 < stats.chi2_contingency(n, correction=False).pvalue < 0.95
    assert told.steady_p == pytest.approx(stats.chi2_contingency(n, correction=False).pvalue, rel=1e-9)
    assert told.status == ("unknown" if told.intended is None else "ok")
    assert told.share == pytest.approx(n[:, 1].sum() / n.sum())


def test_blocks_count_from_an_expectation_of_five() -> None:
    large, five, four = [400.0, 400.0], [4.0, 6.0], [3.0, 5.0]
    whole = stats.chi2_contingency(np.array([large, five]), correction=False).pvalue
    assert sample_ratio(np.array([large, five[::-1], five]), 0.5).steady_p is not None
    assert sample_ratio(np.array([large, five, five[::-1], four, four[::-1]]), 0.5).steady_p == pytest.approx(
        stats.chi2_contingency(np.array([large, five, five[::-1]]), correction=False).pvalue, rel=1e-9
    )
    assert whole != sample_ratio(np.array([large, four, four[::-1]]), 0.5).steady_p
    assert sample_ratio(np.array([large, four, four[::-1]]), 0.5).steady_p is None
    assert sample_ratio(np.array([large, [0.0, 0.0]]), 0.5).steady_p is None
    assert sample_ratio(np.array([[100.0, 0.0]] * 3), None).steady_p is None


def test_a_share_from_40_to_60_percent_is_held_against_an_even_split() -> None:
    for second, even in ((399, False), (400, True), (500, True), (600, True), (601, False)):
        told = sample_ratio(np.array([[1000.0 - second, second]]), None)
        assert told.intended == (0.5 if even else None)
        assert (told.p is not None) is even
    assert sample_ratio(np.array([[10.0, 90.0]]), 1.0).p is None  # no arm was to have none
    nothing = sample_ratio(np.zeros((2, 2)), 0.5)
    assert (nothing.share, nothing.p, nothing.steady_p, nothing.status) == (0.0, None, None, "unknown")


def test_a_mismatch_is_one_below_five_in_ten_thousand() -> None:
    assert MISMATCH == 0.0005  # Fabijan et al. 2019
    assert SampleRatio(share=0.5, intended=0.5, p=MISMATCH, steady_p=None).status == "ok"
    assert SampleRatio(share=0.5, intended=0.5, p=0.00049, steady_p=None).status == "breach"
    assert SampleRatio(share=0.5, intended=None, p=None, steady_p=0.00049).status == "breach"
    assert SampleRatio(share=0.5, intended=None, p=None, steady_p=0.9).status == "unknown"


def test_moments_are_those_of_numpy() -> None:
    rng = np.random.default_rng(8)
    arms = [rng.normal(3, 2, (4, 7)), rng.normal(3, 2, (4, 2))]
    each = moments(*arms)
    assert each.variance == pytest.approx(np.stack([a.var(axis=1, ddof=1) for a in arms], 1))
    whole = each.sum_looks()
    assert whole.variance == pytest.approx([a.var(ddof=1) for a in arms])
    assert each.cumulate().mean[-1] == pytest.approx([a.mean() for a in arms])
    one = ArmSums(np.array([1.0, 0.0]), np.array([5.0, 0.0]), np.array([25.0, 0.0]))
    assert np.isnan(one.variance).all()
    assert one.mean[0] == 5
    assert np.isnan(one.mean[1])


def test_looking_begins_at_a_hundred_decisions_and_ten_events_of_each_kind() -> None:
    def p(n: int, events: tuple[float, float]) -> float:
        looks = [np.tile(np.array(each, float) / 8, (8, 1)) for each in ((n, n), events, events)]  # all alike
        return float(always_valid(ArmSums(*looks), 0.2, proportion=True)[-1])

    assert p(99, (10, 60)) == 1.0
    assert p(100, (10, 60)) < 1e-6
    assert p(100, (9, 60)) == 1.0
    assert p(100, (40, 90)) < 1e-6
    assert p(100, (40, 91)) == 1.0


def test_a_detectable_difference_is_that_many_standard_errors() -> None:
    """Two-sided at 5 % with a power of 80 %: 1.96 and 0.84, as in any textbook."""
    arms = [np.arange(50.0)[None], 3 * np.arange(40.0)[None]]
    total = moments(*arms).sum_looks()
    se = np.sqrt(sum(a.var(ddof=1) / a.size for a in arms))
    assert standard_error(total) == pytest.approx(se)
    assert detectable_difference(total) == pytest.approx((stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * se)
    two = moments(np.array([[1.0, 3.0]]), np.array([[2.0, 2.0]])).sum_looks()
    assert standard_error(two) == pytest.approx(1.0)
    assert standard_error(moments(np.array([[2.0, 2.0]]), np.array([[2.0, 2.0]])).sum_looks()) is None
    assert standard_error(moments(np.array([[1.0, 3.0]]), np.array([[2.0]])).sum_looks()) is None
    seen = detectable_difference(total)
    assert seen is not None
    assert time_to_detect(total, 2.0, seen) == 0
    assert time_to_detect(total, 2.0, seen / 1.5) == pytest.approx(2.0 * 1.25)
    assert time_to_detect(total, 0.0, 0.1) is None
    assert time_to_detect(total, 2.0, 0.0) is None
    assert time_to_detect(total, 0.5, 0.5 * seen) == pytest.approx(1.5)


def test_what_is_called_detectable_is_found_four_times_in_five() -> None:
    rng = np.random.default_rng(3)
    total = bernoulli(rng, (0.2, 0.2), (4000, 1000), 1).sum_looks()
    seen = detectable_difference(total)
    assert seen is not None
    found = []
    for _ in range(600):
        one = rng.binomial([4000, 1000], [0.2, 0.2 + seen]) / [4000, 1000]
        se = np.sqrt((one * (1 - one) / [4000, 1000]).sum())
        found.append(abs(one[1] - one[0]) / se > stats.norm.ppf(0.975))
    assert 0.74 < np.mean(found) < 0.86


def test_half_the_difference_takes_four_times_as_long() -> None:
    total = bernoulli(np.random.default_rng(3), (0.2, 0.2), (4000, 1000), 1).sum_looks()
    seen = detectable_difference(total)
    assert seen is not None
    assert time_to_detect(total, 5.0, seen / 2) == pytest.approx(15.0)
    assert time_to_detect(total, 5.0, 2 * seen) == 0
    assert time_to_detect(ArmSums(*(np.ones(2),) * 3), 5.0, 0.1) is None


HOURS = 240


def test_the_variance_by_subject_is_the_delta_methods() -> None:
    """One look of two arms of subjects with several decisions each, against Deng, Knoblich and Lu (2018), eq. 4."""
    rng = np.random.default_rng(7)
    arms, ratio_variance = [], 0.0
    for _ in range(2):
        sizes = rng.geometric(0.3, 800)
        level = rng.beta(2, 6, 800)
        hits = rng.binomial(sizes, level)
        arms.append((sizes, hits))
        mean = hits.sum() / sizes.sum()
        ratio_variance += ((hits - mean * sizes) ** 2).sum() / sizes.sum() ** 2
    n, total = (np.array([[of.sum() for of in side]], float) for side in zip(*arms, strict=True))
    both = n.sum()
    overall = total.sum() / both
    parts = [
        (hits - overall * sizes) * n[0, 1 - i] / both for i, (sizes, hits) in enumerate(arms)
    ]  # what ``profile.scan.arms.subject_looks`` adds up, without its n / (n - 1)
    spread = np.array([sum((part**2).sum() for part in parts)])
    looks = ArmSums(n, total, total, np.full((1, 2), 800.0), spread)
    _, v, times = (float(of[0]) for of in difference_by_look(looks))
    assert v * times == pytest.approx(ratio_variance, rel=0.02)
    assert times > 1.3


def by_the_hour(
    rng: np.random.Generator, shares: np.ndarray, rates: np.ndarray, *, rows: int = 100, alike: int = 1
) -> ArmSums:
    """Hourly looks: ``rows`` decisions an hour, ``alike`` a person, dealt by ``shares`` (hours,)."""
    persons = rng.poisson(rows / alike, len(shares))
    second = rng.binomial(persons, shares)
    n = np.stack([persons - second, second], 1)
    hits = rng.binomial(n, rates[:, None])
    return ArmSums(n * alike * 1.0, hits * alike * 1.0, hits * alike * 1.0)


def test_decisions_of_one_person_alike_err_no_more_than_stated_though_nobody_names_the_person() -> None:
    """Five an hour alike, 14 days of hourly looks, at 5 %: 0.80 of 200 where decisions counted as independent."""
    rng = np.random.default_rng(8)
    even, rate = np.full(336, 0.5), np.full(336, 0.2)
    runs = [by_the_hour(rng, even, rate, alike=5) for _ in range(200)]
    assert np.mean([always_valid(r, 0.04, proportion=True)[-1] <= 0.05 for r in runs]) <= 0.06


def test_a_canary_that_is_ramped_up_while_the_world_moves_is_not_blamed() -> None:
    """5 %, then half, as the rate rises by half for both: 0.84 of 200 where the means were compared as they stood."""
    rng = np.random.default_rng(9)
    late = np.arange(96) >= 48
    runs = [
        by_the_hour(rng, np.where(late, 0.5, 0.05), np.where(late, 0.15, 0.1), rows=120) for _ in range(200)
    ]
    assert np.mean([always_valid(r, 0.02, proportion=True)[-1] <= 0.05 for r in runs]) <= 0.06
    worse = by_the_hour(rng, np.where(late, 0.5, 0.05), np.where(late, 0.15, 0.1), rows=4000)
    raised = ArmSums(worse.n, *(of + np.array([0, 0.06]) * worse.n for of in (worse.total, worse.squares)))
    assert always_valid(raised, 0.02, proportion=True)[-1] < 0.05


@pytest.mark.parametrize("law", ["lognormal", "pareto"])
def test_errors_that_hang_on_single_decisions_err_no_more_than_stated(law: str) -> None:
    """A 5 % canary of 60 decisions an hour: 0.18 and 0.09 of 300 where 100 decisions were enough to look."""
    rng = np.random.default_rng(10)
    wrong = 0
    for _ in range(300):
        n = rng.poisson(np.array([57.0, 3.0]), (HOURS, 2))
        sums = np.zeros((2, HOURS, 2))
        for arm in (0, 1):
            size = int(n[:, arm].sum())
            rows = rng.lognormal(0, 2, size) if law == "lognormal" else rng.pareto(2.2, size)
            hour = np.repeat(np.arange(HOURS), n[:, arm])
            sums[:, :, arm] = [np.bincount(hour, rows**power, HOURS) for power in (1, 2)]
        tau = 0.2 * (54.1 if law == "lognormal" else 1.87)
        wrong += always_valid(ArmSums(n * 1.0, sums[0], sums[1]), tau, proportion=False)[-1] <= 0.05
    assert wrong <= 0.08 * 300


def test_decisions_of_dealt_subjects_are_no_mismatch_and_a_true_one_is_found() -> None:
    """4,000 subjects of an even split, three decisions each in the mean, over 14 days: 0.61 of 200 told a mismatch."""
    rng = np.random.default_rng(11)
    wrong, found, moved = [], [], []
    for share, told in ((0.5, wrong), (0.58, found), (None, moved)):
        for _ in range(200):
            day = rng.integers(0, 14, 4000)
            second = (rng.random(4000) < (share or np.where(day < 6, 0.35, 0.5))).astype(int)
            n = np.zeros((2, 14, 2))
            np.add.at(n[0], (day, second), rng.geometric(1 / 3, 4000))
            np.add.at(n[1], (day, second), 1)
            decisions, subjects = sample_ratio(n[0], 0.5, independent=False), sample_ratio(n[1], 0.5)
            told.append((decisions.status == "breach", subjects.status == "breach"))
    assert np.mean(wrong, axis=0).tolist() <= [0.005, 0.01]
    assert np.mean(wrong, axis=0).max() <= 0.01
    assert np.mean(found, axis=0).min() >= 0.8
    assert np.mean(moved, axis=0).min() >= 0.5
