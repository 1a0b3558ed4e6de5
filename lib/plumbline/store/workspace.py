"""One DuckDB file, one process, one writer at a time; each run takes its own cursor."""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from plumbline.domain import PlumblineError
from plumbline.domain.acts import ARRIVING, WATCHING, Act
from plumbline.sandbox.limits import duckdb_memory
from plumbline.store.access import permissions
from plumbline.store.database.cancellation import Cancellation
from plumbline.store.database.connection import (
    ATTACHED,
    connect,
    explain_damage,
    hold,
    refuse_unfit_file,
    release,
)
from plumbline.store.database.encryption import encryption_key
from plumbline.store.database.engine import Engine, FullDisk
from plumbline.store.inbox_folder import drop_inbox, make_inbox
from plumbline.store.locations import default_workspace, workspace_path
from plumbline.store.schema import migrate
from plumbline.store.sql import literal
from plumbline.store.times import aware, naive, now
from plumbline.store.upgrade import is_due, upgrade

__all__ = [
    "BusyWriter",
    "Changes",
    "Cursor",
    "FullDisk",
    "Workspace",
    "WriteStop",
    "aware",
    "naive",
    "now",
    "open_workspace",
    "workspace_path",
]  # fmt: skip

#: seconds between two looks of who waits for another write whether it was called off
_TURN = 0.2
#: what every reading function takes: a cursor of its own, inside or outside a transaction
Cursor = duckdb.DuckDBPyConnection


class WriteStop(PlumblineError):
    """A write that a person stopped: nothing was changed."""

    def __init__(self) -> None:
        super().__init__("Stopped; nothing was changed")


class BusyWriter(PlumblineError):
    """Somebody else writes, and this write was not to wait."""

    def __init__(self) -> None:
        super().__init__("Something else is being written", todo="Try again in a moment.")


@dataclass(frozen=True, slots=True)
class Changes:
    """Numbers of the trail's last entries: ``every`` recorded change; ``figures``: without what checks found and told,
    on which no figure rests; ``people``: without what arrives by itself (``ARRIVING``)."""

    every: int = 0
    figures: int = 0
    people: int = 0


