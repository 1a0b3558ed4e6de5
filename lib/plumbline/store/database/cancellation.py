"""Ending what a thread does with a workspace from another one, between two statements or in the midst of one."""

from __future__ import annotations

import threading

import duckdb


class Cancellation:
    """Knows the cursors of one piece of work, and interrupts them once it is called off."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cursors: set[duckdb.DuckDBPyConnection] = set()
        self.off = False  #: whether the work was called off
        self.commits = 0  #: transactions that were committed; they stay

    def enter(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """The work uses a cursor from now on."""
        with self._lock:
            self._cursors.add(cursor)

    def leave(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """The work is done with a cursor, or commits on it: that is not broken off."""
        with self._lock:
            self._cursors.discard(cursor)

    def cancel(self) -> None:
        """Interrupt what is at work and hand out no more cursors. To be called until the work has ended, as one call
        may fall between two statements."""
        with self._lock:
            self.off = True
            for cursor in self._cursors:
                cursor.interrupt()
