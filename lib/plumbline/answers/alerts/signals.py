"""Every signal that can become a finding: a table of families, each a function of one system's measurements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from plumbline.answers.alerts.first_year import first_year
from plumbline.answers.alerts.measurements import Measurements
from plumbline.answers.alerts.record import duplicate_findings, record_findings
from plumbline.answers.drift import associations
from plumbline.answers.drift.cutoff_changes import cutoff_departures
from plumbline.answers.drift.group_shifts import shifts_of_groups
from plumbline.answers.performance.contradiction import score_contradictions
from plumbline.answers.question import age_limits
from plumbline.answers.scans import find_repeats
from plumbline.domain import Finding, PointStatus, Severity, Slice, System
from plumbline.domain.messages import NOTHING, message, sequence
from plumbline.logs.load.schema_changes import changes
from plumbline.monitor.alarms import findings as problems
from plumbline.monitor.alarms.contradiction import contradiction_findings
from plumbline.monitor.alarms.cusum import early_warning, warning_sentence
from plumbline.monitor.alarms.findings import is_same_problem
from plumbline.monitor.alarms.year_before import YEAR, is_as_year_before
from plumbline.monitor.drift import findings as shifts
from plumbline.monitor.drift.association import association_findings
from plumbline.monitor.drift.cutoff import cutoff_findings
from plumbline.monitor.drift.distances import OF_THEIR_OWN
from plumbline.monitor.drift.features import judge_chunks
from plumbline.monitor.drift.first_year import SIGNAL
from plumbline.monitor.drift.group_shift import group_findings
from plumbline.monitor.drift.missing_share import earliest_findings, missing_findings
from plumbline.monitor.drift.reference_stability import unstable_feature
from plumbline.monitor.drift.shifts import shift_findings
from plumbline.monitor.figures import say_value
from plumbline.monitor.performance.selective_labels import unknown_metrics
from plumbline.monitor.quality.consistency import consistency
from plumbline.monitor.quality.staleness import staleness
from plumbline.profile.bins import OUTPUTS
from plumbline.profile.read import profiles
from plumbline.store import loads
from plumbline.store.workspace import Cursor
from plumbline.wording.names import METHOD_NAMES, metric_unit, say_metric
from plumbline.wording.times import iso_day


def _performance(cursor: Cursor, m: Measurements) -> list[Finding]:
    onset = m.held.change.onset if m.held.change else None
    findings = problems.performance_findings(
        m.system.key,
        m.held.judged,
        name=say_metric,
        say=_say(m.system),
        delay=m.delay,
        onset=onset,
        healthy=m.held.levels,
        lasts=m.held.lasts,
    )
    return _add_population(
        m, [problems.with_cost(f, m.held.stake) if f.until is None else f for f in findings]
    )


def _add_population(m: Measurements, findings: list[Finding]) -> list[Finding]:
    """Findings that rest on outcomes, with whom they speak of where only some decisions ever have one."""
    among = m.held.selected.population_note if m.held.selected else NOTHING
    if not among:
        return findings
    return [
        replace(f, sentence=sequence([f.sentence, among]), figures={**f.figures, "among": among})
        for f in findings
    ]


def _say(system: System) -> problems.Say:
    return lambda name, value: say_value(name, value, metric_unit(system, name))


def _warning(cursor: Cursor, m: Measurements) -> list[Finding]:
    """Outcomes that add up to a fall before any chunk proves it; told while no breach says it louder."""
    if m.system.reference is None or m.held.headline in unknown_metrics(m.held.selected):
        return []
    warned = early_warning(
        m.held.profile,
        reference=m.system.reference,
        name=m.held.headline,
        cost=m.system.settings.cost_matrix,
        delay=m.held.delay,
        today=m.now,
    )
    if warned is None:
        return []
    figures = {"metric": warned.metric, "run_length_days": warned.run_length, "limit": warned.limit}
    findings = []
    points = [p for p in m.held.judged if p.metric == m.held.headline]
    level, end = m.held.levels.get(m.held.headline), m.system.reference[1]
    alarms = [
        a for a in warned.alarms if a.at < end + YEAR or not is_as_year_before(points, a.since, a.at, level)
    ]
    for alarm in alarms:
        sentence = warning_sentence(say_metric(m.held.headline), warned, over=alarm.until is not None)
        findings.append(
            Finding(
                system=m.system.key,
                signal=f"warning.{warned.metric}",
                sentence=sentence,
                since=alarm.since,
                until=alarm.until,
                severity=Severity.MEDIUM,
                confidence=None,
                page="accuracy",
                figures=figures,
                known_at=alarm.at + m.delay,
            )
        )
    return _add_population(m, findings)


def _contradiction(cursor: Cursor, m: Measurements) -> list[Finding]:
    """Outcomes that contradict the score more often than in the reference."""
    found = contradiction_findings(
        m.system.key, score_contradictions(cursor, m.system, m.held.profile, m.held.delay, m.now)
    )
    return _add_population(m, [replace(f, known_at=f.known_at + m.delay) if f.known_at else f for f in found])


def _retraining_findings(cursor: Cursor, m: Measurements) -> list[Finding]:
    """The retraining trigger, where the performance threshold has fired it."""
    due = m.held.retraining
    if due is None:
        return []
    beyond = [p.end for p in m.held.points if p.status is PointStatus.BREACH and p.start >= due.since]
    known = beyond[:2][-1] + m.delay if beyond else m.now  # two chunks are enough to confirm a breach
    findings = [
        Finding(
            system=m.system.key,
            signal="retraining",
            sentence=due.sentence,
            since=due.since,
            until=None,
            severity=Severity.HIGH,
            confidence=None,
            page="accuracy",
            figures={"version": due.version},
            known_at=known,
        )
    ]
    return _add_population(m, findings)


def _estimate(cursor: Cursor, m: Measurements) -> list[Finding]:
    from plumbline.answers.performance.estimates import estimates

    if m.system.reference is None:
        return []
    settings = m.system.settings
    points = estimates(
        cursor,
        m.system,
        m.held.profile,
        Slice(),
        by=m.by,
        metrics=[m.held.headline],
        floors=settings.floors,
        cost=settings.cost_matrix,
        selected=m.held.selected,
    )
    since = m.system.reference[1]
    later = [p for p in points if p.start >= since]
    findings = problems.performance_findings(
        m.system.key,
        later,
        name=say_metric,
        say=_say(m.system),
        healthy=m.held.levels,
    )
    return _add_population(m, findings)


def _drift(cursor: Cursor, m: Measurements) -> list[Finding]:
    """Inputs whose last seven days, day by day, left the reference, of everybody or of one group alone; by chunk where
    a log is shorter than that."""
    if m.system.reference is None:
        return []
    findings = shift_findings(
        m.system.key,
        [p for p in m.features if p.bins.feature != "label"],
        reference=m.system.reference,
        until=m.now,
        laid=m.laid,
        outputs=WATCHED,
        weights=m.weights,
        spoken=METHOD_NAMES,
    )
    alone = group_findings(m.system.key, shifts_of_groups(cursor, m.system, m.features, m.now))
    findings += [f for f in alone if not any(is_same_problem(f, other) for other in findings)]
    changed = unstable_feature([p for p in m.features if p.bins.feature not in OUTPUTS], m.system.reference)
    if changed is None:
        return findings
    unstable = message(
        "It changed within the reference already, about {day}: take the days before or after.",
        day=f"{iso_day(changed.at)}",
    )
    mark = {"reference_changed": changed.at}
    return [
        replace(f, sentence=sequence([f.sentence, unstable]), figures=f.figures | mark)
        if f.signal == f"drift.{changed.feature}"
        else f
        for f in findings
    ]


def _association(cursor: Cursor, m: Measurements) -> list[Finding]:
    """Inputs that stopped going together, as after a join on a wrong key."""
    return association_findings(
        m.system.key, associations.find_lost_associations(cursor, m.system, m.features, m.now)
    )


def _cutoff(cursor: Cursor, m: Measurements) -> list[Finding]:
    """Decisions that no longer follow the score's cut-off of the reference."""
    return cutoff_findings(m.system.key, cutoff_departures(cursor, m.system, m.features, m.now))


