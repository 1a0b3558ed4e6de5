"""Everything measured and probed about one system that the catalogue's rules read."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

from plumbline.answers import events
from plumbline.answers.alerts import check
from plumbline.answers.alerts.headline import HeadlineAnswer, measure_headline
from plumbline.answers.alerts.incidents import read_incidents
from plumbline.answers.decisions.record_trials import record_facts
from plumbline.answers.events import EventRecord
from plumbline.answers.fairness.facts import fairness_facts
from plumbline.answers.governance.access import access_facts
from plumbline.answers.governance.documents import review_facts
from plumbline.answers.governance.logged_complaints import with_log
from plumbline.answers.governance.misuse import (
    CallerFacts,
    ComplaintFacts,
    ModelFileFacts,
    caller_facts,
    complaint_facts,
    model_file_facts,
)
from plumbline.answers.governance.probe import latest_probes
from plumbline.answers.governance.share_elsewhere import (
    DAYS_A_MONTH,
    decisions_a_month,
    share_of_other_systems,
)
from plumbline.answers.performance.cautions import of_the_log
from plumbline.answers.question import LogSpan, log_span, reporting_date
from plumbline.answers.releases.guardrails import GuardrailResult
from plumbline.answers.releases.history import ReleasesAnswer, system_releases
from plumbline.answers.respond.acting_facts import acting_facts
from plumbline.answers.respond.demo_systems import is_evidence_for, is_of_demo
from plumbline.answers.respond.receipts import alert_facts
from plumbline.answers.scans import duplicate_ids, find_personal_data, find_repeats, overridden, segment_sizes
from plumbline.domain import CompletenessProfile, Slice, System, Task
from plumbline.domain.acts import Act
from plumbline.domain.messages import NOTHING
from plumbline.domain.respond import DEMO
from plumbline.governance import ai_act
from plumbline.governance.evidence.case import RECORDED
from plumbline.governance.evidence.registry import registry_facts
from plumbline.governance.facts import Facts, LatestRecord
from plumbline.governance.incident_deadlines import overdue
from plumbline.monitor.performance.label_delay import delay_curve, usual_delay
from plumbline.monitor.quality.completeness import audit
from plumbline.monitor.quality.consistency import consistency
from plumbline.monitor.quality.staleness import staleness
from plumbline.profile.read import profiles
from plumbline.profile.scan import attributions
from plumbline.profile.scan.weights import sample_reason
from plumbline.store import loads, systems, trail
from plumbline.store.models import model_files
from plumbline.store.workspace import Cursor, Workspace

RECENT = timedelta(days=90)
#: the newest entries of the trail among which a receipt is looked for
RECEIPTS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredFacts:
    """The facts, with the measurements that pages show beside them."""

    facts: Facts
    stake: dict[str, Any]
    standing: HeadlineAnswer | None = None
    releases: ReleasesAnswer | None = None
    records: tuple[EventRecord, ...] = ()
    unknown: dict[str, str] = field(default_factory=dict)
    cautions: tuple[str, ...] = ()  # what is to be known of the reference first


def measure(ws: Workspace, system: System, moment: datetime) -> MeasuredFacts:
    """Measure one system as of its log's end; ``moment`` is the day statements are judged on."""
    with ws.read() as cursor:
        span = log_span(cursor, system)
        now = reporting_date(system, span)
        chain = trail.verify(cursor)
        active_loads = [load for load in loads.list_loads(cursor, system.key) if load.undone_at is None]
        workspace: dict[str, Any] = {
            "trail_intact": chain.intact, "workspace_encrypted": ws.encrypted or None,
            "loads": len(active_loads),
            "loads_hashed": sum(bool(load.sha256) for load in active_loads), **access_facts(cursor),
            "rows_read": sum(load.rows_read for load in active_loads if load.retry_of is None),
            "rows_quarantined": sum(n for _, _, n in loads.quarantine_counts(cursor, system.key)),
            "restore_rehearsed_at": _last_restore(cursor, system.key, moment),
        }  # fmt: skip
        noted = events.read_records(cursor, system.key)
        facts_of_people = (
            _record_facts(noted) | alert_facts(cursor, system.key, moment) | acting_facts(cursor, system.key)
        )
        facts_of_people |= _duties(cursor, system, noted, moment) | _purpose(cursor, system)
        facts_of_people |= _fields(complaint_facts(noted, moment))
        if span is None:
            return MeasuredFacts(
                facts=Facts(as_of=moment, **workspace, **facts_of_people), stake={}, records=noted
            )
        cautions = of_the_log(cursor, system, span)
        answer = system_releases(cursor, system)
        headline = measure_headline(cursor, system, now, answer, noted)
        known = {
            **workspace, **facts_of_people, **_volume(span), "share_elsewhere": share_of_other_systems(cursor, system),
            **_labels(cursor, system, now, headline), **headline.facts(),
            **_monitoring_facts(cursor, system, now, headline), **_versions(cursor, system, span, answer, noted,
            moment.date()),
            **_audit(cursor, system, span), **_explanation_facts(cursor, system, span, now, headline),
            **_people_facts(cursor, system, now),
            **_fields(with_log(cursor, system, complaint_facts(noted, moment), now)),
            **_fields(caller_facts(cursor, system, now)),
        }  # fmt: skip
    return MeasuredFacts(
        facts=Facts(as_of=now, **known),
        stake=headline.stake,
        standing=headline,
        releases=answer,
        records=noted,
        cautions=cautions,
    )


