"""The change point against its rules written out slowly, by loops and by least squares of each shape, on drawn days."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
import pytest

from plumbline.domain import Point, PointStatus
from plumbline.monitor.alarms.change_point import change_point
from plumbline.monitor.metrics.metrics import metric
from plumbline.monitor.statistics.autocorrelation import long_run_ratio

START = datetime(2024, 1, 29)
NORMAL = 1.959963984540054
Blocks = list[list[Point]]


def point(day: int, n: int, value: float | None, name: str, **more: Any) -> Point:
    half = more.pop("half", None)
    ends = (value - half, value + half) if half is not None and value is not None else (None, None)
    return Point(
        metric=name, start=START + timedelta(days=day), end=START + timedelta(days=day + 1), n=n, value=value,
        low=ends[0], high=ends[1], threshold=None, status=PointStatus.OK, **more,
    )  # fmt: skip


def drawn(seed: int) -> list[Point]:
    """Days of one metric: a fall or none, at once, growing or passing; sure of themselves or restless; gaps between."""
    rng = np.random.default_rng(seed)
    name = ("accuracy", "mae", "bias", "recall:late", "rmse")[seed % 5]
    days = int(rng.choice([7, 8, 9, 30, 50, 70, 70]))
    of_share = metric(name.partition(":")[0]).unit == "share"
    level, sd = (0.9, 0.3) if of_share else (20.0, 15.0)
    day = np.arange(days)
    first = int(rng.integers(2, max(2 * days // 3, 3)))
    size = (-1 if of_share else 1) * rng.choice([0.0, 0.8, 1.2, 2.0, 3.0]) * (0.1 if of_share else 5.0)
    if name == "bias" and seed % 2:
        size = -size
    shape = [
        day >= first, np.clip((day - first) / max(days - first, 1), 0, 2) * 2.5,
        (day >= first) & (day < first + 1), (day >= first) & (day < first + int(rng.integers(3, 12))),
        (day >= first) & (day < first + 4) | (day >= first + 12), np.where(day >= first + 6, 1.0, (day >= first) / 2),
        1.5 / (1 + np.exp((first + 12 - day) / 4)),
    ][int(rng.choice(7, p=[0.15, 0.15, 0.1, 0.2, 0.1, 0.05, 0.25]))]  # fmt: skip
    rows = rng.integers(*[(3, 25), (180, 240), (20, 400)][int(rng.integers(3))], size=days)
    value = level + size * shape + sd * rng.standard_normal(days) / np.sqrt(rows)
    if name in ("mae", "rmse") and rng.random() < 0.7:
        value[rng.integers(days, size=2)] += 25.0
    if rng.random() < 0.3:
        value += np.where(np.cumsum(rng.random(days) < 0.3) % 2, 0.04, 0.0) * (1 if of_share else 50)
    stated = rng.random() < 0.7
    points = [
        point(int(d) + int(d > first) * int(seed % 3), int(n), float(v), name,
              half=float(NORMAL * sd * rng.uniform(0.6, 1.3) / np.sqrt(n)) if stated else None)
        for d, n, v in zip(day, rows, value, strict=True) if rng.random() > 0.05 or days < 10
    ]  # fmt: skip
    points += [point(days + 9, 500, level - 5, name, provisional=True), point(-3, 0, level, name)]
    points.append(point(-2, 400, None, name))
    return [points[i] for i in rng.permutation(len(points))]


def blocks_of(points: list[Point]) -> Blocks:
    """Days in order until they hold 30 rows and half a usual day."""
    usual = median(p.n for p in points)
    blocks: Blocks = []
    for one in points:
        if blocks and sum(p.n for p in blocks[-1]) < max(30, usual / 2):
            blocks[-1].append(one)
        else:
            blocks.append([one])
    return blocks


class Days:
    """Blocks of days, the noise of one row, and what is asked of both."""

    def __init__(self, points: list[Point]) -> None:
        self.blocks = blocks_of(points)
        self.rows = [sum(p.n for p in b) for b in self.blocks]
        self.raw = [
            sum(p.value * p.n for p in b if p.value is not None) / sum(p.n for p in b) for b in self.blocks
        ]
        self.value = list(self.raw)
        halves = [
            (p.high - p.low) / 2 * p.n**0.5 / NORMAL
            for p in points
            if p.low is not None and p.high is not None
        ]
        steps = [
            abs(b - a) / math.sqrt(1 / m + 1 / n)
            for (a, b), (m, n) in zip(pairwise(self.raw), pairwise(self.rows), strict=True)
        ]
        self.noise = max(median(halves or [0.0]), (median(steps) if steps else 0.0) / 0.6745)

    def draw_in(self) -> None:
        """No further than three deviations from the median of seven blocks either side, mirrored at the ends."""
        n = len(self.raw)
        around = min(7, (n - 1) // 2)
        for i, value in enumerate(self.raw):
            places = [abs(j) if j < n else 2 * (n - 1) - j for j in range(i - around, i + around + 1)]
            middle = median(self.raw[j] for j in places)
            reach = 3 * self.noise / math.sqrt(self.rows[i])
            self.value[i] = min(max(value, middle - reach), middle + reach)

    def level(self, first: int, last: int, value: list[float] | None = None) -> tuple[float, float]:
        rows = self.rows[first:last]
        of = (value or self.value)[first:last]
        return sum(v * n for v, n in zip(of, rows, strict=True)) / sum(rows), self.noise / math.sqrt(
            sum(rows)
        )

    def partition(self) -> list[int]:
        """Least squared error, each segment paid for with four logarithms of the blocks."""
        scaled = np.array(self.value) * math.sqrt(median(self.rows)) / self.noise
        n = len(scaled)
        best: list[tuple[float, list[int]]] = [(0.0, [0])]
        for end in range(1, n + 1):
            tried = [
                (best[start][0] + float(np.square(scaled[start:end] - scaled[start:end].mean()).sum()), start)
                for start in range(end)
            ]
            least = min(cost for cost, _ in tried)
            start = next(s for cost, s in tried if cost <= least + 1e-9 * (1 + least))
            best.append((least + 4 * math.log(n), [*best[start][1], end]))
        return best[n][1]

    def squares(self, first: int, last: int, shape: np.ndarray | None) -> tuple[float, np.ndarray]:
        """Of level and size of a shape, weighted by rows: squared error in noise variances, and the fit."""
        weight = np.sqrt(self.rows[first:last])
        columns = [np.ones(last - first)] + ([] if shape is None else [shape])
        wide = np.stack(columns, axis=1)
        y = np.array(self.value[first:last])
        fit = wide @ np.linalg.lstsq(wide * weight[:, None], y * weight, rcond=None)[0]
        return float((np.square(y - fit) * weight**2).sum()) / self.noise**2, fit

    def day(self, block: int) -> float:
        return (self.blocks[block][0].start - START) / timedelta(days=1)

    def slope(self, first: int, last: int) -> list[tuple[float, np.ndarray]]:
        return [
            self.squares(
                first, last, np.array([max(self.day(i) - self.day(at), 0.0) for i in range(first, last)])
            )
            for at in range(first, last - 1)
        ]

    def steps(self, first: int, last: int) -> list[tuple[float, np.ndarray]]:
        return [
            self.squares(first, last, np.array([float(i >= at) for i in range(first, last)]))
            for at in range(first + 1, last)
        ]


def is_worse(
    days: Days, name: str, healthy: tuple[int, int], part: tuple[int, int], enough: float, value: Any
) -> bool:
    (before, se0), (after, se1) = days.level(*healthy, value), days.level(*part, value)
    better = metric(name.partition(":")[0]).higher_is_better
    worse = abs(before - after) if better is None else before - after if better else after - before
    return worse > enough and worse > 3 * math.sqrt(se0**2 + se1**2)


def enough_of(days: Days, name: str, edges: list[int]) -> float:
    """A point of a share, or a tenth of what is rare; a twentieth of an error; a tenth of the noise for a bias."""
    level = days.level(0, edges[1])[0]
    if name == "bias":
        return days.noise / 10
    if name in ("mae", "rmse"):
        return abs(level) / 20
    return min(0.01, 0.1 * max(min(level, 1 - level), 0.0))


def last_run(days: Days, name: str, edges: list[int], enough: float) -> list[int] | None:
    """The healthy stretch is the longest part so far that is no worse than the healthy one before."""
    parts = list(pairwise(edges))
    healthy, since, run = parts[0], 0, None
    worse_before = False
    for part in parts[1:]:
        worse = is_worse(days, name, healthy, part, enough, None)
        if worse and worse_before:
            assert run is not None
            run = [*run, part[1]]
        elif worse:
            run = [since, part[0], part[1]]
        else:
            if worse_before:
                since = part[0]
            if part[1] - part[0] >= healthy[1] - healthy[0]:
                healthy = part
        worse_before = worse
    return run


def onset_of(days: Days, first: int, healthy: int, at: int, rising: bool) -> int:
    level, error = days.level(first, healthy)
    total, since = 0.0, first
    for i in range(first, at + 1):
        away = (days.value[i] - level) * math.sqrt(days.rows[i]) / days.noise * (1 if rising else -1)
        total = max(total + away - 0.5, 0.0)
        if total <= 1e-9:
            since = i + 1
    if at - since < 3:
        return at
    grown, se = days.level(since, at)
    return since if abs(grown - level) > NORMAL * math.hypot(error, se) else at


def said(day: datetime) -> str:
    return f"{day.day} {day:%B} {day.year}"


def percents(kind: str, at: datetime, before: float, after: float, until: datetime | None) -> str:
    was, then = f"{100 * before:.1f} %", f"{100 * after:.1f} %"
    way = "falling" if after < before else "rising"
    if until is None:
        if kind == "step":
            return f"{was} until {said(at)}, {then} since"
        return f"{was} until {said(at)}, {way} since, {then} in the last days"
    last = until - timedelta(days=1)
    if last <= at:
        return f"{then} on {said(at)} alone, {was} before"
    if kind == "slope":
        return f"{was} until {said(at)}, then {way} until {said(last)}, {then} in the last days"
    first = str(at.day) if (at.year, at.month) == (last.year, last.month) else said(at)
    return f"{then} from {first} to {said(last)}, {was} before"


def slowly(points: list[Point], matters: float | None) -> dict[str, Any] | None:
    """The change by its rules, in the words of the module's documentation."""
    used = sorted(
        (p for p in points if p.value is not None and p.n and not p.provisional), key=lambda p: p.start
    )
    if len(used) < 8:
        return None
    name = used[0].metric
    days = Days(used)
    if len(days.blocks) < 8:
        return None
    if name in ("mae", "rmse", "bias"):
        days.draw_in()
    for _ in range(12):
        edges = days.partition()
        enough = enough_of(days, name, edges) if matters is None else matters
        run = last_run(days, name, edges, enough)
        change = dated(days, name, run, enough) if run else None
        if change is None or run is None:
            return None
        noise = noise_about(days, edges, run, change["kind"] == "slope")
        if noise <= 1.05 * days.noise:
            return change
        days.noise = noise
    return None


