"""What the families of signals read: a system measured once, for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from plumbline.answers.alerts.headline import HeadlineAnswer
from plumbline.answers.drift.features import importance_of
from plumbline.answers.question import LogSpan
from plumbline.answers.releases.history import ReleasesAnswer
from plumbline.domain import FeatureProfile, System
from plumbline.monitor.drift.aligned_counts import AlignedCounts, aligned_chunks
from plumbline.monitor.performance.label_delay import OF_CLASSES, delay_curve, positive_curve, usual_delay
from plumbline.profile.read import profiles
from plumbline.store.workspace import Cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """What the families read. ``delay``: how long labels usually take; ``features``: by day, and ``laid`` by chunk.

    ``by``: the chunk that alarms are raised on (``chunks.alarm_chunk``), which need not be the one that is read best.
    ``begun``: where each chunk that was compared in the system's own unit begins.
    """

    system: System
    span: LogSpan
    now: datetime
    held: HeadlineAnswer
    released: ReleasesAnswer
    features: tuple[FeatureProfile, ...]
    laid: tuple[AlignedCounts, ...]
    weights: dict[str, float] | None
    delay: timedelta
    by: str
    begun: tuple[datetime, ...]


def measurements(
    cursor: Cursor,
    system: System,
    span: LogSpan,
    now: datetime,
    headline: HeadlineAnswer,
    released: ReleasesAnswer,
) -> Measurements:
    """Everything that more than one family reads, measured once."""
    by = headline.alarm_by
    features: tuple[FeatureProfile, ...] = ()
    laid: tuple[AlignedCounts, ...] = ()
    counts: tuple[AlignedCounts, ...] = ()
    if system.reference is not None:
        features = tuple(profiles.feature_profiles(cursor, system))
        laid = aligned_chunks(features, reference=system.reference, by=by)
        counts = (
            laid
            if by == headline.by
            else aligned_chunks(features, reference=system.reference, by=headline.by)
        )
    begun = tuple(sorted({start for version_counts in counts for start in version_counts.starts if start}))
    waited = usual_delay(delay_curve(headline.delay, now)) or 0
    late = positive_curve(headline.delay, now) if headline.headline in OF_CLASSES else None
    if late is not None:
        waited = max(waited, usual_delay(late) or 0)
    return Measurements(
        system=system,
        span=span,
        now=now,
        held=headline,
        released=released,
        features=features,
        laid=laid,
        weights=importance_of(cursor, system),
        delay=timedelta(days=waited),
        by=by,
        begun=begun,
    )
