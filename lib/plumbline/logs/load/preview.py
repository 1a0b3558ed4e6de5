"""A file as a load would read it, with nothing changed: its first ten rows, and how many of its rows will load."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from secrets import token_hex

from plumbline.domain import Mapping, PlumblineError, System, Task
from plumbline.logs.files.source import Source, open_source, require
from plumbline.logs.load.labels import mark_unknown_decisions
from plumbline.logs.load.plan import Plan, decisions_plan, labels_plan
from plumbline.logs.load.quarantine import malformed_reason, malformed_rows
from plumbline.logs.load.staging import STAGE, drop_stage, stage, staging_query, text_places
from plumbline.logs.load.trial import LoadTrial, count_rows
from plumbline.store import systems
from plumbline.store.sql import decision_table, ident
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.times import iso_second

ROWS = 10
#: rows that are tried before a load; a file up to that length is tried whole
TRIED = 200_000
_HEAD = 1024 * 1024
#: the ids of the decisions that outcomes may be for
_KNOWN = "known_ids"
_PACKED = (
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"PAR1",
    b"ARROW1",
    b"\xff\xff\xff\xff",
)


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """``cells``: a text a column, None where nothing is there; ``reason``: why it goes to quarantine, or empty."""

    cells: tuple[str | None, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """``columns``: (role, column of the file) of each cell. ``unparsed``: (reason, raw text) of broken records."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[PreviewRow, ...]
    unparsed: tuple[tuple[str, str], ...] = ()

    @property
    def bad_row_count(self) -> int:
        """Rows of those shown that would go to quarantine."""
        return sum(bool(row.reason) for row in self.rows) + len(self.unparsed)


def preview(
    ws: Workspace,
    path: Path,
    mapping: Mapping,
    *,
    labels: bool = False,
    system: str | None = None,
    sheet: str | None = None,
) -> Preview:
    """Read the first ten rows under a mapping; changes nothing.

    Args:
        labels: the file holds labels and no decisions.
        system: key of the system that it goes into; its columns keep their kinds.
        sheet: of a workbook; without, the largest.

    Raises:
        PlumblineError: the mapping does not fit, as for a load.
    """
    short = _head(ws, path)
    try:
        source = replace(open_source(ws, short or path, whole=False, sheet=sheet), given=path)
        try:
            require(mapping, source)
            return _rows(ws, source, mapping, labels, system)
        finally:
            source.discard()
    except PlumblineError as error:
        if short is None or error.where != short.name:
            raise
        raise PlumblineError(error.what, where=path.name, todo=error.todo) from error
    finally:
        if short:
            short.unlink(missing_ok=True)


def try_file(
    ws: Workspace,
    path: Path,
    mapping: Mapping,
    *,
    labels: bool = False,
    system: str | None = None,
    sheet: str | None = None,
    first: int = TRIED,
) -> LoadTrial:
    """Read a file, or its ``first`` rows, as a load into a system would, and change nothing.

    Repeats are those within the file; rows that the system holds already are not looked for.

    Args:
        labels: the file holds labels and no decisions.
        system: key of the system that it goes into; its columns keep their kinds, and labels must be of its decisions.

    Raises:
        PlumblineError: the mapping does not fit, as for a load.
    """
    source = open_source(ws, path, whole=True, sheet=sheet)
    try:
        require(mapping, source)
        with ws.read() as cursor:
            there = systems.find_system(cursor, system) if system else None
            plan = _plan(cursor, source, mapping, labels, there)
            try:
                if labels:
                    stage(cursor, source, plan, first=first)
                    if there:
                        mark_unknown_decisions(cursor, there.key)
                    return count_rows(cursor, source, STAGE, first)
                rows = f"({staging_query(source, plan, limit=first)})"
                return count_rows(cursor, source, rows, first, repeats=True)
            finally:
                drop_stage(cursor)
    finally:
        source.discard()


def earliest_time(ws: Workspace, path: Path, mapping: Mapping, sheet: str | None = None) -> datetime | None:
    """The first time of the decisions of a file, as a load would read them.

    Raises:
        PlumblineError: the mapping does not fit, as for a load.
    """
    with ws.read() as cursor, _as_loaded(ws, cursor, path, mapping, sheet) as rows:
        first = cursor.execute(f'SELECT min("timestamp") FROM {rows} WHERE _reason IS NULL').fetchone()
    return first[0] if first else None


