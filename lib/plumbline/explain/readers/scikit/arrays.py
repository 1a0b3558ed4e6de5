"""What reading a scikit-learn model passes around: checked arrays, and what its steps have made of the inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from plumbline.domain import FloatArray
from plumbline.explain.columns import InputColumn
from plumbline.explain.readers.scikit.skops_file import SkopsObject
from plumbline.explain.trees import MAX_FEATURES, refuse
from plumbline.wording import quantities

#: columns (n, c) to columns (n, c')
Function = Callable[[FloatArray], FloatArray]
MOST_PARTS = 5_000  # models and steps inside one file
BLOCK = 4_000_000  # numbers that a function holds at once
#: functions that a step or a model may name
NAMED: dict[str, Function] = {
    "log1p": np.log1p, "log": np.log, "log2": np.log2, "log10": np.log10, "sqrt": np.sqrt, "exp": np.exp,
    "expm1": np.expm1, "abs": np.abs, "absolute": np.abs, "square": np.square,
}  # fmt: skip


@dataclass(slots=True)
class ModelInputs:
    """The model's inputs by name, and the categories that encoders say they have; counts what is read."""

    names: tuple[str, ...]
    categories: list[tuple[str | float, ...] | None]
    parts: int = field(default=0)

    def count(self) -> None:
        """One more part; raises PlumblineError where there are too many (a part may hold itself many times over)."""
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise refuse(f"it holds more than {quantities.count(MOST_PARTS)} models and steps")


@dataclass(frozen=True, slots=True)
class TransformedColumns:
    """What steps have made: ``columns``, each of one input, and, where a step mixes them, a function of these."""

    columns: tuple[InputColumn, ...]
    then: Function | None = None
    mixed: int = 0  # columns that the function makes

    @property
    def width(self) -> int:
        return self.mixed if self.then else len(self.columns)

    def append(self, function: Function, width: int) -> TransformedColumns:
        """The same after one more function."""
        before = self.then
        if width < 1 or width > MAX_FEATURES or len(self.columns) > MAX_FEATURES:
            raise refuse("a step of it makes no columns, or too many")
        if before is None:
            return TransformedColumns(self.columns, function, width)
        return TransformedColumns(self.columns, lambda x: function(before(x)), width)

    def run(self, x: FloatArray) -> FloatArray:
        return x if self.then is None else self.then(x)

    def select(self, places: Sequence[int]) -> TransformedColumns:
        """Only those of its columns."""
        if self.then is None:
            return TransformedColumns(tuple(self.columns[place] for place in places))
        chosen = np.array(places, np.int64)
        return self.append(lambda x: x[:, chosen], len(places))


def concatenate(parts: Sequence[TransformedColumns]) -> TransformedColumns:
    """Several results beside one another."""
    columns = tuple(column for part in parts for column in part.columns)
    if len(columns) > MAX_FEATURES:
        raise refuse("its steps make too many columns")
    if all(part.then is None for part in parts):
        return TransformedColumns(columns)
    ends = np.cumsum([0, *(len(part.columns) for part in parts)])
    spans = list(zip(parts, ends[:-1].tolist(), ends[1:].tolist(), strict=True))

    def run(x: FloatArray) -> FloatArray:
        return np.concatenate([part.run(x[:, begin:end]) for part, begin, end in spans], axis=1)

    return TransformedColumns(columns, run, sum(part.width for part in parts))


def numbers(stored: Any, length: int, what: str) -> FloatArray:
    """An array of so many finite numbers; raises PlumblineError otherwise."""
    found = floats(stored, what).ravel()
    if len(found) != length or not np.isfinite(found).all():
        raise refuse(f"its {what} does not fit its columns")
    return found


def table(stored: Any, shape: tuple[int | None, ...], what: str) -> FloatArray:
    """A finite array of that shape (None: any length); raises PlumblineError otherwise."""
    numbers = floats(stored, what)
    fits = numbers.ndim == len(shape) and all(
        w is None or w == h for w, h in zip(shape, numbers.shape, strict=True)
    )
    if not fits or not numbers.size or not np.isfinite(numbers).all():
        raise refuse(f"its {what} does not fit its columns")
    return numbers


def number(stored: Any, what: str) -> float:
    """One finite number; raises PlumblineError otherwise."""
    return float(numbers(stored, 1, what)[0])


def floats(stored: Any, what: str) -> FloatArray:
    """An array of real numbers; raises PlumblineError otherwise."""
    try:
        if np.iscomplexobj(stored):
            raise TypeError
        return np.asarray(stored, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise refuse(f"its {what} is not made of numbers") from error


def read_list(node: SkopsObject, name: str, length: int | None = None) -> list[Any]:
    """A list that is an attribute; raises PlumblineError where it is none, is empty or has another length."""
    value = node.need(name)
    value = value.ravel().tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(value, list) or not value or (length is not None and len(value) != length):
        raise refuse(f"its {name} is damaged")
    return value


def numpy_function(stored: Any, what: str) -> Function:
    """A function of NumPy by its name, from our own list; None is the function that changes nothing."""
    if stored is None:
        return lambda x: x
    if isinstance(stored, SkopsObject) and stored.module.split(".")[0] == "numpy" and stored.kind in NAMED:
        return NAMED[stored.kind]
    raise refuse(f"its {what} calls {getattr(stored, 'kind', 'a function')[:40]!r}, which is not known")


def class_count(node: SkopsObject) -> int:
    """How many classes a classifier tells apart; raises PlumblineError for fewer than two or several labels at once."""
    classes = node.need("classes_")
    count = int(np.size(classes)) if isinstance(classes, np.ndarray) and classes.ndim == 1 else 0
    if not 2 <= count <= 1_000:
        raise refuse("it knows fewer than two classes, too many, or predicts several values at once")
    return count


def run_in_blocks(function: Function, width: int) -> Function:
    """A function that holds ``width`` numbers a row, asked about so many rows at once that memory lasts."""
    step = max(1, BLOCK // max(width, 1))

    def run(x: FloatArray) -> FloatArray:
        if len(x) <= step:
            return function(x)
        return np.concatenate([function(x[begin : begin + step]) for begin in range(0, len(x), step)])

    return run
