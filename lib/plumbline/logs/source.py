"""A file as something that DuckDB can read: recognised, in UTF-8, with its columns and their types."""

from __future__ import annotations

import codecs
import os
import re
import shutil
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from plumbline.domain import Mapping, PlumblineError
from plumbline.logs import arrow_file, excel, json_records
from plumbline.logs.encoding import UTF8, detect_encoding, transcode
from plumbline.logs.formats import format_of
from plumbline.logs.json_records import Fault
from plumbline.logs.nested import unfold
from plumbline.logs.sniff import HEAD, Form, sniff
from plumbline.logs.survey import MAX_LINE, Survey, survey
from plumbline.logs.unpack import unpack
from plumbline.store.outside import outside
from plumbline.store.sources import Origin
from plumbline.store.sql import literal
from plumbline.store.workspace import Workspace

#: how much is unpacked, and how many records are made into a table, for a look at a file
BEGINNING, LOOK = 32 * 1024 * 1024, 20_000
REJECTS, REJECT_SCANS = "stage_rejects", "stage_reject_scans"
#: what the CSV reader takes at once; its own choice for long lines leaves row groups that a checkpoint writes again
_BUFFER = 32 * 1024 * 1024
_GLOB = re.compile(r"[*?\[\]{}]")


@dataclass(frozen=True, slots=True)
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
    form: Form
    columns: tuple[str, ...]
    kinds: dict[str, str]
    survey: Survey | None = None
    folder: Path | None = None
    lost: int = 0
    cells: tuple[str, ...] = ()
    lined: bool = False
    faults: tuple[Fault, ...] = ()
    text: Path | None = None
    sheets: tuple[str, ...] = ()
    origin: Origin | None = None
    seen: tuple[int, int] | None = (
        None  # the given file's size and time of change as it was opened for loading
    )

    @property
    def changed(self) -> bool:
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

    def with_numbers(self, columns: Collection[str]) -> Source:
        """A file of text of which the reader itself is to make numbers of these columns; what is none it rejects."""
        return replace(self, kinds=self.kinds | dict.fromkeys(columns, "DOUBLE"))


def open_source(ws: Workspace, path: Path, *, whole: bool, sheet: str | None = None) -> Source:
    """Recognise a file and make it readable: unpacked, in UTF-8, or as Parquet, in the inbox where it is not.

    Args:
        whole: survey all bytes (for loading); without, only as much is made as a look at it needs.
        sheet: of a workbook; without, the largest.

    Raises:
        PlumblineError: the file is no log; see ``sniff``, ``survey``, ``unpack`` and the readers.
    """
    folder = ws.inbox / uuid.uuid4().hex
    try:
        form, file = sniff(path), path
        looked = path.stat()
        if form.packed:
            file = _unpacked(path, form.format, folder, whole)
            form = sniff(file)
            if form.packed:
                raise PlumblineError(
                    "The file is an archive within an archive",
                    where=path.name,
                    todo="Unpack it and load that.",
                )
        read = {"csv": _csv, "json": _json, "excel": _excel, "arrow": _arrow, "parquet": _parquet}[
            form.format
        ]
        found = read(ws, _Opening(path, file.resolve(), form, folder, whole, sheet))
        if whole and file is not path and found.survey:
            found = replace(found, survey=replace(found.survey, sha256=survey(path, text=False).sha256))
        found = replace(found, seen=(looked.st_size, looked.st_mtime_ns)) if whole else found
        return replace(found, folder=folder) if folder.exists() else found
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@dataclass(frozen=True, slots=True)
class _Opening:
    """What a reader is given: the file as named, the one to read, its form, and a folder to make things in."""

    given: Path
    file: Path
    form: Form
    folder: Path
    whole: bool
    sheet: str | None

    def room(self, name: str) -> Path:
        """A path in the folder, which is made."""
        self.folder.mkdir(exist_ok=True)
        return self.folder / name


def _unpacked(path: Path, form: str, folder: Path, whole: bool) -> Path:
    folder.mkdir()
    if not whole:
        file = unpack(path, form, folder, beginning=BEGINNING)
        if file.stat().st_size < BEGINNING:
            return file
        with file.open("r+b") as opened:
            head = opened.read(4096)
            if format_of(head, path.name) == "csv":
                opened.seek(-MAX_LINE, os.SEEK_END)
                opened.truncate(BEGINNING - MAX_LINE + opened.read().rfind(b"\n") + 1)
                return file
    return unpack(path, form, folder)


