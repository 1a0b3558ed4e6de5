"""Running every signal over a system: what was compared and what was found goes on the trail.

A load does this for itself, so that no chunk goes unwatched; cron does it between loads.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from plumbline.answers.reading import as_of, span_of
from plumbline.domain import FeatureDrift, Finding, Point, PointStatus, Severity, Slice, System
from plumbline.monitor.chunks import CHUNKS
from plumbline.monitor.drift import drift_by_chunk
from plumbline.monitor.retraining import RetrainingDue
from plumbline.profile import read
from plumbline.profile.bins import OUTPUTS
from plumbline.store import systems, trail
from plumbline.store.workspace import Cursor, Workspace

ACTION = "signals checked"


def check(ws: Workspace, key: str | None, *, actor: str) -> tuple[Finding, ...]:
    """Run every signal of one system, or of all; returns the findings, open ones first.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        chosen = [systems.get_system(cursor, key)] if key else systems.list_systems(cursor)
    found: list[Finding] = []
    for system in chosen:
        with ws.read() as cursor:
            by, chunks, own = _signals(cursor, system)
        detail: dict[str, Any] = {
            "by": by, "chunks": sorted({c.start.date().isoformat() for c in chunks if c.start}),
            "reference": [t.isoformat() for t in system.reference or ()],
            "findings": [f.sentence for f in own],
        }  # fmt: skip
        with ws.write() as cursor:
            trail.append(cursor, actor=actor, action=ACTION, system=system.key, detail=detail)
        found += own
    return tuple(sorted(found, key=lambda f: (f.until is not None, f.system)))


def findings(cursor: Cursor, system: System) -> tuple[Finding, ...]:
    """Every problem in the log, one finding from its onset to its end."""
    return _signals(cursor, system)[2]


def compared_chunks(cursor: Cursor, system: System, by: str) -> set[date]:
    """The chunks (days, weeks or months) that the trail says were compared with the reference that holds now."""
    compared: set[date] = set()
    for entry in trail.entries(cursor, system=system.key, limit=100_000):
        same = entry.detail.get("reference") == [t.isoformat() for t in system.reference or ()]
        if entry.action == ACTION and entry.detail.get("by") == by and same:
            compared |= {date.fromisoformat(day) for day in entry.detail.get("chunks", [])}
    return compared


def chunk_of(day: date, by: str) -> date:
    """The first day of the chunk that holds a day."""
    return CHUNKS[by][0](day)


def _signals(cursor: Cursor, system: System) -> tuple[str, tuple[FeatureDrift, ...], tuple[Finding, ...]]:
    """The chunk of the system, its features' drift by chunk, and every finding."""
    from plumbline.answers.recording import records_in
    from plumbline.answers.releases import releases_of
    from plumbline.answers.standing import standing

    span = span_of(cursor, system)
    if span is None:
        return "week", (), ()
    released = releases_of(cursor, system)
    held = standing(cursor, system, as_of(system, span), released, records_in(cursor, system.key))
    chunks: tuple[FeatureDrift, ...] = ()
    if system.reference is not None:
        profiles = read.feature_profiles(cursor, system, Slice())
        chunks = drift_by_chunk(profiles, reference=system.reference, by=held.by)
    found = [
        *_performance(system, held.headline, held.points), *_retraining(system, held.retraining),
        *_drifts(system, chunks), *released.findings,
    ]  # fmt: skip
    return held.by, chunks, tuple(found)


def _performance(system: System, headline: str, points: Sequence[Point]) -> list[Finding]:
    """One finding a run of breaches of the headline metric."""
    from plumbline.answers.wording import say_metric, say_value

    made = []
    judged = [p for p in points if p.status is not PointStatus.UNKNOWN and not p.provisional]
    for run, ended in _runs([p.status is PointStatus.BREACH for p in judged]):
        part = [judged[i] for i in run]
        worst = max(part, key=lambda p: abs((p.value or 0) - (p.threshold or 0)))
        n = sum(p.n for p in part)
        sentence = (
            f"{say_metric(headline)} went to {say_value(headline, worst.value)}, limit "
            f"{say_value(headline, worst.threshold)}, over {n:,} labelled decisions."
        )
        until = part[-1].end if ended else None
        made.append(
            Finding(
                system.key,
                f"performance.{headline}",
                sentence,
                part[0].start,
                until,
                Severity.HIGH,
                None,
                "accuracy",
            )
        )
    return made


def _retraining(system: System, due: RetrainingDue | None) -> list[Finding]:
    """The retraining trigger, where the performance threshold has fired it."""
    if due is None:
        return []
    return [
        Finding(
            system=system.key, signal="retraining", sentence=due.sentence, since=due.since, until=None,
            severity=Severity.HIGH, confidence=None, page="accuracy",
        )
    ]  # fmt: skip


def _drifts(system: System, chunks: Sequence[FeatureDrift]) -> list[Finding]:
    """One finding a run of at least two drifted chunks of a feature."""
    made = []
    for name in dict.fromkeys(c.feature for c in chunks if c.feature not in OUTPUTS):
        series = [c for c in chunks if c.feature == name and c.status is not PointStatus.UNKNOWN]
        for run, ended in _runs([c.drifted for c in series]):
            if len(run) < 2:
                continue
            part = [series[i] for i in run]
            worst = max(part, key=lambda c: c.value or 0)
            sentence = (
                f"{name} drifted: Jensen-Shannon distance up to {worst.value:.2f}, limit 0.1, "
                f"over {sum(c.n for c in part):,} decisions."
            )
            until = part[-1].end if ended else None
            made.append(
                Finding(
                    system.key,
                    f"drift.{name}",
                    sentence,
                    part[0].start,
                    until,
                    Severity.MEDIUM,
                    None,
                    "drift",
                )
            )
    return made


def _runs(flags: Sequence[bool]) -> list[tuple[list[int], bool]]:
    """Positions of each unbroken run, and whether it ended before the series did."""
    runs: list[tuple[list[int], bool]] = []
    current: list[int] = []
    for place, flag in enumerate(flags):
        if flag:
            current.append(place)
        elif current:
            runs.append((current, True))
            current = []
    return [*runs, (current, False)] if current else runs
