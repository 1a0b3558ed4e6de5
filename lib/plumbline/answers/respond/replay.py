"""What the last months would have sent: the past is played again on a copy that is cut at each day.

Each played day sees only decisions and outcomes that were known then: the copy loses what came later, is counted anew
and is checked as any log is. Days are Sundays' midnights (UTC), and the log's end; a message bears the moment at which
its finding could be known, where that lies in the week. Reminders are left out: they depend on who acknowledges.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from plumbline.answers import statements
from plumbline.answers.question import as_of, span_of
from plumbline.answers.respond.outbox import channels_in
from plumbline.answers.respond.retraining.due import cause_of, guard_case
from plumbline.answers.respond.retraining.triggers import triggers_in
from plumbline.answers.respond.rollback.progress import would_have
from plumbline.answers.respond.rollback.register import setting_of
from plumbline.answers.respond.rollback.situation import newest_tripped
from plumbline.domain import Finding, PlumblineError, Result, Severity, System, json_value
from plumbline.domain.acts import Act
from plumbline.domain.respond import RollbackRun, Trigger
from plumbline.logs.load.log_cut import cut, forget_told
from plumbline.monitor.drift.first_year import apart
from plumbline.profile import build
from plumbline.respond.channels import Channel
from plumbline.respond.guards import GuardCase, guards, may_fire
from plumbline.store import findings as register
from plumbline.store import systems, trail
from plumbline.store.backup.snapshot import snapshot
from plumbline.store.respond import channels as channel_store
from plumbline.store.respond import deliveries
from plumbline.store.workspace import Cursor, Workspace, open_workspace

DAYS = 365
#: days of a log before it can be played
WARM = timedelta(days=14)
#: a warning is followed by a loss that begins within so many days
FOLLOWED = timedelta(days=60)
STAND_IN = "every finding"
ACTOR = "replay"
#: signals that speak of a loss to come, or of one; others are neither true nor false
_OF_LOSS = (
    "performance.",
    "warning.",
    "estimate.",
    "drift.",
    "retraining",
    "season",
    "cutoff.",
    "association.",
    "release.guard",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One message that would have gone out.

    ``rule``: the signal, ``trigger NAME`` or ``guardrail``. ``verdict``: ``true`` where a realised loss was there or
    followed, ``false`` where none did by the log's end, ``other`` where it speaks of none. ``earlier_days``: before the
    loss was proved.
    """

    at: datetime
    channel: str
    event: str
    rule: str
    severity: str
    sentence: str
    verdict: str
    earlier_days: float | None = None
    version: str = ""  # of a guardrail: the one that it watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay(Result):
    """What a stretch of the past would have sent, in order of time."""

    COLUMNS = ("at", "channel", "event", "rule", "severity", "verdict", "earlier_days", "sentence")

    system: str
    start: datetime
    end: datetime
    messages: tuple[Played, ...]
    money: dict[str, Any] = field(default_factory=dict)

    @property
    def true(self) -> int:
        """Beginnings that a realised loss went with or followed."""
        return sum(m.verdict == "true" for m in self.messages)

    @property
    def false(self) -> int:
        """Beginnings that no loss followed."""
        return sum(m.verdict == "false" for m in self.messages)

    @property
    def earlier_days(self) -> float | None:
        """Days by which the first true message came before the loss was proved, the most of any."""
        return max((m.earlier_days for m in self.messages if m.earlier_days is not None), default=None)

    @property
    def sentence(self) -> str:
        """How many, and how many of them were worth it."""
        many = f"{len(self.messages)} messages" if len(self.messages) != 1 else "One message"
        text = (
            f"{many} from {self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}: {self.true} went with a realised loss, "
            f"{self.false} with none."
        )
        if self.earlier_days:
            text += f" The earliest came {self.earlier_days:.0f} days before the loss was proved."
        if self.money:
            text += f" From then on {self.money['amount']:,.0f} {self.money['currency']} were lost."
        return text

    def rows(self) -> list[dict[str, Any]]:
        """One a message."""
        return [{name: getattr(m, name) for name in self.COLUMNS} for m in self.messages]

    def to_dict(self) -> dict[str, Any]:
        """The keys that the command line prints."""
        told: dict[str, Any] = json_value(
            {
                "system": self.system,
                "sentence": self.sentence,
                "start": self.start,
                "end": self.end,
                "messages": self.messages,
                "true": self.true,
                "false": self.false,
                "earlier_days": self.earlier_days,
                "money": self.money or None,
            }
        )
        return told


@dataclass(slots=True, kw_only=True)
class _Day:
    """What was known at the end of one played day."""

    at: datetime
    findings: list[Finding]
    looked_at: tuple[str, ...]
    due: dict[str, GuardCase] = field(default_factory=dict)
    rollbacks: list[RollbackRun] = field(default_factory=list)


