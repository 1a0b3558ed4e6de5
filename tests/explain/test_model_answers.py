"""Models by their inputs, and what whole parts of a tree give: columns of inputs, margins, contributions, subtrees and
tables by pattern, on random ensembles. Contributions add up by ``test_model.py`` and are held against brute force by
the tests of ``shap``; here the steps on the way, looked at by sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.columns import InputCoding, InputColumn, identity_coding
from plumbline.explain.model import (
    BlackBoxModel,
    CodedModel,
    Weights,
    column_margins,
    complete,
    contributions,
    linear_model,
    margins,
    tree_model,
)
from plumbline.explain.shap import leaf_tables, rank_codes
from tests.explain.ensembles import random_ensemble
from tests.known_answers import Table, differences

NAN = float("nan")
VALUES = np.array([NAN, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 1.9, 2.0, 3.0, np.inf, -np.inf])


def _refusal(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except PlumblineError as error:
        return str(error)


def _columns() -> Iterator[tuple[str, Any]]:
    columns = {
        "raw": InputColumn(feature=0), "filled": InputColumn(feature=0, fill=2.5),
        "moved": InputColumn(feature=0, shift=1.0, scale=-2.0),
        "table": InputColumn(feature=0, table=(5.0, 6.0, 7.0)), "one entry": InputColumn(feature=0, table=(9.0,)),
        "table moved": InputColumn(feature=0, table=(5.0, 6.0, NAN), shift=0.5, scale=2.0),
        "flat": InputColumn(feature=0, scale=0.0),
    }  # fmt: skip
    for name, column in columns.items():
        with np.errstate(invalid="ignore"):
            yield name, [column.is_raw, column.values(VALUES)]
            for shift, scale in ((0.0, 1.0), (1.5, 2.0), (-1.0, 0.0)):
                yield (
                    f"{name}, after {shift} and {scale}",
                    [column.rescale(shift, scale), column.rescale(shift, scale).values(VALUES)],
                )
    coding = InputCoding(
        ("a", "b", "c"), (None, ("x", "y"), None), (columns["raw"], InputColumn(feature=1, table=(1.0, 0.0, 0.0)),
        InputColumn(feature=1, table=(0.0, 1.0, 0.0)), InputColumn(feature=0, scale=3.0)),
    )  # fmt: skip
    rows = np.array([[1.0, 0.0, 2.0], [NAN, 1.0, 3.0], [2.0, NAN, 4.0]])
    yield "coding", [coding.owners, coding.code(rows), coding.sum_by_input(np.arange(8.0).reshape(2, 4))]
    for used in ([True] * 4, [False] * 4, [False, True, False, False], [True, False, False, False]):
        yield f"used {used}", coding.used_inputs(np.array(used))
    for shape in ((2, 2), (2, 4), (3,)):
        yield f"rows {shape}", _refusal(lambda s=shape: coding.code(np.zeros(s)))
    yield "identity", identity_coding(["a", "b"], [None, ("x",)])


def _models() -> Iterator[tuple[str, Any]]:
    coding = identity_coding(("a", "b", "c"), (None,) * 3)
    rows = np.array([[1.0, 0.5, 2.0], [NAN, 1.0, 3.0], [2.0, -1.0, np.inf], [0.0, 0.0, 0.0]])
    known = np.array([[0.0, 1.0, 2.0], [1.0, 1.0, 1.0], [NAN, 1.0, 1.0]])
    weights = Weights(np.array([[1.0, 0.5], [0.0, 0.0], [-2.0, 0.25]]), np.array([0.5, -0.5]))
    said = {"link": "logit", "objective": "o", "format": "f"}

    def run(x: Any) -> Any:
        return np.stack([x.sum(axis=1), x[:, 0]], axis=1)

    models = {
        "line": linear_model(coding, weights, "logit", "o", "f"),
        "function": CodedModel(coding=coding, core=BlackBoxModel(run, 2), needs_background=True, **said),
        "function of gaps": CodedModel(
            coding=coding, core=BlackBoxModel(run, 2, missing=True, cost=40.0), **said
        ),
    }
    for seed in range(6):
        rng = np.random.default_rng([661, seed])
        more = {"base": np.array([0.5, -1.0]), "tree_output": np.arange(4) % 2} if seed % 2 else {}
        ensemble = random_ensemble(rng, 3, 4, 3, **more)
        models[f"trees {seed}"] = tree_model(ensemble, needs_background=seed == 4)
    for name, model in models.items():
        with np.errstate(invalid="ignore"):
            yield name, [
                model.outputs, model.used_inputs, model.orders, model.best_trees, model.trees, margins(model, rows),
                margins(model, rows, 2), complete(model, rows), column_margins(model, rows[1:2]),
            ]  # fmt: skip
            for output in (-1, 0, 1, 2):
                for background in (None, known, known[2:]):
                    told = "none" if background is None else len(background)
                    found = _refusal(
                        lambda m=model, o=output, b=background: contributions(m, rows, output=o, background=b)
                    )
                    yield f"{name}, output {output}, background {told}", found
    for name, held in {
        "weights too short": Weights(np.ones((2, 1)), np.zeros(1)),
        "base too long": Weights(np.ones((3, 1)), np.zeros(2)),
        "no number": Weights(np.full((3, 1), NAN), np.zeros(1)),
        "endless base": Weights(np.ones((3, 1)), np.array([np.inf])),
    }.items():  # fmt: skip
        yield name, _refusal(lambda w=held: linear_model(coding, w, "identity", "o", "f"))


def _patterns() -> Iterator[tuple[str, Any]]:
    for rows in (0, 1, 2**11, 2**12 - 1, 2**12, 2**14, 2**15, 10**9):
        yield f"{rows} rows", leaf_tables.pattern_bits(rows)
    for m in range(1, 7):
        rng = np.random.default_rng([662, m])
        ratio = rng.uniform(0.1, 0.9, m)
        yield (
            f"shares of {m}",
            [leaf_tables.pattern_shares(ratio, 2.0), leaf_tables._nodes(m), leaf_tables._bit_removal(m)],
        )
    for place in (0, 1, 2):
        yield f"bit {place}", [leaf_tables._bit(3, place, wanted, 2) for wanted in (False, True)]
    for seed in range(8):
        rng = np.random.default_rng([663, seed])
        ensemble = random_ensemble(rng, 3, 2, 4)
        x = np.where(rng.random((3, 9)) < 0.2, NAN, np.round(rng.normal(size=(3, 9)), 1))
        ranks = rank_codes.rank_rows(ensemble, x)
        found = [
            ranks.ways,
            ranks.rank,
            len(ranks.columns),
            rank_codes.leaf_sums(ranks, 1),
            rank_codes.leaf_sums(ranks, 2),
        ]
        for bits in (1, 3, 8):
            parts = [p for tree in (0, 1) for p in leaf_tables.subtrees(ensemble, tree, bits)]
            found.append([[p.root, sorted(p.above.items()), sorted(p.ratio.items())] for p in parts])
            out = np.zeros((3, 9))
            leaf_tables.add_leaf_tables(ranks, out, output=0, trees=seed % 3, bits=bits)
            found.append(out)
            if parts:
                features, inner, table = leaf_tables.tabulate(ensemble, parts[0])
                found.append(
                    [features, inner, table.sum(axis=1), leaf_tables._codes(ranks, parts[0], inner, 1, 8)]
                )
        yield f"ensemble {seed}", found


TABLES: dict[str, Table] = {"columns": _columns, "models": _models, "patterns": _patterns}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
