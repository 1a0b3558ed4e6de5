"""Triggers of retraining in each check: what is due, and what the log shows of what was fired."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from plumbline.answers.question import stated_moment
from plumbline.answers.respond import kill_switch
from plumbline.answers.respond.disclosure import public_sentence
from plumbline.answers.respond.retraining import triggers as register
from plumbline.domain import Finding, Severity, Slice, System, VersionHours
from plumbline.domain.messages import NOTHING, Message, as_message, message
from plumbline.domain.respond import (
    IN_FLIGHT,
    RetrainingCondition,
    RetrainingTrigger,
    RollbackState,
    RunState,
    TriggerRun,
)
from plumbline.monitor.releases.champion import deciding_rows, moment
from plumbline.monitor.releases.shelf_life import version_start
from plumbline.profile.read import profiles
from plumbline.profile.read.outcomes import outcome_profile
from plumbline.respond.guards import GuardCase, guards, may_fire
from plumbline.respond.run_states import VersionSight, follow
from plumbline.store import systems
from plumbline.store.workspace import Cursor
from plumbline.wording import times
from plumbline.wording.times import iso_day

#: a version that took over so shortly before the onset may have caused it, or so shortly after: onsets are found late
BEFORE, AFTER = timedelta(days=28), timedelta(days=7)
SIGNAL = "retraining.not_cured"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a retraining is due: since when, when that could be known, and in words."""

    onset: datetime
    known_at: datetime | None
    sentence: Message


@dataclass(frozen=True, slots=True)
class RetrainingProgress:
    """What a check found: runs that changed, and findings of their own."""

    runs: tuple[TriggerRun, ...] = ()
    findings: tuple[Finding, ...] = ()


def acting_time(system: System, at: datetime | None = None) -> datetime:
    """The present as acting sees it: the date that the owner set for the system's figures, else now."""
    return stated_moment(system) or at or datetime.now(UTC)


def progress(
    cursor: Cursor, system: System, findings: Sequence[Finding], now: datetime
) -> RetrainingProgress:
    """The runs of a system's triggers that go on or begin, by what a check found.

    Args:
        findings: every finding of this check, open or over.
        now: see ``acting_time``.
    """
    items = register.read_triggers(cursor, system.key)
    known = register.read_runs(cursor, system.key)
    if not items and not known:
        return RetrainingProgress()
    hours = profiles.version_hours(cursor, system)
    sights = (*_log_sights(hours, system.timezone), *_registry_sights(cursor, system.key))
    changed, progressed = [], []
    runs = {run.id: run for run in known}
    for run in known:
        cause = cause_of(cursor, system, run.when, findings, now)
        after = follow(
            run,
            now,
            sights,
            still_open=_still_holds(run.when, cause, findings),
            label_days=_delay(cursor, system, now),
        )
        if after != run:
            changed.append(after)
            runs[run.id] = after
        goes_on = _still_holds(run.when, cause, findings)
        if after.state is RunState.NOT_CURED and goes_on and _is_last_fire(after, known):
            progressed.append(_failed_cure_finding(after))
    for item in items:
        due = _due_run(cursor, system, item, findings, tuple(runs.values()), now)
        if due is not None and runs.get(due.id) != due:
            changed = [*(r for r in changed if r.id != due.id), due]
            runs[due.id] = due
    return RetrainingProgress(tuple(changed), tuple(progressed))


def _is_last_fire(run: TriggerRun, known: Sequence[TriggerRun]) -> bool:
    """Whether nothing was fired since: then what it did not cure is that of the newer run."""
    return not any(
        r.fired_at is not None and run.fired_at is not None and r.fired_at > run.fired_at and not r.test
        for r in known
    )


def _still_holds(when: RetrainingCondition, cause: Cause | None, findings: Sequence[Finding]) -> bool:
    """Whether what made it due still holds: of a breach, as long as any judged metric is in breach."""
    if when is RetrainingCondition.BREACH:
        return cause is not None or any(
            f.until is None and f.signal.startswith("performance.") for f in findings
        )
    return cause is not None


def cause_of(
    cursor: Cursor,
    system: System,
    when: RetrainingCondition,
    findings: Sequence[Finding],
    now: datetime,
    *,
    past_moment: bool = False,
) -> Cause | None:
    """Why a retraining is due by a condition; None: it is not.

    Args:
        past_moment: ``now`` lies back and is on the log's own clock, as the past is played again by it.
    """
    if when is RetrainingCondition.SHELF_LIFE:
        return _shelf_life_cause(cursor, system, _on_log_clock(system, now, past_moment))
    matches: dict[RetrainingCondition, Callable[[Finding], bool]] = {
        RetrainingCondition.BREACH: lambda f: f.signal == "retraining",
        RetrainingCondition.AGE: lambda f: f.signal == "staleness.age",
        RetrainingCondition.DRIFT: lambda f: f.signal.startswith("drift.") and f.severity is not Severity.LOW,
    }
    causes = [f for f in findings if f.until is None and f.since is not None and matches[when](f)]
    if not causes:
        return None
    first = min(causes, key=lambda f: f.since or now)
    assert first.since is not None
    return Cause(first.since, first.known_at, as_message(public_sentence(first)))  # a target is told it


