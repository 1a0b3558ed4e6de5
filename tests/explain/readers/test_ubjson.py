"""UBJSON: what the specification's markers say, written by a small writer of the test's own, and what is refused."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import PlumblineError
from plumbline.explain.readers import ubjson
from plumbline.explain.readers.ubjson import read_ubjson

INTEGERS = (("i", "b", -128, 127), ("U", "B", 0, 255), ("I", "h", -(2**15), 2**15 - 1),
            ("l", "i", -(2**31), 2**31 - 1), ("L", "q", -(2**63), 2**63 - 1))  # fmt: skip


def written(value: Any, counted: bool = False) -> bytes:
    """A value by draft 12; ``counted``: containers with their length, lists of numbers with their type."""
    if value is None or isinstance(value, bool):
        return b"Z" if value is None else b"T" if value else b"F"
    if isinstance(value, int):
        marker, code, *_ = next(one for one in INTEGERS if one[2] <= value <= one[3])
        return marker.encode() + struct.pack(">" + code, value)
    if isinstance(value, float):
        return b"D" + struct.pack(">d", value)
    if isinstance(value, str):
        body = value.encode()
        return b"S" + written(len(body)) + body
    size = b"#" + written(len(value)) if counted else b""
    if isinstance(value, dict):
        parts = [written(k)[1:] + written(v, counted) for k, v in value.items()]
        return b"{" + size + b"".join(parts) + (b"" if counted else b"}")
    if counted and value and all(isinstance(v, float) for v in value):
        return b"[$D" + size + b"".join(struct.pack(">d", v) for v in value)
    return b"[" + size + b"".join(written(v, counted) for v in value) + (b"" if counted else b"]")


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(values, st.booleans())
@settings(max_examples=80, deadline=None)
def test_what_was_written_is_read(value: Any, counted: bool) -> None:
    assert read_ubjson(written(value, counted)) == value


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"d" + struct.pack(">f", 0.5), 0.5), (b"Ca", "a"), (b"C\xe9", "é"), (b"Hi\x0212", "12"),
        (b"NNi\x05", 5), (b"[NNi\x01Ni\x02N]", [1, 2]), (b"{NNi\x01aNTN}", {"a": True}),
        (b"[$i#i\x03\x01\xff\x02", [1, -1, 2]), (b"[$U#i\x02\xff\x01", [255, 1]),
        (b"[$I#i\x01\x01\x00", [256]), (b"[$l#i\x01\x00\x01\x00\x00", [65536]), 
        (b"[$L#i\x01" + b"\x00" * 7 + b"\x09", [9]),
        (b"[$d#i\x01" + struct.pack(">f", 0.25), [0.25]), (b"{$i#i\x02i\x01a\x07i\x01b\x08", {"a": 7, "b": 8}),
        (b"[#i\x00", []), (b"{#i\x00", {}), (b"Si\x00", ""), (b"Si\x01\xff", "\ufffd"),
    ],
)  # fmt: skip
def test_markers_mean_what_the_specification_says(body: bytes, value: Any) -> None:
    assert read_ubjson(body) == value


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "cut short"), (b"i", "cut short"), (b"I\x01", "cut short"), (b"Si\x05abc", "cut short"),
        (b"[i\x01", "cut short"), (b"{i\x01aT", "cut short"), (b"{", "cut short"), (b"{NN", "cut short"),
        (b"Q", "unknown marker"), (b"[$i]", "has no length"), (b"[$S#i\x01i\x01a", "unknown kind"),
        (b"Si\xff", "not a whole number"), (b"Sd\x00\x00\x00\x00", "not a whole number"),
        (b"[$D#i\x02" + b"\x00" * 15, "cut short"), (b"[$D#L\x7f" + b"\xff" * 7, "more than"),
    ],
)  # fmt: skip
def test_what_is_damaged_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(PlumblineError, match=why):
        read_ubjson(body)


def test_depth_and_size_have_an_end() -> None:
    def nested(depth: int, kind: bytes) -> bytes:
        return {b"[": b"[" * depth + b"]" * depth, b"{": b"{i\x01a" * depth + b"T" + b"}" * depth}[kind]

    assert read_ubjson(nested(33, b"[")) is not None
    assert read_ubjson(b"[#i\x01" * 32 + b"T") is not None
    assert read_ubjson(nested(32, b"{")) is not None
    for body in (nested(34, b"["), nested(33, b"{"), b"[#i\x01" * 33 + b"T", b"{#i\x01i\x01a" * 33 + b"T"):
        with pytest.raises(PlumblineError, match="nested deeper than 32"):
            read_ubjson(body)


def test_items_are_counted_whatever_holds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of twelve at most: a list and its declared length count, and each value in it that is no plain number."""
    monkeypatch.setattr(ubjson, "MAX_ITEMS", 12)
    for fits, too_many in (
        (b"[$i#i\x0b" + b"\x01" * 11, b"[$i#i\x0c" + b"\x01" * 12),
        (b"[" + b"T" * 11 + b"]", b"[" + b"T" * 12 + b"]"),
        (b"[#i\x05" + b"T" * 5, b"[#i\x06" + b"T" * 6),
        (b"{#i\x05" + b"i\x01aT" * 5, b"{#i\x06" + b"i\x01aT" * 6),
    ):
        assert read_ubjson(fits) is not None
        with pytest.raises(PlumblineError, match="more than 12 items"):
            read_ubjson(too_many)
