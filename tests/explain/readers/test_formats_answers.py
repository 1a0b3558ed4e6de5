"""What a file is taken for, by its first bytes and beside each limit: the code was read, and the
answers were looked at by sample."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.readers import formats
from plumbline.explain.readers.formats import detect_format, pickle_kind
from tests.known_answers import Table, differences

PACKS = {"gzip": gzip.compress, "zlib": zlib.compress, "bz2": bz2.compress, "xz": lzma.compress}


def _said(body: bytes) -> Any:
    try:
        return detect_format(body)
    except PlumblineError as error:
        return str(error)


def _archive(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            archive.writestr(name, b"some")
    return held.getvalue()


def _bodies() -> Iterator[tuple[str, bytes]]:
    data = {"a": [1.0, 2.0]}
    for protocol in range(6):
        yield f"pickle of protocol {protocol}", pickle.dumps(data, protocol)
        for name, pack in {
            "gzip": gzip.compress,
            "zlib": zlib.compress,
            "bz2": bz2.compress,
            "xz": lzma.compress,
        }.items():
            yield f"pickle of protocol {protocol} in {name}", pack(pickle.dumps(data, protocol))
    for name, pack in {
        "gzip": gzip.compress,
        "zlib": zlib.compress,
        "bz2": bz2.compress,
        "xz": lzma.compress,
    }.items():
        yield f"text in {name}", pack(b"time,score\n")
        yield f"nothing in {name}", pack(b"")
        yield f"pickle in {name}, cut", pack(pickle.dumps(list(range(9000))))[:-20]
        yield f"pickle in {name}, damaged", pack(pickle.dumps(data))[:5] + b"\xff\xfe" * 9
    for level in (0, 1, 9):
        yield f"zlib of level {level}", zlib.compress(pickle.dumps(data), level)
    for begin in (
        b"ccopy_reg\n", b"c__builtin__\n", b"cbuiltins\n", b"cposix\n", b"cos\n", b"cosine\n", b"(dp0\n", b"(lp0\n",
        b"(i", b"(x", b"}q\x00", b"}q\x01", b"]q\x00", b"\x80", b"\x80\x05", b"\x80\x06", b"\x80\x00", b"\x7f\x02",
        b"\x81\x02", b"\x1f\x8b", b"\x1f\x8c", b"\x78\x9c", b"\x78\x01", b"\x78\xda", b"\x78\x5e", b"BZh", b"BZ",
        b"\xfd7zXZ",
        b"\xfd7z", b"\x04\x22\x4d\x18", b"\x89HDF", b"\x93NUMPY", b"CBM1", b"binf", b"bin", b"", b" ", b"\n\t ",
    ):  # fmt: skip
        yield f"begin {begin!r}", begin
        yield f"begin {begin!r} and more", begin + b"more of it"
    for begin in (
        b"\x08",
        b"\x08\x07",
        b"\x08\x07\x12",
        b"\x08\x1f\x12",
        b"\x08\x20\x12",
        b"\x08\x00\x00",
        b"\x09\x07\x12",
    ):
        yield f"field {begin!r}", begin
    for text in (
        b"tree\nversion", b"tree\r\n", b"tree ", b"\xef\xbb\xbftree\n", b"\xef\xbb\xbf tree\n", b" \n tree\n",
        b" " * 194 + b"tree\n",
        b" " * 195 + b"tree\n", b" " * 196 + b"tree\n", b'{"a": 1}', b"{}", b" { }", b'{\n "a"', b"{", b"{'a'",
        b"{L", b"{i", b"{U", b"{I", b"{l",
        b"{#", b"{$", b"{N", b"{Z", b"[1]", b"time,score\n", b"\xef\xbb\xbf{}", b"{ L",
    ):  # fmt: skip
        yield f"text {text[:9]!r} of {len(text)}", text
    for names in (
        (), ("schema.json",), ("a/model.pkl",), ("A.PKL", "b"), ("b", "x.pickle"), ("x.joblib",), ("x.pklz",), ("pkl",),
    ):  # fmt: skip
        yield f"archive of {names}", _archive(*names)
        yield f"archive of {names}, cut", _archive(*names)[:-3]


def _kinds() -> Iterator[tuple[str, Any]]:
    for name, body in _bodies():
        yield name, _said(body)


def _pickles() -> Iterator[tuple[str, Any]]:
    for name, body in _bodies():
        yield name, pickle_kind(body)


TABLES: dict[str, Table] = {"kinds": _kinds, "pickles": _pickles}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []


def test_a_file_of_the_largest_size_is_looked_at_and_one_byte_more_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert formats.MAX_BYTES == 128 * 1024 * 1024
    monkeypatch.setattr(formats, "MAX_BYTES", 2**20)
    assert _said(b"{}" + b" " * (2**20 - 2)) == formats.FORMAT_JSON
    assert _said(b"{}" + b" " * (2**20 - 1)) == (
        "The model file was refused: it has 1 MB; at most 1 MB are accepted."
    )