def _csv(ws: Workspace, opening: _Opening) -> Source:
    given, file, form = opening.given, opening.file, opening.form
    seen = survey(file, text=True) if opening.whole else None
    if seen and seen.nul is not None and not form.encoding.startswith("utf-16"):
        raise PlumblineError(
            f"The file holds a NUL byte at offset {seen.nul}, so it is damaged or not text",
            where=given.name,
            todo="Export it again and load that.",
        )
    if seen and seen.foreign and form.encoding == UTF8:
        form = replace(form, encoding=detect_encoding(seen.foreign, whole=False))
    lost = 0
    foreign = form.encoding != UTF8 or not form.plain_ends or bool(seen and seen.mixed_ends)
    if foreign or _GLOB.search(str(file)):
        target = opening.room("text.csv")
        lost, file = transcode(file, form.encoding, target), target
    kinds = dict.fromkeys(form.columns, "VARCHAR")
    return Source(given, file, form, form.columns, kinds, seen, lost=lost)


def _parquet(ws: Workspace, opening: _Opening) -> Source:
    file = opening.file
    if _GLOB.search(str(file)):
        file = opening.room("table.parquet")
        try:
            os.link(opening.file, file)
        except OSError:
            shutil.copyfile(opening.file, file)
    seen = survey(opening.file, text=False) if opening.whole else None
    return _table(ws, Source(opening.given, file, opening.form, (), {}, seen))


def _table(ws: Workspace, source: Source) -> Source:
    """The source with the columns of its Parquet file, nested ones unfolded."""
    with ws.read() as cursor:
        try:
            found = unfold(cursor, f"read_parquet({literal(str(source.file))})")
        except duckdb.Error as error:
            raise unreadable(source.given, error) from error
    return replace(
        source, columns=tuple(leaf.name for leaf in found), kinds={leaf.name: leaf.kind for leaf in found},
        cells=tuple(leaf.cell for leaf in found),
    )  # fmt: skip


def _arrow(ws: Workspace, opening: _Opening) -> Source:
    seen = survey(opening.file, text=False) if opening.whole else None
    target = opening.room("table.parquet")
    arrow_file.write_table(opening.file, target, rows=None if opening.whole else LOOK)
    return _table(ws, Source(opening.given, target, opening.form, (), {}, seen))


def _json(ws: Workspace, opening: _Opening) -> Source:
    file, form, lost = opening.file, opening.form, 0
    with file.open("rb") as opened:
        lines = json_records.is_lines(opened.read(HEAD).decode(form.encoding, "replace").lstrip("\ufeff"))
    seen = survey(file, text=lines)
    with file.open("rb") as opened:
        marked = opened.read(3) == codecs.BOM_UTF8
    if form.encoding != UTF8 or seen.foreign or marked or _GLOB.search(str(file)):
        target = opening.room("text.json")
        lost = transcode(file, "utf-8-sig" if marked else form.encoding, target, mend=True)
        file = target
    target = opening.room("table.parquet")
    with outside(opening.folder, files=[file]) as connection:
        columns, faults = json_records.write_table(
            connection, file, target, lines=lines, rows=None if opening.whole else LOOK
        )
    return Source(
        opening.given, target, form, columns, dict.fromkeys(columns, "VARCHAR"), seen, lost=lost,
        cells=_plain_cells(columns), lined=True, faults=faults, text=file if lines else None,
    )  # fmt: skip


def _excel(ws: Workspace, opening: _Opening) -> Source:
    seen = survey(opening.file, text=False) if opening.whole else None
    chosen, others = excel.choose(opening.file, excel.sheets(opening.file), opening.sheet)
    target = opening.room("table.parquet")
    with outside(opening.folder, extensions=["excel"], files=[opening.file]) as connection:
        columns = excel.write_table(connection, opening.file, chosen, target)
    return Source(
        opening.given, target, opening.form, columns, dict.fromkeys(columns, "VARCHAR"), seen,
        cells=_plain_cells(columns), lined=True, sheets=(chosen.name, *(sheet.name for sheet in others)),
    )  # fmt: skip


def _plain_cells(columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"c{i}" for i in range(len(columns)))


def unreadable(path: Path, error: duckdb.Error) -> PlumblineError:
    """DuckDB's refusal of a file as one sentence."""
    first = " ".join(str(error).split("\n")[0].split())[:200]
    if isinstance(error, duckdb.PermissionException):
        return PlumblineError(
            "The workspace may not read from this folder",
            where=path.name,
            todo="Upload the file, or name it to plumbline load.",
        )
    return PlumblineError(
        f"The file cannot be read: {first}", where=path.name, todo="Export it again and load that."
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
            f"The file has no column {missing[0]!r}",
            where=source.given.name,
            todo=f"It has: {', '.join(source.columns)}.",
        )
    seen: set[str] = set()
    for item in mapping.columns:
        spelt = str(item.role).lower()
        if spelt != "ignore" and spelt in seen:
            raise PlumblineError(
                f"Two columns have the role {item.role}",
                where=source.given.name,
                todo="Give one of them another role.",
            )
        seen.add(spelt)
