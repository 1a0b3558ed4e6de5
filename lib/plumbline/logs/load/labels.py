"""Late labels: a file of its own, joined to the decisions by their id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from plumbline.domain import Load, Mapping, PlumblineError, System, Task
from plumbline.domain.messages import message
from plumbline.logs.cluster import attachments
from plumbline.logs.files.source import Source, open_source, require
from plumbline.logs.load.label_history import claim, drop_idle_claims
from plumbline.logs.load.plan import Plan, labels_plan
from plumbline.logs.load.quarantine import QuarantineCounts, set_aside
from plumbline.logs.load.settle import Progress, Settle, log_load, no_row_error, refuse_growing_file
from plumbline.logs.load.staging import STAGE, STAGE_TABLE, drop_stage, stage
from plumbline.logs.load.trial import refuse_unfit
from plumbline.logs.mapping.classes import settle_classes, spell_staged_classes
from plumbline.store import loads, systems
from plumbline.store.sql import decision_table, literal
from plumbline.store.workspace import Workspace, now
from plumbline.wording.quantities import plural

#: called with (cursor, system, loads whose rows got another label, load_id) in the load's own transaction
AfterLabels = Callable[[duckdb.DuckDBPyConnection, System, Sequence[int], int], None]
STEPS = "stage_label_steps"


def load_labels(
    ws: Workspace,
    path: Path | Source,
    *,
    system: str,
    mapping: Mapping,
    actor: str,
    retry: loads.RetryLoad | None = None,
    accept: bool = False,
    after: AfterLabels | None = None,
    settle: Settle | None = None,
    progress: Progress | None = None,
) -> Load:
    """Load a file of labels for a system's decisions.

    Rows are counted in file order, as if one by one: the first label of a decision and each that differs from
    the one before are loaded, a repeated one is a duplicate, an id that no decision has goes to quarantine as
    ``unknown_decision``, one whose label time cannot be read as ``bad_label_time``. Which label holds is settled
    by label time (see ``claims``); ``labels_joined`` counts the decisions that got another label. Of a file that
    was loaded before, what corrects a label that came since is loaded once more; all else is a duplicate.

    Args:
        path: the file, or one that was opened before.
        system: key of a system that is there.
        retry: the rows of another load's quarantine that the file holds; they are marked as taken.
        accept: whether more than a fifth of the rows may wait in quarantine; labels of decisions that are not here
            yet always may.
        after: builds the profiles anew in the same transaction; not called where no label changed.
        settle: the rows come from requests; see ``load_decisions``. STEPS is there while it is called.

    Raises:
        PlumblineError: there is no such system, its log has no ids, or no row of the file fits.
    """
    say = progress or (lambda _phrase, _share: None)
    say("Reading the file", 0.0)
    source = path if isinstance(path, Source) else open_source(ws, path, whole=True)
    try:
        require(mapping, source)
        with ws.write() as cursor:
            return _load(
                cursor,
                source,
                systems.get_system(cursor, system),
                mapping,
                actor,
                retry,
                accept,
                after,
                settle,
                say,
            )
    finally:
        source.discard()


def _load(
    cursor: duckdb.DuckDBPyConnection,
    source: Source,
    system: System,
    mapping: Mapping,
    actor: str,
    retry: loads.RetryLoad | None,
    accept: bool,
    after: AfterLabels | None,
    settle: Settle | None,
    say: Progress,
) -> Load:
    attachments.refuse_foreign_rows(cursor, system.key, "Labels are not loaded from a file")
    table = decision_table(system.key)
    if not cursor.execute(f'SELECT 1 FROM {table} WHERE "decision_id" IS NOT NULL LIMIT 1').fetchone():
        raise PlumblineError(
            message("The decisions of {key} have no id, so labels cannot be joined to them", key=system.key),
            where=source.given.name,
            todo="Map a column of the log as decision_id and load it again.",
        )
    load_id = loads.next_load_id(cursor)
    plan = labels_plan(source, mapping, task=system.task or Task.BINARY)
    say("Reading the rows", 0.1)
    staged = stage(cursor, source, plan)
    spell_staged_classes(cursor, system, STAGE_TABLE, ["label"])
    mark_unknown_decisions(cursor, system.key)
    # requests are statements of their moment: the same bytes once more may correct a label back
    again = [] if settle else _loads_of_same_file(cursor, system.key, source)
    steps = _steps(cursor, table, plan)
    say("Joining the labels", 0.4)
    settled = claim(cursor, system, load_id, _file_labels_sql(cursor, system.key, plan, again))
    if again:
        drop_idle_claims(cursor, system, load_id, again)
        steps = _count_claimed_steps(cursor, system.key, load_id)
    aside = set_aside(cursor, source, plan, mapping, staged=staged, system=system.key, load_id=load_id)
    if again and not steps:  # the same file once more: nothing is added, in quarantine neither
        cursor.execute("DELETE FROM quarantine WHERE load_id = ?", [load_id])
        cursor.execute("DELETE FROM load_form WHERE load_id = ?", [load_id])
        aside = QuarantineCounts({}, aside.records)
    bad = sum(aside.reasons.values())
    if bad == aside.records and not (again or settle):
        raise no_row_error(source.given.name, aside.records, aside.reasons)
    if not (accept or retry or settle):
        unread = {reason: n for reason, n in aside.reasons.items() if reason != "unknown_decision"}
        refuse_unfit(source.given.name, aside.records, unread)
    notes = (
        [
            message(
                "{decisions} had another label before; it is kept beside the new one.",
                decisions=plural(settled.corrected, "decision"),
            )
        ]
        if settled.corrected
        else []
    )
    if again and not steps:
        notes.append(
            message("This file is already here as load {load}; nothing was added.", load=str(again[0]))
        )
    touched = settled.loads
    record = Load(
        load_id=load_id,
        system=system.key,
        file=source.name,
        sha256=source.sha256,
        kind="labels",
        at=now(),
        actor=actor,
        rows_read=aside.records,
        rows_loaded=steps,
        rows_duplicate=aside.records - bad - steps,
        rows_quarantined=bad,
        labels_joined=settled.joined,
        reference=False,
        reasons=aside.reasons,
        notes=tuple(notes),
        retry_of=retry.of if retry else None,
        pushes=int(bool(settle)),
    )
    loads.record_load(cursor, record)
    if retry:
        loads.mark_retried_rows(cursor, retry, load_id)
    elif not settle:
        systems.save_mapping(cursor, system.key, mapping, kind="labels")
    system = settle_classes(cursor, system, file=source.name)
    if settle:
        settle(cursor, record)
    _drop(cursor)
    say("Counting", 0.75)
    if after and touched:
        after(cursor, system, touched, load_id)
    log_load(cursor, record, source)
    refuse_growing_file(source)
    say("Done", 1.0)
    return record


def count_known_ids(cursor: duckdb.DuckDBPyConnection, key: str, ids: Sequence[str]) -> int:
    """How many of some ids are those of a system's decisions."""
    row = cursor.execute(
        f"""SELECT count(DISTINCT "decision_id") FROM {decision_table(key)}
            WHERE "decision_id" IN (SELECT unnest($ids::VARCHAR[]))""",
        {"ids": list(ids)},
    ).fetchone()
    return int(row[0]) if row else 0


