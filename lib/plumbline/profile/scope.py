"""Which rows of a decision table are meant, as one SQL condition with named parameters."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import duckdb

from plumbline.domain import SINGLE_ROLES, Kind, PlumblineError, Slice, System, Task
from plumbline.domain.messages import message
from plumbline.store.sql import Statement, decision_table, ident
from plumbline.store.systems import decision_columns
from plumbline.store.times import to_local, to_utc
from plumbline.store.workspace import naive

#: the arm whose decisions nobody acted on: left out unless asked for by name
SHADOW = "shadow"
VERSION = "coalesce(\"version\", '')"
ARM = "coalesce(\"arm\", '')"
DAY = 'CAST("timestamp" AS DATE)'

#: whose a decision is, as a hash: its subject's, or its own where the log does not name one
WHO = "hash(coalesce(subject::VARCHAR, 'row ' || _load_id || ' ' || _line))"

#: rows in an order of their own that no load changes, the same in every workspace where rows have an id: the hash of
#: what a row holds rests on the workspace's secret where it names a subject
SHUFFLED = 'hash(CASE WHEN "decision_id" IS NULL THEN _hash END, "timestamp", "decision_id")'

#: whether a row is below a share of all hashes: of its id and time where it has an id (16 hexadecimal digits)
DRAWN_BY_ID = f"""CASE WHEN "decision_id" IS NULL THEN {SHUFFLED} < $share::UBIGINT
    ELSE substr(md5("decision_id" || '|' || epoch_us("timestamp")), 1, 16) < $share_digits END"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Rows of one decision table: the quoted table, a condition, and the condition's parameters."""

    table: str
    condition: str
    params: dict[str, Any] = field(default_factory=dict)

    def narrow(self, condition: str, **params: Any) -> Scope:
        """The same rows under one more condition."""
        return replace(self, condition=f"{self.condition} AND {condition}", params=self.params | params)

    def sample(self, most: int, n: int) -> Scope:
        """About ``most`` of these ``n`` rows, the same ones each time; all where there are no more."""
        if n <= most:
            return self
        return self.narrow(f"{SHUFFLED} < $share::UBIGINT", share=int(most / n * 2**64))

    def sample_by_id(self, most: int, n: int) -> Scope:
        """As ``drawn``, by a hash of the decision's id that other engines reckon alike, where it has one."""
        if n <= most:
            return self
        share = int(most / n * 2**64)
        return self.narrow(DRAWN_BY_ID, share=share, share_digits=f"{share:016x}")

    @property
    def rows(self) -> str:
        """``FROM ... WHERE ...`` of these rows."""
        return f"FROM {self.table} WHERE {self.condition}"


def all_rows(system: System, *, stored: bool = False) -> Scope:
    """Every decision of a system that has a time, with its times as the clock of the system's zone shows them.

    ``stored``: with the times as they are stored, in UTC: for rows that are shown and not counted.
    """
    table = decision_table(system.key)
    return Scope(table if stored else _local_table(table, system.timezone), '"timestamp" IS NOT NULL')


def _local_table(table: str, zone: str) -> str:
    """The decision table with its times on the clock of a zone."""
    if zone == "UTC":
        return table
    times = ", ".join(
        f"{to_local(ident(c), zone)} AS {ident(c)}" for c in ("timestamp", "label_time", "trained_at")
    )
    return f"(SELECT rowid, * REPLACE ({times}) FROM {table})"


def load_scope(system: System, load_id: int, since: date | None = None) -> Scope:
    """The decisions of one load, all or those since a day of the clock of the system's zone."""
    scope = all_rows(system).narrow("_load_id = $load_id", load_id=load_id)
    return scope.narrow('"timestamp" >= $since::DATE', since=since) if since else scope


def span_scope(
    system: System, start: datetime | None, end: datetime | None, *, stored: bool = False
) -> Scope:
    """The decisions of the half-open span [start, end), of the clock of the system's zone; see ``all_rows``."""
    scope = all_rows(system, stored=stored)
    zone = system.timezone if stored else "UTC"
    if start is not None:
        scope = scope.narrow(f'"timestamp" >= {to_utc("$start::TIMESTAMP", zone)}', start=naive(start))
    if end is not None:
        scope = scope.narrow(f'"timestamp" < {to_utc("$end::TIMESTAMP", zone)}', end=naive(end))
    return scope


