"""The cluster in which a system's decisions lie, while a workspace's transaction is under way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from plumbline.domain import PlumblineError, System
from plumbline.logs.cluster import attachments
from plumbline.logs.cluster.attachments import Window
from plumbline.logs.cluster.session import cluster, describe
from plumbline.logs.cluster.table import ClusterReading, build_reading
from plumbline.logs.pull.location import read_location
from plumbline.store.systems import decision_columns, saved_mapping


@dataclass(frozen=True, slots=True)
class ClusterSession:
    """A session with the cluster, and how the table is read there."""

    session: Any
    reading: ClusterReading

    def window(self, load_id: int) -> Window:
        """What a load has counted.

        Raises:
            PlumblineError: it was no load of this table.
        """
        for window in self.reading.windows:
            if window.load_id == load_id:
                return window
        raise PlumblineError(
            f"Load {load_id} was not read from the table that the system is attached to",
            where=self.reading.table.name,
            todo="Take it back: plumbline undo LOAD.",
        )


@contextmanager
def open_cluster(cursor: duckdb.DuckDBPyConnection, system: System) -> Iterator[ClusterSession | None]:
    """The cluster of a system; None where its decisions lie here, or none is counted.

    Raises:
        PlumblineError: the cluster cannot be reached, or its table is no longer what was attached.
    """
    attachment = attachments.find(cursor, system.key)
    # where every look was taken back there is nothing to ask for
    if attachment is None or not attachments.windows(cursor, system.key):
        yield None
        return
    mapping = saved_mapping(cursor, system.key)
    if mapping is None:
        raise PlumblineError("The table was never read", todo="Attach it again: plumbline attach.")
    with cluster(read_location(attachment.location)) as session:
        table = describe(session, attachment.item, attachment.since)
        named = decision_columns(cursor, system.key)
        windows = attachments.windows(cursor, system.key)
        yield ClusterSession(session, build_reading(system, mapping, table, named, windows))