def replay(
    ws: Workspace, key: str, *, days: int = DAYS, progress: Callable[[str, float], None] | None = None
) -> Replay:
    """Play the last days of a system's log again; the workspace itself is left as it is.

    Raises:
        PlumblineError: no such system, no log, or no day to play.
    """
    if days < 1:
        raise PlumblineError("At least one day has to be played", where="--days")
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        span = span_of(cursor, system)
    if span is None:
        raise PlumblineError(f"{key} has no log to play")
    end = as_of(system, span)
    moments = played_days(max(span.first + WARM, end - timedelta(days=days)), end)
    with tempfile.TemporaryDirectory(prefix="plumbline-replay-") as folder:
        copy = Path(folder) / "replay.duckdb"
        snapshot(ws, copy)
        own = open_workspace(copy)
        try:
            seen = _measured(own, key, moments, progress)
            told = _told(own, key, seen)
            messages = _judged(told, seen[-1].findings)
        finally:
            own.close()
    money = _lost(ws, key, messages)
    return Replay(system=key, start=moments[0], end=end, messages=messages, money=money)


def played_days(start: datetime, end: datetime) -> list[datetime]:
    """The ends of the weeks between, Sundays at midnight UTC, and the end itself."""
    day = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day += timedelta(days=(7 - day.weekday()) % 7)
    found = []
    while day < end:
        if day >= start:
            found.append(day)
        day += timedelta(days=7)
    return [*found, end]


def _measured(
    own: Workspace, key: str, moments: list[datetime], progress: Callable[[str, float], None] | None
) -> list[_Day]:
    """Every played day, from the last to the first: each is a cut of the one after it."""
    found = []
    for place, at in enumerate(reversed(moments)):
        if progress:
            progress(f"Replay: {at:%Y-%m-%d}", place / len(moments))
        with own.write() as cursor:
            system = systems.get_system(cursor, key)
            cut(cursor, system, at)
            build.rebuild(cursor, systems.get_system(cursor, key))
            trail.append(
                cursor, actor=ACTOR, action=Act.REFERENCE_SET, system=key, detail={"played": at.isoformat()}
            )
        statements.change_settings(own, key, {"as_of": at.isoformat()}, by=ACTOR)
        with own.read() as cursor:
            found.append(_day(cursor, systems.get_system(cursor, key), at))
    if progress:
        progress("Replay", 1.0)
    return found[::-1]


def _day(cursor: Cursor, system: System, at: datetime) -> _Day:
    from plumbline.answers.alerts.check import signals_of
    from plumbline.answers.releases.history import releases_of

    if span_of(cursor, system) is None:
        return _Day(at=at, findings=[], looked_at=())
    _, _, found, looked_at = signals_of(cursor, system, True)
    made, by_itself = _Day(at=at, findings=found, looked_at=looked_at), apart(found)
    for item in triggers_in(cursor, system.key):
        cause = cause_of(cursor, system, item.when, by_itself, at)
        if cause is not None:
            made.due[item.name] = guard_case(cursor, system, item, cause.onset, (), at, approved_by=ACTOR)
    released = releases_of(cursor, system)
    setting = setting_of(cursor, system.key)
    for version in dict.fromkeys(s.version for s in released.releases.switches):
        tripped = newest_tripped(released.guardrails, version)
        if tripped is not None and tripped.at is not None and tripped.at <= at:
            made.rollbacks.append(would_have(cursor, system, setting, released, tripped, by_itself))
    return made


def _told(own: Workspace, key: str, seen: list[_Day]) -> list[tuple[Played, Finding | None]]:
    """The messages, by the register and the outbox as they are, from the first played day to the last."""
    from plumbline.answers.alerts.check import reconcile

    with own.write() as cursor:
        forget_told(cursor)
        if not channels_in(cursor):
            stand_in = Channel(name=STAND_IN, address="mailto:nobody@example.org", severity=Severity.LOW)
            channel_store.keep(cursor, STAND_IN, stand_in.body())
        told: list[tuple[Played, Finding | None]] = []
        before, known = seen[0].at - timedelta(days=7), set[str]()
        for day in seen:
            if day.looked_at:
                reconcile(cursor, key, list(day.findings), day.looked_at, day.at)
            for sent in reversed(deliveries.recent(cursor, key, limit=100_000)):
                if sent.id in known:
                    continue
                known.add(sent.id)
                if sent.state == "queued":
                    told.append(_message(cursor, sent, before, day.at))
            before = day.at
        items = triggers_in(cursor, key)
    told += [(played, None) for item in items for played in _fires(item, seen)]
    told += [(played, None) for played in _rollbacks(seen)]
    return sorted(told, key=lambda pair: (pair[0].at, pair[0].rule, pair[0].channel))


