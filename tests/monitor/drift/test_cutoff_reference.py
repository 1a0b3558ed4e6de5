"""Cut-offs and days that left them against their rules written out slowly, on drawn days."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from scipy import stats

from plumbline.monitor.alarms.episodes import episodes
from plumbline.monitor.drift.cutoff import CutOff, DailySides, best_cut_off, departures, roundest_number
from plumbline.monitor.statistics.autocorrelation import span_ratio

FIRST = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def cut_slowly(places: list[float], answers: list[list[int]]) -> CutOff | None:
    rows = [(place, no, yes) for place, (no, yes) in zip(places, answers, strict=True) if no + yes]
    all_no, all_yes = sum(no for _, no, _ in rows), sum(yes for _, _, yes in rows)
    if len(rows) < 2 or 0 in (all_no, all_yes):
        return None
    wrong: dict[bool, list[int]] = {True: [], False: []}
    for at in range(1, len(rows)):
        below, above = rows[:at], rows[at:]
        wrong[True].append(sum(yes for _, _, yes in below) + sum(no for _, no, _ in above))
        wrong[False].append(sum(no for _, no, _ in below) + sum(yes for _, _, yes in above))
    upper = min(wrong[True]) <= min(wrong[False])
    fewest = min(wrong[upper])
    best = [i for i, one in enumerate(wrong[upper]) if one == fewest]
    at = best[len(best) // 2]
    n = all_no + all_yes
    return CutOff(
        low=rows[at][0],
        high=rows[at + 1][0],
        upper=upper,
        exceptions=fewest,
        n=n,
        rarer=min(all_no, all_yes) / n,
    )


def test_the_best_cut_is_what_trying_every_cut_gives() -> None:
    ways = Counter[bool | None]()
    for seed in range(120):
        rng = np.random.default_rng(seed)
        size = int(rng.integers(1, 12))
        places = np.sort(rng.random(size))
        answers = rng.integers(0, 4, (size, 2)) * rng.choice([0, 1], (size, 2), p=[0.4, 0.6])
        if seed % 3:
            answers[: size // 2, seed % 2] += 6
        expected = cut_slowly(places.tolist(), answers.tolist())
        assert best_cut_off(places, answers) == expected, seed
        ways[expected.upper if expected else None] += 1
    assert min(ways[way] for way in (True, False, None)) >= 5


@pytest.mark.parametrize(("exceptions", "n", "rarer", "known"), [
    (30, 1000, 0.5, True), (31, 1000, 0.5, False), (20, 1000, 0.08, True), (21, 1000, 0.08, False),
])  # fmt: skip
def test_a_cut_has_few_exceptions_of_all_and_of_the_rarer_answer(
    exceptions: int, n: int, rarer: float, known: bool
) -> None:
    assert CutOff(low=0.1, high=0.2, upper=True, exceptions=exceptions, n=n, rarer=rarer).is_reliable is known


def test_the_roundest_number_has_the_fewest_digits_of_all_in_the_gap() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        low = float(rng.random() * 10.0 ** rng.integers(-4, 3))
        high = low * (1 + float(10.0 ** rng.uniform(-7, 1)))
        found = roundest_number(low, high)
        assert low < found <= high
        digits = len(Decimal(repr(found)).normalize().as_tuple().digits)
        middle = low + (high - low) / 2
        for fewer in range(1, digits):
            assert not low < float(f"{middle:.{fewer}g}") <= high
        assert digits >= 15 or abs(found - middle) <= abs(float(f"{middle:.{digits}g}") - middle) * (1 + 1e-9)


def drawn(seed: int) -> tuple[DailySides, CutOff, tuple[datetime, datetime], datetime]:
    """Days of decisions of which few lie on the wrong side, more of them from a day on, or on two odd days."""
    rng = np.random.default_rng(seed)
    days, end = int(rng.choice([20, 75])), int(rng.choice([13, 14, 15, 28], p=[0.1, 0.2, 0.3, 0.4]))
    n = rng.integers(*[(0, 20), (50, 60), (300, 400)][seed % 3], size=days).astype(float)
    usual = rng.choice([0.0, 0.004, 0.02])
    extra = np.zeros((2, days))
    at = int(rng.integers(end, max(days // 2, end + 1)))
    side = int(rng.integers(2))
    extra[side, at : at + int(rng.choice([1, 2, 12, 90]))] = rng.choice([0.0, 0.015, 0.08, 0.3])
    lumps = np.where(rng.random(days) < 0.1, rng.choice([1.0, 8.0]), 1.0)
    below, above = (
        rng.binomial(n.astype(int), np.clip(usual * lumps + more, 0, 1)).astype(float) for more in extra
    )
    start = int(rng.integers(-2, 2))
    of = int(n[:end].sum())
    cut = CutOff(
        low=0.5,
        high=0.51,
        upper=True,
        exceptions=int(0.01 * of),
        n=max(of, 1),
        rarer=float(rng.choice([0.4, 0.05])),
    )
    until = FIRST + (days + int(rng.integers(-5, 3))) * DAY
    return DailySides(FIRST, n, below, above), cut, (FIRST + start * DAY, FIRST + end * DAY), until


def week_effect(wrong: list[float], n: list[float]) -> float:
    share = sum(wrong) / sum(n)
    if share in (0, 1):
        return 1.0
    left = [k - share * m for k, m in zip(wrong, n, strict=True)]
    days = len(left)
    of_chance = sum(n) * share * (1 - share)
    ratio = sum(x * x for x in left) * days / (days - 1) / of_chance * span_ratio(np.array(left), 7)[0]
    margin = 1 + 1.645 * (2 / days) ** 0.5
    return ratio * margin if ratio > margin else 1.0


def onset_slowly(sides: DailySides, start: int, end: int, known: int) -> int:
    best, at = 0.0, max(end, known - 27)
    for begin in range(max(end, known - 27), known + 1):
        gain = 0.0
        for wrong in (sides.below, sides.above):
            p = (sum(wrong[start:end]) + 0.5) / (sum(sides.n[start:end]) + 1)
            k, n = sum(wrong[begin : known + 1]), sum(sides.n[begin : known + 1])
            q = min(max((k + 1e-9) / (n + 2e-9), 1e-12), 1 - 1e-12)
            if q > p:
                gain = max(gain, stats.binom.logpmf(k, n, q) - stats.binom.logpmf(k, n, p))
        if gain > best + 1e-9:
            best, at = gain, begin
    return at


def slowly(
    sides: DailySides, cut: CutOff, reference: tuple[datetime, datetime], until: datetime
) -> list[object]:
    start, end = max((reference[0] - FIRST).days, 0), (reference[1] - FIRST).days
    length = min(len(sides.n), (until - FIRST).days)
    if not cut.is_reliable or end - start < 14 or length <= end:
        return []
    least = min(0.01, 0.1 * cut.rarer)
    beyond, clear = [], []
    for day in range(end, length):
        week = [i for i in range(day - 6, day + 1) if i >= end]
        n = [sides.n[i] for i in week]
        alarm, calm = False, True
        for wrong in (sides.below, sides.above):
            effect = week_effect(wrong[start:end].tolist(), sides.n[start:end].tolist())
            then, of = sum(wrong[start:end]), sum(sides.n[start:end])
            if sum(n) < 30:
                calm = False
                continue
            order = sorted(week, key=lambda i, wrong=wrong: wrong[i])[:-2]  # type: ignore[misc]
            k, m = sum(wrong[i] for i in order) / effect, sum(sides.n[i] for i in order)
            more = sum(wrong[i] for i in week) / sum(n) - then / of
            p = 1.0
            if k > 0 and m > 0:
                p = float(stats.beta.cdf(m / (m + of), k, then / effect + 1))
            alarm |= p < 0.005 / 730 and more >= least
            calm &= more < least / 2
        beyond.append(alarm)
        clear.append(calm)
    starts = [FIRST + max(end, day - 6) * DAY for day in range(end, length)]
    ends = [FIRST + (day + 1) * DAY for day in range(end, length)]
    return [
        (onset_slowly(sides, start, end, end + run[0]), end + run[0], end + run[-1], over)
        for run, over in episodes(beyond, clear, starts, ends)
    ]


def test_days_that_left_the_cut_off_are_what_the_rules_written_out_slowly_give() -> None:
    told = Counter[object]()
    for seed in range(120):
        sides, cut, reference, until = drawn(seed)
        expected = slowly(sides, cut, reference, until)
        assert departures(sides, cut, reference=reference, until=until) == expected, seed
        told[len(expected)] += 1
        told.update("over" if one[-1] else "lasts" for one in expected)  # type: ignore[index]
    assert min(told[key] for key in (0, 1, "over", "lasts")) >= 5, told


def test_a_cut_off_with_many_exceptions_is_left_by_nobody() -> None:
    sides = DailySides(FIRST, np.full(60, 100.0), np.r_[np.zeros(30), np.full(30, 50.0)], np.zeros(60))
    for exceptions, told in ((90, 1), (91, 0)):
        cut = CutOff(low=0.5, high=0.51, upper=True, exceptions=exceptions, n=3000, rarer=0.4)
        found = departures(sides, cut, reference=(FIRST, FIRST + 30 * DAY), until=FIRST + 60 * DAY)
        assert len(found) == told
