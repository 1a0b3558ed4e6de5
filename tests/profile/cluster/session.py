"""A cluster's session that answers from DuckDB: the queries are those that Spark is asked, word for word, with
only what DuckDB spells otherwise put in its words. The rows are those of a decision table of this workspace."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow as pa

from plumbline.domain import System
from plumbline.logs.cluster.attachments import Window
from plumbline.profile.cluster.away import ClusterSession
from plumbline.store.sql import decision_table
from plumbline.store.systems import decision_columns

_STACK = re.compile(r"stack\((\d+), (.*)\) AS \(place, level\)")


def in_duckdb(query: str) -> str:
    """A query of Spark in DuckDB's words."""

    def unnested(found: re.Match[str]) -> str:
        values = re.findall(r"\d+, (CAST\(.*? AS STRING\))", found[2])
        assert len(values) == int(found[1])
        places = ", ".join(str(i) for i in range(len(values)))
        return f"unnest([{places}]) AS place, unnest([{', '.join(values)}]) AS level"

    query = _STACK.sub(unnested, query).replace("`", '"').replace("unix_micros(", "epoch_us(")
    query = query.replace(
        "count(DISTINCT coalesce(arm, ''), decision_id)", "count(DISTINCT (coalesce(arm, ''), decision_id))"
    )
    query = (
        query.replace("xxhash64(", "hash(").replace("LEFT SEMI JOIN", "SEMI JOIN").replace("struct(", "row(")
    )
    return re.sub(r"(?<=\d)D\b", "", query)


@dataclass
class Answer:
    """What a query said."""

    cursor: duckdb.DuckDBPyConnection
    table: pa.Table

    def collect(self) -> list[tuple[Any, ...]]:
        return list(zip(*(column.to_pylist() for column in self.table.columns), strict=True))

    def toArrow(self) -> pa.Table:
        return self.table

    def mapInArrow(self, function: Callable[..., Iterator[Any]], schema: str) -> Answer:
        """The function over batches of a few rows, with the columns of the schema."""
        made = pa.Table.from_batches(function(iter(self.table.to_batches(97))))
        names = [part.split()[0] for part in schema.split(", ")]
        return Answer(self.cursor, made.select(names))

    def createOrReplaceTempView(self, name: str) -> None:
        self.cursor.register(name, self.table)


@dataclass
class Session:
    """Answers queries from a workspace's connection; ``sent``: what was given to it."""

    cursor: duckdb.DuckDBPyConnection
    session_id: str = "s"
    sent: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def sql(self, query: str) -> Answer:
        self.asked.append(query)
        return Answer(self.cursor, self.cursor.execute(in_duckdb(query)).to_arrow_table())

    def addArtifact(self, path: str, *, pyfile: bool) -> None:
        assert pyfile
        self.sent.append(path)


def away(cursor: duckdb.DuckDBPyConnection, system: System, loads: Sequence[int] = (1,)) -> ClusterSession:
    """A cluster that holds the system's own decision table as these loads."""
    windows = tuple(Window(load_id=load, low=None, high=str(load), n_read=0) for load in loads)

    def decisions(chosen: Sequence[Window] | None = None) -> str:
        listed = ", ".join(str(w.load_id) for w in (windows if chosen is None else chosen)) or "NULL"
        return f"""SELECT *, _load_id AS _load, timestamp AS _utc, lpad(to_hex(hash(_line)), 16, '0') AS _row
                   FROM {decision_table(system.key)} WHERE _load_id IN ({listed})"""

    named = tuple(decision_columns(cursor, system.key))
    reading = SimpleNamespace(
        windows=windows, named=named, decisions=decisions, table=SimpleNamespace(name="c.s.t"),
        in_utc=lambda: reading,
    )  # fmt: skip
    return ClusterSession(Session(cursor), reading)  # type: ignore[arg-type]


def opened(place: ClusterSession | None) -> Any:
    """In place of ``open_cluster``: this cluster, or none."""

    @contextmanager
    def open_cluster(cursor: duckdb.DuckDBPyConnection, system: System) -> Iterator[ClusterSession | None]:
        yield place

    return open_cluster
