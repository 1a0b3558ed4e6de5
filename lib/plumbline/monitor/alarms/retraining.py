"""The retraining trigger: a performance threshold that is breached calls for a new version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from plumbline.domain import Point, PointStatus, VersionHours
from plumbline.domain.messages import Day, Message, message
from plumbline.monitor.quality.staleness import staleness


@dataclass(frozen=True, slots=True)
class RetrainingDue:
    """Retraining is due since the first chunk of the breach that is open; ``version`` is still in charge."""

    since: datetime
    version: str
    sentence: Message


def retraining_due(points: Sequence[Point], hours: VersionHours, *, as_of: datetime) -> RetrainingDue | None:
    """Whether the threshold calls for retraining at ``as_of``; None: it does not.

    It fires where the last judged chunk is in breach, and holds from the first chunk of that run until a
    version that was trained after it is in charge: what that one is worth has to be seen first.

    Args:
        points: one metric, or several that are judged together, each in order of time; estimated, provisional and
            unknown ones are passed over.
        hours: versions by hour, as for ``staleness``.
    """
    judged = [
        p
        for p in points
        if p.status is not PointStatus.UNKNOWN and not p.provisional and not p.estimated and p.start < as_of
    ]
    fired = [
        began
        for name in dict.fromkeys(p.metric for p in judged)
        if (began := _began([p for p in judged if p.metric == name])) is not None
    ]
    if not fired:
        return None
    since = min(fired)
    used = staleness(hours, as_of=as_of)
    trained = used.since if used.source == "trained_at" else None
    if trained is not None and trained >= since:
        return None
    return RetrainingDue(since, used.version, _sentence(since, used.version, trained))


def _sentence(since: datetime, version: str, trained: datetime | None) -> Message:
    if version and trained is not None:
        return message(
            "Retraining is due: the threshold has been breached since {since}, and version {version}, "
            "trained on {trained}, is still in use.",
            since=Day(since),
            version=version,
            trained=Day(trained),
        )
    if version:
        return message(
            "Retraining is due: the threshold has been breached since {since}, and version {version} "
            "is still in use.",
            since=Day(since),
            version=version,
        )
    if trained is not None:
        return message(
            "Retraining is due: the threshold has been breached since {since}, and the model, "
            "trained on {trained}, is still in use.",
            since=Day(since),
            trained=Day(trained),
        )
    return message(
        "Retraining is due: the threshold has been breached since {since}, and the model is still in use.",
        since=Day(since),
    )


def _began(judged: Sequence[Point]) -> datetime | None:
    """Where the run of breaches that the last chunk is in begins; None where that is in no breach."""
    if judged[-1].status is not PointStatus.BREACH:
        return None
    first = len(judged) - 1
    while first and judged[first - 1].status is PointStatus.BREACH:
        first -= 1
    return judged[first].start
