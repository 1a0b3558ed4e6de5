"""What the interlocks ask, from the log and the registers as they were known at a moment; no network is touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from plumbline.answers.releases.guardrails import GuardrailResult
from plumbline.answers.releases.switches import SAMPLED, balance_columns, comparison_window
from plumbline.answers.respond import kill_switch
from plumbline.answers.respond.disclosure import public_sentence
from plumbline.answers.respond.freezes import frozen
from plumbline.answers.respond.rollback.register import read_runs
from plumbline.domain import Finding, PlumblineError, System, VersionHours
from plumbline.domain.messages import message
from plumbline.domain.respond import RollbackSetting, RollbackState
from plumbline.logs.load.schema_changes import changes
from plumbline.monitor.releases.challengers import presences
from plumbline.monitor.releases.champion import ChampionPeriod, deciding_rows, instant, moment, spans
from plumbline.monitor.releases.history import Releases, Switch
from plumbline.monitor.releases.shift_attribution import WorldShare, world_share
from plumbline.profile.read import profiles
from plumbline.profile.scan import arms
from plumbline.profile.scan.pauses import usual_pause
from plumbline.respond.interlocks import PastRollback, Situation
from plumbline.store import loads
from plumbline.store.models import model_files
from plumbline.store.workspace import Cursor
from plumbline.wording.times import clock

#: a version that decided so lately, beside the two, is a release in flight
LATELY = timedelta(days=1)


def situation(
    cursor: Cursor,
    system: System,
    releases: Releases,
    watched: GuardrailResult | None,
    setting: RollbackSetting,
    findings: Sequence[Finding],
    now: datetime,
    *,
    version: str = "",
    to: str = "",
    past_moment: bool = False,
) -> Situation:
    """What is known of a version at ``now``.

    Args:
        watched: the guardrail that tripped; None: none did.
        findings: of performance and inputs; those that could not be known by ``now`` are passed over.
        version, to: what is left, and what for; default: those of the guardrail.
        past_moment: ``now`` lies back: the log is taken as of then, registries and loads as they are.
    """
    zone, called = system.timezone, now
    if not past_moment:  # the log's times are what the clock of its zone shows, and so is the moment of then
        now = clock(now, zone)
    version = version or (watched.version if watched else "")
    to = to or (watched.previous if watched else "")
    hours = _hours_until(profiles.version_hours(cursor, system), now)
    switch = next((s for s in reversed(releases.switches) if s.version == version and s.at <= now), None)
    known = [f for f in findings if f.known_at is None or f.known_at <= now]
    world = (
        _world_share(cursor, system, releases.spans, switch, watched, now)
        if switch and to == switch.previous
        else None
    )
    runs = spans(hours)
    last = moment(hours.last.max()) if len(hours.last) else None
    ready, where = _readiness(cursor, system, setting, to)
    return Situation(
        now=now,
        version=version,
        to=to,
        zone=zone,
        switched_at=switch.at if switch else None,
        fired=watched.found.sentence if watched is not None and watched.fired else "",
        acquitted=watched.acquittal.strip() if watched is not None else "",
        last_decision=min(last, now) if last else None,
        pause=_pause(cursor, system, now, None if past_moment else called),
        unfinished="" if past_moment else _load_fault(cursor, system),
        to_decisions=_count_decisions(hours, to, switch.at if switch else now),
        to_breach=_breach(known, switch.at if switch else now),
        to_ready=ready,
        to_where=where,
        inputs_lost=_input_fault(cursor, system, known, switch.at if switch else now, now),
        world=world.share if world else None,
        world_high=world.high if world else None,
        past=_past_rollbacks(cursor, system, releases),
        freeze=_frozen(cursor, system.key, called),
        others=_side_versions(hours, runs, (version, to), now),
        pointed=_served_version(setting, runs),
        pointed_where="the log" if setting.hand != "alias" else "the registry",
    )


def _hours_until(hours: VersionHours, now: datetime) -> VersionHours:
    """Hours whose first decision had been made by then."""
    rows = hours.first <= instant(now)
    if rows.all():
        return hours
    places = np.flatnonzero(rows).tolist()
    return replace(
        hours,
        hours=hours.hours[rows],
        versions=tuple(hours.versions[i] for i in places),
        arms=tuple(hours.arms[i] for i in places),
        first=hours.first[rows],
        last=np.minimum(hours.last[rows], instant(now)),
        trained=hours.trained[rows],
        n=hours.n[rows],
        positives=hours.positives[rows],
        n_labelled=hours.n_labelled[rows],
        correct=hours.correct[rows],
    )


def _pause(cursor: Cursor, system: System, now: datetime, called: datetime | None) -> timedelta | None:
    """The longest usual pause between decisions, or between loads where those come less often; ``called``: the moment
    whose loads count, None: of then no loads are known."""
    pause = usual_pause(cursor, system, now)
    moments = [
        load.at
        for load in loads.arrivals(cursor, system.key)
        if load.kind == "decisions" and load.at > (called or now) - timedelta(days=28)
    ]
    if pause is None or called is None or len(moments) < 3:
        return pause
    between = sorted(b - a for a, b in pairwise(moments))
    return max(pause, between[len(between) // 2])


def _load_fault(cursor: Cursor, system: System) -> str:
    """Why the newest load is not whole; empty where it is."""
    newest = next((load for load in loads.list_loads(cursor, system.key) if load.undone_at is None), None)
    if newest is None:
        return "nothing is loaded"
    return (
        f"load {newest.load_id} was not checked: {newest.unchecked.rstrip('.')}" if newest.unchecked else ""
    )


def _count_decisions(hours: VersionHours, version: str, before: datetime) -> int:
    own = deciding_rows(hours) & np.array([name == version for name in hours.versions], dtype=bool)
    return int(hours.n[own & (hours.first < instant(before))].sum())


def _breach(known: Sequence[Finding], at: datetime) -> str:
    """The breach of performance that was open when the version left, as channels may be told it."""
    open_then = [
        f
        for f in known
        if f.signal.startswith("performance.")
        and f.since is not None
        and f.since < at
        and (f.until is None or f.until > at)
        and (f.known_at is None or f.known_at < at)
    ]
    return public_sentence(open_then[0]) if open_then else ""


def _input_fault(
    cursor: Cursor, system: System, known: Sequence[Finding], since: datetime, now: datetime
) -> str:
    """What of the inputs went, changed its kind or came to be missing after the switch."""
    spans_of_loads = profiles.load_spans(cursor, system)
    for change in changes(loads.schemas(cursor, system.key)):
        at = spans_of_loads.get(change.load_id, (now, now))[0]
        if (
            change.change in ("dropped", "retyped")
            and change.column.partition(":")[0] == "feature"
            and since <= at <= now
        ):
            return f"column {change.source} {'is gone' if change.change == 'dropped' else 'changed its kind'}"
    findings = [
        f
        for f in known
        if f.signal.startswith("missing.") and f.since and f.since >= since and f.until is None
    ]
    return public_sentence(findings[0]).rstrip(".") if findings else ""


def _world_share(
    cursor: Cursor,
    system: System,
    runs: Sequence[ChampionPeriod],
    switch: Switch,
    watched: GuardrailResult | None,
    now: datetime,
) -> WorldShare | None:
    """What other inputs account for of the change, by the decisions and outcomes known by then."""
    start, end = comparison_window(runs, switch)
    features = balance_columns(cursor, system)
    edge = min(end, now + timedelta(microseconds=1))
    old = arms.inputs(cursor, system, switch.previous, start, switch.at, features, SAMPLED, known_by=now)
    new = arms.inputs(cursor, system, switch.version, switch.at, edge, features, SAMPLED, known_by=now)
    of_loss = watched is not None and watched.signal in ("wrong decisions", "large errors")
    pair = (old.loss, new.loss) if of_loss else (old.output, new.output)
    return world_share(old.cells, new.cells, *pair)


def _readiness(cursor: Cursor, system: System, setting: RollbackSetting, to: str) -> tuple[bool | None, str]:
    """Whether the version to go back to can be had, as far as the workspace tells; the registry is asked later."""
    if any(m.version == to and m.passed for m in model_files.model_files(cursor, system.key)):
        return True, "its model file is registered"
    if setting.hand == "alias":
        return None, "the registry was not asked"
    return None, ""


def _past_rollbacks(cursor: Cursor, system: System, releases: Releases) -> tuple[PastRollback, ...]:
    rollbacks = [PastRollback(back.end, back.bad_version, back.back_to) for back in releases.rollbacks]
    for run in read_runs(cursor, system.key):
        done_before = any(p.version == run.version and p.to == run.to for p in rollbacks)
        if run.acted_at is not None and run.state is not RollbackState.DRILLED and not done_before:
            rollbacks.append(PastRollback(clock(run.acted_at, system.timezone), run.version, run.to))
    return tuple(sorted(rollbacks, key=lambda p: p.at))


def _frozen(cursor: Cursor, key: str, now: datetime) -> str:
    stopped = kill_switch.reason_to_stop(cursor)
    if stopped:
        return stopped[:1].lower() + stopped[1:]
    return frozen(cursor, key, now)


def _side_versions(
    hours: VersionHours, runs: Sequence[ChampionPeriod], own: tuple[str, str], now: datetime
) -> tuple[str, ...]:
    periods = presences(hours, runs)
    return tuple(
        sorted(
            {
                p.version
                for p in periods
                if p.role == "beside" and p.version and p.version not in own and p.end >= now - LATELY
            }
        )
    )


def _served_version(setting: RollbackSetting, runs: Sequence[ChampionPeriod]) -> str | None:
    """What is served, as far as the log tells: a webhook's receiver is told which version to expect."""
    if setting.hand == "alias":
        return None
    return runs[-1].version if runs else None


def tripped_guardrail(guardrails: Sequence[GuardrailResult], version: str) -> GuardrailResult | None:
    """The guardrail of a version that tripped first and was not acquitted."""
    own = [w for w in guardrails if w.version == version and w.fired and w.proved is None]
    return min(own, key=lambda w: w.at or w.switched, default=None)


def registry_number(cursor: Cursor, key: str, setting: RollbackSetting, version: str) -> str:
    """The registry's number of a version of the log: by the last look into the registry, else the number itself.

    Raises:
        PlumblineError: nothing tells.
    """
    from plumbline.answers.governance.probe import latest_probes

    for probe in latest_probes(cursor, key):
        for entry in probe.versions if probe.kind == "mlflow" and probe.subject == setting.model else ():
            if version == entry.version or version in entry.names:
                return entry.version
    bare = version.removeprefix("v")
    if bare.isdigit():
        return bare
    raise PlumblineError(
        message(
            "Which version of the registry is version {version} of the log is not known", version=version
        ),
        todo="Read the registry first: `plumbline probe`.",
    )
