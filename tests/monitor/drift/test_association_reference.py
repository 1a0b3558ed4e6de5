"""Lost associations against their rules written out slowly, row by row, on drawn days with gaps and missing values."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from plumbline.monitor.drift.association import AssociationChange, lost_associations, moments

FIRST = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
Rows = list[tuple[float, float]]


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, tuple[datetime, datetime], datetime]:
    """Four columns, two or three of which go together until a day or a fortnight; days without rows or of one value."""
    rng = np.random.default_rng(seed)
    days, end = int(rng.choice([60, 80])), int(rng.choice([27, 28, 35]))
    size = int(rng.choice([12, 30, 60]))
    n = rng.integers(0, 2 * size, days) * (rng.random(days) < 0.95)
    day = np.repeat(np.arange(days), n)
    at = int(rng.integers(end - 3, end + 20))
    lost = (day >= at) & (day < at + int(rng.choice([6, 14, 60])))
    z = rng.standard_normal((len(day), 4))
    strength = float(rng.choice([0.15, 0.5, 0.9]))
    sign = rng.choice([-1, 1])
    left = rng.choice([0.0, 0.45, 1.0, -1.0]) * strength
    rho = np.where(lost, left, strength) * sign
    z[:, 1] = rho * z[:, 0] + np.sqrt(1 - rho**2) * z[:, 1]
    z[:, 2] = 0.7 * z[:, 0] + 0.7 * z[:, 2]
    if seed % 3 == 0:  # each week has a leaning of its own
        z[:, 3] += np.repeat(rng.standard_normal(days // 7 + 1), 7)[day] * z[:, 0]
    ranks = (np.argsort(np.argsort(z, axis=0), axis=0) + 0.5) / max(len(day), 1)
    ranks[rng.random(ranks.shape) < 0.04] = np.nan
    if seed % 4 == 0:  # the same answer to everybody
        ranks[(day >= at + 2) & (day < at + 9), 1] = 0.5
    until = FIRST + int(rng.choice([days - 9, days, days + 4])) * DAY
    return day, ranks, (FIRST + int(rng.choice([-2, 0])) * DAY, FIRST + end * DAY), until


def fisher(rows: Rows) -> tuple[float, int]:
    """Fisher's z of the correlation, and its rows."""
    if not rows:
        return 0.0, 0
    x, y = np.array(rows).T
    if min(x.std(), y.std()) < 1e-7:
        return 0.0, len(rows)
    return float(np.arctanh(np.clip(np.corrcoef(x, y)[0, 1], -0.999, 0.999))), len(rows)


def by_day(day: np.ndarray, x: np.ndarray, y: np.ndarray, length: int) -> list[Rows]:
    days: list[Rows] = [[] for _ in range(length)]
    for d, a, b in zip(day.tolist(), x.tolist(), y.tolist(), strict=True):
        if not math.isnan(a + b):
            days[d].append((a, b))
    return days


def joined(days: list[Rows], first: int, last: int) -> Rows:
    return [row for rows in days[first:last] for row in rows]


def spread_of(days: list[Rows], start: int, end: int) -> float:
    """How much the reference's weeks differ beyond independent rows."""
    weeks = [fisher(joined(days, first, first + 7)) for first in range(start, end - 6, 7)]
    middle = sum(z for z, _ in weeks) / len(weeks)
    return sum((z - middle) ** 2 * max(n - 3, 1) for z, n in weeks) / (len(weeks) - 1)


def varying(days: list[Rows], healthy: Rows, end: int) -> list[Rows]:
    """Without the days on which one of the two hardly varies."""
    usual = np.var(healthy, axis=0)
    still = [len(rows) >= 10 and bool((np.var(rows, axis=0) <= 0.05 * usual).any()) for rows in days]
    return [[] if dull and i >= end else rows for i, (rows, dull) in enumerate(zip(days, still, strict=True))]


def onset(days: list[Rows], then: tuple[float, int], end: int, close: int) -> int:
    size, since = -1.0, 0
    for begin in range(max(end, close - 14), close):
        z, m = fisher(joined(days, begin, close))
        gain = (then[0] - z) ** 2 / (1 / then[1] + 1 / m) if m >= 20 else 0.0
        if gain > size + 1e-12:
            size, since = gain, begin
    return since


