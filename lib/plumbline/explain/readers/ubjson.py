"""A small reader of UBJSON, as XGBoost writes it, with caps on size and depth.

Source: the UBJSON specification, draft 12 (markers, optimised containers). A declared length is checked
against the bytes that are there before anything is allocated.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from plumbline.explain.trees import refuse
from plumbline.wording import quantities

MAX_DEPTH = 32
MAX_ITEMS = 20_000_000
_NUMBERS = {
    b"i": ("b", ">i1"), b"U": ("B", ">u1"), b"I": ("h", ">i2"), b"l": ("i", ">i4"), b"L": ("q", ">i8"),
    b"d": ("f", ">f4"), b"D": ("d", ">f8"),
}  # fmt: skip
_CONSTANTS: dict[bytes, Any] = {b"Z": None, b"T": True, b"F": False}


class _ByteReader:
    """A position in the bytes and the items read so far."""

    def __init__(self, body: bytes) -> None:
        self.body, self.at, self.items = body, 0, 0

    def take(self, size: int) -> bytes:
        if size < 0 or size > len(self.body) - self.at:
            raise refuse("it is cut short, or declares more than it holds")
        self.at += size
        return self.body[self.at - size : self.at]

    def peek(self) -> bytes:
        return self.body[self.at : self.at + 1]

    def count(self, items: int) -> None:
        self.items += items
        if self.items > MAX_ITEMS:
            raise refuse(f"it holds more than {quantities.count(MAX_ITEMS)} items")


def read_ubjson(body: bytes) -> Any:
    """The value in ``body``: dicts, lists, strings and numbers. Typed arrays come as lists of numbers.

    Raises PlumblineError on truncated, oversized, too deep or unknown content.
    """
    reader = _ByteReader(body)
    return _value(reader, _marker(reader), 0)


def _marker(reader: _ByteReader) -> bytes:
    marker = reader.take(1)
    while marker == b"N":
        marker = reader.take(1)
    return marker


def _number(reader: _ByteReader, marker: bytes) -> Any:
    if marker not in _NUMBERS:
        raise refuse(f"it holds an unknown marker {marker!r}")
    code = ">" + _NUMBERS[marker][0]
    return struct.unpack(code, reader.take(struct.calcsize(code)))[0]


def _length(reader: _ByteReader) -> int:
    value = _number(reader, _marker(reader))
    if not isinstance(value, int) or value < 0:
        raise refuse("it declares a length that is not a whole number")
    return value


def _text(reader: _ByteReader) -> str:
    return reader.take(_length(reader)).decode("utf-8", errors="replace")


def _value(reader: _ByteReader, marker: bytes, depth: int) -> Any:
    reader.count(1)
    if depth > MAX_DEPTH:
        raise refuse(f"it is nested deeper than {MAX_DEPTH}")
    if marker in _CONSTANTS:
        return _CONSTANTS[marker]
    if marker == b"S" or marker == b"H":
        return _text(reader)
    if marker == b"C":
        return reader.take(1).decode("latin-1")
    if marker == b"[":
        return _array(reader, depth)
    if marker == b"{":
        return _object(reader, depth)
    return _number(reader, marker)


def _opening(reader: _ByteReader) -> tuple[bytes | None, int | None]:
    """The optional type and count that may follow an opening bracket."""
    kind: bytes | None = None
    if reader.peek() == b"$":
        reader.take(1)
        kind = reader.take(1)
    if reader.peek() != b"#":
        if kind is not None:
            raise refuse("a typed container has no length")
        return None, None
    reader.take(1)
    return kind, _length(reader)


def _array(reader: _ByteReader, depth: int) -> list[Any]:
    kind, size = _opening(reader)
    if kind is not None and size is not None:
        if kind not in _NUMBERS:
            raise refuse(f"it holds a typed array of an unknown kind {kind!r}")
        dtype = np.dtype(_NUMBERS[kind][1])
        reader.count(size)
        values: list[Any] = np.frombuffer(reader.take(size * dtype.itemsize), dtype).tolist()
        return values
    items: list[Any] = []
    if size is not None:
        reader.count(size)
        for _ in range(size):
            items.append(_value(reader, _marker(reader), depth + 1))
        return items
    while (marker := _marker(reader)) != b"]":
        items.append(_value(reader, marker, depth + 1))
    return items


def _object(reader: _ByteReader, depth: int) -> dict[str, Any]:
    kind, size = _opening(reader)
    attributes: dict[str, Any] = {}
    if size is not None:
        reader.count(size)
        for _ in range(size):
            key = _text(reader)
            attributes[key] = _value(reader, kind or _marker(reader), depth + 1)
        return attributes
    while _skip_padding(reader) != b"}":
        key = _text(reader)
        attributes[key] = _value(reader, _marker(reader), depth + 1)
    reader.take(1)
    return attributes


def _skip_padding(reader: _ByteReader) -> bytes:
    while reader.peek() == b"N":
        reader.take(1)
    if not reader.peek():
        raise refuse("it is cut short")
    return reader.peek()
