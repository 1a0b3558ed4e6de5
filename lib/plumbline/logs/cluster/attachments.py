"""Systems whose decisions lie in a table elsewhere: where that is, and what each load has counted of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from plumbline.domain import Load, PlumblineError
from plumbline.store.backup import state_digest
from plumbline.store.sources import Origin
from plumbline.store.workspace import naive, now

#: a load and a day on the clock of the system's zone -> how many decisions it has, and a digest of their labels
DayDigests = dict[tuple[int, date], tuple[int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Where a system's decisions lie. ``location`` holds no secret.

    ``item``: the table; ``since``: the column that orders its rows. ``share`` of the decisions is kept here as a
    sample, by a hash of the id; ``size`` rows were asked for.
    """

    system: str
    location: str
    item: str
    since: str
    share: float
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What one load has counted: rows above ``low`` (None: from the first on) up to and with ``high``, as text.

    ``n_read``: how many there were, those that are no decision among them. ``weights``: the least and the largest
    weight of its decisions; None where they have none.
    """

    load_id: int
    low: str | None
    high: str
    n_read: int
    weights: tuple[float, float] | None = None


def find(cursor: duckdb.DuckDBPyConnection, key: str) -> Attachment | None:
    """The attachment of a system; None where its decisions lie here."""
    row = cursor.execute(
        "SELECT system, location, item, since, share, size FROM attachment WHERE system = ?", [key]
    ).fetchone()
    if row is None:
        return None
    return Attachment(system=row[0], location=row[1], item=row[2], since=row[3], share=row[4], size=row[5])


def keep(cursor: duckdb.DuckDBPyConnection, attachment: Attachment) -> None:
    """Remember where a system's decisions lie."""
    cursor.execute(
        "INSERT OR REPLACE INTO attachment VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            attachment.system,
            attachment.location,
            attachment.item,
            attachment.since,
            attachment.share,
            attachment.size,
            naive(now()),
        ],
    )


def add_window(cursor: duckdb.DuckDBPyConnection, key: str, window: Window) -> None:
    """Note what a load counts, in its own transaction and before it does."""
    cursor.execute(
        "INSERT INTO attachment_window VALUES (?, ?, ?, ?, ?, ?, ?)",
        [key, window.load_id, window.low, window.high, window.n_read, *(window.weights or (None, None))],
    )


def refuse_concurrent_refresh(
    cursor: duckdb.DuckDBPyConnection, attachment: Attachment, standing: Sequence[Window]
) -> None:
    """Refuse to count what a look saw once another look, or an undo, came in between: rows would be counted twice, or
    never. Called in the transaction that counts.

    Args:
        standing: the windows that stood when the look began.

    Raises:
        PlumblineError: others stand now, or of another table.
    """
    before = find(cursor, attachment.system)
    if windows(cursor, attachment.system) == list(standing) and (not standing or before == attachment):
        return
    raise PlumblineError(
        f"What is counted of {attachment.system} changed while its table was looked at; nothing was changed",
        where=attachment.item,
        todo=f"Look again: plumbline pull --system {attachment.system}.",
    )


def windows(cursor: duckdb.DuckDBPyConnection, key: str) -> list[Window]:
    """The windows of the loads that stand, in order."""
    rows = cursor.execute(
        """SELECT w.load_id, w.low, w.high, w.n_read, w.weight_low, w.weight_high FROM attachment_window w
           LEFT JOIN load l USING (load_id) WHERE w.system = ? AND l.undone_at IS NULL ORDER BY 1""",
        [key],
    ).fetchall()
    return [
        Window(
            load_id=row[0],
            low=row[1],
            high=row[2],
            n_read=row[3],
            weights=None if row[4] is None else (row[4], row[5]),
        )
        for row in rows
    ]


def forget_load(cursor: duckdb.DuckDBPyConnection, load_id: int) -> None:
    """What a load had counted is read again."""
    for table in ("attachment_window", "attachment_day"):
        cursor.execute(f"DELETE FROM {table} WHERE load_id = ?", [load_id])


def keep_days(
    cursor: duckdb.DuckDBPyConnection, key: str, days: Mapping[tuple[int, date], tuple[int, str]]
) -> None:
    """Remember what days of loads looked like when they were counted."""
    for (load_id, day), (n, digest) in days.items():
        cursor.execute(
            "DELETE FROM attachment_day WHERE system = ? AND load_id = ? AND day = ?", [key, load_id, day]
        )
        cursor.execute("INSERT INTO attachment_day VALUES (?, ?, ?, ?, ?)", [key, load_id, day, n, digest])


def days(cursor: duckdb.DuckDBPyConnection, key: str) -> DayDigests:
    """What days of the loads that stand looked like when they were last counted."""
    rows = cursor.execute(
        """SELECT d.load_id, d.day, d.n, d.digest FROM attachment_day d
           LEFT JOIN load l USING (load_id) WHERE d.system = ? AND l.undone_at IS NULL""",
        [key],
    ).fetchall()
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def refuse_foreign_rows(cursor: duckdb.DuckDBPyConnection, key: str, act: str) -> None:
    """Refuse what would mix rows of another origin, or of the sample alone, into counts of a whole table.

    Args:
        act: what was asked for, e.g. ``Labels are not loaded``.

    Raises:
        PlumblineError: the system's decisions lie elsewhere.
    """
    attachment = find(cursor, key)
    if attachment is None:
        return
    if not windows(cursor, key):  # all that was counted of it was taken back
        cursor.execute("DELETE FROM attachment WHERE system = ?", [key])
        state_digest.mark_profiles(cursor, key, [state_digest.GRIDS])
        return
    raise PlumblineError(
        f"{act}: the decisions of {key} lie in a table that is not ours, and only a sample of them is here",
        where=attachment.item,
        todo=f"Change the table, or the view, and run: plumbline pull --system {key}.",
    )


def refuse_foreign_log(cursor: duckdb.DuckDBPyConnection, key: str, origin: Origin | None) -> None:
    """Refuse a log that is no sample of the table that a system is attached to; see ``refuse_foreign_rows``."""
    if origin is None or origin.kind != "spark":
        refuse_foreign_rows(cursor, key, "Other decisions are not added")


def refuse_early_undo(cursor: duckdb.DuckDBPyConnection, load: Load) -> None:
    """Refuse to take back a load of an attached table before those that came after it: its rows would be read again
    together with theirs.

    Raises:
        PlumblineError: a later one stands.
    """
    loads = [window.load_id for window in windows(cursor, load.system)]
    if load.load_id in loads and load.load_id != loads[-1]:
        raise PlumblineError(
            f"Load {loads[-1]} was read from the same table after load {load.load_id}",
            todo=f"Take back load {loads[-1]} first.",
        )
