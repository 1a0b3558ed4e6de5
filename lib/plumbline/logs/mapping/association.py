"""Which columns belong together: a score and the class it decides, probabilities and their classes, two numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from plumbline.logs.mapping.classes import fold
from plumbline.logs.mapping.column_facts import ColumnFacts, canonical_spelling

_MAX_SUBSET = 10


def classes_of(facts: ColumnFacts) -> NDArray[np.object_]:
    """(cells,) the class of each cell in its canonical spelling, None where there is none."""
    known = facts.spellings
    return np.array(
        [known.get(canonical_spelling(c.strip())) if c is not None else None for c in facts.cells],
        dtype=object,
    )


def separation(score: NDArray[np.float64], classes: NDArray[np.object_]) -> tuple[float, str]:
    """How well a cut of the score tells two classes apart.

    Returns:
        the share of rows that the best cut gets right (0 where there are not two classes), and the class above it.
    """
    known = np.array([c is not None for c in classes]) & ~np.isnan(score)
    names = sorted({str(c) for c in classes[known]})
    if len(names) != 2 or known.sum() < 8:
        return 0.0, ""
    order = np.argsort(score[known], kind="stable")
    values = score[known][order]
    second = (classes[known] == names[1])[order]
    below = np.concatenate(([0], np.cumsum(second)))  # of the second class among the k lowest
    k = np.arange(len(values) + 1)
    right = (k - below) + (below[-1] - below)  # the first class below the cut, the second above
    cut = np.concatenate(([True], values[1:] != values[:-1], [True]))
    up, down = np.where(cut, right, -1).max(), np.where(cut, len(values) - right, -1).max()
    return (float(up) / len(values), names[1]) if up >= down else (float(down) / len(values), names[0])


def agreement(a: ColumnFacts, b: ColumnFacts) -> float:
    """Cohen's kappa of two columns of classes over the rows that have both: 1 all alike, 0 no more than by chance."""
    x = np.array([c and fold(str(c)) for c in classes_of(a)], dtype=object)
    y = np.array([c and fold(str(c)) for c in classes_of(b)], dtype=object)
    both = np.array([p is not None and q is not None for p, q in zip(x, y, strict=True)])
    if both.sum() < 8:
        return 0.0
    names = sorted({*x[both], *y[both]})
    alike = float(np.mean(x[both] == y[both]))
    chance = sum(float(np.mean(x[both] == name)) * float(np.mean(y[both] == name)) for name in names)
    return (alike - chance) / (1 - chance) if chance < 1 else 0.0


def auc_of_column(score: NDArray[np.float64], classes: NDArray[np.object_], positive: str) -> float:
    """ROC AUC of a score for a class by ranks (Mann-Whitney, ties counted half); 0.5 where it has no meaning."""
    known = np.array([c is not None for c in classes]) & ~np.isnan(score)
    _, place, counts = np.unique(score[known], return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    hit = classes[known] == positive
    n, m = int(hit.sum()), int((~hit).sum())
    return float((ranks[hit].sum() - n * (n + 1) / 2) / (n * m)) if n and m else 0.5


def probability_columns(columns: Sequence[ColumnFacts]) -> tuple[ColumnFacts, ...]:
    """The largest set of columns in [0, 1] that add up to 1 in 99 of 100 rows; empty where there is none."""
    usable = [c for c in columns if c.numeric and c.distinct > 2][:_MAX_SUBSET]
    matrix = {c.name: c.numerals.values for c in usable}
    for size in range(len(usable), 1, -1):
        for chosen in combinations(usable, size):
            total = np.sum([matrix[c.name] for c in chosen], axis=0)
            there = ~np.isnan(total)
            if there.sum() > 8 and np.mean(np.abs(total[there] - 1) < 0.011) > 0.99:
                return chosen
    return ()


def classes_by_argmax(
    columns: Sequence[ColumnFacts], prediction: ColumnFacts
) -> tuple[dict[str, str], float]:
    """Column -> the class that is predicted where that column is the largest, and how often that holds."""
    matrix = np.stack([c.numerals.values for c in columns])
    classes = classes_of(prediction)
    known = np.array([c is not None for c in classes]) & ~np.isnan(matrix).any(axis=0)
    if not known.any():
        return {}, 0.0
    top = matrix[:, known].argmax(axis=0)
    by_class, agree = {}, 0
    for i, column in enumerate(columns):
        names, counts = np.unique(classes[known][top == i].astype(str), return_counts=True)
        if len(names):
            by_class[column.name] = str(names[counts.argmax()])
            agree += int(counts.max())
    if len(set(by_class.values())) < len(by_class):
        return {}, 0.0
    return by_class, agree / int(known.sum())


def correlation(a: ColumnFacts, b: ColumnFacts) -> float:
    """Pearson's correlation of two columns over the rows that have both; 0 where it has no meaning."""
    x, y = a.numerals.values, b.numerals.values
    both = ~np.isnan(x) & ~np.isnan(y)
    if both.sum() < 8 or x[both].std() == 0 or y[both].std() == 0:
        return 0.0
    return float(np.corrcoef(x[both], y[both])[0, 1])


def is_same_scale(a: ColumnFacts, b: ColumnFacts) -> bool:
    """Whether two columns hold numbers of the same size: their medians within a factor of 1.5."""
    x, y = float(np.nanmedian(a.numerals.values)), float(np.nanmedian(b.numerals.values))
    return x * y > 0 and 1 / 1.5 < x / y < 1.5
