"""What the last months would have sent: the past is played again on a copy that is cut at each moment.

Each played moment sees only decisions and outcomes that were known then: the copy loses what came later, its counts
with it, and is checked as any log is. The ends of weeks are played, Sundays' midnights on the clock of the system's
zone, and the log's end; by day, the ends of the days too in those weeks between whose ends something changed: what
came and went within one quiet week is not seen. A message bears the moment that was played, on that clock too, never
the earlier one at which its finding says, knowing what came later, that it could be known. Reminders are those that
come where nobody acknowledges anything: as many as there can be.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from plumbline.answers.cache import short_term_cache
from plumbline.answers.question import log_span, reporting_date
from plumbline.answers.respond import reminders
from plumbline.answers.respond.outbox import read_channels
from plumbline.answers.respond.replay.answer import Replay, ReplayedMessage
from plumbline.answers.respond.replay.moments import midnights_between, weekly_moments
from plumbline.answers.respond.replay.verdicts import loss_from_first_alert, with_money, with_verdicts
from plumbline.answers.respond.retraining.due import cause_of, guard_case
from plumbline.answers.respond.retraining.triggers import read_triggers
from plumbline.answers.respond.rollback.progress import dry_run_of
from plumbline.answers.respond.rollback.register import read_setting
from plumbline.answers.respond.rollback.situation import tripped_guardrail
from plumbline.domain import Finding, PlumblineError, Severity, System
from plumbline.domain.acts import Act
from plumbline.domain.respond import RetrainingTrigger, RollbackRun
from plumbline.logs.cluster import attachments
from plumbline.logs.load.log_cut import clear_findings_and_outbox, cut_log
from plumbline.monitor.drift.first_year import split_findings
from plumbline.profile import build
from plumbline.respond import retries
from plumbline.respond.channels import Channel
from plumbline.respond.guards import GuardCase, guards, may_fire
from plumbline.store import findings as register
from plumbline.store import systems, trail
from plumbline.store.backup.snapshot import snapshot
from plumbline.store.respond import channels as channel_store
from plumbline.store.respond import deliveries
from plumbline.store.workspace import Cursor, Workspace, open_workspace
from plumbline.wording.times import moment

DAYS = 365
#: days of a log before it can be played
WARM = timedelta(days=14)
STAND_IN = "every finding"
ACTOR = "replay"


@dataclass(slots=True, kw_only=True)
class _Day:
    """What was known at the end of one played day."""

    at: datetime
    findings: list[Finding]
    looked_at: tuple[str, ...]
    due: dict[str, GuardCase] = field(default_factory=dict)
    rollbacks: list[RollbackRun] = field(default_factory=list)

    @property
    def state(self) -> tuple[object, ...]:
        """What messages follow from: a week whose ends are alike in it is taken to have brought none."""
        open_ones = sorted((f.signal, f.severity.value, f.until is None) for f in self.findings)
        return (*open_ones, *sorted(self.due), *sorted(run.id for run in self.rollbacks))


def replay(
    ws: Workspace,
    key: str,
    *,
    days: int = DAYS,
    by: str = "week",
    progress: Callable[[str, float], None] | None = None,
) -> Replay:
    """Play the last days of a system's log again; the workspace itself is left as it is.

    Args:
        by: ``week`` or ``day``; by day costs up to seven times as much, for the weeks in which something changed.

    Raises:
        PlumblineError: no such system, no log, or no day to play.
    """
    if days < 1:
        raise PlumblineError("At least one day has to be played", where="--days")
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        attachments.refuse_foreign_rows(cursor, key, "Its days are not played again")
        span = log_span(cursor, system)
    if span is None:
        raise PlumblineError(f"{key} has no log to play")
    end = reporting_date(system, span)
    moments = weekly_moments(max(span.first + WARM, end - timedelta(days=days)), end)
    with tempfile.TemporaryDirectory(prefix="plumbline-replay-") as folder:
        copies = [Path(folder) / f"{name}.duckdb" for name in ("weeks", "days")]
        snapshot(ws, copies[0])
        if by == "day":
            copies[1].write_bytes(copies[0].read_bytes())
        first_copy = open_workspace(copies[0])
        try:
            seen = _measure_days(first_copy, key, moments, progress)
            if by == "day":
                seen = _add_days(copies[1], key, seen, progress)
            pairs = _replay_messages(first_copy, key, seen)
            messages = with_verdicts(pairs, [(day.at, day.findings) for day in seen])
        finally:
            first_copy.close()
    runs = {run.id: run for day in reversed(seen) for run in day.rollbacks}
    messages = with_money(ws, key, messages, tuple(runs.values()))
    return Replay(
        system=key,
        start=moments[0],
        end=end,
        by=by,
        messages=messages,
        money=dict(loss_from_first_alert(ws, key, messages)),
    )


def _add_days(
    copy: Path, key: str, weeks: list[_Day], progress: Callable[[str, float], None] | None
) -> list[_Day]:
    """The weeks' ends, with the days of those weeks between whose ends something changed."""
    between = [
        at
        for before, after in pairwise(weeks)
        if before.state != after.state
        for at in midnights_between(before.at, after.at)
    ]
    if not between:
        return weeks
    ws = open_workspace(copy)
    try:
        days = _measure_days(ws, key, between, progress)
    finally:
        ws.close()
    return sorted([*weeks, *days], key=lambda day: day.at)


