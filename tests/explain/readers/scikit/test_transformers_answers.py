"""Steps of a pipeline and linear models, from attributes that are written out: which inputs each column comes from,
through which table, shift and scale. Whole pipelines are held against scikit-learn's own answers by
``test_functions.py`` and ``test_model_agnostic.py``; here the code was read, and columns and refusals looked at by
sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.columns import InputColumn
from plumbline.explain.readers.scikit.arrays import (
    BLOCK,
    MOST_PARTS,
    ModelInputs,
    TransformedColumns,
    class_count,
    concatenate,
    floats,
    number,
    numbers,
    numpy_function,
    read_list,
    run_in_blocks,
    table,
)
from plumbline.explain.readers.scikit.linear import LINEAR, read_linear
from plumbline.explain.readers.scikit.pipeline import _chain, _final_step, _names, _read, _unwrap
from plumbline.explain.readers.scikit.skops_file import SkopsObject
from plumbline.explain.readers.scikit.transformers import apply_step
from plumbline.explain.trees import MAX_FEATURES
from tests.known_answers import Table, differences

WIDTH = 3
NAMES = ("age", "rate", "town")
ROWS = np.random.default_rng(401).integers(-6, 7, (5, WIDTH)) / 4.0
NAN = float("nan")


def _object(kind: str, module: str = "sklearn.some", **state: Any) -> SkopsObject:
    return SkopsObject(module, kind, state)


def _refusal(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except PlumblineError as error:
        return str(error)


def _columns() -> TransformedColumns:
    return TransformedColumns(tuple(InputColumn(feature=i) for i in range(WIDTH)))


def _mixed() -> TransformedColumns:
    return _columns().append(lambda x: x[:, :2] + x[:, 1:], 2)


def _said(step: Any, columns: TransformedColumns | None = None) -> Any:
    inputs = ModelInputs(NAMES, [None] * WIDTH)

    def ask() -> Any:
        made = apply_step(step, columns or _columns(), inputs)
        x = np.stack([column.values(ROWS[:, column.feature]) for column in made.columns], axis=1)
        return {
            "columns": list(made.columns),
            "width": made.width,
            "mixed": made.then is not None,
            "values": made.run(x),
            "categories": inputs.categories,
            "parts": inputs.parts,
        }

    return _refusal(ask)


def _scalers() -> Iterator[tuple[str, Any]]:
    two, nought = np.array([2.0, 0.5, -4.0]), np.array([2.0, 0.0, 1.0])
    shift = np.array([1.0, -0.5, 0.0])
    for kind, shifts, flags in (
        ("StandardScaler", "mean_", ("with_mean", "with_std")),
        ("MinMaxScaler", "min_", ("clip",)),
        ("MaxAbsScaler", "max_abs_", ()),
        ("RobustScaler", "center_", ("with_centering", "with_scaling")),
    ):
        state = {shifts: shift, "scale_": two}
        yield kind, _said(_object(kind, **state))
        yield (
            f"{kind} after one",
            _said(
                _object(
                    "Pipeline",
                    steps=[["a", _object("MaxAbsScaler", scale_=-two)], ["b", _object(kind, **state)]],
                )
            ),
        )
        fewer = {shifts: shift[:2], "scale_": two[:2]}
        yield f"{kind} of mixed columns", _said(_object(kind, **fewer), _mixed())
        yield f"{kind} of nought", _said(_object(kind, **(state | {"scale_": nought})))
        yield f"{kind} too short", _said(_object(kind, **fewer))
        yield f"{kind} not fitted", _said(_object(kind))
        for flag in flags:
            yield f"{kind} without {flag}", _said(_object(kind, **state, **{flag: False}))
            yield f"{kind} with {flag}", _said(_object(kind, **state, **{flag: True}))


def _imputers() -> Iterator[tuple[str, Any]]:
    for name, filled in {
        "numbers": [1.5, 0, -2.0], "texts": ["a", 1.0, "b"], "none": [1.0, None, 2.0], "no number": [1.0, NAN, 2.0],
        "endless": [1.0, float("inf"), 2.0], "too few": [1.0, 2.0], "too many": [1.0] * 4,
    }.items():  # fmt: skip
        yield name, _said(_object("SimpleImputer", statistics_=np.array(filled, object)))
    ones = np.ones(WIDTH)
    yield "with indicators", _said(_object("SimpleImputer", statistics_=ones, add_indicator=True))
    yield "of mixed columns", _said(_object("SimpleImputer", statistics_=ones[:2]), _mixed())
    scaled = TransformedColumns(tuple(InputColumn(feature=i, scale=2.0) for i in range(WIDTH)))
    yield "of scaled columns", _said(_object("SimpleImputer", statistics_=ones), scaled)


def _encoders() -> Iterator[tuple[str, Any]]:
    lists = {
        "numbers": [0.0, 1.0], "texts": ["a", "b", "c"], "with none": ["a", None], "with no number": [0.0, NAN],
        "flags": [False, True], "one": ["a"], "whole": [3, 1],
    }  # fmt: skip
    for kind in ("OneHotEncoder", "OrdinalEncoder"):
        for name, listed in lists.items():
            for unknown in (None, "error", "ignore", "use_encoded_value"):
                state = {
                    "categories_": [np.array(listed, object)] * WIDTH,
                    "handle_unknown": unknown,
                    "unknown_value": -1,
                }
                yield f"{kind} of {name}, {unknown}", _said(_object(kind, **state))
        given = {"categories_": [np.array(lists["texts"], object)] * WIDTH}
        for name, drop in {"each": [0, 1, 2], "some": [None, 1, None], "too few": [0, 1]}.items():
            state = given | {"drop_idx_": np.array(drop, object)}
            yield f"{kind}, dropped {name}", _said(_object(kind, **state))
        for level in ("b", "z", 1.0):
            filled = TransformedColumns(tuple(InputColumn(feature=i, fill_level=level) for i in range(WIDTH)))
            yield f"{kind} filled with {level}", _said(_object(kind, **given), filled)
        yield (
            f"{kind} without unknown value",
            _said(_object(kind, **given, handle_unknown="use_encoded_value")),
        )
        yield f"{kind} of mixed columns", _said(_object(kind, **given), _mixed())
        yield f"{kind} of too few", _said(_object(kind, categories_=[np.array(["a"], object)]))
        yield f"{kind} of rare ones", _said(_object(kind, **given, _infrequent_enabled=True))
        scaled = TransformedColumns(tuple(InputColumn(feature=i, shift=2.0) for i in range(WIDTH)))
        yield f"{kind} of scaled columns", _said(_object(kind, **given), scaled)
    one = _object("OneHotEncoder", categories_=[np.array(["a", "b"], object)])
    same = _object("OrdinalEncoder", categories_=[np.array(["a", "b"], object)])
    other = _object("OrdinalEncoder", categories_=[np.array(["b", "a"], object)])
    for name, second in {"the same way": same, "differently": other}.items():
        parts = [["o", one, [2]], ["p", second, ["town"]]]
        yield f"one column read twice, {name}", _said(_object("ColumnTransformer", transformers_=parts))


def _selections() -> Iterator[tuple[str, Any]]:
    for kind in ("RFE", "RFECV"):
        for name, kept in {"two": [1, 0, 1], "none": [0, 0, 0], "short": [1, 1], "all": [1, 1, 1]}.items():
            yield f"{kind} {name}", _said(_object(kind, support_=np.array(kept, bool)))
    for limit in (None, 0.5, 1.0, 4.0):
        state = {"variances_": np.array([1.0, 0.0, 2.5])} | ({} if limit is None else {"threshold": limit})
        yield f"variance above {limit}", _said(_object("VarianceThreshold", **state))
    yield "of mixed columns", _said(_object("RFE", support_=np.array([False, True])), _mixed())
    yield "of all mixed columns", _said(_object("RFE", support_=np.array([False, True, True])), _mixed())


def _parts() -> Iterator[tuple[str, Any]]:
    scaler = _object("MaxAbsScaler", scale_=np.array([2.0]))
    wrapped = _object("_RemainderColsList", data=[0, 1])
    for name, chosen in {
        "place": 1, "last": -1, "first from the end": -3, "before the first": -4, "beyond": 3, "name": "rate", 
        "names": ["town"],
        "another name": "sum", "flags": [True, False, False], 
        "flags in an array": np.array([False, True, False]),
        "too few flags": [True, False], "a number of no place": 1.5, "a flag": True, "nothing": [], "wrapped": wrapped,
        "wrapped otherwise": _object("_RemainderColsList", _data=[2]), "no flag": [False] * 3,
    }.items():  # fmt: skip
        for inner in ("passthrough", "drop", scaler):
            parts = [["a", inner, chosen], ["b", "passthrough", [0]]]
            yield (
                f"{name}, {getattr(inner, 'kind', inner)}",
                _said(_object("ColumnTransformer", transformers_=parts)),
            )
    parts = [["a", "passthrough", ["x", "z"]]]
    own = np.array(["x", "y", "z"], object)
    yield "names of its own", _said(_object("ColumnTransformer", transformers_=parts, feature_names_in_=own))
    yield (
        "names of its own in a list",
        _said(_object("ColumnTransformer", transformers_=parts, feature_names_in_=own.tolist())),
    )
    for name, entry in {
        "a pair": ["a", scaler],
        "four": ["a", scaler, [0], 1],
        "a tuple": ("a", scaler, [0]),
    }.items():
        yield f"part of {name}", _said(_object("ColumnTransformer", transformers_=[entry]))
    all_scaled = _object("MaxAbsScaler", scale_=np.array([2.0, 4.0, 0.5]))
    union = [["a", all_scaled], ["b", "passthrough"], ["c", "drop"]]
    yield "union", _said(_object("FeatureUnion", transformer_list=union))
    yield (
        "union of mixed columns",
        _said(
            _object("FeatureUnion", transformer_list=[["b", "passthrough"], ["a", "passthrough"]]), _mixed()
        ),
    )
    yield (
        "union with weights",
        _said(_object("FeatureUnion", transformer_list=union, transformer_weights={"a": 2.0})),
    )
    for name, pair in {"three": ["a", scaler, 1], "a tuple": ("a", scaler)}.items():
        yield f"union of {name}", _said(_object("FeatureUnion", transformer_list=[pair]))
        yield f"pipeline of {name}", _said(_object("Pipeline", steps=[pair]))
    yield "function of nothing", _said(_object("FunctionTransformer"))
    for name, step in {
        "passthrough": "passthrough", "none": None, "text": "scale", "another": _object("Other"),
        "another library": _object("StandardScaler", "mylib.sklearn", scale_=np.ones(3), mean_=np.ones(3)),
        "clipped": _object("MinMaxScaler", scale_=np.ones(3), min_=np.ones(3), clip=True),
    }.items():  # fmt: skip
        yield f"step: {name}", _said(step)


def _lines() -> Iterator[tuple[str, Any]]:
    one, three = np.array([[0.5, -1.0, 2.0]]), np.arange(9.0).reshape(3, 3)

    def ask(kind: str, width: int = WIDTH, **state: Any) -> Any:
        return _refusal(lambda: read_linear(_object(kind, **state), width))

    for kind in sorted(LINEAR):
        yield kind, ask(kind, coef_=one, intercept_=np.array([0.25]))
        yield f"{kind} of three", ask(kind, coef_=three, intercept_=np.array([0.25, -1.0, 0.5]))
    for loss in ("log_loss", "log", "hinge", None):
        yield f"loss {loss}", ask("SGDClassifier", coef_=one, intercept_=np.array([0.25]), loss=loss)
        yield f"loss {loss} of three", ask("SGDClassifier", coef_=three, intercept_=np.zeros(3), loss=loss)
    for way in ("ovr", "multinomial", "auto"):
        yield (
            f"{way} of three",
            ask("LogisticRegression", coef_=three, intercept_=np.zeros(3), multi_class=way),
        )
        yield f"{way} of two", ask("LogisticRegression", coef_=one, intercept_=np.zeros(1), multi_class=way)
    for name, state in {
        "flat": {"coef_": one[0]}, "one start for all": {"coef_": three, "intercept_": 0.5},
        "too few starts": {"coef_": three, "intercept_": np.zeros(2)}, 
        "too many starts": {"coef_": one, "intercept_": np.zeros(2)},
        "short": {"coef_": one[:, :2]}, "cube": {"coef_": np.ones((1, 1, 3))}, "no number": {"coef_": one * NAN},
        "start of no number": {"coef_": one, "intercept_": NAN}, "texts": {"coef_": [["a", "b", "c"]]}, "nothing": {},
        "no outputs": {"coef_": np.ones((0, 3))}, "complex": {"coef_": one * 1j},
    }.items():  # fmt: skip
        yield name, ask("LogisticRegression", **state)
    for outputs in (1_000, 1_001):
        said = ask("LogisticRegression", 1, coef_=np.ones((outputs, 1)), intercept_=0.0)
        yield f"{outputs} classes", said if isinstance(said, str) else (said[0].weight.shape, said[1])


def _chains() -> Iterator[tuple[str, Any]]:
    line = _object("Ridge", coef_=np.ones(WIDTH), intercept_=0.5, n_features_in_=3)
    nested: Any = line
    for depth in range(1, 10):
        nested = _object("GridSearchCV", best_estimator_=nested)
        yield f"{depth} wrappers", _refusal(lambda n=nested: _unwrap(n).kind)
    for kind, name in (("FixedThresholdClassifier", "estimator_"), ("TunedThresholdClassifierCV", "estimator_"),
                       ("RandomizedSearchCV", "best_estimator_")):  # fmt: skip
        yield kind, _refusal(lambda k=kind, n=name: _unwrap(_object(k, **{n: line})).kind)
    for name, stored in {
        "a number": 5, "of xgboost": _object("XGBClassifier", "xgboost.sklearn"), "unknown": _object("Guess"),
        "of another library": _object("Ridge", "mylib.linear"), 
        "a wrapper of another library": _object("GridSearchCV", "mylib"),
        "a pipeline": _object("Pipeline", steps=[]),
    }.items():  # fmt: skip
        yield f"unwrapped {name}", _refusal(lambda s=stored: _unwrap(s).kind)
    for name, steps in {
        "none": [], "one": [["a", line]], "two": [["s", None], ["a", line]], 
        "no model": [["s", line], ["a", "passthrough"]],
        "a triple": [["a", line, 1]], "a number": 5, "a tuple": [("a", line)], "an end of none": [["a", None]],
    }.items():  # fmt: skip
        outer = _object("Pipeline", steps=steps)
        yield f"chain of {name}", _refusal(lambda o=outer: [len(_chain(o)[0]), _final_step(o).kind])
    for name, outer in {
        "names": _object("Ridge", feature_names_in_=np.array(["a", "b"])), "count": line, "nothing": _object("Ridge"),
        "names in a list": _object("Ridge", feature_names_in_=["a"]), "no count": _object("Ridge", n_features_in_=0),
        "a flag": _object("Ridge", n_features_in_=True), "too many": _object("Ridge", n_features_in_=MAX_FEATURES + 1),
        "one": _object("Ridge", n_features_in_=1), 
        "first step": _object("Pipeline", steps=[["s", line], ["a", _object("Ridge")]]),
        "last step": _object("Pipeline", steps=[["s", "passthrough"], ["a", line]]),
        "group": _object("VotingRegressor", estimators_=["drop", line]), 
        "group of none": _object("VotingRegressor", estimators_=["drop"]),
        "group of a number": _object("VotingRegressor", estimators_=5),
    }.items():  # fmt: skip
        yield f"inputs: {name}", _refusal(lambda o=outer: _names(o))
    many = _object("Ridge", feature_names_in_=np.arange(MAX_FEATURES + 3).astype(str))
    yield "inputs: very many names", len(_names(many))
    yield "inputs: as many as may be", len(_names(_object("Ridge", n_features_in_=MAX_FEATURES)))
    scaled = _object(
        "Pipeline", steps=[["s", _object("MaxAbsScaler", scale_=np.full(WIDTH, 2.0))], ["a", line]]
    )

    def ask(model: Any, columns: TransformedColumns) -> Any:
        inputs = ModelInputs(NAMES, [None] * WIDTH)
        part = _read(model, columns, inputs)
        return [
            part.fitted.run(ROWS[:, : columns.width]),
            list(part.made.columns),
            inputs.parts,
            part.missing,
        ]

    yield "scaled line", _refusal(lambda: ask(scaled, _columns()))
    yield "line of mixed columns", _refusal(lambda: ask(_object("Ridge", coef_=np.ones(2)), _mixed()))


def _arrays() -> Iterator[tuple[str, Any]]:
    full = TransformedColumns((InputColumn(feature=0),) * MAX_FEATURES)
    over = TransformedColumns((InputColumn(feature=0),) * (MAX_FEATURES + 1))
    for width in (-1, 0, 1, MAX_FEATURES, MAX_FEATURES + 1):
        yield f"{width} columns made", _refusal(lambda w=width: _columns().append(np.abs, w).width)
    yield "of as many as may be", _refusal(lambda: full.append(np.abs, 2).width)
    yield "of more", _refusal(lambda: over.append(np.abs, 2).width)
    yield "beside one another", _refusal(lambda: concatenate([full, TransformedColumns(())]).width)
    yield "one too many", _refusal(lambda: concatenate([full, _columns()]).width)
    both = concatenate([_mixed(), _columns(), _mixed().select([1, 0])])
    x = np.hstack([ROWS, ROWS[:, ::-1], 2 * ROWS])
    yield "mixed and not", [both.width, both.run(x), len(both.columns)]
    yield "selected", [_columns().select([2, 0]).width, list(_columns().select([2, 0]).columns)]
    yield "as they are", [_columns().run(ROWS), _columns().width]
    yield "one function after another", _mixed().append(np.square, 2).run(ROWS)
    for name, stored in {
        "numbers": [1.0, 2], "flags": [True, False], "texts": ["1", "2"], "words": ["a", "b"], "none": [1.0, None],
        "no number": [1.0, NAN],
        "endless": [1.0, float("-inf")], "complex": [1j, 2], "a table": [[1.0], [2.0]], "one": 5, "empty": [], 
        "ragged": [[1.0], [2.0, 3.0]],
        "huge": [10**400, 1], "nothing": None,
    }.items():  # fmt: skip
        yield f"floats {name}", _refusal(lambda s=stored: floats(s, "it"))
        yield f"numbers {name}", _refusal(lambda s=stored: numbers(s, 2, "it"))
        yield f"number {name}", _refusal(lambda s=stored: number(s, "it"))
        for shape in ((2,), (None,), (2, 1), (None, None), (None, 2)):
            yield f"table {name} {shape}", _refusal(lambda s=stored, h=shape: table(s, h, "it"))
        for length in (None, 1, 2):
            node = _object("X", it=stored)
            yield f"list {name} {length}", _refusal(lambda n=node, g=length: read_list(n, "it", g))
    yield "list in an array", read_list(_object("X", it=np.array([[1, 2], [3, 4]])), "it", 4)
    for name, called in {
        "log1p": _object("log1p", "numpy"), "deep": _object("sqrt", "numpy.core"), "none": None, "text": "sqrt",
        "unknown": _object("sinh", "numpy"), "of another library": _object("sqrt", "math"),
    }.items():  # fmt: skip
        yield f"function {name}", _refusal(lambda c=called: numpy_function(c, "it")(np.array([0.25, 4.0])))
    for classes in (1, 2, 1_000, 1_001):
        yield (
            f"{classes} classes",
            _refusal(lambda c=classes: class_count(_object("X", classes_=np.arange(c)))),
        )
    yield "classes in a table", _refusal(lambda: class_count(_object("X", classes_=np.ones((2, 2)))))
    inputs = ModelInputs((), [], MOST_PARTS - 1)
    yield "as many parts as may be", _refusal(inputs.count)
    yield "one part more", _refusal(inputs.count)
    for width in (0, 1, 2, BLOCK // 2, BLOCK - 1, BLOCK, 2 * BLOCK):
        asked: list[int] = []

        def count(x: Any, asked: list[int] = asked) -> Any:
            asked.append(len(x))
            return x

        held = run_in_blocks(count, width)(np.arange(5.0))
        yield f"blocks of {width}", [held, asked]


TABLES: dict[str, Table] = {
    "scalers": _scalers, "imputers": _imputers, "encoders": _encoders, "selections": _selections, "parts": _parts,
    "lines": _lines, "chains": _chains, "arrays": _arrays,
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
