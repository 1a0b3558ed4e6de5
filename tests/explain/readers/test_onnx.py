"""Trees of hand-made ONNX graphs, in every way a split can compare, against onnx's own reference evaluator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.model import margins
from plumbline.explain.readers.onnx import read_onnx
from plumbline.explain.shap.tree_path_dependent import to_score

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT")
ROWS = (np.random.default_rng(0).integers(-6, 7, (80, 3)) / 4).astype(
    np.float32
)  # as often on a threshold as not
HOLED = np.where(np.random.default_rng(1).random(ROWS.shape) < 0.15, np.nan, ROWS).astype(np.float32)


def attributes(seed: int, outputs: int, what: str, trees: int = 3) -> dict[str, Any]:
    """Random trees of three levels, whose nodes are numbered in no order."""
    rng = np.random.default_rng(seed)
    held: dict[str, list[Any]] = {f"nodes_{n}": [] for n in (
        "treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids",
        "missing_value_tracks_true",
    )}  # fmt: skip
    held |= {f"{what}_{n}": [] for n in ("treeids", "nodeids", "ids", "weights")}
    for tree in range(trees):
        names = rng.permutation(30)[:15].tolist()
        for at in range(15):
            leaf = at >= 7
            held["nodes_treeids"].append(tree * 2 + 1)
            held["nodes_nodeids"].append(names[at])
            held["nodes_featureids"].append(0 if leaf else int(rng.integers(3)))
            held["nodes_values"].append(0.0 if leaf else float(rng.integers(-5, 6) / 4))
            held["nodes_modes"].append("LEAF" if leaf else MODES[int(rng.integers(4))])
            held["nodes_truenodeids"].append(0 if leaf else names[2 * at + 1])
            held["nodes_falsenodeids"].append(0 if leaf else names[2 * at + 2])
            held["nodes_missing_value_tracks_true"].append(0 if leaf else int(rng.integers(2)))
            for output in range(outputs) if leaf else ():
                for part in (
                    (f"{what}_treeids", tree * 2 + 1),
                    (f"{what}_nodeids", names[at]),
                    (f"{what}_ids", output),
                ):
                    held[part[0]].append(part[1])
                held[f"{what}_weights"].append(float(np.round(rng.normal(), 2)))
    return held


def graph(op: str, held: dict[str, Any], inputs: Any = None, steps: tuple[Any, ...] = ()) -> Any:
    out = ["scores"] if op.endswith("Regressor") else ["label", "scores"]
    node = helper.make_node(op, ["x"], out, domain="ai.onnx.ml", **held)
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, None])
    given = inputs or [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])]
    made = helper.make_graph([*steps, node], "g", given, [scores])
    return helper.make_model(
        made, opset_imports=[helper.make_opsetid("ai.onnx.ml", 3), helper.make_opsetid("", 17)]
    )


def ours(model: Any, rows: np.ndarray) -> np.ndarray:
    read = read_onnx(model.SerializeToString())
    return np.asarray(to_score(read.link, margins(read, rows.astype(float))))


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("rows", [ROWS, HOLED], ids=["whole", "holed"])
def test_numbers_are_those_of_the_reference(outputs: int, seed: int, rows: np.ndarray) -> None:
    held = attributes(seed, outputs, "target") | {"n_targets": outputs, "post_transform": "NONE"}
    if seed == 2:
        held["base_values"] = [0.5, -1.0, 2.0][:outputs]
    if rows is ROWS:
        del held["nodes_missing_value_tracks_true"]
    model = graph("TreeEnsembleRegressor", held)
    (truth,) = ReferenceEvaluator(model).run(["scores"], {"x": rows})
    assert ours(model, rows) == pytest.approx(truth, abs=1e-5)
    parsed = read_onnx(model.SerializeToString())
    assert (parsed.outputs, parsed.needs_background) == (outputs, True)


@pytest.mark.parametrize("transform", ["NONE", "SOFTMAX", "LOGISTIC"])
def test_probabilities_of_classes_are_those_of_the_reference(transform: str) -> None:
    held = attributes(3, 3, "class") | {"classlabels_int64s": [0, 1, 2], "post_transform": transform}
    model = graph("TreeEnsembleClassifier", held)
    if transform == "LOGISTIC":  # one against the rest: each by itself
        read = read_onnx(model.SerializeToString())
        assert (read.link, read.outputs) == ("logit", 3)
        return
    (truth,) = ReferenceEvaluator(model).run(["scores"], {"x": ROWS})
    assert ours(model, ROWS) == pytest.approx(truth, abs=1e-5)


@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC"])
@pytest.mark.parametrize("base", [[], [0.25]])
def test_of_two_classes_with_one_weight_it_is_the_second(transform: str, base: list[float]) -> None:
    held = attributes(4, 1, "class") | {"classlabels_strings": ["no", "yes"], "post_transform": transform}
    if base:
        held["base_values"] = base
    model = graph("TreeEnsembleClassifier", held)
    scores = ReferenceEvaluator(model).run(["scores"], {"x": ROWS})[0]
    assert ours(model, ROWS)[:, 0] == pytest.approx(scores[:, 1], abs=1e-5)


def test_of_two_classes_with_two_weights_the_second_is_kept() -> None:
    held = attributes(5, 2, "class") | {"classlabels_int64s": [0, 1], "base_values": [0.1, 0.7]}
    model = graph("TreeEnsembleClassifier", held)
    scores = ReferenceEvaluator(model).run(["scores"], {"x": ROWS})[0]
    assert ours(model, ROWS)[:, 0] == pytest.approx(scores[:, 1], abs=1e-5)
    soft = graph("TreeEnsembleClassifier", held | {"post_transform": "SOFTMAX"})
    scores = ReferenceEvaluator(soft).run(["scores"], {"x": ROWS})[0]
    assert ours(soft, ROWS) == pytest.approx(scores, abs=1e-5)


def test_one_input_a_column_is_named_in_the_order_in_which_they_are_joined() -> None:
    held = attributes(6, 1, "target") | {"n_targets": 1}
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, 1]) for n in ("b", "c", "a")]
    join = helper.make_node("Concat", ["a", "b", "c"], ["x"], axis=1)
    model = graph("TreeEnsembleRegressor", held, inputs, (join,))
    assert read_onnx(model.SerializeToString()).coding.names == ("a", "b", "c")
    (truth,) = ReferenceEvaluator(model).run(["scores"], {n: ROWS[:, i : i + 1] for i, n in enumerate("abc")})
    assert ours(model, ROWS) == pytest.approx(truth, abs=1e-5)
    blocks = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, w]) for n, w in (("a", 2), ("b", 1))]
    with pytest.raises(PlumblineError, match="several blocks"):
        read_onnx(graph("TreeEnsembleRegressor", held, blocks).SerializeToString())
    wide = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 7])]
    assert read_onnx(graph("TreeEnsembleRegressor", held, wide).SerializeToString()).coding.names == tuple(
        f"f{i}" for i in range(7)
    )


@pytest.mark.parametrize(
    "name", [n for n in attributes(1, 1, "target") if n != "nodes_missing_value_tracks_true"]
)
@pytest.mark.parametrize("change", ["shorter", "longer", "gone"])
def test_lists_that_do_not_fit_each_other_are_refused(name: str, change: str) -> None:
    held = attributes(1, 1, "target") | {"n_targets": 1}
    if change == "gone":
        del held[name]
    else:
        held[name] = held[name][:-1] if change == "shorter" else [*held[name], held[name][-1]]
    with pytest.raises(PlumblineError, match="was refused"):
        read_onnx(graph("TreeEnsembleRegressor", held).SerializeToString())


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"base_values": [1.0, 2.0]}, "base values and its outputs"), ({"aggregate_function": "MIN"}, "not added up"),
        ({"nodes_nodeids": [1] * 45}, "names a node twice"), ({"target_ids": [1000] * 24}, "output that is not there"),
        ({"target_ids": [-1] * 24}, "output that is not there"), ({"post_transform": "PROBIT"}, "made by 'PROBIT'"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_refused_by_name(changed: dict[str, Any], why: str) -> None:
    held = attributes(1, 1, "target") | {"n_targets": 1} | changed
    with pytest.raises(PlumblineError, match=why):
        read_onnx(graph("TreeEnsembleRegressor", held).SerializeToString())
