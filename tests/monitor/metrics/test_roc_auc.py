"""What rests on the order of scores: by number against scikit-learn and DeLong, in cells within the bound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from plumbline.domain import NumberedScores
from plumbline.monitor.metrics.counts import Counts, counts_of
from plumbline.monitor.metrics.roc_auc import rank_scores
from plumbline.monitor.metrics.score_metrics import (
    average_precision,
    average_precision_bound,
    ranked_scores,
    roc_auc,
    roc_auc_bound,
)
from tests.monitor.outcomes import classified


def scores(group: np.ndarray, number: np.ndarray, true: np.ndarray, elsewhere: list[int]) -> NumberedScores:
    """One entry a decision."""
    return NumberedScores(
        group=group.astype(np.int64), number=number.astype(np.int64), negative=1 - true, positive=true,
        elsewhere=np.array(elsewhere, np.int64),
    )  # fmt: skip


def delong(number: np.ndarray, true: np.ndarray) -> float:
    """DeLong, DeLong and Clarke-Pearson (1988), every pair compared."""
    x, y = number[true == 1], number[true == 0]
    if len(x) < 2 or len(y) < 2:
        return float("nan")
    wins = (x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :])
    return float(np.sqrt(wins.mean(1).var(ddof=1) / len(x) + wins.mean(0).var(ddof=1) / len(y)))


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(-(2**30), 2**30) | st.integers(0, 4), st.booleans()),
        min_size=1, max_size=60,
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_scores_by_number_give_what_scikit_learn_gives(rows: list[tuple[int, int, bool]]) -> None:
    group, number, true = (np.array(column, int) for column in zip(*rows, strict=True))
    number = np.abs(number)
    held = rank_scores(scores(group, number, true, [0, 5, 0]))
    assert held.whole.tolist() == [True, False, True]
    auc, precision, se = held.auc(), held.average_precision(), held.auc_se()
    for chunk in range(3):
        s, y = number[group == chunk], true[group == chunk]
        both = 0 < y.sum() < len(y)
        assert auc[chunk] == pytest.approx(sk.roc_auc_score(y, s) if both else np.nan, nan_ok=True)
        truth = sk.average_precision_score(y, s) if y.any() else np.nan
        assert precision[chunk] == pytest.approx(truth, nan_ok=True)
        assert se[chunk] == pytest.approx(delong(s, y), nan_ok=True, abs=1e-9)
        assert held.positives[chunk] == y.sum()
        assert held.negatives[chunk] == len(y) - y.sum()


def coarse(cells: int = 20) -> tuple[Counts, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    day, true = np.repeat([0, 1], 300), rng.integers(0, 2, 600)
    score = np.round(np.clip(rng.normal(0.4 + 0.2 * true, 0.2), 0.001, 0.999), 4)
    return counts_of(classified(day, (score > 0.5).astype(int), true, score, cells=cells)), day, score, true


def test_figures_are_exact_where_all_scores_are_known_and_bounded_elsewhere() -> None:
    counts, day, score, true = coarse()
    number = (score * 10_000).round().astype(int)
    truths = [
        (f(true[day == d], score[day == d]))
        for f in (sk.roc_auc_score, sk.average_precision_score)
        for d in (0, 1)
    ]
    some = replace(counts, numbered=scores(day, number, true, [0, 7]))
    whole = replace(counts, numbered=scores(day, number, true, [0, 0]))
    for name, value, bound in ((0, roc_auc, roc_auc_bound), (2, average_precision, average_precision_bound)):
        cells, wide = value(counts), bound(counts)
        assert (wide > 0.002).all()
        assert (np.abs(cells - truths[name : name + 2]) <= wide).all()
        assert value(whole) == pytest.approx(truths[name : name + 2])
        assert bound(whole).tolist() == [0.0, 0.0]
        assert value(some) == pytest.approx([truths[name], cells[1]])
        assert bound(some) == pytest.approx([0.0, wide[1]])
    none = replace(counts, numbered=scores(day[:0], number[:0], true[:0], [300, 300]))
    assert ranked_scores(none) is None
    assert ranked_scores(counts) is None
    assert ranked_scores(whole) is not None


def extremes(day: int, counts: Counts, measure) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    """The least and most that any order within the cells gives."""
    found = []
    for positives_first in (True, False):
        s, y = [], []
        for cell in range(counts.cells.shape[2]):
            negative, positive = counts.cells[day, :, cell].astype(int)
            s += [cell + 0.5 * (not positives_first)] * negative + [cell + 0.5 * positives_first] * positive
            y += [0] * negative + [1] * positive
        found.append(measure(y, s))
    return min(found), max(found)


def test_the_bound_of_the_auc_is_what_an_order_within_cells_can_do() -> None:
    counts, *_ = coarse(8)
    for day in (0, 1):
        low, high = extremes(day, counts, sk.roc_auc_score)
        assert roc_auc(counts)[day] == pytest.approx((low + high) / 2)
        assert roc_auc_bound(counts)[day] == pytest.approx((high - low) / 2)


def test_the_bound_of_the_precision_is_all_negatives_of_a_cell_first_or_none_of_them() -> None:
    counts, *_ = coarse(8)
    for day in (0, 1):
        hits, steps, y, found, passed = counts.cells[day, 1].sum(), 0.0, [], 0.0, 0.0
        for negative, positive in counts.cells[day, :, ::-1].T.astype(int):
            found += positive
            steps += positive * found / max(found + passed, 1)
            passed += negative
            y += [0] * negative + [1] * positive
        worst = sk.average_precision_score(y, range(len(y), 0, -1))
        value = average_precision(counts)[day]
        assert average_precision_bound(counts)[day] == pytest.approx(max(steps / hits - value, value - worst))
