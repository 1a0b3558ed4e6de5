"""Tree ensembles in ONNX files, read as arrays; the graph is never run.

Reads ``TreeEnsembleClassifier`` and ``TreeEnsembleRegressor`` of ai.onnx.ml. The file holds no training counts
(converters write ones), so that path-dependent contributions are not defined: a background is needed. Imports
onnx for its protobuf reader only, in the child process.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from plumbline.domain import FloatArray, IntArray
from plumbline.domain.extras import need_module
from plumbline.explain.model import CodedModel, tree_model
from plumbline.explain.trees import (
    MAX_FEATURES,
    MAX_NODES,
    MAX_TREES,
    MISSING_NAN,
    RawTree,
    TreeEnsemble,
    check_ensemble,
    join_trees,
    refuse,
)
from plumbline.wording.quantities import count

FORMAT = "ONNX tree ensemble"
_TREES = ("TreeEnsembleClassifier", "TreeEnsembleRegressor")
#: steps that do not change what the trees say of a row
_HARMLESS = ("ZipMap", "Cast", "Identity", "Reshape", "Flatten", "Concat", "ArrayFeatureExtractor", "Squeeze")
_MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "LEAF")
_LINKS = {"NONE": "identity", "LOGISTIC": "logit", "SOFTMAX": "softmax"}


def read_onnx(body: bytes) -> CodedModel:
    """The tree ensemble of an ONNX file. Raises PlumblineError for other graphs and for damaged ones."""
    need_module("onnx")
    import onnx

    try:
        graph = onnx.ModelProto.FromString(body).graph
    except Exception as error:  # protobuf's own error
        raise refuse("it is not a readable ONNX file") from error
    trees_nodes = [node for node in graph.node if node.op_type in _TREES]
    others = sorted({n.op_type for n in graph.node if n.op_type not in (*_TREES, *_HARMLESS)})
    if len(trees_nodes) != 1 or others:
        what = (
            f"its graph has {', '.join(others[:3])}"
            if others
            else f"it has {len(trees_nodes)} tree ensembles"
        )
        raise refuse(f"{what}; an ONNX file with one tree ensemble and no step before it is read")
    node = trees_nodes[0]
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    names = _names(graph, node, attributes)
    trees, places = _read(attributes, "class" if node.op_type == _TREES[0] else "target", len(names))
    return _ensemble(node.op_type, attributes, names, trees, places)


def _names(graph: Any, node: Any, attributes: dict[str, Any]) -> tuple[str, ...]:
    """One name an input column: the graph's inputs, or f0, f1 and so on where one input holds them all."""
    widths = []
    for given in graph.input:
        shape = [d.dim_value for d in given.type.tensor_type.shape.dim]
        widths.append((given.name, shape[1] if len(shape) == 2 else 1))
    joined = [n for n in graph.node if n.op_type == "Concat"]
    if joined:
        order = {name: i for i, name in enumerate(joined[0].input)}
        widths.sort(key=lambda pair: order.get(pair[0], len(order)))
    if len(widths) > 1:
        if any(width > 1 for _, width in widths):
            raise refuse("its inputs are several blocks; one block, or one input a column, is read")
        return tuple(name for name, _ in widths)
    most = int(max(_array(attributes, "nodes_featureids", np.int64), default=0)) + 1
    width = max(most, widths[0][1] if widths else 0)
    if not 1 <= width <= MAX_FEATURES:
        raise refuse("a split looks at a feature that is not there")
    return tuple(f"f{i}" for i in range(width))


def _array(attributes: dict[str, Any], name: str, kind: type) -> Any:
    value = attributes.get(name, attributes.get(f"{name}_as_tensor"))
    if value is None:
        return np.zeros(0, kind)
    if hasattr(value, "data_type"):
        import onnx

        value = onnx.numpy_helper.to_array(value)
    return np.asarray(value, kind)


def _read(attributes: dict[str, Any], what: str, width: int) -> tuple[list[RawTree], list[int]]:
    """One tree a pair of tree and output, in the order of the file."""
    tree, node = _array(attributes, "nodes_treeids", np.int64), _array(attributes, "nodes_nodeids", np.int64)
    n = len(tree)
    modes = [
        m.decode("ascii", "replace") if isinstance(m, bytes) else str(m)
        for m in attributes.get("nodes_modes", [])
    ]
    yes, no = (
        _array(attributes, "nodes_truenodeids", np.int64),
        _array(attributes, "nodes_falsenodeids", np.int64),
    )
    feature, value = (
        _array(attributes, "nodes_featureids", np.int64),
        _array(attributes, "nodes_values", np.float64),
    )
    tracks = _array(attributes, "nodes_missing_value_tracks_true", np.int64)
    tracks = tracks if len(tracks) else np.zeros(n, np.int64)
    if not 1 <= n <= MAX_NODES or any(len(a) != n for a in (node, modes, yes, no, feature, value, tracks)):
        raise refuse("its node arrays have different lengths")
    strange = sorted(set(modes) - set(_MODES))
    if strange:
        raise refuse(f"a split compares by {strange[0][:30]!r}, which is not read")
    weights = _weights(attributes, what)
    trees, places = [], []
    mode = np.array(modes)
    order = np.argsort(tree, kind="stable")
    numbers, first = np.unique(tree[order], return_index=True)
    if len(numbers) > MAX_TREES:
        raise refuse(f"it has {len(numbers)} trees; at most {count(MAX_TREES)} are accepted")
    for number, mine in zip(numbers.tolist(), np.split(order, first[1:]), strict=True):
        row_of_node = {int(node[i]): at for at, i in enumerate(mine.tolist())}
        if len(row_of_node) != len(mine):
            raise refuse(f"tree {number} names a node twice")
        raw = _tree(row_of_node, mine, mode, yes, no, feature, value, tracks)
        leaves = [(row_of_node.get(at), output, weight) for at, output, weight in weights.get(number, [])]
        if any(at is None for at, _, _ in leaves):
            raise refuse(f"tree {number} gives a value to a leaf that is not there")
        for output in sorted({output for _, output, _ in leaves}) or [0]:
            values = np.zeros(len(mine))
            for at, to, weight in leaves:
                if to == output and at is not None:
                    values[at] += weight
            trees.append(_replace_value(raw, values))
            places.append(output)
    return trees, places


