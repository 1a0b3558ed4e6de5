"""Single decisions: find and page through them, take one, draw a stated random sample."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np

from plumbline.domain import SINGLE_ROLES, FloatArray, PlumblineError, Slice, System
from plumbline.domain.decisions import Decision
from plumbline.domain.messages import message
from plumbline.profile.cluster import scans
from plumbline.profile.scope import (
    ARM,
    SHUFFLED,
    Scope,
    all_rows,
    column_kinds,
    slice_scope,
    typed_parameter,
)
from plumbline.store import loads
from plumbline.store.sql import Statement, decision_table, ident
from plumbline.store.systems import decision_columns
from plumbline.store.workspace import aware, naive

if TYPE_CHECKING:
    import pandas as pd

#: how a filter compares: name -> condition over the column {c} and the typed value {v}
OPERATORS = {
    "=": "{c} = {v}",
    "!=": "{c} IS DISTINCT FROM {v}",
    "<": "{c} < {v}",
    "<=": "{c} <= {v}",
    ">": "{c} > {v}",
    ">=": "{c} >= {v}",
    "contains": "contains(lower({c}::VARCHAR), lower({v}::VARCHAR))",
    "is missing": "{c} IS NULL",
    "is there": "{c} IS NOT NULL",
}
#: of a column of numbers, where one that is none is missing, and no larger than any other
OF_NUMBERS = {
    ">": "{c} > {v} AND NOT isnan({c})",
    ">=": "{c} >= {v} AND NOT isnan({c})",
    "is missing": "{c} IS NULL OR isnan({c})",
    "is there": "{c} IS NOT NULL AND NOT isnan({c})",
}
#: what a filter on ``decision`` can ask of a whole row: name -> condition
MARKS = {
    "wrong": "label IS NOT NULL AND label IS DISTINCT FROM prediction",
    "right": "label IS NOT NULL AND label IS NOT DISTINCT FROM prediction",
    "overridden": "override IS NOT NULL AND override IS DISTINCT FROM prediction",
    "not labelled": "label IS NULL",
}
MARKED, MARK_OPERATOR = "decision", "is"
_TEXT_ONLY = ("contains",)
#: a sample of less than this share of a slice is drawn without sorting all of it
LONG = 0.5
_NO_VALUE = ("is missing", "is there")
_TIMES = ("timestamp", "label_time", "trained_at")


def find(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    filters: Sequence[tuple[str, str, str]] = (),
    order: str = "-timestamp",
    limit: int = 100,
    after: tuple[Any, int, int] | None = None,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """One page of decisions, all arms, columns as in the decision table, times aware in UTC.

    Args:
        filters: (column, operator, value) triples that must all hold; see ``OPERATORS``. The triple
            (``decision``, ``is``, mark) asks for a mark of ``MARKS``.
        order: a column, with a leading minus for descending; missing values last, ties by load and line.
        limit: rows of a page.
        after: the page begins after this one: ``page_end`` of the page before.
        columns: named-role columns to read, None for all; the single roles and the order always come along.

    Raises:
        PlumblineError: no such column or operator, or a value that the column cannot hold.
    """
    kinds = column_kinds(cursor, system)
    scope = _filter_scope(system, kinds, filters)
    column = order.removeprefix("-")
    typed_parameter(column, kinds, "$bound")
    frame = _page(cursor, system, scope, kinds, order, limit, after, columns, exact=False)
    if kinds[column] == "number" and (len(frame) < limit or not np.isfinite(frame[column]).all()):
        # a number that is none sorts as the largest: only here, near the missing ones, does it matter
        frame = _page(cursor, system, scope, kinds, order, limit, after, columns, exact=True)
    return localise_times(frame)


def _page(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    scope: Scope,
    kinds: dict[str, str],
    order: str,
    limit: int,
    after: tuple[Any, int, int] | None,
    columns: Sequence[str] | None,
    *,
    exact: bool,
) -> pd.DataFrame:
    """One page; not ``exact``: the plain column is sorted, of which DuckDB reads the rest for this page alone."""
    column, descending = order.removeprefix("-"), order.startswith("-")
    bound, key = typed_parameter(column, kinds, "$bound"), ident(column)
    if exact:
        key = f"CASE WHEN NOT isnan({key}) THEN {key} END"
    if after is not None:
        at, load_id, line = after
        tie = "(_load_id, _line) > ($after_load, $after_line)"
        beyond = f"({key}) IS NULL AND {tie}"
        if at is not None:
            sign = "<" if descending else ">"
            beyond = f"({key}) {sign} {bound} OR (({key}) = {bound} AND {tie}) OR ({key}) IS NULL"
            scope = scope.narrow("true", bound=naive(at) if isinstance(at, datetime) else at)
        scope = scope.narrow(f"({beyond})", after_load=load_id, after_line=line)
    return cursor.execute(
        f"""SELECT {column_list(cursor, system, columns, column)} {scope.rows}
            ORDER BY {key} {"DESC" if descending else "ASC"} NULLS LAST, _load_id, _line LIMIT $limit""",
        scope.params | {"limit": limit},
    ).df()


def count(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    filters: Sequence[tuple[str, str, str]] = (),
    most: int | None = None,
) -> int:
    """How many decisions pass the filters of ``find``; with ``most`` no more are counted. Raises as ``find``."""
    scope = _filter_scope(system, column_kinds(cursor, system), filters)
    asked = f"SELECT count(*) {scope.rows}"
    if most is not None:  # a scan that may stop early, where many pass
        asked = f"SELECT count(*) FROM (SELECT 1 {scope.rows} LIMIT {int(most)})"
    row = cursor.execute(asked, scope.params).fetchone()
    return int(row[0]) if row else 0


def _filter_scope(system: System, kinds: dict[str, str], filters: Sequence[tuple[str, str, str]]) -> Scope:
    scope = all_rows(system, stored=True)
    for place, (column, operator, wanted) in enumerate(filters):
        if (column, operator) == (MARKED, MARK_OPERATOR):
            if wanted not in MARKS:
                raise PlumblineError(
                    message("No decision is {wanted}", wanted=repr(wanted)),
                    todo=message("Use one of: {names}.", names=", ".join(MARKS)),
                )
            scope = scope.narrow(f"({MARKS[wanted]})")
            continue
        condition, params = _condition(kinds, column, operator, wanted, f"filter{place}")
        scope = scope.narrow(condition, **params)
    return scope


def page_end(frame: pd.DataFrame, order: str) -> tuple[Any, int, int] | None:
    """What ``find`` continues after: the last row's place in the order; None for an empty page."""
    if frame.empty:
        return None
    last = frame.iloc[-1]
    place_value = _cell_value(last[order.removeprefix("-")])
    return place_value, int(last["_load_id"]), int(last["_line"])


