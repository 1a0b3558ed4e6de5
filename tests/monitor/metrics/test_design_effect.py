"""Weekly intervals hold the system's level where days are alike and persons come again, and stay where nothing is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import t as student

from plumbline.domain import OutcomeProfile
from plumbline.monitor.alarms.findings import performance_findings
from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.metrics.design_effect import DesignEffect, design, effective_counts, widen_interval
from plumbline.monitor.metrics.intervals import interval
from plumbline.monitor.metrics.metrics import METRICS
from plumbline.monitor.performance.series import performance, thresholds
from plumbline.monitor.statistics.proportions import Z
from tests.monitor.outcomes import at, classified, counted, regressed, wandering

REFERENCE = (at(0), at(91))
NAMES = ["accuracy", "precision", "recall", "f1", "roc_auc", "brier", "log_loss", "average_precision"]


def decisions(
    seed: int, days: int, *, spread: float = 0.0, kept: float = 0.0, alike: int = 1, rows: int = 280
):
    """Days, predictions, truths and scores: calibrated but for the day's own shift in logits; ``alike`` a person."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), rows // alike)
    x = rng.normal(-1, 1.5, len(day))
    shift = spread * wandering(rng, days, kept)
    true = (rng.random(len(day)) < expit(x + shift[day])).astype(int)
    return tuple(np.repeat(v, alike) for v in (day, (x > 0).astype(int), true, expit(x)))


def held(*, spread: float = 0.0, kept: float = 0.0, alike: int = 1, logs: int = 12) -> dict[str, float]:
    """How often four weekly intervals a log, after a reference of 13 weeks, hold the level of an endless one."""
    endless = decisions(99, 2500, spread=spread, kept=kept)
    level = {
        p.metric: p.value
        for p in performance(
            classified(np.zeros(len(endless[0]), int), *endless[1:]), by="month", metrics=NAMES
        )
    }
    hits: dict[str, list[bool]] = {name: [] for name in NAMES}
    for seed in range(logs):
        profile = classified(*decisions(seed, 91 + 28, spread=spread, kept=kept, alike=alike))
        for p in performance(profile, reference=REFERENCE, by="week", metrics=NAMES):
            if p.start >= REFERENCE[1]:
                assert p.low is not None
                assert p.high is not None
                hits[p.metric].append(p.low - p.bound <= level[p.metric] <= p.high + p.bound)  # type: ignore[operator]
    return {name: float(np.mean(of)) for name, of in hits.items()}


@pytest.mark.parametrize(
    ("law", "least"),
    [({"spread": 0.3, "kept": 0.5}, 0.85), ({"alike": 5}, 0.88)],
    ids=["days alike", "persons"],
)
def test_weekly_intervals_hold_what_they_say_where_decisions_have_something_in_common(law, least) -> None:
    """0.70 to 0.86 and 0.57 to 0.63 by the law of rows; 48 weeks, of which 6 misses of 5 % come once in 40."""
    found = held(**law)
    assert min(found.values()) >= least, found
    assert np.mean(list(found.values())) >= 0.93, found


def daily(profile: OutcomeProfile):  # type: ignore[no-untyped-def]
    return counts_of(profile)


def test_independent_decisions_have_none_and_persons_have_theirs() -> None:
    """The design effect of five alike is five (Kish 1965)."""
    one = METRICS["accuracy"]
    effects = [design(one, daily(classified(*decisions(s, 91))), "week").effect for s in range(20)]
    assert np.mean([effect == 1.0 for effect in effects]) >= 0.8
    alike = [design(one, daily(classified(*decisions(s, 91, alike=5))), "week").effect for s in range(20)]
    assert np.median(alike) == pytest.approx(5.0, rel=0.15)
    assert np.mean(alike) == pytest.approx(
        5.0, rel=0.25
    )  # neighbours are never taken to make up for each other


def test_an_interval_by_a_design_effect_is_that_of_as_many_fewer_rows() -> None:
    one, counts = METRICS["accuracy"], counts_of(classified(*decisions(1, 1)))
    told = widen_interval(one, counts, None, DesignEffect(4.0))
    fewer_rows = interval(one, counts.scale_rows(np.array([0.25])))
    assert (told.low[0], told.high[0]) == pytest.approx((fewer_rows.low[0], fewer_rows.high[0]))
    assert effective_counts(one, counts, DesignEffect(), Z, 0.975) is counts
    assert effective_counts(one, counts, DesignEffect(1e9), Z, 0.975).labelled[0] == pytest.approx(2.0)


def test_what_has_only_a_bootstrap_over_a_chunks_days_takes_the_wider_of_both() -> None:
    """R2 of days that differ as a whole: seven days of a week know less of that than 91 of the reference."""
    rng = np.random.default_rng(4)
    day = np.repeat(np.arange(119), 100)
    noise = np.exp(0.5 * wandering(rng, 119, 0.8))[day]
    true = rng.normal(100, 20, len(day))
    profile = regressed(day, true + noise * rng.normal(0, 10, len(day)), true)
    week = [
        p for p in performance(profile, reference=REFERENCE, by="week", metrics=["r2"]) if p.start >= at(91)
    ]
    alone = performance(profile, by="week", metrics=["r2"])[-len(week) :]
    widths = [(p.high - p.low, q.high - q.low) for p, q in zip(week, alone, strict=True)]  # type: ignore[operator]
    assert all(wide >= narrow for wide, narrow in widths)
    assert np.mean([wide > 1.2 * narrow for wide, narrow in widths]) >= 0.5


def test_a_day_and_a_short_reference_are_not_widened() -> None:
    days = daily(classified(*decisions(1, 91, alike=5)))
    assert design(METRICS["accuracy"], days, "day") == DesignEffect()
    assert design(METRICS["accuracy"], None, "week") == DesignEffect()
    assert (
        design(METRICS["accuracy"], daily(classified(*decisions(1, 13, alike=5))), "week") == DesignEffect()
    )


def test_wandering_days_raise_few_findings_beside_a_reference_of_four_weeks() -> None:
    """25 years at 0.8: 26 findings where chance was that of independent decisions."""
    findings = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        level = expit(logit(0.85) + 0.15 * wandering(rng, 393, 0.8))
        profile = counted(rng.binomial(1000, level), np.full(393, 1000))
        asked = {"reference": (at(0), at(28)), "by": "week", "metrics": ["accuracy"]}
        points = performance(profile, **asked)  # type: ignore[arg-type]
        mean = thresholds(profile, **asked)["accuracy"].mean  # type: ignore[arg-type]
        told = performance_findings("s", points, name=str, say=lambda _, v: str(v), healthy=mean)
        findings += sum(f.known_at > at(28) for f in told)
    assert findings <= 14


@pytest.mark.parametrize("day", [0.2, 2.0, 20.0])
def test_limits_by_the_days_are_students_on_both_sides_and_end_where_the_metric_does(day: float) -> None:
    """One day has no bootstrap over days: the reference's law alone gives the interval."""
    rng = np.random.default_rng(6)
    true = rng.normal(100, 20, 400)
    counts = counts_of(regressed(np.zeros(400, int), true + rng.normal(0, 10, 400), true))
    told = widen_interval(METRICS["r2"], counts, None, DesignEffect(1.0, 30.0, day))
    value = METRICS["r2"].compute(counts)[0]
    half = student.ppf(0.975, 30) * day / 20
    assert told.low[0] == pytest.approx(value - half)
    assert told.high[0] == pytest.approx(min(value + half, 1.0))
    assert told.se[0] == pytest.approx(day / 20)
