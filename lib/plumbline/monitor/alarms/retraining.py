"""The retraining trigger: a performance threshold that is breached calls for a new version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from plumbline.domain import Point, PointStatus, VersionHours
from plumbline.domain.messages import Day, Message, message
from plumbline.monitor.alarms.findings import Levels, performance_problems
from plumbline.monitor.quality.staleness import staleness


@dataclass(frozen=True, slots=True)
class RetrainingAdvice:
    """Retraining is due since the first chunk in breach of the problem that is open; ``version`` is still in charge."""

    since: datetime
    version: str
    sentence: Message


def retraining_due(
    points: Sequence[Point], hours: VersionHours, *, as_of: datetime, healthy: Levels = None
) -> RetrainingAdvice | None:
    """Whether the threshold calls for retraining at ``as_of``; None: it does not.

    It fires with the first chunk in breach and lasts while that problem does, through chunks that are within the limit
    for a while (``episodes``), until a version that was trained after it is in charge: what that one is worth has to
    be seen first. Where that one brings it back within the limit and it is in breach again, it fires anew.

    Args:
        points: one metric, or several that are judged together, each in order of time; estimated, provisional and
            unknown ones are passed over.
        hours: versions by hour, as for ``staleness``.
        healthy: the mean of the reference, of each metric or of the only one.
    """
    judged = [p for p in points if not p.estimated and p.start < as_of]
    problems = performance_problems(judged, healthy)
    if not problems or problems[-1].until is not None:
        return None
    since = problems[-1].since
    used = staleness(hours, as_of=as_of)
    trained = used.since if used.source == "trained_at" else None
    if trained is not None and trained >= since:
        again = _uncured_breach_start(judged, trained)
        if again is None:
            return None
        since = again
    return RetrainingAdvice(since, used.version, _sentence(since, used.version, trained))


def _uncured_breach_start(judged: Sequence[Point], trained: datetime) -> datetime | None:
    """Where the breach begins that a version did not cure: the first in a chunk after its training that follows one
    within the limit; None where there is none."""
    starts = []
    for name in dict.fromkeys(p.metric for p in judged):
        healed = False
        for point in judged:
            if point.metric != name or point.start < trained or point.provisional:
                continue
            healed = healed or point.status is PointStatus.OK
            if healed and point.status is PointStatus.BREACH:
                starts.append(point.start)
                break
    return min(starts, default=None)


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