def _loads_of_same_file(cursor: duckdb.DuckDBPyConnection, key: str, source: Source) -> list[int]:
    """Loads of the same file that stand."""
    return [load.load_id for load in loads.loads_of_file(cursor, key, source.sha256, "labels")]


def mark_unknown_decisions(cursor: duckdb.DuckDBPyConnection, key: str) -> None:
    """Give the staged labels that no decision of the system has the id of their reason."""
    table = decision_table(key)
    cursor.execute(
        f"""UPDATE temp.{STAGE_TABLE} SET _reason = 'unknown_decision'
            WHERE _reason IS NULL AND "decision_id" NOT IN
                (SELECT "decision_id" FROM {table} WHERE "decision_id" IS NOT NULL)"""
    )


def _steps(cursor: duckdb.DuckDBPyConnection, table: str, plan: Plan) -> int:
    """Make STEPS (each row that changes a label, in file order) and return how many there are.

    Where several decisions share an id, a row is a step if it changes the label of any of them.
    """
    time = '"label_time"' if any(c.name == "label_time" for c in plan.columns) else "NULL::TIMESTAMP"
    cursor.execute(f"DROP TABLE IF EXISTS temp.{STEPS}")
    cursor.execute(
        f"""CREATE TEMP TABLE {STEPS} AS
            WITH held AS (
                SELECT "decision_id" AS id, min(label) AS low, max(label) AS high, count(*) = count(label) AS filled
                FROM {table} WHERE "decision_id" IN (SELECT "decision_id" FROM {STAGE} WHERE _reason IS NULL)
                GROUP BY ALL),
            walked AS (
                SELECT "decision_id" AS id, label, {time} AS label_time, _row,
                       lag(label) OVER (PARTITION BY "decision_id" ORDER BY _row) AS before
                FROM {STAGE} WHERE _reason IS NULL)
            SELECT w.id, w.label, w.label_time, w._row FROM walked w JOIN held h USING (id)
            WHERE CASE WHEN w.before IS NOT NULL THEN w.before <> w.label
                       ELSE NOT (h.filled AND h.low = w.label AND h.high = w.label) END"""
    )
    row = cursor.execute(f"SELECT count(*) FROM temp.{STEPS}").fetchone()
    return int(row[0]) if row else 0


