"""Figures over all decisions against their rules written out slowly: by stratum, and each error by differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from plumbline.domain import OutcomeProfile
from plumbline.monitor.performance.weights import join_score_cells, weighted_metrics
from tests.monitor.outcomes import classified

NORMAL = 1.959963984540054
Table = np.ndarray  # [true positive, false positive, false negative, true negative]


def usual_share(n: list[float], u: list[float], places: range) -> float | None:
    """Of the nearest 50 labelled decisions in the order of ``places``, with those between; None where none are."""
    labels = unknown = 0.0
    everything = sum(n[i] for i in places)
    if not everything:
        return None
    for i in places:
        labels, unknown = labels + n[i], unknown + u[i]
        if labels >= min(50, everything):
            break
    return labels / (labels + unknown)


def groups_slowly(n: list[float], u: list[float], side: list[bool]) -> list[int]:
    """A stretch without labels that would have twelve by its neighbours' share has none; others are joined to ten."""
    m = len(n)
    if not any(n):
        return [-1] * m
    lacks = [False] * m
    i = 0
    while i < m:
        end = i
        while end < m and n[end] == 0:
            end += 1
        if end > i:
            shares = (usual_share(n, u, range(end, m)), usual_share(n, u, range(i - 1, -1, -1)))
            usual = min(share for share in shares if share is not None)
            for j in range(i, end):
                lacks[j] = sum(u[i:end]) * usual >= 12
        i = max(end, i + 1)
    group, last = [-1] * m, -1
    i = 0
    while i < m:
        end = i
        while end < m and (lacks[end], lacks[end] or side[end]) == (lacks[i], lacks[i] or side[i]):
            end += 1
        if not lacks[i] and sum(n[i:end]):
            first, last = last + 1, last + 1
            labels = 0.0
            for j in range(i, end):
                if labels >= 10:
                    last, labels = last + 1, 0.0
                group[j] = last
                labels += n[j]
            if labels < 10 and last > first:  # what is left joins the group before
                group[i:end] = [min(one, last - 1) for one in group[i:end]]
                last -= 1
        i = end
    return group


def test_cells_are_joined_as_their_rules_written_out_slowly_give() -> None:
    some = Counter[bool]()
    for seed in range(400):
        rng = np.random.default_rng(seed)
        m = int(rng.integers(1, 40))
        n = rng.choice([0, 1, 4, 9, 10, 11, 50, 60], m) * rng.choice([0, 1], m, p=[0.3, 0.7])
        u = rng.choice([0, 1, 5, 12, 24, 70], m)
        if rng.random() < 0.5 and m > 8:
            at = int(rng.integers(m - 5))
            n[at : at + 5] = 0
        side = np.arange(m) >= rng.integers(0, m + 1)
        expected = groups_slowly(n.tolist(), u.tolist(), side.tolist())
        assert join_score_cells(n.astype(float), u.astype(float), side).tolist() == expected, seed
        expected = groups_slowly(n.tolist(), u.tolist(), [False] * m)
        assert join_score_cells(n.astype(float), u.astype(float)).tolist() == expected, seed
        some[-1 in expected] += 1
    assert min(some.values()) >= 50


def accuracy(t: Table) -> float:
    return float((t[0] + t[3]) / t.sum()) if t.sum() else np.nan


def recall(t: Table) -> float:
    return float(t[0] / (t[0] + t[2])) if t[0] + t[2] else np.nan


def precision(t: Table) -> float:
    return float(t[0] / (t[0] + t[1])) if t[0] + t[1] else np.nan


def slopes(rate: Callable[[Table], float], t: Table) -> tuple[float, float]:
    """What a positive in place of a negative outcome changes by among the answers positive and negative."""
    step = 1e-5 * t.sum()
    by = [
        (rate(t + step * np.eye(4)[i]) - rate(t - step * np.eye(4)[i])) / (2 * step) for i in range(4)
    ]  # fmt: skip
    return by[0] - by[1], by[2] - by[3]


