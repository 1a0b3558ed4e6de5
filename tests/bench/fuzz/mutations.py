"""Changes of a file's bytes, drawn by a generator: flipped bits, lengths, tokens, cut ends, cells, archive members."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Sequence

#: what texts trip over: broken encodings, quotes, numbers, times, markup, names of our own columns
TOKENS = (
    b"\x00", b"\xc0\xaf", b"\xed\xa0\x80", b"\xff\xfe", b'"', b'""', b"'", b",", b";", b"\t", b"\r", b"\n", b"\r\n",
    b"1e999", b"-1e400", b"1e200", b"NaN", b"inf", b"99999999999999999999999999", b"0000-00-00", b"1969-12-31",
    b"9999-12-31T23:59:60Z", b"2026-03-29T02:30:00", b"-4713-01-01", b"999999-01-01", b"2026-13-45", b'{"a":',
    b"[[[[[[[", b"null", b"=cmd|", b"<script>", b"\xe2\x80\xae", b"A" * 5000, b"9" * 5000 + b"x", b"{}", b"0x1F",
    b"1_000", b"\xef\xbb\xbf", b"\x1b[31m", b"1,5", b"1.234.567,89", b"$(id)", b"%s%n", b"'; DROP TABLE load;--",
    b"_load_id", b"timestamp", b"score",
)  # fmt: skip
LENGTHS = (b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\x00\x00\x00\x80", b"\0\0\0\0")
NUMBERS = (b"-1", b"0", b"1e999", b"nan", b"99999999999", b"-99999999999", b"2147483647", b"", b'"x"', b"[]", b"null",
           b"1e308")  # fmt: skip
_NUMBER = re.compile(rb"-?\d{1,40}\.?\d{0,40}")


def broken(draw: random.Random, body: bytes, others: Sequence[bytes], *, numbers: bool = False) -> bytes:
    """A body with one to twelve changes.

    Args:
        others: bodies of which pieces are put into this one.
        numbers: change numbers written as text more often, as in a model file.
    """
    data = bytearray(body)
    changes = [*_CHANGES, *([_number] * 3 if numbers else [])]
    for _ in range(draw.choice((1, 1, 1, 2, 3, 5, 12))):
        if not data:
            break
        change = draw.choice(changes)
        data = change(draw, data, draw.randrange(len(data)), others)
    return bytes(data)


def _byte(draw: random.Random, data: bytearray, at: int, _others: Sequence[bytes]) -> bytearray:
    data[at] = draw.choice((data[at] ^ (1 << draw.randrange(8)), draw.randrange(256)))
    return data


def _token(draw: random.Random, data: bytearray, at: int, _others: Sequence[bytes]) -> bytearray:
    data[at:at] = draw.choice(TOKENS)
    return data


def _cut(draw: random.Random, data: bytearray, at: int, _others: Sequence[bytes]) -> bytearray:
    del data[at : at + draw.choice((1, 2, 8, 64, 1000, len(data)))]
    return data


def _again(draw: random.Random, data: bytearray, at: int, _others: Sequence[bytes]) -> bytearray:
    start = draw.randrange(len(data))
    data[at:at] = data[start : start + draw.choice((4, 64, 2000))]
    return data


def _other(draw: random.Random, data: bytearray, at: int, others: Sequence[bytes]) -> bytearray:
    other = draw.choice(others)
    start = draw.randrange(len(other))
    data[at : at + 50] = other[start : start + draw.choice((16, 200))]
    return data


def _length(draw: random.Random, data: bytearray, at: int, _others: Sequence[bytes]) -> bytearray:
    data[at : at + 4] = draw.choice(LENGTHS)
    return data


def _footer(draw: random.Random, data: bytearray, _at: int, _others: Sequence[bytes]) -> bytearray:
    data[max(0, len(data) - draw.randrange(1, 900))] = draw.randrange(256)
    return data


def _many(draw: random.Random, data: bytearray, at: int, _others: Sequence[bytes]) -> bytearray:
    data[at : at + 1] = bytes([data[at]]) * draw.choice((2, 100, 20_000))
    return data


def _cell(draw: random.Random, data: bytearray, _at: int, _others: Sequence[bytes]) -> bytearray:
    cells = bytes(data).split(b",")
    cells[draw.randrange(len(cells))] = draw.choice(TOKENS)
    return bytearray(b",".join(cells))


def _number(draw: random.Random, data: bytearray, _at: int, _others: Sequence[bytes]) -> bytearray:
    numbers = list(_NUMBER.finditer(bytes(data[:200_000])))
    if numbers:
        place = draw.choice(numbers)
        data[place.start() : place.end()] = draw.choice(NUMBERS)
    return data


def _lines(draw: random.Random, data: bytearray, _at: int, _others: Sequence[bytes]) -> bytearray:
    lines = bytes(data).split(b"\n")
    if draw.random() < 0.3:
        draw.shuffle(lines)
    else:
        lines.insert(draw.randrange(len(lines) + 1), draw.choice(lines))
    return bytearray(b"\n".join(lines))


def _header(draw: random.Random, data: bytearray, _at: int, _others: Sequence[bytes]) -> bytearray:
    first, _, rest = bytes(data).partition(b"\n")
    cells = first.split(b",")
    cells[draw.randrange(len(cells))] = draw.choice(
        (b"", cells[0], draw.choice(TOKENS), b'"a""b"', b"x" * 70_000)
    )
    return bytearray(b",".join(cells) + b"\n" + rest)


_CHANGES = (
    _byte, _byte, _token, _cut, _again, _other, _length, _footer, _many, _lines, _cell, _header,
)  # fmt: skip


def broken_archive(
    draw: random.Random, body: bytes, others: Sequence[bytes], *, numbers: bool = False
) -> bytes:
    """A ZIP archive of which one member is broken."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(body)) as archive,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        chosen = draw.choice(archive.namelist())
        for name in archive.namelist():
            member = archive.read(name)
            made.writestr(
                zipfile.ZipInfo(name),
                broken(draw, member, others, numbers=numbers) if name == chosen else member,
            )
    return out.getvalue()