def _count_claimed_steps(cursor: duckdb.DuckDBPyConnection, key: str, load_id: int) -> int:
    """How many of STEPS a load stands by: those of a decision that it labels, or that it is the first to label so."""
    row = cursor.execute(
        f"""SELECT count(*) FROM temp.{STEPS} w WHERE EXISTS (
                SELECT 1 FROM label_claim c
                JOIN {decision_table(key)} d ON d._load_id = c.row_load AND d._line = c.row_line
                WHERE c.system = $key AND c.by_load = $load AND d.decision_id = w.id
                  AND c.label = w.label::VARCHAR)""",
        {"key": key, "load": load_id},
    ).fetchone()
    return int(row[0]) if row else 0


def _file_labels_sql(cursor: duckdb.DuckDBPyConnection, key: str, plan: Plan, heard: Sequence[int]) -> str:
    """The query of the labels that the file brings, one row a decision and row of the file.

    ``heard``: loads of the same file; what they said already is said again where it is a step (see STEPS).
    """
    time = "s.label_time" if any(c.name == "label_time" for c in plan.columns) else "NULL::TIMESTAMP"
    known = ", ".join(str(int(load)) for load in heard)
    again = (
        f"""AND (s.decision_id IN (SELECT id FROM temp.{STEPS}) OR NOT EXISTS (
                SELECT 1 FROM label_claim c WHERE c.system = {literal(key)} AND c.by_load IN ({known})
                AND c.row_load = d._load_id AND c.row_line = d._line))"""
        if heard
        else ""
    )
    return f"""SELECT d._load_id AS row_load, d._line AS row_line, s._row AS place, s.label, {time} AS label_time
               FROM {STAGE} s JOIN {decision_table(key)} d ON d.decision_id = s.decision_id
               WHERE s._reason IS NULL {again}"""


def _drop(cursor: duckdb.DuckDBPyConnection) -> None:
    drop_stage(cursor)
    cursor.execute(f"DROP TABLE IF EXISTS temp.{STEPS}")
