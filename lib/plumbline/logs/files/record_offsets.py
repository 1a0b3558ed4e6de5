"""Where each record of a CSV file is: its byte span and physical line, found only when rows are quarantined.

A record ends at a line end outside quotes. The parity of the quotes so far tells inside from outside, also for
doubled quotes; where a file has stray quotes inside cells parity fails, and an exact reader steps in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

_BLOCK = 8 * 1024 * 1024
_RAW = 4000
_FEED = 10


@dataclass(frozen=True, slots=True)
class Records:
    """Byte offset and 1-based physical line of the start of each record, blank lines left out; in file order.

    The preamble and the header are records too: ``first`` is the index of the first data record.
    """

    starts: NDArray[np.int64]
    lines: NDArray[np.int64]
    size: int
    first: int

    def __len__(self) -> int:
        return len(self.starts) - self.first


def find_records(path: Path, *, quote: str, delimiter: str, skip: int, header: bool, exact: bool) -> Records:
    """Scan a file for its records.

    Args:
        skip: physical lines before the header.
        header: whether the first record after them is a header.
        exact: follow each cell (slow, right for stray quotes) instead of the parity of quotes.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        offset, line = 0, 1
        for _ in range(skip):
            offset += len(file.readline())
            line += 1
        ends = _record_ends_by_cell(file, quote, delimiter) if exact else _parity_ends(file, quote)
        bounds, feeds = _join_ends(ends, offset)
    starts = np.concatenate(([offset], bounds))
    lines = line + np.concatenate(([0], feeds))
    keep = _has_content(path, starts, size)
    return Records(starts[keep], lines[keep], size, int(header))


def _join_ends(
    ends: Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]], offset: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    parts = list(ends)
    bounds = np.concatenate([p[0] for p in parts]) if parts else np.empty(0, np.int64)
    feeds = np.concatenate([p[1] for p in parts]) if parts else np.empty(0, np.int64)
    return bounds + offset, feeds


def _parity_ends(file: BinaryIO, quote: str) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """For each block: offsets after each record's line feed, and how many line feeds came up to there."""
    at, feeds, odd = 0, 0, 0
    while block := file.read(_BLOCK):
        data = np.frombuffer(block, np.uint8)
        feed = np.flatnonzero(data == _FEED)
        quotes = np.flatnonzero(data == ord(quote))
        before = np.searchsorted(quotes, feed) + odd
        outside = before % 2 == 0
        yield feed[outside] + at + 1, np.flatnonzero(outside) + feeds + 1
        at, feeds, odd = at + len(data), feeds + len(feed), (odd + len(quotes)) % 2


def _record_ends_by_cell(
    file: BinaryIO, quote: str, delimiter: str
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """The same by following each cell: a quote opens a cell only at its start."""
    mark, comma = ord(quote), ord(delimiter)
    at, feeds = 0, 0
    opening, quoted, closed = True, False, False
    while block := file.read(_BLOCK):
        bounds, counts = [], []
        for i, byte in enumerate(block):
            if byte == mark and (quoted or opening or closed):
                # a quote right after a closing one is a doubled quote: the cell goes on
                quoted, closed, opening = not quoted, quoted, False
                continue
            closed = False
            if byte == _FEED:
                feeds += 1
                if not quoted:
                    bounds.append(at + i + 1)
                    counts.append(feeds)
            if not quoted:
                opening = byte in (comma, _FEED)
        at += len(block)
        yield np.array(bounds, np.int64), np.array(counts, np.int64)


def _has_content(path: Path, starts: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
    """A record of no byte, or of a line end alone, is no record; DuckDB leaves it out as well."""
    lengths = np.diff(np.append(starts, size))
    keep: NDArray[np.bool_] = lengths > 2
    with path.open("rb") as file:
        for i in np.flatnonzero(~keep):
            file.seek(int(starts[i]))
            keep[i] = bool(file.read(int(lengths[i])).strip(b"\r\n"))
    return keep


def record_texts(path: Path, records: Records, wanted: NDArray[np.int64]) -> Iterator[str]:
    """The text of the records at these indexes (ascending, counted with preamble and header), cut at 4,000 bytes."""
    with path.open("rb") as file:
        for i in wanted:
            start = int(records.starts[i])
            end = int(records.starts[i + 1]) if i + 1 < len(records.starts) else records.size
            file.seek(start)
            body = file.read(min(end - start, _RAW))
            yield body.decode("utf-8", "replace").strip("\r\n").removeprefix("﻿").replace("\x00", "�")


def line_texts(path: Path, wanted: Iterable[int]) -> dict[int, str]:
    """The text of these 1-based physical lines, cut at 4,000 bytes."""
    left, lines_by_number = set(wanted), {}
    if not left:
        return {}
    last = max(left)
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if number in left:
                lines_by_number[number] = line[:_RAW].decode("utf-8", "replace")
            if number >= last:
                break
    return lines_by_number