def read_decision(cursor: duckdb.DuckDBPyConnection, system: System, decision_id: str) -> Decision:
    """One decision by its id.

    Where an id was logged more than once, the newest decision that took effect is meant. A log without
    ids is addressed by ``#LOAD:LINE``, e.g. ``#3:1204``. One that only a cluster holds is looked up there.

    Raises:
        PlumblineError: there is none.
    """
    columns = column_list(cursor, system)
    condition, params = "decision_id = $id", {"id": decision_id}
    load_id, _, line = decision_id.removeprefix("#").partition(":")
    if decision_id.startswith("#") and load_id.isdecimal() and line.isdecimal():
        place = "_load_id = TRY_CAST($load AS INTEGER) AND _line = TRY_CAST($line AS BIGINT)"
        condition = f"(decision_id = $id OR ({place}))"
        whole = loads.merged_load(cursor, int(load_id)) if len(load_id) < 10 else None
        moved = (str(whole.load_id), str(int(line[:18]) + whole.rows_before)) if whole else (load_id, line)
        params |= {"load": moved[0], "line": moved[1]}
    scope = all_rows(system, stored=True).narrow(condition, **params)
    decisions = read_decisions(
        cursor.execute(
            f"""SELECT {columns} {scope.rows}
                ORDER BY lower({ARM}) = 'shadow', "timestamp" DESC, _load_id DESC, _line DESC LIMIT 1""",
            scope.params,
        )
    )
    if not decisions:
        row = scans.decision_row(cursor, system, decision_id)
        if row is not None:
            return Decision(cell_values(row))
        raise PlumblineError(
            message("{key} has no decision {decision_id}", key=system.key, decision_id=repr(decision_id)),
            todo="Check the id, and whether the log that holds it is loaded.",
        )
    return decisions[0]


