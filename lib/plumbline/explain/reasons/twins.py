"""Near-twin inputs: columns that rise and fall together, so that how weight is split between them is arbitrary.

Two equally good trainings, or a copy of an input beside it, change which of them comes first among the reasons of a
decision (Aas, Jullum and Løland 2021, Artificial Intelligence 298).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plumbline.domain import FloatArray

if TYPE_CHECKING:
    import pandas as pd

#: the absolute rank correlation from which two inputs are one thing to a reader
CORRELATED = 0.9
#: rows that both inputs have a value in
FEWEST_ROWS = 100
#: inputs that are compared with each other: the work grows with their square
MOST_INPUTS = 500


@dataclass(frozen=True, slots=True)
class Twins:
    """Inputs each of which is correlated with another of them; ``correlation``: the weakest of these links, signed."""

    features: tuple[str, ...]
    correlation: float
    n: int


def twins(values: pd.DataFrame, features: Sequence[str]) -> tuple[Twins, ...]:
    """The sets of near-twins among numbers and yes/no columns, largest first.

    Args:
        values: a row a decision, a column a feature; text of more than two levels is passed over.
        features: the inputs to look at, most important first; beyond ``MOST_INPUTS`` they are left out.

    Two inputs are linked where Spearman's correlation over the rows in which both have a value is at least
    ``CORRELATED`` in size; a set is what hangs together by links.
    """
    columns = [(name, _numbers(values[name])) for name in features if name in values.columns][:MOST_INPUTS]
    names = [name for name, column in columns if column is not None]
    table = (
        np.column_stack([column for _, column in columns if column is not None])
        if names
        else np.empty((0, 0))
    )
    links = _links(table)
    return tuple(
        Twins(
            tuple(names[i] for i in group),
            min((r for (i, j), (r, _) in links.items() if i in group), key=abs),
            min(n for (i, j), (_, n) in links.items() if i in group),
        )
        for group in _groups(len(names), links)
    )


def _numbers(column: pd.Series) -> FloatArray | None:
    """The column as numbers, NaN where missing; None for a text of other than two levels, or a constant."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype):
        as_numbers = column.to_numpy(float, na_value=np.nan)
    else:
        codes, levels = pd.factorize(column, sort=True)
        if len(levels) != 2:
            return None
        as_numbers = np.where(codes < 0, np.nan, codes.astype(float))
    present_values = as_numbers[np.isfinite(as_numbers)]
    return (
        as_numbers
        if len(present_values) >= FEWEST_ROWS and present_values.min() < present_values.max()
        else None
    )


def _links(table: FloatArray) -> dict[tuple[int, int], tuple[float, int]]:
    """Pairs of columns of (n, d) that are linked: their correlation, and the rows that it rests on."""
    from scipy.stats import rankdata

    if table.shape[1] < 2:
        return {}
    # a first look with missing values at the middle rank; a pair that it puts far below cannot be linked unless
    # much is missing, and then it is looked at all the same
    present = np.isfinite(table)
    ranks = np.column_stack([_average_ranks(column) for column in table.T])
    spread = ranks.std(axis=0)
    first = (ranks - ranks.mean(axis=0)).T @ (ranks - ranks.mean(axis=0)) / len(ranks)
    first /= np.outer(spread, spread)
    scarce = present.mean(axis=0) < 0.9
    near = (np.abs(first) >= CORRELATED - 0.2) | scarce[:, None] | scarce[None, :]
    links = {}
    for i, j in zip(*np.nonzero(np.triu(near, 1)), strict=True):
        both = present[:, i] & present[:, j]
        n = int(both.sum())
        if n < FEWEST_ROWS:
            continue
        rank, other_rank = rankdata(table[both, i]), rankdata(table[both, j])
        if rank.std() == 0 or other_rank.std() == 0:
            continue
        r = float(np.corrcoef(rank, other_rank)[0, 1])
        if abs(r) >= CORRELATED:
            links[int(i), int(j)] = (r, n)
    return links


def _average_ranks(column: FloatArray) -> FloatArray:
    from scipy.stats import rankdata

    ranks = np.full(len(column), np.nan)
    present = np.isfinite(column)
    ranks[present] = rankdata(column[present])
    return np.where(present, ranks, np.nanmean(ranks))


def _groups(d: int, links: dict[tuple[int, int], tuple[float, int]]) -> list[list[int]]:
    """What hangs together, by the place of its first column; single columns are left out."""
    leader = list(range(d))

    def root(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    for i, j in links:
        a, b = sorted((root(i), root(j)))
        leader[b] = a
    groups: dict[int, list[int]] = {}
    for i in range(d):
        groups.setdefault(root(i), []).append(i)
    return sorted(
        (group for group in groups.values() if len(group) > 1), key=lambda group: (-len(group), group)
    )