def _weights(attributes: dict[str, Any], what: str) -> dict[int, list[tuple[int, int, float]]]:
    parts = [_array(attributes, f"{what}_{name}", np.int64) for name in ("treeids", "nodeids", "ids")]
    weight = _array(attributes, f"{what}_weights", np.float64)
    if any(len(p) != len(weight) for p in parts) or not len(weight):
        raise refuse("its leaf values have different lengths, or there are none")
    weights_by_node: dict[int, list[tuple[int, int, float]]] = {}
    for tree, node, output, value in zip(*(p.tolist() for p in parts), weight.tolist(), strict=True):
        if not 0 <= output < 1_000:
            raise refuse("a leaf belongs to an output that is not there")
        weights_by_node.setdefault(tree, []).append((node, output, value))
    return weights_by_node


def _tree(
    places: dict[int, int],
    mine: IntArray,
    mode: Any,
    yes: IntArray,
    no: IntArray,
    feature: IntArray,
    value: FloatArray,
    tracks: IntArray,
) -> RawTree:
    """Nodes in depth-first order of the file, as ``x <= threshold`` goes left."""
    n, modes = len(mine), mode[mine]
    leaf, turned = modes == "LEAF", np.isin(modes, ("BRANCH_GTE", "BRANCH_GT"))
    strict = np.isin(modes, ("BRANCH_LT", "BRANCH_GTE"))
    there = np.array([[places.get(int(c), -2) for c in side[mine]] for side in (yes, no)]).reshape(2, n)
    threshold = value[mine].astype(np.float32)
    threshold = np.where(strict, np.nextafter(threshold, np.float32(-np.inf)), threshold).astype(np.float64)
    missing = np.where(tracks[mine] == 1, ~turned, turned)  # a NaN compares as false
    return RawTree(
        left=np.where(leaf, -1, np.where(turned, there[1], there[0])),
        right=np.where(leaf, -1, np.where(turned, there[0], there[1])),
        feature=np.where(leaf, 0, feature[mine]),
        threshold=np.where(leaf, 0.0, threshold),
        default_left=missing.astype(np.bool_),
        missing=np.full(n, MISSING_NAN, np.int64),
        value=np.zeros(n),
        cover=np.ones(n),
        categories={},
    )


def _replace_value(tree: RawTree, value: FloatArray) -> RawTree:
    return RawTree(
        left=tree.left,
        right=tree.right,
        feature=tree.feature,
        threshold=tree.threshold,
        default_left=tree.default_left,
        missing=tree.missing,
        value=value,
        cover=tree.cover,
        categories={},
    )


def _ensemble(
    op: str, attributes: dict[str, Any], names: tuple[str, ...], trees: list[RawTree], places: list[int]
) -> CodedModel:
    transform = attributes.get("post_transform", b"NONE")
    transform = transform.decode("ascii", "replace") if isinstance(transform, bytes) else str(transform)
    if transform not in _LINKS:
        raise refuse(f"its output is made by {transform[:30]!r}, which is not read")
    if attributes.get("aggregate_function", b"SUM") not in (b"SUM", "SUM"):
        raise refuse("its trees are not added up")
    link, outputs = _LINKS[transform], max(places) + 1
    base = _array(attributes, "base_values", np.float64)
    if op == _TREES[0]:
        labels = max(
            len(attributes.get("classlabels_strings", [])), len(attributes.get("classlabels_int64s", []))
        )
        if labels == 2 and outputs == 2 and 0 in places and link != "softmax":
            keep = [i for i, k in enumerate(places) if k == 1]
            trees, places, outputs = [trees[i] for i in keep], [0] * len(keep), 1
            base = base[1:] if len(base) == 2 else base
        elif labels == 2 and len(set(places)) == 1:
            places, outputs = [0] * len(places), 1
            base = base[-1:]
        link = "probability" if link == "identity" else link
    base = base if len(base) else np.zeros(outputs)
    if len(base) != outputs:
        raise refuse("its base values and its outputs do not match")
    ensemble = TreeEnsemble(
        **join_trees(trees, len(names)),  # type: ignore[arg-type]
        tree_output=np.array(places, np.int64),
        base=base,
        feature_names=names,
        categories=(None,) * len(names),
        ranges=np.full((len(names), 2), np.nan),
        objective=op,
        link=link,
        float32=True,
        format=FORMAT,
    )
    return tree_model(check_ensemble(ensemble), needs_background=True)
