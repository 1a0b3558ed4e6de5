"""Versions, when each was in charge, what changed at each switch, and whether a guardrail would have fired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from plumbline.answers.recording import Record
from plumbline.domain import Finding, Severity, System, Task
from plumbline.governance.facts import Switch as SwitchFact
from plumbline.monitor.guardrail import Guardrail, guardrail
from plumbline.monitor.releases import Releases, Rollback, Switch
from plumbline.monitor.releases import releases as measure
from plumbline.profile import read, rows
from plumbline.store import systems
from plumbline.store.workspace import Cursor, Workspace

FIRST, BEFORE = (
    2_000,
    5_000,
)  # decisions after a switch that are watched, and before it that say what is usual


@dataclass(frozen=True, slots=True)
class Watched:
    """The guardrail at one switch, and what happened until the version left."""

    version: str
    previous: str
    switched: datetime
    found: Guardrail
    exposed_hours: float
    decisions: int  # of the version from the switch until it left
    positives: int

    @property
    def fired(self) -> bool:
        return self.found.fired

    @property
    def at(self) -> datetime | None:
        return self.found.at

    @property
    def sentence(self) -> str:
        """What fired, when it could be known, and how long it went on."""
        if not self.found.fired:
            return self.found.sentence
        return (
            f"{self.found.sentence} Roll back to {self.previous}. Version {self.version} went on for "
            f"{self.exposed_hours:.1f} hours and {self.decisions:,} decisions, {self.positives:,} of them positive."
        )


@dataclass(frozen=True, slots=True)
class ReleasesAnswer:
    """Releases of one system with guardrails and findings."""

    system: System
    releases: Releases
    guardrails: tuple[Watched, ...]
    findings: tuple[Finding, ...]

    def last_switches(self) -> tuple[SwitchFact, ...]:
        """The last three switches as the catalogue's rules read them."""
        return tuple(
            SwitchFact(s.at, s.previous, s.version, s.overlap_hours, s.overlap_decisions)
            for s in self.releases.switches[-3:]
        )  # fmt: skip

    def summary(self) -> dict[str, Any]:
        """The keys that the command line prints."""
        return {
            "system": self.system.key, "sentence": self.releases.sentence, "releases": self.releases.versions,
            "spans": self.releases.spans, "comparisons": self.releases.switches, "rollbacks": self.releases.rollbacks,
            "guardrails": self.guardrails, "findings": self.findings,
        }  # fmt: skip

    def lines(self) -> list[str]:
        """The same for a terminal."""
        spans = [
            f"{s.start:%Y-%m-%d %H:%M}Z to {s.end:%Y-%m-%d %H:%M}Z  {s.version}  n={s.n}"
            for s in self.releases.spans
        ]
        return [self.releases.sentence, *spans, *(f.sentence for f in self.findings)]


def releases(ws: Workspace, key: str) -> ReleasesAnswer:
    """The releases of a system.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        return releases_of(cursor, systems.get_system(cursor, key))


def releases_of(cursor: Cursor, system: System) -> ReleasesAnswer:
    """The same, on a cursor that is open already."""
    hours = read.version_hours(cursor, system)
    found = measure(hours, task=system.task or Task.BINARY, positive=system.positive)
    watched: tuple[Watched, ...] = ()
    if system.task is Task.BINARY and system.positive is not None:
        watched = tuple(w for s in found.switches if (w := _watch(cursor, system, found, s)) is not None)
    findings = [_fired(system, w) for w in watched if w.fired]
    findings += [_rolled_back(system, back) for back in found.rollbacks]
    return ReleasesAnswer(system, found, watched, tuple(findings))


def handled(
    since: datetime, ends: Sequence[datetime], found: ReleasesAnswer, noted: tuple[Record, ...]
) -> str:
    """The incident opened, or the release made, for a breach; a release after which it goes on handles nothing.

    Args:
        ends: of the chunks in breach.
    """
    opened = [r for r in noted if r.event == "incident opened" and r.at >= since]
    if opened:
        return f"an incident opened on {opened[0].at.date().isoformat()}"
    later = [s for s in found.releases.switches if s.at > since]
    if later and sum(end > later[-1].at for end in ends) <= 1:
        return f"the release of version {later[-1].version} on {later[-1].at.date().isoformat()}"
    return ""


def _watch(cursor: Cursor, system: System, found: Releases, switch: Switch) -> Watched | None:
    times, positive, _ = rows.first_decisions(cursor, system, switch.version, switch.at, FIRST)
    _, before, _ = rows.last_decisions(cursor, system, switch.previous, switch.at, BEFORE)
    if not len(times) or not len(before):
        return None
    result = guardrail(
        times, positive.astype(bool), previous_rate=float(before.mean()), previous_n=len(before)
    )
    span = next(
        (s for s in found.spans if s.version == switch.version and s.start >= switch.at - timedelta(hours=1)),
        None,
    )
    if span is None:
        return Watched(switch.version, switch.previous, switch.at, result, 0.0, 0, 0)
    exposed = (span.end - span.start).total_seconds() / 3600
    everyone = rows.first_decisions(cursor, system, switch.version, span.start, span.n)[1]
    return Watched(switch.version, switch.previous, switch.at, result, exposed, span.n, int(everyone.sum()))


def _fired(system: System, watched: Watched) -> Finding:
    until = watched.switched + timedelta(hours=watched.exposed_hours)
    return Finding(
        system.key, "release.guardrail", f"Version {watched.version}: {watched.sentence}", watched.switched, until,
        Severity.HIGH, None, "accuracy",
        {"version": watched.version, "previous": watched.previous, "at_decision": watched.found.at_decision,
         "exposed_hours": watched.exposed_hours, "decisions": watched.decisions, "positives": watched.positives},
    )  # fmt: skip


def _rolled_back(system: System, back: Rollback) -> Finding:
    sentence = (
        f"Version {back.bad_version} was rolled back to {back.back_to} after {back.minutes / 60:.1f} hours."
    )
    return Finding(
        system.key, "release.rollback", sentence, back.start, back.end, Severity.LOW, None, "accuracy"
    )
