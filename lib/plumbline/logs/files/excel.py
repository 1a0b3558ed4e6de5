"""One sheet of a workbook (.xlsx, .xlsm, .xls, .xlsb, .ods) as a table of text, each row with its number in the sheet.

Calamine reads the workbook: what it shows in a cell counts, that is the value which was last worked out of a formula.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.logs.files.sniff import looks_like_header, unique_names
from plumbline.wording.times import iso_second

#: a workbook whose parts unpack to more than this, or to more than so many times their size, is refused
LARGEST, RATIO = 4 * 1024**3, 1000
_SMALL = 256 * 1024 * 1024
_SAMPLE = 500
_BATCH = 5_000
#: what a workbook of each kind begins with: a zip archive, or Microsoft's compound file
_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
#: the part that each kind of zipped workbook has
_PARTS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet by its name, with the last column and row that hold anything (0 where none does), and its cells."""

    name: str
    columns: int
    rows: int
    hidden: bool
    cells: Any

    @property
    def is_table(self) -> bool:
        """At least two columns and two rows."""
        return self.columns >= 2 and self.rows >= 2


def is_workbook(file: Path) -> bool:
    """Whether a file begins like one."""
    with file.open("rb") as opened:
        return opened.read(4) in _MAGIC


def tables(file: Path) -> tuple[str, ...]:
    """The sheets that hold a table, the largest first; none where the file is no workbook.

    Raises:
        PlumblineError: the workbook is damaged, protected by a password, or holds no table.
    """
    return tuple(sheet.name for sheet in chosen(file, None)) if is_workbook(file) else ()


def chosen(file: Path, wanted: str | None) -> tuple[Sheet, ...]:
    """The sheet to read, and behind it the others that hold a table: the one asked for alone, or the largest.

    Raises:
        PlumblineError: there is no such sheet, none holds a table, or the workbook cannot be read.
    """
    _refuse_bomb(file)
    import python_calamine as calamine

    try:
        with file.open("rb") as opened:
            book = calamine.CalamineWorkbook.from_filelike(opened)
            names = [name for name in book.sheet_names if wanted is None or _is_same_sheet(name, wanted)]
            if not names:
                raise PlumblineError(
                    message("The workbook has no sheet {wanted}", wanted=repr(wanted)),
                    where=file.name,
                    todo=message("It has: {names}.", names=", ".join(book.sheet_names)),
                )
            hidden = {
                sheet.name
                for sheet in book.sheets_metadata
                if sheet.visible is not calamine.SheetVisibleEnum.Visible
                or sheet.typ is not calamine.SheetTypeEnum.WorkSheet
            }
            sheets = _table_sheets(book, names, hidden)
    except calamine.PasswordError as error:
        raise PlumblineError(
            "The workbook is protected by a password",
            where=file.name,
            todo="Save a copy without one, or the sheet as CSV.",
        ) from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise _damage_error(file) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of the Rust library, which is no Exception
            raise
        raise _damage_error(file) from error
    if not sheets:
        raise PlumblineError(
            message("No sheet of the workbook holds a table")
            if wanted is None
            else message("The sheet {name} holds no table", name=repr(wanted)),
            where=file.name,
            todo="Put a header and rows in one.",
        )
    return sheets[:1] if wanted is not None else sheets


def _is_same_sheet(name: str, wanted: str) -> bool:
    return name.strip().lower() == wanted.strip().lower()


def _table_sheets(book: Any, names: Sequence[str], hidden: set[str]) -> tuple[Sheet, ...]:
    """The sheets that hold a table, hidden ones only where no other does; the cells of the first alone are kept."""
    sheets: list[Sheet] = []
    for name in names:
        cells = book.get_sheet_by_name(name)
        columns, rows = (cells.width, cells.end[0] + 1) if cells.end else (0, 0)
        sheets.append(Sheet(name=name, columns=columns, rows=rows, hidden=name in hidden, cells=cells))
        sheets.sort(key=lambda s: (not s.is_table, s.hidden, -s.columns * s.rows))
        sheets[1:] = [
            Sheet(name=s.name, columns=s.columns, rows=s.rows, hidden=s.hidden, cells=None)
            for s in sheets[1:]
        ]
    table_sheets = [s for s in sheets if s.is_table]
    return tuple(s for s in table_sheets if not s.hidden) or tuple(table_sheets)


