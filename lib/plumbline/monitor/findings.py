"""Findings: one record a problem, from its onset to its end, not one a chunk.

A run of chunks in breach is one finding. ``known_at`` is the earliest moment at which the rule that raised it
could have been applied: the end of the chunk that confirmed it, and for outcomes the usual delay of labels
after that. Delays of detection are measured from it, and an alarm never claims to have known earlier.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from plumbline.domain import FeatureDrift, Finding, Point, PointStatus, Severity
from plumbline.monitor.intervals import Z

T = TypeVar("T")

#: words for the sentences: (metric or method, value) -> text
Say = Callable[[str, float | None], str]
Name = Callable[[str], str]


def runs(flags: Sequence[bool]) -> list[tuple[range, bool]]:
    """Positions of each unbroken run of True, and whether it ended before the series did."""
    found: list[tuple[range, bool]] = []
    first: int | None = None
    for place, flag in enumerate([*flags, False]):
        if flag and first is None:
            first = place
        elif not flag and first is not None:
            found.append((range(first, place), place < len(flags)))
            first = None
    return found


def performance_findings(
    system: str,
    points: Sequence[Point],
    *,
    name: Name,
    say: Say,
    delay: timedelta = timedelta(0),
    onset: datetime | None = None,
) -> list[Finding]:
    """One finding a run of breaches of one metric and version, realised or estimated.

    Args:
        points: one series in order of time.
        delay: how long labels usually take after a chunk's end; nothing for estimates.
        onset: the change point where one was found; it dates the run that it falls into or just before.
    """
    series = [p for p in points if p.status is not PointStatus.UNKNOWN and not p.provisional]
    made = []
    for run, ended in runs([p.status is PointStatus.BREACH for p in series]):
        part = [series[i] for i in run]
        worst = max(part, key=lambda p: abs((p.value or 0) - (p.threshold or 0)))
        since = part[0].start
        earlier = series[run.start - 1].start if run.start else since
        if onset is not None and earlier <= onset < part[-1].end:
            since = onset
        rows = sum(p.n for p in part)
        told = "decisions, before their labels" if worst.estimated else "labelled decisions"
        made.append(
            Finding(
                system=system,
                signal=f"{'estimate' if worst.estimated else 'performance'}.{worst.metric}",
                sentence=f"{name(worst.metric)}{', estimated,' if worst.estimated else ''} went to "
                f"{say(worst.metric, worst.value)}, limit {say(worst.metric, worst.threshold)}, over {rows:,} {told}.",
                since=since,
                until=part[-1].end if ended else None,
                severity=Severity.MEDIUM if worst.estimated else Severity.HIGH,
                confidence=_sure(worst),
                page="accuracy",
                figures={
                    "metric": worst.metric, "value": worst.value, "low": worst.low, "high": worst.high,
                    "threshold": worst.threshold, "n": rows, "chunks": len(part),
                },
                known_at=_confirmed(part) + delay,
            )
        )  # fmt: skip
    return made


def _wholly(point: Point) -> bool:
    """The whole interval is beyond the limit that the value is beyond."""
    if point.threshold is None or point.value is None or point.low is None or point.high is None:
        return False
    below = point.value < point.threshold
    return (point.high if below else -point.low) < (point.threshold if below else -point.threshold)


def _confirmed(part: Sequence[Point]) -> datetime:
    """When the first breach of a run stood fast: at once, or with the chunk after it."""
    return part[0].end if _wholly(part[0]) or len(part) == 1 else part[1].end


def _sure(point: Point) -> float | None:
    """How sure it is that the true value is beyond the limit, from the value's own 95 % interval (normal)."""
    if None in (point.value, point.threshold, point.low, point.high):
        return None
    assert point.value is not None
    assert point.threshold is not None
    assert point.low is not None
    assert point.high is not None
    error = (point.high - point.low) / (2 * Z)
    if error <= 0:
        return None
    return round(0.5 * (1 + math.erf(abs(point.value - point.threshold) / error / math.sqrt(2))), 4)


#: false drift alarms a system-year that chance may raise over all of a system's features
BUDGET = 0.1
YEAR = timedelta(days=365)


