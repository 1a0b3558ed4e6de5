"""Pulling decisions out of databases, buckets and lake tables; what was read is remembered with the load itself."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from plumbline.answers.data.attach import AttachResult, pull_table
from plumbline.answers.data.folders import SUMS
from plumbline.answers.data.load import Progress, load_file
from plumbline.domain import Finding, Load, PlumblineError, Severity, json_object
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.logs.load.trial import UnfitFile
from plumbline.logs.pull.fetch import FetchRequest, fetch
from plumbline.logs.pull.location import read_location
from plumbline.store import findings as register
from plumbline.store import systems, trail
from plumbline.store.sources import Origin, StoredSource, list_sources
from plumbline.store.sql import system_key
from plumbline.store.workspace import Cursor, Workspace, now


@dataclass(frozen=True, slots=True)
class PullResult:
    """What one pull brought. ``loads`` is empty where nothing was new; ``mark``: up to where the source is read."""

    origin: Origin
    mark: str | None
    loads: tuple[Load, ...]
    attached: AttachResult | None = None  # of a table whose decisions stay where they are

    def total(self, field: str) -> int:
        """The sum of a figure over the loads."""
        return sum(int(getattr(load, field)) for load in self.loads)

    @property
    def reasons(self) -> dict[str, int]:
        """Why rows went to quarantine, over the loads."""
        counts: dict[str, int] = {}
        for load in self.loads:
            for reason, rows in load.reasons.items():
                counts[reason] = counts.get(reason, 0) + rows
        return counts

    def to_dict(self) -> dict[str, Any]:
        """The keys of a load, summed where a source brought several; ``load_id`` is null where nothing was new."""
        return json_object(
            {
                "load_id": self.loads[-1].load_id if self.loads else None,
                "source": self.origin.location,
                "item": self.origin.item,
                "since": self.origin.since,
                "mark": self.mark,
                **{field: self.total(field) for field in SUMS},
                "reasons": self.reasons,
                "loads": self.loads,
            }
            | ({"attached": self.attached.to_dict()} if self.attached else {})
        )


def sources_of(ws: Workspace, system: str | None = None) -> Sequence[StoredSource]:
    """The remembered sources of a system, or of all."""
    with ws.read() as cursor:
        return list_sources(cursor, system_key(system) if system else None)


def pull(
    ws: Workspace,
    source: str,
    *,
    title: str,
    wanted: FetchRequest,
    actor: str,
    pause: float = 1.0,
    progress: Progress | None = None,
    **options: Any,
) -> PullResult:
    """Load what is new in a source into a system, and remember how far it was read in the same transaction.

    Args:
        source: as ``read_location`` takes it; may hold a password, which goes nowhere else.
        wanted: what to read; where its column is not said, the one remembered is used.
        options: as for ``load_file``.

    Raises:
        Unfit: more than a fifth of the rows could not be loaded; a finding says so, too, as nobody may be looking.
        PlumblineError: see ``fetch`` and ``load_file``; the mark has not moved.
    """
    location = read_location(source)
    if location.kind == "spark":
        raise PlumblineError(
            "A table in a cluster is not pulled, but attached: its decisions stay there",
            where=location.shown,
            todo="plumbline attach SOURCE --table NAME --since COLUMN --system S.",
        )
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
    result = fetch(ws, location, wanted, pause=pause)
    name = wanted.table or location.name
    origin = Origin(location.kind, location.shown, item, name, wanted.since, result.mark)
    try:
        loads = tuple(
            load_file(ws, path, title=title, actor=actor, origin=origin, progress=progress, **options)
            for path in result.files
        )
    except UnfitFile as refusal:
        _record_refusal(ws, system_key(title), origin, refusal, actor)
        raise
    finally:
        shutil.rmtree(result.folder, ignore_errors=True)
    if loads:
        _close_refusal(ws, system_key(title), origin)
    return PullResult(origin, result.mark, loads)


#: how the signal of a source that could not be loaded begins
SIGNAL = "source."


def _record_refusal(ws: Workspace, key: str, origin: Origin, refusal: UnfitFile, actor: str) -> None:
    """Record and tell that a source brought rows that cannot be loaded; a new system has nobody to be told yet."""
    from plumbline.answers.respond.messages import announce

    with ws.write() as cursor:
        if systems.find_system(cursor, key) is None:
            return
        at, before = now(), register.recorded_findings(cursor, key, parts=True)
        sentence = message("Nothing was pulled from {source}. {why}.", source=origin.name, why=refusal.what)
        finding = Finding(
            system=key,
            signal=SIGNAL + origin.name,
            sentence=sentence,
            since=at,
            until=None,
            severity=Severity.HIGH,
            confidence=None,
            page="logs",
            figures={},
            known_at=at,
        )
        known = _open(cursor, key, origin)
        if known is None:
            register.add(cursor, finding, at, None)
        else:
            register.update(cursor, known.id, replace(finding, since=known.finding.since), at, None)
        announce(cursor, before, register.recorded_findings(cursor, key, parts=True), at)
        detail = {"source": origin.name, "location": origin.location, "why": refusal.what}
        trail.append(cursor, actor=actor, action=Act.PULL_REFUSED, system=key, detail=detail)


def _close_refusal(ws: Workspace, key: str, origin: Origin) -> None:
    """Close what was found of a source that can be loaded again, and tell it where that was told."""
    from plumbline.answers.respond.messages import announce

    with ws.read() as cursor:
        known = _open(cursor, key, origin)
    if known is not None:
        with ws.write() as cursor:
            at, before = now(), register.recorded_findings(cursor, key, parts=True)
            register.close(cursor, known.id, at)
            announce(cursor, before, register.recorded_findings(cursor, key, parts=True), at)


def _open(cursor: Cursor, key: str, origin: Origin) -> register.FindingRecord | None:
    """The open finding about a source."""
    matches = (
        r
        for r in register.recorded_findings(cursor, key)
        if r.open and r.finding.signal == SIGNAL + origin.name
    )
    return next(matches, None)


def pull_sources(
    ws: Workspace, *, title: str, overlap: str, actor: str, progress: Progress | None = None
) -> list[PullResult]:
    """Pull every remembered source of a system, credentials from the environment.

    Raises:
        PlumblineError: none is remembered, or see ``pull``.
    """
    known = sources_of(ws, title)
    if not known:
        raise PlumblineError(
            message("No source of {system_key} is remembered", system_key=system_key(title)),
            todo="Name one: plumbline pull SOURCE --system S.",
        )
    return [pull_source(ws, s, overlap=overlap, actor=actor, progress=progress) for s in known]


def pull_source(
    ws: Workspace, source: StoredSource, *, overlap: str = "", actor: str, progress: Progress | None = None
) -> PullResult:
    """Pull one remembered source, credentials from the environment.

    Raises:
        PlumblineError: see ``pull``.
    """
    if source.origin.kind == "spark":
        result = pull_table(ws, source.system, actor=actor, progress=progress)
        origin = replace(source.origin, mark=result.mark)
        return PullResult(origin, result.mark, (result.load,) if result.load else (), result)
    request = _fetch_request(source.origin, overlap)
    return pull(
        ws, source.origin.location, title=source.system, wanted=request, actor=actor, progress=progress
    )


def _fetch_request(origin: Origin, overlap: str) -> FetchRequest:
    query = (
        origin.item if origin.item.lstrip()[:6].lower() in ("select", "with") or " " in origin.item else ""
    )
    return FetchRequest(table="" if query else origin.item, query=query, overlap=overlap)
