"""LightGBM's text, written out small and damaged in every line: what is whole was held against LightGBM's own
predictions (``test_lightgbm.py`` does so with trained models), what is refused comes from code that was read,
and was looked at by sample."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.readers.lightgbm import read_lightgbm
from plumbline.explain.shap.tree_path_dependent import contributions, margins
from tests.known_answers import Table, differences

ROWS = np.array(
    [[0.0, 1.0, 2.0], [np.nan, np.nan, np.nan], [0.5, -1.0, 0.0], [3.0, 0.25, 1.0], [-2.0, 7.0, 33.0]]
)
HEAD = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=2
objective=binary sigmoid:1
feature_names=a b c
feature_infos=[-2:3] none 1:2:33
tree_sizes=300 300
"""
TREE = """
Tree=0
num_leaves=4
num_cat=1
split_feature=0 1 2
split_gain=1 1 1
threshold=0.5 0.25 0
decision_type=2 10 1
left_child=1 -1 -3
right_child=2 -2 -4
leaf_value=-1 2 0.5 4
leaf_weight=1 1 1 1
leaf_count=20 40 30 10
internal_value=0 0 0
internal_weight=0 0 0
internal_count=100 60 40
cat_boundaries=0 2
cat_threshold=6 2
is_linear=0
shrinkage=1
"""
LEAF = "\nTree=1\nnum_leaves=1\nnum_cat=0\nleaf_value=0.25\nis_linear=0\nshrinkage=1\n"
TAIL = """
end of trees

feature_importances:
a=1

parameters:
[categorical_feature: 2]
end of parameters

pandas_categorical:[["x", "y", 5]]
"""
WHOLE = HEAD + TREE + LEAF + TAIL


def _read(text: str) -> Any:
    """What the reader makes of it, or why it is refused."""
    try:
        e = read_lightgbm(text.encode())
        parts, base = contributions(e, ROWS)
        return (e.objective, e.link, e.feature_names, e.categories, e.ranges, margins(e, ROWS), parts, base)
    except PlumblineError as error:
        return str(error)


def _with(**lines: str) -> str:
    """The whole model with the first line of each name set to another value."""
    text = WHOLE
    for name, value in lines.items():
        text = re.sub(
            rf"^{name}=.*$",
            lambda _, name=name, value=value: f"{name}={value}",
            text,
            count=1,
            flags=re.MULTILINE,
        )  # type: ignore[misc]
    return text


def _whole() -> Iterator[tuple[str, Any]]:
    yield "two trees", _read(WHOLE)
    yield "carriage returns", _read(WHOLE.replace("\n", "\r\n"))
    for objective in (
        "binary sigmoid:2",
        "binary sigmoid:0.5",
        "binary sigmoid:-1",
        "binary sigmoid:x",
        "regression",
        "regression sqrt",
        "poisson",
        "tweedie",
        "gamma",
        "multiclass num_class:1",
        "multiclassova",
        "lambdarank",
        "custom",
        "",
        "cross_entropy",
        "quantile alpha:0.5",
    ):
        yield f"objective {objective}", _read(_with(objective=objective))
    yield "two a round", _read(_with(num_tree_per_iteration="2", objective="multiclass num_class:2"))
    yield "averaged", _read(WHOLE.replace("tree_sizes", "average_output\ntree_sizes"))
    for kinds in ("0 0 1", "2 2 1", "4 6 1", "8 10 3", "12 0 1", "-1 0 1", "0 14 1", "8 0 9"):
        yield f"decision types {kinds}", _read(_with(decision_type=kinds))
    for infos in ("none none none", "[0:1] [2:3]", "[a:b] [1:2] [-1e3:inf]", "[0:1:2] x [3]"):
        yield f"infos {infos}", _read(_with(feature_infos=infos))
    for tail in (
        "pandas_categorical:null",
        "pandas_categorical:[]",
        "pandas_categorical:[[1],[2]]",
        "pandas_categorical:[5]",
        "pandas_categorical:[[{}]]",
        "pandas_categorical:{",
        "pandas_categorical:5",
        "",
    ):
        yield f"tail {tail}", _read(re.sub(r"pandas_categorical:.*", tail, WHOLE))
    for columns in ("0,2", "2,0", "9", "", "1"):
        yield (
            f"categorical {columns}",
            _read(WHOLE.replace("[categorical_feature: 2]", f"[categorical_feature: {columns}]")),
        )
    yield "no names", _read(WHOLE.replace("feature_names=a b c\n", ""))


def _damaged() -> Iterator[tuple[str, Any]]:
    names = dict.fromkeys(line.partition("=")[0] for line in (HEAD + TREE).splitlines() if "=" in line)
    for name in names:
        if name == "Tree":
            continue
        value = re.search(rf"^{name}=(.*)$", WHOLE, re.MULTILINE)[1]  # type: ignore[index]
        rest = value.split(" ")[1:]
        wrong = {
            "nothing": "",
            "text": "x",
            "minus": "-1",
            "one less": " ".join(rest),
            "one more": f"{value} 1",
            "fraction": " ".join(["0.5", *rest]),
            "large": " ".join(["1099511627777", *rest]),
            "nan": " ".join(["nan", *rest]),
            "endless": " ".join(["inf", *rest]),
            "nought": " ".join(["0", *rest]),
            "one": " ".join(["1", *rest]),
            "five": " ".join(["5", *rest]),
            "ten digits": "1234567890",
        }
        for how, other in wrong.items():
            said = _read(_with(**{name: other}))
            yield f"{name}: {how}", said if isinstance(said, str) else (said[5], said[2], said[1])
        yield (
            f"{name}: left out",
            (lambda said: said if isinstance(said, str) else said[5])(
                _read(re.sub(rf"^{name}=.*\n", "", WHOLE, count=1, flags=re.MULTILINE))
            ),
        )
    for bounds, words in (
        ("0 2", "4294967295 1"),
        ("0 2", "4294967296 1"),
        ("0 1", "6 2"),
        ("1 2", "6 2"),
        ("0 3", "6 2"),
        ("2 0", ""),
        ("0 0", ""),
        ("0 2", "-1 2"),
    ):
        said = _read(_with(cat_boundaries=bounds, cat_threshold=words))
        yield f"sets {bounds} of {words}", said if isinstance(said, str) else said[5]
    for which in ("1", "-1", "0.5"):
        yield f"set {which}", _read(_with(threshold=f"0.5 0.25 {which}"))
    for children in (
        ("1 -1 -3", "2 -2 -5"),
        ("1 -1 -3", "2 -2 -3"),
        ("0 -1 -3", "2 -2 -4"),
        ("1 2 -3", "2 -2 -4"),
    ):
        yield f"children {children}", _read(_with(left_child=children[0], right_child=children[1]))
    yield "no trees", _read(HEAD + TAIL)
    yield "no end", _read(HEAD + TREE)
    yield "nothing", _read("")
    yield "linear leaves", _read(_with(is_linear="1"))
    yield "a leaf's count", _read(HEAD + TREE.replace("leaf_count=20", "leaf_count=0") + TAIL)


TABLES: dict[str, Table] = {"whole": _whole, "damaged": _damaged}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
