"""Any answer as lines of plain text: ``path = values``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

import numpy as np


def lines(answer: Any) -> list[str]:
    """The answer's leaves in order, one a line; an array or a list of numbers is one leaf."""
    return [f"{path or 'answer'} = {text}" for path, text in _leaves("", answer)]


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, np.ndarray):
        shape = "x".join(str(n) for n in value.shape)
        yield f"{path}[{shape}]", " ".join(_word(x) for x in value.ravel().tolist())
    elif _is_record(value):
        parts = [(field.name, getattr(value, field.name)) for field in fields(value)]
        flat = [f"{name}={_word(part)}" for name, part in parts if _is_leaf(part)]
        if flat:
            yield path, " ".join(flat)
        for name, part in parts:
            if not _is_leaf(part):
                yield from _leaves(_below(path, name), part)
    elif isinstance(value, Mapping):
        if not value:
            yield path, "{}"
        for key, item in value.items():
            yield from _leaves(_below(path, str(key)), item)
    elif isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else list(value)
        if all(_is_leaf(item) for item in items):
            yield path, f"({' '.join(_word(item) for item in items)})"
        else:
            for i, item in enumerate(items):
                yield from _leaves(_below(path, str(i)), item)
    else:
        yield path, _word(value)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _is_record(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, type)


def _is_leaf(value: Any) -> bool:
    return not isinstance(value, (np.ndarray, Mapping, list, tuple, set, frozenset)) and not _is_record(value)


def _word(value: Any) -> str:
    """A leaf in one word, or a text in quotes."""
    if isinstance(value, Enum):
        return str(value.value)
    if value is None or isinstance(value, (bool, np.bool_)):
        return str(value)
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return _number(float(value))
    if isinstance(value, (datetime, date, np.datetime64)):
        return str(value).replace(" ", "T")
    return '"' + str(value).replace("\\", "\\\\").replace('"', "'").replace("\n", "\\n") + '"'


def _number(value: float) -> str:
    """Thirteen digits; a whole number with a point, so that it is told from a count."""
    if not math.isfinite(value):
        return str(value)
    text = f"{value:.13g}"
    return text if any(mark in text for mark in ".e") else f"{text}.0"
