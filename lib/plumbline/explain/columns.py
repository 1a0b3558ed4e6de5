"""From the inputs as logged to the columns that a model's core reads: scaling, imputation, one-hot and ordinal codes.

Each column comes from one input, so that contributions of columns add up to contributions of inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from plumbline.domain import FloatArray, IntArray, PlumblineError
from plumbline.domain.messages import message
from plumbline.explain.trees import BoolArray


@dataclass(frozen=True, slots=True, kw_only=True)
class InputColumn:
    """One column: input ``feature``, through ``table`` where it is a code, then ``(value - shift) * scale``.

    ``table``: value by code, its last entry for a missing or unknown one. ``fill`` takes the place of a missing
    number (NaN: nothing does); ``fill_level`` that of a missing category, until the column is coded.
    """

    feature: int
    table: tuple[float, ...] | None = None
    fill: float = float("nan")
    shift: float = 0.0
    scale: float = 1.0
    fill_level: str | float | None = None

    @property
    def is_raw(self) -> bool:
        """Whether nothing has been done to it yet but filling in."""
        return self.table is None and (self.shift, self.scale) == (0.0, 1.0)

    def rescale(self, shift: float, scale: float) -> InputColumn:
        """The column after another step ``(value - shift) * scale``."""
        if self.scale == 0:
            return replace(self, shift=0.0, scale=0.0)
        return replace(self, shift=self.shift + shift / self.scale, scale=self.scale * scale)

    def values(self, x: FloatArray) -> FloatArray:
        """The column of an input's values (n,)."""
        if self.table is None:
            x = np.where(np.isnan(x), self.fill, x)
        else:
            table = np.asarray(self.table)
            known = (x >= 0) & (x < len(table) - 1)
            x = table[np.where(known, x, len(table) - 1).astype(np.int64)]
        scaled: FloatArray = (x - self.shift) * self.scale
        return scaled


@dataclass(frozen=True, slots=True)
class InputCoding:
    """A model's inputs by name, the list of categories of those that are codes, and the columns made of them."""

    names: tuple[str, ...]
    categories: tuple[tuple[str | float, ...] | None, ...]
    columns: tuple[InputColumn, ...]

    @property
    def owners(self) -> IntArray:
        """(columns,) the input that each column comes from."""
        return np.array([column.feature for column in self.columns], np.int64)

    def code(self, rows: FloatArray) -> FloatArray:
        """Rows (n, d) of inputs to rows (n, columns). Raises PlumblineError for a wrong number of inputs."""
        if rows.ndim != 2 or rows.shape[1] != len(self.names):
            raise PlumblineError(
                message(
                    "The model takes {names} features, not {width}",
                    names=str(len(self.names)),
                    width=rows.shape[-1],
                )
            )
        encoded = np.empty((len(rows), len(self.columns)))
        for place, column in enumerate(self.columns):
            encoded[:, place] = column.values(rows[:, column.feature])
        return encoded

    def sum_by_input(self, parts: FloatArray) -> FloatArray:
        """Contributions of columns (n, columns) added up by input: (n, d)."""
        found = np.zeros((len(parts), len(self.names)))
        for place, column in enumerate(self.columns):
            found[:, column.feature] += parts[:, place]
        return found

    def used_inputs(self, columns: BoolArray) -> BoolArray:
        """(d,) whether any of an input's columns is used."""
        found = np.zeros(len(self.names), np.bool_)
        found[self.owners[columns]] = True
        return found


def identity_coding(
    names: Sequence[str], categories: Sequence[tuple[str | float, ...] | None]
) -> InputCoding:
    """Every input is a column, as it is."""
    return InputCoding(
        tuple(names), tuple(categories), tuple(InputColumn(feature=i) for i in range(len(names)))
    )
