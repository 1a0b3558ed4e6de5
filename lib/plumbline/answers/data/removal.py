"""Removing a system that holds nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plumbline.domain.acts import Act
from plumbline.logs.load import removal
from plumbline.store import systems, trail
from plumbline.store.workspace import Workspace


def is_removable(ws: Workspace, key: str) -> bool:
    """Whether a system holds no decision, so that it can be deleted."""
    with ws.read() as cursor:
        return systems.find_system(cursor, key) is not None and removal.is_empty(cursor, key)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalCertificate:
    """The certificate of a deletion: what, by whom, when, and the hash of its entry on the trail."""

    system: str
    title: str
    by: str
    at: datetime
    entry_sha256: str


def remove_system(ws: Workspace, key: str, *, actor: str) -> RemovalCertificate:
    """Delete a system that holds nothing; the trail keeps what was done.

    Raises:
        PlumblineError: no such system, it holds decisions, or incidents of it are on record.
    """
    removal.remove(ws, key, actor=actor)
    with ws.read() as cursor:
        (entry,) = trail.entries(cursor, system=key, action=Act.SYSTEM_REMOVED, limit=1)
    title = str(entry.detail.get("title", key))
    return RemovalCertificate(system=key, title=title, by=entry.actor, at=entry.at, entry_sha256=entry.digest)
