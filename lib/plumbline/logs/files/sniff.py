"""What a file is, by its content: a format, or text with which encoding, delimiter, header and columns."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.logs.files.byte_scan import MAX_LINE, long_line_error
from plumbline.logs.files.encoding import UTF8, detect_encoding
from plumbline.logs.files.formats import PACKED, detect_format_by_magic

HEAD = 1024 * 1024
DELIMITERS = (",", ";", "\t", "|")
_CSV_TODO = "Export it as CSV or Parquet and load that."
#: what a table of text does not hold: control characters, and what could not be decoded
_ODD = re.compile("[\x00-\x08\x0b\x0e-\x1f\ufffd]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileForm:
    """How a file is to be read. ``skip``: lines before the header (or the first row where there is none).

    ``columns`` are unique whatever their case, in file order. The rest concerns CSV only.
    """

    path: Path
    format: str  # see formats.FORMATS
    columns: tuple[str, ...]
    encoding: str = ""
    delimiter: str = ""
    quote: str = '"'
    header: bool = True
    skip: int = 0
    plain_ends: bool = True  # lines end in \n or \r\n throughout
    renamed: tuple[str, ...] = ()  # columns whose name another one before has as well

    @property
    def is_packed(self) -> bool:
        """A wrapping around a file of another format."""
        return self.format in PACKED


def sniff(path: Path) -> FileForm:
    """Recognise a file by its content, whatever its name says. Reads at most a little over 16 MB.

    The columns of all but CSV are left to their readers: ``columns`` is then empty.

    Raises:
        PlumblineError: it cannot be read, is empty, holds no rows, or is of no format that is read.
    """
    head, form, whole = _head(path)
    if not head:
        raise PlumblineError("The file is empty", where=path.name, todo="Export it again and load that.")
    encoding = detect_encoding(head, whole=whole) if form in ("csv", "json") else ""
    if form != "csv":
        return FileForm(path=path, format=form, columns=(), encoding=encoding)
    if encoding == UTF8 and b"\x00" in head:
        raise PlumblineError(
            "The file holds NUL bytes, so it is binary and not a table of text",
            where=path.name,
            todo=_CSV_TODO,
        )
    return _text_form(path, head, encoding, whole)


def _head(path: Path) -> tuple[bytes, str, bool]:
    """(first bytes, format, whether they are the whole file); of CSV at least two whole lines, a header and a row."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            form = detect_format_by_magic(head, path.name)
            while form == "csv" and head and len(head) <= MAX_LINE and _line_ends(head) < 2:
                more = file.read(HEAD)
                if not more:
                    break
                head += more
            whole = not file.read(1)
    except IsADirectoryError as error:
        raise PlumblineError(
            "This is a folder, not a file", where=path.name, todo="Name one file."
        ) from error
    except FileNotFoundError as error:
        raise PlumblineError("There is no such file", where=str(path), todo="Check the path.") from error
    except OSError as error:
        raise PlumblineError(
            message("The file cannot be read: {strerror}", strerror=str(error.strerror)), where=path.name
        ) from error
    if len(head) > MAX_LINE:
        raise long_line_error(path)
    return head, form, whole


def _line_ends(head: bytes) -> int:
    return head.count(b"\n") + head.count(b"\r") - head.count(b"\r\n")


def _text_form(path: Path, head: bytes, encoding: str, whole: bool) -> FileForm:
    text = head.decode(encoding, errors="replace").lstrip("﻿")
    odd = len(_ODD.findall(text))
    if odd > 0.05 * max(len(text), 1):
        raise PlumblineError("The file is binary and not a table of text", where=path.name, todo=_CSV_TODO)
    if not whole:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    lines = text.splitlines()
    if not any(line.strip() for line in lines):
        raise PlumblineError("The file is empty", where=path.name, todo="Export it again and load that.")
    delimiter = find_delimiter(text)
    skip = _preamble(lines, delimiter)
    rows = parse_rows("\n".join(lines[skip:]), delimiter)
    if not rows or (len(rows) < 2 and looks_like_header(rows)):
        raise PlumblineError(
            "The file has a header and no rows", where=path.name, todo="Export it again and load that."
        )
    header = looks_like_header(rows)
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    names = rows[0] if header else [f"column_{i + 1}" for i in range(width)]
    if header and len(names) < width:
        names = names + [""] * (width - len(names)) if _is_mostly_of_width(rows, width) else names
    bare = text.replace("\r\n", "")
    plain = "\r" not in bare and not ("\r\n" in text and _has_mixed_line_ends(text))
    unique = unique_names(names)
    renamed = tuple(
        new for new, old in zip(unique, names, strict=True) if old.strip() and new != " ".join(old.split())
    )
    return FileForm(
        path=path,
        format="csv",
        columns=unique,
        encoding=encoding,
        delimiter=delimiter,
        quote='"',
        header=header,
        skip=skip,
        plain_ends=plain,
        renamed=renamed,
    )