def slice_scope(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    part: Slice,
    *,
    shadow: bool = False,
    stored: bool = False,
) -> Scope:
    """The decisions of a slice. Arm "shadow" is left out unless ``part.arm`` names it or ``shadow`` is set.

    Raises:
        PlumblineError: a filter names a column that the table does not have.
    """
    scope = span_scope(system, part.start, part.end, stored=stored)
    if part.version is not None:
        scope = scope.narrow(f"{VERSION} = $version", version=part.version)
    if part.arm is not None:
        scope = scope.narrow(f"{ARM} = $arm", arm=part.arm)
    elif not shadow:
        scope = scope.narrow(f"lower({ARM}) <> $shadow", shadow=SHADOW)
    kinds = column_kinds(cursor, system) if part.where else {}
    for place, (column, value) in enumerate(part.where):
        condition, params = equality_condition(column, value, kinds, f"where{place}")
        scope = scope.narrow(condition, **params)
    return scope


def column_kinds(cursor: duckdb.DuckDBPyConnection, system: System) -> dict[str, str]:
    """How each column of the decision table compares: ``text``, ``number`` or ``time``, by column name."""
    output = "number" if system.task is Task.REGRESSION else "text"
    kinds = dict.fromkeys(SINGLE_ROLES, "text")
    kinds |= dict.fromkeys(("timestamp", "label_time", "trained_at"), "time")
    kinds |= dict.fromkeys(("prediction", "label", "override"), output) | {"score": "number"}
    for column in decision_columns(cursor, system.key):
        kinds[column.name] = "number" if column.kind is Kind.NUMERIC else "text"
    return kinds


def typed_parameter(column: str, kinds: dict[str, str], name: str) -> str:
    """The parameter ``name`` (with its dollar) cast to the column's type; NULL where the text does not fit.

    Raises:
        PlumblineError: the table has no such column.
    """
    if column not in kinds:
        known = ", ".join(sorted(kinds))
        raise PlumblineError(
            message("This system has no column {column}", column=repr(column)),
            todo=message("It has: {known}.", known=known),
        )
    types = {"text": "VARCHAR", "number": "DOUBLE", "time": "TIMESTAMP"}
    return f"TRY_CAST({name} AS {types[kinds[column]]})"


def equality_condition(column: str, value: str, kinds: dict[str, str], name: str) -> Statement:
    """A condition (text, parameters): the column holds the value.

    The empty value means a missing one. In a column of numbers ``low..high`` is the half-open range from
    low to below high; either side may be left out.

    Raises:
        PlumblineError: the table has no such column.
    """
    wanted, cast = typed_parameter(column, kinds, f"${name}"), ident(column)
    if value == "":
        return Statement(f"({cast} IS NULL)", {})
    span = number_range(value) if kinds[column] == "number" else None
    if span is None:
        return Statement(f"({cast} = {wanted})", {name: value})
    sides = {f"{name}_low": (">=", span[0]), f"{name}_high": ("<", span[1])}
    known = {key: (sign, at) for key, (sign, at) in sides.items() if at is not None}
    text = " AND ".join(f"{cast} {sign} ${key}::DOUBLE" for key, (sign, _) in known.items())
    return Statement(f"({text} AND isfinite({cast}))", {key: at for key, (_, at) in known.items()})


def number_range(value: str) -> tuple[float | None, float | None] | None:
    """Read ``low..high`` with one or both sides; None where it is no range."""
    left, low, right = value.partition("..")
    if not low or not (left.strip() or right.strip()):
        return None
    try:
        sides = [float(side) if side.strip() else None for side in (left, right)]
    except ValueError:
        return None
    return sides[0], sides[1]


def is_stored(part: Slice) -> bool:
    """Whether the stored daily profiles answer a slice: no filters, and bounds at midnight."""
    return not part.where and all(
        bound is None or naive(bound).time() == datetime.min.time() for bound in (part.start, part.end)
    )


def stored_condition(system: System, part: Slice, *, shadow: bool = False) -> Statement:
    """The condition on a stored profile table (system, version, arm, day) that a slice amounts to."""
    condition = ["system = $system"]
    params: dict[str, Any] = {"system": system.key}
    if part.start is not None:
        condition.append("day >= $start")
        params["start"] = naive(part.start).date()
    if part.end is not None:
        condition.append("day < $end")
        params["end"] = naive(part.end).date()
    if part.version is not None:
        condition.append("version = $version")
        params["version"] = part.version
    if part.arm is not None:
        condition.append("arm = $arm")
        params["arm"] = part.arm
    elif not shadow:
        condition.append("lower(arm) <> $shadow")
        params["shadow"] = SHADOW
    return Statement(" AND ".join(condition), params)
