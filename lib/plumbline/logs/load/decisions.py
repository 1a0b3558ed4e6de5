"""Loading a log of decisions: one transaction, after which every row is loaded, a duplicate or in quarantine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import duckdb

from plumbline.domain import NAMED_ROLES, DecisionColumn, Kind, Load, Mapping, System, Task
from plumbline.domain.messages import Message, message
from plumbline.logs.cluster import attachments
from plumbline.logs.files.source import Source, open_source, require
from plumbline.logs.load import removal
from plumbline.logs.load.duplicates import find_repeats
from plumbline.logs.load.fast_path import insert_clean_file
from plumbline.logs.load.notes import column_notes, encoding_note, kind_notes, unmapped_note, unreadable_notes
from plumbline.logs.load.plan import Plan, decisions_plan, kind_of_named_role
from plumbline.logs.load.quarantine import QuarantineCounts, record_number, set_aside
from plumbline.logs.load.reference_period import settle_reference
from plumbline.logs.load.schema_changes import changes, schema_of
from plumbline.logs.load.settle import (
    Progress,
    Settle,
    log_load,
    no_row_error,
    refuse_growing_file,
    resolve_task,
    secret,
    write_columns,
)
from plumbline.logs.load.staging import REPEATS, STAGE, STAGE_TABLE, bad_rows, drop_stage, stage, text_places
from plumbline.logs.load.trial import refuse_unfit
from plumbline.logs.mapping.classes import ClassCounts, settle_classes, spell_staged_classes
from plumbline.logs.mapping.task import other_task
from plumbline.store import loads, systems
from plumbline.store.sql import decision_table, ident, system_key
from plumbline.store.workspace import Workspace, now

After = Callable[[duckdb.DuckDBPyConnection, System, int], None]


class _NeedsColumns(Exception):
    """Columns of text must be added, and rows were deleted in this transaction: DuckDB then alters no table.

    Carries the load's number, which is drawn once.
    """

    def __init__(self, load_id: int) -> None:
        super().__init__(load_id)
        self.load_id = load_id


def load_decisions(
    ws: Workspace,
    path: Path | Source,
    *,
    title: str,
    mapping: Mapping,
    actor: str,
    reference: bool = False,
    retry: loads.RetryLoad | None = None,
    accept: bool = False,
    after: After | None = None,
    classes: ClassCounts | None = None,
    settle: Settle | None = None,
    progress: Progress | None = None,
) -> Load:
    """Load a log into the system of that title, making the system where it is new.

    Args:
        path: the file, or one that was opened before.
        mapping: what each column means; see ``inspect``.
        reference: these decisions count as healthy. classes: of all decisions, where the file is a sample of them.
        retry: the rows of another load's quarantine that the file holds; they are marked as taken.
        accept: whether more than a fifth of the rows may wait in quarantine; without it such a file is refused.
        after: called in the same transaction with (cursor, system, load_id) once the rows are in; it builds
            the profiles. Not called where nothing was added.
        settle: the rows come from requests, and this is called with (cursor, load) in the same transaction to say
            what became of each. All of them may wait in quarantine, and how they are named is not remembered.
        progress: called with a phrase and a share from 0 to 1; what it raises stops the load and undoes it.
            1 is said last, when all that is left is to commit.

    Returns:
        the load as registered: rows_read = rows_loaded + rows_duplicate + rows_quarantined. A file that was
        loaded before (the same SHA-256) adds nothing; all its rows are duplicates.

    Raises:
        Unfit: more than a fifth of the rows could not be loaded, and nobody accepted it.
        PlumblineError: the file or the mapping does not fit, no row at all could be loaded, or its classes
            cannot be right (see ``classes``). The workspace is then as it was.
    """
    say = progress or (lambda _phrase, _share: None)
    say("Reading the file", 0.0)
    system_key(title)
    source = path if isinstance(path, Source) else open_source(ws, path, whole=True)
    try:
        require(mapping, source)

        def attempt(number: int | None) -> Load:
            with write_columns(ws, source, title) as cursor:
                try:
                    return _load(
                        cursor,
                        source,
                        title,
                        mapping,
                        actor,
                        reference,
                        retry,
                        accept or retry is not None,
                        after,
                        classes,
                        settle,
                        say,
                        number,
                    )
                finally:
                    _tidy(cursor)

        try:
            return attempt(None)
        except _NeedsColumns as stopped:
            return attempt(stopped.load_id)
    finally:
        source.discard()


def _tidy(cursor: duckdb.DuckDBPyConnection) -> None:
    try:
        drop_stage(cursor)
    except duckdb.TransactionException:
        return  # the transaction failed: its temporary tables go with it


def _load(
    cursor: duckdb.DuckDBPyConnection,
    source: Source,
    title: str,
    mapping: Mapping,
    actor: str,
    reference: bool,
    retry: loads.RetryLoad | None,
    accept: bool,
    after: After | None,
    classes: ClassCounts | None,
    settle: Settle | None,
    say: Progress,
    number: int | None,
) -> Load:
    system = _system(cursor, title, mapping, source)
    attachments.refuse_foreign_log(cursor, system.key, source.origin)
    load_id, direct = number or loads.next_load_id(cursor), number is None
    same = find_earlier_load(cursor, system.key, source)
    if same:
        again = _record_repeated_load(
            cursor, system, source, same, load_id, actor, reference, pushes=int(bool(settle))
        )
        if settle:
            settle(cursor, again)
        return again
    existing = systems.decision_columns(cursor, system.key)
    plan_for = partial(
        decisions_plan,
        mapping=mapping,
        task=system.task or Task.BINARY,
        existing=existing,
        secret=secret(cursor),
    )
    plan = plan_for(source)
    notes = [
        *encoding_note(source),
        *unmapped_note(source, mapping),
        *kind_notes(plan, existing),
        *column_notes(plan, existing, system.key),
    ]
    added = systems.ensure_columns(cursor, system.key, _named_columns(plan), load_id)
    targets = _targets(plan, [*existing, *added])
    say("Reading the rows", 0.1)
    clean = (
        insert_clean_file(cursor, source, plan_for, decision_table(system.key), targets, load_id)
        if direct
        else None
    )
    if clean is not None:
        aside, loaded, repeated, filled = QuarantineCounts({}, clean), clean, 0, 0
    else:
        aside, loaded, repeated, filled, odd = _load_by_stage(
            cursor, source, plan, mapping, targets, load_id, system, accept, settle is not None, say, direct
        )
        notes += odd
    record = Load(
        load_id=load_id,
        system=system.key,
        file=source.name,
        sha256=source.sha256,
        kind="decisions",
        at=now(),
        actor=actor,
        rows_read=aside.records,
        rows_loaded=loaded,
        rows_duplicate=repeated,
        rows_quarantined=sum(aside.reasons.values()),
        labels_joined=filled,
        reference=reference,
        reasons=aside.reasons,
        notes=tuple(notes),
        retry_of=retry.of if retry else None,
        pushes=int(bool(settle)),
    )
    loads.record_load(cursor, record)
    if loaded and not retry:
        loads.record_schema(cursor, system.key, load_id, schema_of(plan))
        schema_changes = changes(loads.schemas(cursor, system.key))
        record = replace(record, schema_changes=tuple(c for c in schema_changes if c.load_id == load_id))
    if retry:  # how a few odd rows were read is no rule for the logs to come
        loads.mark_retried_rows(cursor, retry, load_id)
    elif not settle:
        systems.save_mapping(cursor, system.key, _with_existing_kinds(mapping, existing))
    system = settle_reference(cursor, settle_classes(cursor, system, file=source.name, counted=classes))
    say("Counting", 0.75)
    if after:  # repeats may have brought labels, or their times, alone
        after(cursor, system, load_id)
    log_load(cursor, record, source)
    if settle:
        settle(cursor, record)
    refuse_growing_file(source)
    say("Done", 1.0)
    return record


def _load_by_stage(
    cursor: duckdb.DuckDBPyConnection,
    source: Source,
    plan: Plan,
    mapping: Mapping,
    targets: list[str],
    load_id: int,
    system: System,
    accept: bool,
    none_fits: bool,
    say: Progress,
    direct: bool,
) -> tuple[QuarantineCounts, int, int, int, list[Message]]:
    """Load a file of which some rows are to be set aside; returns what was, rows loaded and repeated, labels
    filled in, and notes. ``none_fits``: whether all of them may be."""
    staged = stage(cursor, source, plan)
    classes = ("prediction", "label", "override")
    spell_staged_classes(cursor, system, STAGE_TABLE, [c.name for c in plan.columns if c.name in classes])
    texts = _text_columns(cursor, plan, system.key, load_id, direct)
    aside = set_aside(cursor, source, plan, mapping, staged=staged, system=system.key, load_id=load_id)
    say("Looking for repeats", 0.5)
    labels = any(c.name == "label" for c in plan.columns)
    repeated, filled = find_repeats(cursor, system, labels=labels, load_id=load_id)
    loaded = staged - bad_rows(cursor) - repeated
    if loaded == 0 and repeated == 0 and not none_fits:
        raise no_row_error(source.given.name, aside.records, aside.reasons)
    if not (accept or none_fits):
        refuse_unfit(source.given.name, aside.records, aside.reasons)
    say("Writing the decisions", 0.6)
    _insert(cursor, decision_table(system.key), plan, targets, texts, load_id)
    return aside, loaded, repeated, filled, unreadable_notes(cursor, plan)


def _text_columns(
    cursor: duckdb.DuckDBPyConnection, plan: Plan, key: str, load_id: int, direct: bool
) -> dict[str, int]:
    """Make the columns that keep what is no number in this file; each with its place in ``_texts``."""
    text_columns = text_places(cursor, plan)
    columns = [
        DecisionColumn(name=str(c.beside), role=c.beside, kind=Kind.CATEGORICAL, source=c.name)
        for _, c in text_columns
        if c.beside
    ]
    spelt = {c.name.lower(): c.name for c in systems.decision_columns(cursor, key)}
    if direct and any(c.name.lower() not in spelt for c in columns):
        raise _NeedsColumns(load_id)
    spelt |= {c.name.lower(): c.name for c in systems.ensure_columns(cursor, key, columns, load_id)}
    return {spelt[str(c.beside).lower()]: place for place, c in text_columns}


def _system(cursor: duckdb.DuckDBPyConnection, title: str, mapping: Mapping, source: Source) -> System:
    known = systems.find_system(cursor, system_key(title))
    if known is None:
        task = resolve_task(cursor, source, mapping)
        return systems.create_system(
            cursor, title, task=task, positive=mapping.positive, timezone=mapping.timezone
        )
    if removal.is_empty(cursor, known.key):
        task = resolve_task(cursor, source, mapping)
        return removal.reset_system(cursor, known, task, mapping.positive, mapping.timezone)
    if mapping.task and known.task and mapping.task is not known.task:
        raise other_task(mapping.task, known)
    if known.positive is None and mapping.positive is not None:
        known = replace(known, positive=mapping.positive)
        systems.update_system(cursor, known)
    return known


def find_earlier_load(cursor: duckdb.DuckDBPyConnection, key: str, source: Source) -> Load | None:
    """The load that already brought this file's rows, where there is one that was not undone."""
    for load in loads.loads_of_file(cursor, key, source.sha256, "decisions"):
        if load.rows_loaded and (not source.sheets or load.file == source.name):
            return load
    return None


