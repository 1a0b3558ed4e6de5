"""``pytest tests/bench/test_judgements.py -m bench -s``: how often a judgement is wrong where nothing is, simulated.

The long form of the fast tests in ``tests/monitor``; each line prints its rate with exact 95 % limits.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import beta

from plumbline.domain import FloatArray, PointStatus
from plumbline.monitor.drift.multivariate import MATTERS, classifier_auc
from plumbline.monitor.fairness.groups import judge
from plumbline.monitor.performance.calibration import calibration
from tests.monitor.fairness.test_groups import EQUAL, counts, drawn
from tests.monitor.performance.test_calibration import rare

Random = np.random.Generator


def rate(hits: int, n: int) -> str:
    """A rate with Clopper and Pearson's limits (1934)."""
    low = beta.ppf(0.025, hits, n - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, n - hits) if hits < n else 1.0
    return f"{hits / n:.3f} [{low:.3f}, {high:.3f}]"


ROWS: dict[str, Callable[[Random, int], FloatArray]] = {
    "2 columns of 3 levels": lambda r, n: r.integers(0, 3, (n, 2)).astype(float),
    "3 columns of 3 levels": lambda r, n: r.integers(0, 3, (n, 3)).astype(float),
    "4 yes/no columns": lambda r, n: r.integers(0, 2, (n, 4)).astype(float),
    "6 yes/no columns": lambda r, n: r.integers(0, 2, (n, 6)).astype(float),
    "8 yes/no columns": lambda r, n: r.integers(0, 2, (n, 8)).astype(float),
    "5 numbers": lambda r, n: r.normal(0, 1, (n, 5)),
}


@pytest.mark.bench
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", list(ROWS))
def test_whole_rows_without_drift(name: str) -> None:
    repeats = 40 if name in ("8 yes/no columns", "5 numbers") else 200
    y = np.r_[np.zeros(1000), np.ones(1000)].astype(int)
    told = [classifier_auc(ROWS[name](np.random.default_rng(seed), 2000), y) for seed in range(repeats)]
    found = np.array(told, dtype=float)
    surely, breach = int((found[:, 1] > 0.5).sum()), int((found[:, 1] > MATTERS).sum())
    print(
        f"\nwhole rows, no drift, {name}: mean AUC {found[:, 0].mean():.3f}, lower limit above 0.5 in "
        f"{rate(surely, repeats)}, breach in {rate(breach, repeats)}"
    )
    assert breach / repeats <= 0.05


@pytest.mark.bench
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", EQUAL)
def test_equal_groups(kind: tuple[int, int, float, float, float]) -> None:
    rng, failed, alike, held, n = np.random.default_rng(4), 0, 0, [], 1000
    for _ in range(n):
        family = judge([drawn(rng, str(i), *kind[1:]) for i in range(kind[0])])
        failed += any(g.status is PointStatus.BREACH for g in family)
        alike += all(g.status is PointStatus.OK for g in family)
        held += [g.ratio.low <= 1 <= g.ratio.high for g in family if g.ratio]
    print(
        f"\nequal groups {kind}: FAIR-1 fails {rate(failed, n)}, passes {rate(alike, n)}, the ratio's interval holds 1 "
        f"in {rate(int(np.sum(held)), len(held))}"
    )
    assert failed / n <= 0.05


@pytest.mark.bench
@pytest.mark.parametrize(("best", "other"), [(0.3, 0.15), (0.5, 0.3)])
def test_unequal_groups(best: float, other: float) -> None:
    rng, found, n = np.random.default_rng(5), 0, 1000
    for _ in range(n):
        pair = [
            counts(x, 500, int(rng.binomial(500, r)), 0, 0, 0, 0, 0) for x, r in (("m", best), ("f", other))
        ]
        found += judge(pair)[1].status is PointStatus.BREACH
    print(f"\n500 rows each, {best} against {other}: found in {rate(found, n)}")
    assert found / n >= 0.9


@pytest.mark.bench
@pytest.mark.parametrize(
    ("rows", "times"), [(2_000, 1), (20_000, 1), (60_000, 1), (20_000, 4), (20_000, 1 / 3)]
)
def test_calibration_of_a_rare_class(rows: int, times: float) -> None:
    n = 300
    alarms = sum(calibration(rare(rows, times, seed))[0].status is PointStatus.BREACH for seed in range(n))
    print(f"\n0.4 % positive, {rows:,} rows, scores {times:.2g} times as high: alarm in {rate(alarms, n)}")
    assert alarms / n <= 0.08 if times == 1 else alarms / n >= 0.9
