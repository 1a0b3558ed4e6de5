"""The frozen grid of every column that is profiled: made once from the reference, remade only on rebuild.

Numeric grids hold the quantiles k/250 of the reference (linear interpolation, as ``numpy.quantile`` and
``quantile_cont`` define them), the minimum and maximum among them, so that the first and last cell are
strictly outside what the reference held. Where the reference has a point mass that matters (each decile
edge, each repeated quantile, the minimum, and every value when there are 250 or fewer distinct ones) the
largest float below it is an edge as well: the mass then sits in a cell of its own. So a value equal to a
decile edge falls in the upper decile (``Bins.decile_cells`` point at the edge just below), and the
Kolmogorov-Smirnov distance is exact where the reference has 250 or fewer distinct values.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np

from plumbline.domain import Bins, FloatArray, Kind, System, Task
from plumbline.profile.arrays import fetch
from plumbline.profile.cluster.grids import GridRows, LevelCounts, cluster_grids
from plumbline.profile.constants import MAX_LEVELS
from plumbline.profile.edges import numeric_edges
from plumbline.profile.grids import Grid, value
from plumbline.profile.scope import Scope, all_rows, load_scope, span_scope
from plumbline.store.backup.state_digest import GRIDS, mark_profiles
from plumbline.store.sql import ident
from plumbline.store.systems import decision_columns
from plumbline.store.workspace import naive

#: how outcomes are counted: a workspace that says another number, or none, is counted anew with its next load
COUNTING = 2
#: numeric columns whose reference is held at once
COLUMNS = 32
#: beyond this many reference rows the numeric grids come from a sample of about this many
SAMPLE_ROWS = 200_000
_FEATURE = "feature:"
OUTPUTS = ("prediction", "score", "label")


def feature_name(column: str) -> str:
    """The name a page shows: the feature's own, unless an output has the same name."""
    name = column.removeprefix(_FEATURE)
    return column if name in OUTPUTS and column != name else name


def profiled_columns(cursor: duckdb.DuckDBPyConnection, system: System) -> list[tuple[str, Kind, int]]:
    """(column, kind, first load) of every feature and output, in the order in which pages list them."""
    output = Kind.NUMERIC if system.task is Task.REGRESSION else Kind.CATEGORICAL
    columns = [
        (c.name, c.kind, c.first_load)
        for c in decision_columns(cursor, system.key)
        if c.role.role == "feature"
    ]
    return [*columns, ("prediction", output, 0), ("score", Kind.NUMERIC, 0), ("label", output, 0)]


def reference_scope(cursor: duckdb.DuckDBPyConnection, system: System) -> Scope:
    """The decisions that count as healthy; while no reference is set, those of the earliest load."""
    if system.reference:
        return span_scope(system, *system.reference)
    row = cursor.execute(f"SELECT min(_load_id) {all_rows(system).rows}").fetchone()
    return load_scope(system, int(row[0]) if row and row[0] is not None else -1)


def row_set(cursor: duckdb.DuckDBPyConnection, system: System) -> str:
    """Which rows the grids rest on, as text: how many of each load, the span that was asked for, and ``COUNTING``."""
    scope = reference_scope(cursor, system)
    rows = cursor.execute(
        f"SELECT _load_id, count(*) {scope.rows} GROUP BY 1 ORDER BY 1", scope.params
    ).fetchall()
    zone = {} if system.timezone == "UTC" else {"zone": system.timezone}  # its days were those of UTC once
    return json.dumps({"span": _span(system), "rows": rows, "counting": COUNTING} | zone)


def _span(system: System) -> list[str] | None:
    return [naive(bound).isoformat() for bound in system.reference] if system.reference else None


def has_new_basis(cursor: duckdb.DuckDBPyConnection, system: System) -> bool:
    """Whether the reference, or the rows in it, are no longer those the grids were made from."""
    row = cursor.execute("SELECT row_set FROM profile_basis WHERE system = ?", [system.key]).fetchone()
    return row is None or row[0] != row_set(cursor, system)


def renew_basis(cursor: duckdb.DuckDBPyConnection, system: System) -> None:
    """Say that the grids rest on the rows that are here now, of the same reference: a sample of them thinned out."""
    cursor.execute(
        "UPDATE profile_basis SET row_set = ? WHERE system = ?", [row_set(cursor, system), system.key]
    )
    mark_profiles(cursor, system.key, [GRIDS])


def merge_basis(
    cursor: duckdb.DuckDBPyConnection, system: System, load_id: int, gone: Collection[int]
) -> None:
    """Say that the rows which the grids rest on are of one load now; they are the same."""
    row = cursor.execute("SELECT row_set FROM profile_basis WHERE system = ?", [system.key]).fetchone()
    basis: dict[str, Any] = json.loads(row[0]) if row else {}
    counts: dict[int, int] = {}
    for load, rows in basis.get("rows", ()):
        load = load_id if load in gone else load
        counts[load] = counts.get(load, 0) + rows
    if sorted(counts.items()) != sorted(map(tuple, basis.get("rows", ()))):
        merged = json.dumps(basis | {"rows": sorted(counts.items())})
        cursor.execute("UPDATE profile_basis SET row_set = ? WHERE system = ?", [merged, system.key])
        mark_profiles(cursor, system.key, [GRIDS])