class Strata:
    """Decisions by stratum: without an outcome by answer, labelled, positives among these, and the group's place."""

    def __init__(
        self, up: list[float], down: list[float], n: list[float], x: list[float], group: list[int], t: Table
    ):
        self.up, self.down, self.n, self.x, self.group, self.table = up, down, n, x, group, t

    def share(self, i: int, spare: float = 0.0) -> float:
        like = [j for j, one in enumerate(self.group) if one == self.group[i]]
        return (sum(self.x[j] for j in like) + spare) / (sum(self.n[j] for j in like) + 2 * spare)

    def error(self, per: list[tuple[float, float]]) -> float:
        """Of what the groups' shares were learnt from, and of the unknown outcomes themselves."""
        total = 0.0
        for one in set(self.group) - {-1}:
            like = [j for j, g in enumerate(self.group) if g == one]
            p = self.share(like[0], 0.5)
            moved = sum(self.up[j] * per[j][0] + self.down[j] * per[j][1] for j in like)
            total += moved**2 * p * (1 - p) / sum(self.n[j] for j in like)
            total += (
                p * (1 - p) * sum(self.up[j] * per[j][0] ** 2 + self.down[j] * per[j][1] ** 2 for j in like)
            )
        return total**0.5

    def figure(self, rate: Callable[[Table], float]) -> tuple[float | None, float, float] | None:
        ends = []
        for positive, negative in ((0.0, 1.0), (1.0, 0.0)):
            table = self.table.astype(float).copy()
            for i, one in enumerate(self.group):
                p, q = (self.share(i),) * 2 if one >= 0 else (positive, negative)
                table += [self.up[i] * p, self.up[i] * (1 - p), self.down[i] * q, self.down[i] * (1 - q)]
            value = rate(table)
            if not np.isfinite(value):
                return None
            ends.append((value, self.error([slopes(rate, table)] * len(self.n))))
        (low, below), (high, above) = ends
        known = low if high - low < 1e-12 else None
        return known, max(low - NORMAL * below, 0), min(high + NORMAL * above, 1)

    def auc(self) -> tuple[float, float, float]:
        p = [self.share(i) for i in range(len(self.n))]
        unknown = np.add(self.up, self.down)
        positive = np.array(self.x) + unknown * p
        negative = np.array(self.n) - self.x + unknown * (1 - np.array(p))

        def area(more: np.ndarray) -> float:
            a, b = positive + more, negative - more
            pairs = sum(a[i] * (b[:i].sum() + b[i] / 2) for i in range(len(a)))
            return float(pairs / (a.sum() * b.sum()))

        per = [(area(1e-4 * one) - area(-1e-4 * one)) / 2e-4 for one in np.eye(len(p))]
        value = area(np.zeros(len(p)))
        half = NORMAL * self.error([(one, one) for one in per])
        return value, max(value - half, 0), min(value + half, 1)

    def effective(self) -> float:
        """Labels that equal weights would need for the same (Kish)."""
        weights = []
        for i, one in enumerate(self.group):
            like = [j for j, g in enumerate(self.group) if g == one]
            labels = sum(self.n[j] for j in like)
            if labels:
                weights += [sum(self.n[j] + self.up[j] + self.down[j] for j in like) / labels] * int(
                    self.n[i]
                )
        return float(sum(weights) ** 2 / sum(w * w for w in weights))


def check(profile: OutcomeProfile, strata: Strata, names: list[str]) -> None:
    metrics, effective = weighted_metrics(profile, np.ones(len(profile.days), bool))
    found = {one.metric: (one.value, one.low, one.high) for one in metrics}
    rates = {"accuracy": accuracy, "recall": recall, "precision": precision}
    expected = {name: strata.figure(rates[name]) for name in names if name in rates}
    every = all(one >= 0 for one in strata.group)
    if "roc_auc" in names and every and len(strata.n) > 2:
        expected["roc_auc"] = strata.auc()
    expected = {name: one for name, one in expected.items() if one is not None}
    assert set(found) == set(expected)
    for name, one in expected.items():
        assert one is not None
        assert (found[name][0] is None) == (one[0] is None), name
        assert found[name] == pytest.approx(one, abs=1e-6), name
    assert effective == pytest.approx(strata.effective() if every else 0)


