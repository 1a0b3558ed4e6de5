"""A file as something that DuckDB can read: recognised, in UTF-8, with its columns and their types."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from plumbline.domain import Mapping, PlumblineError
from plumbline.domain.messages import message
from plumbline.logs import reader
from plumbline.logs.files.byte_scan import MAX_LINE, Survey
from plumbline.logs.files.json_records import RecordFault
from plumbline.logs.files.sniff import FileForm
from plumbline.sandbox.records import from_json
from plumbline.store.database.engine import MemoryShortage, is_memory_shortage
from plumbline.store.sources import Origin
from plumbline.store.sql import literal
from plumbline.store.workspace import Workspace

REJECTS, REJECT_SCANS = "stage_rejects", "stage_reject_scans"
#: what the CSV reader takes at once; its own choice for long lines leaves row groups that a checkpoint writes again
_BUFFER = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file ready to be read by DuckDB: text parsed by its CSV reader, or a table in Parquet.

    ``file`` is the path that is read: the given one, or what was made of it in ``folder``. ``kinds`` maps a
    column to DuckDB's type of it; ``cells`` are the SQL of each column of a table. ``lost``: characters that the
    encoding does not define. ``lined``: the table has a column ``_line``. ``faults``: records that the table
    lacks. ``text``: the file of lines in which quarantined records stand. ``sheets``: a workbook's, the one read first.
    ``origin``: where the file was pulled from.
    """

    given: Path
    file: Path
    form: FileForm
    columns: tuple[str, ...]
    kinds: dict[str, str]
    survey: Survey | None = None
    folder: Path | None = None
    lost: int = 0
    cells: tuple[str, ...] = ()
    lined: bool = False
    faults: tuple[RecordFault, ...] = ()
    text: Path | None = None
    sheets: tuple[str, ...] = ()
    origin: Origin | None = None
    seen: tuple[int, int] | None = (
        None  # the given file's size and time of change as it was opened for loading
    )

    @property
    def has_changed(self) -> bool:
        """Whether the given file is no longer what was opened: somebody still writes it."""
        try:
            now = self.given.stat()
        except OSError:
            return False  # made for this load alone, or moved away: what was opened was read
        return self.seen is not None and self.seen != (now.st_size, now.st_mtime_ns)

    @property
    def name(self) -> str:
        """What the file is called in the register of loads; a workbook with its sheet."""
        return f"{self.given.name} [{self.sheets[0]}]" if self.sheets else self.given.name

    @property
    def is_table(self) -> bool:
        """Read as Parquet, not parsed as text."""
        return self.form.format != "csv"

    def cell(self, column: str) -> str:
        """The SQL name of a column in ``relation``."""
        return f"c{self.columns.index(column)}"

    @property
    def sha256(self) -> str:
        """Of the given file's bytes; empty where only its beginning was looked at."""
        return self.survey.sha256 if self.survey else ""

    def discard(self) -> None:
        """Remove what was made of the file in the inbox."""
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def is_text(self, column: str) -> bool:
        return self.kinds[column] == "VARCHAR"

    def with_number_columns(self, columns: Collection[str]) -> Source:
        """A file of text of which the reader itself is to make numbers of these columns; what is none it rejects."""
        return replace(self, kinds=self.kinds | dict.fromkeys(columns, "DOUBLE"))


