"""Putting a copy in a workspace's place, never without keeping what was there."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from plumbline.domain import PlumblineError
from plumbline.domain.acts import Act
from plumbline.store import trail
from plumbline.store.backup.integrity import first_problem
from plumbline.store.backup.leftovers import drop, temporary_path
from plumbline.store.copies import replacement_path
from plumbline.store.database.connection import connect, damage_sentence, refuse_unfit_file
from plumbline.store.database.encryption import encryption_key
from plumbline.store.database.engine import FullDisk, is_full
from plumbline.store.schema import schema_number
from plumbline.store.times import now
from plumbline.wording.quantities import count

#: a step between any two of which the process may be killed: tests do
Step = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreResult:
    """What was put back. ``entry``: the trail's newest entry in the copy; ``replaced``: where the workspace as it was
    now lies; ``lost``: entries of its trail that the copy does not have, of which ``erasures`` took persons out."""

    path: Path
    sha256: str
    entry: int
    replaced: Path | None
    lost: int
    erasures: int


def restore(copy: Path, target: Path, *, actor: str, step: Step = lambda _name: None) -> RestoreResult:
    """Put a verified copy in the place of a workspace, which nobody else may have open.

    The copy is copied and read whole first, gets an entry on its trail, and takes the place in one step. What was there
    goes to ``backups`` beside it.

    Raises:
        PlumblineError: the copy is damaged, no workspace, of a newer version or under another key; the workspace is
            open elsewhere; or there is no room. The workspace is as it was.
    """
    copy, target = copy.resolve(), target.resolve()
    if not copy.is_file():
        raise PlumblineError("There is no such file", where=str(copy), todo="Check the path.")
    if copy == target:
        raise PlumblineError("This file is the workspace itself", where=str(copy), todo="Name a copy of it.")
    part = temporary_path(target, "restoring")
    old = _ReplacedWorkspace(target) if target.exists() else None
    if old is None:
        refuse_unfit_file(target)
    try:
        _require_space(copy, target.parent)
        shutil.copyfile(copy, part)
        part.chmod(0o600)
        if Path(f"{copy}.wal").exists():  # a copy made by hand of a workspace that was in use
            shutil.copyfile(f"{copy}.wal", f"{part}.wal")
        step("copied")
        result = _record_restore(part, copy, actor, old)
        step("noted")
        if old is not None:
            old.keep()
            step("kept")
        os.replace(part, target)
        step("replaced")
        return replace(result, path=target)
    except OSError as error:
        if is_full(error):
            raise FullDisk(target.parent) from error
        raise PlumblineError(
            f"The copy cannot be put in place: {error.strerror or error}",
            where=str(target),
            todo="Nothing was changed. Give this user the right to write there.",
        ) from error
    finally:
        if old is not None:
            old.close()
        drop(part)


class _ReplacedWorkspace:
    """The workspace that makes way, locked against other processes until it has."""

    def __init__(self, target: Path) -> None:
        self.target, self.kept = target, replacement_path(target, now())
        self.entries, self.erasures = 0, list[int]()
        self._connection: duckdb.DuckDBPyConnection | None = None
        refuse_unfit_file(target)
        try:  # closing it later touches no file of the new one's
            self._connection = connect(target, encryption_key())
            self._connection.execute("CHECKPOINT")  # what its log of writes holds is in the file
            self._connection.execute("PRAGMA disable_checkpoint_on_shutdown")
            self._read(self._connection)
        except PlumblineError as error:
            if not isinstance(error.__cause__, Exception) or damage_sentence(target, error.__cause__) is None:
                raise  # somebody works with it, or its key is another
        except duckdb.Error as error:
            if damage_sentence(target, error) is None:
                raise

    def _read(self, connection: duckdb.DuckDBPyConnection) -> None:
        rows = connection.execute("SELECT seq, action FROM trail").fetchall()
        self.entries = max((int(seq) for seq, _ in rows), default=0)
        self.erasures = [int(seq) for seq, action in rows if action == Act.ERASED.value]

    def keep(self) -> None:
        """Give the file a second name, and take what a killed process left of its log of writes with it."""
        self.kept.parent.mkdir(mode=0o700, exist_ok=True)
        wal = Path(f"{self.target}.wal")
        if wal.exists():
            os.replace(wal, f"{self.kept}.wal")
        try:
            os.link(self.target, self.kept)
        except OSError:  # a disk without second names: there is a moment without a workspace
            os.replace(self.target, self.kept)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that was read whole: SHA-256 of the file, the trail's newest entry in it, and that entry's digest."""

    sha256: str
    entry: int
    head: str


def verify_copy(part: Path, copy: Path) -> Copy:
    """Read a copy whole, at a place of its own.

    Args:
        copy: where it came from, for what is said.

    Raises:
        PlumblineError: it is damaged, no workspace, of a newer version or under another key.
    """
    with copy.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        connection = connect(part, encryption_key())
    except PlumblineError as error:
        if isinstance(error.__cause__, Exception) and damage_sentence(copy, error.__cause__) is not None:
            raise _damage_error(copy) from error
        raise PlumblineError(error.what, where=str(copy), todo=error.todo) from error
    try:
        if schema_number(connection, copy) == 0:
            raise PlumblineError(
                "This file is an empty database", where=str(copy), todo="Name a copy of a workspace."
            )
        wrong = first_problem(connection, copy)
        if wrong is not None:
            raise _damage_error(copy, wrong.sentence)
        newest = trail.entries(connection, limit=1)
        return Copy(sha256, newest[0].seq if newest else 0, newest[0].digest if newest else trail.GENESIS)
    except duckdb.Error as error:
        raise _damage_error(copy) from error
    finally:
        connection.close()


def _record_restore(part: Path, copy: Path, actor: str, old: _ReplacedWorkspace | None) -> RestoreResult:
    """Verify the copy, and put on its trail that it was restored."""
    verified = verify_copy(part, copy)
    result = RestoreResult(
        path=part,
        sha256=verified.sha256,
        entry=verified.entry,
        replaced=old.kept if old else None,
        lost=max(0, old.entries - verified.entry) if old else 0,
        erasures=len([seq for seq in old.erasures if seq > verified.entry]) if old else 0,
    )
    detail = {
        "copy": copy.name, "sha256": result.sha256, "entry": result.entry,
        "lost": result.lost, "erasures": result.erasures,
        "replaced": result.replaced.name if result.replaced else "", "verified": True,
    }  # fmt: skip
    connection = connect(part, encryption_key())
    try:
        connection.execute("BEGIN TRANSACTION")
        trail.append(connection, actor=actor, action=Act.WORKSPACE_RESTORED, detail=detail)
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT")
    finally:
        connection.close()
    return result


def _damage_error(copy: Path, why: str = "") -> PlumblineError:
    return PlumblineError(
        f"The copy is damaged{'. ' + why.rstrip('.') if why else ''}",
        where=str(copy),
        todo="Nothing was changed. Name another copy.",
    )


def _require_space(copy: Path, folder: Path) -> None:
    needed, free = copy.stat().st_size + 64 * 2**20, shutil.disk_usage(folder).free
    if free < needed:
        raise PlumblineError(
            f"There is no room for the copy: {count(needed // 2**20 + 1)} MB have to be free, "
            f"and {count(free // 2**20)} MB are",
            where=str(folder),
            todo="Make room. Nothing was changed.",
        )
