"""The split of a change against its rules written out slowly: weights by another optimiser, errors row by row."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from plumbline.monitor.releases.shift_attribution import ShiftAttribution, balance, split, splits, world_share

NORMAL = 1.959963984540054


def met(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Rows whose every cell ten rows before had."""
    return np.array(
        [all((before[:, f] == cell).sum() >= 10 for f, cell in enumerate(row)) for row in after.tolist()],
        bool,
    )


def cells_of(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A column a cell but the first of each feature, centred before."""
    sides = []
    for side in (before, after):
        columns = [np.ones(len(side)) * 0]
        columns += [
            (side[:, f] == cell) - np.mean(before[:, f] == cell)
            for f in range(before.shape[1]) for cell in sorted(set(before[:, f].tolist()))[1:]
        ]  # fmt: skip
        sides.append(np.stack(columns[1:] or columns, axis=1))
    return sides[0], sides[1]


def products_of(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The products of the first five features' places in standard deviations before, centred before."""
    columns0, columns1 = [], []
    for f, g in combinations(range(min(before.shape[1], 5)), 2):
        sides = [np.ones(len(before)), np.ones(len(after))]
        for own in (f, g):
            middle, spread = before[:, own].mean(), before[:, own].std() or 1
            sides = [
                sides[0] * (before[:, own] - middle) / spread,
                sides[1] * (after[:, own] - middle) / spread,
            ]
        columns0.append(sides[0] - sides[0].mean())
        columns1.append(sides[1] - sides[0].mean())
    return (np.array(columns0).T.reshape(len(before), -1), np.array(columns1).T.reshape(len(after), -1))


def weighted(x: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Entropy balancing by a quasi-Newton method."""

    def dual(b: np.ndarray) -> tuple[float, np.ndarray]:
        height = (x - target) @ b
        raised = np.exp(height - height.max())
        return float(height.max() + np.log(raised.sum())), raised / raised.sum() @ (x - target)

    b = minimize(dual, np.zeros(x.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-7}).x
    raised = np.exp((x - target) @ b - ((x - target) @ b).max())
    return np.asarray(raised / raised.sum())


def slowly(before: np.ndarray, after: np.ndarray, old: np.ndarray, new: np.ndarray) -> dict[str, Any]:
    before, old = before[~np.isnan(old)], old[~np.isnan(old)]
    after, new = after[~np.isnan(new)], new[~np.isnan(new)]
    n0, n1 = len(old), len(new)
    out: dict[str, Any] = {
        "verdict": "unknown",
        "n_before": n0,
        "n_after": n1,
        "effective": 0.0,
        "covered": 0.0,
    }
    if min(n0, n1) < 100:
        return out | {"note": f"{min(n0, n1)} rows on one side; 100 are needed"}
    if not before.shape[1]:
        return out | {"note": "No inputs are logged"}
    covered = met(before, after)
    out["covered"] = covered.mean()
    if covered.mean() < 0.9:
        return out | {"note": "hardly met before"}
    after, new = after[covered], new[covered]
    x0, x1 = cells_of(before, after)
    w = weighted(x0, x1.mean(0))
    p0, p1 = products_of(before, after)
    for a, b in zip(p0.T, p1.T, strict=True):
        variance = sum(w**2 * (a - w @ a) ** 2) + b.var() / len(b)
        if abs(b.mean() - w @ a) > 3 * variance**0.5:
            x0, x1 = np.column_stack([x0, a]), np.column_stack([x1, b])
    w = weighted(x0, x1.mean(0))
    out["effective"] = 1 / sum(w**2)
    if out["effective"] < 100:
        return out | {"note": "effective rows after weighting; 100 are needed"}
    root = np.sqrt(w)
    wide0, wide1 = (np.column_stack([np.ones(len(x)), x]) for x in (x0, x1))
    slope = np.linalg.lstsq(wide0 * root[:, None], old * root, rcond=1e-10)[0]
    fit0, fit1 = wide0 @ slope, wide1 @ slope
    level = w @ old
    release_error = np.sqrt(sum(w**2 * (old - fit0) ** 2) + (new - fit1).var() / len(new))
    world_error = np.sqrt(
        fit1.var() / len(new) + fit0.var() / n0 + sum((w - 1 / n0) ** 2 * (old - fit0) ** 2)
    )
    world, release = level - old.mean(), new.mean() - level
    total_error = np.sqrt(old.var() / n0 + new.var() / len(new))
    sure = [
        abs(part) > NORMAL * error and abs(part) >= 0.2 * (abs(world) + abs(release))
        for part, error in ((world, world_error), (release, release_error))
    ]
    told = abs(new.mean() - old.mean()) > NORMAL * total_error
    names = {
        (True, True): "both",
        (True, False): "world",
        (False, True): "release",
        (False, False): "neither",
    }
    verdict = names[sure[0], sure[1]] if told or all(sure) else "neither"
    return out | {
        "verdict": verdict, "n_after": len(new), "before": old.mean(), "after": new.mean(),
        "world": (world, world_error), "release": (release, release_error),
    }  # fmt: skip


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    n0, n1 = (
        int(rng.choice([99, 100, 300, 900])),
        int(rng.choice([99, 100, 300, 900], p=[0.1, 0.2, 0.4, 0.3])),
    )
    features, moved = int(rng.choice([1, 2, 3, 6])), rng.choice([0.0, 0.0, 0.5, 1.5])
    together = rng.choice([0.0, 0.8])
    released = rng.choice([-0.9, 0.0, 1.2])
    sides = []
    for n, shift, rho, version in ((n0, 0.0, 0.0, 0.0), (n1, moved, together, released)):
        z = rng.standard_normal((n, features))
        if features > 1:
            z[:, 1] = rho * z[:, 0] + np.sqrt(1 - rho**2) * z[:, 1]
        z[:, 0] += shift
        product = z[:, 0] * z[:, 1] if features > 1 else 0
        y = (rng.random(n) < 1 / (1 + np.exp(0.5 - z[:, 0] - product - version))).astype(float)
        if seed % 4 == 0:
            y[rng.random(n) < 0.05] = np.nan
        sides.append((np.searchsorted([-1.0, 0.0, 1.0], z), y))
    if features == 6:
        sides[0][0][:, 5] = sides[1][0][:, 5] = 2  # never varies
    if seed % 9 == 0:  # a few are unlike any before
        sides[1][0][: max(int(n1 * rng.choice([0.05, 0.2])), 1), 0] = 9
    (before, old), (after, new) = sides
    return before, after, old, new


def agree(found: ShiftAttribution, expected: dict[str, Any]) -> None:
    assert (found.verdict, found.n_before, found.n_after) == tuple(
        expected[key] for key in ("verdict", "n_before", "n_after")
    )
    assert found.covered == pytest.approx(expected["covered"])
    assert found.effective == pytest.approx(expected["effective"], rel=2e-3)
    if "world" not in expected:
        assert found.world is None
        assert found.release is None
        assert expected["note"] in found.note
        return
    assert (found.before, found.after) == pytest.approx((expected["before"], expected["after"]))
    for part, (value, error) in ((found.world, expected["world"]), (found.release, expected["release"])):
        assert part is not None
        reach = NORMAL * error
        assert (part.value, part.low, part.high) == pytest.approx(
            (value, value - reach, value + reach), abs=4e-4
        )
        assert part.high - part.low == pytest.approx(2 * reach, rel=2e-3)
        assert part.is_beyond_chance == (abs(part.value) > (part.high - part.low) / 2)


def test_the_parts_of_a_change_are_what_the_rules_written_out_slowly_give() -> None:
    verdicts = Counter[str]()
    for seed in range(60):
        rows = drawn(seed)
        expected = slowly(*rows)
        verdicts[expected["verdict"]] += 1
        agree(split(*rows), expected)
    assert min(verdicts[key] for key in ("unknown", "world", "release", "both", "neither")) >= 3, verdicts


def test_several_outcomes_of_the_same_rows_are_each_split_alone() -> None:
    before, after, old, new = drawn(5)
    few = np.where(np.arange(len(old)) % 2, old, np.nan)
    pairs = [(old, new), (1 - old, 1 - new), (few, new), (old, new)]
    found = splits(before, after, pairs)
    assert list(found) == [split(before, after, *pair) for pair in pairs]
    assert found[1].world is not None
    assert found[0].world is not None
    assert found[1].world.value == pytest.approx(-found[0].world.value)


def test_a_few_rows_are_compared_by_what_their_inputs_let_expect() -> None:
    told = 0
    for seed in range(40):
        before, after, old, new = drawn(seed)
        size = int(np.random.default_rng(seed).choice([1, 6, 30]))
        after, new = after[:size], new[:size]
        found = world_share(before, after, old, new)
        b, y = before[~np.isnan(old)], old[~np.isnan(old)]
        a, z = after[~np.isnan(new)], new[~np.isnan(new)]
        like = met(b, a) if len(a) else np.zeros(0, bool)
        if len(y) < 100 or not len(z) or like.mean() < 0.9 or z.mean() == y.mean():
            assert found is None, seed
            continue
        x0, x1 = cells_of(b, a[like])
        wide0, wide1 = (np.column_stack([np.ones(len(x)), x]) for x in (x0, x1))
        slope = np.linalg.lstsq(wide0, y, rcond=1e-10)[0]
        expected = np.clip(wide1 @ slope, y.min(), y.max()).mean()
        fit = wide0 @ slope
        error = np.sqrt(fit.var() / like.sum() + (y - fit).var() / len(y))
        whole = z.mean() - y.mean()
        assert found is not None, seed
        assert (found.share, found.expected) == pytest.approx(
            ((expected - y.mean()) / whole, expected), rel=1e-5
        )
        assert found.high == pytest.approx(found.share + NORMAL * error / abs(whole), rel=1e-5)
        assert found.n == like.sum()
        told += 1
    assert told >= 10
    assert world_share(before[:, :0], after[:, :0], old, new) is None


def test_weights_are_the_nearest_to_even_that_meet_the_target() -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(400, 4)) * [1, 10, 0.1, 1]
        target = x[rng.random(400) < 0.2].mean(0) + np.array([0.5, 0, 0.05, -0.3])
        found = balance(x, target)
        assert found is not None
        assert found == pytest.approx(weighted(x, target), abs=2e-5)
