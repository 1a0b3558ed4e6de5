"""The worst segments: found where they were planted, tests as scipy has them, and silent without any."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from plumbline.domain import SlicedColumn, SlicedRows
from plumbline.monitor.performance.segments import FEWEST, LEVEL, SMALLEST, search
from plumbline.monitor.statistics.clusters import design_effect, subject_design_effect

COLUMNS = tuple(SlicedColumn(f"c{i}", tuple("abcd")) for i in range(6))


def log(
    seed: int, rows: int = 6_000, *, wrong: float = 0.2, pair: float = 0.0, hard: float = 0.0
) -> SlicedRows:
    """Right or wrong decisions over six columns of four levels. ``pair``: more errors where c0 is b and c1
    is c; ``hard``: where c2 is a."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (6, rows)).astype(np.uint8)
    chance = wrong + pair * ((codes[0] == 1) & (codes[1] == 2)) + hard * (codes[2] == 0)
    return SlicedRows(
        columns=COLUMNS, codes=codes, values=(rng.random(rows) >= chance).astype(float), available=rows
    )


def test_a_planted_pair_is_first_and_its_sides_do_not_hide_it() -> None:
    found = search(log(0, pair=0.4), "accuracy", against="rest")
    worst = min(found.segments, key=lambda s: s.value)
    assert worst.where == (("c0", "b"), ("c1", "c"))
    assert worst.value == pytest.approx(0.4, abs=0.06)
    assert worst.low < worst.value < worst.high
    assert worst.q_value < LEVEL
    assert found.tried == 24 + 15 * 16


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)])
def test_a_pair_that_is_no_worse_than_either_of_its_sides_is_not_told(first: int, second: int) -> None:
    """All errors are of one side, whichever stands first: every pair with it is as bad, and only repeats it."""
    rng = np.random.default_rng(11)
    codes = rng.integers(0, 3, (2, 9000)).astype(np.uint8)
    bad = codes[0] == 1 if first < second else codes[1] == 1
    values = (rng.random(9000) >= 0.05 + 0.4 * bad).astype(float)
    rows = SlicedRows(columns=COLUMNS[:2], codes=codes, values=values, available=9000)
    side = "c0" if first < second else "c1"
    assert [s.where for s in search(rows, "accuracy", against="rest").segments] == [((side, "b"),)]


def test_a_slice_that_was_always_harder_has_not_fallen_behind() -> None:
    now, then = log(1, hard=0.2), log(2, hard=0.2)
    assert search(now, "accuracy", against="rest").segments[0].where == (("c2", "a"),)
    assert search(now, "accuracy", reference=then, against="reference").segments == ()
    everybody = log(3, wrong=0.4, hard=0.2)
    assert search(everybody, "accuracy", reference=then, against="reference").segments == ()
    worse = search(log(4, hard=0.4), "accuracy", reference=then, against="reference").segments
    assert worse[0].where == (("c2", "a"),)
    assert worse[0].against == pytest.approx(0.6, abs=0.04)
    assert worse[0].reference == pytest.approx(0.6, abs=0.04)


@pytest.mark.parametrize("against", ["rest", "reference"])
def test_without_a_bad_slice_hardly_anything_is_told(against: str) -> None:
    told = sum(
        len(search(log(seed), "accuracy", reference=log(100 + seed), against=against).segments) > 0
        for seed in range(40)
    )
    assert told <= 4  # 5 % of 40, with room for chance


def test_the_test_of_proportions_is_the_corrected_chi_square() -> None:
    rows = log(5, hard=0.15)
    found = next(s for s in search(rows, "accuracy", against="rest").segments if s.where == (("c2", "a"),))
    inside = rows.codes[2] == 0
    table = [[rows.values[side].sum(), (1 - rows.values[side]).sum()] for side in (inside, ~inside)]
    assert found.p_value == pytest.approx(
        stats.chi2_contingency(table, correction=True).pvalue, rel=1e-9, abs=0
    )
    assert found.difference == pytest.approx(rows.values[inside].mean() - rows.values[~inside].mean())
    assert found.extra == pytest.approx(-found.difference * inside.sum())