def open_source(ws: Workspace, path: Path, *, whole: bool, sheet: str | None = None) -> Source:
    """Recognise a file and make it readable: unpacked, in UTF-8, or as Parquet, in the inbox where it is not.

    The reader's process does it (see ``opening``).

    Args:
        whole: survey all bytes (for loading); without, only as much is made as a look at it needs.
        sheet: of a workbook; without, the largest.

    Raises:
        PlumblineError: the file is no log, or reading it takes more memory or time than is allowed.
    """
    require_readable(ws, path)
    folder = ws.inbox / uuid.uuid4().hex
    try:
        source = replace(
            from_json(Source, reader.ask("open", path, folder, whole=whole, sheet=sheet)), given=path
        )
        return source if ws.may_read_file(source.file) else _link_into_inbox(source, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _link_into_inbox(source: Source, folder: Path) -> Source:
    """The same file in the inbox: the connection reads no folders but those that it was opened with, and no links.

    The file itself under a second name where both lie on one disk, else a copy.
    """
    folder.mkdir(exist_ok=True)
    there = folder / f"reach{source.file.suffix}"
    try:
        os.link(source.file, there)
    except OSError:
        shutil.copyfile(source.file, there)
    return replace(source, file=there, folder=folder)


def require_readable(ws: Workspace, path: Path) -> None:
    """Check that the workspace may read a file.

    Raises:
        PlumblineError: it lies in a folder that nobody named.
    """
    if path.exists() and not ws.may_read(path):
        raise PlumblineError(
            "The workspace may not read from this folder",
            where=path.name,
            todo="Upload the file, or name it to plumbline load.",
        )


def unreadable(path: Path, error: duckdb.Error) -> PlumblineError:
    """DuckDB's refusal of a file as one sentence; too little memory for it is no fault of the file."""
    if is_memory_shortage(error):
        return MemoryShortage()
    first = " ".join(str(error).split("\n")[0].split())[:200]
    return PlumblineError(
        message("The file cannot be read: {first}", first=first),
        where=path.name,
        todo="Export it again and load that.",
    )


def relation(source: Source, *, rejects: bool, position: bool = False) -> str:
    """A FROM item with the file's columns as c0, c1 ...; text for CSV (see ``with_numbers``), typed for a table.

    ``rejects``: keep unreadable records in the reject tables. ``position``: add ``_row`` (0-based) and ``_line``
    (1-based, the row's number or line in the given file) to a table.
    """
    if source.is_table:
        names = ", ".join(f"{cell} AS c{i}" for i, cell in enumerate(source.cells))
        extra = f", file_row_number AS _row, {'_line' if source.lined else 'file_row_number + 1'} AS _line"
        option = ", file_row_number = true" if position else ""
        return f"(SELECT {names}{extra if position else ''} FROM read_parquet({literal(str(source.file))}{option}))"
    columns = (
        "{" + ", ".join(f"'c{i}': '{source.kinds[name]}'" for i, name in enumerate(source.columns)) + "}"
    )
    form = source.form
    options = [
        f"columns = {columns}", "auto_detect = false", f"header = {str(form.header).lower()}",
        f"delim = {literal(form.delimiter)}", f"quote = {literal(form.quote)}", f"escape = {literal(form.quote)}",
        f"skip = {form.skip}", "null_padding = false", "strict_mode = true", "compression = 'none'",
        f"max_line_size = {MAX_LINE}", f"buffer_size = {_BUFFER}", "ignore_errors = true",
    ]  # fmt: skip
    if rejects:
        options[-1] = f"store_rejects = true, rejects_table = '{REJECTS}', rejects_scan = '{REJECT_SCANS}'"
        if "DOUBLE" in source.kinds.values():  # such a reading is only tried: what it rejects is read again
            options.append("rejects_limit = 1000")
    return f"read_csv({literal(str(source.file))}, {', '.join(options)})"


def require(mapping: Mapping, source: Source) -> None:
    """Check that a mapping fits the file.

    Raises:
        PlumblineError: a mapped column is not in the file, or a role is given twice.
    """
    missing = [
        c.column for c in mapping.columns if c.column not in source.columns and c.role.role != "ignore"
    ]
    if missing:
        raise PlumblineError(
            message("The file has no column {missing}", missing=repr(missing[0])),
            where=source.given.name,
            todo=message("It has: {names}.", names=", ".join(source.columns)),
        )
    seen: set[str] = set()
    for item in mapping.columns:
        spelt = str(item.role).lower()
        if spelt != "ignore" and spelt in seen:
            raise PlumblineError(
                message("Two columns have the role {role}", role=str(item.role)),
                where=source.given.name,
                todo="Give one of them another role.",
            )
        seen.add(spelt)