def known_id_counts(
    ws: Workspace,
    path: Path,
    mapping: Mapping,
    logs: Sequence[tuple[Path, Mapping, str | None]],
    system: str | None = None,
    sheet: str | None = None,
) -> tuple[int, int]:
    """How many decisions a file of outcomes names, and how many of these are in some logs or in a system.

    Args:
        logs: file, mapping and sheet of each.
        system: key of a system that is there.

    Raises:
        PlumblineError: a mapping does not fit, as for a load.
    """
    with ws.read() as cursor:
        cursor.execute(f'CREATE TEMP TABLE {_KNOWN} ("decision_id" VARCHAR)')
        try:
            for log, read_as, of_log in logs:
                if read_as.column_of("decision_id") is not None:
                    with _as_loaded(ws, cursor, log, read_as, of_log) as rows:
                        cursor.execute(f'INSERT INTO temp.{_KNOWN} SELECT "decision_id" FROM {rows}')
            if system:
                cursor.execute(
                    f'INSERT INTO temp.{_KNOWN} SELECT "decision_id" FROM {decision_table(system)}'
                )
            with _as_loaded(ws, cursor, path, mapping, sheet) as rows:
                row = cursor.execute(
                    f"""SELECT count(*), count(*) FILTER ("decision_id" IN
                            (SELECT "decision_id" FROM temp.{_KNOWN} WHERE "decision_id" IS NOT NULL))
                        FROM (SELECT DISTINCT "decision_id" FROM {rows} WHERE _reason IS NULL)"""
                ).fetchone()
        finally:
            cursor.execute(f"DROP TABLE temp.{_KNOWN}")
    return (int(row[0]), int(row[1])) if row else (0, 0)


@contextmanager
def _as_loaded(
    ws: Workspace, cursor: Cursor, path: Path, mapping: Mapping, sheet: str | None
) -> Iterator[str]:
    """The rows of a file as a load would read them, as SQL."""
    labels = mapping.column_of("timestamp") is None
    source = open_source(ws, path, whole=True, sheet=sheet)
    try:
        require(mapping, source)
        yield f"({staging_query(source, _plan(cursor, source, mapping, labels, None))})"
    finally:
        drop_stage(cursor)
        source.discard()


def _head(ws: Workspace, path: Path) -> Path | None:
    """The beginning of a long file of text, so that a preview of it costs no more than of a short one."""
    if path.stat().st_size <= _HEAD:
        return None
    with path.open("rb") as file:
        head = file.read(_HEAD)
    whole = head.startswith(_PACKED) or head.lstrip()[:1] in (b"[", b"{")  # formats that no cut may break
    if whole or b"\n" not in head:
        return None
    short = ws.inbox / f"{uuid.uuid4().hex}{path.suffix}"
    short.write_bytes(head[: head.rfind(b"\n") + 1])
    return short


def _plan(cursor: Cursor, source: Source, mapping: Mapping, labels: bool, system: System | None) -> Plan:
    """How a load into a system, or into a new one, would read the file."""
    task = (system.task if system else None) or mapping.task or Task.BINARY
    if labels:
        return labels_plan(source, mapping, task=task)
    existing = systems.decision_columns(cursor, system.key) if system else ()
    return decisions_plan(source, mapping, task=task, existing=existing, secret=token_hex(8))


def _rows(ws: Workspace, source: Source, mapping: Mapping, labels: bool, key: str | None) -> Preview:
    with ws.read() as cursor:
        system = systems.find_system(cursor, key) if key else None
        plan = _plan(cursor, source, mapping, labels, system)
        names = [(name, "") for name, _ in plan.derived]
        columns = (*((c.name, c.map.column) for c in plan.columns), *names)
        try:
            stage(cursor, source, plan, first=ROWS)
            if labels and system:
                mark_unknown_decisions(cursor, system.key)
            texts = text_places(cursor, plan)
            listed = ", ".join(
                [*(ident(name) for name, _ in columns), *(f"_texts[{int(i)}]" for i, _ in texts)]
            )
            columns = (*columns, *((str(c.beside), c.map.column) for _, c in texts))
            records = cursor.execute(f"SELECT _reason, {listed} FROM {STAGE} ORDER BY _row").fetchall()
            broken = malformed_rows(cursor, source, ROWS)
        finally:
            drop_stage(cursor)
    rows = tuple(PreviewRow(tuple(_cell_text(cell) for cell in cells), why or "") for why, *cells in records)
    return Preview(columns, rows, tuple((malformed_reason(kind), text) for kind, text in broken))


def _cell_text(cell: object) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, datetime):
        return f"{iso_second(cell)} UTC"
    if isinstance(cell, float):
        return f"{cell:.10g}"
    return str(cell)