def _message(
    cursor: Cursor, sent: deliveries.Delivery, before: datetime, at: datetime
) -> tuple[Played, Finding | None]:
    record = register.one(cursor, sent.finding) if sent.finding is not None else None
    finding = record.finding if record else None
    when = at
    if finding is not None and finding.known_at is not None and sent.event == "finding.opened":
        when = min(max(finding.known_at, before), at)
    told = sent.data
    return Played(
        at=when, channel=sent.channel, event=sent.event, rule=str(told.get("signal", sent.event)),
        severity=str(told.get("severity", "")), sentence=str(told.get("sentence", "")), verdict="other",
    ), finding  # fmt: skip


def _fires(item: Trigger, seen: list[_Day]) -> list[Played]:
    """When a trigger would have fired, its guards held against the fires that it would have made."""
    fires: list[datetime] = []
    made = []
    for day in seen:
        case = day.due.get(item.name)
        if case is None or not may_fire(guards(replace(case, fires=tuple(fires), in_flight="", stopped=""))):
            continue
        fires.append(day.at)
        words = f"The trigger {item.name} would have fired: {item.when.value}."
        made.append(
            Played(
                at=day.at,
                channel=item.name,
                event="trigger.fired",
                rule=f"trigger {item.name}",
                severity="medium",
                sentence=words,
                verdict="other",
            )
        )
    return made


def _rollbacks(seen: list[_Day]) -> list[Played]:
    """What a dry run would have decided, as of the first played day that shows each guardrail."""
    first: dict[str, RollbackRun] = {}
    for day in seen:
        for run in day.rollbacks:
            first.setdefault(run.id, run)
    return [
        Played(
            at=run.known_at or run.at,
            channel="",
            event=f"rollback: {run.state.value}",
            rule="guardrail",
            severity="high",
            sentence=f"Version {run.version} to {run.to}. {run.note}",
            verdict="other",
            version=run.version,
        )
        for run in first.values()
    ]


def _judged(told: list[tuple[Played, Finding | None]], final: list[Finding]) -> tuple[Played, ...]:
    """Each message against what the whole log shows in the end."""
    from plumbline.monitor.alarms.findings import same_problem

    losses = [f for f in apart(final) if f.signal.startswith("performance.") and f.since is not None]
    guilty = {
        str(f.figures.get("version"))
        for f in final
        if f.signal == "release.guardrail" and f.severity is Severity.HIGH
    }
    made = []
    for message, finding in told:
        begins = message.event in ("finding.opened", "trigger.fired") or message.rule == "guardrail"
        speaks = message.rule.startswith((*_OF_LOSS, "trigger ", "guardrail"))
        if not begins or not speaks:
            made.append(message)
            continue
        if message.rule in ("guardrail", "release.guardrail"):
            version = str(finding.figures.get("version")) if finding else message.version
            made.append(replace(message, verdict="true" if version in guilty else "false"))
            continue
        loss = next((f for f in losses if finding is not None and same_problem(f, finding)), None)
        loss = loss or next((f for f in losses if _follows(f, message.at)), None)
        if loss is None:
            made.append(replace(message, verdict="false"))
            continue
        ahead = (loss.known_at - message.at).total_seconds() / 86400 if loss.known_at else None
        made.append(
            replace(message, verdict="true", earlier_days=max(ahead, 0.0) if ahead is not None else None)
        )
    return tuple(made)


def _follows(loss: Finding, at: datetime) -> bool:
    """Whether a loss was on at that moment, or began soon after."""
    if loss.since is None:
        return False
    return loss.since <= at + FOLLOWED and (loss.until is None or loss.until >= at)


def _lost(ws: Workspace, key: str, messages: tuple[Played, ...]) -> dict[str, Any]:
    """What was lost from the first true message on, where the owner said what errors cost."""
    from plumbline.answers.performance.label_delay import delays
    from plumbline.domain import Slice
    from plumbline.monitor.performance.money import money_at_stake
    from plumbline.profile.read.outcomes import outcome_profile

    first = min((m.at for m in messages if m.verdict == "true"), default=None)
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        cost = system.settings.cost_matrix
        if first is None or not cost or system.reference is None:
            return {}
        span = span_of(cursor, system)
        lost = money_at_stake(
            outcome_profile(cursor, system, Slice()),
            cost,
            reference=system.reference,
            since=first,
            delay=delays(cursor, system),
            today=as_of(system, span),
        )
    if lost is None or lost.amount <= 0:
        return {}
    return {
        "amount": lost.amount,
        "low": lost.low,
        "high": lost.high,
        "currency": lost.currency,
        "since": first,
    }
