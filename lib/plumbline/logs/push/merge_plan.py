"""Which loads of pushed rows become one, and which have to stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from plumbline.domain import System
from plumbline.logs.push.receipts import KEPT
from plumbline.store import loads
from plumbline.store.backup import integrity, state_digest
from plumbline.store.sql import decision_table
from plumbline.store.times import naive

#: loads of like size that become one while their hour lasts: so many wait at each size, and each row moves but a few
#: times
TOGETHER = 16
#: rows beyond which loads are not merged: to count them anew takes seconds
MOST_ROWS = 1_000_000
#: loads of one merge: each is looked at, and others wait to write meanwhile
MOST_LOADS = 500
#: how long the loads of an hour stay apart; those of a day become one when their receipts are forgotten
HOURLY = timedelta(days=KEPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedLoad:
    """A load of pushed rows as the register has it: ``pushes`` gathered ones, so many rows read."""

    load_id: int
    kind: str
    at: datetime
    pushes: int
    rows: int


def due_merges(
    cursor: duckdb.DuckDBPyConnection, key: str, now: datetime, *, but: Collection[int] = ()
) -> list[list[int]]:
    """The loads of a system that are to become one, group by group.

    Args:
        now: aware.
        but: loads that stay as they are.
    """
    rows = cursor.execute(
        """SELECT load_id, kind, made_at, pushes, rows_read FROM load
           WHERE system = $key AND pushes > 0 AND undone_at IS NULL AND retry_of IS NULL AND NOT reference
             AND NOT list_contains($but::INTEGER[], load_id) ORDER BY load_id""",
        {"key": key, "but": list(but)},
    ).fetchall()
    return [
        [load.load_id for load in run]
        for group in _periods([_pushed_load(*row) for row in rows], naive(now))
        for run in _split_runs(group)
    ]


def _pushed_load(load_id: int, kind: str, at: datetime, pushes: int, rows: int) -> PushedLoad:
    return PushedLoad(load_id=load_id, kind=kind, at=at, pushes=pushes, rows=rows)


def _periods(pushed: Sequence[PushedLoad], now: datetime) -> Iterator[list[PushedLoad]]:
    """Loads of one kind and hour, or day: all of one that has ended, those of one size while it lasts."""
    periods: dict[tuple[str, datetime, datetime], list[PushedLoad]] = {}
    for load in pushed:
        begin = load.at.replace(minute=0, second=0, microsecond=0)
        end = begin + timedelta(hours=1)
        if now - load.at.replace(hour=0, minute=0, second=0, microsecond=0) > HOURLY + timedelta(days=1):
            begin = begin.replace(hour=0)
            end = begin + timedelta(days=1)
        periods.setdefault((load.kind, begin, end), []).append(load)
    for (_, _, end), members in periods.items():
        if end <= now:
            yield members
            continue
        sizes: dict[int, list[PushedLoad]] = {}
        for load in members:
            sizes.setdefault(_size(load.pushes), []).append(load)
        yield from (alike for alike in sizes.values() if len(alike) >= TOGETHER)


def _size(pushes: int) -> int:
    size = 0
    while pushes >= TOGETHER:
        pushes, size = pushes // TOGETHER, size + 1
    return size


def _split_runs(group: Iterable[PushedLoad]) -> Iterator[list[PushedLoad]]:
    """Neighbours that together have no more rows than may be counted anew."""
    run: list[PushedLoad] = []
    for load in group:
        if run and (len(run) == MOST_LOADS or sum(other.rows for other in run) + load.rows > MOST_ROWS):
            if len(run) > 1:
                yield run
            run = []
        run.append(load)
    if len(run) > 1:
        yield run


def mergeable(cursor: duckdb.DuckDBPyConnection, system: System, ids: Sequence[int]) -> list[int]:
    """Those of some loads, in order, that can become one without anything being read or said otherwise than before.

    Not: loads that a grid or a column begins with, whose quarantine was retried or is read in another way, that come
    after a change of columns, whose labels lie between those of others, and those that are not what the trail vouches
    for: such a change has to stay to be seen.
    """
    pillars = _pillars(cursor, system)
    left = [load for load in ids if load not in pillars]
    left = _loads_read_alike(cursor, system, left)
    if len(left) < 2:
        return left
    left = _adjacent_label_loads(cursor, system, left)
    members = loads.list_loads_by_id(cursor, left)
    if not members:
        return []
    unvouched = integrity.unverified_loads(cursor, system.key, min(load.at for load in members))
    with_rows = [load.load_id for load in members if load.kind == "decisions" and load.rows_loaded]
    unfit = state_digest.loads_with_other_state(cursor, system.key, with_rows)
    return [load for load in left if load not in unvouched and load not in unfit]


def _pillars(cursor: duckdb.DuckDBPyConnection, system: System) -> set[int]:
    """The loads by whose number something else is known."""
    rows = cursor.execute(
        """SELECT first_load FROM decision_column WHERE system = $key
           UNION ALL SELECT try_cast(substr(basis, 6) AS INTEGER) FROM profile_bin
               WHERE system = $key AND starts_with(basis, 'load ')
           UNION ALL SELECT retry_of FROM load WHERE system = $key AND retry_of IS NOT NULL
           UNION ALL SELECT retried_by FROM quarantine WHERE system = $key AND retried_by IS NOT NULL""",
        {"key": system.key},
    ).fetchall()
    pillars = {int(row[0]) for row in rows if row[0] is not None}
    if system.reference is None:  # the earliest load is what later ones are compared with
        first = cursor.execute(f"SELECT min(_load_id) FROM {decision_table(system.key)}").fetchone()
        pillars |= {int(first[0])} if first and first[0] is not None else set()
    return pillars


def _loads_read_alike(cursor: duckdb.DuckDBPyConnection, system: System, ids: Sequence[int]) -> list[int]:
    """The first ones with the same columns, and whose quarantined rows are read in one way.

    A column that came or went between two loads, by whichever load, is a change that has to stay where it was.
    """
    schemas, forms = dict(loads.schemas(cursor, system.key)), loads.load_forms(cursor, ids)
    wanted = set(ids)
    alike: list[int] = []
    common: loads.Schema | None = None
    form: loads.LoadForm | None = None
    changed = False
    for load in sorted(wanted | schemas.keys() if ids else ()):
        if load < ids[0]:
            continue
        schema = schemas.get(load)  # None: it brought no rows, and changes no column
        if schema is not None:
            common = schema if common is None else common
            changed = changed or schema != common
        if load not in wanted:
            continue
        if changed and schema is not None:
            break
        reading = forms.get(load)
        if form is None or reading is None or _reading(reading) == _reading(form):
            form = form or reading
            alike.append(load)
    return alike


def _reading(form: loads.LoadForm) -> tuple[object, ...]:
    """What a form says of rows that are JSON objects; the order of their columns says nothing."""
    columns = sorted(form.mapping.columns, key=lambda column: column.column)
    return form.delimiter, form.quote, sorted(form.columns), columns, form.mapping.timezone


def _adjacent_label_loads(cursor: duckdb.DuckDBPyConnection, system: System, ids: Sequence[int]) -> list[int]:
    """Those with whose labels, of whatever decision, nothing else lies between: the order of load decides which holds.

    A load that labels decisions of another one that is to be merged stays as well.
    """
    left = list(ids)
    while len(left) > 1:
        rows = cursor.execute(
            """WITH own AS (SELECT row_load, row_line, by_load FROM label_claim WHERE system = $key
                            AND list_contains($loads::INTEGER[], by_load) AND by_load <> row_load)
               SELECT DISTINCT o.by_load FROM own o LEFT JOIN label_claim c
                 ON c.system = $key AND c.row_load = o.row_load AND c.row_line = o.row_line
                AND c.by_load BETWEEN $first AND o.by_load
                AND NOT list_contains($loads::INTEGER[], c.by_load)
               WHERE c.by_load IS NOT NULL OR list_contains($loads::INTEGER[], o.row_load)""",
            {"key": system.key, "loads": left, "first": left[0]},
        ).fetchall()
        between = {int(row[0]) for row in rows}
        if not between:
            break
        left = [load for load in left if load not in between]
    return left