def sample(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    part: Slice,
    n: int,
    seed: int = 0,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """A random sample of at most n decisions of a slice without replacement, oldest first.

    The same seed gives the same decisions as long as none are added: those whose hash of load, line and
    seed is lowest. Columns as in ``find``: numbers are float64, texts str or None.
    """
    scope = slice_scope(cursor, system, part)
    rows, params = lowest_hashes(cursor, scope, n, seed)
    frame = cursor.execute(
        f"""SELECT {column_list(cursor, system, columns)} FROM {scope.table} WHERE rowid IN ({rows})
            ORDER BY "timestamp", _load_id, _line""",
        params,
    ).df()
    return localise_times(frame)


def sample_by_id(
    cursor: duckdb.DuckDBPyConnection, system: System, n: int, columns: Sequence[str]
) -> FloatArray:
    """Numbers (at most n, columns) of a random sample of decisions, NaN where missing, shadow left out: those with the
    lowest hashes of id and time, in their order. The sample of a table in a cluster holds the same ones."""
    scope = slice_scope(cursor, system, Slice())
    wanted = ", ".join(f"{ident(column)} AS c{at}" for at, column in enumerate(columns))
    read = cursor.execute(
        f"""SELECT {wanted} {scope.rows}
            ORDER BY md5(coalesce(decision_id, '') || '|' || epoch_us("timestamp")), {SHUFFLED} LIMIT $n""",
        scope.params | {"n": n},
    ).fetchnumpy()
    return np.column_stack(
        [np.ma.filled(np.ma.asarray(read[f"c{at}"], dtype=np.float64), np.nan) for at in range(len(columns))]
    )


def lowest_hashes(cursor: duckdb.DuckDBPyConnection, scope: Scope, n: int, seed: int) -> Statement:
    """A SELECT, with its parameters, of the row ids of the n decisions with the lowest hashes."""
    hashed = "hash(_load_id, _line, $seed::BIGINT)"
    row = cursor.execute(f"SELECT count(*) {scope.rows}", scope.params).fetchone()
    total = int(row[0]) if row else 0
    params = scope.params | {"seed": seed, "n": n}
    # sorting every hash of a long log takes seconds: those drawn lie below this bound, but for about one draw in 30,000
    share = (n + 4 * math.sqrt(n) + 16) / max(total, 1)
    bound = ""
    if share < LONG:
        below = {"bound": int(share * 2**64)}
        bound = f"AND {hashed} < $bound::UBIGINT"
        record = cursor.execute(
            f"SELECT count(*) {scope.rows} {bound}", scope.params | {"seed": seed} | below
        ).fetchone()
        if record is not None and record[0] >= n:
            params |= below
        else:
            bound = ""
    return Statement(f"SELECT rowid {scope.rows} {bound} ORDER BY {hashed}, _load_id, _line LIMIT $n", params)


def read_places(
    cursor: duckdb.DuckDBPyConnection, system: System, places: Sequence[tuple[int, int]]
) -> pd.DataFrame:
    """The decisions at these places (load, record number) that are still there, by place; columns as in ``find``."""
    frame = cursor.execute(
        f"""SELECT {column_list(cursor, system)} FROM {decision_table(system.key)}
            WHERE (_load_id, _line) IN (SELECT unnest($loads::INTEGER[]), unnest($lines::BIGINT[]))
            ORDER BY _load_id, _line""",
        {"loads": [p[0] for p in places], "lines": [p[1] for p in places]},
    ).df()
    return localise_times(frame)


def main_version(cursor: duckdb.DuckDBPyConnection, system: System) -> str:
    """The version that took most decisions, shadow left out; "" where no version is logged."""
    row = cursor.execute(
        """SELECT version FROM profile_hour WHERE system = ? AND lower(arm) <> 'shadow'
           GROUP BY version ORDER BY sum(n) DESC, max(last_at) DESC LIMIT 1""",
        [system.key],
    ).fetchone()
    return str(row[0]) if row else ""


def read_decisions(result: duckdb.DuckDBPyConnection) -> list[Decision]:
    """The rows of a result that has the columns of a decision table."""
    return [Decision(row) for row in read_dicts(result)]


def read_dicts(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """A result's rows as column -> value: NaN becomes None, times become aware."""
    names = [item[0] for item in result.description or []]
    return [
        {name: _cell_value(held) for name, held in zip(names, row, strict=True)} for row in result.fetchall()
    ]


def cell_values(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The cells of a row as ``read_dicts`` gives them."""
    return {name: _cell_value(cell) for name, cell in row.items()}


def _cell_value(cell: Any) -> Any:
    if isinstance(cell, datetime):
        if cell != cell:  # NaT
            return None
        return cell.astimezone(UTC) if cell.tzinfo else aware(cell)
    if isinstance(cell, float) and math.isnan(cell):
        return None
    return cell


def column_list(
    cursor: duckdb.DuckDBPyConnection, system: System, only: Sequence[str] | None = None, order: str = ""
) -> str:
    """The columns of a decision, quoted, for a SELECT; the named ones only where given, the order's always."""
    named = [column.name for column in decision_columns(cursor, system.key)]
    if only is not None:
        named = [name for name in named if name in only or name == order]
    return ", ".join(ident(name) for name in ("_load_id", "_line", *SINGLE_ROLES, *named))


def _condition(kinds: dict[str, str], column: str, operator: str, wanted: str, name: str) -> Statement:
    value = typed_parameter(column, kinds, f"${name}")
    if operator not in OPERATORS:
        raise PlumblineError(
            message("{operator} is no comparison", operator=repr(operator)),
            todo=message("Use one of {names}.", names=", ".join(OPERATORS)),
        )
    comparison = OPERATORS | OF_NUMBERS if kinds[column] == "number" else OPERATORS
    if operator in _NO_VALUE:
        return Statement(f"({comparison[operator].replace('{c}', ident(column))})", {})
    if operator in _TEXT_ONLY:
        value, parameter = f"${name}", wanted
        if wanted.lower() == wanted.upper():  # no letters: as they stand, which is half the work
            return Statement(f"(contains({ident(column)}::VARCHAR, {value}::VARCHAR))", {name: parameter})
    else:
        parameter = _convert_value(kinds[column], column, wanted)
    # not format(): braces in a hostile column name must survive
    text = comparison[operator].replace("{v}", value).replace("{c}", ident(column))
    return Statement(f"({text})", {name: parameter})


def _convert_value(kind: str, column: str, wanted: str) -> Any:
    """The value as the column holds it."""
    try:
        if kind == "number":
            return float(wanted)
        if kind == "time":
            return naive(datetime.fromisoformat(wanted))
    except ValueError as error:
        what = {"number": "a number", "time": "a time"}[kind]
        raise PlumblineError(
            message("{wanted} is not {what}", wanted=repr(wanted), what=what),
            where=column,
            todo="Numbers as 0.5, times as 2026-03-01 14:30.",
        ) from error
    return wanted


def localise_times(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its times aware in UTC."""
    for name in _TIMES:
        frame[name] = frame[name].dt.tz_localize("UTC")
    return frame
