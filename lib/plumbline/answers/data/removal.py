"""Removing a system that holds nothing."""

from __future__ import annotations

from plumbline.logs.load import removal
from plumbline.store import systems
from plumbline.store.workspace import Workspace


def is_removable(ws: Workspace, key: str) -> bool:
    """Whether a system holds no decision, so that it can be deleted."""
    with ws.read() as cursor:
        return systems.find_system(cursor, key) is not None and removal.is_empty(cursor, key)


def remove_system(ws: Workspace, key: str, *, actor: str) -> None:
    """Delete a system that holds nothing; the trail keeps what was done.

    Raises:
        PlumblineError: no such system, it holds decisions, or incidents of it are on record.
    """
    removal.remove(ws, key, actor=actor)