def read_grids(cursor: duckdb.DuckDBPyConnection, system: System) -> list[Grid]:
    """The frozen grids, in page order."""
    first = {name: load for name, _, load in profiled_columns(cursor, system)}
    return [replace(g, first_load=first.get(g.column, 0)) for g in stored_grids(cursor, system)]


def stored_grids(
    cursor: duckdb.DuckDBPyConnection, system: System, columns: Collection[str] | None = None
) -> list[Grid]:
    """As ``read_grids``, or only those of some columns; without the load that brought a column.

    For readers of stored counts, which have been told apart by it already.
    """
    condition, params = "system = $system", dict[str, Any](system=system.key)
    if columns is not None:
        condition, params = f"{condition} AND list_contains($columns, col)", params | {"columns": [*columns]}
    rows = fetch(
        cursor,
        f"""SELECT place, col, kind, basis, rows_available, rows_used, edges, levels, decile_cells
            FROM profile_bin WHERE {condition}""",
        params,
    )
    plain = rows.plain
    lists = [rows.parts(name) for name in ("edges", "levels", "decile_cells")]
    grids = [
        Grid(
            column=plain["col"][i],
            bins=Bins(
                feature=feature_name(plain["col"][i]),
                kind=Kind(plain["kind"][i]),
                edges=np.array(edges, dtype=float),
                levels=tuple(levels.tolist()),
                decile_cells=tuple(deciles.tolist()),
            ),
            basis=plain["basis"][i],
            rows_available=int(plain["rows_available"][i]),
            rows_used=int(plain["rows_used"][i]),
        )
        for i, (edges, levels, deciles) in enumerate(zip(*lists, strict=True))
    ]
    return [grids[i] for i in np.argsort(plain["place"], kind="stable").tolist()]


def ensure_bins(cursor: duckdb.DuckDBPyConnection, system: System) -> tuple[str, ...]:
    """Make the grids that are missing or still empty; returns the columns whose grid is new or another.

    Grids that hold values stay as they are: see ``has_new_basis`` and ``forget_bins``.
    """
    grids = {grid.column: grid for grid in read_grids(cursor, system)}
    wanted = profiled_columns(cursor, system)
    todo = [w for w in wanted if w[0] not in grids or grids[w[0]].rows_used == 0]
    new_grids = make_grids(cursor, system, todo)
    changed = [grid for grid in new_grids if grid.column not in grids or grid.rows_used]
    keep_grids(cursor, system, changed)
    if not grids:
        mark_profiles(cursor, system.key, [GRIDS])
        start, end = (naive(b) for b in system.reference) if system.reference else (None, None)
        cursor.execute("DELETE FROM profile_basis WHERE system = ?", [system.key])
        cursor.execute(
            "INSERT INTO profile_basis VALUES (?, ?, ?, ?)",
            [system.key, start, end, row_set(cursor, system)],
        )
    return tuple(grid.column for grid in changed)


def forget_bins(cursor: duckdb.DuckDBPyConnection, system: System) -> None:
    """Drop every grid of a system; the profiles counted on them are then worthless."""
    mark_profiles(cursor, system.key, [GRIDS])
    cursor.execute("DELETE FROM profile_bin WHERE system = ?", [system.key])
    cursor.execute("DELETE FROM profile_basis WHERE system = ?", [system.key])


def drop_grids(cursor: duckdb.DuckDBPyConnection, system: System, columns: Sequence[str]) -> None:
    """Drop the grids of some columns."""
    if columns:
        mark_profiles(cursor, system.key, [GRIDS])
        cursor.execute(
            "DELETE FROM profile_bin WHERE system = $system AND list_contains($columns, col)",
            {"system": system.key, "columns": [*columns]},
        )


def keep_grids(cursor: duckdb.DuckDBPyConnection, system: System, grids: Sequence[Grid]) -> None:
    """Store grids in place of earlier ones of the same columns."""
    import pyarrow as pa

    if not grids:
        return
    order = [name for name, _, _ in profiled_columns(cursor, system)]
    # outputs follow the features however many features later loads bring
    places = [
        1_000_000 + OUTPUTS.index(g.column) if g.column in OUTPUTS else order.index(g.column) for g in grids
    ]
    drop_grids(cursor, system, [grid.column for grid in grids])
    table_columns: dict[str, Any] = {
        "system": [system.key] * len(grids), "col": [g.column for g in grids], "place": places,
        "kind": [g.bins.kind.value for g in grids],
        "edges": pa.array([g.bins.edges for g in grids], pa.list_(pa.float64())),
        "levels": pa.array([g.bins.levels for g in grids], pa.list_(pa.string())),
        "decile_cells": pa.array([g.bins.decile_cells for g in grids], pa.list_(pa.int32())),
        "basis": [g.basis for g in grids], "rows_available": [g.rows_available for g in grids],
        "rows_used": [g.rows_used for g in grids],
    }  # fmt: skip
    cursor.register("made_grids", pa.table(table_columns))
    cursor.execute("INSERT INTO profile_bin BY NAME SELECT * FROM made_grids")
    cursor.unregister("made_grids")


