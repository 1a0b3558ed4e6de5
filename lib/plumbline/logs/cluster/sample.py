"""The rows of a table that are kept here: a look for guessing the mapping, and a sample by a hash of the id."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from plumbline.domain import IGNORE, PlumblineError
from plumbline.logs.cluster import cells
from plumbline.logs.cluster.attachments import DayDigests, Window
from plumbline.logs.cluster.cells import spark_identifier
from plumbline.logs.cluster.strata import SampleRule, Strata
from plumbline.logs.cluster.table import ClusterReading, ClusterTable
from plumbline.store.workspace import now

#: rows of which the mapping is guessed
LOOK_ROWS = 20_000
#: days back from the newest in which late labels are looked for
LATE_DAYS = 180
_EPOCH = date(1970, 1, 1)
#: where a row lies among all, in [0, 1)
_PLACE = "CAST(conv(substr(_row, 1, 12), 16, 10) AS DOUBLE) / 281474976710656D"


def newest_mark(session: Any, table: ClusterTable, above: str | None) -> tuple[str | None, int, int]:
    """Up to where the rows are read now, as text; how many there are above ``above``, and without a place in the order.

    Times more than a day ahead, and the last day of a column of dates, which may still be filling, are left out.
    """
    column, kind = spark_identifier(table.since), table.kinds[table.since]
    due = "true"
    if kind == "date":
        due = f"{column} < (SELECT max({column}) FROM {cells.table_name(table.name)})"
    elif cells.is_time(kind):
        due = f"{column} <= CAST(current_timestamp() AS {kind}) + INTERVAL 1 DAY"
    row = session.sql(
        f"""SELECT CAST(max({column}) FILTER (WHERE {due}) AS STRING), count(*) FILTER (WHERE {due}),
                   count(*) FILTER (WHERE {column} IS NULL)
            FROM {cells.table_name(table.name)} WHERE {column} IS NULL OR {table.range(above, None)}"""
    ).collect()[0]
    return row[0], int(row[1]), int(row[2])


def write_preview(session: Any, table: ClusterTable, rows: int, path: Path) -> None:
    """Some rows of the whole table as they are, as a Parquet file."""
    share = min(1.0, 2 * LOOK_ROWS / max(rows, 1))
    whole = session.sql(f"SELECT * FROM {cells.table_name(table.name)}")
    chosen = whole if share >= 1 else whole.sample(share, seed=1)
    write_rows(chosen.limit(LOOK_ROWS).toArrow(), path)


def count_strata(session: Any, reading: ClusterReading, window: Window) -> dict[tuple[date, str], int]:
    """How many decisions a window holds by day and version."""
    rows = session.sql(
        f"""SELECT CAST(`timestamp` AS DATE), coalesce(`version`, ''), count(*)
            FROM ({reading.decisions([window])}) GROUP BY 1, 2"""
    ).collect()
    return {(row[0], str(row[1])): int(row[2]) for row in rows}


def weight_range(session: Any, reading: ClusterReading, window: Window) -> tuple[float, float] | None:
    """The least and the largest weight of a window's decisions; None where they have none."""
    for column in reading.named:
        if column.role.role == "weight":
            cell = spark_identifier(column.name)
            row = session.sql(
                f"SELECT min({cell}), max({cell}) FROM ({reading.decisions([window])})"
            ).collect()[0]
            return None if row[0] is None else (float(row[0]), float(row[1]))
    return None


def draw(session: Any, reading: ClusterReading, window: Window, rule: SampleRule, strata: Strata) -> Any:
    """The sample of a window, its columns as they are in the table, as an Arrow table.

    Args:
        strata: the decisions of the window by day and version, ``count_strata``.
    """
    if reading.mapping.column_of("decision_id") is None:
        raise PlumblineError(
            "No column gives the id of a decision, by which a sample is drawn",
            where=reading.table.name,
            todo="Name it: --map COLUMN=decision_id.",
        )
    names = dict.fromkeys(c.column for c in reading.mapping.columns if c.role.role != IGNORE)
    rows = reading.decisions([window], beside=list(names))
    chosen = session.sql(rows if rule.share >= 1 else _drawn_query(session, rows, rule, strata))
    table = chosen.select(*(spark_identifier(f"raw:{name}") for name in names)).toArrow()
    return table.rename_columns(list(names))


