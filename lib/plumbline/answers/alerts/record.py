"""What is not on record: ids, versions, inputs, duplicates, and holes in time, as findings."""

from __future__ import annotations

from datetime import timedelta

from plumbline.answers.alerts.measurements import Measurements
from plumbline.answers.scans import duplicate_ids
from plumbline.domain import CompletenessProfile, Finding, PointStatus, Severity, Slice
from plumbline.domain.messages import Message, message
from plumbline.monitor.chunks import days_mask, midnight
from plumbline.monitor.quality.completeness import audit, lack_sentence, without_seasonal_repeats
from plumbline.profile.read import profiles
from plumbline.store.workspace import Cursor
from plumbline.wording.quantities import decimal

#: by how much the share of decisions that hold all inputs has to fall to be a finding
FEWER = 0.05
NEEDED = ("id", "version", "features")


def record_findings(cursor: Cursor, m: Measurements) -> list[Finding]:
    """What is not on record: ids, versions and inputs; and holes in time."""
    profile = profiles.completeness(cursor, m.system, Slice())
    trail = audit(profile, decisions=m.span.n, duplicate_ids=None)
    findings = [
        _lack(m, f"quality.{name}", lack_sentence(name, trail.shares.get(name, 0.0), trail.n))
        for name in NEEDED
        if trail.statuses[name] is PointStatus.BREACH
        and (name != "features" or _has_less_presence(m, profile, name))
    ]
    for gap in without_seasonal_repeats(trail.gaps):
        sentence = message(
            "No decision for {hours} hours, where {usual} at most are usual.",
            hours=decimal(gap.hours, ""),
            usual=decimal(gap.usual_hours, ""),
        )
        figures = {"hours": gap.hours, "usual_hours": gap.usual_hours}
        findings.append(
            Finding(
                system=m.system.key,
                signal="quality.gap",
                sentence=sentence,
                since=gap.start,
                until=gap.end,
                severity=Severity.MEDIUM,
                confidence=None,
                page="logs",
                figures=figures,
                known_at=gap.start + timedelta(hours=3 * max(gap.usual_hours, 1)),
            )
        )
    return findings


def duplicate_findings(cursor: Cursor, m: Measurements) -> list[Finding] | None:
    """Ids that several decisions have; None where they lie in a cluster that cannot be asked now."""
    duplicates = duplicate_ids(cursor, m.system)
    if duplicates is None:
        return None
    profile = profiles.completeness(cursor, m.system, Slice())
    trail = audit(profile, decisions=m.span.n, duplicate_ids=duplicates)
    if trail.statuses["duplicates"] is not PointStatus.BREACH or trail.duplicate_share is None:
        return []
    twice = message(
        "{share} of {n} decisions share an id.",
        share=message("{percent} %", percent=decimal(100 * trail.duplicate_share, ".3g")),
        n=decimal(trail.n, ","),
    )
    return [_lack(m, "quality.duplicates", twice)]


def _has_less_presence(m: Measurements, profile: CompletenessProfile, name: str) -> bool:
    """Whether fewer decisions hold it than in the reference: what was always so is a property of the log."""
    if m.system.reference is None or name not in profile.present:
        return False
    healthy = days_mask(profile.days, *m.system.reference)
    then, now = (profile.n[rows].sum() for rows in (healthy, ~healthy))
    if not then or not now:
        return False
    shares = [profile.present[name][rows].sum() / n for rows, n in ((healthy, then), (~healthy, now))]
    return bool(shares[0] - shares[1] >= FEWER)


def _lack(m: Measurements, signal: str, sentence: Message) -> Finding:
    first = midnight(m.span.first.date())
    return Finding(
        system=m.system.key,
        signal=signal,
        sentence=sentence,
        since=first,
        until=None,
        severity=Severity.MEDIUM,
        confidence=None,
        page="logs",
        figures={},
        known_at=m.span.last,
    )