def make_grids(
    cursor: duckdb.DuckDBPyConnection, system: System, columns: Sequence[tuple[str, Kind, int]]
) -> list[Grid]:
    """Grids of the given (column, kind, first load) from the reference, nothing stored.

    A column that the reference does not hold takes its grid from the earliest load that holds it.
    """
    if not columns:
        return []
    with cluster_grids(cursor, system) as away:
        rows = away.reference(cursor) if away else _local(cursor, reference_scope(cursor, system))
        results = _grids(rows, columns, "reference")
        empty = [at for at, grid in enumerate(results) if grid.rows_used == 0]
        firsts = (
            away.first_loads([columns[at][:2] for at in empty])
            if away and empty
            else [_first_load(cursor, system, *columns[at][:2]) for at in empty]
        )
        late: dict[int, list[int]] = {}
        for at, first in zip(empty, firsts, strict=True):
            if first is not None:
                late.setdefault(first, []).append(at)
        for load_id, places in late.items():
            rows = away.rows_of_load(load_id) if away else _local(cursor, load_scope(system, load_id))
            grids = _grids(rows, [columns[at] for at in places], f"load {load_id}")
            for at, grid in zip(places, grids, strict=True):
                results[at] = grid
    return [replace(grid, first_load=first) for grid, (_, _, first) in zip(results, columns, strict=True)]


def _first_load(cursor: duckdb.DuckDBPyConnection, system: System, column: str, kind: Kind) -> int | None:
    filled = f"{_expression(column, kind)} IS NOT NULL"
    first = cursor.execute(f"SELECT min(_load_id) {all_rows(system).rows} AND {filled}").fetchone()
    return int(first[0]) if first and first[0] is not None else None


def _expression(column: str, kind: Kind) -> str:
    return value(column) if kind is Kind.NUMERIC else f"{ident(column)}::VARCHAR"


def _grids(rows: GridRows, columns: Sequence[tuple[str, Kind, int]], basis: str) -> list[Grid]:
    """A grid of each column from some rows."""
    grids = {}
    by_level = [column for column, kind, _ in columns if kind is Kind.CATEGORICAL]
    for column, levels in zip(by_level, rows.levels(by_level, MAX_LEVELS), strict=True):
        bins = Bins(feature=feature_name(column), kind=Kind.CATEGORICAL, levels=levels.names)
        grids[column] = Grid(
            column=column, bins=bins, basis=basis, rows_available=levels.n, rows_used=levels.n
        )
    numeric = [column for column, kind, _ in columns if kind is Kind.NUMERIC]
    for at in range(0, len(numeric), COLUMNS):
        some = numeric[at : at + COLUMNS]
        for column, values in zip(some, rows.values(some, SAMPLE_ROWS), strict=True):
            edges, deciles = numeric_edges(values)
            bins = Bins(
                feature=feature_name(column), kind=Kind.NUMERIC, edges=edges, levels=(), decile_cells=deciles
            )
            grids[column] = Grid(
                column=column, bins=bins, basis=basis, rows_available=rows.n, rows_used=len(values)
            )
    return [grids[column] for column, _, _ in columns]


@dataclass(frozen=True, slots=True)
class _LocalRows:
    """Rows of a decision table of which grids are made; see ``GridRows``."""

    cursor: duckdb.DuckDBPyConnection
    scope: Scope
    n: int

    def levels(self, columns: Sequence[str], most: int) -> list[LevelCounts]:
        return [self._levels(column, most) for column in columns]

    def _levels(self, column: str, most: int) -> LevelCounts:
        rows = self.cursor.execute(
            f"""SELECT {_expression(column, Kind.CATEGORICAL)} AS level, count(*) AS n, sum(n) OVER ()
                {self.scope.rows} AND level IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {int(most)}""",
            self.scope.params,
        ).fetchall()
        return LevelCounts(tuple(r[0] for r in rows), int(rows[0][2]) if rows else 0)

    def values(self, columns: Sequence[str], most: int) -> list[FloatArray]:
        scope = self.scope.sample_by_id(most, self.n)
        wanted = ", ".join(_expression(column, Kind.NUMERIC) for column in columns)
        read = self.cursor.execute(f"SELECT {wanted} {scope.rows}", scope.params).to_arrow_table()
        return [
            np.asarray(read.column(at).drop_null().to_numpy(), dtype=np.float64) for at in range(len(columns))
        ]


def _local(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> GridRows:
    row = cursor.execute(f"SELECT count(*) {scope.rows}", scope.params).fetchone()
    return _LocalRows(cursor, scope, int(row[0]) if row else 0)