def _is_mostly_of_width(rows: list[list[str]], width: int) -> bool:
    return sum(len(row) == width for row in rows[1:]) > 0.9 * max(len(rows) - 1, 1)


def _has_mixed_line_ends(text: str) -> bool:
    """Whether lines end now in \\r\\n, now in \\n, outside quotes."""
    outside = "".join(text.split('"')[0::2])
    return "\r\n" in outside and "\n" in outside.replace("\r\n", "")


def parse_rows(text: str, delimiter: str, limit: int = 2000) -> list[list[str]]:
    """The first records of a text as lists of cells; blank lines left out."""
    rows: list[list[str]] = []
    csv.field_size_limit(2**31 - 1)
    for row in csv.reader(text.splitlines(keepends=True), delimiter=delimiter):
        if row:
            rows.append(row)
        if len(rows) >= limit:
            break
    return rows


def find_delimiter(text: str) -> str:
    """The delimiter that splits the header and the first records into the steadiest and widest rows; else a comma."""
    best, best_score = ",", 0.0
    sample = text[:200_000]
    for delimiter in DELIMITERS:
        rows = parse_rows(sample, delimiter, 500)
        if len(rows) > 1 and len(sample) < len(text):
            rows = rows[:-1]
        widths = Counter(len(row) for row in rows)
        width, count = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
        if width < 2:
            continue
        # half the rows may be ragged and hold another delimiter in their cells: the header tells them apart
        score = count / len(rows) + min(width, 50) / 1000 + 0.6 * (len(rows[0]) == width)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _preamble(lines: list[str], delimiter: str) -> int:
    """How many lines come before the table: those narrower than what follows, or filled up with delimiters as a
    spreadsheet saves its titles; at most 50."""
    rows = parse_rows("\n".join(lines), delimiter, 500)
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    if width < 2:
        return 0
    titles = _titles(lines, delimiter, width)
    if titles:
        return titles
    for i, line in enumerate(lines[:50]):
        cells = next(csv.reader([line], delimiter=delimiter), [])
        if len(cells) >= width or (len(cells) > 1 and '"' in line and line.count('"') % 2):
            return i
        if len(cells) > width // 2 and len(cells) > 2:
            return i  # a short header or a short first row: part of the table
    return 0


def _titles(lines: list[str], delimiter: str, width: int) -> int:
    """Lines of as many cells as the table, of which most are empty, above a row that can only be its header."""
    seen = 0
    for i, line in enumerate(lines[:50]):
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
        filled = [cell for cell in cells if cell]
        if width >= 4 and len(filled) <= width // 3:
            seen += bool(filled)
            continue
        named = len(cells) >= width and len(filled) >= 0.8 * width and len(set(filled)) == len(filled)
        return i if seen and named and not any(_VALUE.fullmatch(cell) for cell in filled) else 0
    return 0


# groups that end in a blank or an apostrophe, then a last one: possessive, so that each character is read once
_VALUE = re.compile(
    r"[-+]?+(?:[\d.,]*+[' ])*+[.,]*+\d[\d.,]*+(?:e[-+]?+\d++)?+%?+|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([T ].*)?",
    re.I,
)


def looks_like_header(rows: list[list[str]]) -> bool:
    """Whether the first row names columns: none of its cells is a number or a date, or rows below differ in kind."""
    first = [cell.strip() for cell in rows[0]]
    values = [bool(_VALUE.fullmatch(cell)) for cell in first]
    if any(values):
        return (
            sum(values) < 0.3 * len(first)
            and len(set(first)) == len(first)
            and _has_header_above_values(rows, values)
        )
    if len(rows) == 1:
        return True
    return not all(cell == "" for cell in first)


def _has_header_above_values(rows: list[list[str]], values: list[bool]) -> bool:
    below = [bool(_VALUE.fullmatch(cell.strip())) for cell in rows[1]] if len(rows) > 1 else []
    return sum(below) > sum(values) + 1


def unique_names(names: list[str]) -> tuple[str, ...]:
    """Names made unique whatever their case; an empty one becomes ``column_3``, a repeat ``score_2``."""
    taken: set[str] = set()
    result = []
    for i, raw in enumerate(names):
        name = " ".join(raw.replace("\x00", "").split()) or f"column_{i + 1}"
        unique, n = name, 1
        while unique.lower() in taken:
            n += 1
            unique = f"{name}_{n}"
        taken.add(unique.lower())
        result.append(unique)
    return tuple(result)
