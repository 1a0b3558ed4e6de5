"""What a pipeline's steps do to a scikit-learn model's inputs: columns of one input where that can be, else a function.

Scaling, imputation, one-hot and ordinal codes work on one input each, so that contributions of columns are those of
inputs in closed form. What mixes or bends columns comes after them as a function (see ``scikit_maps``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from plumbline.domain import FloatArray
from plumbline.explain.columns import InputColumn
from plumbline.explain.readers.scikit.arrays import ModelInputs, TransformedColumns, concatenate, numbers
from plumbline.explain.readers.scikit.projections import MAPS
from plumbline.explain.readers.scikit.skops_file import SkopsObject
from plumbline.explain.trees import refuse

PASSED = (None, "passthrough")


def apply_step(step: Any, columns: TransformedColumns, inputs: ModelInputs) -> TransformedColumns:
    """What one transformer makes of what there is; encoders note the categories of their inputs.

    Raises PlumblineError for a step that is not known, or does not fit its columns.
    """
    if step in PASSED:
        return columns
    inputs.count()
    if not isinstance(step, SkopsObject) or step.module.split(".")[0] != "sklearn":
        raise refuse(f"its step {getattr(step, 'kind', 'of another kind')[:60]} is not known")
    if step.kind in _PUT_TOGETHER:
        return _PUT_TOGETHER[step.kind](step, columns, inputs)
    if step.kind in _SCALERS and not step.get("clip"):
        return _rescale(columns, *_SCALERS[step.kind](step, columns.width))
    if step.kind in ("OneHotEncoder", "OrdinalEncoder"):
        if columns.then is not None:
            raise refuse(f"its {step.kind} comes after a step that mixes columns, which is not read")
        return TransformedColumns(tuple(_encode(step, list(columns.columns), inputs.categories)))
    if step.kind in _SELECTIONS:
        return columns.select(_selected_columns(step, columns.width))
    if step.kind == "FunctionTransformer" and step.get("func") is None:
        return columns
    if step.kind in MAPS:
        return columns.append(*MAPS[step.kind](step, columns.width))
    raise refuse(f"its step {step.kind[:60]} is not known")


def _pipeline(step: SkopsObject, columns: TransformedColumns, inputs: ModelInputs) -> TransformedColumns:
    for pair in step.need("steps"):
        if not isinstance(pair, list) or len(pair) != 2:
            raise refuse("a step of its pipeline is damaged")
        columns = apply_step(pair[1], columns, inputs)
    return columns


def _column_transformer(
    step: SkopsObject, columns: TransformedColumns, inputs: ModelInputs
) -> TransformedColumns:
    input_names = step.get("feature_names_in_")
    input_names = (
        [str(n) for n in input_names.ravel().tolist()]
        if isinstance(input_names, np.ndarray)
        else list(inputs.names)
    )
    parts: list[TransformedColumns] = []
    for entry in step.need("transformers_"):
        if not isinstance(entry, list) or len(entry) != 3:
            raise refuse("a part of its ColumnTransformer is damaged")
        _, inner, chosen = entry
        if inner == "drop":
            continue
        places = _places(chosen, input_names, columns.width)
        if places:
            parts.append(apply_step(inner, columns.select(places), inputs))
    return concatenate(parts)


def _union(step: SkopsObject, columns: TransformedColumns, inputs: ModelInputs) -> TransformedColumns:
    if step.get("transformer_weights"):
        raise refuse("its FeatureUnion weighs its parts, which is not read")
    parts = []
    for pair in step.need("transformer_list"):
        if not isinstance(pair, list) or len(pair) != 2:
            raise refuse("a part of its FeatureUnion is damaged")
        if pair[1] != "drop":
            parts.append(apply_step(pair[1], columns, inputs))
    return concatenate(parts)


_SELECTIONS = ("VarianceThreshold", "RFE", "RFECV")


def _selected_columns(step: SkopsObject, width: int) -> list[int]:
    """The columns that a selection keeps."""
    if step.kind in ("RFE", "RFECV"):
        support = np.asarray(step.need("support_")).ravel().astype(bool)
    else:
        support = numbers(step.need("variances_"), width, "variances_") > float(step.get("threshold", 0.0))
    if len(support) != width or not support.any():
        raise refuse(f"its {step.kind} does not fit its columns")
    return [int(place) for place in np.flatnonzero(support)]


def _places(chosen: Any, names: list[str], width: int) -> list[int]:
    """Positions of the columns that a part of a ColumnTransformer reads."""
    if isinstance(chosen, SkopsObject):  # the list of a remainder, wrapped
        chosen = chosen.get("data", chosen.get("_data"))
    listed = chosen.ravel().tolist() if isinstance(chosen, np.ndarray) else chosen
    listed = listed if isinstance(listed, list) else [listed]
    if listed and all(isinstance(item, bool) for item in listed) and len(listed) == width:
        return [place for place, wanted in enumerate(listed) if wanted]
    places = []
    for item in listed:
        if isinstance(item, str) and item in names:
            item = names.index(item)
        if not isinstance(item, int) or isinstance(item, bool) or not -width <= item < width:
            raise refuse("its ColumnTransformer reads a column that is not there")
        places.append(item % width)
    return places


def _standard(step: SkopsObject, n: int) -> tuple[FloatArray, FloatArray]:
    shift = numbers(step.need("mean_"), n, "mean_") if step.get("with_mean", True) else np.zeros(n)
    scale = 1 / _read_nonzero(step, "scale_", n) if step.get("with_std", True) else np.ones(n)
    return shift, scale


def _min_max(step: SkopsObject, n: int) -> tuple[FloatArray, FloatArray]:
    scale, least = _read_nonzero(step, "scale_", n), numbers(step.need("min_"), n, "min_")
    return -least / scale, scale


def _max_abs(step: SkopsObject, n: int) -> tuple[FloatArray, FloatArray]:
    return np.zeros(n), 1 / _read_nonzero(step, "scale_", n)


def _robust(step: SkopsObject, n: int) -> tuple[FloatArray, FloatArray]:
    shift = numbers(step.need("center_"), n, "center_") if step.get("with_centering", True) else np.zeros(n)
    scale = 1 / _read_nonzero(step, "scale_", n) if step.get("with_scaling", True) else np.ones(n)
    return shift, scale


_SCALERS = {
    "StandardScaler": _standard, "MinMaxScaler": _min_max, "MaxAbsScaler": _max_abs, "RobustScaler": _robust,
}  # fmt: skip


def _read_nonzero(step: SkopsObject, name: str, length: int) -> FloatArray:
    found = numbers(step.need(name), length, name)
    if (found == 0).any():
        raise refuse(f"its {step.kind} divides by nought")
    return found


def _rescale(columns: TransformedColumns, shift: FloatArray, scale: FloatArray) -> TransformedColumns:
    if columns.then is not None:
        return columns.append(lambda x: (x - shift) * scale, columns.width)
    trios = zip(columns.columns, shift.tolist(), scale.tolist(), strict=True)
    return TransformedColumns(tuple(column.rescale(by, times) for column, by, times in trios))


def _fill(step: SkopsObject, table: TransformedColumns, inputs: ModelInputs) -> TransformedColumns:
    columns = table.columns
    if step.get("add_indicator"):
        raise refuse("its SimpleImputer adds indicator columns, which are not read")
    filled = np.asarray(step.need("statistics_"), dtype=object).ravel().tolist()
    if table.then is not None or len(filled) != len(columns) or not all(column.is_raw for column in columns):
        raise refuse("its SimpleImputer does not fit its columns")
    result = []
    for column, value in zip(columns, filled, strict=True):
        if isinstance(value, str):
            result.append(replace(column, fill_level=value))
        elif isinstance(value, (int, float)) and np.isfinite(value):
            result.append(replace(column, fill=float(value), fill_level=float(value)))
        else:
            raise refuse("its SimpleImputer fills in nothing")
    return TransformedColumns(tuple(result))


_PUT_TOGETHER = {
    "Pipeline": _pipeline, "ColumnTransformer": _column_transformer, "FeatureUnion": _union, "SimpleImputer": _fill,
}  # fmt: skip


def _encode(
    step: SkopsObject, columns: list[InputColumn], categories: list[tuple[str | float, ...] | None]
) -> list[InputColumn]:
    listed = step.need("categories_")
    if len(listed) != len(columns) or not all(column.is_raw for column in columns):
        raise refuse(f"its {step.kind} does not fit its columns")
    if step.get("_infrequent_enabled"):
        raise refuse(f"its {step.kind} puts rare categories together, which is not read")
    dropped = step.get("drop_idx_")
    drops = [None] * len(columns) if dropped is None else np.asarray(dropped, dtype=object).ravel().tolist()
    if len(drops) != len(columns):
        raise refuse(f"its {step.kind} does not fit its columns")
    result = []
    for column, categories_listed, drop in zip(columns, listed, drops, strict=True):
        levels = [_level(value) for value in np.asarray(categories_listed).ravel().tolist()]
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
            result.append(replace(column, table=_fill_missing_entry(table, column, known)))
    return result


def _one_hot(
    step: SkopsObject,
    column: InputColumn,
    known: tuple[str | float, ...],
    codes: list[int],
    levels: list[Any],
    drop: Any,
) -> list[InputColumn]:
    strange = float("nan") if step.get("handle_unknown") == "error" and None not in levels else 0.0
    result = []
    for place, code in enumerate(codes):
        if drop is not None and place == int(drop):
            continue
        table = [0.0] * len(known) + [strange]
        table[code] = 1.0
        result.append(replace(column, table=_fill_missing_entry(table, column, known)))
    return result


def _fill_missing_entry(
    table: list[float], column: InputColumn, known: tuple[str | float, ...]
) -> tuple[float, ...]:
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
