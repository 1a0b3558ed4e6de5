"""Which rows of a log a control's evidence speaks of: a filter, a window, a version, or one decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plumbline.answers.alerts import check
from plumbline.answers.decisions.callers import RECENT
from plumbline.answers.decisions.find import Filter
from plumbline.answers.fairness.facts import group_name
from plumbline.answers.governance.facts import RECENT as CHECKED
from plumbline.answers.governance.scorecard import Answer
from plumbline.answers.scans import LABELLED, duplicate_ids, find_repeats
from plumbline.domain import Slice, Status, System, Task
from plumbline.governance.facts import Facts, FairnessGroup, worst_caller
from plumbline.monitor.chunks import chunk_index
from plumbline.monitor.quality.completeness import audit
from plumbline.monitor.quality.staleness import staleness
from plumbline.profile.bins import feature_name
from plumbline.profile.read import profiles
from plumbline.profile.scan import group_outcomes
from plumbline.profile.scan.callers import caller_column
from plumbline.profile.scan.decisions import MARK_OPERATOR, MARKED
from plumbline.profile.scan.weights import sample_reason
from plumbline.store import systems
from plumbline.store.workspace import Cursor, Workspace

#: of a gap in the log, so much on either side is shown
_BESIDE = timedelta(days=1)
#: so many columns with personal data have a link of their own
_COLUMNS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRows:
    """Where to look: a page, what the bar narrows it to, and what is looked for on the Decisions page.

    ``start``, ``end``: on the clock of the system's zone, half-open. ``where``: at most two (column, value).
    """

    page: str = "decisions"
    start: datetime | None = None
    end: datetime | None = None
    version: str = ""
    where: tuple[tuple[str, str], ...] = ()
    find: tuple[Filter, ...] = ()
    decision: str = ""
    switch: str = ""


def evidence_rows(ws: Workspace, key: str, answer: Answer) -> dict[str, tuple[EvidenceRows, ...]]:
    """By control, of those that do not pass and whose evidence lies in rows."""
    wanted = {c.id for c in answer.card.controls if c.status in (Status.FAIL, Status.PARTIAL, Status.UNKNOWN)}
    if not answer.measured.facts.decisions:
        return {}
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        places = {
            "MON-1": _rows_without_label,
            "MON-2": _uncompared,
            "MON-3": _aged,
            "MON-4": _performance,
            "MON-5": _drift,
            "MON-8": _unknown_segment,
            "REL-1": _rows_without_version,
            "REL-4": _switch,
            "REL-5": _guardrail,
            "REL-8": _conflicts,
            "AUD-1": _rows_around_gaps,
            "AUD-2": _incomplete,
            "EXP-1": _rows_without_attributions,
            "FAIR-1": _group,
            "OVR-1": _override_rows,
            "SEC-3": _rows_without_caller,
            "SEC-4": _undeclared,
            "SEC-9": _prober,
        }
        rows_of = {
            control: tuple(rows(cursor, system, answer))
            for control, rows in places.items()
            if control in wanted
        }
    return {control: rows for control, rows in rows_of.items() if rows}


def _rows_without_label(_cursor: Cursor, _system: System, answer: Answer) -> Iterator[EvidenceRows]:
    if answer.measured.facts.labels:
        yield EvidenceRows(find=(("label", "is missing", ""),))


def _uncompared(cursor: Cursor, system: System, answer: Answer) -> Iterator[EvidenceRows]:
    """The newest days in a row of the last 90 that no check compared with the reference."""
    headline = answer.measured.standing
    if headline is None or not answer.measured.facts.reference:
        return
    since = (answer.measured.facts.as_of - CHECKED).date()
    recent = {check.chunk_of(day, headline.by) for day in headline.profile.days if day >= since}
    compared = check.chunks_on_trail(cursor, system, headline.by)
    starts, ends, _ = chunk_index(sorted(recent), headline.by)
    run: list[int] = []
    for place in reversed(range(len(starts))):
        if starts[place].date() not in compared:
            run.append(place)
        elif run:
            break
    if run:
        yield EvidenceRows(start=starts[run[-1]], end=ends[run[0]])


def _aged(cursor: Cursor, system: System, answer: Answer) -> Iterator[EvidenceRows]:
    """What the version in charge decided; where no version is logged, the rows without one."""
    version = staleness(profiles.version_hours(cursor, system), as_of=answer.measured.facts.as_of).version
    if version:
        yield EvidenceRows(version=version)
    else:
        yield EvidenceRows(find=(("version", "is missing", ""),))


def _unknown_segment(cursor: Cursor, system: System, _answer: Answer) -> Iterator[EvidenceRows]:
    """The largest segment with too few outcomes."""
    columns = [c.name for c in systems.decision_columns(cursor, system.key) if c.role.role == "segment"]
    if sample_reason(cursor, system):  # the decisions of a segment lie elsewhere, and are counted there alone
        return
    unknown = [
        (n, column, group)
        for column in columns
        for group, n, labelled in group_outcomes.group_sizes(cursor, system, column)
        if labelled < LABELLED
    ]
    if unknown:
        _, column, group = max(unknown)
        yield EvidenceRows(where=((column, group),))


def _performance(_cursor: Cursor, system: System, answer: Answer) -> Iterator[EvidenceRows]:
    breach = answer.measured.facts.performance_breach
    if breach is not None:
        yield EvidenceRows(page="accuracy", start=breach.since)
        wrong: tuple[Filter, ...] = ((MARKED, MARK_OPERATOR, "wrong"),)
        yield EvidenceRows(start=breach.since, find=() if system.task is Task.REGRESSION else wrong)


def _drift(_cursor: Cursor, _system: System, answer: Answer) -> Iterator[EvidenceRows]:
    breach = answer.measured.facts.drift_breach
    if breach is not None:
        yield EvidenceRows(page="drift", start=breach.since)
        yield EvidenceRows(start=breach.since)


def _rows_without_version(_cursor: Cursor, _system: System, answer: Answer) -> Iterator[EvidenceRows]:
    if _is_partial(answer.measured.facts.version_share):
        yield EvidenceRows(find=(("version", "is missing", ""),))


def _is_partial(share: float | None) -> bool:
    """Whether a share of rows that hold something leaves some that do not."""
    return share is not None and share < 1


def _switch(_cursor: Cursor, _system: System, answer: Answer) -> Iterator[EvidenceRows]:
    switches = answer.measured.facts.switches
    if switches:
        newest = max(switches, key=lambda switch: switch.at)
        yield EvidenceRows(page="releases", switch=newest.version)
        yield EvidenceRows(start=newest.at - _BESIDE, end=newest.at + _BESIDE)


def _guardrail(_cursor: Cursor, _system: System, answer: Answer) -> Iterator[EvidenceRows]:
    releases = answer.measured.releases
    tripped = [g for g in releases.guardrails if g.fired and not g.proved] if releases else []
    if tripped:
        newest = tripped[-1]
        yield EvidenceRows(page="releases", switch=newest.version)
        left = newest.switched + timedelta(hours=max(newest.exposed_hours, 1.0))
        yield EvidenceRows(start=newest.switched, end=left, version=newest.version)


def _conflicts(cursor: Cursor, system: System, answer: Answer) -> Iterator[EvidenceRows]:
    if answer.measured.facts.conflicting_share:
        for group in find_repeats(cursor, system, examples=True).examples[:1]:
            for decision in (group[0], group[-1]):
                yield EvidenceRows(decision=decision.id)


def _rows_around_gaps(cursor: Cursor, system: System, answer: Answer) -> Iterator[EvidenceRows]:
    facts = answer.measured.facts
    if _is_partial(facts.id_share):
        yield EvidenceRows(find=(("decision_id", "is missing", ""),))
    if facts.gaps_unexplained:
        profile = profiles.completeness(cursor, system, Slice())
        gaps = audit(profile, decisions=facts.decisions, duplicate_ids=duplicate_ids(cursor, system)).gaps
        longest = max(gaps, key=lambda gap: gap.hours, default=None)
        if longest is not None:
            yield EvidenceRows(start=longest.start - _BESIDE, end=longest.end + _BESIDE)


def _incomplete(cursor: Cursor, system: System, answer: Answer) -> Iterator[EvidenceRows]:
    """The rows without the feature that is missing most often; one that every load brought goes first."""
    if not _is_partial(answer.measured.facts.features_share):
        return
    columns = [c for c in systems.decision_columns(cursor, system.key) if c.role.role == "feature"]
    missing = {f.bins.feature: int(f.missing.sum()) for f in profiles.feature_profiles(cursor, system)}
    oldest = min(c.first_load for c in columns)
    gaps = [
        (c.first_load == oldest, n, c.name) for c in columns if (n := missing.get(feature_name(c.name), 0))
    ]
    if gaps:
        yield EvidenceRows(find=((max(gaps)[2], "is missing", ""),))


def _rows_without_attributions(cursor: Cursor, system: System, answer: Answer) -> Iterator[EvidenceRows]:
    logged = [c.name for c in systems.decision_columns(cursor, system.key) if c.role.role == "attribution"]
    if logged and _is_partial(answer.measured.facts.explained_share):
        yield EvidenceRows(find=((logged[0], "is missing", ""),))


def _group(_cursor: Cursor, _system: System, answer: Answer) -> Iterator[EvidenceRows]:
    """The group that fares worst against the most favoured one, of one attribute or of two."""
    groups = answer.measured.facts.fairness or ()
    compared = [g for g in groups if g.ratio is not None]
    if compared:
        worst = min(compared, key=lambda g: g.ratio if g.ratio is not None else 1.0)
        yield EvidenceRows(where=tuple((f"protected:{a}", level) for a, level in _levels(worst, groups)))


def _levels(group: FairnessGroup, groups: Sequence[FairnessGroup]) -> tuple[tuple[str, str], ...]:
    """The attribute and value of a group, two of each where it is of two."""
    if not group.pair:
        return ((group.attribute, group.group),)
    singles = [(g.attribute, g.group) for g in groups if not g.pair]
    return next(
        (
            ((group.attribute, level), (attribute, value))
            for first, level in singles
            for attribute, value in singles
            if first == group.attribute and group_name(level, [(attribute, value)]) == group.group
        ),
        (),
    )


def _override_rows(_cursor: Cursor, _system: System, answer: Answer) -> Iterator[EvidenceRows]:
    if answer.measured.facts.override_rate:
        yield EvidenceRows(find=((MARKED, MARK_OPERATOR, "overridden"),))


def _rows_without_caller(cursor: Cursor, system: System, answer: Answer) -> Iterator[EvidenceRows]:
    column = caller_column(cursor, system)
    if column is not None and _is_partial(answer.measured.facts.caller_share):
        yield EvidenceRows(find=((column, "is missing", ""),))


def _prober(cursor: Cursor, system: System, answer: Answer) -> Iterator[EvidenceRows]:
    facts: Facts = answer.measured.facts
    column = caller_column(cursor, system)
    worst = worst_caller(facts.probing)
    if column is not None and worst is not None:
        yield EvidenceRows(start=facts.as_of - RECENT, where=((column, worst.caller),))


def _undeclared(_cursor: Cursor, _system: System, answer: Answer) -> Iterator[EvidenceRows]:
    """The rows that hold what was found, a link a column."""
    facts = answer.measured.facts
    for column in sorted(set(facts.personal_detected or ()) - set(facts.personal_declared))[:_COLUMNS]:
        yield EvidenceRows(find=((column, "is there", ""),))
