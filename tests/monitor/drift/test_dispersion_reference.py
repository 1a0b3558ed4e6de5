"""The law of chance of a feature against its rules written out slowly, on drawn references that are not kind."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from scipy.special import digamma, polygamma

from plumbline.domain import Bins, FeatureProfile, Kind
from plumbline.monitor.binned_counts import binned_counts
from plumbline.monitor.drift.dispersion import daily_laws, laws, null_distribution, shrink_dispersion
from plumbline.monitor.statistics.null_distribution import NullDistribution

START = date(2025, 3, 5)
FIELDS = ("spread", "share", "freedom", "weeks", "kept", "directions")


def drawn(seed: int) -> tuple[FeatureProfile, np.ndarray]:
    """Days of a class or a number, with gaps and thin days; decisions repeated, levels wandering; days left out."""
    rng = np.random.default_rng(seed)
    days = int(rng.choice([2, 9, 20, 21, 28, 45, 84]))
    kept = sorted(rng.choice(days, max(int(days * rng.choice([0.6, 1.0])), 1), replace=False).tolist())
    numeric = bool(seed % 2)
    cells = 23 if numeric else int(rng.choice([2, 5, 9]))
    alike, restless = int(rng.choice([1, 6])), rng.choice([0.0, 0.3])
    wander, counts = np.zeros(cells), []
    for _ in kept:
        wander = rng.choice([0.9, 0.2]) * wander + restless * rng.standard_normal(cells)
        share = np.exp(wander) / np.exp(wander).sum()
        counts.append(rng.multinomial(int(rng.choice([0, 3, 40, 200])), share) * alike)
    empty = np.zeros(len(kept))
    bins = (
        Bins(
            feature="x",
            kind=Kind.NUMERIC,
            edges=np.arange(22.0),
            decile_cells=(1, 4, 6, 8, 11, 13, 15, 17, 20),
        )
        if numeric
        else Bins(feature="x", kind=Kind.CATEGORICAL, levels=tuple("abcdefghi"[: cells - 1]))
    )
    profile = FeatureProfile(
        bins=bins, days=tuple(START + timedelta(days=d) for d in kept), counts=np.array(counts, np.int64),
        missing=empty.astype(np.int64), sums=empty, squares=empty,
    )  # fmt: skip
    return profile, rng.random(len(kept)) < rng.choice([0.8, 1.0])


def table_of(
    profile: FeatureProfile, mask: np.ndarray, width: int, least: int, *, whole: bool = True
) -> np.ndarray:
    """Whole blocks of days with enough values by decile or level, without cells that nothing is in."""
    chosen = [i for i, used in enumerate(mask) if used]
    if not chosen:
        return np.zeros((0, 1))
    first, last = profile.days[chosen[0]], profile.days[chosen[-1]]
    sums: dict[int, np.ndarray] = defaultdict(lambda: np.zeros(profile.counts.shape[1]))
    for i in chosen:
        sums[(profile.days[i] - first).days // width] += profile.counts[i]
    blocks = ((last - first).days + 1) // width
    rows = [sums[block] for block in sorted(sums) if block < blocks]
    if not rows:
        return np.zeros((0, 1))
    coarse = [
        row
        for row in binned_counts(profile.bins, rows[0], np.array(rows)).coarse_counts[1]
        if row.sum() >= least
    ]
    table = np.array(coarse)
    return table[:, table.sum(0) > 0] if coarse else np.zeros((0, 1))


def law_of_residuals(left: np.ndarray, cells: int, running: bool) -> NullDistribution:
    """Spread, directions and what a block keeps, from the covariance of the residuals."""
    rows = len(left)
    n = rows - 1
    covariance = sum(np.outer(row, row) for row in left) / n
    trace = float(np.trace(covariance))
    square = n**2 / ((n - 1) * (n + 2)) * (float(np.trace(covariance @ covariance)) - trace**2 / n)
    used = float(np.clip(trace**2 / square, 1, cells)) if square > 0 else float(cells)
    after = sum(float(a @ covariance @ b) for a, b in pairwise(left))
    same = sum(float(a @ covariance @ a) for a in left)
    kept = after / same if same > 0 else 0.0
    kept = float(np.clip(kept + (1 + 3 * max(kept, 0)) / rows, 0, 0.8))
    spread = trace / cells
    if running:
        spread = spread * (1 + kept) / (1 - kept)
    else:
        part = min((1 + kept) / (1 - kept) / rows, 0.5)
        spread = spread * (1 + part) / (1 - part) * n / (n + 2)
    freedom = max(n * used * (1 - kept**2) / (1 + kept**2), 1.0)
    return NullDistribution(
        spread=spread, share=used / cells, freedom=freedom, kept=0.0 if running else kept, directions=used
    )


def law_of_table(table: np.ndarray, running: bool) -> NullDistribution | None:
    if len(table) < 3 or table.shape[1] < 2:
        return None
    due = stats.contingency.expected_freq(table)
    law = law_of_residuals((table - due) / np.sqrt(due), table.shape[1] - 1, running)
    if not running:  # the spread is Pearson's statistic over its degrees of freedom, steadied for few weeks
        pearson = stats.chi2_contingency(table, correction=False)
        n, long = len(table) - 1, min((1 + law.kept) / (1 - law.kept) / len(table), 0.5)
        by_pearson = pearson.statistic / pearson.dof * (1 + long) / (1 - long) * n / (n + 2)
        assert law.spread == pytest.approx(by_pearson)
    return law


def law_of_level(profile: FeatureProfile, table: np.ndarray, running: bool) -> NullDistribution | None:
    """Mean mid-rank of each block, in standard errors of a mean of independent values."""
    if profile.bins.kind is not Kind.NUMERIC or len(table) < 3 or table.shape[1] < 2:
        return None
    cells = np.repeat(np.arange(table.shape[1]), table.sum(0).astype(int))
    rank = {cell: (np.mean(cells < cell) + np.mean(cells <= cell)) / 2 for cell in set(cells.tolist())}
    every = np.array([rank[cell] for cell in cells.tolist()])
    left = []
    for row in table:
        mean = sum(rank[cell] * n for cell, n in enumerate(row)) / row.sum()
        left.append([math.sqrt(row.sum()) * (mean - every.mean()) / every.std()])
    return law_of_residuals(np.array(left), 1, running)


def slowly(
    profile: FeatureProfile, mask: np.ndarray, by: str
) -> tuple[NullDistribution, NullDistribution | None, int]:
    weeks = table_of(profile, mask, 7 if by == "week" else 1, 30)
    law = law_of_table(weeks, False)
    if not mask.any():
        return NullDistribution(), None, 0
    if by == "day" or (law is not None and len(weeks) >= 4):
        return law or NullDistribution(), law_of_level(profile, weeks, False), len(weeks)
    days = table_of(profile, mask, 1, 1)
    return law_of_table(days, True) or NullDistribution(), law_of_level(profile, days, True), 0


def same(found: NullDistribution, expected: NullDistribution, weeks: int | None = None) -> None:
    for field in FIELDS:
        value = getattr(expected, field) if field != "weeks" or weeks is None else weeks
        assert getattr(found, field) == pytest.approx(value, rel=1e-9), field


@pytest.mark.parametrize("by", ["week", "day"])
def test_a_features_own_law_is_what_its_rules_written_out_slowly_give(by: str) -> None:
    levels = empty = by_days = 0
    for seed in range(60):
        profile, mask = drawn(seed)
        found, (law, level, weeks) = null_distribution(profile, mask, by=by), slowly(profile, mask, by)
        same(found, law, weeks)
        assert (found.level is None) == (level is None), seed
        if found.level is not None and level is not None:
            same(found.level, level)
        levels, empty, by_days = (
            levels + (level is not None),
            empty + (law.spread == 1),
            by_days + (weeks == 0),
        )
    assert min(levels, empty, by_days if by == "week" else 1) >= 1
    assert levels >= 10


def family(laws_: list[NullDistribution]) -> list[tuple[float, float]]:
    """Spread and degrees of freedom of each, drawn to all: the prior by a search of the trigamma function."""
    known = [law for law in laws_ if math.isfinite(law.freedom) and law.spread > 0]
    prior, common = 0.0, 1.0
    if len(known) >= 3:
        middle = np.median([law.spread for law in known])
        usual = [
            law for law in known
            if stats.chi2.sf(law.freedom * law.spread / middle, law.freedom) >= 0.05 / len(known)
        ]  # fmt: skip
        if len(usual) >= 3:
            logs = [math.log(u.spread) - digamma(u.freedom / 2) + math.log(u.freedom / 2) for u in usual]
            chance = sum(float(polygamma(1, u.freedom / 2)) for u in usual) / len(usual)
            beyond = max(float(np.var(logs, ddof=1)) - chance, 0) + chance * math.sqrt(2 / (len(usual) - 1))
            low, high = 1e-3, 1e6
            for _ in range(200):
                half = math.sqrt(low * high)
                low, high = (half, high) if polygamma(1, half) > beyond else (low, half)
            prior = 2 * low
            common = math.exp(sum(logs) / len(logs) + digamma(prior / 2) - math.log(prior / 2))
    steadied = []
    for law in laws_:
        sure = max(law.freedom / min(max(law.directions, 1), 6), 1)
        if law not in known:
            steadied.append((max(law.spread, 1), law.freedom))
        elif prior and stats.f.sf(law.spread / common, law.freedom, prior) >= 0.05:
            both = (law.freedom * law.spread + prior * common) / (law.freedom + prior)
            steadied.append((max(both, law.spread, 1), sure + prior))
        else:
            steadied.append((max(law.spread, 1), sure))
    return steadied


def test_laws_drawn_to_their_family_are_what_its_rules_written_out_slowly_give() -> None:
    apart = together = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        size = int(rng.choice([1, 2, 3, 5, 14]))
        drawn_laws = [
            NullDistribution(
                spread=float(rng.choice([0.0, 30.0], p=[0.5, 0.5])) if rng.random() < 0.15
                else float(rng.choice([1.0, 4.0])) * float(rng.chisquare(9) / 9),
                freedom=float(rng.choice([math.inf, 4.0, 9.0, 40.0], p=[0.1, 0.2, 0.5, 0.2])),
                directions=float(rng.choice([0.5, 1.0, 3.0, 9.0])), weeks=4, kept=0.1,
            )
            for _ in range(size)
        ]  # fmt: skip
        levelled = [
            NullDistribution(
                spread=law.spread, freedom=law.freedom, level=other if rng.random() < 0.6 else None
            )
            for law, other in zip(drawn_laws, reversed(drawn_laws), strict=True)
        ]
        for given in (drawn_laws, levelled):
            found = shrink_dispersion(given)
            for law, (spread, freedom), before in zip(found, family(given), given, strict=True):
                assert (law.spread, law.freedom) == pytest.approx((spread, freedom), rel=1e-6), seed
                assert (law.kept, law.weeks) == (before.kept, before.weeks)
                apart, together = apart + (freedom <= before.freedom), together + (freedom > before.freedom)
            inner = [law.level for law in given if law.level is not None]
            assert [(law.level is None) for law in found] == [(law.level is None) for law in given]
            for level, (spread, freedom) in zip(
                [f.level for f in found if f.level], family(inner), strict=True
            ):
                assert (level.spread, level.freedom) == pytest.approx((spread, freedom), rel=1e-6), seed
    assert min(apart, together) >= 20


def test_several_features_are_each_by_their_own_days_and_drawn_together() -> None:
    made = [drawn(seed) for seed in (3, 5, 8, 13, 16, 21, 27)]
    profiles, masks = [p for p, _ in made], [m for _, m in made]
    for found, expected in zip(laws(profiles, masks, by="week"), shrink_dispersion(
        [null_distribution(p, m, by="week") for p, m in made]), strict=True):  # fmt: skip
        same(found, expected)
    by_day = [law_of_table(table_of(p, m, 1, 1), True) or NullDistribution() for p, m in made]
    for found, (spread, freedom), own in zip(
        daily_laws(profiles, masks), family(by_day), by_day, strict=True
    ):
        assert (found.spread, found.freedom) == pytest.approx((spread, freedom), rel=1e-6)
        assert (found.share, found.directions) == pytest.approx((own.share, own.directions))
        assert (found.weeks, found.level) == (0, None)
