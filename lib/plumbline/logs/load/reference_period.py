"""Which decisions count as healthy, where nobody said so: a pure function of the loads that are there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb

from plumbline.domain import PlumblineError, System
from plumbline.domain.messages import message
from plumbline.store.cache.samples import counted_loads
from plumbline.store.sql import decision_table
from plumbline.store.systems import update_system
from plumbline.store.times import to_local
from plumbline.store.workspace import naive

#: the automatic reference is settled once the loads so far hold this many decisions, and a third of their days so many
SETTLED_ROWS, SETTLED_WEEKS = 1000, 4
LONGEST_WEEKS = 12
WEEK = timedelta(days=7)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: ways in which a reference came about that nobody chose
PROVISIONAL, AUTOMATIC = "provisional", "auto"

Span = tuple[datetime, datetime]


def settle_reference(cursor: duckdb.DuckDBPyConnection, system: System) -> System:
    """Set the reference from the loads, unless a person gave it; writes the system where it changes.

    Loads made with ``--reference``: the span of their rows. Otherwise the first third of the decisions' span in whole
    weeks of its zone, four to twelve, over the earliest loads that together reach SETTLED_ROWS decisions and enough
    days for four; later loads then change nothing, and undoing one of them neither. Until then it is *provisional*: a
    week at least, so that no weekday is missing, and made anew with each load. Logs under two weeks have a third of
    their days.
    """
    if system.reference_source == "given":
        return system
    loaded = _span_of_reference_loads(cursor, system)
    span, source = (loaded, "loaded") if loaded else _automatic(cursor, system)
    if (span, source) == (system.reference, system.reference_source):
        return system
    changed = replace(system, reference=span, reference_source=source)
    update_system(cursor, changed)
    return changed


def weekdays_missing(cursor: duckdb.DuckDBPyConnection, system: System, span: Span) -> tuple[int, ...]:
    """Weekdays (Monday is 1) on which the log holds decisions and a span holds none."""
    at = to_local('"timestamp"', system.timezone)
    rows = cursor.execute(
        f"""SELECT isodow({at}) AS day FROM {decision_table(system.key)} GROUP BY 1
            HAVING count(*) FILTER ({at} >= $start AND {at} < $end) = 0 ORDER BY 1""",
        {"start": naive(span[0]), "end": naive(span[1])},
    ).fetchall()
    return tuple(int(row[0]) for row in rows)


def require_every_weekday(cursor: duckdb.DuckDBPyConnection, system: System, span: Span) -> None:
    """Refuse a span that lacks a weekday: every such day would be drift for good.

    Raises:
        PlumblineError: it lacks one that the log has.
    """
    lacking = weekdays_missing(cursor, system, span)
    if lacking and span[0] < span[1] and len(lacking) < len(WEEKDAYS):
        days = ", ".join(WEEKDAYS[day - 1] for day in lacking)
        raise PlumblineError(
            message("The span holds no decision of a {days}, and the log does", days=days),
            todo="Give whole weeks, so that a weekday is no drift: --reference A..B with B seven days or more after A.",
        )


def _span_of_reference_loads(
    cursor: duckdb.DuckDBPyConnection, system: System
) -> tuple[datetime, datetime] | None:
    at = to_local('"timestamp"', system.timezone)
    row = cursor.execute(
        f"""SELECT min({at}), max({at}) FROM {decision_table(system.key)}
            WHERE _load_id IN (SELECT load_id FROM load WHERE system = ? AND reference AND undone_at IS NULL)""",
        [system.key],
    ).fetchone()
    if row is None or row[0] is None:
        return None
    return row[0].replace(tzinfo=UTC), row[1].replace(tzinfo=UTC) + timedelta(microseconds=1)


def _automatic(cursor: duckdb.DuckDBPyConnection, system: System) -> tuple[Span | None, str]:
    at = to_local('"timestamp"', system.timezone)
    present = cursor.execute(
        f"""SELECT _load_id, count(*), min({at}), max({at}) FROM {decision_table(system.key)} GROUP BY _load_id"""
    ).fetchall()
    # of a table that lies elsewhere only a sample is here, and it thins out as the table grows
    by_load = {int(load): span for load, *span in present} | counted_loads(cursor, system.key)
    loads = [by_load[load] for load in sorted(by_load)]
    if not loads:
        return None, "none"
    earlier, last = system.reference, max(high for *_, high in loads).replace(tzinfo=UTC)
    if (
        earlier
        and system.reference_source == AUTOMATIC
        and (earlier[1] - earlier[0]) % WEEK
        and last >= earlier[1]
    ):
        return earlier, AUTOMATIC  # settled by the rule of an earlier version: a workspace keeps what it has
    rows, first, last = 0, loads[0][1], loads[0][2]
    settled = False
    for n, low, high in loads:
        rows, first, last = rows + n, min(first, low), max(last, high)
        settled = rows >= SETTLED_ROWS and _third_of_span(first, last) >= SETTLED_WEEKS * WEEK
        if settled:
            break
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    third = _third_of_span(first, last)
    weeks = min(max(third // WEEK, 1), LONGEST_WEEKS)
    if third * 3 >= 2 * WEEK:
        return (start, start + weeks * WEEK), AUTOMATIC if settled else PROVISIONAL
    return (start, start + timedelta(days=max(third // timedelta(days=1), 1))), PROVISIONAL


def _third_of_span(first: datetime, last: datetime) -> timedelta:
    """A third of the days from the first one's midnight to the last decision."""
    return (last - first.replace(hour=0, minute=0, second=0, microsecond=0)) / 3
