"""Findings: one record a problem, from its onset to its end, not one a chunk.

An episode (``monitor.episodes``) is one finding. ``known_at`` is the earliest moment at which the rule that raised it
could have been applied: the end of the chunk that confirmed it, and for outcomes the usual delay of labels
after that. Delays of detection are measured from it, and an alarm never claims to have known earlier.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from plumbline.domain import Finding, Point, PointStatus, Severity
from plumbline.monitor.episodes import episodes, is_clear
from plumbline.monitor.intervals import Z

#: words for the sentences: (metric or method, value) -> text
Say = Callable[[str, float | None], str]
Name = Callable[[str], str]


def breaches(points: Sequence[Point], healthy: float | None) -> list[tuple[list[Point], bool]]:
    """The chunks in breach of each problem of one series, in order of time, and whether it is over.

    Args:
        healthy: the reference's mean: how far back a value has to come before the problem can be over.
    """
    series = _judged(points)
    beyond = [p.status is PointStatus.BREACH for p in series]
    clear = [p.status is PointStatus.OK and is_clear(p.value, p.threshold, healthy) for p in series]
    found = episodes(beyond, clear, [p.start for p in series], [p.end for p in series])
    return [([series[i] for i in run if beyond[i]], over) for run, over in found]


def _judged(points: Sequence[Point]) -> list[Point]:
    return [p for p in points if p.status is not PointStatus.UNKNOWN and not p.provisional]


def performance_findings(
    system: str,
    points: Sequence[Point],
    *,
    name: Name,
    say: Say,
    delay: timedelta = timedelta(0),
    onset: datetime | None = None,
    healthy: float | None = None,
) -> list[Finding]:
    """One finding an episode of breaches of one metric and version, realised or estimated.

    Args:
        points: one series in order of time.
        delay: how long labels usually take after a chunk's end; nothing for estimates.
        onset: the change point where one was found; it dates the episode that it falls into, before it was
            confirmed, or just before.
        healthy: as for ``breaches``.
    """
    series = _judged(points)
    made = []
    for part, ended in breaches(points, healthy):
        worst = max(part, key=lambda p: abs((p.value or 0) - (p.threshold or 0)))
        since = part[0].start
        earlier = max((p.start for p in series if p.start < since), default=since)
        if onset is not None and earlier <= onset < _confirmed(part):
            since = onset
        last = series[-1]
        back = "" if ended or last is part[-1] else back_but_not_over(say(last.metric, last.value))
        rows = sum(p.n for p in part)
        told = "decisions, before their labels" if worst.estimated else "labelled decisions"
        made.append(
            Finding(
                system=system,
                signal=f"{'estimate' if worst.estimated else 'performance'}.{worst.metric}",
                sentence=f"{name(worst.metric)}{', estimated,' if worst.estimated else ''} went to "
                f"{say(worst.metric, worst.value)}, limit {say(worst.metric, worst.threshold)}, over "
                f"{rows:,} {told}.{back}",
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


def back_but_not_over(value: str) -> str:
    """What a finding that goes on adds where its last chunk is not in breach."""
    return f" The latest is {value}: not clear of the limit for long enough to be over."


def _wholly(point: Point) -> bool:
    """The whole interval is beyond the limit that the value is beyond."""
    if point.threshold is None or point.value is None or point.low is None or point.high is None:
        return False
    below = point.value < point.threshold
    return (point.high if below else -point.low) < (point.threshold if below else -point.threshold)


def _confirmed(part: Sequence[Point]) -> datetime:
    """When the first breach of an episode stood fast: at once, or with the chunk after it."""
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
