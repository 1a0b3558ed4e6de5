"""How often decisions count: by subject, by day and in runs, against plain loops and laws that are known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from plumbline.domain import FloatArray, IntArray, SlicedRows
from plumbline.monitor.statistics.clusters import design_effect, run_design_effect, subject_design_effect

#: the one-sided 95 % point of the normal law
SURE = stats.norm.ppf(0.95)


def sliced(values: FloatArray, units: IntArray | None, *codes: IntArray, named: bool = True) -> SlicedRows:
    return SlicedRows(
        columns=(),
        codes=np.array(codes, np.uint8).reshape(len(codes), len(values)),
        values=values,
        available=len(values),
        units=units,
        named=named,
    )


def by_subject(values: FloatArray, unit: IntArray) -> float:
    """Liang and Zeger's sandwich of a mean over the variance of independent rows, one subject after the other."""
    mean = values.mean()
    cross = sum(sum(v - mean for v in values[unit == u]) ** 2 for u in np.unique(unit))
    return float(cross / sum((v - mean) ** 2 for v in values))


def test_rows_of_a_subject_that_are_all_alike_count_once() -> None:
    """Kish (1965): deff = 1 + (m - 1) rho, and rho is 1."""
    rng = np.random.default_rng(1)
    for m in (2, 5, 8):
        values, unit = np.repeat(rng.normal(size=300), m), np.repeat(np.arange(300), m)
        turned = rng.permutation(len(values))
        assert design_effect(sliced(values[turned], unit[turned])) == pytest.approx(m)
        assert subject_design_effect(
            values[turned], (unit[turned] + 2**60).astype(np.uint64)
        ) == pytest.approx(m)


def test_unequal_subjects_have_the_variance_of_the_sandwich() -> None:
    rng = np.random.default_rng(2)
    unit = rng.integers(0, 60, 500)
    values = rng.normal(size=500) + 1.5 * rng.normal(size=60)[unit] + 9
    unit = np.unique(unit, return_inverse=True)[1]
    assert design_effect(sliced(values, unit)) == pytest.approx(by_subject(values, unit))


