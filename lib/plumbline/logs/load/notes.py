"""What is said of a load beside its figures: what was lost, left out, odd, new or gone."""

from __future__ import annotations

import duckdb

from plumbline.domain import NAMED_ROLES, TEXT, DecisionColumn, Kind, Mapping
from plumbline.domain.messages import Message, message
from plumbline.logs.files.source import Source
from plumbline.logs.load.plan import Plan, StagedColumn, kind_of_named_role
from plumbline.logs.load.staging import count_unreadable_cells
from plumbline.wording.quantities import count


def encoding_note(source: Source) -> list[Message]:
    """Characters that the encoding does not define."""
    if not source.lost:
        return []
    return [
        message(
            "{n} characters are not defined in {encoding}; they were replaced by a question mark.",
            n=count(source.lost),
            encoding=source.form.encoding,
        )
    ]


def unmapped_note(source: Source, mapping: Mapping) -> list[Message]:
    """Columns that no mapping speaks of: records further on in a file may hold more than the first."""
    known = {c.column for c in mapping.columns}
    fresh = [c for c in source.columns if c not in known]
    if not fresh:
        return []
    names = ", ".join(fresh[:20])
    return [message("Columns that the mapping does not name were left out: {names}.", names=names)]


def unreadable_notes(cursor: duckdb.DuckDBPyConnection, plan: Plan) -> list[Message]:
    """Cells of good rows that could not be read, by column."""
    columns = {c.name: c for c in plan.columns}
    notes = []
    for name, rows in count_unreadable_cells(cursor, plan).items():
        column = columns[name]
        values = {"n": count(rows), "column": column.map.column}
        notes.append(_unreadable_note(column, values))
    return notes


def _unreadable_note(column: StagedColumn, values: dict[str, str]) -> Message:
    is_time = column.map.role.role in ("trained_at", "label_time")
    if column.beside:
        cells = {**values, "beside": str(column.beside)}
        if is_time:
            return message(
                "{n} values of {column} are not a time; they are kept as text in {beside}.", **cells
            )
        return message("{n} values of {column} are not a number; they are kept as text in {beside}.", **cells)
    if is_time:
        return message("{n} values of {column} are not a time; they were left empty.", **values)
    return message("{n} values of {column} are not a number; they were left empty.", **values)


def kind_notes(plan: Plan, existing: list[DecisionColumn]) -> list[Message]:
    """Columns that come as another kind than before."""
    known = {c.name.lower(): c.kind for c in existing}
    notes = []
    for column in plan.columns:
        before = known.get(column.name.lower())
        now_kind = kind_of_named_role(column.map) if column.map.role.role in NAMED_ROLES else None
        if before and now_kind and before is not now_kind:
            notes.append(
                message(
                    "{column} was numeric and is now categorical; it is read as numbers.",
                    column=column.map.column,
                )
                if before is Kind.NUMERIC
                else message(
                    "{column} was categorical and is now numeric; it is read as categories.",
                    column=column.map.column,
                )
            )
    return notes


def column_notes(plan: Plan, existing: list[DecisionColumn], key: str) -> list[Message]:
    """Columns that are new or gone."""
    if not existing:
        return []
    known, here = {c.name.lower() for c in existing}, {c.name.lower() for c in plan.columns}
    fresh = [
        c.map.column for c in plan.columns if c.map.role.role in NAMED_ROLES and c.name.lower() not in known
    ]
    gone = [c.source or c.name for c in existing if c.name.lower() not in here and c.role.role != TEXT]
    notes = []
    if fresh:
        notes.append(message("New columns: {names}.", names=", ".join(fresh)))
    if gone:
        notes.append(message("Columns of earlier logs that this one lacks: {names}.", names=", ".join(gone)))
    return notes
