"""Counting anew what changed in a table since it was counted: labels that came late, rows that came or went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import duckdb

from plumbline.domain import System
from plumbline.domain.acts import Act
from plumbline.logs.cluster import attachments, sample_rows
from plumbline.logs.cluster.attachments import Attachment, DayDigests
from plumbline.logs.cluster.classes import classes_there, counted_classes, with_scores
from plumbline.logs.cluster.sample import read_labels
from plumbline.logs.cluster.table import ClusterReading
from plumbline.logs.mapping.classes import ClassCounts, settle_classes
from plumbline.store import systems, trail
from plumbline.store.backup import state_digest
from plumbline.store.sql import decision_table
from plumbline.store.workspace import Workspace

#: called with (cursor, system, loads to be counted whole, loads whose labels changed, since when) in the transaction
Recount = Callable[[duckdb.DuckDBPyConnection, System, Sequence[int], Sequence[int], date], None]


def changed_days(before: DayDigests, now: DayDigests, since: date | None = None) -> DayDigests:
    """The days of loads that are no longer what was counted, as they are now; (0, "") where they have no rows.

    Args:
        since: the first day that was looked at; None: the first that has rows now. Nothing has changed where no day has
            any: a table that is empty for a moment empties no counts.
    """
    first = min((day for _, day in now), default=None)
    if first is None:
        return {}
    since = since or first
    keys = {key for key in before if key[1] >= since} | set(now)
    return {key: now.get(key, (0, "")) for key in sorted(keys) if before.get(key) != now.get(key)}


def recount_days_of_table(
    ws: Workspace,
    attachment: Attachment,
    session: Any,
    reading: ClusterReading,
    changed: DayDigests,
    recount: Recount,
    *,
    actor: str,
) -> int:
    """Count changed days anew and bring the labels of the sample up to date, in one transaction.

    Returns:
        labels of the sample that changed.

    Raises:
        PlumblineError: another look, or an undo, came in between.
    """
    key = attachment.system
    with ws.write() as cursor:
        attachments.refuse_concurrent_refresh(cursor, attachment, reading.windows)
        system = systems.get_system(cursor, key)
        before = attachments.days(cursor, key)
        resized = {
            load for (load, day), (n, _) in changed.items() if before.get((load, day), (0, ""))[0] != n
        }
        touched = sorted({load for load, _ in changed})
        windows = [window for window in reading.windows if window.load_id in touched]
        ids = cursor.execute(
            f"""SELECT DISTINCT decision_id FROM {decision_table(key)}
                WHERE list_contains($loads, _load_id) AND decision_id IS NOT NULL""",
            {"loads": touched},
        ).to_arrow_table()
        # a sample that somebody changed by hand is seen before its new digest covers it
        state_digest.note_changes(cursor, key, touched)
        updated = gone = 0
        if ids.num_rows:
            since = min(day for _, day in changed)
            there = read_labels(session, reading, windows, ids, since)
            updated = _relabel(cursor, key, there)
            gone = sample_rows.drop_missing(cursor, system, there, touched, {day for _, day in changed})
        state_digest.mark_decisions(cursor, key, touched)
        since = min(day for _, day in changed)
        stored = counted_classes(cursor, system, changed=touched, since=since) or ClassCounts()
        classes = stored.plus(classes_there(session, reading, windows, since))
        classes = with_scores(session, reading, reading.windows, classes, system.positive)
        system = settle_classes(cursor, system, counted=classes)
        recount(
            cursor, system, sorted(resized), sorted(set(touched) - resized), min(day for _, day in changed)
        )
        attachments.keep_days(cursor, key, changed)
        state_digest.mark_profiles(cursor, key, touched)
        detail = {
            "source": reading.table.name,
            "days": len(changed),
            "loads": touched,
            "labels_of_the_sample": updated,
            "rows_gone_from_the_sample": gone,
        }
        detail |= state_digest.seal(cursor, key)
        trail.append(cursor, actor=actor, action=Act.COUNTED_ANEW, system=key, detail=detail)
    return updated


def _relabel(cursor: duckdb.DuckDBPyConnection, key: str, labels: Any) -> int:
    cursor.register("labels_now", labels)
    try:
        row = cursor.execute(
            f"""UPDATE {decision_table(key)} AS d SET label = n.label, label_time = n.label_time
                FROM (SELECT * REPLACE (make_timestamp(label_time) AS label_time) FROM labels_now) n
                WHERE d.decision_id = n.decision_id AND epoch_us(d."timestamp") = n.utc
                  AND (d.label IS DISTINCT FROM n.label OR d.label_time IS DISTINCT FROM n.label_time)"""
        ).fetchone()
    finally:
        cursor.unregister("labels_now")
    return int(row[0]) if row else 0