def _measure_days(
    own: Workspace, key: str, moments: list[datetime], progress: Callable[[str, float], None] | None
) -> list[_Day]:
    """Every played day, from the last to the first: each is a cut of the one after it."""
    days = []
    for place, at in enumerate(reversed(moments)):
        if progress:
            progress(f"Replay: {at:%Y-%m-%d}", place / len(moments))
        with own.write() as cursor:
            past = cut_log(cursor, systems.get_system(cursor, key), at)
            build.shorten(cursor, past.system, past.last, past.label_loss)
            system = replace(
                past.system, settings=past.system.settings.with_changes({"as_of": at.isoformat()})
            )
            systems.update_system(cursor, system)
            trail.append(
                cursor, actor=ACTOR, action=Act.REFERENCE_SET, system=key, detail={"played": at.isoformat()}
            )
        with own.read() as cursor, short_term_cache():
            days.append(_day(cursor, system, at))
    if progress:
        progress("Replay", 1.0)
    return days[::-1]


def _day(cursor: Cursor, system: System, at: datetime) -> _Day:
    from plumbline.answers.alerts.check import signals_of
    from plumbline.answers.releases.history import system_releases

    if log_span(cursor, system) is None:
        return _Day(at=at, findings=[], looked_at=())
    released = system_releases(cursor, system)
    _, _, findings, looked_at = signals_of(cursor, system, True, released)
    day_state, by_itself = _Day(at=at, findings=findings, looked_at=looked_at), split_findings(findings)
    for item in read_triggers(cursor, system.key):
        cause = cause_of(cursor, system, item.when, by_itself, at, past_moment=True)
        if cause is not None:
            day_state.due[item.name] = guard_case(
                cursor, system, item, cause.onset, (), at, approved_by=ACTOR, past_moment=True
            )
    setting = read_setting(cursor, system.key)
    for version in dict.fromkeys(s.version for s in released.releases.switches):
        tripped = tripped_guardrail(released.guardrails, version)
        if tripped is not None and tripped.at is not None and tripped.at <= at:
            day_state.rollbacks.append(dry_run_of(cursor, system, setting, released, tripped, by_itself))
    return day_state


def _replay_messages(
    own: Workspace, key: str, seen: list[_Day]
) -> list[tuple[ReplayedMessage, Finding | None]]:
    """The messages, by the register and the outbox as they are, from the first played day to the last."""
    from plumbline.answers.alerts.check import reconcile

    with own.write() as cursor:
        clear_findings_and_outbox(cursor)
        if not any(channel.sends for channel in read_channels(cursor)):
            stand_in = Channel(name=STAND_IN, address="mailto:nobody@example.org", severity=Severity.LOW)
            channel_store.keep(cursor, STAND_IN, stand_in.body())
        written: dict[str, tuple[ReplayedMessage, Finding | None]] = {}
        zone = systems.get_system(cursor, key).timezone
        for day, following in zip(seen, [*seen[1:], None], strict=True):
            now = moment(day.at, zone)  # a message waits for its hour by the true time
            _send_due(cursor, now)
            if day.looked_at:
                reconcile(cursor, key, list(day.findings), day.looked_at, now)
            for pause in (timedelta(), *retries.REMINDERS):
                at = day.at + pause
                if pause and (following is None or at >= following.at):
                    break
                now = moment(at, zone)
                reminders.write(cursor, now)
                for sent in deliveries.deliveries_since(
                    cursor, now
                ):  # nothing is made before the moment that is played
                    if sent.state == "queued" and sent.system in (key, ""):
                        written[sent.id] = _message(cursor, sent, at)
                _send_due(cursor, now)
        over = deliveries.suppressed_ids(cursor)
        items = read_triggers(cursor, key)
    pairs = [message for number, message in written.items() if number not in over]
    pairs += [(played, None) for item in items for played in _simulate_fires(item, seen)]
    pairs += [(played, None) for played in _rollbacks(seen)]
    return sorted(pairs, key=lambda pair: (pair[0].at, pair[0].rule, pair[0].channel))


def _send_due(cursor: Cursor, at: datetime) -> None:
    """Let what is due by a moment be sent: its end is told then, and what ends before it is due is not told at all."""
    for row in deliveries.queued_deliveries(cursor):
        if row.due_at <= at:
            deliveries.mark(cursor, row.id, state="sent", attempts=1, due_at=row.due_at, ended_at=at)


def _message(
    cursor: Cursor, sent: deliveries.Delivery, at: datetime
) -> tuple[ReplayedMessage, Finding | None]:
    record = register.read_finding(cursor, sent.finding) if sent.finding is not None else None
    data = sent.data
    return ReplayedMessage(
        at=at, channel=sent.channel, event=sent.event, rule=str(data.get("signal", sent.event)),
        severity=str(data.get("severity", "")), sentence=str(data.get("sentence", "")), verdict="other",
    ), record.finding if record else None  # fmt: skip


def _simulate_fires(item: RetrainingTrigger, seen: list[_Day]) -> list[ReplayedMessage]:
    """When a trigger would have fired, its guards held against the fires that it would have made."""
    fires: list[datetime] = []
    results = []
    for day in seen:
        case = day.due.get(item.name)
        if case is None or not may_fire(guards(replace(case, fires=tuple(fires), in_flight="", stopped=""))):
            continue
        fires.append(day.at)
        words = f"The trigger {item.name} would have fired: {item.when.value}."
        results.append(
            ReplayedMessage(
                at=day.at,
                channel=item.name,
                event="trigger.fired",
                rule=f"trigger {item.name}",
                severity="medium",
                sentence=words,
                verdict="other",
            )
        )
    return results


def _rollbacks(seen: list[_Day]) -> list[ReplayedMessage]:
    """What a dry run would have decided, as of the first played day that shows each guardrail."""
    first: dict[str, RollbackRun] = {}
    for day in seen:
        for run in day.rollbacks:
            first.setdefault(run.id, run)
    return [
        ReplayedMessage(
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