def test_the_test_of_means_is_welch() -> None:
    rng = np.random.default_rng(6)
    codes = rng.integers(0, 4, (2, 800)).astype(np.uint8)
    error = np.abs(rng.normal(0, np.where(codes[0] == 3, 2.0, 1.0)))
    rows = SlicedRows(columns=COLUMNS[:2], codes=codes, values=error, available=8_000)
    found = search(rows, "mae", against="rest", proportion=False, pairs=False).segments
    assert [s.where for s in found] == [(("c0", "d"),)]
    inside = codes[0] == 3
    truth = stats.ttest_ind(error[inside], error[~inside], equal_var=False)
    assert found[0].p_value == pytest.approx(truth.pvalue, rel=1e-6, abs=0)
    low, high = truth.confidence_interval(1 - LEVEL / 8)  # one told of eight (Benjamini and Yekutieli 2005)
    assert (found[0].difference_low, found[0].difference_high) == pytest.approx((low, high))
    assert found[0].extra == pytest.approx(inside.sum() * found[0].difference * 10)


def test_a_bias_is_worse_further_from_zero() -> None:
    rng = np.random.default_rng(7)
    codes = rng.integers(0, 2, (1, 2_000)).astype(np.uint8)
    error = rng.normal(np.where(codes[0] == 0, 0.0, 3.0), 1.0)
    found = search(
        SlicedRows(columns=COLUMNS[:1], codes=codes, values=error, available=2_000),
        "bias",
        against="rest",
        proportion=False,
    )
    assert [s.where for s in found.segments] == [(("c0", "b"),)]


def test_small_slices_and_empty_windows_are_not_judged() -> None:
    rows = log(8, rows=100)
    assert search(rows, "accuracy", against="rest").tried < 24
    empty = SlicedRows(columns=COLUMNS, codes=np.zeros((6, 0), np.uint8), values=np.zeros(0), available=0)
    assert search(empty, "accuracy").overall is None


def crowd(
    seed: int, rows: int = 5_000, *, alike: int = 5, named: bool = True, level: float = 0.0
) -> SlicedRows:
    """No slice is worse; ``alike`` decisions a person, all on one of 60 days, whose own level is off by ``level``."""
    rng = np.random.default_rng(seed)
    persons = rows // alike
    day = np.sort(rng.integers(0, 60, persons))
    off = level * rng.normal(size=60)
    right = (rng.random(persons) < 0.8 + off[day]).astype(float)
    codes = rng.integers(0, 4, (6, persons)).astype(np.uint8)
    units = np.repeat(np.arange(persons) if named else day, alike)
    return SlicedRows(
        columns=COLUMNS,
        codes=np.repeat(codes, alike, axis=1),
        values=np.repeat(right, alike),
        available=rows,
        units=units,
        named=named,
    )


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("against", ["rest", "reference"])
def test_decisions_of_one_person_alike_make_no_segment(named: bool, against: str) -> None:
    """Persons who come again make no segment."""
    told = sum(
        len(
            search(
                crowd(s, named=named), "accuracy", reference=crowd(100 + s, named=named), against=against
            ).segments
        )
        > 0
        for s in range(40)
    )
    assert told <= 5  # 5 % of 40: 6 or more once in 70


def test_the_effect_is_how_many_are_alike_and_a_bad_day_for_all_is_none() -> None:
    assert np.mean([design_effect(crowd(s)) for s in range(10)]) == pytest.approx(5.0, rel=0.1)
    assert np.mean([design_effect(crowd(s, named=False)) for s in range(10)]) == pytest.approx(5.0, rel=0.25)
    alone = [design_effect(crowd(s, alike=1, named=False, level=0.05)) for s in range(20)]
    assert np.mean([effect == 1.0 for effect in alone]) >= 0.8
    assert design_effect(log(1)) == 1.0


def test_a_segment_of_many_persons_is_still_told() -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 4, (6, 2_000)).astype(np.uint8)
    right = (rng.random(2_000) < np.where(codes[2] == 0, 0.6, 0.8)).astype(float)
    rows = SlicedRows(
        columns=COLUMNS,
        codes=np.repeat(codes, 5, axis=1),
        values=np.repeat(right, 5),
        available=10_000,
        units=np.repeat(np.arange(2_000), 5),
        named=True,
    )
    found = search(rows, "accuracy", against="rest")
    assert found.named
    assert found.segments[0].where == (("c2", "a"),)


