"""Copies of the workspace: made while it is in use, and a restore of one rehearsed."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from plumbline.domain import PlumblineError
from plumbline.domain.acts import Act
from plumbline.store import copies, trail
from plumbline.store.backup.restoration import verify_copy
from plumbline.store.backup.snapshot import Snapshot, snapshot
from plumbline.store.inbox_folder import drop_inbox, make_inbox
from plumbline.store.workspace import Workspace, now


def backup(ws: Workspace, out: Path, *, actor: str, overwrite: bool = False) -> Snapshot:
    """Copy the workspace to a file, and put the file's hash on the trail.

    Raises:
        PlumblineError: see ``snapshot``.
    """
    copy = snapshot(ws, out, overwrite=overwrite)
    detail = {
        "copy": copy.path.name,
        "sha256": copy.sha256,
        "bytes": copy.bytes,
        "entry": copy.entry,
        "head": copy.head,
    }
    with ws.write() as cursor:
        trail.append(cursor, actor=actor, action=Act.BACKED_UP, detail=detail)
    return copy


def nightly(ws: Workspace, *, actor: str, days: int) -> tuple[Snapshot, int]:
    """A copy in ``backups`` beside the workspace; those older than so many days are deleted, and counted."""
    at = now()
    out = copies.nightly_path(ws.path, at)
    out.parent.mkdir(mode=0o700, exist_ok=True)
    snapshot = backup(ws, out, actor=actor)
    return snapshot, copies.drop_nightly(ws.path, at, days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A restore that was rehearsed: the copy, the trail's newest entry in it, and how many seconds it took."""

    copy: str
    sha256: str
    entry: int
    seconds: float


def rehearse(ws: Workspace, copy: Path, *, actor: str, dated: datetime | None = None) -> Rehearsal:
    """Restore a copy to a place of its own and read it whole, beside the workspace in use.

    Args:
        dated: the demo's own day, by which its receipt counts for its systems; of nobody else is it read.

    Raises:
        PlumblineError: the copy is damaged, or it is not one of this workspace.
    """
    begun = time.monotonic()
    folder = make_inbox()
    try:
        part = folder / "restored.duckdb"
        try:
            shutil.copyfile(copy, part)
        except OSError as error:
            raise PlumblineError(
                f"The copy cannot be read: {error.strerror}", where=str(copy), todo="Check the path."
            ) from error
        verified = verify_copy(part, copy)
    finally:
        drop_inbox(folder)
    with ws.write() as cursor:
        entries = trail.entries(cursor, before=verified.entry + 1, limit=1)
        if not entries or (entries[0].seq, entries[0].digest) != (verified.entry, verified.head):
            raise PlumblineError(
                "This is no copy of this workspace: their trails differ",
                where=str(copy),
                todo="Name another copy.",
            )
        rehearsal = Rehearsal(
            copy=copy.name,
            sha256=verified.sha256,
            entry=verified.entry,
            seconds=round(time.monotonic() - begun, 3),
        )
        detail = {
            "copy": rehearsal.copy,
            "sha256": rehearsal.sha256,
            "entry": rehearsal.entry,
            "seconds": rehearsal.seconds,
            "verified": True,
        }
        if dated is not None:
            detail["dated"] = dated.isoformat()
        trail.append(cursor, actor=actor, action=Act.RESTORE_REHEARSED, detail=detail)
    return rehearsal
