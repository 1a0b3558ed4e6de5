"""Versions, when each was in charge, what changed at each switch, and whether a guardrail would have fired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from plumbline.answers.cache import memoise
from plumbline.answers.events import EventRecord, closed_incidents
from plumbline.answers.performance.cautions import of_the_log
from plumbline.answers.question import log_span
from plumbline.answers.releases.guardrails import GuardrailResult, guardrail_finding, watch
from plumbline.answers.releases.sentences import rollback_advice, say_comparison, say_moment, say_shift
from plumbline.answers.releases.switches import SwitchShift, comparisons, shifts
from plumbline.domain import Finding, PlumblineError, Result, Severity, System, Task, json_object
from plumbline.domain.messages import NOTHING, Message, message, sequence
from plumbline.governance.facts import SwitchFacts as SwitchFact
from plumbline.monitor.drift.first_year import signals
from plumbline.monitor.releases.ab_test import Comparison
from plumbline.monitor.releases.challengers import ChallengerPeriod, presences
from plumbline.monitor.releases.history import Releases, Rollback
from plumbline.monitor.releases.history import releases as measure
from plumbline.profile.read import profiles
from plumbline.profile.scan.weights import sample_reason
from plumbline.store import systems
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.quantities import decimal
from plumbline.wording.times import iso_minute


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasesAnswer(Result):
    """Releases of one system with guardrails and findings.

    ``comparisons`` and ``shifts`` only where they were asked for: the verdict does not need them.
    """

    COLUMNS = (
        "version",
        "start",
        "end",
        "n",
    )

    system: System
    releases: Releases
    guardrails: tuple[GuardrailResult, ...]
    findings: tuple[Finding, ...]
    presences: tuple[ChallengerPeriod, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    shifts: tuple[SwitchShift, ...] = ()
    cautions: tuple[str, ...] = ()  # what is to be known of the reference first

    @property
    def sentence(self) -> str:
        """The finding: a release that should have been taken back comes first."""
        return _opening(self)

    def last_switches(self) -> tuple[SwitchFact, ...]:
        """The last three switches as the catalogue's rules read them."""
        return tuple(
            SwitchFact(
                at=s.at,
                previous=s.previous,
                version=s.version,
                overlap_hours=s.overlap_hours,
                overlap_decisions=s.overlap_decisions,
            )
            for s in self.releases.switches[-3:]
        )

    def _json_values(self) -> dict[str, Any]:
        """The keys that the command line prints."""
        return json_object(
            {
                "system": self.system.key,
                "sentence": self.sentence,
                "cautions": self.cautions,
                "releases": self.releases.versions,
                "spans": self.releases.spans,
                "presences": self.presences,
                "switches": self.shifts,
                "comparisons": self.comparisons,
                "rollbacks": self.releases.rollbacks,
                "guardrails": [_guardrail_dict(w) for w in self.guardrails],
                "findings": self.findings,
            }
        )

    def lines(self) -> list[str]:
        """The same for a terminal."""
        zone = self.system.timezone
        mark = "Z" if zone == "UTC" else f" {zone}"
        spans = [
            f"{iso_minute(s.start)}{mark} to {iso_minute(s.end)}{mark}  {s.version}  n={s.n}"
            for s in self.releases.spans
        ]
        lines = [say_shift(s, zone) for s in self.shifts] + [
            say_comparison(c, zone) for c in self.comparisons
        ]
        return list(
            dict.fromkeys(
                [self.sentence, *self.cautions, *spans, *lines, *(f.sentence for f in self.findings)]
            )
        )

    def rows(self) -> list[dict[str, Any]]:
        """One a time in which a version was in charge."""
        return [{"version": s.version, "start": s.start, "end": s.end, "n": s.n} for s in self.releases.spans]


def releases(ws: Workspace, key: str, *, share: float | None = None, switches: bool = True) -> ReleasesAnswer:
    """The releases of a system, with versions side by side compared and every switch split.

    Args:
        share: the intended share of a newcomer's decisions in a test, 0 to 1; None: the owner's setting, else
            an even split where it is near one.
        switches: without, no switch is split, which takes longest.

    Raises:
        PlumblineError: no such system, or a share that is none.
    """
    if share is not None and not 0 < share < 1:
        raise PlumblineError(f"{share} is not a share of the decisions", todo="Give one between 0 and 1.")
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        answer = system_releases(cursor, system)
        sampled = sample_reason(cursor, system)
        return replace(
            answer,
            presences=presences(profiles.version_hours(cursor, system), answer.releases.spans),
            comparisons=comparisons(cursor, system, answer.releases, share),
            shifts=shifts(cursor, system, answer.releases) if switches else (),
            cautions=(*of_the_log(cursor, system, log_span(cursor, system)), *([sampled] if sampled else ())),
        )


