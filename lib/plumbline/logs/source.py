"""A file as something that DuckDB can read: recognised, in UTF-8, with its columns and their types."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from plumbline.domain import Mapping, PlumblineError
from plumbline.logs.encoding import UTF8, detect_encoding, transcode
from plumbline.logs.sniff import Form, sniff
from plumbline.logs.survey import MAX_LINE, Survey, survey
from plumbline.store.sql import ident, literal
from plumbline.store.workspace import Workspace

REJECTS, REJECT_SCANS = "stage_rejects", "stage_reject_scans"
_GLOB = re.compile(r"[*?\[\]{}]")


@dataclass(frozen=True, slots=True)
class Source:
    """A file ready to be read by DuckDB.

    ``file`` is the path that is read: the given one, or a UTF-8 copy in the workspace's inbox. ``kinds``
    maps a column to DuckDB's type of it. ``lost``: characters that the encoding does not define.
    """

    given: Path
    file: Path
    form: Form
    columns: tuple[str, ...]
    kinds: dict[str, str]
    survey: Survey | None = None
    copied: bool = False
    lost: int = 0

    def cell(self, column: str) -> str:
        """The SQL name of a column in ``relation``."""
        return f"c{self.columns.index(column)}"

    @property
    def sha256(self) -> str:
        """Of the given file's bytes; empty where only its beginning was looked at."""
        return self.survey.sha256 if self.survey else ""

    def discard(self) -> None:
        """Remove the copy in the inbox, where one was made."""
        if self.copied:
            self.file.unlink(missing_ok=True)

    def is_text(self, column: str) -> bool:
        return self.kinds[column] == "VARCHAR"


def open_source(ws: Workspace, path: Path, *, whole: bool) -> Source:
    """Recognise a file and make it readable: a copy in UTF-8 in the inbox where it is not.

    Args:
        whole: survey all bytes (for loading); without, only the file's beginning is looked at.

    Raises:
        PlumblineError: the file is no log; see ``sniff``, ``survey`` and ``transcode``.
    """
    form = sniff(path)
    seen = survey(path, text=form.format == "csv") if whole else None
    if form.format == "parquet":
        return _parquet(ws, path, form, seen)
    if seen and seen.nul is not None and not form.encoding.startswith("utf-16"):
        raise PlumblineError(
            f"The file holds a NUL byte at offset {seen.nul}, so it is damaged or not text",
            where=path.name,
            todo="Export it again and load that.",
        )
    if seen and seen.foreign and form.encoding == UTF8:
        form = replace(form, encoding=detect_encoding(seen.foreign, whole=False))
    file, lost = path.resolve(), 0
    copied = form.encoding != UTF8 or not form.plain_ends or bool(seen and seen.mixed_ends)
    if copied or _GLOB.search(str(file)):
        copied = True
        file = ws.inbox / f"{uuid.uuid4().hex}.csv"
        lost = transcode(path, form.encoding, file)
    kinds = dict.fromkeys(form.columns, "VARCHAR")
    return Source(path, file, form, form.columns, kinds, seen, copied, lost)


def _parquet(ws: Workspace, path: Path, form: Form, seen: Survey | None) -> Source:
    with ws.read() as cursor:
        try:
            rows = cursor.execute(
                f"DESCRIBE SELECT * FROM read_parquet({literal(str(path.resolve()))})"
            ).fetchall()
        except duckdb.Error as error:
            raise unreadable(path, error) from error
    return Source(path, path.resolve(), form, tuple(r[0] for r in rows), {r[0]: r[1] for r in rows}, seen)


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
    """A FROM item with the file's columns as c0, c1 ...; text for CSV, typed for Parquet.

    ``rejects``: keep unreadable records in the reject tables. ``position``: add ``file_row_number`` (Parquet).
    """
    if source.form.format == "parquet":
        names = ", ".join(f"{ident(c)} AS c{i}" for i, c in enumerate(source.columns))
        extra = ", file_row_number" if position else ""
        option = ", file_row_number = true" if position else ""
        return f"(SELECT {names}{extra} FROM read_parquet({literal(str(source.file))}{option}))"
    columns = "{" + ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(source.columns))) + "}"
    form = source.form
    options = [
        f"columns = {columns}", "auto_detect = false", "all_varchar = true", f"header = {str(form.header).lower()}",
        f"delim = {literal(form.delimiter)}", f"quote = {literal(form.quote)}", f"escape = {literal(form.quote)}",
        f"skip = {form.skip}", "null_padding = false", "strict_mode = true", "compression = 'none'",
        f"max_line_size = {MAX_LINE}", "ignore_errors = true",
    ]  # fmt: skip
    if rejects:
        options[-1] = f"store_rejects = true, rejects_table = '{REJECTS}', rejects_scan = '{REJECT_SCANS}'"
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
