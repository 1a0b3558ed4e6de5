"""scikit-learn models in skops files: which classes we know, and what a pipeline's steps do to the inputs.

Reads attributes, builds nothing (see ``skops_file``). A class that is not in ``KNOWN`` is refused by name: the list is
ours, and never what the file asks for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from plumbline.domain import FloatArray
from plumbline.explain.coded import CodedModel, Weights, of_weights
from plumbline.explain.coding import Coding, Column
from plumbline.explain.scikit_trees import TREES
from plumbline.explain.skops_file import Held, read_skops
from plumbline.explain.trees import MAX_FEATURES, refuse

FORMAT = "scikit-learn (skops)"
_IDENTITY = {
    "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "SGDRegressor",
    "HuberRegressor", "BayesianRidge", "Lars", "LassoLars",
}  # fmt: skip
_LOGIT = {"LogisticRegression", "LogisticRegressionCV", "SGDClassifier"}
_LOG = {"PoissonRegressor", "GammaRegressor"}
LINEAR = _IDENTITY | _LOGIT | _LOG
STEPS = {
    "Pipeline", "ColumnTransformer", "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler",
    "SimpleImputer", "OneHotEncoder", "OrdinalEncoder", "FunctionTransformer",
}  # fmt: skip
KNOWN = LINEAR | STEPS | set(TREES)
#: a fitted wrapper that has a text format of its own
_NATIVE = ("lightgbm", "xgboost", "catboost")


def read_scikit(body: bytes) -> CodedModel:
    """A linear model, a tree model, or a pipeline that ends in one, from a skops file.

    Raises PlumblineError for anything else, naming the class that is not known.
    """
    outer = read_skops(body)
    if not isinstance(outer, Held):
        raise refuse("it holds no model")
    names, categories, columns, final = _unfold(outer)
    coding = Coding(names, tuple(categories), tuple(columns))
    if final.kind in LINEAR:
        return _linear(final, coding)
    return TREES[final.kind](final, coding, FORMAT)


def _unfold(outer: Held) -> tuple[tuple[str, ...], list[Any], list[Column], Held]:
    _known(outer)
    steps, final = _steps(outer)
    first = steps[0] if steps else final
    names = _names(outer, first)
    categories: list[tuple[str | float, ...] | None] = [None] * len(names)
    columns = [Column(i) for i in range(len(names))]
    for step in steps:
        columns = _apply(step, columns, categories, names)
    return names, categories, columns, final


def _known(held: Any) -> Held:
    if isinstance(held, Held) and held.kind in KNOWN and held.module.split(".")[0] == "sklearn":
        return held
    if isinstance(held, Held):
        if held.module.split(".")[0] in _NATIVE:
            raise refuse(
                f"{held.kind} inside a skops file is not read",
                "Save it in its own format: booster_.save_model('model.txt') or save_model('model.json').",
            )
        raise refuse(
            f"it is or holds a {held.kind[:60]}, whose contributions are not known here",
            "Linear models, trees, forests, gradient boosting and pipelines that end in one are read.",
        )
    raise refuse("it holds no model")


def _steps(outer: Held) -> tuple[list[Held], Held]:
    """The transformers in order and the final estimator; pipelines inside pipelines are laid flat."""
    if outer.kind != "Pipeline":
        return [], _final(outer)
    found: list[Held] = []
    listed = outer.need("steps")
    for place, pair in enumerate(listed):
        if not isinstance(pair, list) or len(pair) != 2:
            raise refuse("a step of its pipeline is damaged")
        if pair[1] is None or pair[1] == "passthrough":
            continue
        step = _known(pair[1])
        if place == len(listed) - 1:
            inner, final = _steps(step)
            return found + inner, final
        found.append(step)
    raise refuse("its pipeline has no model at its end")


def _final(held: Held) -> Held:
    if held.kind not in LINEAR and held.kind not in TREES:
        raise refuse(f"it ends in a {held.kind}, which predicts nothing")
    return held


def _names(outer: Held, first: Held) -> tuple[str, ...]:
    given = outer.get("feature_names_in_", first.get("feature_names_in_"))
    if isinstance(given, np.ndarray):
        return tuple(str(name) for name in given.ravel().tolist()[: MAX_FEATURES + 1])
    count = first.get("n_features_in_", outer.get("n_features_in_"))
    if not isinstance(count, int) or not 1 <= count <= MAX_FEATURES:
        raise refuse("it does not say how many features it reads")
    return tuple(f"x{i}" for i in range(count))


def _apply(
    step: Held,
    columns: list[Column],
    categories: list[tuple[str | float, ...] | None],
    names: tuple[str, ...],
) -> list[Column]:
    """What one transformer makes of the columns; encoders note the categories of their inputs."""
    if step.kind == "Pipeline":
        for pair in step.need("steps"):
            if pair[1] is not None and pair[1] != "passthrough":
                columns = _apply(_known(pair[1]), columns, categories, names)
        return columns
    if step.kind == "ColumnTransformer":
        return _by_column(step, columns, categories, names)
    if step.kind in _SCALERS:
        return _SCALERS[step.kind](step, columns)
    if step.kind == "SimpleImputer":
        return _fill(step, columns)
    if step.kind in ("OneHotEncoder", "OrdinalEncoder"):
        return _encode(step, columns, categories)
    if step.kind == "FunctionTransformer" and step.get("func") is None:
        return columns
    raise refuse(f"its step {step.kind} is not known")


def _by_column(
    step: Held,
    columns: list[Column],
    categories: list[tuple[str | float, ...] | None],
    names: tuple[str, ...],
) -> list[Column]:
    own = step.get("feature_names_in_")
    own = [str(n) for n in own.ravel().tolist()] if isinstance(own, np.ndarray) else list(names)
    result: list[Column] = []
    for entry in step.need("transformers_"):
        if not isinstance(entry, list) or len(entry) != 3:
            raise refuse("a part of its ColumnTransformer is damaged")
        _, inner, chosen = entry
        if inner == "drop":
            continue
        picked = [columns[place] for place in _places(chosen, own, len(columns))]
        if picked:
            done = picked if inner == "passthrough" else _apply(_known(inner), picked, categories, names)
            result.extend(done)
    return result


def _places(chosen: Any, own: list[str], width: int) -> list[int]:
    """Positions of the columns that a part of a ColumnTransformer reads."""
    if isinstance(chosen, Held):  # the list of a remainder, wrapped
        chosen = chosen.get("data", chosen.get("_data"))
    listed = chosen.ravel().tolist() if isinstance(chosen, np.ndarray) else chosen
    listed = listed if isinstance(listed, list) else [listed]
    if listed and all(isinstance(item, bool) for item in listed) and len(listed) == width:
        return [place for place, wanted in enumerate(listed) if wanted]
    found = []
    for item in listed:
        if isinstance(item, str) and item in own:
            item = own.index(item)
        if not isinstance(item, int) or isinstance(item, bool) or not -width <= item < width:
            raise refuse("its ColumnTransformer reads a column that is not there")
        found.append(item % width)
    return found


def numbers(held: Any, length: int, what: str) -> FloatArray:
    """An array of so many finite numbers; raises PlumblineError otherwise."""
    try:
        found = np.asarray(held, np.float64).ravel()
    except (TypeError, ValueError) as error:
        raise refuse(f"its {what} is not made of numbers") from error
    if len(found) != length or not np.isfinite(found).all():
        raise refuse(f"its {what} does not fit its columns")
    return found


def _standard(step: Held, columns: list[Column]) -> list[Column]:
    n = len(columns)
    shift = numbers(step.need("mean_"), n, "mean_") if step.get("with_mean", True) else np.zeros(n)
    scale = 1 / _positive(step, "scale_", n) if step.get("with_std", True) else np.ones(n)
    return _scaled(columns, shift, scale)


def _min_max(step: Held, columns: list[Column]) -> list[Column]:
    if step.get("clip"):
        raise refuse("its MinMaxScaler clips, so that contributions are not in closed form")
    n = len(columns)
    scale, least = _positive(step, "scale_", n), numbers(step.need("min_"), n, "min_")
    return _scaled(columns, -least / scale, scale)


def _max_abs(step: Held, columns: list[Column]) -> list[Column]:
    return _scaled(columns, np.zeros(len(columns)), 1 / _positive(step, "scale_", len(columns)))


def _robust(step: Held, columns: list[Column]) -> list[Column]:
    n = len(columns)
    shift = numbers(step.need("center_"), n, "center_") if step.get("with_centering", True) else np.zeros(n)
    scale = 1 / _positive(step, "scale_", n) if step.get("with_scaling", True) else np.ones(n)
    return _scaled(columns, shift, scale)


_SCALERS = {
    "StandardScaler": _standard, "MinMaxScaler": _min_max, "MaxAbsScaler": _max_abs, "RobustScaler": _robust,
}  # fmt: skip


def _positive(step: Held, name: str, length: int) -> FloatArray:
    found = numbers(step.need(name), length, name)
    if (found == 0).any():
        raise refuse(f"its {step.kind} divides by nought")
    return found


def _scaled(columns: list[Column], shift: FloatArray, scale: FloatArray) -> list[Column]:
    pairs = zip(columns, shift.tolist(), scale.tolist(), strict=True)
    return [column.scaled(by, times) for column, by, times in pairs]


def _fill(step: Held, columns: list[Column]) -> list[Column]:
    if step.get("add_indicator"):
        raise refuse("its SimpleImputer adds indicator columns, which are not read")
    filled = np.asarray(step.need("statistics_"), dtype=object).ravel().tolist()
    if len(filled) != len(columns) or not all(column.raw for column in columns):
        raise refuse("its SimpleImputer does not fit its columns")
    result = []
    for column, value in zip(columns, filled, strict=True):
        if isinstance(value, str):
            result.append(replace(column, fill_level=value))
        elif isinstance(value, (int, float)) and np.isfinite(value):
            result.append(replace(column, fill=float(value), fill_level=float(value)))
        else:
            raise refuse("its SimpleImputer fills in nothing")
    return result


def _encode(
    step: Held, columns: list[Column], categories: list[tuple[str | float, ...] | None]
) -> list[Column]:
    listed = step.need("categories_")
    if len(listed) != len(columns) or not all(column.raw for column in columns):
        raise refuse(f"its {step.kind} does not fit its columns")
    if step.get("_infrequent_enabled"):
        raise refuse(f"its {step.kind} puts rare categories together, which is not read")
    dropped = step.get("drop_idx_")
    drops = [None] * len(columns) if dropped is None else np.asarray(dropped, dtype=object).ravel().tolist()
    result = []
    for column, found, drop in zip(columns, listed, drops, strict=True):
        levels = [_level(value) for value in np.asarray(found).ravel().tolist()]
        known = tuple(level for level in levels if level is not None)
        if categories[column.feature] not in (None, known):
            raise refuse("two of its encoders read one column differently")
        categories[column.feature] = known
        codes = [known.index(level) if level is not None else len(known) for level in levels]
        if step.kind == "OneHotEncoder":
            result += _one_hot(step, column, known, codes, levels, drop)
        else:
            table = [float("nan")] * (len(known) + 1)
            for place, code in enumerate(codes):
                table[code] = float(place)
            if step.get("handle_unknown") == "use_encoded_value" and None not in levels:
                table[-1] = float(step.get("unknown_value", float("nan")))
            result.append(replace(column, table=_filled(table, column, known)))
    return result


def _one_hot(
    step: Held, column: Column, known: tuple[str | float, ...], codes: list[int], levels: list[Any], drop: Any
) -> list[Column]:
    strange = float("nan") if step.get("handle_unknown") == "error" and None not in levels else 0.0
    result = []
    for place, code in enumerate(codes):
        if drop is not None and place == int(drop):
            continue
        table = [0.0] * len(known) + [strange]
        table[code] = 1.0
        result.append(replace(column, table=_filled(table, column, known)))
    return result


def _filled(table: list[float], column: Column, known: tuple[str | float, ...]) -> tuple[float, ...]:
    """The table with its last entry, for a missing category, set to what the imputer before it fills in."""
    if column.fill_level is not None and column.fill_level in known:
        table[-1] = table[known.index(column.fill_level)]
    return tuple(table)


def _level(value: Any) -> str | float | None:
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, (bool, str)):
        return str(value)
    return float(value)


def _linear(held: Held, coding: Coding) -> CodedModel:
    if held.kind == "SGDClassifier" and held.get("loss") not in ("log_loss", "log"):
        raise refuse(f"an SGDClassifier with the loss {str(held.get('loss'))[:20]!r} gives no probability")
    width = len(coding.columns)
    try:
        weight = np.atleast_2d(np.asarray(held.need("coef_"), np.float64))
        base = np.atleast_1d(np.asarray(held.get("intercept_", 0.0), np.float64)).ravel()
    except (TypeError, ValueError) as error:
        raise refuse("its weights are not numbers") from error
    if weight.ndim != 2 or weight.shape[1] != width or not 1 <= weight.shape[0] <= 1_000:
        raise refuse("its weights do not fit its columns")
    base = np.broadcast_to(base, (len(weight),)) if len(base) == 1 else base
    link = "logit" if held.kind in _LOGIT else "log" if held.kind in _LOG else "identity"
    if link == "logit" and len(weight) > 1:
        if held.kind == "SGDClassifier" or held.get("multi_class") == "ovr":
            raise refuse("its classes are scored one against the rest, which is not read")
        link = "softmax"
    elif len(weight) > 1:
        raise refuse("it predicts several values at once")
    return of_weights(coding, Weights(weight.T.copy(), base.copy()), link, held.kind, FORMAT)
