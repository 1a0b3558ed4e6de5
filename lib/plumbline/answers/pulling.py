"""Pulling decisions out of databases, buckets and lake tables; what was read is remembered with the load itself."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from plumbline.answers.loading import Progress, load_file
from plumbline.domain import Load, PlumblineError
from plumbline.logs.fetch import Wanted, fetch
from plumbline.logs.locations import read_location
from plumbline.store.sources import Origin, Remembered, list_sources
from plumbline.store.sql import system_key
from plumbline.store.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull brought. ``loads`` is empty where nothing was new; ``mark``: up to where the source is read."""

    origin: Origin
    mark: str | None
    loads: tuple[Load, ...]

    def total(self, field: str) -> int:
        """The sum of a figure over the loads."""
        return sum(int(getattr(load, field)) for load in self.loads)

    @property
    def reasons(self) -> dict[str, int]:
        """Why rows went to quarantine, over the loads."""
        found: dict[str, int] = {}
        for load in self.loads:
            for reason, rows in load.reasons.items():
                found[reason] = found.get(reason, 0) + rows
        return found


def sources_of(ws: Workspace, system: str | None = None) -> Sequence[Remembered]:
    """The remembered sources of a system, or of all."""
    with ws.read() as cursor:
        return list_sources(cursor, system_key(system) if system else None)


def pull(
    ws: Workspace, source: str, *, title: str, wanted: Wanted, actor: str, pause: float = 1.0,
    progress: Progress | None = None, **options: Any,
) -> Pulled:  # fmt: skip
    """Load what is new in a source into a system, and remember how far it was read in the same transaction.

    Args:
        source: as ``read_location`` takes it; may hold a password, which goes nowhere else.
        wanted: what to read; where its column is not said, the one remembered is used.
        options: as for ``load_file``.

    Raises:
        PlumblineError: see ``fetch`` and ``load_file``; the mark has not moved.
    """
    location = read_location(source)
    item = wanted.query or wanted.table
    before = next(
        (
            s.origin
            for s in sources_of(ws, title)
            if (s.origin.location, s.origin.item) == (location.shown, item)
        ),
        None,
    )
    if before and wanted.since in ("", before.since):
        wanted = replace(wanted, since=before.since, mark=before.mark)
    if progress:
        progress("Reading the source", 0.0)
    found = fetch(ws, location, wanted, pause=pause)
    name = wanted.table or location.name
    origin = Origin(location.kind, location.shown, item, name, wanted.since, found.mark)
    try:
        loads = tuple(
            load_file(ws, path, title=title, actor=actor, origin=origin, progress=progress, **options)
            for path in found.files
        )
    finally:
        shutil.rmtree(found.folder, ignore_errors=True)
    return Pulled(origin, found.mark, loads)


def pull_again(
    ws: Workspace, *, title: str, overlap: str, actor: str, progress: Progress | None = None
) -> list[Pulled]:
    """Pull every remembered source of a system, credentials from the environment.

    Raises:
        PlumblineError: none is remembered, or see ``pull``.
    """
    known = sources_of(ws, title)
    if not known:
        raise PlumblineError(
            f"No source of {system_key(title)} is remembered",
            todo="Name one: plumbline pull SOURCE --system S.",
        )
    return [
        pull(
            ws,
            s.origin.location,
            title=title,
            wanted=_wanted(s.origin, overlap),
            actor=actor,
            progress=progress,
        )
        for s in known
    ]


def _wanted(origin: Origin, overlap: str) -> Wanted:
    query = (
        origin.item if origin.item.lstrip()[:6].lower() in ("select", "with") or " " in origin.item else ""
    )
    return Wanted(table="" if query else origin.item, query=query, overlap=overlap)
