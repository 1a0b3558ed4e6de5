"""The guardrail: false alarms and delays by simulation, its evidence by numerical integration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plumbline.domain import PlumblineError
from plumbline.monitor.releases import guardrail as module
from plumbline.monitor.releases.guardrail import Guardrail, guardrail, smallest_change, usual_rates
from plumbline.monitor.statistics.clusters import run_design_effect, subject_design_effect

START = np.datetime64("2026-01-21T09:00", "us")


def watch(hits: np.ndarray, rate: float, n: int, alpha: float = 0.001) -> Guardrail:
    times = START + np.arange(len(hits)) * np.timedelta64(30, "s")
    return guardrail(times, hits, previous_rate=rate, previous_n=n, alpha=alpha)


@pytest.mark.parametrize("seed", range(20))
def test_blocking_four_in_ten_is_seen_within_100_decisions(seed: int) -> None:
    told = watch(np.random.default_rng(seed).random(5000) < 0.4, 0.011, 60_000)
    assert told.fired
    assert told.at_decision is not None
    assert told.at_decision <= 60


def test_a_rate_that_falls_to_nothing_is_seen_quickly() -> None:
    """From 0.2: without any positive the evidence can reach 4000 after ln 4000 / -ln(1 - l) at best."""
    told = watch(np.zeros(500, dtype=bool), 0.2, 5000)
    at_best = np.log(4000) / -np.log1p(-told.usual[0])
    assert told.at_decision is not None
    assert at_best <= told.at_decision <= 1.6 * at_best
    assert told.at_decision <= 90


def crossings(rate: float, previous: float, n: int, alpha: float, runs: int, length: int, seed: int) -> float:
    rng = np.random.default_rng(seed)
    return float(np.mean([watch(rng.random(length) < rate, previous, n, alpha).fired for _ in range(runs)]))


@pytest.mark.parametrize("rate", [0.011, 0.2, 0.9])
def test_false_alarms_are_no_more_than_alpha_over_5000_decisions(rate: float) -> None:
    """At alpha 10 %, so that 120 runs can tell, with the previous rate itself drawn from 3,000 decisions."""
    rng = np.random.default_rng(11)
    fired = 0
    for _ in range(120):
        previous = float(rng.binomial(3000, rate)) / 3000
        fired += watch(rng.random(5000) < rate, previous, 3000, 0.1).fired
    assert fired / 120 <= 0.1


@pytest.mark.parametrize("edge", [0.0, 1.0])
def test_false_alarms_at_the_very_edge_of_the_usual_rates_are_no_more_than_alpha(edge: float) -> None:
    low, high = usual_rates(0.2, 20_000, 0.05)
    rate = low + edge * (high - low)
    assert crossings(rate, 0.2, 20_000, 0.1, 120, 5000, 3) <= 0.1


@pytest.mark.parametrize("change", [0.82, 1.0, 1.18])
def test_changes_of_less_than_a_fifth_stay_quiet(change: float) -> None:
    assert crossings(0.2 * change, 0.2, 50_000, 0.001, 20, 10_000, 4) == 0


@pytest.mark.parametrize("change", [0.5, 1.6])
def test_changes_well_beyond_a_fifth_fire(change: float) -> None:
    assert crossings(0.2 * change, 0.2, 50_000, 0.001, 20, 5000, 5) == 1


def test_the_evidence_is_the_mean_likelihood_ratio() -> None:
    """The log evidence against a plain product over decisions, one alternative at a time."""
    rng = np.random.default_rng(1)
    hits = rng.random(60) < 0.3
    q = module._alternatives(0.12)
    products = np.ones(len(q))
    expected = []
    for hit in hits:
        products *= (q / 0.12) if hit else (1 - q) / (1 - 0.12)
        expected.append(np.log(products.mean()))
    k = np.cumsum(hits)
    found = module._log_evidence(k, np.arange(1, 61) - k, q, 0.12)
    assert found == pytest.approx(np.array(expected), abs=1e-9)


@given(st.floats(0.001, 0.999), st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_one_step_never_gains_evidence_on_average_under_the_null(edge: float, part: float) -> None:
    q, rate = module._alternatives(edge), edge * part
    assert (q > edge).all()
    assert (q < 1).all()
    assert (rate * q / edge + (1 - rate) * (1 - q) / (1 - edge) <= 1 + 1e-9).all()


def test_the_interval_is_the_published_one() -> None:
    """Clopper and Pearson's limits as in Newcombe (1998), table I: 81 of 263 at 95 %."""
    low, high = usual_rates(81 / 263, 263, 0.05)
    assert (low / 0.8, high / 1.2) == pytest.approx((0.2527, 0.3676), abs=5e-5)


