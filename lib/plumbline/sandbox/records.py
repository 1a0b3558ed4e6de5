"""Frozen dataclasses as JSON and back, held to their types: what a child sends is looked at, never unpickled.

A text may be a message: its template and values come along, so that it is read in the language of whoever asked.
"""

from __future__ import annotations

import base64
import types
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from plumbline.domain.message_json import message_json, read_message
from plumbline.domain.messages import Message

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """A value made of dataclasses, enums, messages, paths, bytes, tuples and dictionaries, as JSON knows it.

    Raises:
        TypeError: it holds something else.
    """
    if value is None or (type(value) in (bool, int, float, str)):
        return value
    if isinstance(value, Message):
        return message_json(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no place in a message")


def from_json(kind: type[T], value: Any) -> T:
    """What ``to_json`` made of a value of that type.

    Raises:
        TypeError, ValueError, KeyError: it is something else.
    """
    result: T = _read(kind, value)
    return result


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, types.UnionType):
        return None if value is None else _read(next(k for k in inner if k is not types.NoneType), value)
    if origin is tuple:
        if inner[-1] is Ellipsis:
            return tuple(_read(inner[0], item) for item in value)
        return tuple(_read(k, item) for k, item in zip(inner, value, strict=True))
    if origin is dict:
        return {str(key): _read(inner[1], item) for key, item in value.items()}
    if kind is bytes:
        return base64.b64decode(value, validate=True)
    if kind is Path or issubclass(kind, Enum):
        return kind(value)
    if is_dataclass(kind) and isinstance(kind, type):
        return kind(**{name: _read(hint, value[name]) for name, hint in _hints(kind).items()})
    if kind is str and isinstance(value, dict):
        return _read_message(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"{type(value).__name__} where {kind.__name__} is due")
    return value


def _read_message(value: dict[str, Any]) -> Message:
    try:
        text = read_message(value)
    except AttributeError as error:
        raise TypeError("no message where one is due") from error
    if not isinstance(text, Message):
        raise TypeError(f"{type(text).__name__} where a message is due")
    return text