def drift_findings(
    system: str,
    chunks: Sequence[FeatureDrift],
    *,
    overlap: int = 1,
    dated: Callable[[str, datetime, datetime], datetime] | None = None,
    weights: dict[str, float] | None = None,
    spoken: Mapping[str, str] | None = None,
) -> list[Finding]:
    """One finding a run of drifted chunks of one feature whose evidence is beyond chance.

    A chunk's test allows one feature in twenty to be wrong; a year has many chunks and a log many features. So an
    alarm waits until the p-values of the run's chunks, joined by Fisher's method, are below what ``BUDGET`` false
    alarms a year leave for each feature and each moment at which one could be raised. Every chunk of a run is
    beyond the threshold, so one is enough where it is that far beyond chance.

    Args:
        chunks: every feature's, by one method, in order of time.
        overlap: of how many chunks each decision is a part: 7 where weeks begin anew every day. Only those without
            a decision in common are joined, and runs with one in common are one.
        dated: (feature, the first chunk's start, when it was known) -> when it began; None: the first chunk's start.
        weights: mean absolute attribution by feature, where known.
        spoken: how a method is called in a sentence, where not as it is spelt.
    """
    total = sum((weights or {}).values())
    made = []
    names = dict.fromkeys(c.feature for c in chunks)
    for feature in names:
        series = [c for c in chunks if c.feature == feature and c.status is not PointStatus.UNKNOWN]
        for run, ended in runs(_bridged([c.drifted for c in series], overlap)):
            part = [series[i] for i in run]
            sure = _enough(part, len(names), overlap)
            if sure is None:
                continue
            worst = max(part, key=lambda c: c.value or 0)
            apart = part[::-overlap]
            since, known = part[0].start, part[sure].end
            if dated is not None and since is not None and known is not None:
                since = dated(feature, since, known)
            weight = (weights or {}).get(feature, 0.0) / total if total > 0 else None
            rows = sum(c.n for c in apart)
            called = (spoken or {}).get(worst.method, worst.method)
            carries = f", which carries {100 * weight:.0f} % of the model's weight," if weight else ""
            made.append(
                Finding(
                    system=system,
                    signal=f"drift.{feature}",
                    sentence=f"{feature}{carries} drifted: {called} up to {worst.value:.2f}, "
                    f"limit {worst.threshold:g}, over {rows:,} decisions.",
                    since=since,
                    until=part[-1].end if ended else None,
                    severity=Severity.LOW if weight is not None and weight < 0.05 else Severity.MEDIUM,
                    confidence=None if worst.q_value is None else round(1 - worst.q_value, 4),
                    page="drift",
                    figures={
                        "feature": feature, "method": worst.method, "value": worst.value, "threshold": worst.threshold,
                        "q_value": worst.q_value, "n": rows, "chunks": len(apart), "weight": weight,
                    },
                    known_at=known,
                )
            )  # fmt: skip
    return made


def _bridged(flags: Sequence[bool], overlap: int) -> list[bool]:
    """The flags with gaps closed between two that are True and share a decision."""
    closed = list(flags)
    on = [place for place, flag in enumerate(flags) if flag]
    for one, following in itertools.pairwise(on):
        if following - one < overlap:
            closed[one:following] = [True] * (following - one)
    return closed