def noise_about(days: Days, edges: list[int], run: list[int], slope: bool) -> float:
    n = len(days.value)
    fit = np.concatenate([days.squares(a, b, None)[1] for a, b in pairwise(edges)])
    levels = len(edges) - 1
    if slope:
        first, last = run[0], run[-1]
        fit[first:last] = min(days.slope(first, last), key=lambda tried: tried[0])[1]
        levels = sum(edge <= first or edge >= last for edge in edges) - 1 + 2
    left = (np.array(days.value) - fit) * np.sqrt(days.rows)
    single = all(len(b) == 1 for b in days.blocks)
    weekday = np.array([b[0].start.weekday() for b in days.blocks]) if single else None
    ratio = long_run_ratio(left, weekday=weekday, week=1, levels=levels, beyond=1.28)
    return float(np.sqrt((left @ left) / n * ratio / max(1 - levels * ratio / n, 0.5)))


def dated(days: Days, name: str, run: list[int], enough: float) -> dict[str, Any] | None:
    n, first, ended = len(days.value), run[0], run[-1]
    pay = 4 * math.log(n)
    by_steps = sum(days.squares(a, b, None)[0] for a, b in pairwise(run)) + pay * (len(run) - 2)
    error = [tried[0] for tried in days.slope(first, ended)]
    slope = min(error) + pay < by_steps - 1e-9 * (1 + by_steps)
    if not slope:
        error = [tried[0] for tried in days.steps(first, run[2])]
    likely = [math.exp(-(e - min(error)) / 2) for e in error]
    at = first + 1 + error.index(min(error))
    ends = []
    for share in (0.025, 0.975):
        total, place = 0.0, 0
        while total + likely[place] < share * sum(likely):
            total, place = total + likely[place], place + 1
        ends.append(first + 1 + place)
    tail = max(at, ended - max(2, (ended - at) // 6)) if slope else at
    if not all(is_worse(days, name, (first, at), (tail, ended), enough, v) for v in (None, days.raw)):
        return None
    before, after = days.level(first, at, days.raw)[0], days.level(tail, ended, days.raw)[0]
    start = [b[0].start for b in days.blocks]
    until = days.blocks[ended - 1][-1].end if ended < n else None
    onset = start[onset_of(days, first, min(at, run[1]), at, before < after)]
    kind = "slope" if slope else "step"
    sentence = f"{percents(kind, start[at], before, after, until)}."
    if onset < start[ends[0]]:
        sentence += f" Signs of it from {said(onset)} on."
    return {
        "kind": kind, "at": start[at], "low": start[ends[0]], "high": start[min(ends[1], ended - 1)],
        "n_before": sum(days.rows[first:at]), "n_after": sum(days.rows[at:ended]), "until": until, "onset": onset,
        "before": before, "after": after, "sentence": sentence,
    }  # fmt: skip


def test_the_change_is_what_its_rules_written_out_slowly_give() -> None:
    kinds: Counter[str] = Counter()
    for seed in range(220):
        points, matters = drawn(seed), (None, None, 0.03)[seed % 3]
        found, expected = change_point(points, matters=matters), slowly(points, matters)
        assert (found is None) == (expected is None), seed
        kinds[expected["kind"] if expected else "none"] += 1
        if found is None or expected is None:
            continue
        kinds["over" if expected["until"] else "lasts"] += 1
        kinds["grew"] += expected["onset"] < expected["at"]
        name = points[0].metric
        assert found.metric == name
        for key in ("kind", "at", "low", "high", "n_before", "n_after", "until", "onset"):
            assert getattr(found, key) == expected[key], (seed, key)
        assert (found.before, found.after) == pytest.approx((expected["before"], expected["after"])), seed
        if metric(name.partition(":")[0]).unit == "share":
            assert str(found.sentence) == expected["sentence"], seed
            assert str(found.sentence).startswith(f"{found.breach}.")
    assert min(kinds[kind] for kind in ("none", "step", "slope", "over", "lasts", "grew")) >= 5, kinds


def test_a_figure_in_a_unit_is_told_with_it() -> None:
    points = [point(i, 100, 20.0 + (i % 3) + 20 * (i >= 20), "mae", half=1.0) for i in range(40)]
    change = change_point(points, unit="minutes")
    assert change is not None
    assert str(change.sentence) == "20.9 minutes until 18 February 2024, 41.0 minutes since."
