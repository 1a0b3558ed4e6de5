"""Copying a workspace that is open and in use."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

from plumbline.domain import PlumblineError
from plumbline.store import trail
from plumbline.store.backup.integrity import first_problem
from plumbline.store.backup.leftovers import drop, temporary_path
from plumbline.store.database.connection import connect
from plumbline.store.database.encryption import encryption_key
from plumbline.store.database.engine import FullDisk, is_full
from plumbline.store.workspace import Workspace
from plumbline.wording.quantities import count

#: attempts beside writers; the last one keeps them waiting
ATTEMPTS = 4
#: free space that a copy leaves
_MARGIN = 64 * 2**20
#: copies, and tells whether the headers stayed the same meanwhile: see the package
_COPYING = """
import hashlib, json, os, sys
source, target, headers = open(sys.argv[1], "rb"), open(sys.argv[2], "wb"), 3 * 4096
before = source.read(headers); source.seek(0)
made = hashlib.sha256()
while part := source.read(2**22):
    target.write(part); made.update(part)
target.flush(); os.fsync(target.fileno())
source.seek(0)
print(json.dumps({"same": source.read(headers) == before, "sha256": made.hexdigest(), "bytes": target.tell()}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A copy: SHA-256 and size of the file, and the trail's newest entry in it, with its digest."""

    path: Path
    sha256: str
    bytes: int
    entry: int
    head: str


def snapshot(ws: Workspace, out: Path, *, overwrite: bool = False) -> Snapshot:
    """Copy a workspace while others read and write it; the copy is read whole and found right before it has its name.

    Args:
        overwrite: whether a file of that name makes way.

    Raises:
        PlumblineError: there is such a file already, no room, no right to write, or the workspace is damaged.
    """
    out = out.resolve()
    if out == ws.path.resolve():
        raise PlumblineError(
            "The copy would replace the workspace", where=str(out), todo="Name another file."
        )
    if out.exists() and not overwrite:
        raise PlumblineError(
            "There is a file of that name", where=str(out), todo="Name another, or add --overwrite."
        )
    part = temporary_path(out, "part")
    try:
        _require_space(ws.path, out.parent)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        details = _copy_workspace(ws, part)
        snapshot = _verify_snapshot(part, out, details)
        part.replace(out)
        return snapshot
    except OSError as error:
        if is_full(error):
            raise FullDisk(out.parent) from error
        raise PlumblineError(
            f"The copy cannot be written: {error.strerror or error}",
            where=str(out),
            todo="Name another file.",
        ) from error
    finally:
        drop(part)


def _copy_workspace(ws: Workspace, part: Path) -> dict[str, object]:
    for _ in range(ATTEMPTS - 1):
        try:
            details = _copy_once(ws, part)
        except duckdb.TransactionException:  # nothing is merged beside a transaction that alters or updates
            break
        if details["same"]:
            return details
    with ws.write(by_itself=True):  # after whoever writes; the next ones wait
        details = _copy_once(ws, part)
    if details["same"]:
        return details
    raise PlumblineError("The workspace changes faster than it can be copied", todo="Try again in a moment.")


def _copy_once(ws: Workspace, part: Path) -> dict[str, object]:
    with ws.read() as cursor:
        newest = trail.entries(cursor, limit=1)
        cursor.execute("CHECKPOINT")  # what the log of writes holds is in the file
    process = subprocess.run(  # noqa: S603 - this Python, two paths as arguments
        [sys.executable, "-I", "-S", "-c", _COPYING, str(ws.path.resolve()), str(part)],
        capture_output=True,
        check=False,
    )
    if process.returncode:
        text = process.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        if "No space left" in text or "quota" in text:
            raise FullDisk(part.parent)
        raise OSError(text[:200] or "copying ended early")
    details: dict[str, object] = json.loads(process.stdout)
    return details | {"least": newest[0].seq if newest else 0}


def _verify_snapshot(part: Path, out: Path, made: dict[str, object]) -> Snapshot:
    connection = connect(part, encryption_key())
    try:
        wrong = first_problem(connection, out)
        if wrong is not None:
            raise PlumblineError(
                f"No copy was made, as the workspace is not whole. {wrong.sentence}",
                todo="See `plumbline verify`, and restore an older copy.",
            )
        newest = trail.entries(connection, limit=1)
        head = newest[0] if newest else None
    finally:
        connection.close()
    if head is not None and head.seq < int(str(made["least"])):
        raise PlumblineError(
            "The copy lacks the newest entries of the trail, and was not kept", todo="Try again."
        )
    return Snapshot(
        path=out,
        sha256=str(made["sha256"]),
        bytes=int(str(made["bytes"])),
        entry=head.seq if head else 0,
        head=head.digest if head else trail.GENESIS,
    )


def _require_space(source: Path, folder: Path) -> None:
    if not folder.is_dir():
        raise PlumblineError("There is no such folder", where=str(folder), todo="Make it first.")
    needed = source.stat().st_size + _MARGIN
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise PlumblineError(
            f"There is no room for a copy: {count(needed // 2**20 + 1)} MB have to be free, "
            f"and {count(free // 2**20)} MB are",
            where=str(folder),
            todo="Make room, or name another folder.",
        )