def _enough(part: Sequence[FeatureDrift], features: int, overlap: int = 1) -> int | None:
    """The chunk of a run with which its evidence is beyond the budget; None: never."""
    first = part[0]
    if first.start is None or first.end is None:
        return None
    looks = max(YEAR / (first.end - first.start), 1.0) * overlap
    statistics: list[float] = []
    for place, chunk in enumerate(part):
        joined_with = statistics[place - overlap] if place >= overlap else 0.0
        chance = max(chunk.p_value if chunk.p_value is not None else 1.0, 1e-300)
        statistics.append(joined_with - 2 * math.log(chance))
        if chunk.drifted and _fisher(statistics[-1], place // overlap + 1) < BUDGET / (features * looks):
            return place
    return None


def _fisher(statistic: float, tests: int) -> float:
    """P(chi-square with 2 x tests degrees of freedom >= statistic): Fisher (1925), in closed form."""
    half, term, total = statistic / 2, 1.0, 1.0
    for i in range(1, tests):
        term *= half / i
        total += term
    return math.exp(-half) * total if half < 700 else 0.0


#: signals of their own beside the shape of a distribution -> what a breach says of (feature, per cent)
TOLD = {
    "missing": "Values of {0} went missing: the share without one moved by {1:.1f} points",
    "new_levels": "{0} has levels that the reference never had: {1:.1f} % of values",
    "out_of_range": "{0} left the range of the reference: {1:.1f} % of values",
}


def presence_findings(system: str, method: str, chunks: Sequence[FeatureDrift]) -> list[Finding]:
    """One finding a run of breaches by ``missing`` or ``new_levels`` of one feature."""
    told = TOLD[method]
    made = []
    for feature in dict.fromkeys(c.feature for c in chunks):
        series = [c for c in chunks if c.feature == feature and c.status is not PointStatus.UNKNOWN]
        for run, ended in runs([c.status is PointStatus.BREACH for c in series]):
            part = [series[i] for i in run]
            worst = max(part, key=lambda c: c.value or 0)
            sentence = told.format(feature, 100 * (worst.value or 0))
            made.append(
                Finding(
                    system=system,
                    signal=f"{method}.{feature}",
                    sentence=f"{sentence}, over {sum(c.n for c in part):,} decisions.",
                    since=part[0].start,
                    until=part[-1].end if ended else None,
                    severity=Severity.MEDIUM,
                    confidence=None if worst.q_value is None else round(1 - worst.q_value, 4),
                    page="drift",
                    figures={"feature": feature, "method": method, "value": worst.value, "chunks": len(part)},
                    known_at=part[0].end,
                )
            )
    return made


#: signals that tell of one problem from another side: the realised value outranks what warned of it
ONE_PROBLEM = {"warning": "performance", "estimate": "performance"}


def problem_of(signal: str) -> str:
    """What a signal is about: an early warning and an estimate are about the performance they warn of."""
    family, dot, rest = signal.partition(".")
    return ONE_PROBLEM.get(family, family) + dot + rest


def same_problem(one: Finding, other: Finding) -> bool:
    """Whether two findings tell of one problem: about the same, at times that touch."""
    if (one.system, problem_of(one.signal)) != (other.system, problem_of(other.signal)):
        return False
    if one.since is None or other.since is None:
        return True
    if other.since < one.since:
        one, other = other, one
    return one.until is None or (other.since is not None and other.since <= one.until)


def joined(found: Sequence[Finding]) -> list[Finding]:
    """One finding a problem: warnings and estimates go into the realised breach that they came before.

    The breach takes the onset of the early warning (its running sum dates it best) and says in its figures
    when each of them could be known.
    """
    heard = [f for f in found if f.signal.partition(".")[0] in ONE_PROBLEM]
    kept = []
    for one in [f for f in found if f.signal.partition(".")[0] not in ONE_PROBLEM]:
        for other in [h for h in heard if same_problem(one, h)]:
            heard.remove(other)
            family = other.signal.partition(".")[0]
            one = replace(one, figures={**one.figures, f"{family}_known_at": other.known_at})
            if family == "warning" and other.since and one.since and other.since < one.since:
                one = replace(one, since=other.since)
        kept.append(one)
    return [*kept, *_loudest(heard)]


def _loudest(heard: Sequence[Finding]) -> list[Finding]:
    """Of warnings that tell of one problem, with no realised breach yet, the one that could be known first."""
    kept: list[Finding] = []
    for one in sorted(heard, key=lambda f: (f.known_at is None, f.known_at)):
        if not any(same_problem(one, other) for other in kept):
            kept.append(one)
    return kept


def costing(found: Finding, stake: dict[str, object]) -> Finding:
    """The finding with what it has cost since its onset, where that is known."""
    if not stake.get("amount"):
        return found
    money = {"amount": stake["amount"], "currency": stake.get("currency", "")}
    return replace(found, figures={**found.figures, "cost": money})
