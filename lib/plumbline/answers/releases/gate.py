"""May a version go on? Go, stop or inconclusive, as a deployment's gate asks: from the guardrails over its decisions.

A version that decides beside the one in charge (a canary, a test) is compared with that one's last decisions before it
began, a version that took over with the one that it took over from.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from plumbline.answers.cache import memoise
from plumbline.answers.releases.guardrails import GuardrailResult, watch
from plumbline.answers.releases.history import ReleasesAnswer, system_releases
from plumbline.answers.releases.sentences import moment
from plumbline.domain import PlumblineError, Result, System
from plumbline.monitor.releases.challengers import ChallengerPeriod, presences
from plumbline.monitor.releases.champion import ChampionPeriod
from plumbline.monitor.releases.guardrail import smallest_change
from plumbline.monitor.releases.history import Rollback, Switch
from plumbline.profile.read import profiles
from plumbline.profile.scan.weights import sample_reason
from plumbline.store import systems
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.quantities import count

#: a version may go on once a rate twice as high would have been noticed; a change by 5 points need not be, by 20 has to
LEAST, MOST = 0.05, 0.2


class GateDecision(StrEnum):
    """What a gate answers; anything unknown is inconclusive, never go."""

    GO = "go"
    STOP = "stop"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One guardrail over the version's decisions.

    ``before``: the rate of the version that it is compared with. ``noticed``: the smallest change of that rate, 0 to 1,
    that would have tripped it by now; None: none would.
    """

    name: str
    fired: bool
    n: int
    rate: float | None
    before: float
    noticed: float | None
    sentence: str

    @property
    def target(self) -> float:
        """The change of the rate that has to be noticeable before a version may go on."""
        return min(MOST, max(LEAST, self.before))

    @property
    def has_power(self) -> bool:
        """Whether its quiet says something."""
        return self.noticed is not None and self.noticed <= self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswer(Result):
    """Whether a version may go on, and why."""

    COLUMNS = ("name", "fired", "n", "rate", "before", "noticed")

    system: str
    version: str
    previous: str
    decision: GateDecision
    reasons: tuple[str, ...]
    signals: tuple[Signal, ...] = ()

    @property
    def sentence(self) -> str:
        """The decision with its first reason."""
        return f"{self.decision.capitalize()}: {self.reasons[0]}"

    def rows(self) -> list[dict[str, Any]]:
        """One a guardrail."""
        return [{name: getattr(s, name) for name in self.COLUMNS} for s in self.signals]


def gate(ws: Workspace, key: str, version: str) -> GateAnswer:
    """Whether a version may go on, by what the log shows of it.

    Raises:
        PlumblineError: no such system, or no version is named.
    """
    if not version.strip():
        raise PlumblineError("A gate needs a version", todo="Name it as the log does, with --version.")
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        return _gate_answer(cursor, system, version.strip())


def _gate_answer(cursor: Cursor, system: System, version: str) -> GateAnswer:
    answer = system_releases(cursor, system)
    back = next((r for r in reversed(answer.releases.rollbacks) if r.bad_version == version), None)
    if back is not None and answer.releases.spans[-1].version != version:
        return _answer(
            system, version, back.back_to, GateDecision.STOP, (_rollback_note(back, system.timezone),)
        )
    switch, watched = _guardrails_of_version(cursor, system, answer, version)
    if switch is None:
        return _answer(
            system, version, "", GateDecision.INCONCLUSIVE, (_no_comparison_note(answer, version),)
        )
    if sampled := sample_reason(cursor, system):
        return _answer(system, version, switch.previous, GateDecision.INCONCLUSIVE, (sampled,))
    signals = tuple(_signal(w) for w in watched)
    fired = [w for w in watched if w.fired]
    guilty = [w for w in fired if w.proved is None]
    if guilty:
        return _answer(
            system,
            version,
            switch.previous,
            GateDecision.STOP,
            tuple(w.found.sentence for w in guilty),
            signals,
        )
    acquitted = tuple(f"{w.found.sentence}{w.acquittal}" for w in fired)
    if not acquitted and not any(s.has_power for s in signals):
        return _answer(
            system,
            version,
            switch.previous,
            GateDecision.INCONCLUSIVE,
            _low_power_notes(version, signals),
            signals,
        )
    quiet = tuple(_signal_note(s) for s in signals if not s.fired)
    return _answer(system, version, switch.previous, GateDecision.GO, (*acquitted, *quiet), signals)