def _fields(part: CallerFacts | ModelFileFacts | ComplaintFacts) -> dict[str, Any]:
    """A part of the facts by the names of its fields."""
    return {each.name: getattr(part, each.name) for each in fields(part)}


def _last_restore(cursor: Cursor, key: str, moment: datetime) -> datetime | None:
    """When a copy of the workspace was last read whole at a place of its own, or put in its place: our own receipt.

    One after the day on which a system is judged says nothing of that day; the demo's is dated by its own.
    """
    of_demo = is_of_demo(cursor, key)
    times = [
        datetime.fromisoformat(entry.detail["dated"])
        if entry.actor == DEMO and "dated" in entry.detail
        else entry.at
        for act in (Act.RESTORE_REHEARSED, Act.WORKSPACE_RESTORED)
        for entry in trail.entries(cursor, action=act, limit=RECEIPTS)
        if is_evidence_for(entry.actor, of_demo)
    ]
    return max((at for at in times if at.date() <= moment.date()), default=None)


def _volume(span: LogSpan) -> dict[str, Any]:
    return {
        "decisions": span.n, "first_decision": span.first, "last_decision": span.last,
        "decisions_a_month": decisions_a_month(span.n, (span.last - span.first).total_seconds()),
    }  # fmt: skip


def _labels(cursor: Cursor, system: System, now: datetime, headline: HeadlineAnswer) -> dict[str, Any]:
    profile = headline.profile
    mapped = [systems.saved_mapping(cursor, system.key, kind) for kind in ("decisions", "labels")]
    is_mapped = any(m is not None and m.column_of("label") for m in mapped)
    if not is_mapped:
        return {"labels": None, "chunk_unit": headline.by}
    curve = delay_curve(profiles.delays(cursor, system, Slice()), now)
    usual = usual_delay(curve) or 0
    due = [day <= (now - timedelta(days=usual)).date() for day in profile.days]
    n = int(profile.n[due].sum())
    labelled = int(profile.n_labelled[due].sum())
    days = [day for day, count in zip(profile.days, profile.n_labelled, strict=True) if count]
    length = {"day": 1.0, "week": 7.0, "month": DAYS_A_MONTH}[headline.by]
    age = max((now.date() - max(days)).days - usual, 0) / length if days else None
    return {
        "labels": int(profile.n_labelled.sum()), "due": n, "labelled_share": labelled / n if n else None,
        "label_age_chunks": age, "chunk_unit": headline.by,
        "outcomes_arrive_later": _has_later_labels(mapped, cursor, system),
    }  # fmt: skip


def _has_later_labels(mapped: list[Any], cursor: Cursor, system: System) -> bool:
    """Outcomes with a time of their own, or in a file of their own, were observed in the world."""
    timed = any(m is not None and m.column_of("label_time") for m in mapped)
    return timed or any(
        load.kind == "labels" and load.undone_at is None for load in loads.list_loads(cursor, system.key)
    )


