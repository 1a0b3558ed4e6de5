"""What a file is made into before DuckDB reads it: recognised, unpacked, in UTF-8, or a table in Parquet.

Runs in the reader's process (see ``reader``): what unpacks and parses here meets whatever people drop.
"""

from __future__ import annotations

import codecs
import os
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.logs.files import arrow, excel, json_records
from plumbline.logs.files.byte_scan import MAX_LINE, survey
from plumbline.logs.files.encoding import UTF8, detect_encoding, transcode
from plumbline.logs.files.formats import detect_format_by_magic
from plumbline.logs.files.nested_columns import unfold
from plumbline.logs.files.sniff import HEAD, FileForm, sniff
from plumbline.logs.files.source import Source, unreadable
from plumbline.logs.files.unzip import unpack
from plumbline.store.database.external import external_connection
from plumbline.store.sql import literal

#: how much is unpacked, and how many records are made into a table, for a look at a file
BEGINNING, LOOK = 32 * 1024 * 1024, 20_000
#: more columns than this are no log of one model: planning and judging them takes minutes, however few rows there are
MOST_COLUMNS = 10_000
_GLOB = re.compile(r"[*?\[\]{}]")


def open_readable(path: Path, folder: Path, *, whole: bool, sheet: str | None = None) -> Source:
    """Recognise a file and make it readable; what is made of it goes to ``folder``, which need not be there.

    Args:
        whole: survey all bytes (for loading); without, only as much is made as a look at it needs.
        sheet: of a workbook; without, the largest.

    Raises:
        PlumblineError: the file is no log; see ``sniff``, ``survey``, ``unpack`` and the readers.
    """
    form, file = sniff(path), path
    looked = path.stat()
    if form.is_packed:
        file = _unpack(path, form.format, folder, whole)
        form = sniff(file)
        if form.is_packed:
            raise PlumblineError(
                "The file is an archive within an archive",
                where=path.name,
                todo="Unpack it and load that.",
            )
    read = {"csv": _csv, "json": _json, "excel": _excel, "arrow": _arrow, "parquet": _parquet}[form.format]
    source = read(
        _SourceFile(given=path, file=file.resolve(), form=form, folder=folder, whole=whole, sheet=sheet)
    )
    _refuse_width(path, len(source.columns))
    if whole and file is not path and source.survey:
        source = replace(source, survey=replace(source.survey, sha256=survey(path, text=False).sha256))
    source = replace(source, seen=(looked.st_size, looked.st_mtime_ns)) if whole else source
    return replace(source, folder=folder) if folder.exists() else source


