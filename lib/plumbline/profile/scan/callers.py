"""Who sends the requests: by the segment that names the caller, and the inputs that each of them asked about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from plumbline.domain import Slice, System
from plumbline.logs.mapping.role_names import CALLER, normalise
from plumbline.profile.scope import Scope, slice_scope
from plumbline.store.sql import ident
from plumbline.store.systems import decision_columns


def caller_column(cursor: duckdb.DuckDBPyConnection, system: System) -> str | None:
    """The column of the decision table that names who sent each request; None where no segment is called so."""
    names = (
        c.name
        for c in decision_columns(cursor, system.key)
        if c.role.role == "segment" and CALLER.fullmatch(normalise(c.role.name))
    )
    return next(names, None)


def caller_share(cursor: duckdb.DuckDBPyConnection, system: System, column: str) -> float | None:
    """Share of all decisions, shadow included, that name their caller; None without decisions."""
    scope = slice_scope(cursor, system, Slice(), shadow=True)
    row = cursor.execute(
        f"SELECT count({ident(column)}) / nullif(count(*), 0) {scope.rows}", scope.params
    ).fetchone()
    return float(row[0]) if row and row[0] is not None else None


def busiest_callers(
    cursor: duckdb.DuckDBPyConnection, system: System, column: str, since: datetime, least: int, most: int
) -> tuple[list[str], int, int]:
    """Callers with at least ``least`` decisions since a moment, the busiest ``most`` of them; how many callers there
    are, and how many of them asked that much."""
    scope = _scope_since(cursor, system, since)
    rows = cursor.execute(
        f"""SELECT {ident(column)} AS caller, count(*) AS n {scope.rows} AND {ident(column)} IS NOT NULL
            GROUP BY 1 ORDER BY n DESC, caller""",
        scope.params,
    ).fetchall()
    busy = [str(caller) for caller, n in rows if n >= least]
    return busy[:most], len(rows), len(busy)


def input_hashes(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    column: str,
    caller: str,
    since: datetime,
    most: int,
    *,
    others: bool = False,
) -> NDArray[np.uint64]:
    """A hash of each input of the newest decisions of one caller, or of all others: (n, inputs)."""
    features = [c.name for c in decision_columns(cursor, system.key) if c.role.role == "feature"]
    if not features:
        return np.empty((0, 0), dtype=np.uint64)
    same = "IS DISTINCT FROM" if others else "="
    scope = _scope_since(cursor, system, since).narrow(f"{ident(column)} {same} $caller", caller=caller)
    cells = ", ".join(f"hash({ident(name)}) AS h{i}" for i, name in enumerate(features))
    frame: dict[str, Any] = cursor.execute(
        f'SELECT {cells} {scope.rows} ORDER BY "timestamp" DESC, _load_id, _line LIMIT {int(most)}',
        scope.params,
    ).fetchnumpy()
    return np.column_stack([np.asarray(frame[f"h{i}"], dtype=np.uint64) for i in range(len(features))])


def _scope_since(cursor: duckdb.DuckDBPyConnection, system: System, since: datetime) -> Scope:
    return slice_scope(cursor, system, Slice(start=since), shadow=True)
