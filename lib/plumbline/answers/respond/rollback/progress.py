"""Rollbacks in each check: what a tripped guardrail leads to, and what the log shows of a moved alias."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from plumbline.answers.releases.guardrails import GuardrailResult
from plumbline.answers.releases.history import ReleasesAnswer, system_releases
from plumbline.answers.respond.rollback import register as rollbacks
from plumbline.answers.respond.rollback.situation import situation, tripped_guardrail
from plumbline.domain import Finding, Severity, System
from plumbline.domain.messages import message
from plumbline.domain.respond import Mode, RollbackRun, RollbackSetting, RollbackState
from plumbline.profile.scan.pauses import usual_pause
from plumbline.respond.interlocks import PAUSES, Situation, decide, interlocks
from plumbline.store.workspace import Cursor
from plumbline.wording.quantities import count
from plumbline.wording.times import clock_time, iso_day, long_date_and_time, moment

SIGNAL = "release.rollback_failed"


@dataclass(frozen=True, slots=True)
class RollbackProgress:
    """What a check found: runs that began or went on, and findings of their own."""

    runs: tuple[RollbackRun, ...] = ()
    findings: tuple[Finding, ...] = ()


def progress(cursor: Cursor, system: System, findings: Sequence[Finding], now: datetime) -> RollbackProgress:
    """Runs that a check begins or carries on; what needs the network waits for ``work``."""
    setting, known = rollbacks.read_setting(cursor, system.key), rollbacks.read_runs(cursor, system.key)
    answer = system_releases(cursor, system)
    changed = [
        _follow_effect(cursor, system, run, answer, now) for run in known if run.state is RollbackState.ACTED
    ]
    changed = [run for run in changed if run not in known]
    failures = [
        _failure_finding(run) for run in (*changed, *known) if _is_failure(run) and _is_served(answer, run)
    ]
    if setting.mode is not Mode.OFF and answer.releases.spans:
        changed += _new_runs(cursor, system, setting, answer, known, findings, now)
    return RollbackProgress(tuple(changed), tuple(failures[:1]))


def _is_failure(run: RollbackRun) -> bool:
    """Whether an alias was moved and nothing came of it; a drill that failed moved none."""
    return run.state is RollbackState.FAILED and run.acted_at is not None


def _new_runs(
    cursor: Cursor,
    system: System,
    setting: RollbackSetting,
    answer: ReleasesAnswer,
    known: Sequence[RollbackRun],
    findings: Sequence[Finding],
    now: datetime,
) -> list[RollbackRun]:
    begun_runs = []
    run_ids = {run.id for run in known}
    current = tripped_guardrail(answer.guardrails, answer.releases.spans[-1].version)
    if current is not None and run_id(system.key, current) not in run_ids:
        case = situation(cursor, system, answer.releases, current, setting, findings, now)
        run = _run(system, setting, current, case, now)
        state = decide(Mode.PROPOSE if setting.mode is Mode.AUTOMATIC else setting.mode, run.interlocks)
        begun_runs.append(replace(run, state=state))
    if setting.mode is Mode.DRY_RUN:
        for version in dict.fromkeys(s.version for s in answer.releases.switches):
            past = tripped_guardrail(answer.guardrails, version)
            if past is None or past is current or past.at is None or run_id(system.key, past) in run_ids:
                continue
            begun_runs.append(dry_run_of(cursor, system, setting, answer, past, findings))
    return begun_runs


def dry_run_of(
    cursor: Cursor,
    system: System,
    setting: RollbackSetting,
    answer: ReleasesAnswer,
    past: GuardrailResult,
    findings: Sequence[Finding],
) -> RollbackRun:
    """What a dry run would have decided when a guardrail of the past tripped, by what was known at that moment."""
    at = past.at or past.switched
    case = situation(cursor, system, answer.releases, past, setting, findings, at, past_moment=True)
    run = _run(system, setting, past, case, at)
    state = decide(Mode.DRY_RUN, run.interlocks)
    when = {"time": f"{clock_time(at)}", "zone": system.timezone, "day": f"{iso_day(at)}"}
    note = message("At {time} {zone} on {day} it would not have rolled back.", **when)
    if state is RollbackState.DRY:
        note = message("At {time} {zone} on {day} it would have rolled back.", **when)
    return replace(run, state=state, mode=Mode.DRY_RUN, note=note)


def _run(
    system: System, setting: RollbackSetting, watched: GuardrailResult, case: Situation, at: datetime
) -> RollbackRun:
    return RollbackRun(
        id=run_id(system.key, watched),
        system=system.key,
        state=RollbackState.PROPOSED,
        at=at,
        version=case.version,
        to=case.to,
        switched_at=watched.switched,
        known_at=watched.at,
        sentence=watched.found.sentence,
        interlocks=interlocks(case),
        mode=setting.mode,
    )


def run_id(key: str, watched: GuardrailResult) -> str:
    """The id of what a guardrail at a switch leads to: the same however often it is looked at."""
    told = f"{key}\n{watched.version}\n{watched.switched.astimezone(UTC).isoformat()}"
    return f"rbk_{hashlib.sha256(told.encode()).hexdigest()[:20]}"


def _is_served(answer: ReleasesAnswer, run: RollbackRun) -> bool:
    return bool(answer.releases.spans) and answer.releases.spans[-1].version == run.version


def _follow_effect(
    cursor: Cursor, system: System, run: RollbackRun, answer: ReleasesAnswer, now: datetime
) -> RollbackRun:
    """A moved alias is a claim; the log shows whether the earlier version decides and the other one stopped."""
    if run.acted_at is None or not answer.releases.spans:
        return run
    back = next(
        (
            b
            for b in answer.releases.rollbacks
            if (b.bad_version, b.back_to) == (run.version, run.to)
            and moment(b.end, system.timezone) >= run.acted_at - timedelta(hours=1)
        ),
        None,
    )
    if back is not None and not _is_served(answer, run):
        seen_at = moment(back.end, system.timezone)
        minutes = max((seen_at - run.acted_at).total_seconds() / 60, 0.0)
        note = message(
            "The log shows version {version} deciding since {moment} {zone}.",
            version=run.to,
            moment=long_date_and_time(back.end),
            zone=system.timezone,
        )
        return replace(run, state=RollbackState.SEEN, seen_at=seen_at, minutes=minutes, note=note)
    pause = usual_pause(cursor, system, now)
    last = moment(answer.releases.spans[-1].end, system.timezone)
    if pause is not None and _is_served(answer, run) and last > run.acted_at + PAUSES * pause:
        note = message(
            "Version {version} still decides, {n} usual pauses after the alias was moved.",
            version=run.version,
            n=count(PAUSES),
        )
        return replace(run, state=RollbackState.FAILED, note=note)
    return run


def _failure_finding(run: RollbackRun) -> Finding:
    return Finding(
        system=run.system,
        signal=SIGNAL,
        sentence=message(
            "The rollback to version {version} did not take effect. {note}",
            version=run.to,
            note=run.note,
        ),
        since=run.acted_at or run.at,
        until=None,
        severity=Severity.HIGH,
        confidence=None,
        page="releases",
        figures={"run": run.id, "version": run.version},
        known_at=run.acted_at,
    )