def test_limits_of_the_selected_hold_the_truth() -> None:
    """Small true differences, of which the plainest are told: 0.45 of plain 95 % intervals of 163 told held them."""
    held = []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        codes = rng.integers(0, 4, (6, 3_000)).astype(np.uint8)
        chance = 0.78 + 0.05 * (codes[0] == 1) - 0.05 * (codes[1] == 2) - 0.04 * (codes[2] == 3)
        rows = SlicedRows(
            columns=COLUMNS, codes=codes, values=(rng.random(3_000) < chance).astype(float), available=3_000
        )
        for segment in search(rows, "accuracy", against="rest").segments:
            inside = np.ones(3_000, bool)
            for column, label in segment.where:
                inside &= codes[int(column[1])] == "abcd".index(label)
            truth = float(chance[inside].mean() - chance[~inside].mean())
            held.append(segment.difference_low <= truth <= segment.difference_high)
    assert len(held) >= 60
    assert np.mean(held) >= 0.92


def test_an_effect_is_known_by_hand_and_one_person_or_one_value_tells_of_none() -> None:
    """Kish: persons who are alike count as one. Nothing can be said from one person, or where all values are equal."""
    values = np.repeat(np.tile([0.0, 1.0], 50), 3)
    assert subject_design_effect(values, np.repeat(np.arange(100), 3).astype(np.uint64)) == pytest.approx(3.0)
    assert subject_design_effect(values, np.full(300, 7, np.uint64)) == 1.0
    assert subject_design_effect(np.ones(300), np.repeat(np.arange(100), 3).astype(np.uint64)) == 1.0
    assert subject_design_effect(np.ones(1), np.ones(1, np.uint64)) == 1.0
    assert subject_design_effect(np.zeros(0), np.zeros(0, np.uint64)) == 1.0
    assert subject_design_effect(values, np.arange(300, dtype=np.uint64)) == 1.0


def test_the_effect_of_days_is_the_variance_of_sums_over_what_rows_within_a_cell_would_give() -> None:
    """By loops over days and slices, some of which a day does not have; every decision comes five times."""
    rng = np.random.default_rng(8)
    day = np.repeat(np.sort(rng.integers(0, 8, 120)), 5)
    code = np.repeat(rng.integers(0, 4, 120), 5)
    code[day == 3] = 0
    code[(day == 5) & (code == 2)] = 1
    value = np.repeat((rng.random(120) < 0.7).astype(float), 5)
    rows = SlicedRows(
        columns=COLUMNS[:1],
        codes=code[None].astype(np.uint8),
        values=value,
        available=600,
        units=day,
    )
    apart = chance = within = 0.0
    cells = 0
    for d in range(8):
        for c in range(4):
            own = (day == d) & (code == c)
            n, of_day = own.sum(), (day == d).sum()
            if n:
                due = value[day == d].mean() + value[code == c].mean() - value.mean()
                apart += (value[own] - due).sum() ** 2
                chance += n * (1 - n / of_day)
                within += ((value[own] - value[own].mean()) ** 2).sum()
                cells += 1
    assert cells < 8 * 4
    assert design_effect(rows) == pytest.approx(apart / chance / (within / (600 - cells)))
    assert design_effect(replace(rows, units=np.minimum(day, 3))) == 1.0  # of four days nothing is known
    assert design_effect(replace(rows, values=np.ones(600))) == 1.0
    assert (
        design_effect(replace(rows, codes=np.zeros((1, 600), np.uint8))) == 1.0
    )  # one slice is every row of its day


# --- every figure of what is told, slice by slice


def slices(rows: SlicedRows) -> list[tuple[tuple[tuple[str, str], ...], np.ndarray]]:
    singles = [
        [((column.name, label), codes == place) for place, label in enumerate(column.labels)]
        for column, codes in zip(rows.columns, rows.codes, strict=True)
    ]
    crossed = [((a, b), x & y) for i, j in combinations(singles, 2) for a, x in i for b, y in j]
    return [((name,), mask) for column in singles for name, mask in column] + crossed


