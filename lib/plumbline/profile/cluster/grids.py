"""The rows of a cluster's table of which grids are made: the same that DuckDB would take of a table here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb
import numpy as np

from plumbline.domain import FloatArray, Kind, System
from plumbline.logs.cluster.cells import spark_identifier
from plumbline.logs.cluster.table import ClusterReading
from plumbline.profile.cluster.away import ClusterSession, open_cluster
from plumbline.profile.cluster.counts import frequent_levels_query
from plumbline.store.workspace import naive


@dataclass(frozen=True, slots=True)
class LevelCounts:
    """The most frequent levels of a column, and how many rows have any."""

    names: tuple[str, ...]
    n: int


class GridRows(Protocol):
    """Rows of which grids are made, ``n`` of them, wherever they lie."""

    @property
    def n(self) -> int: ...

    def levels(self, columns: Sequence[str], most: int) -> list[LevelCounts]:
        """The levels of each column, the most frequent first, ties in order of their names."""

    def values(self, columns: Sequence[str], most: int) -> list[FloatArray]:
        """The finite values of each column, of about ``most`` rows where there are more."""


@dataclass(frozen=True, slots=True)
class _ClusterRows:
    """Rows of the cluster's table under a condition; see ``GridRows``."""

    session: Any
    reading: ClusterReading
    where: str
    n: int

    def levels(self, columns: Sequence[str], most: int) -> list[LevelCounts]:
        if not columns:
            return []
        names: list[list[str]] = [[] for _ in columns]
        totals = [0] * len(columns)
        for row in self.session.sql(frequent_levels_query(self.reading, columns, self.where, most)).collect():
            names[row[0]].append(row[1])
            totals[row[0]] = int(row[3])
        return [LevelCounts(tuple(each), total) for each, total in zip(names, totals, strict=True)]

    def values(self, columns: Sequence[str], most: int) -> list[FloatArray]:
        drawn = "true" if self.n <= most else f"_row < '{int(most / self.n * 2**64):016x}'"
        wanted = ", ".join(f"{spark_identifier(name)} AS c{i}" for i, name in enumerate(columns))
        query = f"SELECT {wanted} FROM ({self.reading.decisions()}) WHERE ({self.where}) AND {drawn}"
        read = self.session.sql(query).toArrow()
        return [
            np.asarray(read.column(at).drop_null().to_numpy(), dtype=np.float64) for at in range(len(columns))
        ]


@dataclass(frozen=True, slots=True)
class ClusterGrids:
    """Where the rows of grids are found in a cluster."""

    away: ClusterSession
    system: System

    def reference(self, cursor: duckdb.DuckDBPyConnection) -> GridRows:
        """The decisions that count as healthy; while no reference is set, those of the earliest load."""
        if self.system.reference:
            start, end = (naive(bound).isoformat(" ") for bound in self.system.reference)
            return self._rows(f"`timestamp` >= TIMESTAMP '{start}' AND `timestamp` < TIMESTAMP '{end}'")
        windows = self.away.reading.windows
        return self._rows(f"_load = {int(windows[0].load_id)}" if windows else "false")

    def rows_of_load(self, load_id: int) -> GridRows:
        """The decisions of one load."""
        return self._rows(f"_load = {int(load_id)}")

    def first_loads(self, columns: Sequence[tuple[str, Kind]]) -> list[int | None]:
        """The earliest load that holds each column."""
        wanted = ", ".join(
            f"min(CASE WHEN {spark_identifier(name)} IS NOT NULL THEN _load END)" for name, _ in columns
        )
        row = self.away.session.sql(f"SELECT {wanted} FROM ({self.away.reading.decisions()})").collect()[0]
        return [None if load is None else int(load) for load in row]

    def _rows(self, where: str) -> GridRows:
        query = f"SELECT count(*) FROM ({self.away.reading.decisions()}) WHERE {where}"
        n = int(self.away.session.sql(query).collect()[0][0])
        return _ClusterRows(self.away.session, self.away.reading, where, n)


@contextmanager
def cluster_grids(cursor: duckdb.DuckDBPyConnection, system: System) -> Iterator[ClusterGrids | None]:
    """Where the rows of a system's grids are found; None where they lie here."""
    with open_cluster(cursor, system) as found_away:
        yield None if found_away is None else ClusterGrids(found_away, system)
