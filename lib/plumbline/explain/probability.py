"""Contributions in probability: exact interventional Shapley values of the score itself, where that can be afforded.

Contributions to log-odds cannot be turned into contributions to a probability: the link is not additive. The
game is therefore the score: a coalition's value is the mean score over the background with the coalition's inputs
taken from the row. Over the 2^m coalitions of the m inputs that the model uses this is exact (Shapley 1953);
beyond ``MOST_EXACT`` inputs it is refused, and log-odds remain.
"""

from __future__ import annotations

from math import factorial

import numpy as np

from plumbline.domain import FloatArray, IntArray, PlumblineError
from plumbline.explain.coded import CodedModel, margins
from plumbline.explain.trees import BoolArray
from plumbline.explain.treeshap import to_score

MOST_EXACT = 10
MOST_ROWS = 20


def probability_contributions(
    model: CodedModel, rows: FloatArray, background: FloatArray | None, *, output: int = 0, trees: int = 0
) -> tuple[FloatArray, float]:
    """Contributions (n, d) to the score of one output against ``background`` (b, d), and the mean score there.

    Raises PlumblineError without a background, for more than ``MOST_EXACT`` used inputs or ``MOST_ROWS`` rows.
    """
    if background is None or not len(background):
        raise PlumblineError(
            "Contributions in probability need a background", todo="Load decisions of a healthy reference."
        )
    inputs = np.flatnonzero(model.used)
    m = len(inputs)
    if m > MOST_EXACT or len(rows) > MOST_ROWS:
        raise PlumblineError(
            f"Contributions in probability are exact up to {MOST_EXACT} inputs and {MOST_ROWS} decisions at a time; "
            f"here are {m} and {len(rows)}",
            todo="Use log-odds.",
        )
    coalition = (np.arange(2**m)[:, None] >> np.arange(m)[None, :]) & 1 == 1
    size = coalition.sum(axis=1)
    weight = np.array(
        [factorial(k) * factorial(m - k - 1) / factorial(m) if k < m else 0.0 for k in range(m + 1)]
    )
    found = np.zeros((len(rows), len(model.coding.names)))
    base = 0.0
    for place, row in enumerate(np.asarray(rows, np.float64)):
        worth = _worth(model, row, background, inputs, coalition, output, trees)
        base = float(worth[0])
        for j, feature in enumerate(inputs.tolist()):
            without = np.flatnonzero(~coalition[:, j])
            gain = worth[without + (1 << j)] - worth[without]
            found[place, feature] = float((weight[size[without]] * gain).sum())
    return found, base


def _worth(
    model: CodedModel, row: FloatArray, background: FloatArray, inputs: IntArray, coalition: BoolArray,
    output: int, trees: int,
) -> FloatArray:  # fmt: skip
    """The mean score of each coalition (2^m,)."""
    worth = np.empty(len(coalition))
    step = max(1, 40_000 // len(background))
    for begin in range(0, len(coalition), step):
        chosen = coalition[begin : begin + step]
        block = np.repeat(background[None], len(chosen), axis=0)
        block[:, :, inputs] = np.where(chosen[:, None, :], row[inputs], block[:, :, inputs])
        flat = block.reshape(-1, background.shape[1])
        scores = to_score(model.link, margins(model, flat, trees))[:, output]
        worth[begin : begin + step] = scores.reshape(len(chosen), -1).mean(axis=1)
    return worth
