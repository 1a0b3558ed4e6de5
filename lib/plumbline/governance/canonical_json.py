"""Plain values as canonical JSON and back: the same value always gives the same bytes.

Keys are sorted, nothing is spaced, times are ISO 8601 in UTC, floats are spelled by ``repr`` (which reads back
exactly), and what JSON cannot hold is refused. Reading is driven by the type that is asked for.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, TypeVar, Union

from plumbline.domain import PlumblineError
from plumbline.domain.message_json import message_json, read_message
from plumbline.domain.messages import Message, as_message

T = TypeVar("T")


def write(value: Any, *, messages: bool = False) -> str:
    """The canonical JSON of dataclasses, mappings, sequences, enums, times and scalars.

    Args:
        messages: keep their templates and values; else a message is written as its English text.

    Raises:
        PlumblineError: a value that JSON cannot hold, such as NaN.
    """
    try:
        return json.dumps(
            _json_form(value, messages),
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=True,
            allow_nan=False,
        )
    except (TypeError, ValueError) as error:
        raise PlumblineError("A scorecard's inputs hold a value that cannot be kept") from error


def read(kind: type[T], text: str) -> T:
    """The value of that type. Fields that the type no longer has are left out; new ones have their default.

    Raises:
        PlumblineError: the text is not JSON of that type.
    """
    try:
        value: T = _read(kind, json.loads(text))
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise PlumblineError(f"What was kept is not a readable {kind.__name__}") from error
    return value


def _json_form(value: Any, messages: bool) -> Any:
    if messages and isinstance(value, Message):
        return message_json(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _json_form(getattr(value, f.name), messages) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {
            str(key.value if isinstance(key, Enum) else key): _json_form(item, messages)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_json_form(item, messages) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(_json_form(item, messages) for item in value)
    return value.item() if hasattr(value, "item") else value  # a NumPy scalar


def _read(kind: Any, value: Any) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (Union, types.UnionType):
        kinds = [k for k in inner if k is not type(None)]
        return None if value is None else _read(kinds[0], value)
    if origin is tuple:
        return tuple(_read(k, v) for k, v in zip(_kinds(inner, value), value, strict=True))
    if origin in (dict, Mapping):
        return {_read(inner[0], key): _read(inner[1], item) for key, item in value.items()}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        names = {f.name for f in dataclasses.fields(kind)}
        return kind(**{name: _read(hints[name], item) for name, item in value.items() if name in names})
    if kind is Message:
        return as_message(read_message(value))
    if kind is str and isinstance(value, dict):  # a message where any text may stand
        return read_message(value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is date:
        return date.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return value


def _kinds(inner: tuple[Any, ...], value: list[Any]) -> tuple[Any, ...]:
    """The type of each item: one for all in ``tuple[X, ...]``, else as listed."""
    return (inner[0],) * len(value) if inner[-1] is ... else inner