def _record_repeated_load(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    source: Source,
    same: Load,
    load_id: int,
    actor: str,
    reference: bool,
    pushes: int,
) -> Load:
    number = str(same.load_id)
    notes = [message("This file is already here as load {load}; nothing was added.", load=number)]
    if reference and not same.reference:
        again = message("To make it the reference, undo load {load} and load the file again.", load=number)
        notes.append(again)
    record = Load(
        load_id=load_id,
        system=system.key,
        file=source.name,
        sha256=source.sha256,
        kind="decisions",
        at=now(),
        actor=actor,
        rows_read=same.rows_read,
        rows_loaded=0,
        rows_duplicate=same.rows_read,
        rows_quarantined=0,
        labels_joined=0,
        reference=False,
        notes=tuple(notes),
        pushes=pushes,
    )
    loads.record_load(cursor, record)
    log_load(cursor, record, source)
    return record


def _with_existing_kinds(mapping: Mapping, existing: list[DecisionColumn]) -> Mapping:
    """The mapping with the kinds that the system's columns have, however this file's were read."""
    kinds = {c.name.lower(): c.kind for c in existing}
    columns = (replace(c, kind=kinds.get(str(c.role).lower(), c.kind)) for c in mapping.columns)
    return replace(mapping, columns=tuple(columns))