@pytest.mark.parametrize(("alike", "sure"), [(62, False), (63, True)])
def test_an_effect_within_chance_is_none(alike: int, sure: bool) -> None:
    """Of 101 pairs of 1 and -1 so many are alike: the effect is alike x 4 / 202, its error sqrt(2 / 100)."""
    pairs = [(1, 1), (-1, -1)] * (alike // 2) + [(1, -1)] * (101 - alike) + ([(1, 1)] if alike % 2 else [])
    values, unit = np.array(pairs, float).ravel(), np.repeat(np.arange(101), 2)
    effect = by_subject(values, unit)
    assert bool(effect > 1 + SURE * np.sqrt(2 / 100)) is sure
    assert design_effect(sliced(values, unit)) == (pytest.approx(effect) if sure else 1.0)
    assert subject_design_effect(values, unit.astype(np.uint64)) == (pytest.approx(effect) if sure else 1.0)


def test_nothing_known_of_units_or_of_differences_is_an_effect_of_one() -> None:
    values, unit = np.arange(6.0), np.array([0, 0, 1, 1, 2, 2])
    assert design_effect(sliced(values, None)) == 1.0
    assert design_effect(sliced(values[:1], unit[:1])) == 1.0
    assert design_effect(sliced(np.ones(6), unit)) == 1.0
    assert subject_design_effect(values[:1], unit[:1].astype(np.uint64)) == 1.0
    assert subject_design_effect(np.ones(6), unit.astype(np.uint64)) == 1.0
    # both rows of either subject alike: 2, of a chance of 1 + 1.645 sqrt(2)
    assert subject_design_effect(np.array([1.0, 1, 3, 3]), np.array([4, 4, 7, 7], np.uint64)) == 1.0


def by_day(values: FloatArray, day: IntArray, code: IntArray) -> tuple[float, float]:
    """Squared distances of a day's slices from what day and slice lead one to expect, over what chance brings."""
    mean = values.mean()
    apart, chance, within, cells = 0.0, 0.0, 0.0, 0
    for d in np.unique(day):
        for s in np.unique(code):
            mine = values[(day == d) & (code == s)]
            if not len(mine):
                continue
            cells += 1
            expected = values[day == d].mean() + values[code == s].mean() - mean
            apart += sum(v - expected for v in mine) ** 2
            chance += len(mine) * (1 - len(mine) / np.sum(day == d))
            within += sum((v - mine.mean()) ** 2 for v in mine)
    freedom = cells - len(np.unique(day)) - len(np.unique(code)) + 1
    return apart / chance / (within / (len(values) - cells)), freedom


def lots(seed: int, days: int = 40, together: float = 1.0) -> tuple[FloatArray, IntArray, list[IntArray]]:
    """Rows that come by lots of a day and a slice which have something in common."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), 30)
    codes = [rng.integers(0, k, len(day)) for k in (2, 3, 4)]
    lot = together * rng.normal(size=(days, 4))
    values = rng.normal(size=len(day)) + rng.normal(size=days)[day] + lot[day, codes[2]]
    return values, day, codes


def test_by_day_the_middle_column_tells_and_a_bad_day_for_all_adds_nothing() -> None:
    values, day, codes = lots(3)
    effects = sorted(by_day(values, day, code) for code in codes)
    effect, freedom = effects[1]
    if effect <= 1 + SURE * np.sqrt(2 / freedom):
        effect = 1.0
    assert design_effect(sliced(values, day, *codes, named=False)) == pytest.approx(effect)
    alone = by_day(values, day, codes[2])[0]
    assert design_effect(sliced(values, day, codes[2], named=False)) == pytest.approx(alone)
    assert alone > 3
    even = np.tile(np.arange(30) % 3, 40)  # as many of each slice every day
    values = values + 3 * np.random.default_rng(1).normal(size=(40, 3))[day, even]
    bad = values + 50.0 * np.random.default_rng(0).normal(size=40)[day]
    assert design_effect(sliced(bad, day, even, named=False)) == pytest.approx(by_day(values, day, even)[0])
    quiet = [lots(seed, together=0.0) for seed in range(20)]
    found = [design_effect(sliced(v, d, c[1], named=False)) for v, d, c in quiet]
    assert sum(x > 1 for x in found) <= 4  # one in twenty by chance


def test_few_units_have_to_show_more() -> None:
    """Samples whose effects lie about the limit, which the number of units or of cells moves."""
    rng = np.random.default_rng(6)
    beyond = []
    for _ in range(60):
        unit = np.repeat(np.arange(7), rng.integers(1, 9, 7))
        values = rng.normal(size=len(unit)) + 0.6 * rng.normal(size=7)[unit]
        effect = by_subject(values, unit)
        beyond.append(effect > 1 + SURE * np.sqrt(2 / 6))
        expected = pytest.approx(effect) if beyond[-1] else 1.0
        assert design_effect(sliced(values, unit)) == expected
        assert subject_design_effect(values, unit.astype(np.uint64)) == expected
    assert 10 < sum(beyond) < 50
    beyond = []
    for seed in range(60):
        values, day, codes = lots(seed, days=6, together=0.25)
        effect, freedom = by_day(values, day, codes[2])
        beyond.append(effect > 1 + SURE * np.sqrt(2 / freedom))
        found = design_effect(sliced(values, day, codes[2], named=False))
        assert found == (pytest.approx(effect) if beyond[-1] else 1.0)
    assert 10 < sum(beyond) < 50


@pytest.mark.parametrize(("days", "known"), [(4, False), (5, True)])
def test_fewer_than_five_days_tell_nothing(days: int, known: bool) -> None:
    values, day, codes = lots(1, days=days, together=9.0)
    assert bool(design_effect(sliced(values, day, codes[2], named=False)) > 1) is known
    assert design_effect(sliced(values, day, named=False)) == 1.0


def test_slices_of_one_row_a_day_have_nothing_within() -> None:
    day, code = np.repeat(np.arange(8), 2), np.tile([0, 1], 8)
    assert design_effect(sliced(np.arange(16.0), day, code, named=False)) == 1.0
    assert design_effect(sliced(np.ones(16), day, code * 0, named=False)) == 1.0


def runs(values: FloatArray) -> float:
    """The largest sure effect of sums over 25, 50 and 100 neighbours, by von Neumann's differences."""
    best = 1.0
    for size in (25, 50, 100):
        sums = [values[i : i + size].sum() for i in range(0, len(values) - size + 1, size)]
        if len(sums) < 10:
            continue
        square = sum((b - a) ** 2 for a, b in pairwise(sums)) / (len(sums) - 1)
        effect = square / (2 * size * values.var())
        error = SURE * np.sqrt(3 / len(sums))
        best = max(best, effect * (1 + error)) if effect > 1 + error else best
    return float(best)


@pytest.mark.parametrize("length", [0, 1, 249, 250, 499, 500, 999, 1000, 1337, 4000])
@pytest.mark.parametrize("alike", [1, 7, 40])
def test_runs_are_seen_from_ten_blocks_on(length: int, alike: int) -> None:
    rng = np.random.default_rng(length + alike)
    values = np.repeat(rng.normal(size=length), alike)[:length]
    assert run_design_effect(values) == pytest.approx(runs(values) if length else 1.0, rel=2e-3)
    assert run_design_effect(np.ones(length)) == 1.0


def test_values_that_come_ten_alike_count_a_tenth() -> None:
    rng = np.random.default_rng(8)
    found = [run_design_effect(np.repeat(rng.normal(size=3000), 10)) for _ in range(5)]
    assert np.mean(found) == pytest.approx(10.0, rel=0.25)
    assert sum(run_design_effect(rng.normal(size=3000)) > 1 for _ in range(20)) <= 6  # three blocks, 5 % each
