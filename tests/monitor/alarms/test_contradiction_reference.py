"""Outcomes that contradict the score against the rules written out slowly, decision by decision, on drawn logs."""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from scipy import stats

from plumbline.domain import score_middles
from plumbline.monitor.alarms.contradiction import contradictions
from plumbline.monitor.alarms.cusum import cusum_limit, excursions, reference_noise, unsure_mean
from plumbline.monitor.performance.calibration import recalibrate
from tests.monitor.outcomes import at, classified

CELLS = 30
#: day, cell, outcome, version
Rows = list[tuple[int, int, int, str]]


def drawn(seed: int) -> tuple[Rows, int, int, int]:
    """Days, some without a label, of a score that means what it says, until labels are turned round for a while; every
    seventh log does so in the same weeks of two years. Reference from ``start`` to ``end``, and the log's length."""
    rng = np.random.default_rng(seed)
    length, size = int(rng.choice([60, 130])), int(rng.choice([6, 25, 60]))
    start, end = int(rng.integers(0, 3)), int(rng.choice([15, 28, 45]))
    begin, turned = int(rng.integers(end - 5, length - 14)), rng.choice([0.0, 0.1, 0.3])
    whiles = [(begin, begin + int(rng.choice([8, 25, 200])))]
    power = float(rng.choice([1, 1.3]))
    if seed % 7 == 0:
        length, size, turned = 470, 20, 0.3
        whiles = [(60, 85), (60 + 364, 85 + 364)] if seed % 2 else [(60 + 364, 85 + 364)]
    rows: Rows = []
    for day in range(length):
        if rng.random() < 0.1:
            continue
        flips = turned if any(a <= day < b for a, b in whiles) else 0.0
        version = "new" if seed % 3 == 0 and day % 5 == 4 and day > end else "old"
        highest = CELLS - 2 if day < end else CELLS  # the highest scores come later
        n = int(rng.poisson(size))
        cells = rng.integers(0, highest, n) * (rng.random(n) < 0.9)
        outcomes = (rng.random(n) < ((cells + 0.5) / CELLS) ** power) ^ (rng.random(n) < flips)
        rows += [
            (day, cell, int(y), version) for cell, y in zip(cells.tolist(), outcomes.tolist(), strict=True)
        ]
    return rows, start, end, length


def share_of(counts: Counter[tuple[int, int]], p: list[float], noise: float) -> tuple[float, float, float]:
    """The likeliest share of labels turned round among 251, and those within the 95 % limits of the likelihood."""
    shares = [i / 500 for i in range(251)]
    values = []
    for e in shares:
        total = 0.0
        for (cell, y), n in counts.items():
            q = p[cell] * (1 - e) + (1 - p[cell]) * e
            total += n * math.log(q if y else 1 - q)
        values.append(total / max(noise, 1))
    best = max(values)
    inside = [
        e for e, value in zip(shares, values, strict=True) if 2 * (best - value) <= stats.chi2.ppf(0.95, 1)
    ]
    return shares[values.index(best)], inside[0], inside[-1]


def blocks_of(days: list[int], by_day: dict[int, Counter[tuple[int, int]]]) -> list[list[int]]:
    """Days joined to thirty labelled decisions; what is left joins the last."""
    blocks: list[list[int]] = [[]]
    for day in days:
        if sum(sum(by_day[d].values()) for d in blocks[-1]) >= 30:
            blocks.append([])
        blocks[-1].append(day)
    if len(blocks) > 1 and sum(sum(by_day[d].values()) for d in blocks[-1]) < 30:
        last = blocks.pop()
        blocks[-1] += last
    return blocks


def steps_of(
    blocks: list[list[int]], by_day: dict[int, Counter[tuple[int, int]]], p: list[float]
) -> tuple[list[float], list[float]]:
    """How far each block's likelihood ratio lies beyond the expected one, and would lie where 2 % were turned."""
    beyond, would = [], []
    for block in blocks:
        more = variance = matters = 0.0
        for day in block:
            for (cell, y), n in by_day[day].items():
                odds = [math.log(q / (1 - q)) for q in (p[cell], 0.9 * p[cell] + 0.05)]
                weight = odds[1] - odds[0]
                more += n * (y - p[cell]) * weight
                variance += n * p[cell] * (1 - p[cell]) * weight**2
                matters += n * 0.02 * (1 - 2 * p[cell]) * weight
        beyond.append(more / math.sqrt(variance))
        would.append(matters / math.sqrt(variance))
    return beyond, would