def _presence(cursor: Cursor, m: Measurements) -> list[Finding]:
    """Values that went missing, and levels that the reference never had."""
    if m.system.reference is None:
        return []
    watched = [p for p in m.features if p.bins.feature not in OUTPUTS]
    findings = missing_findings(m.system.key, watched, reference=m.system.reference, until=m.now)
    for method in OF_THEIR_OWN:
        inputs = [c for c in judge_chunks(m.laid, method) if c.feature not in OUTPUTS]
        findings += shifts.presence_findings(m.system.key, method, inputs)
    return earliest_findings(findings)


def _staleness(cursor: Cursor, m: Measurements) -> list[Finding]:
    watch, breach = age_limits(m.system)
    aged = staleness(
        profiles.version_hours(cursor, m.system), as_of=m.now, watch_days=watch, breach_days=breach
    )
    if aged.status is not PointStatus.BREACH or aged.since is None:
        return []
    crossed = aged.since + timedelta(days=breach)
    figures = {"version": aged.version, "age_days": aged.age_days, "source": aged.source}
    return [
        Finding(
            system=m.system.key,
            signal="staleness.age",
            sentence=aged.sentence,
            since=crossed,
            until=None,
            severity=Severity.MEDIUM,
            confidence=None,
            page="accuracy",
            figures=figures,
            known_at=crossed,
        )
    ]


