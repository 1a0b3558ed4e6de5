"""Small loads of pushed rows become one: its rows, labels, quarantine and receipts are theirs, in their order.

A service that pushes all day is gathered into a load every few seconds. Those of an hour become one, and those of a day
when their receipts are forgotten, so that what every page reads grows with days and not with seconds. From then on that
load is what can be taken back. Nothing is counted otherwise: the rows are the same, and their digests are made anew.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import duckdb

from plumbline.domain import Load, System
from plumbline.domain.acts import Act
from plumbline.logs.push.merge_plan import mergeable
from plumbline.store import loads, systems, trail
from plumbline.store.backup import state_digest
from plumbline.store.cache.samples import draw_name, draw_table, forget_draws
from plumbline.store.sql import decision_table
from plumbline.store.workspace import Workspace
from plumbline.wording.times import clock_time, iso_day, iso_minute

#: temporary table: each load, and the rows of the merged one before its own
MOVES = "stage_merged_loads"
#: called with (cursor, system, the load that is left, those that went) to count it anew
AfterMerge = Callable[[duckdb.DuckDBPyConnection, System, int, Sequence[int]], None]


def merge_loads(
    ws: Workspace, key: str, ids: Sequence[int], *, actor: str, after: AfterMerge
) -> tuple[list[Load], list[int]]:
    """Make one of some loads, each run of those that can be in one transaction.

    Returns:
        the loads that are left of each run, and those that stay as they are.
    """
    merged: list[Load] = []
    alone: list[int] = []
    left = sorted(ids)
    while len(left) > 1:
        with ws.write(by_itself=True) as cursor:
            system = systems.get_system(cursor, key)
            run = mergeable(cursor, system, left)
            while len(run) < 2 < len(left):  # the first differs from the next; those after it may be alike
                alone.append(left.pop(0))
                run = mergeable(cursor, system, left)
            if len(run) > 1:
                merged.append(_merge(cursor, system, run, actor, after))
        if len(run) < 2:
            break
        left = [load for load in left if load not in run]
    return merged, alone + left


def _merge(
    cursor: duckdb.DuckDBPyConnection, system: System, ids: Sequence[int], actor: str, after: AfterMerge
) -> Load:
    members = loads.list_loads_by_id(cursor, ids)
    into, gone = ids[0], list(ids[1:])
    _note_moves(cursor, members)
    _move_decisions(cursor, system, into, gone)
    _move_labels(cursor, system, into)
    _move_side_tables(cursor, system, into)
    merged = _register(cursor, system, members)
    cursor.execute(f"DROP TABLE temp.{MOVES}")
    state_digest.drop(cursor, system.key, *gone)
    if merged.kind == "decisions":
        if merged.rows_loaded:
            state_digest.add(cursor, system.key, into)
        state_digest.mark_decisions(cursor, system.key, [into])
        after(cursor, system, into, gone)
    detail: dict[str, object] = {
        "load_id": into, "of": gone, "pushes": merged.pushes, "file": merged.file, "sha256": merged.sha256,
        "kind": merged.kind, "pushed_by": merged.actor, "rows_read": merged.rows_read,
        "rows_loaded": merged.rows_loaded, "rows_duplicate": merged.rows_duplicate,
        "rows_quarantined": merged.rows_quarantined, "labels_joined": merged.labels_joined,
    }  # fmt: skip
    detail |= state_digest.seal(cursor, system.key)
    trail.append(cursor, actor=actor, action=Act.PUSHES_MERGED, system=system.key, detail=detail)
    return merged


def _note_moves(cursor: duckdb.DuckDBPyConnection, members: Sequence[Load]) -> None:
    before, rows = [], 0
    for load in members:
        before.append(rows)
        rows += load.rows_read
    cursor.execute(f"DROP TABLE IF EXISTS temp.{MOVES}")
    cursor.execute(
        f"""CREATE TEMP TABLE {MOVES} AS
            SELECT unnest($loads::INTEGER[]) AS load_id, unnest($before::BIGINT[]) AS rows_before""",
        {"loads": [load.load_id for load in members], "before": before},
    )


def _move_decisions(
    cursor: duckdb.DuckDBPyConnection, system: System, into: int, gone: Sequence[int]
) -> None:
    table = decision_table(system.key)
    rows = cursor.execute(
        """SELECT DISTINCT row_load FROM label_claim
           WHERE system = $key AND by_load <> row_load AND list_contains($gone::INTEGER[], by_load)""",
        {"key": system.key, "gone": list(gone)},
    ).fetchall()
    relabelled = [int(row[0]) for row in rows]
    within = f"d._load_id BETWEEN {min(gone)} AND {max(gone)}"
    cursor.execute(
        f"""UPDATE {table} AS d SET _load_id = {int(into)}, _line = d._line + m.rows_before
            FROM temp.{MOVES} m WHERE d._load_id = m.load_id AND {within}"""
    )
    if relabelled:
        state_digest.note_changes(cursor, system.key, [load for load in relabelled if load not in gone])
        cursor.execute(
            f"""UPDATE {table} SET _label_load = $into
                WHERE list_contains($loads::INTEGER[], _load_id) AND list_contains($gone::INTEGER[], _label_load)""",
            {"into": into, "loads": relabelled, "gone": list(gone)},
        )
        state_digest.mark_decisions(cursor, system.key, relabelled)
    drawn = cursor.execute(
        "SELECT 1 FROM duckdb_tables() WHERE table_name = ? AND database_name = current_database()",
        [draw_name(system.key)],
    ).fetchone()
    if drawn is None:
        return
    moved = cursor.execute(
        f"SELECT 1 FROM {draw_table(system.key)} WHERE list_contains($gone::INTEGER[], _load_id) LIMIT 1",
        {"gone": list(gone)},
    ).fetchone()
    if moved:
        forget_draws(cursor, system.key)  # which rows are drawn rests on their places


def _move_labels(cursor: duckdb.DuckDBPyConnection, system: System, into: int) -> None:
    for load, line, condition in (("by_load", "place", "place >= 0"), ("row_load", "row_line", "true")):
        cursor.execute(
            f"""UPDATE label_claim AS c SET {load} = $into,
                    {line} = CASE WHEN {condition} THEN {line} + m.rows_before ELSE {line} END
                FROM temp.{MOVES} m WHERE c.system = $key AND c.{load} = m.load_id""",
            {"into": into, "key": system.key},
        )


def _move_side_tables(cursor: duckdb.DuckDBPyConnection, system: System, into: int) -> None:
    """What is kept of single rows by their place: quarantine, attributions, comments, backgrounds, receipts."""
    values = {"into": into, "key": system.key}
    for table in ("quarantine", "attribution"):
        cursor.execute(
            f"""UPDATE {table} AS t SET load_id = $into, line = line + m.rows_before
                FROM temp.{MOVES} m WHERE t.system = $key AND t.load_id = m.load_id AND m.load_id <> $into""",
            values,
        )
    cursor.execute(
        f"""UPDATE comment_on_decision AS c
            SET decision = '#' || $into || ':' || CAST(CAST(split_part(decision, ':', 2) AS BIGINT) + m.rows_before
                                                       AS VARCHAR)
            FROM temp.{MOVES} m WHERE c.system = $key AND m.load_id <> $into
              AND regexp_full_match(decision, '#' || m.load_id || ':[0-9]{{1,15}}')""",
        values,
    )
    cursor.execute(
        f"UPDATE receipt SET load_id = $into WHERE system = $key AND load_id IN (SELECT load_id FROM temp.{MOVES})",
        values,
    )
    moves = dict(cursor.execute(f"SELECT load_id, rows_before FROM temp.{MOVES}").fetchall())
    rows = cursor.execute(
        "SELECT version, load_ids, lines FROM model_background WHERE system = ?", [system.key]
    ).fetchall()
    for version, load_ids, lines in rows:
        if not moves.keys().isdisjoint(load_ids):
            places = [
                (into, line + moves[load]) if load in moves else (load, line)
                for load, line in zip(load_ids, lines, strict=True)
            ]
            cursor.execute(
                "UPDATE model_background SET load_ids = ?, lines = ? WHERE system = ? AND version = ?",
                [[place[0] for place in places], [place[1] for place in places], system.key, version],
            )


def _register(cursor: duckdb.DuckDBPyConnection, system: System, members: Sequence[Load]) -> Load:
    """Put the merged load in the register, with what its members held, and note where these are."""
    first, gone = members[0], [load.load_id for load in members[1:]]
    cursor.execute(
        f"""UPDATE merged_load AS w SET into_load = $into, rows_before = w.rows_before + m.rows_before
            FROM temp.{MOVES} m WHERE w.into_load = m.load_id AND m.load_id <> $into""",
        {"into": first.load_id},
    )
    _remember(cursor, first.load_id)
    reasons: Counter[str] = Counter()
    for load in members:
        reasons.update(load.reasons)
    actors = sorted({name for load in members for name in load.actor.split(", ")})
    merged = replace(
        first,
        file=_title(first.at, members[-1].at),
        sha256=hashlib.sha256("".join(load.sha256 for load in members).encode()).hexdigest(),
        actor=", ".join(actors[:5]) + (" and more" if len(actors) > 5 else ""),
        rows_read=sum(load.rows_read for load in members),
        rows_loaded=sum(load.rows_loaded for load in members),
        rows_duplicate=sum(load.rows_duplicate for load in members),
        rows_quarantined=sum(load.rows_quarantined for load in members),
        labels_joined=sum(load.labels_joined for load in members),
        reasons=dict(reasons),
        notes=tuple(dict.fromkeys(note for load in members for note in load.notes))[:20],
        pushes=sum(load.pushes for load in members),
    )
    schemas = dict(loads.schemas(cursor, system.key))
    alike = [schemas[load.load_id] for load in members if load.load_id in schemas]
    if alike and first.load_id not in schemas:
        loads.record_schema(cursor, system.key, first.load_id, alike[0])
    forms = loads.load_forms(cursor, [load.load_id for load in members])
    if forms and first.load_id not in forms:
        loads.save_form(cursor, first.load_id, forms[min(forms)])
    for table in ("load", "load_schema", "load_form"):
        cursor.execute(f"DELETE FROM {table} WHERE list_contains($gone::INTEGER[], load_id)", {"gone": gone})
    loads.rewrite_load(cursor, merged)
    return merged


def _remember(cursor: duckdb.DuckDBPyConnection, into: int) -> None:
    """Keep what each member was by itself, the first included: its arrival, its file, and where its rows are.

    Loads that took others before have that of the first of them already.
    """
    cursor.execute(
        f"""INSERT INTO merged_load
                (load_id, system, into_load, rows_before, made_at, sha256, rows_read, rows_loaded, labels_joined)
            SELECT load_id, l.system, $into, m.rows_before, l.made_at, l.sha256, l.rows_read, l.rows_loaded,
                   l.labels_joined
            FROM temp.{MOVES} m JOIN load l USING (load_id)
            WHERE NOT EXISTS (SELECT 1 FROM merged_load w WHERE w.load_id = m.load_id)""",
        {"into": into},
    )


def _title(first: datetime, last: datetime) -> str:
    """What the load is called where a file has its name: when it was pushed."""
    if first.date() != last.date():
        return f"pushes {iso_day(first)} to {iso_day(last)}"
    return f"pushes {iso_minute(first)} to {clock_time(last)} UTC"