def write_table(
    file: Path, sheet: Sheet, target: Path, *, rows: int | None
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Write a sheet as Parquet: text columns ``c0``, ``c1`` ..., and ``_line``, the row's number in the sheet.

    Dates become ISO text, yes and no become ``true`` and ``false``, an error of a formula no value.

    Args:
        rows: at most so many.

    Returns:
        the names of the columns that have a name or a value, and their places in the sheet, as in ``c0`` ...

    Raises:
        PlumblineError: the sheet holds no rows.
    """
    import pyarrow as pa
    from pyarrow import parquet

    head = [[_text(cell) for cell in row] for row in islice(sheet.cells.iter_rows(), _SAMPLE)]
    above, header = _header(head)
    names = head[above] if header and head else [None] * sheet.columns
    start = above + 1 + int(header)
    schema = pa.schema([*((f"c{i}", pa.string()) for i in range(sheet.columns)), ("_line", pa.int64())])
    filled = [False] * sheet.columns
    with parquet.ParquetWriter(str(target), schema) as writer:
        left = islice(_rows(sheet, start), rows)
        while batch := list(islice(left, _BATCH)):
            columns = list(zip(*(cells for _, cells in batch), strict=True))
            filled = [
                has_values or any(c is not None for c in column)
                for has_values, column in zip(filled, columns, strict=True)
            ]
            arrays = [pa.array(column, pa.string()) for column in columns]
            lines = pa.array([line for line, _ in batch], pa.int64())
            writer.write_table(pa.Table.from_arrays([*arrays, lines], schema=schema))
    if not any(filled):
        raise PlumblineError(
            message("The sheet {name} has a header and no rows", name=sheet.name),
            where=file.name,
            todo="Choose another sheet.",
        )
    places = tuple(i for i, has_values in enumerate(filled) if has_values or names[i])
    shown = [(names[i] or "") if header else f"column_{n + 1}" for n, i in enumerate(places)]
    return unique_names(shown), places


def _rows(sheet: Sheet, start: int) -> Iterator[tuple[int, list[str | None]]]:
    """(number in the sheet, cells) of each row from ``start`` (1-based) on that holds anything."""
    for line, row in enumerate(islice(sheet.cells.iter_rows(), start - 1, None), start):
        cells = [_text(cell) for cell in row]
        if any(cell is not None for cell in cells):
            yield line, cells


def _text(cell: object) -> str | None:
    """What a CSV would hold; None where the cell is empty."""
    if cell == "" or cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return f"{iso_second(cell)}.{cell.microsecond // 1000:03}"
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return str(cell)


def _header(head: Sequence[Sequence[str | None]]) -> tuple[int, bool]:
    """Which of the first rows begins the table (the first that is as wide as most), and whether it names columns."""
    widths = [sum(cell is not None for cell in row) for row in head]
    usual = sorted(w for w in widths if w)[len([w for w in widths if w]) // 2] if any(widths) else 0
    above = next((i for i, w in enumerate(widths) if w and w >= 0.6 * usual), 0)
    rows = [[cell or "" for cell in row] for row in head[above:]]
    return above, bool(rows) and looks_like_header(rows)


def _refuse_bomb(file: Path) -> None:
    """Refuse an archive that is no workbook, or unpacks to too much; sizes that lie meet the limit on memory."""
    with file.open("rb") as opened:
        if opened.read(4) != _MAGIC[0]:
            return
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError) as error:
        raise _damage_error(file) from error
    whole = sum(part.file_size for part in parts)
    if whole > LARGEST or (whole > _SMALL and whole > RATIO * max(file.stat().st_size, 1)):
        raise PlumblineError(
            "The workbook unpacks to far more than its size, so it is no log",
            where=file.name,
            todo="Save the sheet as CSV and load that.",
        )
    if not {part.filename for part in parts} & set(_PARTS):
        raise PlumblineError(
            "The file is a zip archive and no workbook (.xlsx, .xlsb or .ods)",
            where=file.name,
            todo="Unpack it and load the file inside.",
        )


def _damage_error(file: Path) -> PlumblineError:
    return PlumblineError(
        "The workbook is damaged or cannot be read",
        where=file.name,
        todo="Save it again, or save the sheet as CSV.",
    )