@pytest.mark.parametrize("against", ["rest", "reference"])
@pytest.mark.parametrize("proportion", [True, False])
def test_every_figure_is_that_of_its_rows(against: str, proportion: bool) -> None:
    rng = np.random.default_rng(21)

    def made(rows: int, bad: float) -> SlicedRows:
        codes = rng.integers(0, 4, (3, rows)).astype(np.uint8)
        codes[2, rng.random(rows) < 0.97] = 3  # of the others there are few
        worse = bad * ((codes[0] == 1) + 1.5 * ((codes[0] == 2) & (codes[1] == 0)))
        values = (
            (rng.random(rows) >= 0.2 + worse).astype(float) if proportion else rng.exponential(1 + 4 * worse)
        )
        return SlicedRows(columns=COLUMNS[:3], codes=codes, values=values, available=3 * rows)

    now, then = made(6000, 0.25), made(9000, 0.02)
    name = "accuracy" if proportion else "mae"
    found = search(now, name, reference=then, against=against, proportion=proportion)
    judged, p_values = [], []
    for (where, mask), (_, old) in zip(slices(now), slices(then), strict=True):
        enough = min(mask.sum(), (~mask).sum()) >= FEWEST and mask.sum() >= SMALLEST * 6000
        if against == "reference":
            enough &= min(old.sum(), (~old).sum()) >= FEWEST
        if not enough:
            continue
        inside, outside = now.values[mask], now.values[~mask]
        if against == "rest":
            expected = outside.mean()
            if proportion:
                table = [[x.sum(), len(x) - x.sum()] for x in (inside, outside)]
                p = stats.chi2_contingency(table, correction=True).pvalue
            else:
                p = stats.ttest_ind(inside, outside, equal_var=False).pvalue
        else:
            expected = then.values[old].mean() + outside.mean() - then.values[~old].mean()
            parts = (inside, outside, then.values[old], then.values[~old])
            if proportion:
                shares = [((x.sum() + 1) / (len(x) + 2), len(x) + 2) for x in parts]
                error = np.sqrt(sum(s * (1 - s) / m for s, m in shares))
            else:
                error = np.sqrt(sum(x.var(ddof=1) / len(x) for x in parts))
            p = 2 * stats.norm.sf(abs(inside.mean() - expected) / error)
        judged.append((where, mask, old, inside, expected))
        p_values.append(p)
    q_values = stats.false_discovery_control(p_values)
    assert found.tried == len(judged)
    assert found.overall == pytest.approx(now.values.mean())
    assert (found.n, found.available) == (6000, 18_000)
    told = {s.where: s for s in found.segments}
    assert (("c0", "b"),) in told
    assert [s.extra for s in found.segments] == sorted((s.extra for s in found.segments), reverse=True)
    for (where, mask, old, inside, expected), p, q in zip(judged, p_values, q_values, strict=True):
        if where not in told:
            continue
        one = told[where]
        assert (one.n, one.value, one.against) == (
            len(inside),
            pytest.approx(inside.mean()),
            pytest.approx(expected),
        )
        assert one.difference == pytest.approx(inside.mean() - expected)
        harm = (expected - inside.mean()) * (1 if proportion else -1)
        assert one.extra == pytest.approx(3 * len(inside) * harm)
        assert one.p_value == pytest.approx(p, rel=1e-5, abs=0)
        assert one.q_value == pytest.approx(q, rel=1e-5, abs=0)
        assert one.n_against == ((~mask).sum() if against == "rest" else old.sum())
        assert (one.reference, one.n_reference) == (pytest.approx(then.values[old].mean()), old.sum())
        miss = LEVEL * len(told) / len(judged)
        assert one.difference_low < one.difference < one.difference_high
        if proportion:
            limits = stats.binomtest(int(inside.sum()), len(inside)).proportion_ci(1 - miss, method="wilson")
            assert (one.low, one.high) == pytest.approx((limits.low, limits.high))
        else:
            half = stats.t(len(inside) - 1).ppf(1 - miss / 2) * stats.sem(inside)
            assert (one.low, one.high) == pytest.approx((inside.mean() - half, inside.mean() + half))