#: outputs whose drift is an alarm; labels come late, and what they tell is performance
WATCHED = ("score", "prediction")


def _consistency(cursor: Cursor, m: Measurements) -> list[Finding] | None:
    repeats = find_repeats(cursor, m.system)
    if repeats.unknown:
        return None
    result = consistency(repeats)
    if result.status is not PointStatus.BREACH:
        return []
    figures = {
        "share": result.share,
        "low": result.low,
        "high": result.high,
        "n": result.n,
        "conflicting": result.conflicting,
    }
    return [
        Finding(
            system=m.system.key,
            signal="consistency.repeats",
            sentence=result.sentence,
            since=m.span.first,
            until=None,
            severity=Severity.HIGH,
            confidence=None,
            page="decisions",
            figures=figures,
            known_at=m.span.last,
        )
    ]


def _releases(cursor: Cursor, m: Measurements) -> list[Finding]:
    return list(m.released.findings)


def _schema(cursor: Cursor, m: Measurements) -> list[Finding]:
    """Columns of the log that went or changed their kind, until they are back; one that is new is said at its load."""
    spans = profiles.load_spans(cursor, m.system)
    findings: list[Finding] = []
    for change in changes(loads.schemas(cursor, m.system.key)):
        if change.load_id not in spans:
            continue
        first, last = spans[change.load_id]
        signal = f"schema.{change.source}"
        findings = [
            replace(f, until=first) if f.signal == signal and f.until is None else f for f in findings
        ]
        if change.change != "returned":
            figures = {
                "change": change.change,
                "load_id": change.load_id,
                "was": change.was,
                "now": change.now,
            }
            findings.append(
                Finding(
                    system=m.system.key,
                    signal=signal,
                    sentence=message("Column {column}: {change}.", column=change.source, change=change.said),
                    since=first,
                    until=last if change.change == "added" else None,
                    severity=Severity.LOW,
                    confidence=None,
                    page="logs",
                    figures=figures,
                    known_at=first,
                )
            )
    return findings


@dataclass(frozen=True, slots=True)
class SignalFamily:
    """``prefixes``: of the signals it raises; ``quick``: cheap enough to run with every load.

    ``raise_findings`` is None where nothing can be known now: what was found before then stays as it is.
    """

    name: str
    prefixes: tuple[str, ...]
    raise_findings: Callable[[Cursor, Measurements], list[Finding] | None]
    quick: bool = True


FAMILIES: tuple[SignalFamily, ...] = (
    SignalFamily("performance", ("performance.",), _performance),
    SignalFamily("retraining", ("retraining",), _retraining_findings),
    SignalFamily("early warning", ("warning.",), _warning),
    SignalFamily("contradiction", ("warning.contradiction",), _contradiction),
    SignalFamily("estimated performance", ("estimate.",), _estimate, quick=False),
    SignalFamily("drift", ("drift.", "group."), _drift),
    SignalFamily("association", ("association.",), _association),
    SignalFamily("cut-off", ("cutoff.",), _cutoff),
    SignalFamily("missing values and new levels", tuple(f"{method}." for method in OF_THEIR_OWN), _presence),
    SignalFamily("staleness", ("staleness.",), _staleness),
    SignalFamily(
        "record", ("quality.id", "quality.version", "quality.features", "quality.gap"), record_findings
    ),
    SignalFamily("duplicates", ("quality.duplicates",), duplicate_findings),
    SignalFamily("schema", ("schema.",), _schema),
    SignalFamily("consistency", ("consistency.",), _consistency, quick=False),
    SignalFamily("releases", ("release.",), _releases),
)


def all_findings(
    cursor: Cursor, m: Measurements, *, all_of_them: bool
) -> tuple[list[Finding], tuple[str, ...]]:
    """The findings of every family (or of the quick ones), and the prefixes of the signals that were looked at."""
    chosen: Sequence[SignalFamily] = [f for f in FAMILIES if all_of_them or f.quick]
    raised = [(family, family.raise_findings(cursor, m)) for family in chosen]
    asked = [(family, of_family) for family, of_family in raised if of_family is not None]
    findings = [finding for _, of_family in asked for finding in of_family]
    prefixes = tuple(prefix for family, _ in asked for prefix in family.prefixes)
    return first_year(cursor, m, problems.merge_problem_findings(findings)), (*prefixes, SIGNAL)