def test_long_logs_give_the_same_moment_as_short_ones() -> None:
    rng = np.random.default_rng(2)
    hits = np.concatenate([rng.random(20_000) < 0.2, rng.random(5000) < 0.6])
    told = watch(hits, 0.2, 50_000)
    assert told.at_decision is not None
    assert watch(hits[: told.at_decision], 0.2, 50_000).at_decision == told.at_decision
    assert not watch(hits[: told.at_decision - 1], 0.2, 50_000).fired


def test_the_moment_and_the_figures_are_told() -> None:
    told = watch(np.ones(100, dtype=bool), 0.011, 60_000)
    assert told.at_decision is not None
    assert told.at == datetime(2026, 1, 21, 9, tzinfo=UTC) + timedelta(seconds=30 * (told.at_decision - 1))
    assert "100.0 %" in told.sentence
    assert "1.1 % before" in told.sentence


@pytest.mark.parametrize(("rate", "n"), [(0.0, 0), (0.5, 0), (0.0, 1), (1.0, 1)])
def test_little_or_nothing_before_never_fires_soon(rate: float, n: int) -> None:
    assert not watch(np.ones(20, dtype=bool), rate, n).fired
    assert not watch(np.zeros(20, dtype=bool), rate, n).fired


def test_no_decisions_say_so() -> None:
    told = watch(np.zeros(0, dtype=bool), 0.2, 100)
    assert (told.fired, told.rate) == (False, None)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(PlumblineError, match="times"):
        guardrail([], np.ones(2, dtype=bool), previous_rate=0.2, previous_n=10)
    with pytest.raises(PlumblineError, match="shares"):
        watch(np.ones(2, dtype=bool), 1.2, 10)


def test_a_rising_guard_fires_for_more_and_never_for_fewer() -> None:
    rng = np.random.default_rng(8)
    times = START + np.arange(2000) * np.timedelta64(30, "s")

    def rising(rate: float, alpha: float = 0.001) -> Guardrail:
        return guardrail(
            times, rng.random(2000) < rate, previous_rate=0.2, previous_n=5000, alpha=alpha, rising=True,
            were="decisions were wrong",
        )  # fmt: skip

    worse = rising(0.5)
    assert worse.fired
    assert "decisions were wrong against 20.0 % before" in worse.sentence
    assert not rising(0.0).fired
    assert np.mean([rising(0.2, 0.1).fired for _ in range(120)]) <= 0.1


