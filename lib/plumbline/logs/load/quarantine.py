"""The rows that cannot be loaded, kept with their line in the file, the reason and the raw text."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from plumbline.domain import Mapping
from plumbline.logs.files.record_offsets import Records, find_records, line_texts, record_texts
from plumbline.logs.files.source import REJECTS, Source, relation
from plumbline.logs.load.plan import Plan
from plumbline.logs.load.staging import SHIFTS, STAGE
from plumbline.store.loads import LoadForm, save_form

#: DuckDB's reason for not parsing a record -> ours, and what is said beside it
_UNPARSED = {
    "MISSING COLUMNS": ("too_few_fields", "fewer fields than the header"),
    "TOO MANY COLUMNS": ("too_many_fields", "more fields than the header"),
    "UNQUOTED VALUE": ("bad_quotes", "a quote is not closed, or text follows a closing quote"),
    "LINE SIZE OVER MAXIMUM": ("line_too_long", "the record is longer than 16 MB"),
    "INVALID ENCODING": ("bad_encoding", "bytes that are not UTF-8"),
}
#: reasons of records that could not be split into cells
UNPARSED = frozenset(reason for reason, _ in _UNPARSED.values()) | {"unreadable"}
_FAULTS = {
    "bad_json": "the line is no JSON, or breaks off",
    "not_an_object": "the line is JSON, but no object with names and values",
}
_OTHER = ("unreadable", "the record could not be parsed")
_CELL = 200


@dataclass(frozen=True, slots=True)
class QuarantineCounts:
    """``reasons``: reason -> rows. ``records``: all data records of the file, good and bad."""

    reasons: dict[str, int]
    records: int


def malformed_records(cursor: duckdb.DuckDBPyConnection, source: Source) -> list[tuple[int, str, str]]:
    """(byte offset, DuckDB's reason, text) of each record that could not be parsed, in file order."""
    if source.is_table:
        return []
    # as bytes: a rejected line may be cut in the middle of a character, and no text can then be made of it
    rows = cursor.execute(
        f"""SELECT line_byte_position, first(error_type::VARCHAR ORDER BY error_type), first(encode(csv_line)[1:16000])
            FROM {REJECTS} GROUP BY line_byte_position ORDER BY line_byte_position"""
    ).fetchall()
    return [(at, kind, (raw or b"").decode("utf-8", "replace")[:4000]) for at, kind, raw in rows]


def malformed_rows(cursor: duckdb.DuckDBPyConnection, source: Source, most: int) -> list[tuple[str, str]]:
    """(DuckDB's reason, text) of the first records that could not be parsed, among the first ``most`` lines."""
    unparsed_lines = malformed_records(cursor, source)
    if not unparsed_lines:
        return []
    last = cursor.execute(
        f"SELECT line_byte_position FROM {REJECTS} WHERE line <= ? ORDER BY line DESC LIMIT 1", [most + 1]
    ).fetchone()
    return [(kind, _clean_text(text)) for at, kind, text in unparsed_lines if last and at <= last[0]]


def malformed_reason(kind: str) -> str:
    """Our word for DuckDB's reason."""
    return _reason_and_column(kind)[0]


def set_aside(
    cursor: duckdb.DuckDBPyConnection,
    source: Source,
    plan: Plan,
    mapping: Mapping,
    *,
    staged: int,
    system: str,
    load_id: int,
) -> QuarantineCounts:
    """Put every bad row of the stage and every unparsed record into the quarantine table, and keep how to read them.

    Makes the temporary table SHIFTS where records are missing from the stage, so that ``record_number``
    knows each row's place in the file.
    """
    rejects = malformed_records(cursor, source)
    bad = cursor.execute(
        f"SELECT _row, _reason FROM {STAGE} WHERE _reason IS NOT NULL ORDER BY _row"
    ).fetchnumpy()
    rows, why = np.asarray(bad["_row"], np.int64), list(bad["_reason"])
    faults = source.faults
    if not rejects and not faults and not len(rows):
        return QuarantineCounts({}, staged)
    if source.is_table:
        entries = _from_table(cursor, source, plan, staged, rows, why)
    else:
        entries = _from_text(cursor, source, plan, staged, rejects, rows, why)
    _insert(cursor, entries, system, load_id)
    text = not source.is_table
    form = LoadForm(
        source.columns, source.form.delimiter if text else "", source.form.quote if text else "", mapping
    )
    save_form(cursor, load_id, form)
    reasons: dict[str, int] = {}
    for entry in entries:
        reasons[entry[1]] = reasons.get(entry[1], 0) + 1
    return QuarantineCounts(reasons, staged + len(rejects) + len(faults))


def record_number(cursor: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """(SQL of a staged row's 1-based record number in the file, the join that it needs), for the stage as ``s``."""
    row = cursor.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE temporary AND table_name = ?", [SHIFTS]
    ).fetchone()
    if not row or not row[0]:
        return "s._row + 1", ""
    return "s._row + 1 + p.shift", f"ASOF JOIN temp.{SHIFTS} p ON s._row >= p.first_row"


Entry = tuple[int | None, str, str, str]


def _from_text(
    cursor: duckdb.DuckDBPyConnection,
    source: Source,
    plan: Plan,
    staged: int,
    rejects: list[tuple[int, str, str]],
    rows: NDArray[np.int64],
    why: list[str],
) -> list[Entry]:
    records = _records(source, staged + len(rejects))
    offsets = np.array([r[0] for r in rejects], np.int64)
    if records is None:  # the scan and the parser disagree about what a record is: keep all, name no lines
        known: list[Entry] = [
            (None, *_reason_and_column(kind), _clean_text(text)) for _, kind, text in rejects
        ]
        return known + [(None, reason, "", "") for reason in why]
    gone = np.searchsorted(records.starts, offsets, side="right") - 1
    data = np.arange(records.first, len(records.starts))
    accepted = np.setdiff1d(data, gone)
    _save_shifts(cursor, accepted - records.first)
    wanted = np.concatenate((gone, accepted[rows]))
    order = np.argsort(wanted, kind="stable")
    texts = record_texts(source.file, records, wanted[order])
    entries: list[Entry] = []
    for place, raw in zip(order, texts, strict=True):
        line = int(records.lines[wanted[place]])
        if place < len(rejects):
            reason, detail = _reason_and_column(rejects[place][1])
        else:
            reason = why[place - len(rejects)]
            detail = _cell_detail(source, plan, reason, raw)
        entries.append((line, reason, detail, raw))
    return entries


def _records(source: Source, expected: int) -> Records | None:
    form = source.form
    for exact in (False, True):
        records = find_records(
            source.file,
            quote=form.quote,
            delimiter=form.delimiter,
            skip=form.skip,
            header=form.header,
            exact=exact,
        )
        if len(records) == expected:
            return records
    return None


def _save_shifts(cursor: duckdb.DuckDBPyConnection, rows: NDArray[np.int64]) -> None:
    shift = rows - np.arange(len(rows))
    changes = np.flatnonzero(np.diff(shift, prepend=-1))
    cursor.execute(f"CREATE TEMP TABLE {SHIFTS} (first_row BIGINT, shift BIGINT)")
    cursor.execute(
        f"INSERT INTO temp.{SHIFTS} SELECT unnest($rows::BIGINT[]), unnest($shifts::BIGINT[])",
        {"rows": changes.tolist(), "shifts": shift[changes].tolist()},
    )


def _reason_and_column(kind: str) -> tuple[str, str]:
    return _UNPARSED.get(kind, _OTHER)


def _clean_text(text: str | None) -> str:
    return (text or "").strip("\r\n").replace("\x00", "\ufffd")


def _cell_detail(source: Source, plan: Plan, reason: str, raw: str) -> str:
    """Which column the reason is about and what its cell holds."""
    column = _column_of(plan, reason)
    if not column:
        return ""
    cells = next(csv.reader([raw], delimiter=source.form.delimiter), [])
    place = source.columns.index(column)
    return _detail(column, cells[place] if place < len(cells) else "")


def _column_of(plan: Plan, reason: str) -> str:
    name = next((cell for r, _, cell in plan.reasons if r == reason), "")
    return next((c.map.column for c in plan.columns if c.name == name), "")


def _detail(column: str, value: object) -> str:
    text = "" if value is None else str(value)
    return f"{column} is empty" if not text.strip() else f"{column} = {text[:_CELL]!r}"


def _from_table(
    cursor: duckdb.DuckDBPyConnection,
    source: Source,
    plan: Plan,
    staged: int,
    rows: NDArray[np.int64],
    why: list[str],
) -> list[Entry]:
    """Rows of a table, by their line where the file has lines; and the records that are none."""
    gone = np.array([fault.record for fault in source.faults], np.int64)
    if len(gone):
        _save_shifts(cursor, np.setdiff1d(np.arange(staged + len(gone)), gone))
    reasons = dict(zip(rows.tolist(), why, strict=True))
    records = cursor.execute(
        f"""SELECT * FROM {relation(source, rejects=False, position=True)}
            WHERE _row IN (SELECT unnest($rows::BIGINT[])) ORDER BY _row""",
        {"rows": rows.tolist()},
    ).fetchall()
    lines = line_texts(source.text, [row[-1] for row in records]) if source.text else {}
    entries: list[Entry] = [(f.line, f.reason, _FAULTS[f.reason], _clean_text(f.raw)) for f in source.faults]
    for *cells, row, line in records:
        reason = reasons[row]
        column = _column_of(plan, reason)
        detail = _detail(column, cells[source.columns.index(column)]) if column else ""
        there = {c: str(v) for c, v in zip(source.columns, cells, strict=True) if v is not None}
        raw = lines.get(line) or json.dumps(there, ensure_ascii=False)[:4000]
        entries.append((line, reason, detail, _clean_text(raw)))
    return sorted(entries, key=lambda entry: entry[0] or 0)


def _insert(cursor: duckdb.DuckDBPyConnection, entries: list[Entry], system: str, load_id: int) -> None:
    cursor.execute(
        """INSERT INTO quarantine (load_id, system, line, reason, detail, raw)
           SELECT $load_id, $system, unnest($lines::BIGINT[]), unnest($reasons::VARCHAR[]),
                  unnest($details::VARCHAR[]), unnest($raws::VARCHAR[])""",
        {
            "load_id": load_id,
            "system": system,
            "lines": [e[0] for e in entries],
            "reasons": [e[1] for e in entries],
            "details": [e[2] for e in entries],
            "raws": [e[3] for e in entries],
        },
    )
