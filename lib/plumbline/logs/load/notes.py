"""What is said of a load beside its figures: what was lost, left out, odd, new or gone."""

from __future__ import annotations

import duckdb

from plumbline.domain import NAMED_ROLES, TEXT, DecisionColumn, Kind, Mapping
from plumbline.logs.files.source import Source
from plumbline.logs.load.plan import Plan, kind_of_named_role
from plumbline.logs.load.staging import count_unreadable_cells


def encoding_note(source: Source) -> list[str]:
    """Characters that the encoding does not define."""
    if not source.lost:
        return []
    return [
        f"{source.lost} characters are not defined in {source.form.encoding}; they were replaced by a question mark."
    ]


def unmapped_note(source: Source, mapping: Mapping) -> list[str]:
    """Columns that no mapping speaks of: records further on in a file may hold more than the first."""
    known = {c.column for c in mapping.columns}
    fresh = [c for c in source.columns if c not in known]
    return (
        [f"Columns that the mapping does not name were left out: {', '.join(fresh[:20])}."] if fresh else []
    )


def unreadable_notes(cursor: duckdb.DuckDBPyConnection, plan: Plan) -> list[str]:
    """Cells of good rows that could not be read, by column."""
    columns = {c.name: c for c in plan.columns}
    notes = []
    for name, rows in count_unreadable_cells(cursor, plan).items():
        column = columns[name]
        what = "a time" if column.map.role.role in ("trained_at", "label_time") else "a number"
        became = f"they are kept as text in {column.beside}" if column.beside else "they were left empty"
        notes.append(f"{rows} values of {column.map.column} are not {what}; {became}.")
    return notes


def kind_notes(plan: Plan, existing: list[DecisionColumn]) -> list[str]:
    """Columns that come as another kind than before."""
    known = {c.name.lower(): c.kind for c in existing}
    notes = []
    for column in plan.columns:
        before = known.get(column.name.lower())
        now_kind = kind_of_named_role(column.map) if column.map.role.role in NAMED_ROLES else None
        if before and now_kind and before is not now_kind:
            form = "numbers" if before is Kind.NUMERIC else "categories"
            notes.append(
                f"{column.map.column} was {before.value} and is now {now_kind.value}; it is read as {form}."
            )
    return notes


def column_notes(plan: Plan, existing: list[DecisionColumn], key: str) -> list[str]:
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
        notes.append(f"New columns: {', '.join(fresh)}.")
    if gone:
        notes.append(f"Columns of earlier logs that this one lacks: {', '.join(gone)}.")
    return notes
