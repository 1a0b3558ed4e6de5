"""The classes of a table in a cluster, over every decision: a sample would miss the rare ones, and spell by chance."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import duckdb

from plumbline.domain import System, Task
from plumbline.logs.cluster import attachments
from plumbline.logs.cluster.attachments import Window
from plumbline.logs.cluster.table import ClusterReading
from plumbline.logs.mapping.classes import MOST_SPELLINGS, ClassCounts


def classes_there(
    session: Any, reading: ClusterReading, windows: Sequence[Window], since: date | None = None
) -> ClassCounts:
    """The classes of some loads, on a day or later, as they are written in the table; without their scores."""
    if reading.task is Task.REGRESSION:
        return ClassCounts()
    rows = reading.as_written().decisions(windows, since=since)
    column = "stack(3, 'prediction', `prediction`, 'label', `label`, 'override', `override`) AS (role, class)"
    counted = session.sql(
        f"""SELECT role, class, n FROM (
                SELECT role, class, count(*) AS n, row_number() OVER (PARTITION BY role ORDER BY class) AS place
                FROM (SELECT {column} FROM ({rows})) WHERE class IS NOT NULL GROUP BY 1, 2)
            WHERE place <= {MOST_SPELLINGS}"""
    ).collect()
    counts = ClassCounts()
    for role, name, n in counted:
        counts.rows[str(role)][str(name)] = int(n)
    return counts


def with_scores(
    session: Any,
    reading: ClusterReading,
    windows: Sequence[Window],
    counts: ClassCounts,
    positive: str | None,
) -> ClassCounts:
    """The same with the scores of all decisions of some loads, where the positive class is to be guessed from them:
    a read of the table that is hardly ever needed."""
    if reading.task is not Task.BINARY or counts.holds(positive):
        return counts
    rows = reading.as_written().decisions(windows)
    scored = session.sql(
        f"""SELECT class, sum(score), count(score) FROM (
                SELECT coalesce(`prediction`, `label`) AS class, score FROM ({rows}))
            WHERE class IS NOT NULL AND score IS NOT NULL GROUP BY 1 LIMIT {MOST_SPELLINGS}"""
    ).collect()
    return replace(counts, scores={str(row[0]): (float(row[1]), int(row[2])) for row in scored})


def counted_classes(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    *,
    changed: Collection[int] = (),
    since: date | None = None,
) -> ClassCounts | None:
    """The classes of all decisions of the loads that stand, as they are counted; None where the decisions lie here.

    Args:
        changed: loads of which what is counted on the day ``since`` or later no longer holds.
    """
    if attachments.find(cursor, system.key) is None:
        return None
    loads = [window.load_id for window in attachments.windows(cursor, system.key)]
    rows = cursor.execute(
        """SELECT prediction, label, sum(n) FROM profile_confusion
           WHERE system = $key AND list_contains($loads::INTEGER[], load_id)
               AND NOT (list_contains($changed::INTEGER[], load_id) AND day >= $since::DATE)
           GROUP BY 1, 2""",
        {"key": system.key, "loads": loads, "changed": [*changed], "since": since or date.max},
    ).fetchall()
    counts = ClassCounts()
    for prediction, label, n in rows:
        for role, name in (("prediction", prediction), ("label", label)):
            if name is not None:
                counts.rows[role][str(name)] = counts.rows[role].get(str(name), 0) + int(n)
    return counts