class Workspace:
    """An open workspace. Use ``read`` for queries and ``write`` for one transaction."""

    def __init__(
        self,
        path: Path,
        engine: Engine,
        inbox: Path,
        *,
        encrypted: bool = False,
        folders: Sequence[Path] = (),
    ) -> None:
        self.path, self.inbox = path, inbox
        self._folders = self._opened_with = (inbox, *folders)
        self.encrypted = encrypted  #: whether what is on the disk, spilled rows included, is cipher text
        self._engine, self._open = engine, True
        self._writing = threading.RLock()
        self._writer: duckdb.DuckDBPyConnection | None = None
        self._person: str | None = None
        self._cancellation = Cancellation()  # of nobody: it is never called off

    def as_person(self, email: str) -> Workspace:
        """The same workspace in the hands of one signed-in person: a write has to fit the role and bear the name.

        What is opened by a process itself (the command line, a server that nobody signs in to) may do everything.
        """
        ws = copy.copy(self)
        ws._person = email
        return ws

    def for_command(self, folders: Sequence[Path], cancellation: Cancellation | None = None) -> Workspace:
        """The same workspace for one command that another process asked for: it may read files of these folders as
        well, and can be called off."""
        ws = copy.copy(self)
        ws._folders = (*self._folders, *(folder.resolve() for folder in folders))
        ws._cancellation, ws._writer = cancellation or self._cancellation, None
        return ws

    def may_read(self, file: Path) -> bool:
        """Whether a file lies in the inbox or in a folder that was named when the workspace was opened, or lent."""
        return any(file.resolve().is_relative_to(folder) for folder in self._folders)

    def may_read_file(self, file: Path) -> bool:
        """Whether the connection itself may read a file: its folders are settled when it is opened."""
        return any(file.resolve().is_relative_to(folder) for folder in self._opened_with)

    @contextmanager
    def read(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of its own: a connection shared by threads gives wrong answers in silence."""
        if self._cancellation.off:
            raise WriteStop()
        with explain_damage(self.path), self._engine.cursor() as cursor:
            if self.encrypted:
                cursor.execute(f"USE {ATTACHED}")  # a cursor does not inherit it
            self._cancellation.enter(cursor)
            try:
                yield cursor
            except duckdb.InterruptException as error:
                if self._cancellation.off:
                    raise WriteStop() from error
                raise
            finally:
                self._cancellation.leave(cursor)

    @contextmanager
    def read_consistently(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor all of whose statements see the same state, whatever is written meanwhile; writes nothing."""
        with self.read() as cursor:
            cursor.execute("BEGIN TRANSACTION")
            try:
                yield cursor
            finally:
                with suppress(duckdb.Error):  # a database that is lost takes none back
                    cursor.execute("ROLLBACK")

    @contextmanager
    def write(self, *, by_itself: bool = False, wait: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        """One transaction: there whole when the block ends, not at all when it raises.

        Args:
            by_itself: Plumbline keeps what it worked out, whoever looks; no role is asked for.
            wait: for another write to end.

        Raises:
            PlumblineError: a person acts whose role does not cover it; nothing is changed.
            BusyWriter: another write is at work, and this one does not wait.
        """
        while not self._writing.acquire(timeout=_TURN if wait else 0):
            if not wait:
                raise BusyWriter()
            if self._cancellation.off:
                raise WriteStop()
        try:
            if not wait and self._writer is not None:  # this very thread's
                raise BusyWriter()
            yield from self._transaction(by_itself)
        finally:
            self._writing.release()

    def _transaction(self, by_itself: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        with self.read() as cursor:
            cursor.execute("BEGIN TRANSACTION")
            self._writer = cursor
            try:
                person = None if by_itself else self._person
                access, since = permissions.state(cursor, person)
                yield cursor
                if person is not None:
                    permissions.permit(cursor, person, access, since)
                self._cancellation.leave(cursor)
                if self._cancellation.off:
                    raise WriteStop()
            except BaseException as error:
                self._writer = None
                with suppress(duckdb.Error):  # a database that is lost takes none back, and keeps none
                    cursor.execute("ROLLBACK")
                if isinstance(error, duckdb.InterruptException):
                    raise WriteStop() from error
                raise
            self._writer = None
            cursor.execute("COMMIT")
            self._cancellation.commits += 1

    def interrupt(self) -> None:
        """Stop the statement that a writer is at, from another thread; its ``write`` then raises ``WriteStop``."""
        writer = self._writer
        if writer is not None:
            writer.interrupt()

    def change(self, system: str | None = None) -> int:
        """A number that grows with every recorded change: the key of every cache.

        A scorecard that is kept changes nothing that another answer rests on, and does not count.

        Args:
            system: leave out what was done to other systems alone.
        """
        return self.changes(system).every

    def changes(self, system: str | None = None) -> Changes:
        """The same, and beside it what figures rest on, and what people did."""
        with self.read() as cursor:
            row = cursor.execute(
                """SELECT coalesce(max(seq) FILTER (action <> $kept), 0),
                       coalesce(max(seq) FILTER (NOT list_contains($watching, action)), 0),
                       coalesce(max(seq) FILTER (NOT list_contains($arriving, action)), 0)
                   FROM trail WHERE $system IS NULL OR system IN ($system, '')""",
                {
                    "system": system,
                    "kept": Act.SCORECARD_KEPT.value,
                    "watching": [act.value for act in WATCHING],
                    "arriving": [act.value for act in ARRIVING],
                },
            ).fetchone()
        return Changes(*map(int, row)) if row else Changes(0, 0, 0)

    def close(self) -> None:
        self._engine.close()
        if self._open:
            self._open = False
            release(self.path)
        drop_inbox(self.inbox)


def open_workspace(
    path: str | os.PathLike[str] | None = None,
    *,
    read_from: Sequence[Path] = (),
    memory_limit: str | None = None,
) -> Workspace:
    """Open the workspace, creating it where there is none, and lock its configuration. One of an older version is
    copied into ``backups`` beside it and brought to today's schema.

    With a key (``encryption_key``) the file is encrypted (AES-256-GCM), and so is what spills to disk.

    Args:
        path: the file; see ``workspace_path``.
        read_from: folders whose files may be loaded, beside the workspace's own inbox.
        memory_limit: e.g. ``1500MB``; DuckDB spills to disk beyond it. Default: PLUMBLINE_MEMORY or 1500MB.

    Raises:
        PlumblineError: the file is in use, is not a workspace, is damaged or of a newer version, may not be written,
            the key does not fit it, or there is no room for the copy before a migration.
    """
    target = workspace_path(path)
    key = encryption_key()
    if not target.exists():
        _create(target, key)
    inbox = make_inbox()
    folders = ", ".join(literal(f"{folder.resolve()}/") for folder in (inbox, *read_from))

    def connect_locked() -> duckdb.DuckDBPyConnection:
        connection = _open_connection(target, key, memory_limit)
        hold(target)
        try:
            connection.execute(f"SET allowed_directories = [{folders}]")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET allowed_configs = ['threads']")  # see ``few_threads``
            connection.execute("SET lock_configuration = true")
        except BaseException:
            connection.close()
            release(target)
            raise
        return connection

    try:
        engine = Engine(target, connect_locked, lambda: release(target))
    except BaseException:
        drop_inbox(inbox)
        raise
    return Workspace(
        target, engine, inbox, encrypted=bool(key), folders=[folder.resolve() for folder in read_from]
    )


def _connect(target: Path, key: str, memory_limit: str | None) -> duckdb.DuckDBPyConnection:
    connection = connect(target, key)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET memory_limit = {literal(memory_limit or duckdb_memory())}")
    except BaseException:
        connection.close()
        raise
    return connection


def _open_connection(target: Path, key: str, memory_limit: str | None) -> duckdb.DuckDBPyConnection:
    """A connection to a workspace of today's schema: what is older is copied and migrated first.

    Raises:
        PlumblineError: see ``open_workspace``.
    """
    while True:
        before = _identity(target)
        connection = _connect(target, key, memory_limit)
        try:
            theirs = _identity(target) != before  # another process has put its migrated one there meanwhile
            if not theirs and not is_due(connection, target):
                return connection
            if not theirs:
                upgrade(connection, target, partial(_connect, key=key, memory_limit=memory_limit))
        except BaseException:
            connection.close()
            raise
        connection.close()


def _identity(target: Path) -> tuple[int, int]:
    seen = target.stat()
    return seen.st_dev, seen.st_ino


def _create(target: Path, key: str) -> None:
    """Make an empty workspace beside its place and put it there whole, whatever is killed meanwhile."""
    if target.resolve() == default_workspace().resolve():
        with suppress(OSError):  # said by what looks at it next
            target.parent.mkdir(parents=True, exist_ok=True)
    refuse_unfit_file(target)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    connection = connect(part, key)
    try:
        migrate(connection, 0)
    finally:
        connection.close()
    try:
        os.link(part, target)  # refuses where another process was quicker
    except FileExistsError:
        pass
    except OSError:
        part.rename(target)
    part.unlink(missing_ok=True)
