"""The split of a change in worlds that were planted: only the inputs moved, only the release, both, neither."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from plumbline.monitor.releases.shift_attribution import ShiftAttribution, balance, split

N = 4000


def inputs(rng: np.random.Generator, size: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    return rng.normal(shift, 1, size), rng.random(size) < (0.3 + 0.2 * (shift > 0))


def rate(x: np.ndarray, flag: np.ndarray, version: float) -> np.ndarray:
    return 1 / (1 + np.exp(1 - 1.5 * x - 0.8 * flag - version))


@lru_cache
def truth(moved: float, released: float) -> tuple[float, float]:
    """The true parts, over a large draw of inputs."""
    rng = np.random.default_rng(99)
    before, after = inputs(rng, 1_000_000, 0.0), inputs(rng, 1_000_000, moved)
    level = rate(*after, 0.0).mean()
    return float(level - rate(*before, 0.0).mean()), float(rate(*after, released).mean() - level)


def world(seed: int, *, moved: float = 0.0, released: float = 0.0, n: int = N) -> ShiftAttribution:
    """The split of a switch between two scorers of two features; a third means nothing."""
    rng = np.random.default_rng(seed)

    def cells(x: np.ndarray, flag: np.ndarray) -> np.ndarray:
        edges = np.array([-1.3, -0.85, -0.5, -0.25, 0, 0.25, 0.5, 0.85, 1.3])
        return np.stack([np.searchsorted(edges, x), flag.astype(int), rng.integers(0, 3, len(x))], 1)

    before, after = inputs(rng, n, 0.0), inputs(rng, n, moved)
    old = (rng.random(n) < rate(*before, 0.0)).astype(float)
    new = (rng.random(n) < rate(*after, released)).astype(float)
    return split(cells(*before), cells(*after), old, new)


@pytest.mark.parametrize(
    ("moved", "released", "verdict"),
    [(0.5, 0.0, "world"), (0.0, 0.8, "release"), (0.5, 0.8, "both"), (0.5, -0.9, "both")],
)
@pytest.mark.parametrize("seed", range(5))
def test_who_did_it_is_told(seed: int, moved: float, released: float, verdict: str) -> None:
    told = world(seed, moved=moved, released=released)
    true_world, true_release = truth(moved, released)
    assert told.verdict == verdict
    assert told.world is not None
    assert told.release is not None
    assert told.world.value == pytest.approx(true_world, abs=0.035)
    assert told.release.value == pytest.approx(true_release, abs=0.035)
    assert told.before is not None
    assert told.after is not None
    assert told.world.value + told.release.value == pytest.approx(told.after - told.before)


def test_intervals_cover_the_truth_and_a_quiet_switch_is_quiet() -> None:
    """100 draws each; coverage within three standard errors of 95 %."""
    true_world, true_release = truth(0.3, 0.4)
    inside = {"world": 0, "release": 0, "null": 0}
    for seed in range(100):
        told = world(seed, moved=0.3, released=0.4, n=1500)
        assert told.world is not None
        assert told.release is not None
        inside["world"] += told.world.low <= true_world <= told.world.high
        inside["release"] += told.release.low <= true_release <= told.release.high
        quiet = world(1000 + seed, n=1500)
        assert quiet.release is not None
        inside["null"] += not quiet.release.is_beyond_chance
    assert all(88 <= n <= 100 for n in inside.values()), inside


def test_weights_meet_the_target_exactly_and_stay_even_where_nothing_moved() -> None:
    rng = np.random.default_rng(0)
    x = (rng.random((3000, 6)) < 0.3).astype(float)
    target = np.array([0.5, 0.1, 0.3, 0.35, 0.25, 0.4])
    weights = balance(x, target)
    assert weights is not None
    assert weights @ x == pytest.approx(target, abs=1e-4)
    assert weights.sum() == pytest.approx(1)
    even = balance(x, x.mean(0))
    assert even is not None
    assert even == pytest.approx(np.full(3000, 1 / 3000))
    assert balance(x, np.full(6, 1.2)) is None


def test_what_cannot_be_told_is_unknown_with_its_reason() -> None:
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 4, (500, 2))
    y = rng.random(500)
    assert "needed" in split(cells[:20], cells, y[:20], y).note
    assert "hardly met" in split(cells, cells + 4, y, y).note
    assert split(cells[:, :0], cells[:, :0], y, y).note == "No inputs are logged"
    labels = np.where(rng.random(500) < 0.05, y, np.nan)
    assert split(cells, cells, labels, labels).verdict == "unknown"
    apart = np.repeat(np.eye(30, dtype=int)[:, :3], 20, 0)  # hardly any like those after
    assert split(apart, np.ones((200, 3), dtype=int), y[:1].repeat(600), y[:200]).verdict == "unknown"


def correlated(seed: int, now: float, released: float = 0.0) -> ShiftAttribution:
    """A rule of the product of two inputs, among four, whose correlation alone moves from none to ``now``."""
    rng = np.random.default_rng(seed)
    edges = np.array([-1.28, -0.84, -0.52, -0.25, 0, 0.25, 0.52, 0.84, 1.28])
    sides = []
    for rho, version in ((0.0, 0.0), (now, released)):
        a = rng.normal(size=N)
        b = rho * a + np.sqrt(1 - rho**2) * rng.normal(size=N)
        right = rng.random(N) < 1 / (1 + np.exp(1 - 2 * a * b - version))
        sides.append(
            (np.stack([np.searchsorted(edges, x) for x in (a, b, *rng.normal(size=(2, N)))], 1), right * 1.0)
        )
    (before, old), (after, new) = sides
    return split(before, after, old, new)


def test_a_correlation_that_moved_alone_is_the_worlds() -> None:
    """20 switches without a change of the rule, all of which were the release's where products were not balanced."""
    told = [correlated(seed, 0.7).verdict for seed in range(20)]
    assert told.count("world") >= 18
    assert correlated(50, 0.7, released=0.8).verdict == "both"
    assert correlated(51, 0.0, released=0.8).verdict == "release"


@pytest.mark.parametrize("scale", [1.0, 1e3, 1e5])
def test_features_that_say_the_same_and_one_that_never_varies_do_not_break_the_balance(scale: float) -> None:
    """Whatever unit they are in; where rounding leaves no weights near enough, there are none."""
    rng = np.random.default_rng(0)
    same = (rng.random(2000) < 0.3) * scale
    x = np.column_stack([same, same, rng.normal(size=2000), np.zeros(2000)])
    target = np.array([0.4 * scale, 0.4 * scale, 0.2, 0.0])
    weights = balance(x, target)
    assert weights is not None or scale > 1e3
    if weights is not None:
        assert weights.min() > 0
        assert weights.sum() == pytest.approx(1)
        assert weights @ x == pytest.approx(target, abs=1e-4)
