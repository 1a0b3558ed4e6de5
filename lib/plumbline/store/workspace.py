"""One DuckDB file, one process, one writer at a time; each run takes its own cursor."""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import duckdb

from plumbline.domain import PlumblineError
from plumbline.store import permits
from plumbline.store.extensions import CONFIG, load_extension
from plumbline.store.inbox import drop_inbox, make_inbox
from plumbline.store.locations import data_folder
from plumbline.store.sql import literal

#: what every reading function takes: a cursor of its own, inside or outside a transaction
Cursor = duckdb.DuckDBPyConnection

_ATTACHED = "workspace"  # the name under which an encrypted file is attached


def now() -> datetime:
    """The current time, UTC."""
    return datetime.now(UTC)


def naive(at: datetime) -> datetime:
    """A UTC time as the workspace stores it; a naive time is taken to be UTC already."""
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def aware(at: datetime) -> datetime:
    """A stored time as it leaves the workspace."""
    return at.replace(tzinfo=UTC)


class Stopped(PlumblineError):
    """A write that a person stopped: nothing was changed."""

    def __init__(self) -> None:
        super().__init__("Stopped; nothing was changed")


class Busy(PlumblineError):
    """Somebody else writes, and this write was not to wait."""

    def __init__(self) -> None:
        super().__init__("Something else is being written", todo="Try again in a moment.")


