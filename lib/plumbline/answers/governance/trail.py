"""The record of everything done, with the state of its chain."""

from __future__ import annotations

from dataclasses import dataclass

from plumbline.domain import TrailEntry
from plumbline.store import trail as chain
from plumbline.store.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailAnswer:
    """The newest entries first; ``count`` and ``intact`` speak of the whole trail."""

    entries: tuple[TrailEntry, ...]
    count: int
    intact: bool
    first_broken: int | None
    head: str


def trail(
    ws: Workspace, *, system: str | None = None, limit: int = 200, before: int | None = None
) -> TrailAnswer:
    """Entries of one system or all, and whether the whole chain holds."""
    with ws.read() as cursor:
        check = chain.verify(cursor)
        found = chain.entries(cursor, system=system, limit=limit, before=before)
    return TrailAnswer(
        entries=tuple(found),
        count=check.entries,
        intact=check.intact,
        first_broken=check.first_broken,
        head=check.head,
    )