def _drawn_query(session: Any, rows: str, rule: SampleRule, strata: Strata) -> str:
    """The query of the drawn rows. Days and versions of which more than the share is looked at are named to the
    cluster; where there is none, the share alone decides."""
    import pyarrow as pa

    far = [(day, version, rule.reach(n)) for (day, version), n in strata.items()] if rule.least else []
    far = [each for each in far if each[2] > rule.share]
    if not far:
        return f"SELECT * FROM ({rows}) WHERE {_PLACE} < {rule.share!r}D"
    days, versions, reaches = zip(*far, strict=True)
    named = {"_day": pa.array(days, pa.date32()), "_version": versions, "_reach": reaches}
    session.createDataFrame(pa.table(named)).createOrReplaceTempView("plumbline_strata")
    return f"""
        SELECT * FROM (
            SELECT *, rank() OVER (PARTITION BY _day, _version ORDER BY _row) AS _rank FROM (
                SELECT /*+ BROADCAST(s) */ d.*, coalesce(s._reach, {rule.share!r}D) AS _reach FROM (
                    SELECT *, {_PLACE} AS _place, CAST(`timestamp` AS DATE) AS _day,
                           coalesce(`version`, '') AS _version FROM ({rows})) d
                LEFT JOIN plumbline_strata s ON d._day = s._day AND d._version = s._version)
            WHERE _place < _reach)
        WHERE _place < {rule.share!r}D OR _rank <= {rule.least}"""


def day_digests(
    session: Any, reading: ClusterReading, windows: Sequence[Window], since: date | None = None
) -> DayDigests:
    """What each day of some loads looks like now, of the last ``LATE_DAYS`` days of the table.

    Args:
        since: the first of these days, where it is known: what lies before it is then not read.
    """
    if not windows:
        return {}
    hashed = "xxhash64(`decision_id`, _utc, `label`, `label_time`)"
    days = session.sql(
        f"""SELECT _load, CAST(`timestamp` AS DATE) AS day, count(*) AS n,
                   CAST(sum(CAST({hashed} AS DECIMAL(38, 0))) AS STRING) AS digest
            FROM ({reading.decisions(windows, since=since)}) GROUP BY 1, 2"""
    ).collect()
    since = since or late_label_start([row[1] for row in days])
    return {(int(row[0]), row[1]): (int(row[2]), str(row[3])) for row in days if row[1] >= since}


def late_label_start(days: Collection[date]) -> date:
    """The day from which late labels are looked for; a day to come does not move it, as one wrong date would."""
    last = min(max(days, default=_EPOCH), now().date() + timedelta(days=1))
    return last - timedelta(days=LATE_DAYS)


def read_labels(
    session: Any, reading: ClusterReading, windows: Sequence[Window], ids: Any, since: date | None = None
) -> Any:
    """The labels that some decisions have now, as an Arrow table (decision_id, utc, label, label_time).

    Args:
        ids: an Arrow table of their ids, ``decision_id``.
    """
    session.createDataFrame(ids).createOrReplaceTempView("plumbline_ids")
    rows = reading.decisions(windows, since=since)
    return session.sql(
        f"""SELECT d.`decision_id`, unix_micros(d._utc) AS utc, d.`label`, unix_micros(d.`label_time`) AS label_time
            FROM ({rows}) d JOIN plumbline_ids i ON d.`decision_id` = i.`decision_id`"""
    ).toArrow()


def write_rows(table: Any, path: Path) -> None:
    """Write an Arrow table as a Parquet file."""
    import pyarrow.parquet as pq

    pq.write_table(table, path)
