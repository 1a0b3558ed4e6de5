"""Contributions by asking the model: to a probability, and of models that are neither trees nor linear.

Contributions to log-odds cannot be turned into contributions to a probability: the link is not additive. The
game is therefore the score itself (see ``shapley``), over the inputs that the model uses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plumbline.domain import FloatArray, PlumblineError
from plumbline.domain.messages import message
from plumbline.explain.model import CodedModel, column_margins, complete
from plumbline.explain.shap.permutation import row_seed, split
from plumbline.explain.shap.tree_path_dependent import to_score
from plumbline.explain.trees import BoolArray

#: decisions at a time in probability; a model that can only be asked is given as many as there is time for
MOST_ROWS = 20


@dataclass(frozen=True, slots=True)
class Contributions:
    """Contributions (n, d) and the base; where they are estimates, standard errors (n, d) and the seeds (n,)."""

    parts: FloatArray
    base: float
    errors: FloatArray | None = None
    seeds: FloatArray | None = None


def sampled_contributions(
    model: CodedModel,
    rows: FloatArray,
    background: FloatArray | None,
    *,
    output: int = 0,
    trees: int = 0,
    probability: bool = False,
) -> Contributions:
    """Contributions of rows (n, d) to one output, its margin or its score, against ``background`` (b, d).

    NaN for a row that lacks a value which the model needs. Raises PlumblineError without a background.
    """
    if background is None or not len(background):
        raise PlumblineError(
            "Contributions in probability need a background"
            if probability
            else message("A {format} model of this kind needs a background", format=model.format),
            todo="Load decisions of a healthy reference.",
        )
    rows = np.asarray(rows, np.float64)
    columns, known = model.coding.code(rows), model.coding.code(np.asarray(background, np.float64))
    whole, sound = complete(model, columns), complete(model, known)
    if not sound.any():
        raise PlumblineError("No row of the background has a value for every input of the model")
    names = model.coding.names
    used = sorted(np.flatnonzero(model.used_inputs).tolist(), key=lambda feature: names[feature])
    player = np.full(len(names), -1, np.int64)
    player[used] = np.arange(len(used))
    seeds = [row_seed([names[f] for f in used], row[used]) for row in rows]

    def coalition_value(block: FloatArray) -> FloatArray:
        block_margins = column_margins(model, block, trees)
        return (to_score(model.link, block_margins) if probability else block_margins)[:, output]

    usable_seeds = [seed for seed, fits in zip(seeds, whole.tolist(), strict=True) if fits]
    contributions = split(
        coalition_value,
        columns[whole],
        known[sound],
        player[model.coding.owners],
        len(used),
        usable_seeds,
        model.orders,
    )
    parts = _spread(contributions.parts, whole, used, len(names))
    if contributions.errors is None:
        return Contributions(parts, contributions.base)
    return Contributions(
        parts,
        contributions.base,
        _spread(contributions.errors, whole, used, len(names)),
        np.array(seeds, np.float64),
    )


def _spread(values: FloatArray, whole: BoolArray, used: list[int], width: int) -> FloatArray:
    """By players of complete rows to by inputs (n, d) of all rows."""
    spread = np.zeros((len(whole), width))
    spread[~whole] = np.nan
    spread[np.flatnonzero(whole)[:, None], np.array(used, np.int64)[None, :]] = values
    return spread


def probability_contributions(
    model: CodedModel, rows: FloatArray, background: FloatArray | None, *, output: int = 0, trees: int = 0
) -> Contributions:
    """Contributions (n, d) to the score of one output against ``background`` (b, d), and the mean score there.

    Raises PlumblineError without a background, or for more than ``MOST_ROWS`` rows.
    """
    if len(rows) > MOST_ROWS:
        raise PlumblineError(
            message(
                "Contributions in probability are made for {most_rows} decisions at a time; here are {rows}",
                most_rows=str(MOST_ROWS),
                rows=str(len(rows)),
            ),
            todo="Use log-odds.",
        )
    return sampled_contributions(model, rows, background, output=output, trees=trees, probability=True)
