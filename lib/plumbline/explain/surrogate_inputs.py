"""How a surrogate reads logged features: numbers and categories as a design matrix, or as codes for trees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plumbline.domain import FloatArray, IntArray, Kind, deviation

if TYPE_CHECKING:
    import pandas as pd

#: levels of a category that get a column of their own in the linear surrogate; the rest share none
LEVELS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class InputCode:
    """One feature as learnt from the fitting rows.

    Numeric: ``fill`` (the median) stands in for missing in the linear surrogate, ``scale`` divides.
    Categorical: ``codes`` gives each level a number, in the order of its mean target; ``levels`` are the
    commonest.
    """

    name: str
    kind: Kind
    fill: float = 0.0
    scale: float = 1.0
    missing: bool = False  # whether the fitting rows had missing values
    codes: Mapping[str, float] | None = None
    levels: tuple[str, ...] = ()


def learn_inputs(frame: pd.DataFrame, target: FloatArray, kinds: Mapping[str, Kind]) -> tuple[InputCode, ...]:
    """Codes for every column of ``frame`` (n rows), categories ordered by the mean of ``target`` (n,)."""
    import pandas as pd

    inputs = []
    for name in map(str, frame.columns):
        numeric = pd.api.types.is_numeric_dtype(frame[name])
        kind = kinds.get(name, Kind.NUMERIC if numeric else Kind.CATEGORICAL)
        if kind is Kind.NUMERIC:
            values = _numbers(frame, name)
            known = values[np.isfinite(values)]
            spread = deviation(known)
            inputs.append(
                InputCode(
                    name=name,
                    kind=kind,
                    fill=float(np.median(known)) if len(known) else 0.0,
                    scale=spread if spread > 0 else 1.0,
                    missing=len(known) < len(values),
                )
            )
        else:
            texts = pd.Series(_texts(frame, name))
            means = pd.Series(target).groupby(texts.to_numpy()).mean().sort_values(kind="stable")
            codes = {str(level): float(i) for i, level in enumerate(means.index)}
            common = tuple(str(level) for level in texts.value_counts().index[:LEVELS])
            inputs.append(InputCode(name=name, kind=kind, codes=codes, levels=common))
    return tuple(inputs)


def design_matrix(inputs: tuple[InputCode, ...], frame: pd.DataFrame) -> tuple[FloatArray, IntArray]:
    """The linear surrogate's matrix (n, p) and which input each of its columns belongs to (p,)."""
    columns: list[FloatArray] = []
    owner: list[int] = []
    for i, code in enumerate(inputs):
        if code.kind is Kind.NUMERIC:
            values = _numbers(frame, code.name)
            absent = ~np.isfinite(values)
            columns.append((np.where(absent, code.fill, values) - code.fill) / code.scale)
            owner.append(i)
            if code.missing:
                columns.append(absent.astype(np.float64))
                owner.append(i)
        else:
            texts = np.array(_texts(frame, code.name), dtype=object)
            columns.extend((texts == level).astype(np.float64) for level in code.levels)
            owner.extend([i] * len(code.levels))
    return np.stack(columns, axis=1), np.array(owner, np.int64)


def code_matrix(inputs: tuple[InputCode, ...], frame: pd.DataFrame) -> FloatArray:
    """The boosted surrogate's matrix (n, d): numbers as they are, categories as codes, NaN for unknown."""
    columns = []
    for code in inputs:
        if code.codes is None:
            values = _numbers(frame, code.name)
            columns.append(np.where(np.isfinite(values), values, np.nan))
        else:
            places = code.codes
            columns.append(np.array([places.get(t, np.nan) for t in _texts(frame, code.name)], np.float64))
    return np.stack(columns, axis=1)


def _numbers(frame: pd.DataFrame, name: str) -> FloatArray:
    import pandas as pd

    return pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)


def _texts(frame: pd.DataFrame, name: str) -> list[str]:
    column = frame[name]
    absent = column.isna().tolist()
    return ["" if gone else str(value) for value, gone in zip(column.tolist(), absent, strict=True)]