def _answer(
    system: System,
    version: str,
    previous: str,
    decision: GateDecision,
    reasons: tuple[str, ...],
    signals: tuple[Signal, ...] = (),
) -> GateAnswer:
    return GateAnswer(
        system=system.key,
        version=version,
        previous=previous,
        decision=decision,
        reasons=reasons,
        signals=signals,
    )


def _guardrails_of_version(
    cursor: Cursor, system: System, answer: ReleasesAnswer, version: str
) -> tuple[Switch | None, tuple[GuardrailResult, ...]]:
    """The newest takeover of a version, or its newest time beside the one in charge, with its guardrails."""
    switch = next((s for s in reversed(answer.releases.switches) if s.version == version), None)
    hours = profiles.version_hours(cursor, system)
    periods = [
        p for p in presences(hours, answer.releases.spans) if p.version == version and p.role == "beside"
    ]
    if switch is not None and not (
        periods and periods[-1].start > switch.at and _is_replaced(answer, version)
    ):
        return switch, tuple(w for w in answer.guardrails if (w.version, w.switched) == (version, switch.at))
    if not periods:
        return None, ()
    entry = _entry(answer, periods[-1])
    if entry is None:
        return None, ()
    span = ChampionPeriod(version, periods[-1].start, periods[-1].end, periods[-1].n)
    question = f"guardrails of {version!r} beside {entry.previous!r} from {entry.at.isoformat()}"
    return entry, memoise(
        cursor, system, question, tuple[GuardrailResult, ...],
        lambda: watch(cursor, system, (*answer.releases.spans, span), entry),
    )  # fmt: skip


def _is_replaced(answer: ReleasesAnswer, version: str) -> bool:
    return answer.releases.spans[-1].version != version


def _entry(answer: ReleasesAnswer, beside: ChallengerPeriod) -> Switch | None:
    """The moment at which a version began to decide beside the one in charge, as if it took over from it."""
    periods = [s for s in answer.releases.spans if s.start <= beside.start and s.version != beside.version]
    if not periods:
        return None
    return Switch(
        previous=periods[-1].version,
        version=beside.version,
        at=beside.start,
        overlap_hours=0.0,
        overlap_decisions=0,
        positives=None,
        accuracy=None,
    )


def _signal(watched: GuardrailResult) -> Signal:
    guardrail = watched.found
    change = None if guardrail.fired else smallest_change(guardrail)
    return Signal(
        name=watched.signal,
        fired=watched.fired,
        n=guardrail.n,
        rate=guardrail.rate,
        before=guardrail.previous_rate,
        noticed=change,
        sentence=guardrail.sentence,
    )


def _rollback_note(back: Rollback, zone: str) -> str:
    return f"Version {back.bad_version} was taken back to {back.back_to} on {moment(back.end, zone)}."


def _no_comparison_note(answer: ReleasesAnswer, version: str) -> str:
    known = [v for v in answer.releases.versions if v.version]
    if not known:
        return "The log names no version."
    summary = next((v for v in known if v.version == version), None)
    if summary is None:
        return f"The log holds no decision of version {version}."
    if not summary.n:
        return f"Version {version} has only looked on in shadow so far: nobody acted on it."
    first = next((s.version for s in answer.releases.spans if s.version), "")
    if first == version:
        return f"Version {version} is the first in the log: there is none before it to compare with."
    return f"Version {version} has decided too little to tell: {count(summary.n)} decisions."


def _low_power_notes(version: str, signals: tuple[Signal, ...]) -> tuple[str, ...]:
    if not signals:
        return (
            f"No guardrail can watch version {version}: the log has neither rates nor outcomes to compare.",
        )
    return tuple(
        f"{s.name.capitalize()}: {count(s.n)} decisions are too few to notice a change by {100 * s.target:.0f} points."
        for s in signals
    )


def _signal_note(signal: Signal) -> str:
    name = signal.name.capitalize()
    if signal.noticed is None or not signal.has_power:
        return f"{name}: not enough is known yet (n = {count(signal.n)}), so this says nothing."
    return f"{name}: {signal.sentence} A change by {100 * signal.noticed:.1f} points would have been noticed."