def _named_columns(plan: Plan) -> list[DecisionColumn]:
    return [
        DecisionColumn(name=c.name, role=c.map.role, kind=kind_of_named_role(c.map), source=c.map.column)
        for c in plan.columns
        if c.map.role.role in NAMED_ROLES
    ]


def _targets(plan: Plan, columns: list[DecisionColumn]) -> list[str]:
    """The decision table's spelling of the plan's columns and derived ones."""
    spelt = {c.name.lower(): c.name for c in columns}
    names = [c.name for c in plan.columns] + [name for name, _ in plan.derived]
    return [spelt.get(name.lower(), name) for name in names]


def _insert(
    cursor: duckdb.DuckDBPyConnection,
    table: str,
    plan: Plan,
    targets: list[str],
    texts: dict[str, int],
    load_id: int,
) -> None:
    names = [c.name for c in plan.columns] + [name for name, _ in plan.derived]
    into = ", ".join(ident(t) for t in [*targets, *texts])
    values = ", ".join([*(f"s.{ident(n)}" for n in names), *(f"s._texts[{int(i)}]" for i in texts.values())])
    line, join = record_number(cursor)
    order = "" if _is_in_time_order(cursor) else 'ORDER BY s."timestamp", s._row'
    cursor.execute(
        f"""INSERT INTO {table} (_load_id, _line, _hash, {into})
            SELECT {int(load_id)}, {line}, s._hash, {values} FROM {STAGE} s {join}
            WHERE s._reason IS NULL{_repeat_filter(cursor)} {order}"""
    )


def _repeat_filter(cursor: duckdb.DuckDBPyConnection) -> str:
    row = cursor.execute(f"SELECT count(*) FROM temp.{REPEATS}").fetchone()
    return f" AND s._row NOT IN (SELECT row FROM temp.{REPEATS})" if row and row[0] else ""


def _is_in_time_order(cursor: duckdb.DuckDBPyConnection) -> bool:
    """Whether the stage is in order of time already, as most logs are: saves a sort of everything."""
    row = cursor.execute(
        f"""SELECT count(*) FROM (SELECT "timestamp" < lag("timestamp") OVER () AS back FROM {STAGE}
            WHERE _reason IS NULL) WHERE back"""
    ).fetchone()
    return row is not None and row[0] == 0