def slowly(
    day: np.ndarray, ranks: np.ndarray, reference: tuple[datetime, datetime], until: datetime
) -> AssociationChange | None:
    start, end = max((reference[0] - FIRST).days, 0), (reference[1] - FIRST).days
    length = int(day.max()) + 1
    last = min(length, (until - FIRST).days)
    if min(end, length) - start < 28 or last < end + 7:
        return None
    pairs = list(combinations(range(ranks.shape[1]), 2))
    every = {pair: by_day(day, ranks[:, pair[0]], ranks[:, pair[1]], length) for pair in pairs}
    healthy = {pair: joined(rows, start, end) for pair, rows in every.items()}
    spread = {pair: spread_of(rows, start, end) for pair, rows in every.items()}
    after = {pair: varying(rows, healthy[pair], end) for pair, rows in every.items()}
    now = {
        pair: [fisher(joined(rows, max(end, close - 14), close)) for close in range(end + 7, last + 1)]
        for pair, rows in after.items()
    }
    then = {pair: fisher(rows) for pair, rows in healthy.items()}
    watched = [
        pair for pair in pairs
        if abs(math.tanh(then[pair][0])) >= 0.2 and any(n >= 100 for _, n in now[pair])
    ]  # fmt: skip
    gone: dict[tuple[int, int], list[bool]] = {}
    for pair in watched:
        side = 1 if then[pair][0] > 0 else -1
        left = 0.5 * abs(math.tanh(then[pair][0]))
        gone[pair] = [n >= 100 and side * math.tanh(z) <= left for z, n in now[pair]]
    common = max(sum(spread.values()) / len(spread), 1)
    for place in range(last - end - 6):
        lost = []
        for pair in watched:
            (was, n), (z, m) = then[pair], now[pair][place]
            error = math.sqrt(max(spread[pair], common) * (1 / max(n - 3, 1) + 1 / max(m - 3, 1)))
            away = (was - z) / error * (1 if was > 0 else -1)
            if gone[pair][place] and stats.norm.sf(away) < 0.05 / (365 * len(watched)):
                lost.append((away, pair))
        if lost:
            pair = max(lost)[1]
            close = end + 7 + place
            final = max(i for i, one in enumerate(gone[pair]) if one)
            return AssociationChange(
                "abcd"[pair[0]], "abcd"[pair[1]], math.tanh(then[pair][0]), math.tanh(now[pair][place][0]),
                now[pair][place][1], FIRST + onset(after[pair], then[pair], end, close) * DAY,
                None if gone[pair][-1] else FIRST + (end + 7 + final) * DAY, FIRST + close * DAY,
            )  # fmt: skip
    return None


def test_what_is_lost_is_what_the_rules_written_out_slowly_give() -> None:
    told = Counter[str]()
    for seed in range(36):
        day, ranks, reference, until = drawn(seed)
        sums = moments(FIRST, day, list("abcd"), ranks)
        found, expected = (
            lost_associations(sums, reference=reference, until=until),
            slowly(day, ranks, reference, until),
        )
        assert len(found) == (expected is not None), seed
        told["none" if expected is None else "over" if expected.until else "lasts"] += 1
        if expected is None:
            continue
        (one,) = found
        assert (one.was, one.now) == pytest.approx((expected.was, expected.now), abs=1e-9), seed
        for field in ("one", "other", "n", "since", "until", "at"):
            assert getattr(one, field) == getattr(expected, field), (seed, field)
    assert min(told[key] for key in ("none", "over", "lasts")) >= 4, told


def test_sums_are_of_rows_with_both_values_and_an_empty_log_has_none() -> None:
    ranks = np.array([[0.1, 0.2, np.nan], [0.3, np.nan, 0.5], [0.5, 0.4, 0.7]])
    found = moments(FIRST, np.array([0, 0, 2]), ["a", "b", "c"], ranks)
    assert found.pairs == (("a", "b"), ("a", "c"), ("b", "c"))
    assert found.sums.shape == (3, 3, 6)
    assert found.sums[0, 0] == pytest.approx([1, 0.1, 0.2, 0.01, 0.04, 0.02])
    assert found.sums[2, 2] == pytest.approx([1, 0.4, 0.7, 0.16, 0.49, 0.28])
    assert not found.sums[1].any()
    assert moments(FIRST, np.zeros(0, int), ["a", "b"], np.zeros((0, 2))).sums.shape == (0, 1, 6)
