"""One sheet of an Excel workbook as a table of text, each row with its number in the sheet."""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from plumbline.domain import PlumblineError
from plumbline.logs.sniff import looks_like_header, unique_names
from plumbline.store.sql import literal

#: a workbook whose parts unpack to more than this, or to more than so many times their size, is refused
LARGEST, RATIO = 4 * 1024**3, 1000
_SMALL = 256 * 1024 * 1024
_HEAD = 64 * 1024
_SAMPLE = 500
#: days from Excel's day 0 to 1 January 1904, where a workbook counts from there
_FROM_1904 = 1462


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet by its name, with its cells' last column and row as the workbook says (0 where it does not)."""

    name: str
    columns: int
    rows: int
    hidden: bool = False

    @property
    def holds_a_table(self) -> bool:
        """At least two columns and two rows."""
        return self.columns >= 2 and self.rows >= 2


def is_workbook(file: Path) -> bool:
    """Whether a file begins like one."""
    with file.open("rb") as opened:
        return opened.read(4) == b"PK\x03\x04"


def sheets(file: Path) -> list[Sheet]:
    """The workbook's sheets in their order.

    Raises:
        PlumblineError: the archive is damaged, is no workbook, or unpacks to too much.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            _refuse_bomb(file, parts)
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names:
                raise PlumblineError(
                    "The file is a zip archive and no Excel workbook (.xlsx)",
                    where=file.name,
                    todo="Unpack it and load the file inside.",
                )
            book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
            rels = "xl/_rels/workbook.xml.rels"
            targets = _targets(archive.read(rels).decode("utf-8", "replace")) if rels in names else {}
            found = []
            for tag in re.findall(r"<(?:\w+:)?sheet\s[^>]*>", book):
                attributes = _attributes(tag)
                part = targets.get(attributes.get("r:id", ""), "")
                columns, rows = _size(archive, part) if part in names else (0, 0)
                hidden = attributes.get("state", "visible") != "visible"
                found.append(Sheet(attributes.get("name", ""), columns, rows, hidden))
            return found
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        raise _damaged(file) from error


def choose(file: Path, found: Sequence[Sheet], wanted: str | None) -> tuple[Sheet, tuple[Sheet, ...]]:
    """The sheet to read, and the others that hold a table as well: the one asked for, or the largest.

    Raises:
        PlumblineError: there is no such sheet, or none holds a table.
    """
    names = ", ".join(sheet.name for sheet in found)
    if wanted is not None:
        for sheet in found:
            if sheet.name.strip().lower() == wanted.strip().lower():
                return sheet, ()
        raise PlumblineError(
            f"The workbook has no sheet {wanted!r}", where=file.name, todo=f"It has: {names}."
        )
    tables = [sheet for sheet in found if sheet.holds_a_table]
    shown = [sheet for sheet in tables if not sheet.hidden] or tables
    if not shown:
        raise PlumblineError(
            "No sheet of the workbook holds a table", where=file.name, todo="Put a header and rows in one."
        )
    best = max(shown, key=lambda sheet: sheet.columns * sheet.rows)
    return best, tuple(sheet for sheet in shown if sheet is not best)


def write_table(
    connection: duckdb.DuckDBPyConnection, file: Path, sheet: Sheet, target: Path
) -> tuple[str, ...]:
    """Write a sheet as Parquet: text columns ``c0``, ``c1`` ..., and ``_line``, the row's number in the sheet.

    Dates become ISO text (a cell holds a number and a style), yes and no become ``true`` and ``false``.

    Raises:
        PlumblineError: the sheet cannot be read, or holds no rows.
    """
    last = f"{_letters(sheet.columns)}{sheet.rows}"
    try:
        connection.execute(
            f"""CREATE TEMP TABLE sheet AS SELECT row_number() OVER () AS _line, *
                FROM {_read(file, sheet, f"A1:{last}", typed=False)}"""
        )
        raw = [row[0] for row in connection.execute("DESCRIBE sheet").fetchall()][1:]
        head = connection.execute(f"SELECT * FROM sheet ORDER BY _line LIMIT {_SAMPLE}").fetchall()
        above, header = _header(head)
        names = head[above][1:] if header else [""] * len(raw)
        start = int(head[above][0]) + int(header)
        kept = _used(connection, raw, start, names)
        if not kept:
            raise PlumblineError(
                f"The sheet {sheet.name} has a header and no rows",
                where=file.name,
                todo="Choose another sheet.",
            )
        cells = _cells(connection, file, sheet, [raw[i] for i in kept], kept, start)
        columns = ", ".join(f"{cell} AS c{i}" for i, cell in enumerate(cells))
        there = " OR ".join(f'"{raw[i]}" IS NOT NULL' for i in kept)
        connection.execute(
            f"""COPY (SELECT {columns}, _line FROM sheet WHERE _line >= {start} AND ({there}))
                TO {literal(str(target))} (FORMAT parquet)"""
        )
    except duckdb.Error as error:
        raise _damaged(file) from error
    return unique_names([(names[i] or "") if header else f"column_{n + 1}" for n, i in enumerate(kept)])


def _read(file: Path, sheet: Sheet, cells: str, *, typed: bool) -> str:
    return (
        f"read_xlsx({literal(str(file))}, sheet = {literal(sheet.name)}, range = '{cells}', header = false, "
        f"stop_at_empty = false, all_varchar = {str(not typed).lower()}"
        + (", ignore_errors = true)" if typed else ")")
    )


def _header(head: Sequence[Sequence[object]]) -> tuple[int, bool]:
    """Which of the first rows begins the table (the first that is as wide as most), and whether it names columns."""
    widths = [sum(cell is not None for cell in row[1:]) for row in head]
    usual = sorted(w for w in widths if w)[len([w for w in widths if w]) // 2] if any(widths) else 0
    above = next((i for i, w in enumerate(widths) if w and w >= 0.6 * usual), 0)
    rows = [["" if cell is None else str(cell) for cell in row[1:]] for row in head[above:]]
    return above, looks_like_header(rows)


def _used(
    connection: duckdb.DuckDBPyConnection, raw: Sequence[str], start: int, names: Sequence[object]
) -> list[int]:
    """The places of the columns that have a name or a value; none where no row has a value."""
    counts = ", ".join(f'count("{name}")' for name in raw)
    row = connection.execute(f"SELECT {counts} FROM sheet WHERE _line >= {start}").fetchone() or ()
    return [i for i, n in enumerate(row) if n or names[i]] if any(row) else []


def _cells(
    connection: duckdb.DuckDBPyConnection, file: Path, sheet: Sheet, raw: Sequence[str], places: Sequence[int],
    start: int,
) -> list[str]:  # fmt: skip
    """The SQL of each column's text; what a column's first value is styled as decides what its numbers are."""
    firsts = ", ".join(f'min(_line) FILTER ("{name}" IS NOT NULL)' for name in raw)
    rows = connection.execute(f"SELECT {firsts} FROM sheet WHERE _line >= {start}").fetchone() or ()
    kinds: dict[int, str] = {}
    for row in sorted({n for n in rows if n is not None}):
        there = [i for i, n in enumerate(rows) if n == row]
        left, right = min(places[i] for i in there), max(places[i] for i in there)
        span = f"{_letters(left + 1)}{row}:{_letters(right + 1)}{row}"
        types = connection.sql(f"SELECT * FROM {_read(file, sheet, span, typed=True)}").types
        kinds |= {i: str(types[places[i] - left]) for i in there}
    since = _FROM_1904 if _counts_from_1904(file) else 0
    return [_text(f'"{name}"', kinds.get(i, ""), since) for i, name in enumerate(raw)]


def _text(cell: str, kind: str, since: int) -> str:
    number = f"TRY_CAST({cell} AS DOUBLE)"
    if kind == "BOOLEAN":
        return f"CASE {cell} WHEN '1' THEN 'true' WHEN '0' THEN 'false' ELSE {cell} END"
    if kind in ("DATE", "TIMESTAMP", "TIME"):
        moment = f"TIMESTAMP '1899-12-30' + to_milliseconds(CAST(round(({number} + {since}) * 86400000) AS BIGINT))"
        form = {"DATE": "%Y-%m-%d", "TIME": "%H:%M:%S"}.get(kind, "%Y-%m-%d %H:%M:%S.%g")
        return f"CASE WHEN {number} BETWEEN 0 AND 200000 THEN strftime({moment}, '{form}') ELSE {cell} END"
    return cell


def _counts_from_1904(file: Path) -> bool:
    with zipfile.ZipFile(file) as archive:
        book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    return re.search(r'date1904="(1|true)"', book) is not None


def _letters(column: int) -> str:
    """``1`` is A, ``27`` is AA."""
    made = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        made = chr(ord("A") + rest) + made
    return made


def _attributes(tag: str) -> dict[str, str]:
    return {key: html.unescape(value) for key, value in re.findall(r'(?<![\w:])([\w:]++)="([^"]*)"', tag)}


def _targets(rels: str) -> dict[str, str]:
    found = {}
    for tag in re.findall(r"<(?:\w+:)?Relationship\s[^>]*>", rels):
        attributes = _attributes(tag)
        target = attributes.get("Target", "").lstrip("/")
        found[attributes.get("Id", "")] = target if target.startswith("xl/") else f"xl/{target}"
    return found


def _size(archive: zipfile.ZipFile, part: str) -> tuple[int, int]:
    """(last column, last row) by the sheet's own ``dimension``, else by its cells."""
    with archive.open(part) as opened:
        head = opened.read(_HEAD).decode("utf-8", "replace")
        found = re.search(r'<(?:\w+:)?dimension\s+ref="(?:[A-Z]+\d+:)?([A-Z]+)(\d+)"', head)
        if found:
            return _place(found[1]), int(found[2])
        column, row, tail = 0, 0, head
        while tail:
            for letters, number in re.findall(r'<(?:\w+:)?c\s[^>]*?r="([A-Z]+)(\d+)"', tail):
                column, row = max(column, _place(letters)), max(row, int(number))
            more = opened.read(4 * 1024 * 1024).decode("utf-8", "replace")
            tail = tail[-200:] + more if more else ""
        return column, row


def _place(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place


def _refuse_bomb(file: Path, parts: Sequence[zipfile.ZipInfo]) -> None:
    whole = sum(part.file_size for part in parts)
    if whole > LARGEST or (whole > _SMALL and whole > RATIO * max(file.stat().st_size, 1)):
        raise PlumblineError(
            "The workbook unpacks to far more than its size, so it is no log",
            where=file.name,
            todo="Save the sheet as CSV and load that.",
        )


def _damaged(file: Path) -> PlumblineError:
    return PlumblineError(
        "The workbook is damaged or cannot be read",
        where=file.name,
        todo="Save it again in Excel, or save the sheet as CSV.",
    )
