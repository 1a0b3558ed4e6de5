"""Bringing a workspace to today's schema, never without a copy of what it was.

The file is copied, the copy is migrated, and takes the workspace's place in one step; what was there before becomes
the backup. So a process killed at any moment leaves the one or the other, whole. The old file stays open, and with it
locked against other processes, until the new one is in its place.
"""

from __future__ import annotations

import glob
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import duckdb

from plumbline.domain import PlumblineError
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.store.copies import copy_path, drop_old, list_migration_copies
from plumbline.store.database.connection import damage_sentence
from plumbline.store.schema import migrate, schema_number, scripts
from plumbline.store.times import now
from plumbline.wording.quantities import count

LOG = logging.getLogger("plumbline")
#: a step between any two of which the process may be killed: tests do
Step = Callable[[str], None]
#: free space beyond the file's own size that a migration may need for what it writes anew
_MARGIN, _SHARE = 64 * 2**20, 0.25
#: by a process of its own: closing the file in this one would drop the lock that DuckDB holds on it
_COPYING = "import shutil, sys; shutil.copyfile(sys.argv[1], sys.argv[2])"


def is_due(connection: duckdb.DuckDBPyConnection, target: Path) -> bool:
    """Whether an open workspace has migrations before it.

    Raises:
        PlumblineError: it is no workspace, or was written by a newer version.
    """
    return schema_number(connection, target) < scripts()[-1][0]


def upgrade(
    connection: duckdb.DuckDBPyConnection,
    target: Path,
    connect: Callable[[Path], duckdb.DuckDBPyConnection],
    step: Step = lambda _name: None,
) -> Path | None:
    """Put a migrated copy in the workspace's place, and keep what it was; the caller then opens it anew.

    Args:
        connection: the open workspace; it is not to be used afterwards.
        connect: opens a file beside it, with the workspace's key.
        step: called by name as each step is done.

    Returns:
        where the workspace as it was now lies; None where it held nothing.

    Raises:
        PlumblineError: there is no room for the copy, or it could not be made; the workspace is as it was.
    """
    target = target.resolve()  # a link to the file stays one
    number, newest = schema_number(connection, target), scripts()[-1][0]
    backup = copy_path(target, number, now()) if number else None
    connection.execute("CHECKPOINT")  # what the log of writes holds is in the file
    connection.execute(
        "PRAGMA disable_checkpoint_on_shutdown"
    )  # and closing it touches no file of the new one's
    _tidy(target)
    part = target.with_name(f"{target.name}.{os.getpid()}.migrating")
    try:
        if Path(f"{target}.wal").exists():
            raise OSError("its log of writes could not be merged")
        _require_space(target)
        if backup:
            backup.parent.mkdir(mode=0o700, exist_ok=True)
        _copy(target, part)
        step("copied")
        _migrate_copy(connect(part), number, newest, backup)
        step("migrated")
        if backup:
            os.link(target, backup)
            step("linked")
        os.replace(part, target)
    except PlumblineError:
        _drop(part)
        raise
    except (OSError, duckdb.Error) as error:
        _drop(part)
        if backup:
            backup.unlink(missing_ok=True)
        raise damage_sentence(target, error) or _migration_error(target, error) from error
    step("replaced")
    drop_old(target)
    if backup:
        LOG.warning(
            "The workspace was brought from schema %d to %d; as it was it lies in %s", number, newest, backup
        )
    return backup


def _tidy(target: Path) -> None:
    """Sweep away what a killed process left: copies half migrated, and a backup that is still the workspace itself."""
    for path in target.parent.glob(f"{glob.escape(target.name)}.*.migrating*"):
        _drop(path)
    for path in list_migration_copies(target):
        if path.samefile(target):
            path.unlink()


def _require_space(target: Path) -> None:
    size = target.stat().st_size
    needed = int(size * (1 + _SHARE)) + _MARGIN
    free = shutil.disk_usage(target.parent).free
    if free < needed:
        raise PlumblineError(
            message(
                "This version changes the workspace's schema and first copies it: {needed} MB have to be free, and "
                "{free} MB are",
                needed=count(needed // 2**20 + 1),
                free=count(free // 2**20),
            ),
            where=str(target.parent),
            todo="Make room; nothing was changed.",
        )


def _copy(target: Path, part: Path) -> None:
    mask = target.stat().st_mode & 0o777
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mask))
    process = subprocess.run(  # noqa: S603 - this Python, two paths as arguments
        [sys.executable, "-I", "-S", "-c", _COPYING, str(target), str(part)], capture_output=True, check=False
    )
    if process.returncode or part.stat().st_size != target.stat().st_size:
        text = process.stderr.decode(errors="replace").strip().rpartition("\n")[2][:200]
        raise OSError(text or "copying ended early")


def _migrate_copy(
    connection: duckdb.DuckDBPyConnection, number: int, newest: int, backup: Path | None
) -> None:
    from plumbline.store import trail  # which itself needs an open workspace's module

    try:
        migrate(connection, number)
        if backup:
            connection.execute("BEGIN TRANSACTION")
            detail = {"from": number, "to": newest, "copy": str(backup)}
            trail.append(connection, actor="plumbline", action=Act.WORKSPACE_MIGRATED, detail=detail)
            connection.execute("COMMIT")
            connection.execute("CHECKPOINT")
    finally:
        connection.close()


def _drop(part: Path) -> None:
    for path in (part, Path(f"{part}.wal"), Path(f"{part}.tmp")):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _migration_error(target: Path, error: Exception) -> PlumblineError:
    text = (error.strerror if isinstance(error, OSError) else "") or str(error).partition("\n")[0][:200]
    return PlumblineError(
        message(
            "The workspace could not be copied and brought to this version's schema ({reason})",
            reason=text.strip().rstrip("."),
        ),
        where=str(target),
        todo="Nothing was changed: make room or mend the folder's rights, and open it again.",
    )