def slowly(rows: Rows, start: int, end: int) -> list[dict[str, Any]]:
    days_all = sorted({day for day, *_ in rows})
    versions = {version for day, _, _, version in rows if start <= day < end}
    used = [row for row in rows if row[3] in versions]
    reference = [row for row in used if start <= row[0] < end]
    outcomes = Counter(y for _, _, y, _ in reference)
    days = sorted({day for day, *_ in used})
    first, later = [d for d in days if start <= d < end], [d for d in days if d >= end]
    if len(first) < 14 or min(outcomes[0], outcomes[1]) < 20 or not later:
        return []
    then = np.zeros((2, CELLS))
    for _, cell, y, _ in reference:
        then[y, cell] += 1
    p = recalibrate(then, 10, 3.0).tolist()
    lowest, highest = min(cell for _, cell, _, _ in reference), max(cell for _, cell, _, _ in reference)
    by_day: dict[int, Counter[tuple[int, int]]] = {day: Counter() for day in days}
    for day, cell, y, _ in used:
        if lowest <= cell <= highest:
            by_day[day][cell, y] += 1
    normal, _ = steps_of(blocks_of(first, by_day), by_day, p)
    noise = reference_noise(np.array(normal), [at(d) for d in first])
    unit = noise.restless * noise.kept
    blocks = blocks_of(later, by_day)
    beyond, would = steps_of(blocks, by_day, p)
    least = min(0.5, 0.75 / noise.kept)
    unsure = unsure_mean(len(normal), noise.kept, 2.0)
    sums, total = [], 0.0
    for x, m in zip(beyond, would, strict=True):
        total = max(total + x / unit - max(least, m / 2 / unit) - unsure, 0.0)
        sums.append(total if total > 1e-12 else 0.0)
    starts, ends = [at(block[0]) for block in blocks], [at(block[-1] + 1) for block in blocks]
    limit = cusum_limit(7300 * len(blocks) / max((ends[-1] - starts[0]).days, 1), least)

    def between(since: Any, until: Any) -> Counter[tuple[int, int]]:
        return sum((by_day[d] for d in later if since <= at(d) < until), Counter[tuple[int, int]]())

    told = []
    for one in excursions(np.array(sums), limit, starts, ends, 1.5):
        counts = between(one.since, one.until or ends[-1])
        share, low, high = share_of(counts, p, unit**2)
        year, week = timedelta(weeks=52), timedelta(days=7)
        before = between(one.since - week - year, one.at + week - year)
        if one.at >= at(end) + year and sum(before.values()) >= 30:
            usual, now = share_of(before, p, 1)[0], share_of(between(one.since, one.at), p, 1)[0]
            if usual > now / 2:
                continue
        silent = days_all[-1] - days[-1] > 14
        told.append({
            "at": one.at, "since": one.since, "until": one.until or (ends[-1] if silent else None),
            "share": share, "low": low, "high": high, "n": sum(counts.values()),
            "wrong": sum(n for (cell, y), n in counts.items() if (p[cell] < 0.5) == bool(y)),
            "expected": sum(n * min(p[cell], 1 - p[cell]) for (cell, _), n in counts.items()),
        })  # fmt: skip
    return told


def test_contradictions_are_what_the_rules_written_out_slowly_give() -> None:
    assert score_middles(CELLS)[0] == pytest.approx(0.5 / CELLS)
    seen = Counter[str]()
    for seed in range(36):
        rows, start, end, _ = drawn(seed)
        day, cell, y = (np.array([row[i] for row in rows]) for i in range(3))
        score = (cell + 0.5) / CELLS
        profile = classified(
            day, (score > 0.5).astype(int), y, score, versions=[row[3] for row in rows], cells=CELLS
        )
        found = contradictions(profile, reference=(at(start), at(end)))
        expected = slowly(rows, start, end)
        assert len(found) == len(expected), seed
        for one, other in zip(found, expected, strict=True):
            for key in ("at", "since", "until", "n", "wrong"):
                assert getattr(one, key) == other[key], (seed, key)
            assert (one.share, one.low, one.high, one.expected) == pytest.approx(
                (other["share"], other["low"], other["high"], other["expected"])
            ), seed
            assert one.run_length == 7300
            seen["over" if one.until else "lasts"] += 1
        seen["none"] += not found
        seen["second year"] += any(one.at > at(400) for one in found)
    assert min(seen[key] for key in ("over", "lasts", "none", "second year")) >= 2, seen
