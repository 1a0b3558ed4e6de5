"""What the log itself is worth: completeness, gaps, personal data, consistency, and the age of what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.answers.drift.features import Span, window_of
from plumbline.answers.performance.headline import system_headline
from plumbline.answers.performance.leakage import find_leaks
from plumbline.answers.question import age_limits, log_span, reporting_date
from plumbline.answers.scans import duplicate_ids, find_personal_data, find_repeats
from plumbline.domain import (
    FeatureDrift,
    PlumblineError,
    PointStatus,
    Repeats,
    Result,
    Slice,
    System,
    json_object,
    json_value,
)
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.monitor.chunks import choose_chunk
from plumbline.monitor.drift.distances import OF_THEIR_OWN
from plumbline.monitor.drift.features import drift as measure
from plumbline.monitor.drift.missing_share_power import slowest_notice
from plumbline.monitor.performance.label_delay import delay_curve, usual_delay
from plumbline.monitor.performance.series import performance
from plumbline.monitor.quality.completeness import AuditTrail, audit
from plumbline.monitor.quality.consistency import Consistency, consistency
from plumbline.monitor.quality.leakage import LabelLeak
from plumbline.monitor.quality.personal_data import LOOKED_FOR, PersonalData
from plumbline.monitor.quality.staleness import LastArrival, Staleness, last_arrival, staleness
from plumbline.monitor.releases.champion import spans
from plumbline.monitor.releases.shelf_life import (
    ShelfLife,
    VersionLife,
    shelf_life,
    version_lives,
    version_start,
)
from plumbline.profile.bins import OUTPUTS
from plumbline.profile.read import profiles as read
from plumbline.profile.read.outcomes import outcome_profile
from plumbline.profile.scan.identical_inputs import TOLERANCE
from plumbline.store import systems
from plumbline.store.workspace import Cursor, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityAnswer(Result):
    """Log quality, consistency and staleness of one system.

    ``own``: missing values, new levels and values out of range of the ``window``, where there is a reference.
    ``constant``: features that never vary in the whole log. ``overdue``: decisions older than the stated
    retention (None: none is stated). ``tolerance``: share by which repeated numbers may differ.
    ``leaks``: inputs that all but equal the outcome in the reference. ``notice``: from when on five more points of
    missing values would be noticed, where that takes over two weeks.
    """

    COLUMNS = (
        "what",
        "share",
        "status",
    )

    system: System
    trail: AuditTrail
    window: Span
    own: tuple[FeatureDrift, ...]
    constant: tuple[str, ...]
    personal: tuple[PersonalData, ...]
    examined: int
    looked_for: str
    retention_days: int | None
    overdue: int | None
    consistency: Consistency
    repeats: Repeats
    tolerance: float
    staleness: Staleness
    decisions_beat: LastArrival
    labels_beat: LastArrival
    shelf: ShelfLife
    sentence: str
    leaks: tuple[LabelLeak, ...] = ()
    notice: Message = NOTHING

    def rows(self) -> list[dict[str, Any]]:
        """One a part of the audit trail: the share of decisions that have it."""
        statuses = self.trail.statuses
        return [
            {"what": name, "share": share, "status": json_value(statuses.get(name))}
            for name, share in self.trail.shares.items()
        ]

    def _json_values(self) -> dict[str, Any]:
        """``personal``: counts and masked examples, never a value; ``consistency`` without its example rows."""
        return json_object(
            {
                "system": self.system.key,
                "sentence": self.sentence,
                "window": self.window,
                "completeness": self.trail.shares,
                "statuses": self.trail.statuses,
                "duplicate_share": self.trail.duplicate_share,
                "gaps": self.trail.gaps,
                "own": self.own,
                "notice": self.notice,
                "constant": self.constant,
                "personal": self.personal,
                "overdue": self.overdue,
                "consistency": self.consistency,
                "staleness": self.staleness,
                "shelf_life": self.shelf,
                "last_decision": self.decisions_beat,
                "last_label": self.labels_beat,
            }
        )


def quality(ws: Workspace, key: str, *, window: Span | None = None) -> QualityAnswer:
    """Judge the log of a system.

    Raises:
        PlumblineError: no such system, or it holds no decision.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        span = log_span(cursor, system)
        if span is None:
            raise PlumblineError(message("{key} holds no decision yet", key=key), todo="Load a log.")
        now = reporting_date(system, span)
        present = read.completeness(cursor, system, Slice())
        trail = audit(present, decisions=span.n, duplicate_ids=duplicate_ids(cursor, system))
        shown = window_of(cursor, system, window)
        profiles = read.feature_profiles(cursor, system)
        drifts: tuple[FeatureDrift, ...] = ()
        slowest = None
        if system.reference is not None:
            inputs = [p for p in profiles if p.bins.feature not in OUTPUTS]
            drifts = measure(inputs, reference=system.reference, window=shown, methods=OF_THEIR_OWN)
            slowest = slowest_notice(inputs, reference=system.reference)
        constant = tuple(
            p.bins.feature
            for p in profiles
            if p.bins.feature not in OUTPUTS
            and len(p.days)
            and (p.counts.sum(axis=0) > 0).sum() == 1
            and p.counts.sum() > 1
            and p.missing.sum() == 0
        )
        personal, examined = find_personal_data(cursor, system)
        retention_days = system.settings.retention_days
        overdue = None
        if retention_days is not None:
            cut = (now - timedelta(days=int(retention_days))).date()
            overdue = int(
                sum(n for day, n in zip(present.days, present.n.tolist(), strict=True) if day < cut)
            )
        same = find_repeats(cursor, system, examples=True)
        hours = read.version_hours(cursor, system)
        watch, breach = age_limits(system)
        aged = staleness(hours, as_of=now, watch_days=watch, breach_days=breach)
        shelf = shelf_life_of(cursor, system, now)
        leaks = find_leaks(cursor, system)
        labelled, usual = _label_days(cursor, system, now)
    judged = consistency(same)
    decided = last_arrival(hours.last.astype("datetime64[us]"), now)
    labels = last_arrival(labelled, now, waits=float(usual))
    return QualityAnswer(
        system=system,
        trail=trail,
        window=shown,
        own=drifts,
        constant=constant,
        personal=personal,
        examined=examined,
        looked_for=LOOKED_FOR,
        retention_days=retention_days,
        overdue=overdue,
        consistency=judged,
        repeats=same,
        tolerance=TOLERANCE,
        staleness=aged,
        decisions_beat=decided,
        labels_beat=labels,
        shelf=shelf,
        sentence=_sentence(trail, judged, personal, aged),
        leaks=leaks,
        notice=slowest.sentence if slowest else NOTHING,
    )