def _refuse_width(path: Path, columns: int) -> None:
    if columns > MOST_COLUMNS:
        raise PlumblineError(
            message(
                "The file has {columns} columns, more than {most_columns}",
                columns=str(columns),
                most_columns=str(MOST_COLUMNS),
            ),
            where=path.name,
            todo="Export the columns that the model reads, and none of those made from them.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _SourceFile:
    """What a reader is given: the file as named, the one to read, its form, and a folder to make things in."""

    given: Path
    file: Path
    form: FileForm
    folder: Path
    whole: bool
    sheet: str | None

    def path_in_folder(self, name: str) -> Path:
        """A path in the folder, which is made."""
        self.folder.mkdir(exist_ok=True)
        return self.folder / name


def _unpack(path: Path, form: str, folder: Path, whole: bool) -> Path:
    folder.mkdir()
    if not whole:
        file = unpack(path, form, folder, beginning=BEGINNING)
        if file.stat().st_size < BEGINNING:
            return file
        with file.open("r+b") as opened:
            head = opened.read(4096)
            if detect_format_by_magic(head, path.name) == "csv":
                opened.seek(-MAX_LINE, os.SEEK_END)
                opened.truncate(BEGINNING - MAX_LINE + opened.read().rfind(b"\n") + 1)
                return file
    return unpack(path, form, folder)


def _csv(opening: _SourceFile) -> Source:
    path, file, form = opening.given, opening.file, opening.form
    seen = survey(file, text=True) if opening.whole else None
    if seen and seen.nul is not None and not form.encoding.startswith("utf-16"):
        raise PlumblineError(
            message(
                "The file holds a NUL byte at offset {nul}, so it is damaged or not text", nul=str(seen.nul)
            ),
            where=path.name,
            todo="Export it again and load that.",
        )
    if seen and seen.foreign and form.encoding == UTF8:
        form = replace(form, encoding=detect_encoding(seen.foreign, whole=False))
    lost = 0
    foreign = form.encoding != UTF8 or not form.plain_ends or bool(seen and seen.mixed_ends)
    if foreign or _GLOB.search(str(file)):
        target = opening.path_in_folder("text.csv")
        lost, file = transcode(file, form.encoding, target), target
    kinds = dict.fromkeys(form.columns, "VARCHAR")
    return Source(given=path, file=file, form=form, columns=form.columns, kinds=kinds, survey=seen, lost=lost)


def _parquet(opening: _SourceFile) -> Source:
    file = opening.file
    if _GLOB.search(str(file)):
        file = opening.path_in_folder("table.parquet")
        try:
            os.link(opening.file, file)
        except OSError:
            shutil.copyfile(opening.file, file)
    seen = survey(opening.file, text=False) if opening.whole else None
    return _table(
        opening.folder,
        Source(given=opening.given, file=file, form=opening.form, columns=(), kinds={}, survey=seen),
    )


def _table(folder: Path, source: Source) -> Source:
    """The source with the columns of its Parquet file, nested ones unfolded."""
    file = literal(str(source.file))
    # naming the columns takes DuckDB a time that grows with their square; counting the leaves takes none
    counted = f"SELECT count(*) FROM parquet_schema({file}) WHERE coalesce(num_children, 0) = 0"
    with external_connection(folder, files=[source.file]) as connection:
        try:
            row = connection.execute(counted).fetchone()
            _refuse_width(source.given, int(row[0]) if row else 0)
            leafs = unfold(connection, f"read_parquet({file})")
        except duckdb.Error as error:
            raise unreadable(source.given, error) from error
    return replace(
        source,
        columns=tuple(leaf.name for leaf in leafs),
        kinds={leaf.name: leaf.kind for leaf in leafs},
        cells=tuple(leaf.cell for leaf in leafs),
    )


def _arrow(opening: _SourceFile) -> Source:
    seen = survey(opening.file, text=False) if opening.whole else None
    target = opening.path_in_folder("table.parquet")
    arrow.write_table(opening.file, target, rows=None if opening.whole else LOOK)
    return _table(
        opening.folder,
        Source(given=opening.given, file=target, form=opening.form, columns=(), kinds={}, survey=seen),
    )


def _json(opening: _SourceFile) -> Source:
    file, form, lost = opening.file, opening.form, 0
    with file.open("rb") as opened:
        lines = json_records.is_lines(opened.read(HEAD).decode(form.encoding, "replace").lstrip("\ufeff"))
    seen = survey(file, text=lines)
    with file.open("rb") as opened:
        marked = opened.read(3) == codecs.BOM_UTF8
    if form.encoding != UTF8 or seen.foreign or marked or _GLOB.search(str(file)):
        target = opening.path_in_folder("text.json")
        lost = transcode(file, "utf-8-sig" if marked else form.encoding, target, mend=True)
        file = target
    target = opening.path_in_folder("table.parquet")
    with external_connection(opening.folder, files=[file]) as connection:
        columns, faults = json_records.write_table(
            connection, file, target, lines=lines, rows=None if opening.whole else LOOK
        )
    return Source(
        given=opening.given,
        file=target,
        form=form,
        columns=columns,
        kinds=dict.fromkeys(columns, "VARCHAR"),
        survey=seen,
        lost=lost,
        cells=_cell_names(columns),
        lined=True,
        faults=faults,
        text=file if lines else None,
    )


def _excel(opening: _SourceFile) -> Source:
    seen = survey(opening.file, text=False) if opening.whole else None
    first, *others = excel.chosen(opening.file, opening.sheet)
    target = opening.path_in_folder("table.parquet")
    columns, places = excel.write_table(opening.file, first, target, rows=None if opening.whole else LOOK)
    return Source(
        given=opening.given,
        file=target,
        form=opening.form,
        columns=columns,
        kinds=dict.fromkeys(columns, "VARCHAR"),
        survey=seen,
        cells=tuple(f"c{i}" for i in places),
        lined=True,
        sheets=(first.name, *(sheet.name for sheet in others)),
    )


def _cell_names(columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"c{i}" for i in range(len(columns)))
