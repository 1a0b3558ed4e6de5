"""How labels come against the rules written out slowly: label by label, on drawn logs with gaps and late files."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date, datetime, timedelta
from statistics import median

import numpy as np
import pytest

from plumbline.domain import DelayProfile
from plumbline.monitor.chunks import ENOUGH
from plumbline.monitor.performance.label_delay import (
    ArrivalShares,
    arrival_shares,
    delay_curve,
    immature_chunks,
    immature_days,
    label_frontier,
    positive_curve,
    provisional,
    unbalanced_chunks,
    usual_delay,
)
from tests.monitor.outcomes import FIRST, at, day

Curve = list[float]


def drawn(seed: int) -> tuple[DelayProfile, datetime]:
    """Days of decisions, some missing, whose labels come sooner or later, never, or in files that ended days ago."""
    rng = np.random.default_rng(seed)
    length = int(rng.choice([1, 6, 40, 120, 220]))
    today = length + int(rng.choice([-3, 0, 5]))
    made = sorted(rng.choice(length, max(int(length * rng.choice([0.7, 1.0])), 1), replace=False).tolist())
    size = int(rng.choice([2, 9, 30]))
    slow = float(rng.choice([2.0, 15.0, 60.0]))
    brought = today - int(rng.choice([0, 0, 8, 30]))  # labels of decisions made until then, as far as brought
    counts, positives = np.zeros((2, len(made), 92), np.int64)
    n = np.zeros(len(made), np.int64)
    for i, own in enumerate(made):
        n[i] = int(rng.integers(0, 2 * size))
        for _ in range(n[i]):
            positive = rng.random() < 0.3
            delay = int(rng.exponential(slow * (2.5 if positive else 1)))
            comes = own + delay + 2 <= today and rng.random() < 0.9
            if comes and (own > brought or own + delay <= brought):
                counts[i, min(delay, 91)] += 1
                positives[i, min(delay, 91)] += positive
    days = tuple(day(d) for d in made)
    return DelayProfile(days, counts, n, positives if seed % 7 else None), at(today)


def place(one: date) -> int:
    return (one - FIRST).days


def brought_slowly(delay: DelayProfile, counts: np.ndarray, today: datetime) -> int | None:
    """The last day after which no label came of decisions made by then, where five should have."""
    total = int(counts.sum())
    if not total:
        return None
    made = [place(d) for d in delay.days]
    first = made[0]
    end = max(place(today.date()), made[-1])  # the newest day
    of_lag = counts.sum(0).tolist()
    longer = [sum(of_lag[lag + 1 :]) / total for lag in range(92)]
    usual = total / max(int(delay.n.sum()), 1)
    labels = [
        (d, d + lag, count) for d, row in zip(made, counts.tolist(), strict=True)
        for lag, count in enumerate(row) if count
    ]  # fmt: skip
    expected = [
        (d, n * usual, longer[min(max(end - 1 - d, 0), 91)])
        for d, n in zip(made, delay.n.tolist(), strict=True)
    ]
    answer = None
    for t in range(max(end - 90, first), end):
        after = sum(count for d, came, count in labels if d <= t < came)
        due = sum(n * max(longer[min(t - d, 91)] - by_now, 0) for d, n, by_now in expected if d <= t)
        if after == 0 and due >= 5:
            answer = t
    return answer


def age_of(made: int, today: int, until: int | None) -> int:
    """Whole days in which every label of a day had the chance to come."""
    return (until + 1 if until is not None and made <= until else today) - made - 2


def ages(delay: DelayProfile, counts: np.ndarray, today: datetime) -> list[int]:
    until = brought_slowly(delay, counts, today)
    return [age_of(place(d), place(today.date()), until) for d in delay.days]


def kaplan_meier(delay: DelayProfile, today: datetime) -> Curve:
    age = ages(delay, delay.counts, today)
    rows = [i for i, a in enumerate(age) if a <= 180]
    if sum(int(delay.counts[i, :91].sum()) for i in rows) < ENOUGH:
        rows = list(range(len(age)))
    labels, waiting = delay.counts.tolist(), delay.n.tolist()
    left, curve = 1.0, []
    for k in range(91):
        at_risk = sum(waiting[i] for i in rows if age[i] >= k)
        came = sum(labels[i][k] for i in rows if age[i] >= k)
        for i in rows:
            waiting[i] -= labels[i][k]
        left = left * (1 - came / at_risk) if at_risk > 0 else math.nan
        curve.append(1 - left)
    return curve


def truncated(labels: np.ndarray, age: list[int]) -> Curve | None:
    """The share that has come within k days of what ever comes, built up from the longest delay down."""
    sizes = [int(row[:91].sum()) for row in labels]
    whole = sum(size for size, a in zip(sizes, age, strict=True) if a >= 90)
    oldest = max(age)
    if whole >= ENOUGH:
        oldest = min(
            limit for limit in age
            if sum(s for s, a in zip(sizes, age, strict=True) if 90 <= a <= limit) >= min(200, whole)
        )  # fmt: skip
    rows = [(row, a) for row, a in zip(labels.tolist(), age, strict=True) if 0 <= a <= oldest]
    if sum(sum(row[: min(a, 90) + 1]) for row, a in rows) < ENOUGH:
        return None
    curve = [1.0] * 91
    for k in range(90, 0, -1):
        at_most = sum(sum(row[: k + 1]) for row, a in rows if a >= k)
        came = sum(row[k] for row, a in rows if a >= k)
        curve[k - 1] = curve[k] * (1 - came / at_most if at_most else 1.0)
    return curve


def come(curve: Curve, age: int) -> float:
    return 0.0 if age < 0 else curve[min(age, 90)]


def arrived(
    days: np.ndarray, delay: DelayProfile, today: datetime
) -> tuple[Curve, Curve, float | None] | None:
    if delay.positives is None:
        return None
    shares, totals, known = [], [], []
    for labels in (delay.positives, delay.counts - delay.positives):
        until = brought_slowly(delay, labels, today)
        age = ages(delay, labels, today)
        curve = truncated(labels, age)
        known.append(curve is not None)
        curve = curve or [1.0] * 91
        shares.append([
            come(curve, age_of(place(d), place(today.date()), until)) for d in days.astype(object).tolist()
        ])  # fmt: skip
        due = sum(int(n) * come(curve, a) for n, a in zip(delay.n, age, strict=True))
        totals.append(int(labels.sum()) / max(due, 1e-9))
    if not any(known):
        return None
    return shares[0], shares[1], totals[0] / sum(totals) if all(known) else None


def test_curves_and_what_was_brought_are_what_the_rules_written_out_slowly_give() -> None:
    seen = Counter[str]()
    for seed in range(34):
        delay, today = drawn(seed)
        until = brought_slowly(delay, delay.counts, today)
        found = label_frontier(delay, delay.counts, today)
        assert found == (None if until is None else np.datetime64(day(until), "D")), seed
        assert delay_curve(delay, today) == pytest.approx(kaplan_meier(delay, today), nan_ok=True), seed
        positive = positive_curve(delay, today)
        expected = (
            None
            if delay.positives is None
            else truncated(delay.positives, ages(delay, delay.positives, today))
        )
        assert (positive is None) == (expected is None), seed
        if positive is not None:
            assert positive == pytest.approx(expected), seed
        seen[f"brought {until is not None}"] += 1
        seen[f"positive {positive is not None}"] += 1
    assert min(seen.values()) >= 5, seen
    assert len(seen) == 4


def test_what_has_come_of_each_class_is_what_the_rules_written_out_slowly_give() -> None:
    seen = Counter[object]()
    for seed in range(28):
        delay, today = drawn(seed)
        days = np.array(
            [
                np.datetime64(day(int(d)), "D")
                for d in range(0, max(today.date() - FIRST, timedelta()).days + 2, 3)
            ]
        )
        found, expected = arrival_shares(days, delay, today), arrived(days, delay, today)
        assert (found is None) == (expected is None), seed
        assert arrival_shares(days, delay, None) is None
        assert arrival_shares(days, None, today) is None
        rng = np.random.default_rng(seed)
        n, chunk = rng.integers(0, 9, len(days)).astype(float), np.arange(len(days)) // 4
        chunks = int(chunk[-1]) + 1 if len(chunk) else 0
        waits, leans, alone, balance = [], [], [], []
        positives, negatives, share = expected or ([1.0] * len(days), [1.0] * len(days), None)
        for one in range(chunks):
            rows = [i for i in range(len(days)) if chunk[i] == one]
            due = max(sum(n[i] for i in rows), 1e-9)
            here = [sum(n[i] * of[i] for i in rows) / due for of in (positives, negatives)]
            waits.append(expected is not None and min(here) < 0.9)
            leans.append(share is not None and leans_by(share, *here) >= 0.01)
        for i in range(len(days)):
            alone.append(expected is not None and min(positives[i], negatives[i]) < 0.9)
            balance.append(share is not None and leans_by(share, positives[i], negatives[i]) >= 0.01)
        assert immature_chunks(found, n, chunk, chunks).tolist() == waits, seed
        assert unbalanced_chunks(found, n, chunk, chunks).tolist() == leans, seed
        assert immature_days("recall", days, delay, today).tolist() == alone, seed
        assert immature_days("accuracy", days, delay, today).tolist() == balance, seed
        assert not immature_days("mae", days, delay, today).any()
        seen[expected is None] += 1
        seen["waits"] += any(waits)
        seen["leans"] += any(leans)
        if found is not None and expected is not None:
            assert found.positives == pytest.approx(expected[0]), seed
            assert found.negatives == pytest.approx(expected[1]), seed
            assert found.positive == (None if expected[2] is None else pytest.approx(expected[2])), seed
    assert min(seen.values()) >= 4, seen
    assert not immature_chunks(None, np.ones(2), np.arange(2), 2).any()


def leans_by(share: float, positives: float, negatives: float) -> float:
    came = share * positives, (1 - share) * negatives
    return abs((came[0] / sum(came) if sum(came) else 0.0) - share)


def test_a_class_of_which_nothing_is_known_leaves_the_balance_unknown() -> None:
    shares = ArrivalShares(np.array([0.5, 1.0]), np.array([1.0, 1.0]), None)
    assert not unbalanced_chunks(shares, np.ones(2), np.arange(2), 2).any()
    assert immature_chunks(shares, np.ones(2), np.arange(2), 2).tolist() == [True, False]


def test_what_is_provisional_is_what_the_rules_written_out_slowly_give() -> None:
    seen = Counter[bool]()
    for seed in range(44):
        delay, today = drawn(seed)
        rng = np.random.default_rng(seed)
        n = rng.integers(0, 30, 9).astype(float)
        labelled = np.minimum(np.round(n * rng.choice([0.0, 0.5, 0.88, 0.9, 1.0], 9)), n)
        share = [k / m if m else 1.0 for k, m in zip(labelled, n, strict=True)]
        curve = [c for c in kaplan_meier(delay, today) if not math.isnan(c)]
        if delay.counts.any() and curve and curve[-1] > 0 and seed % 3:
            expected = [s < 0.9 * curve[-1] for s in share]
            found = provisional(labelled, n, delay, today)
        else:
            some = [s for s, k in zip(share, labelled, strict=True) if k > 0]
            usual = median(some) if some else 0.0
            expected = [all(s < 0.9 * usual for s in share[i:]) for i in range(9)]
            found = provisional(labelled, n, None if seed % 3 == 0 else delay, today)
        assert found.tolist() == expected, seed
        seen.update(expected)
        ever = [k for k, c in enumerate(curve) if c >= 0.9 * curve[-1] - 1e-12]
        assert usual_delay(delay_curve(delay, today)) == (ever[0] if curve and curve[-1] > 0 else None)
    assert min(seen.values()) >= 30