def _on_log_clock(system: System, now: datetime, past_moment: bool) -> datetime:
    """A moment as the log writes it: its times are what the clock of its zone shows."""
    return now if past_moment else times.clock(now, system.timezone)


def _shelf_life_cause(cursor: Cursor, system: System, now: datetime) -> Cause | None:
    from plumbline.answers.data.quality import shelf_life_of

    shelf = shelf_life_of(cursor, system, now)
    if shelf.retrain_by is None or shelf.retrain_by > now:
        return None
    return Cause(shelf.retrain_by, shelf.retrain_by, as_message(shelf.sentence))


def _due_run(
    cursor: Cursor,
    system: System,
    item: RetrainingTrigger,
    findings: Sequence[Finding],
    known: Sequence[TriggerRun],
    now: datetime,
) -> TriggerRun | None:
    """The run that is due of a trigger, with its guards as they are now; approved where every guard holds."""
    cause = cause_of(cursor, system, item.when, findings, now)
    runs = [run for run in known if run.trigger == item.name and not run.test]
    if cause is None or any(run.state in (*IN_FLIGHT, RunState.SEEN) for run in runs):
        return None
    run = next((run for run in runs if run.state is RunState.DUE), None)
    if run is None:
        ended = sum(run.onset == cause.onset for run in runs)
        run = TriggerRun(
            id=run_id(system.key, item.name, cause.onset, ended),
            system=system.key,
            trigger=item.name,
            state=RunState.DUE,
            due_at=now,
            when=item.when,
            onset=cause.onset,
            known_at=cause.known_at,
        )
    interlocks = guards(
        guard_case(cursor, system, item, cause.onset, known, now, approved_by=run.approved_by)
    )
    waits = next((guard.sentence for guard in interlocks if not guard.holds), "")
    return replace(
        run,
        sentence=cause.sentence,
        guards=interlocks,
        version=_version_in_charge(cursor, system),
        state=RunState.APPROVED if may_fire(interlocks) else RunState.DUE,
        note=message("It waits: {why}", why=as_message(waits)) if waits else NOTHING,
    )


def run_id(key: str, name: str, onset: datetime, place: int) -> str:
    """The id of a run: the same for the same cause, so that nothing is fired twice for it."""
    told = f"{key}\n{name}\n{onset.astimezone(UTC).isoformat()}\n{place}"
    return f"rtr_{hashlib.sha256(told.encode()).hexdigest()[:20]}"


def guard_case(
    cursor: Cursor,
    system: System,
    item: RetrainingTrigger,
    onset: datetime | None,
    known: Sequence[TriggerRun],
    now: datetime,
    *,
    approved_by: str = "",
    past_moment: bool = False,
) -> GuardCase:
    """What the guards of a trigger ask, from the log and the registers.

    Args:
        onset: since when the condition holds; None: a person fires without one, and outcomes count since the training.
        past_moment: see ``cause_of``.
    """
    flying = [run for run in known if run.state in IN_FLIGHT and not run.test and run.trigger != item.name]
    fires = tuple(run.fired_at for run in known if run.fired_at is not None and not run.test)
    since = (
        onset
        if onset is not None and item.when in (RetrainingCondition.BREACH, RetrainingCondition.DRIFT)
        else _training_time(cursor, system, _on_log_clock(system, now, past_moment))
    )
    return GuardCase(
        now=now,
        cooldown_days=item.cooldown_days,
        labels_needed=item.labels,
        monthly=item.monthly,
        fires=fires,
        in_flight=f"{flying[0].trigger}, {flying[0].state.value}" if flying else "",
        hold=_blocking_reason(cursor, system, now),
        labels=_count_labels_since(cursor, system, since),
        release_did_it=_release_cause(cursor, system, onset),
        stopped=kill_switch.reason_to_stop(cursor),
        approval=item.approval,
        approved_by=approved_by,
    )


def _version_in_charge(cursor: Cursor, system: System) -> str:
    from plumbline.monitor.releases.champion import spans

    runs = spans(profiles.version_hours(cursor, system))
    return runs[-1].version if runs else ""


def _training_time(cursor: Cursor, system: System, now: datetime) -> datetime:
    """When the version in charge was trained; all times are those of the log's clock."""
    hours, version = profiles.version_hours(cursor, system), _version_in_charge(cursor, system)
    return version_start(hours, version, now)[0] if version in hours.versions else now


