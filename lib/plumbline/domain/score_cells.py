"""How scores are told apart when they are counted: by a number that follows their odds, and by fixed cells.

Neither depends on a log. A number stands for odds that agree to about one part in three million. A cell is a
thousandth wide, or 2 % of the odds where that is narrower: towards 0 and 1, where the scores of a rare class lie.
"""

from __future__ import annotations

import numpy as np

from plumbline.domain.profiles import FloatArray, IntArray

#: numbers begin at these log-odds (exp(-700) is 1e-304) and there are so many of them to a unit
LEAST_LOG_ODDS, PER_UNIT = -700.0, 3e6
#: the step of the cells in log-odds, how far they reach, and their greatest width
STEP, REACH, WIDEST = 0.02, 14.0, 0.001


def score_numbers(scores: FloatArray) -> IntArray:
    """The number of each score in [0, 1], (n,) to (n,): ascending with the score, below 2**32 - 2."""
    with np.errstate(divide="ignore"):
        odds = np.log(scores) - np.log1p(-scores)
    odds = np.clip(odds, LEAST_LOG_ODDS, -LEAST_LOG_ODDS)
    return np.asarray(np.rint((odds - LEAST_LOG_ODDS) * PER_UNIT), np.int64)


def _edges() -> FloatArray:
    odds = np.arange(-REACH, 0.0, STEP)
    low = 1 / (1 + np.exp(-odds))
    low = low[low * (1 - low) * STEP < WIDEST]
    thousandths = np.arange(1, round(1 / WIDEST)) * WIDEST
    return np.union1d(np.concatenate([low, 1 - low]), np.round(thousandths, 3))


#: the inner edges of the cells; cell i holds edges[i-1] < score <= edges[i], told by their numbers
SCORE_EDGES = _edges()
SCORE_CELLS = len(SCORE_EDGES) + 1
EDGE_NUMBERS = score_numbers(SCORE_EDGES)
#: the equal cells that workspaces of earlier versions were counted on
EQUAL_CELLS = 1000


def score_ends(cells: int) -> FloatArray:
    """Where so many cells begin and end, (cells + 1,): today's, or equal ones for any other number of them."""
    if cells == SCORE_CELLS:
        return np.concatenate([[0.0], SCORE_EDGES, [1.0]])
    return np.linspace(0.0, 1.0, cells + 1)


def score_middles(cells: int) -> FloatArray:
    """The middle of each of so many cells, (cells,)."""
    ends = score_ends(cells)
    return np.asarray((ends[1:] + ends[:-1]) / 2)


def score_halves(cells: int) -> FloatArray:
    """Half the width of each of so many cells, (cells,): the most by which its middle is off."""
    return np.asarray(np.diff(score_ends(cells)) / 2)
