"""Sources that fell silent: a finding of the system, from the times at which each brought something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from plumbline.answers.respond.messages import announce
from plumbline.domain import Finding, Severity, System
from plumbline.domain.messages import Message, message
from plumbline.monitor.quality.silence import Pause, pause
from plumbline.store import findings as register
from plumbline.store import loads, sources
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.quantities import decimal
from plumbline.wording.times import iso_minute

#: how the signal of a silent source begins; the source's name follows
SIGNAL = "source.silent."
#: the name of what comes as files, by a folder or a person
FILES = "files"


@dataclass(frozen=True, slots=True)
class SourceRhythm:
    """A source of a system, and the pause that it is in; None: too little has arrived to know its rhythm."""

    system: str
    name: str
    pause: Pause | None


def rhythms(cursor: Cursor, system: System, at: datetime) -> Iterator[SourceRhythm]:
    """Each source of a system, and its files as one more: the loads that brought decisions or labels."""
    brought = [load for load in loads.arrivals(cursor, system.key) if load.rows_loaded or load.labels_joined]
    pulled = sources.loads_by_source(cursor, system.key)
    for name, ids in pulled.items():
        source_loads = set(ids)
        yield SourceRhythm(
            system.key, name, pause([load.at for load in brought if load.load_id in source_loads], at)
        )
    known = {number for ids in pulled.values() for number in ids}
    yield SourceRhythm(
        system.key, FILES, pause([load.at for load in brought if load.load_id not in known], at)
    )


def check_silence(ws: Workspace, system: System, at: datetime) -> list[SourceRhythm]:
    """Open a finding for each source that fell silent, close that of one that speaks again, and tell both.

    Returns the sources that are silent.
    """
    with ws.read() as cursor:
        source_rhythms = [rhythm for rhythm in rhythms(cursor, system, at) if rhythm.pause is not None]
        opened = _open(cursor, system.key)
    silent = [rhythm for rhythm in source_rhythms if rhythm.pause is not None and rhythm.pause.is_silent]
    begun = [rhythm for rhythm in silent if SIGNAL + rhythm.name not in opened]
    speaking = {SIGNAL + rhythm.name for rhythm in source_rhythms if rhythm not in silent}
    over = [number for signal, number in opened.items() if signal in speaking]
    if begun or over:
        with ws.write() as cursor:
            before = register.recorded_findings(cursor, system.key, parts=True)
            for rhythm in begun:
                register.add(cursor, _finding(rhythm, at), at, None)
            for number in over:
                register.close(cursor, number, at)
            announce(cursor, before, register.recorded_findings(cursor, system.key, parts=True), at)
    return silent


def _open(cursor: Cursor, key: str) -> dict[str, int]:
    return {
        r.finding.signal: r.id
        for r in register.recorded_findings(cursor, key)
        if r.open and r.finding.signal.startswith(SIGNAL)
    }


def _finding(one: SourceRhythm, at: datetime) -> Finding:
    pause = one.pause
    assert pause is not None
    values = {
        "pause": _span(pause.length),
        "since": f"{iso_minute(pause.since)} UTC",
        "n": decimal(pause.n, ""),
        "longest": _span(pause.longest),
        "missed": decimal(pause.missed, ".1f"),
    }
    if one.name == FILES:
        sentence = message(
            "No file with decisions or labels has come for {pause}, since {since}. The longest of {n} usual pauses was "
            "{longest}, and by its week's rhythm about {missed} arrivals are missing.",
            **values,
        )
    else:
        sentence = message(
            "Nothing has come from {source} for {pause}, since {since}. The longest of {n} usual pauses was {longest}, "
            "and by its week's rhythm about {missed} arrivals are missing.",
            **values,
            source=one.name,
        )
    figures = {"missed": round(pause.missed, 2), "limit": round(pause.limit, 2), "n": pause.n}
    return Finding(
        system=one.system,
        signal=SIGNAL + one.name,
        sentence=sentence,
        since=pause.since,
        until=None,
        severity=Severity.HIGH,
        confidence=None,
        page="logs",
        figures=figures,
        known_at=at,
    )


def _span(length: timedelta) -> Message:
    hours = length.total_seconds() / 3600
    if hours < 72:
        return message("{hours} hours", hours=decimal(hours, ".0f"))
    return message("{days} days", days=decimal(hours / 24, ".1f"))