def history(ws: Workspace, key: str) -> ReleasesAnswer:
    """Versions, guardrails and findings alone, for pages that draw releases beside something else.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        return system_releases(cursor, systems.get_system(cursor, key))


def system_releases(cursor: Cursor, system: System) -> ReleasesAnswer:
    """The same, on a cursor that is open already."""
    hours = profiles.version_hours(cursor, system)
    releases = measure(hours, task=system.task or Task.BINARY, positive=system.positive)
    watched = memoise(
        cursor,
        system,
        "guardrails",
        tuple[GuardrailResult, ...],
        lambda: tuple(w for s in releases.switches for w in watch(cursor, system, releases.spans, s)),
    )
    findings = [guardrail_finding(system, w) for w in watched if w.fired]
    findings += [_rollback_finding(system, back) for back in releases.rollbacks]
    return ReleasesAnswer(system=system, releases=releases, guardrails=watched, findings=tuple(findings))


@dataclass(frozen=True, slots=True)
class BreachResponse:
    """What was done about a breach, in words.

    ``unnamed``: an incident that names no finding, and so handles none. ``in_hand``: an incident that is still open,
    ``until``: the day by which it is to be closed; None: nobody planned it, and it changes nothing.
    """

    by: Message = NOTHING
    unnamed: str = ""
    in_hand: bool = False
    until: date | None = None


def breach_response(
    since: datetime,
    ends: Sequence[datetime],
    answer: ReleasesAnswer,
    noted: tuple[EventRecord, ...],
    about: Callable[[str], bool],
) -> BreachResponse:
    """The incident opened, or the release made, for a breach; a release after which it goes on handles nothing.

    An incident handles the breach only if it was opened after the onset and names a finding of it that was not
    over by then. One that names none might be about anything: it is said, and counts for nothing. Until it is
    closed in the register, with its cause, it is what people said, and a release that the log shows counts for more.

    Args:
        ends: of the chunks in breach.
        about: whether a signal is about this breach, a finding's own or one that it joins.
    """
    opened = [r for r in noted if r.event == "incident opened" and r.at >= since]
    named = [
        r
        for r in opened
        if r.about and any(map(about, signals(r.about))) and (r.about.until is None or r.about.until >= since)
    ]
    done = closed_incidents(noted)
    for r in named:
        if r.incident in done:
            return BreachResponse(_incident(r.at))
    changed = [(s.at, s.version, False) for s in answer.releases.switches]
    changed += [(back.end, back.back_to, True) for back in answer.releases.rollbacks]
    at, version, returned = max(changed, key=lambda c: c[0], default=(since, "", False))
    if at > since and sum(end > at for end in ends) <= 1:
        values = {"version": version, "day": at.date().isoformat()}
        if returned:
            return BreachResponse(message("the return to version {version} on {day}", **values))
        return BreachResponse(message("the release of version {version} on {day}", **values))
    if named:
        latest = max(named, key=lambda r: (r.due is not None, r.due or r.at.date()))
        return BreachResponse(_incident(latest.at), in_hand=True, until=latest.due)
    nameless = next((r for r in opened if r.about is None), None)
    return BreachResponse(unnamed=nameless.at.date().isoformat() if nameless else "")


def _incident(opened: datetime) -> Message:
    return message("an incident opened on {day}", day=opened.date().isoformat())


def _rollback_finding(system: System, back: Rollback) -> Finding:
    sentence = message(
        "Version {version} was rolled back to {previous} after {hours} hours.",
        version=back.bad_version,
        previous=back.back_to,
        hours=decimal(back.minutes / 60, ".1f"),
    )
    return Finding(
        system=system.key,
        signal="release.rollback",
        sentence=sentence,
        since=back.start,
        until=back.end,
        severity=Severity.LOW,
        confidence=None,
        page="releases",
    )


def _guardrail_dict(watched: GuardrailResult) -> dict[str, Any]:
    kept = {name: getattr(watched, name) for name in (
        "version", "previous", "switched", "signal", "fired", "at", "found", "exposed_hours", "decisions",
        "positives", "since", "proved", "sentence",
    )}  # fmt: skip
    return kept


def _opening(answer: ReleasesAnswer) -> Message:
    """The page's first sentence: the release that should have been taken back, else the history."""
    tripped = [w for w in answer.guardrails if w.fired]
    guilty = [w for w in tripped if w.proved is None]
    if not tripped:
        return answer.releases.sentence
    if not guilty:
        last = tripped[-1]
        differed = message(
            "Version {version} decided differently from version {previous} from its first decisions on.",
            version=last.version,
            previous=last.previous or "",
        )
        return sequence([differed, last.acquittal])
    last = min((w for w in guilty if w.version == guilty[-1].version), key=lambda w: w.at or w.switched)
    back = next((r for r in answer.releases.rollbacks if r.bad_version == last.version), None)
    zone = answer.system.timezone
    if back is None:
        late = message("Version {version} should have been taken back.", version=last.version)
        return sequence([late, rollback_advice(last, zone)])
    late = message(
        "Version {version} should have been taken back earlier: it was rolled back to {previous} on {at}.",
        version=last.version,
        previous=back.back_to,
        at=say_moment(back.end, zone),
    )
    return sequence([late, rollback_advice(last, zone, done=True)])
