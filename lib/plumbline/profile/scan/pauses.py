"""How long a log usually pauses between two decisions."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median

import duckdb

from plumbline.domain import PlumblineError, System
from plumbline.logs.cluster import attachments
from plumbline.profile.cluster.scans import longest_pauses
from plumbline.profile.scope import all_rows
from plumbline.store.times import naive

#: days before the moment that say what is usual, and of which at least so many are needed
DAYS, FEWEST = 28, 3


def usual_pause(cursor: duckdb.DuckDBPyConnection, system: System, until: datetime) -> timedelta | None:
    """The longest pause of a usual day: the median over the last 28 days of each day's longest; None: too few days, or
    the cluster in which the decisions lie cannot be asked.

    Pauses of a night or a weekend are usual where most days have them. A day's longest pause is one that ends in it.
    """
    if attachments.find(cursor, system.key):  # a sample pauses longer than its log
        return _usual_pause_there(cursor, system, until)
    scope = all_rows(system).narrow(
        '"timestamp" <= $until AND "timestamp" > $since',
        until=naive(until),
        since=naive(until - timedelta(days=DAYS)),
    )
    row = cursor.execute(
        f"""SELECT median(longest), count(*) FROM (
                SELECT day, max(pause) AS longest FROM (
                    SELECT "timestamp"::DATE AS day,
                           date_diff('second', lag("timestamp") OVER (ORDER BY "timestamp"), "timestamp") AS pause
                    {scope.rows})
                WHERE pause IS NOT NULL GROUP BY day)""",
        scope.params,
    ).fetchone()
    if row is None or row[0] is None or row[1] < FEWEST:
        return None
    return timedelta(seconds=max(float(row[0]), 1.0))


def _usual_pause_there(
    cursor: duckdb.DuckDBPyConnection, system: System, until: datetime
) -> timedelta | None:
    try:
        pauses = longest_pauses(cursor, system, naive(until - timedelta(days=DAYS)), naive(until))
    except PlumblineError:
        return None
    if pauses is None or len(pauses) < FEWEST:
        return None
    return timedelta(seconds=max(float(median(pauses)), 1.0))