class Workspace:
    """An open workspace. Use ``read`` for queries and ``write`` for one transaction."""

    def __init__(
        self, path: Path, connection: duckdb.DuckDBPyConnection, inbox: Path, *, encrypted: bool = False
    ) -> None:
        self.path, self.inbox = path, inbox
        self.encrypted = encrypted  #: whether what is on the disk, spilled rows included, is cipher text
        self._connection = connection
        self._writing = threading.RLock()
        self._writer: duckdb.DuckDBPyConnection | None = None
        self._person: str | None = None

    def acting(self, email: str) -> Workspace:
        """The same workspace in the hands of one signed-in person: a write has to fit the role and bear the name.

        What is opened by a process itself (the command line, a server that nobody signs in to) may do everything.
        """
        held = copy.copy(self)
        held._person = email
        return held

    @contextmanager
    def read(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of its own: a connection shared by threads gives wrong answers in silence."""
        cursor = self._connection.cursor()
        try:
            if self.encrypted:
                cursor.execute(f"USE {_ATTACHED}")  # a cursor does not inherit it
            yield cursor
        finally:
            cursor.close()

    @contextmanager
    def write(self, *, by_itself: bool = False, wait: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        """One transaction: there whole when the block ends, not at all when it raises.

        Args:
            by_itself: Plumbline keeps what it worked out, whoever looks; no role is asked for.
            wait: for another write to end.

        Raises:
            PlumblineError: a person acts whose role does not cover it; nothing is changed.
            Busy: another write is at work, and this one does not wait.
        """
        if not self._writing.acquire(blocking=wait):
            raise Busy()
        try:
            if not wait and self._writer is not None:  # this very thread's
                raise Busy()
            yield from self._written(by_itself)
        finally:
            self._writing.release()

    def _written(self, by_itself: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        with self.read() as cursor:
            cursor.execute("BEGIN TRANSACTION")
            self._writer = cursor
            try:
                person = None if by_itself else self._person
                held, since = permits.state(cursor, person)
                yield cursor
                if person is not None:
                    permits.permit(cursor, person, held, since)
            except BaseException as error:
                self._writer = None
                cursor.execute("ROLLBACK")
                if isinstance(error, duckdb.InterruptException):
                    raise Stopped() from error
                raise
            self._writer = None
            cursor.execute("COMMIT")

    def interrupt(self) -> None:
        """Stop the statement that a writer is at, from another thread; its ``write`` then raises ``Stopped``."""
        writer = self._writer
        if writer is not None:
            writer.interrupt()

    def change(self, system: str | None = None) -> int:
        """A number that grows with every recorded change: the key of every cache.

        A scorecard that is kept changes nothing that another answer rests on, and does not count.

        Args:
            system: leave out what was done to other systems alone.
        """
        with self.read() as cursor:
            row = cursor.execute(
                """SELECT coalesce(max(seq), 0) FROM trail
                   WHERE action <> 'scorecard kept' AND ($system IS NULL OR system IN ($system, ''))""",
                {"system": system},
            ).fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        self._connection.close()
        drop_inbox(self.inbox)


def workspace_path(path: str | os.PathLike[str] | None = None) -> Path:
    """Where the workspace is: the given path, PLUMBLINE_WORKSPACE, or ``workspace.duckdb`` in the data folder."""
    return Path(path or os.environ.get("PLUMBLINE_WORKSPACE") or data_folder() / "workspace.duckdb")


def open_workspace(
    path: str | os.PathLike[str] | None = None,
    *,
    read_from: Sequence[Path] = (),
    memory_limit: str | None = None,
) -> Workspace:
    """Open the workspace, creating it where there is none, and lock its configuration.

    Where PLUMBLINE_KEY is set the file is encrypted with it (AES-256-GCM), and so is what spills to disk.

    Args:
        path: the file; see ``workspace_path``.
        read_from: folders whose files may be loaded, beside the workspace's own inbox.
        memory_limit: e.g. ``1500MB``; DuckDB spills to disk beyond it. Default: PLUMBLINE_MEMORY or 1500MB.

    Raises:
        PlumblineError: the file is in use, is not a workspace, or the key does not fit it.
    """
    target = workspace_path(path)
    key = os.environ.get("PLUMBLINE_KEY", "")
    try:
        if not target.exists():
            _create(target, key)
    except OSError as error:
        raise _refused(target, error) from error
    connection = _connect(target, key)
    inbox = make_inbox()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"SET memory_limit = {literal(memory_limit or os.environ.get('PLUMBLINE_MEMORY', '1500MB'))}"
        )
        folders = ", ".join(literal(f"{folder.resolve()}/") for folder in (inbox, *read_from))
        connection.execute(f"SET allowed_directories = [{folders}]")
        _migrate(connection, target)
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except BaseException:
        connection.close()
        drop_inbox(inbox)
        raise
    return Workspace(target, connection, inbox, encrypted=bool(key))


def _create(target: Path, key: str) -> None:
    """Make an empty workspace beside its place and put it there whole, whatever is killed meanwhile."""
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    connection = _connect(part, key)
    try:
        _migrate(connection, target)
    finally:
        connection.close()
    try:
        os.link(part, target)  # refuses where another process was quicker
    except FileExistsError:
        pass
    except OSError:
        part.rename(target)
    part.unlink(missing_ok=True)


def _connect(target: Path, key: str) -> duckdb.DuckDBPyConnection:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return _attach(target, key) if key else duckdb.connect(str(target), config=CONFIG)
    except (OSError, duckdb.Error) as error:
        raise _refused(target, error) from error


def _attach(target: Path, key: str) -> duckdb.DuckDBPyConnection:
    """A connection in memory that has the encrypted file attached and in use."""
    connection = duckdb.connect(":memory:", config=CONFIG)
    try:
        load_extension(connection, "httpfs")  # DuckDB's own cipher only reads; this one writes
        connection.execute("SET temp_file_encryption = true")
        connection.execute(f"SET temp_directory = {literal(f'{target}.tmp')}")
        connection.execute(f"ATTACH {literal(str(target))} AS {_ATTACHED} (ENCRYPTION_KEY ?)", [key])
        connection.execute(f"USE {_ATTACHED}")
    except BaseException:
        connection.close()
        raise
    return connection


#: a phrase of DuckDB's refusal -> what is wrong, and what to do
_REFUSALS = (
    ("set lock on file", "The workspace is open in another process",
     "Stop the app or the other command, or use the app's own pages."),
    ("permission denied", "There is no permission to write the workspace",
     "Give this user the right to write in its folder, or choose another path with --workspace."),
    ("read-only file system", "The workspace lies on a file system that cannot be written",
     "Choose another path with --workspace."),
    ("wrong encryption key", "PLUMBLINE_KEY is not the key of this workspace",
     "Set the key that it was made with; without it the data cannot be read."),
    ("without a key", "The workspace is encrypted and PLUMBLINE_KEY is not set",
     "Set it to the key that the workspace was made with."),
    ("is not encrypted", "PLUMBLINE_KEY is set, but this workspace is not encrypted",
     "Choose a new path and load the logs there, or unset the key."),
)  # fmt: skip


def _refused(target: Path, error: Exception) -> PlumblineError:
    text = str(error).lower()
    for phrase, what, todo in _REFUSALS:
        if phrase in text:
            return PlumblineError(what, where=str(target), todo=todo)
    if isinstance(error, OSError):
        return PlumblineError(
            f"The workspace cannot be opened: {error.strerror}",
            where=str(target),
            todo="Choose another path.",
        )
    return PlumblineError(
        "This file is not a workspace that this version can open",
        where=str(target),
        todo="Choose another path with --workspace.",
    )


def _migrate(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    folder = resources.files("plumbline.store") / "migrations"
    scripts = sorted(
        ((int(f.name[:4]), f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith(".sql")),
        key=lambda script: script[0],
    )
    tables = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if tables and "schema_version" not in tables:
        raise PlumblineError(
            "This DuckDB file holds other tables and is not a workspace",
            where=str(target),
            todo="Choose another path with --workspace.",
        )
    row = connection.execute("SELECT max(version) FROM schema_version").fetchone() if tables else None
    done = int(row[0]) if row and row[0] is not None else 0
    if done > scripts[-1][0]:
        raise PlumblineError(
            "This workspace was written by a newer version of Plumbline",
            where=str(target),
            todo="Install that version.",
        )
    due = [(version, script) for version, script in scripts if version > done]
    for version, script in due:
        connection.execute("BEGIN TRANSACTION")
        connection.execute(script)
        connection.execute("INSERT INTO schema_version VALUES (?, ?)", [version, naive(now())])
        connection.execute("COMMIT")
    if due:  # replaying these from the log of a killed process fails in DuckDB 1.5: a check has no catalog to bind in
        connection.execute("CHECKPOINT")