def crowds(seed: int, alike: int, rate: float = 0.2, after: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """5,000 decisions before and 2,000 after a switch, ``alike`` neighbours the same."""
    rng = np.random.default_rng(seed)
    old = np.repeat(rng.random(5000 // alike) < rate, alike)
    return old.astype(float), np.repeat(rng.random(2000 // alike) < after, alike)


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("alike", [5, 20])
def test_decisions_of_one_person_alike_do_not_fire(alike: int, named: bool) -> None:
    """150 switches without a change: 0.11 (five alike) and 0.81 (twenty) fired where each counted as one."""
    fired = 0
    for seed in range(150):
        old, new = crowds(seed, alike)
        who = (np.arange(5000) // alike).astype(np.uint64)
        over = subject_design_effect(old, who) if named else run_design_effect(old)
        assert 0.7 * alike <= over <= 2.5 * alike
        times = START + np.arange(2000) * np.timedelta64(30, "s")
        fired += guardrail(
            times, new, previous_rate=float(old.mean()), previous_n=5000, times_over=over
        ).fired
    assert fired <= 1


def test_independent_decisions_and_a_rhythm_of_the_day_count_as_they_are() -> None:
    rng = np.random.default_rng(2)
    hour = np.arange(5000) / 20_000 * 24
    told = [
        run_design_effect(
            (rng.random(5000) < 0.2 * np.exp(swing * np.sin(2 * np.pi * hour / 24))).astype(float)
        )
        for swing in (0.0, 0.4)
        for _ in range(30)
    ]
    assert np.mean([one == 1.0 for one in told]) >= 0.75
    assert max(told) < 3
    assert run_design_effect(np.zeros(5000)) == 1.0
    assert subject_design_effect(rng.random(500), np.arange(500).astype(np.uint64)) == 1.0


def test_persons_who_are_decided_otherwise_fire_when_as_many_have_been_seen() -> None:
    old, new = crowds(3, 5, after=0.7)
    times = START + np.arange(2000) * np.timedelta64(30, "s")
    told = guardrail(times, new, previous_rate=float(old.mean()), previous_n=5000, times_over=5.0)
    single = guardrail(times[:400], new[::5], previous_rate=float(old.mean()), previous_n=1000)
    assert told.at_decision is not None
    assert single.at_decision is not None
    assert abs(told.at_decision - 5 * single.at_decision) <= 5


@pytest.mark.parametrize(("values", "run"), [(249, 25), (300, 25), (700, 50), (1500, 100)])
def test_the_effect_of_runs_is_von_neumanns_over_the_neighbours_that_are_enough(
    values: int, run: int
) -> None:
    """Runs of equal values; sums over 25, 50 and 100 where there are ten of them, the largest counts."""
    value = np.repeat(np.random.default_rng(run).normal(size=values // run + 1), run)[:values]
    effects = [1.0]
    for size in (25, 50, 100):
        sums = [value[i : i + size].sum() for i in range(0, values - size + 1, size)]
        if len(sums) >= 10:
            apart = np.mean([(a - b) ** 2 for a, b in pairwise(sums)]) / (2 * size * np.var(value))
            reach = stats.norm.ppf(0.95) * np.sqrt(3 / len(sums))
            effects += [apart * (1 + reach)] if apart > 1 + reach else []
    assert run_design_effect(value) == pytest.approx(max(effects), rel=1e-3)
    assert (run_design_effect(value) > 5) == (values > 249)


@pytest.mark.parametrize("rising", [False, True])
@pytest.mark.parametrize("times_over", [1.0, 3.0])
def test_the_nearest_change_that_is_noticed_fires_and_the_one_before_it_does_not(
    rising: bool, times_over: float
) -> None:
    """Decisions of exactly the changed rate, evenly spread, as far as whole decisions can be."""
    n, previous = 4000, 0.3

    def quiet(rate: float) -> Guardrail:
        hits = np.diff(np.floor(rate * np.arange(n + 1) + 1e-9)) > 0
        times = START + np.arange(n) * np.timedelta64(30, "s")
        return guardrail(
            times, hits, previous_rate=previous, previous_n=20_000, rising=rising, times_over=times_over
        )

    size = smallest_change(quiet(previous))
    assert size is not None
    assert size == pytest.approx(round(size / 0.005) * 0.005)
    ways = (1,) if rising else (-1, 1)
    assert all(quiet(previous + way * (size + 0.003)).fired for way in ways)
    assert not all(quiet(previous + way * (size - 0.008)).fired for way in ways)
    if rising:
        assert not quiet(0.0).fired


def test_without_enough_decisions_no_change_would_be_noticed() -> None:
    nothing = watch(np.zeros(0, dtype=bool), 0.3, 500)
    assert smallest_change(nothing) is None
    assert smallest_change(watch(np.zeros(3, dtype=bool), 0.3, 0)) is None
    assert smallest_change(watch(np.array([True]), 0.3, 5000)) is None
    edge = watch(np.zeros(3000, dtype=bool), 0.0, 5000)  # nothing below nought: upwards alone
    assert smallest_change(edge) == pytest.approx(0.01, abs=0.0051)