@pytest.mark.parametrize("seed", range(14))
def test_with_a_score_it_is_what_every_cell_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = int(rng.choice([300, 1500]))
    cell = rng.integers(0, 40, rows)
    score = (cell + 0.5) / 40
    true = (rng.random(rows) < score ** rng.choice([0.7, 1.6])).astype(int)
    predicted = (cell >= (cut := int(rng.choice([12, 20, 28])))).astype(int)
    chance = [
        np.full(rows, 0.4),
        0.1 + 0.8 * score,
        np.where(predicted, 0.9, 0.3),
        np.where(cell < 9, 0, 0.8),
    ][seed % 4]
    labelled = rng.random(rows) < chance
    profile = classified(np.zeros(rows, int), predicted, true, score, labelled=labelled, cells=40)
    places = sorted(set(cell.tolist()))
    of = {p: (cell == p) for p in places}
    up = [float((of[p] & ~labelled & (predicted == 1)).sum()) for p in places]
    down = [float((of[p] & ~labelled & (predicted == 0)).sum()) for p in places]
    n = [float((of[p] & labelled).sum()) for p in places]
    x = [float((of[p] & labelled & (true == 1)).sum()) for p in places]
    table = np.array([
        (labelled & (predicted == a) & (true == b)).sum() for a, b in ((1, 1), (1, 0), (0, 1), (0, 0))
    ])  # fmt: skip
    group = groups_slowly(n, list(np.add(up, down)), [p >= cut for p in places])
    check(profile, Strata(up, down, n, x, group, table), ["accuracy", "recall", "precision", "roc_auc"])


@pytest.mark.parametrize("seed", range(8))
def test_without_a_score_it_is_what_each_answer_says(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    classes = ("no", "yes") if seed % 2 else ("a", "b", "c", "d")
    k, rows = len(classes), 900
    predicted = rng.integers(0, k, rows)
    true = np.where(rng.random(rows) < 0.7, predicted, rng.integers(0, k, rows))
    chance = np.where(predicted == 0, (0.0, 0.004, 0.02, 0.3)[seed // 2], 0.8)
    labelled = rng.random(rows) < chance
    labelled[np.flatnonzero(predicted == 0)[:2]] = seed >= 4
    profile = classified(
        np.zeros(rows, int), predicted, true, labelled=labelled, classes=classes,
        positive="yes" if k == 2 else None, binary=k == 2,
    )  # fmt: skip
    order = [1, 0] if k == 2 else list(range(k))
    some = {a: labelled[predicted == a].mean() >= 0.01 for a in order}
    known = np.array([some[a] for a in predicted.tolist()]) & labelled
    n = [float((known & (predicted == a)).sum()) for a in order]
    unknown = [float((~known & (predicted == a)).sum()) for a in order]
    group = [i if some[a] else -1 for i, a in enumerate(order)]
    if k == 2:
        x = [float((known & (predicted == a) & (true == 1)).sum()) for a in order]
        table = np.array(
            [(known & (predicted == a) & (true == b)).sum() for a, b in ((1, 1), (1, 0), (0, 1), (0, 0))]
        )
        strata = Strata([unknown[0], 0.0], [0.0, unknown[1]], n, x, group, table)
        names = ["accuracy", "recall", "precision"]
    else:
        x = [float((known & (predicted == a) & (true == a)).sum()) for a in order]
        table = np.array([sum(x), sum(n) - sum(x), 0, 0])
        strata = Strata(unknown, [0.0] * k, n, x, group, table)
        names = ["accuracy"]
    check(profile, strata, names)


def test_without_a_decision_nothing_is_known() -> None:
    profile = classified(np.zeros(9, int), np.ones(9, int), np.ones(9, int))
    assert weighted_metrics(profile, np.zeros(1, bool)) == ((), 0.0)


@pytest.mark.parametrize("right", [0, 1])
def test_limits_end_at_nought_and_one(right: int) -> None:
    """Every answer wrong, or every one right, of those with an outcome: chance alone would reach beyond."""
    predicted = np.tile([0, 1], 60)
    profile = classified(
        np.zeros(120, int), predicted, predicted if right else 1 - predicted, labelled=np.arange(120) % 6 < 4
    )
    (accuracy_found, *_), _ = weighted_metrics(profile, np.ones(1, bool))
    assert accuracy_found.value == right
    assert 0 <= accuracy_found.low < accuracy_found.high <= 1
    assert (accuracy_found.high if right else accuracy_found.low) == right
    assert (accuracy_found.low if right else accuracy_found.high) == pytest.approx(
        abs(right - 0.05), abs=0.045
    )
