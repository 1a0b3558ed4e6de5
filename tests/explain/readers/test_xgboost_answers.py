"""XGBoost's JSON and UBJSON, written out small and damaged in every field: what is whole was held against
XGBoost's own predictions (``test_xgboost.py`` does so with trained models), what is refused comes from code
that was read, and was looked at by sample."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.readers.ubjson import read_ubjson
from plumbline.explain.readers.xgboost import read_xgboost
from plumbline.explain.shap.tree_path_dependent import contributions, margins
from tests.known_answers import Table, differences

ROWS = np.array(
    [[0.0, 1.0, 2.0], [np.nan, np.nan, np.nan], [0.5, -1.0, 0.0], [3.0, 0.25, 1.0], [-2.0, 7.0, 5.0]]
)


def tree(*, categorical: bool = False, pruned: bool = False) -> dict[str, Any]:
    """x0 < 0.5, then x1 < 0.25 or x2 in {1, 3}; ``pruned``: one node more that nobody reaches."""
    more = 1 if pruned else 0
    made: dict[str, Any] = {
        "tree_param": {
            "num_nodes": str(7 + more),
            "size_leaf_vector": "1",
            "num_feature": "3",
            "num_deleted": "0",
        },
        "id": 0,
        "left_children": [1, 3, 5, -1, -1, -1, -1] + [-1] * more,
        "right_children": [2, 4, 6, -1, -1, -1, -1] + [-1] * more,
        "parents": [2147483647, 0, 0, 1, 1, 2, 2] + [0] * more,
        "split_indices": [0, 1, 2, 0, 0, 0, 0] + [0] * more,
        "split_conditions": [0.5, 0.25, 1.5, -1.0, 2.0, 0.5, 4.0] + [0.0] * more,
        "default_left": [1, 0, 1, 0, 0, 0, 0] + [0] * more,
        "sum_hessian": [100.0, 60.0, 40.0, 20.0, 40.0, 30.0, 10.0] + [1.0] * more,
        "loss_changes": [1.0] * (7 + more),
        "base_weights": [0.0] * (7 + more),
        "split_type": [0] * (7 + more),
        "categories": [],
        "categories_nodes": [],
        "categories_segments": [],
        "categories_sizes": [],
    }
    if categorical:
        made["split_type"][2] = 1
        made |= {
            "categories": [1, 3],
            "categories_nodes": [2],
            "categories_segments": [0],
            "categories_sizes": [2],
        }
    return made


def document(
    trees: list[dict[str, Any]] | None = None,
    *,
    objective: str = "reg:squarederror",
    base: str = "0.5",
    classes: int = 0,
) -> dict[str, Any]:
    some = trees or [tree(), tree(categorical=True)]
    return {
        "version": [3, 0, 0],
        "learner": {
            "attributes": {},
            "feature_names": [],
            "feature_types": [],
            "gradient_booster": {
                "name": "gbtree",
                "model": {
                    "gbtree_model_param": {"num_trees": str(len(some)), "num_parallel_tree": "1"},
                    "trees": some,
                    "tree_info": [i % max(classes, 1) for i in range(len(some))],
                    "iteration_indptr": list(range(len(some) + 1)),
                },
            },
            "learner_model_param": {
                "base_score": base,
                "num_class": str(classes),
                "num_feature": "3",
                "num_target": "1",
            },
            "objective": {"name": objective},
        },
    }


def _read(made: Any) -> Any:
    """What the reader makes of it: the facts, margins and contributions, or why it is refused."""
    try:
        e = read_xgboost(made if isinstance(made, bytes) else json.dumps(made).encode())
        parts, base = contributions(e, ROWS)
        return (
            e.objective,
            e.link,
            e.feature_names,
            e.categories,
            e.best_trees,
            e.base,
            margins(e, ROWS),
            parts,
            base,
        )
    except PlumblineError as error:
        return str(error)


def _whole() -> Iterator[tuple[str, Any]]:
    yield "two trees", _read(document())
    yield "a pruned node", _read(document([tree(pruned=True)]))
    for objective in (
        "binary:logistic",
        "binary:logitraw",
        "count:poisson",
        "reg:tweedie",
        "reg:gamma",
        "multi:softprob",
        "multi:softmax",
        "rank:ndcg",
        "survival:aft",
        "binary:hinge",
    ):
        for base in ("0.5", "2E-1", "[2.5E-1]", "0", "1", "-1", "nan", "x", "0.5,0.5", "1" * 41):
            if base in ("0.5", "0", "[2.5E-1]") or objective in (
                "binary:logistic",
                "count:poisson",
                "rank:ndcg",
            ):
                yield f"{objective} from {base}", _read(document(objective=objective, base=base))
    three = [tree() for _ in range(6)]
    yield "three classes", _read(document(three, objective="multi:softprob", classes=3))
    yield (
        "three classes, a base each",
        _read(document(three, objective="multi:softprob", classes=3, base="[0.1,0.2, 0.3]")),
    )
    dart = document()
    own = dart["learner"]["gradient_booster"]
    for weights in ([1.0, 0.5], [1.0], ["x", 1]):
        dart["learner"]["gradient_booster"] = {"name": "dart", "gbtree": own, "weight_drop": weights}
        yield f"dart {weights}", _read(dart)
    for best in ("0", "1", "2", "-1", "x", "", "123456789"):
        early = document([tree() for _ in range(3)])
        early["learner"]["attributes"] = {"best_iteration": best}
        yield f"best iteration {best}", _read(early)
    for names in (["a", "b", "c"], ["a", "b"], ["a", "a", "b"]):
        named = document()
        named["learner"]["feature_names"] = names
        yield f"names {names}", _read(named)
    for enc in (
        [],
        [{}],
        [{"values": [1, 3, 5]}],
        [{}, {}, {"values": [97, 98, -61, -74], "offsets": [0, 1, 2, 4]}],
        [{}] * 4,
    ):
        listed = document()
        listed["learner"]["gradient_booster"]["model"]["cats"] = {"enc": enc}
        yield f"categories {json.dumps(enc)}", _read(listed)


WRONG: dict[str, Callable[[Any], Any]] = {
    "left out": lambda value: None,
    "text": lambda value: "x",
    "minus one": lambda value: -1,
    "large": lambda value: 10**13,
    "short": lambda value: value[:-1] if isinstance(value, list) else {},
    "fractions": lambda value: [0.5] * len(value) if isinstance(value, list) else 0.5,
    "nan": lambda value: [float("nan")] * len(value) if isinstance(value, list) else float("nan"),
    "doubled": lambda value: value * 2 if isinstance(value, (list, str)) else value,
    "nested": lambda value: [[1]],
    "reversed": lambda value: value[::-1] if isinstance(value, list) else [value],
}


def _places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every field of objects, those of the last tree alone."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield (*path, key)
            yield from _places(value, (*path, key))
    elif isinstance(node, list) and node and isinstance(node[-1], dict):
        yield from _places(node[-1], (*path, len(node) - 1))


def _damaged() -> Iterator[tuple[str, Any]]:
    whole = document()
    for path in _places(whole):
        for name, wrong in WRONG.items():
            made = copy.deepcopy(whole)
            inside = made
            for key in path[:-1]:
                inside = inside[key]
            value = wrong(inside[path[-1]])
            if name == "left out":
                del inside[path[-1]]
            else:
                inside[path[-1]] = value
            said = _read(made)
            yield (
                f"{'.'.join(map(str, path))}: {name}",
                said if isinstance(said, str) else (said[6], said[5], said[2]),
            )
    trees = {
        "a child beyond": {"left_children": [1, 3, 9, -1, -1, -1, -1]},
        "a child below": {"right_children": [2, -2, 6, -1, -1, -1, -1]},
        "a circle": {"left_children": [1, 0, 5, -1, -1, -1, -1]},
        "two parents": {"left_children": [1, 3, 3, -1, -1, -1, -1]},
        "one child": {"right_children": [2, -1, 6, -1, -1, -1, -1]},
        "vector leaves": {"tree_param": {"size_leaf_vector": "2"}},
        "set beyond": {"categories_sizes": [3]},
        "set below": {"categories_segments": [-1]},
        "another node": {"categories_nodes": [1]},
        "an empty set": {"categories_sizes": [0]},
        "infinite": {"split_conditions": [1e39, 0.25, 1.5, -1.0, 2.0, 0.5, 4.0]},
        "a leaf without end": {"split_conditions": [0.5, 0.25, 1.5, 1e39, 2.0, 0.5, 4.0]},
        "no cover": {"sum_hessian": [100.0, 60.0, 40.0, 0.0, 40.0, 30.0, 10.0]},
    }
    for name, change in trees.items():
        yield name, _read(document([tree(categorical=True) | change]))
    for change in (
        {"num_class": "1001"},
        {"num_target": "2"},
        {"num_feature": "0"},
        {"num_feature": "1000001"},
        {"num_class": "2"},
    ):
        made = document()
        made["learner"]["learner_model_param"] |= change
        yield f"{change}", _read(made)
    for booster in ("gblinear", None, 5):
        made = document()
        made["learner"]["gradient_booster"]["name"] = booster
        said = _read(made)
        yield f"booster {booster}", said if isinstance(said, str) else said[6]
    for body in (b"", b"{", b"[]", b"{}", b"5", b'{"learner": 5}', b"[" * 100_000):
        yield f"bytes {body[:20]!r}", _read(body)


def encoded(value: Any) -> bytes:
    """A value as UBJSON."""
    if value is None:
        return b"Z"
    if isinstance(value, bool):
        return b"T" if value else b"F"
    if isinstance(value, int):
        return b"L" + value.to_bytes(8, "big", signed=True)
    if isinstance(value, float):
        return b"D" + np.array(value, ">f8").tobytes()
    if isinstance(value, str):
        return b"S" + encoded(len(value.encode())) + value.encode()
    if isinstance(value, list):
        return b"[" + b"".join(map(encoded, value)) + b"]"
    return b"{" + b"".join(encoded(key)[1:] + encoded(item) for key, item in value.items()) + b"}"


def _decoded(body: bytes) -> Any:
    try:
        return read_ubjson(body)
    except PlumblineError as error:
        return str(error)


def _ubjson() -> Iterator[tuple[str, Any]]:
    for name, body in {
        "bytes": b"i\xff",
        "unsigned": b"U\xff",
        "short": b"I\x80\x00",
        "long": b"l\x00\x00\x01\x00",
        "double": encoded(0.1),
        "single": b"d\x3f\x00\x00\x00",
        "padded": b"NNi\x05",
        "letter": b"C\xe9",
        "text": encoded("\u00e9a"),
        "high precision": b"Hi\x031e5",
        "none": b"Z",
        "true": b"T",
        "false": b"F",
        "array": encoded([1, [2.5, None], "x"]),
        "padded array": b"[Ni\x01NNi\x02N]",
        "counted": b"[#i\x02i\x01T",
        "typed": b"[$I#i\x02\x00\x01\xff\xfe",
        "typed unsigned": b"[$U#i\x03\x01\x02\xff",
        "typed singles": b"[$d#i\x01\x3f\x00\x00\x00",
        "typed of an unknown kind": b"[$S#i\x01i\x01a",
        "typed without length": b"[$i]",
        "none of it": b"[]",
        "counted none": b"[#i\x00",
        "object": encoded({"a": 1, "b": {"c": [True]}}),
        "counted object": b"{#i\x01i\x01ai\x07",
        "typed object": b"{$i#i\x02i\x01a\x01i\x01b\x02",
        "padded object": b"{Ni\x01aNi\x07N}",
        "no pairs": b"{}",
        "a length below": b"Si\xffa",
        "a length with a point": b"Sd\x3f\x00\x00\x00a",
        "an unknown marker": b"x",
        "nothing": b"",
        "too long": b"Si\x05ab",
        "too many": b"[$i#l\x7f\xff\xff\xff",
        "more than may be": b"[#l\x7f\xff\xff\xff",
        "deep enough": b"[" * 33 + b"]" * 33,
        "too deep": b"[" * 34 + b"]" * 34,
        "more behind": b"i\x01i\x02",
    }.items():
        yield name, (_decoded(body), "")
    body = encoded(document([tree(categorical=True)]))
    assert read_xgboost(body, ubjson=True).outputs == 1
    yield "a model", (len(body), margins(read_xgboost(body, ubjson=True), ROWS))
    cut = [_decoded(body[:end]) for end in range(0, len(body), 37)]
    yield "cut short", [str(said)[:90] for said in cut]


TABLES: dict[str, Table] = {"whole": _whole, "damaged": _damaged, "ubjson": _ubjson}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