def _monitoring_facts(
    cursor: Cursor, system: System, now: datetime, headline: HeadlineAnswer
) -> dict[str, Any]:
    since = (now - RECENT).date()
    recent = {check.chunk_of(day, headline.by) for day in headline.profile.days if day >= since}
    compared = check.chunks_on_trail(cursor, system, headline.by) & recent
    segments = segment_sizes(cursor, system)
    aged = staleness(profiles.version_hours(cursor, system), as_of=now)
    return {
        "reference": system.reference is not None, "recent_chunks": len(recent),
        "recent_chunks_compared": len(compared), "model_age_days": aged.age_days, "model_age_source": aged.source,
        "segments": segments[0] if segments else None, "segments_labelled": segments[1] if segments else None,
    }  # fmt: skip


def _versions(
    cursor: Cursor,
    system: System,
    span: LogSpan,
    answer: ReleasesAnswer,
    noted: tuple[EventRecord, ...],
    today: date,
) -> dict[str, Any]:
    seen = {v.version for v in answer.releases.versions if v.version}
    files = model_files.model_files(cursor, system.key)
    with_model = {m.version for m in files if m.passed}
    probes = latest_probes(cursor, system.key)
    back = max(answer.releases.rollbacks, key=lambda r: r.end, default=None)
    tripped = [
        g for g in answer.guardrails if g.fired and not g.proved and not _has_response(noted, g, today)
    ]
    waiting = [g for g in answer.guardrails if g.fired and not g.proved and not _has_response(noted, g)]
    watched = bool(seen) and system.task is Task.BINARY
    judged = watched and not sample_reason(cursor, system)
    repeats = find_repeats(cursor, system)
    same = consistency(repeats)
    return {
        "versions": len(seen), **registry_facts(seen, with_model, probes),
        **_fields(model_file_facts(cursor, system.key, seen, files, probes)),
        "rollback_at": back.end if back else None, "rollback_minutes": back.minutes if back else None,
        "switches": answer.last_switches() if seen else None,
        "guardrail_on": True if watched else None,
        "guardrail_unhandled": len(tripped) if judged else None,
        "guardrail_in_hand": len(waiting) - len(tripped) if judged else None,
        "guardrail_sentence": tripped[-1].sentence if tripped else NOTHING,
        "reproduced_versions": len(seen & with_model),
        "repeats": None if repeats.unknown else same.n, "conflicting_share": same.share, "repeated_inputs": same.groups,
        "conflicting_inputs": same.conflicting_groups,
        "conflicting_decisions": same.decided_share, "near_share": same.near_share,
    }  # fmt: skip


def _has_response(
    noted: tuple[EventRecord, ...], watched: GuardrailResult, today: date | None = None
) -> bool:
    """Whether an incident was opened since that names this guardrail's finding, and was closed.

    Args:
        today: one that is in hand on that day counts too.
    """
    if watched.at is None:
        return False
    done = events.closed_incidents(noted)
    return any(
        r.event == "incident opened"
        and r.at >= watched.at
        and r.about is not None
        and (r.incident in done or (today is not None and r.due is not None and today <= r.due))
        and r.about.signal == "release.guardrail"
        and r.about.figures.get("version") == watched.version
        for r in noted
    )


def _audit(cursor: Cursor, system: System, span: LogSpan) -> dict[str, Any]:
    profile: CompletenessProfile = profiles.completeness(cursor, system, Slice())
    trail = audit(profile, decisions=span.n, duplicate_ids=duplicate_ids(cursor, system))
    personal, _ = find_personal_data(cursor, system)
    return {
        "id_share": trail.shares.get("id"), "version_share": trail.shares.get("version"),
        "features_share": trail.shares.get("features"),
        "duplicate_share": trail.duplicate_share if "id" in trail.shares else None,
        "gaps_unexplained": len(trail.gaps), "longest_gap_hours": trail.longest_gap_hours,
        "personal_detected": tuple(sorted({p.column for p in personal if p.sure != "possible"})),
        "personal_declared": system.settings.personal_data,
        "retention_days": system.settings.retention_days,
        "covers_launch": system.settings.covers_launch,
    }  # fmt: skip