def _count_labels_since(cursor: Cursor, system: System, since: datetime) -> int | None:
    """Outcomes of the decisions from a day of the log's clock on; None: the log has none."""
    mapped = [systems.saved_mapping(cursor, system.key, kind) for kind in ("decisions", "labels")]
    if not any(m is not None and m.column_of("label") for m in mapped):
        return None
    profile = outcome_profile(cursor, system, Slice())
    later = [day >= since.date() for day in profile.days]
    return int(profile.n_labelled[later].sum())


def _blocking_reason(cursor: Cursor, system: System, now: datetime) -> str:
    """An incident that is open and about something else than what retraining cures, or a rollback under way."""
    from plumbline.answers.alerts.incidents import read_incidents
    from plumbline.answers.respond.rollback.register import read_runs
    from plumbline.store import findings as kept

    for incident in read_incidents(cursor, system.key):
        if incident.closed_at is not None:
            continue
        about = kept.read_finding(cursor, incident.finding).finding.signal if incident.finding else ""
        if not about.startswith(
            ("performance.", "retraining", "drift.", "staleness.", "warning.", "estimate.")
        ):
            return f"incident {incident.id} is open"
    for run in read_runs(cursor, system.key):
        if run.state in (RollbackState.PROPOSED, RollbackState.ACTING, RollbackState.ACTED):
            return f"a rollback from version {run.version} is {run.state.value}"
    return ""


def _release_cause(cursor: Cursor, system: System, onset: datetime | None) -> str:
    """That the release of the version in charge caused it, in words: by its guardrail, or by how its switch splits."""
    from plumbline.answers.releases.history import system_releases
    from plumbline.answers.releases.switches import shifts

    answer = system_releases(cursor, system)
    if not answer.releases.spans:
        return ""
    version = answer.releases.spans[-1].version
    fired = next(
        (w for w in answer.guardrails if w.version == version and w.fired and w.proved is None), None
    )
    if fired is not None:
        return f"The guardrail tripped at the release of version {version}."
    last = answer.releases.switches[-1] if answer.releases.switches else None
    if onset is None or last is None or last.version != version or not -AFTER <= onset - last.at <= BEFORE:
        return ""
    shift = next((s for s in shifts(cursor, system, answer.releases) if s.switch == last), None)
    if shift is None or shift.has_concept_shift or shift.loss_split.verdict != "release":
        return ""
    part = shift.loss_split.release
    if part is None or part.value <= 0:
        return ""
    return f"Errors rose with the release of version {version}, and its inputs do not explain it."


def _delay(cursor: Cursor, system: System, now: datetime) -> float:
    from plumbline.monitor.performance.label_delay import delay_curve, usual_delay

    here = _on_log_clock(system, now, past_moment=False)
    return float(usual_delay(delay_curve(profiles.delays(cursor, system, Slice()), here)) or 0)


def _log_sights(hours: VersionHours, zone: str) -> list[VersionSight]:
    """The versions that the log shows deciding; ``zone``: whose clock the times of the log are of."""
    import numpy as np

    live, sights = deciding_rows(hours), []
    for version in sorted({name for name in hours.versions if name}):
        of_version = live & np.array([name == version for name in hours.versions], dtype=bool)
        if not of_version.any():
            continue
        trained = hours.trained[of_version]
        trained = trained[~np.isnat(trained)]
        sights.append(
            VersionSight(
                version=version,
                where="log",
                zone=zone,
                first=times.moment(moment(hours.first[of_version].min()), zone),
                trained=times.moment(moment(trained.max()), zone) if len(trained) else None,
            )
        )
    return sights


def _registry_sights(cursor: Cursor, key: str) -> list[VersionSight]:
    from plumbline.answers.governance.probe import latest_probes

    return [
        VersionSight(version=entry.version, where="registry", first=entry.created_at)
        for probe in latest_probes(cursor, key)
        for entry in probe.versions
        if entry.created_at is not None
    ]


def known_versions(cursor: Cursor, system: System, now: datetime) -> tuple[str, ...]:
    """Every version that the log or a registry held by then, under all its names."""
    from plumbline.answers.governance.probe import latest_probes

    sights = _log_sights(profiles.version_hours(cursor, system), system.timezone)
    in_log = {sight.version for sight in sights if sight.first <= now}
    for probe in latest_probes(cursor, system.key):
        for entry in probe.versions:
            if entry.created_at is None or entry.created_at <= now:
                in_log |= {entry.version, *entry.names}
    return tuple(sorted(in_log))


def _failed_cure_finding(run: TriggerRun) -> Finding:
    return Finding(
        system=run.system,
        signal=SIGNAL,
        sentence=message(
            "The retraining of {day} did not cure it. {note}",
            day=iso_day(run.fired_at) if run.fired_at else "",
            note=run.note,
        ),
        since=run.seen_at,
        until=None,
        severity=Severity.HIGH,
        confidence=None,
        page="accuracy",
        figures={"run": run.id, "version": run.seen_version},
        known_at=run.ended_at,
    )
