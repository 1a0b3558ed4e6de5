"""Connecting to a workspace's file: what is looked at before DuckDB is given it, and its refusals in words."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.store.copies import newest_copy
from plumbline.store.database.engine import FullDisk, is_full
from plumbline.store.database.extensions import CONFIG, load_extension
from plumbline.store.sql import literal

ATTACHED = "workspace"  # the name under which an encrypted file is attached
#: what every DuckDB file has after its first checksum, an encrypted one too
_MAGIC, _MAGIC_AT = b"DUCK", 8
#: files that this process has open: to read one beside DuckDB would drop the lock that it holds on it
_held: set[Path] = set()
_holding = threading.Lock()


def connect(target: Path, key: str) -> duckdb.DuckDBPyConnection:
    """Open the file for this process alone, with the key where there is one.

    Raises:
        PlumblineError: it is in use, no workspace, damaged, not to be read or written, or the key does not fit.
    """
    refuse_unfit_file(target)
    try:
        return _attach(target, key) if key else duckdb.connect(str(target), config=CONFIG)
    except (OSError, duckdb.Error) as error:
        raise opening_refusal(target, error) from error


def refuse_unfit_file(target: Path) -> None:
    """Refuse what can be seen to be no workspace, or one that may not be written, before DuckDB opens it.

    DuckDB takes a CSV for a database in memory with a view of it: all that is loaded there would be lost in silence.

    Raises:
        PlumblineError: what is wrong, where, and what to do.
    """
    if target.is_dir():
        raise PlumblineError(
            "The workspace's path is a folder",
            where=str(target),
            todo=message("Give a file, for example {target}.", target=str(target / "workspace.duckdb")),
        )
    folder = target.parent
    if not folder.is_dir():
        raise PlumblineError(
            "The workspace's folder does not exist",
            where=str(folder),
            todo="Make it first, or choose another path.",
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PlumblineError(
            "The workspace's folder may not be written",
            where=str(folder),
            todo="Give this user the right to write there, or choose another path.",
        )
    if not target.exists():
        return
    if not os.access(target, os.R_OK | os.W_OK):
        raise PlumblineError(
            "The workspace's file may not be read and written",
            where=str(target),
            todo="Give this user the right to both, or choose another path.",
        )
    with _holding:
        if target.resolve() in _held:
            raise PlumblineError(
                "The workspace is open already",
                where=str(target),
                todo="Close it first, or use the one that is open.",
            )
        with target.open("rb") as file:
            head = file.read(_MAGIC_AT + len(_MAGIC))
    if head[_MAGIC_AT:] != _MAGIC:
        raise PlumblineError(
            "This file is not a workspace",
            where=str(target),
            todo="Choose another path with --workspace or PLUMBLINE_WORKSPACE.",
        )


def hold(target: Path) -> None:
    """Note that this process has the file open."""
    with _holding:
        _held.add(target.resolve())


def release(target: Path) -> None:
    """Note that this process has closed the file."""
    with _holding:
        _held.discard(target.resolve())


def _attach(target: Path, key: str) -> duckdb.DuckDBPyConnection:
    """A connection in memory that has the encrypted file attached and in use."""
    connection = duckdb.connect(":memory:", config=CONFIG)
    try:
        load_extension(connection, "httpfs")  # DuckDB's own cipher only reads; this one writes
        connection.execute("SET temp_file_encryption = true")
        connection.execute(f"SET temp_directory = {literal(f'{target}.tmp')}")
        connection.execute(f"ATTACH {literal(str(target))} AS {ATTACHED} (ENCRYPTION_KEY ?)", [key])
        connection.execute(f"USE {ATTACHED}")
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
    ("database file with version number", "This workspace was written by a newer version of DuckDB",
     "Install the version of Plumbline that wrote it."),
)  # fmt: skip
#: phrases by which DuckDB tells that a file's bytes are not what it wrote
_DAMAGE = (
    "corrupt database file", "does not match stored checksum", "could not read enough bytes",
    "failure while replaying wal", "invalidated because of a previous fatal error", "not a valid duckdb database",
)  # fmt: skip


def opening_refusal(target: Path, error: Exception) -> PlumblineError:
    """DuckDB's or the system's refusal to open a file, in words."""
    if is_full(error):
        return FullDisk(target)
    text = str(error).lower()
    for phrase, what, todo in _REFUSALS:
        if phrase in text:
            return PlumblineError(what, where=str(target), todo=todo)
    if isinstance(error, OSError):
        return PlumblineError(
            message("The workspace cannot be opened: {strerror}", strerror=str(error.strerror)),
            where=str(target),
            todo="Choose another path.",
        )
    return damage_sentence(target, error) or PlumblineError(
        "This file is not a workspace that this version can open",
        where=str(target),
        todo="Choose another path with --workspace.",
    )


def damage_sentence(target: Path, error: Exception) -> PlumblineError | None:
    """The sentence for a file whose bytes are not what was written; None: the error says nothing of the kind."""
    if not any(phrase in str(error).lower() for phrase in _DAMAGE):
        return None
    path = newest_copy(target)
    todo = "Restore a copy: plumbline restore FILE; or choose another path and load the logs anew."
    if path:
        todo = f"Restore a copy of it: plumbline restore FILE. The newest that Plumbline made is {path}."
    return PlumblineError("The workspace is damaged and cannot be read", where=str(target), todo=todo)


@contextmanager
def explain_damage(target: Path) -> Iterator[None]:
    """Says in words what DuckDB finds out about a damaged file only when it comes to read the place.

    Raises:
        PlumblineError: the file is damaged.
    """
    try:
        yield
    except duckdb.Error as error:
        error_in_words = damage_sentence(target, error)
        if error_in_words is None:
            raise
        raise error_in_words from error