def shelf_life_of(cursor: Cursor, system: System, now: datetime) -> ShelfLife:
    """How long versions keep their performance, and by when the one in charge should be replaced."""
    hours = read.version_hours(cursor, system)
    runs = spans(hours, until=now)
    profile = outcome_profile(cursor, system, Slice())
    version = runs[-1].version if runs else ""
    earlier: tuple[VersionLife, ...] = ()
    if len({run.version for run in runs}) > 1 and profile.n_labelled.any():
        points = performance(
            profile,
            by=choose_chunk(profile),
            reference=system.reference,
            metrics=[system_headline(cursor, system).metric],
            floors=system.settings.floors,
            by_version=True,
            cost=system.settings.cost_matrix,
        )
        earlier = version_lives(hours, points, as_of=now)
    current = version_start(hours, version, now) if version else None
    return shelf_life(earlier, current, as_of=now)


def _label_days(cursor: Cursor, system: System, now: datetime) -> tuple[NDArray[np.datetime64], int]:
    """Days that hold a label, and how many days one usually takes."""
    profile = outcome_profile(cursor, system, Slice())
    days = [d for d, n in zip(profile.days, profile.n_labelled.tolist(), strict=True) if n]
    usual = usual_delay(delay_curve(read.delays(cursor, system, Slice()), now)) or 0
    return np.array(days, dtype="datetime64[us]"), int(usual)


def _sentence(
    trail: AuditTrail, judged: Consistency, personal: tuple[PersonalData, ...], aged: Staleness
) -> str:
    """What is worst, first."""
    columns = [p for p in personal if p.sure != "possible"]
    if judged.status is PointStatus.BREACH:
        return judged.sentence
    if columns:
        return f"Personal data is in {len({p.column for p in columns})} columns of the log; first {columns[0].kind}."
    if any(status is PointStatus.BREACH for status in trail.statuses.values()):
        return trail.sentence
    return aged.sentence if aged.status is PointStatus.BREACH else trail.sentence