def _explanation_facts(
    cursor: Cursor, system: System, span: LogSpan, now: datetime, headline: HeadlineAnswer
) -> dict[str, Any]:
    """Share of decisions with attributions that add up: logged ones, else by a registered model's version."""
    profile = profiles.completeness(cursor, system, Slice())
    logged = profile.present.get("explanation")
    share = float(logged.sum() / span.n) * headline.logged_share if logged is not None else 0.0
    passed = {m.version for m in model_files.model_files(cursor, system.key) if m.passed}
    by_model = sum(int(n) for n, v in zip(profile.n, profile.versions, strict=True) if v in passed) / span.n
    stored = attributions.attribution_coverage(cursor, system)
    by_pass = sum(s.adds_up for s in stored if s.version in passed) / span.n
    since = (now - RECENT).date()
    days = {s.day for s in stored if s.adds_up}
    if logged is not None:
        days |= {day for day, n in zip(profile.days, logged, strict=True) if n}
    attributed = {check.chunk_of(day, headline.by) for day in days if day >= since}
    return {
        "explained_share": max(share, by_model, by_pass), "recent_chunks_attributed": len(attributed),
        **record_facts(cursor, system),
    }  # fmt: skip


def _people_facts(cursor: Cursor, system: System, now: datetime) -> dict[str, Any]:
    columns = systems.decision_columns(cursor, system.key)
    fair: dict[str, Any] = {"fairness": None}
    if any(c.role.role == "protected" for c in columns) and system.task is Task.BINARY:
        fair = fairness_facts(cursor, system)
    mapping = systems.saved_mapping(cursor, system.key)
    if mapping is None or mapping.column_of("override") is None:
        return {**fair, "override_mapped": False}
    seen, changed = overridden(cursor, system)
    # a share of the sample is one of all decisions but for chance; a number of them is not
    recent = None if sample_reason(cursor, system) else overridden(cursor, system, now - RECENT)[1]
    return {
        **fair, "override_mapped": True, "override_rate": changed / seen if seen else 0.0,
        "overrides_90_days": recent,
    }  # fmt: skip


def _record_facts(noted: tuple[EventRecord, ...]) -> dict[str, Any]:
    """What people recorded on the trail."""
    told = tuple(LatestRecord(r.event, r.at, r.by) for r in events.newest_records(noted, RECORDED))
    return {"noted": told}


def _purpose(cursor: Cursor, system: System) -> dict[str, Any]:
    """Whether somebody ever answered what the system is for: what is withdrawn since is read in the stricter way."""
    return {
        "context_answered": bool(
            trail.entries(cursor, system=system.key, action=Act.CONTEXT_ANSWERED, limit=1)
        ),
        "commercial_from": system.settings.commercial_from,
    }


def _duties(
    cursor: Cursor, system: System, noted: tuple[EventRecord, ...], moment: datetime
) -> dict[str, Any]:
    """The AI Act's class and who bears its duties; incidents, and which of them are late."""
    act = system.settings.ai_act or {}
    reviewed = act.get("reviewed")
    known = act.get("class") if not act.get("open") else None
    unassigned = None
    if known and act.get("role") in ai_act.ROLES:
        borne = act.get("duties") or {}
        known_answers = {q.key for q in ai_act.law().questions}
        given = {key: value for key, value in (act.get("answers") or {}).items() if key in known_answers}
        duties = (
            ai_act.classify(given, act["role"]).duties if given else ai_act.act_duties(known, act["role"])
        )
        unassigned = sum(not borne.get(duty.key) for duty in duties)
    register = read_incidents(cursor, system.key)
    now = max(moment, datetime.now(UTC))  # clocks run on, whatever day the log is read as of
    late = sum(bool(overdue(item, now)) for item in register)
    opened, closed = events.count(noted, "incident opened"), events.count(noted, "incident closed")
    elsewhere = opened - len(register) - (closed - sum(item.closed_at is not None for item in register))
    return {
        "ai_act_class": known, "ai_act_reviewed": date.fromisoformat(reviewed) if reviewed else None,
        "ai_act_duties_open": unassigned, "incidents": max(opened, len(register)),
        "incidents_overdue": late if late or elsewhere <= 0 else None, **review_facts(cursor, system.key),
    }  # fmt: skip
