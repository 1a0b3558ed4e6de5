"""One DuckDB file, one process, one writer at a time; each run takes its own cursor."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import duckdb

from plumbline.domain import PlumblineError
from plumbline.store.sql import literal

#: what every reading function takes: a cursor of its own, inside or outside a transaction
Cursor = duckdb.DuckDBPyConnection

DEFAULT_PATH = Path("data/workspace.duckdb")
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
}


def now() -> datetime:
    """The current time, UTC."""
    return datetime.now(UTC)


def naive(at: datetime) -> datetime:
    """A UTC time as the workspace stores it; a naive time is taken to be UTC already."""
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def aware(at: datetime) -> datetime:
    """A stored time as it leaves the workspace."""
    return at.replace(tzinfo=UTC)


class Workspace:
    """An open workspace. Use ``read`` for queries and ``write`` for one transaction."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection, inbox: Path) -> None:
        self.path, self.inbox = path, inbox
        self._connection = connection
        self._writing = threading.RLock()

    @contextmanager
    def read(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of its own: a connection shared by threads gives wrong answers in silence."""
        cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    @contextmanager
    def write(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One transaction: there whole when the block ends, not at all when it raises."""
        with self._writing, self.read() as cursor:
            cursor.execute("BEGIN TRANSACTION")
            try:
                yield cursor
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")

    def change(self) -> int:
        """A number that grows with every recorded change: the key of every cache.

        A scorecard that is kept changes nothing that another answer rests on, and does not count.
        """
        with self.read() as cursor:
            row = cursor.execute(
                "SELECT coalesce(max(seq), 0) FROM trail WHERE action <> 'scorecard kept'"
            ).fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        self._connection.close()
        shutil.rmtree(self.inbox, ignore_errors=True)


def workspace_path(path: str | os.PathLike[str] | None = None) -> Path:
    """Where the workspace is: the given path, PLUMBLINE_WORKSPACE, or data/workspace.duckdb."""
    return Path(path or os.environ.get("PLUMBLINE_WORKSPACE") or DEFAULT_PATH)


def open_workspace(
    path: str | os.PathLike[str] | None = None,
    *,
    read_from: Sequence[Path] = (),
    memory_limit: str | None = None,
) -> Workspace:
    """Open the workspace, creating it where there is none, and lock its configuration.

    Args:
        path: the file; see ``workspace_path``.
        read_from: folders whose files may be loaded, beside the workspace's own inbox.
        memory_limit: e.g. ``1500MB``; DuckDB spills to disk beyond it. Default: PLUMBLINE_MEMORY or 1500MB.

    Raises:
        PlumblineError: the file is in use, is not a workspace, or encryption was asked for.
    """
    if os.environ.get("PLUMBLINE_KEY"):
        raise PlumblineError(
            "PLUMBLINE_KEY is set, but this version cannot encrypt the workspace",
            todo="Unset it, or keep the workspace on an encrypted disk.",
        )
    target = workspace_path(path)
    connection = _connect(target)
    inbox = Path(tempfile.mkdtemp(prefix="plumbline-inbox-")).resolve()
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
        shutil.rmtree(inbox, ignore_errors=True)
        raise
    return Workspace(target, connection, inbox)


def _connect(target: Path) -> duckdb.DuckDBPyConnection:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return duckdb.connect(str(target), config=_CONFIG)
    except (OSError, duckdb.Error) as error:
        text = str(error)
        if "lock" in text.lower():
            raise PlumblineError(
                "The workspace is open in another process",
                where=str(target),
                todo="Stop the app or the other command, or use the app's own pages.",
            ) from error
        if isinstance(error, OSError):
            raise PlumblineError(
                f"The workspace cannot be opened: {error.strerror}",
                where=str(target),
                todo="Choose another path.",
            ) from error
        raise PlumblineError(
            "This file is not a workspace that this version can open",
            where=str(target),
            todo="Choose another path with --workspace.",
        ) from error


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
    for version, script in scripts:
        if version <= done:
            continue
        connection.execute("BEGIN TRANSACTION")
        connection.execute(script)
        connection.execute("INSERT INTO schema_version VALUES (?, ?)", [version, naive(now())])
        connection.execute("COMMIT")
