"""The connection behind a workspace: opened anew after an error that DuckDB does not come back from, a full disk told.

DuckDB calls a database invalid once a write of its own file failed, and answers nothing more until it is opened again.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from plumbline.domain import PlumblineError
from plumbline.sandbox.limits import size_in_bytes

#: seconds for which whoever comes waits for those who still hold a cursor of the lost connection
PATIENCE = 10.0
_ERRNOS = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
#: how DuckDB passes on that nothing more can be written, where and however it was tried
_PHRASES = (
    "no space left on device", "file too large", "disk quota exceeded", "not enough space on the disk",
    "'max_temp_directory_size'",
)  # fmt: skip
#: how a library says that it found no room for itself, and Python that it found none for a thread
_UNMAPPED = ("failed to map segment", "cannot allocate memory", "can't start new thread")


class FullDisk(PlumblineError):
    """Nothing more can be written to the disk; what was being written was not kept."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            "The disk is full; nothing of this was kept",
            where=str(path),
            todo="Free space there and do it again. What was there before is unharmed.",
        )


class MemoryShortage(PlumblineError):
    """The memory that is allowed, or that the machine has, is not enough for what was asked."""

    def __init__(self) -> None:
        super().__init__(
            "The memory is not enough for this; nothing of it was kept",
            todo="Set PLUMBLINE_MEMORY to more, or to less than the machine has free; or load less at once.",
        )


def is_memory_shortage(error: BaseException) -> bool:
    """Whether an error says that there was no memory for it."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    if isinstance(error, (ImportError, RuntimeError)):
        return any(phrase in str(error).lower() for phrase in _UNMAPPED)
    return isinstance(error, (MemoryError, duckdb.OutOfMemoryException)) and not is_full(error)


def is_full(error: BaseException) -> bool:
    """Whether an error says that nothing more can be written."""
    if isinstance(error, OSError):
        return error.errno in _ERRNOS
    return isinstance(error, duckdb.Error) and any(phrase in str(error).lower() for phrase in _PHRASES)


def cannot_write(error: BaseException) -> bool:
    """Whether nothing can be written, whatever was to be: a full or read-only disk, or a database that is lost."""
    if isinstance(error, FullDisk) or is_full(error):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.EROFS
    return isinstance(error, duckdb.FatalException)


class Engine:
    """Hands out cursors of one connection, and opens it anew where it was lost and nobody uses it any more."""

    def __init__(
        self, path: Path, connect: Callable[[], duckdb.DuckDBPyConnection], let_go: Callable[[], None]
    ) -> None:
        self._path, self._connect, self._let_go = path, connect, let_go
        self._connection = connect()
        self._state = threading.Condition()
        self._users, self._lost = 0, False

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of its own.

        Raises:
            Full: the disk is full.
            PlumblineError: the connection was lost and cannot be opened anew yet.
        """
        with self._state:
            if self._lost:
                self._renew()
            cursor = self._connection.cursor()
            self._users += 1
        try:
            yield cursor
        except (duckdb.Error, OSError, MemoryError) as error:
            if isinstance(error, duckdb.FatalException):
                self._lost = True
            if is_full(error):
                raise FullDisk(self._path) from error
            if is_memory_shortage(error):
                raise MemoryShortage() from error
            raise
        finally:
            cursor.close()
            with self._state:
                self._users -= 1
                self._state.notify_all()

    def _renew(self) -> None:
        if not self._state.wait_for(lambda: self._users == 0 or not self._lost, PATIENCE):
            raise PlumblineError("The workspace is being opened anew", todo="Try again in a moment.")
        if self._lost:
            self._connection.close()
            self._let_go()
            self._connection = self._connect()
            self._lost = False

    def close(self) -> None:
        self._connection.close()


#: what DuckDB cannot let go of while a thread writes a column: a block of its values, and one of which are missing
_PINNED = 2 * 262_144
#: the part of the memory limit that these may take
_ROOM = 0.5


@contextmanager
def few_threads(cursor: duckdb.DuckDBPyConnection, columns: int) -> Iterator[None]:
    """Fewer threads where a table of so many columns is written and its blocks would not fit the memory limit; as many
    as before for all others."""
    row = cursor.execute("SELECT current_setting('threads'), current_setting('memory_limit')").fetchone()
    threads, limit = (int(row[0]), size_in_bytes(str(row[1]))) if row else (1, 0)
    fitting = max(1, min(threads, int(_ROOM * limit) // (max(columns, 1) * _PINNED)))
    if not limit or fitting == threads:
        yield
        return
    cursor.execute(f"SET threads = {fitting}")
    try:
        yield
    finally:
        with suppress(duckdb.Error):  # a database that is lost is opened anew with all of them
            cursor.execute(f"SET threads = {threads}")
