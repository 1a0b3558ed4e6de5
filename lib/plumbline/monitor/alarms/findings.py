"""Findings: one record a problem, from its onset to its end, not one a chunk.

An episode (``monitor.alarms.episodes``) is one finding. ``known_at`` is the earliest moment at which the rule that
raised it could have been applied: the end of the chunk that confirmed it, and for outcomes the usual delay of labels
after that. Delays of detection are measured from it, and an alarm never claims to have known earlier.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plumbline.domain import Finding, Point, PointStatus, Severity
from plumbline.domain.messages import NOTHING, Message, enumeration, message, sequence
from plumbline.monitor.alarms.episodes import CALM, episodes, is_clear
from plumbline.monitor.alarms.persistence import LastingChange
from plumbline.monitor.statistics.proportions import Z
from plumbline.wording.quantities import decimal

#: words for the sentences: (metric or method, value) -> text
Say = Callable[[str, float | None], Message]
Name = Callable[[str], Message]
#: the reference's mean of the only metric, or of each
Levels = Mapping[str, float | None] | float | None


def breaches(points: Sequence[Point], healthy: float | None) -> list[tuple[list[Point], bool]]:
    """The chunks in breach of each problem of one series, in order of time, and whether it is over.

    Args:
        healthy: the reference's mean: how far back a value has to come before the problem can be over.
    """
    series = _judged_points(points)
    beyond = [p.status is PointStatus.BREACH for p in series]
    clear = [p.status is PointStatus.OK and is_clear(p.value, p.threshold, healthy) for p in series]
    results = episodes(beyond, clear, [p.start for p in series], [p.end for p in series])
    return [([series[i] for i in run if beyond[i]], over) for run, over in results]


def _judged_points(points: Sequence[Point]) -> list[Point]:
    return [p for p in points if p.status is not PointStatus.UNKNOWN and not p.provisional]


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceProblem:
    """One problem of a system's performance, in whichever metrics it shows.

    ``metric``: the one that stood fast first; ``part``: its chunks in breach; ``others``: metrics that were beyond
    their limits at the same time. ``until``: None while any of them is not over. ``lasting``: a change point that is
    sure is part of it.
    """

    metric: str
    part: tuple[Point, ...]
    since: datetime
    until: datetime | None
    confirmed: datetime
    others: tuple[str, ...] = ()
    change: Message = NOTHING  # where the change point alone proves it: what it says
    lasting: bool = False

    @property
    def worst(self) -> Point:
        """The chunk that was furthest beyond its limit: what is said of the whole problem."""
        return max(self.part, key=lambda p: abs((p.value or 0) - (p.threshold or 0)))

    @property
    def rows(self) -> int:
        """Decisions in all its chunks."""
        return sum(p.n for p in self.part)


def performance_problems(
    points: Sequence[Point], healthy: Levels = None, lasts: LastingChange | None = None
) -> list[PerformanceProblem]:
    """The problems of one or several metrics that are judged together, in order of time.

    What several metrics show at times that touch, or lie no further apart than a problem stays open, is one problem.

    Args:
        points: series of chunks in order of time, the headline's first.
        healthy: the mean of the reference, of each metric or of the only one.
        lasts: a change point that is sure; while it lasts the problem does.
    """
    alone: list[PerformanceProblem] = []
    if lasts is not None:
        point = lasts.change
        alone.append(
            PerformanceProblem(
                metric=point.metric,
                part=lasts.part,
                since=point.at,
                until=point.until,
                confirmed=lasts.known_at,
                change=point.sentence,
                lasting=True,
            )
        )
    for name in dict.fromkeys(p.metric for p in points):
        level = healthy.get(name) if isinstance(healthy, Mapping) else healthy
        for part, over in breaches([p for p in points if p.metric == name], level):
            until = part[-1].end if over else None
            alone.append(
                PerformanceProblem(
                    metric=name,
                    part=tuple(part),
                    since=part[0].start,
                    until=until,
                    confirmed=_confirmation_time(part),
                )
            )
    problems: list[PerformanceProblem] = []
    for candidate in sorted(alone, key=lambda problem: problem.since):
        if problems and (problems[-1].until is None or candidate.since <= problems[-1].until + CALM):
            problems[-1] = _merge_problems(problems[-1], candidate)
        else:
            problems.append(candidate)
    return problems


def _merge_problems(problem: PerformanceProblem, other: PerformanceProblem) -> PerformanceProblem:
    first, second = (problem, other) if problem.confirmed <= other.confirmed else (other, problem)
    until = None if problem.until is None or other.until is None else max(problem.until, other.until)
    names = dict.fromkeys((*first.others, second.metric, *second.others))
    if first.change and not second.change and first.metric == second.metric:
        first = replace(
            first, change=NOTHING, part=second.part
        )  # a chunk beyond its limit says it with figures
    return replace(
        first,
        since=min(problem.since, other.since),
        until=until,
        others=tuple(name for name in names if name != first.metric),
        lasting=problem.lasting or other.lasting,
    )


def performance_findings(
    system: str,
    points: Sequence[Point],
    *,
    name: Name,
    say: Say,
    delay: timedelta = timedelta(0),
    onset: datetime | None = None,
    healthy: Levels = None,
    lasts: LastingChange | None = None,
) -> list[Finding]:
    """One finding a problem of one version, realised or estimated, in one metric or several.

    Args:
        points: as for ``performance_problems``.
        delay: how long labels usually take after a chunk's end; nothing for estimates.
        onset: the change point of the first metric where one was found; it dates the problem that it falls into,
            before it was confirmed, or just before.
        healthy, lasts: as for ``performance_problems``.
    """
    findings = []
    for problem in performance_problems(points, healthy, lasts):
        part, worst, rows = problem.part, problem.worst, problem.rows
        series = _judged_points([p for p in points if p.metric == problem.metric])
        since = problem.since
        earlier = max((p.start for p in series if p.start < since), default=since)
        if onset is not None and earlier <= onset < problem.confirmed:
            since = onset
        last = series[-1]
        back = NOTHING
        if not (problem.until or problem.change or last is part[-1]):
            back = recovery_note(say(last.metric, last.value))
        figures: dict[str, object] = {
            "metric": worst.metric, "value": worst.value, "low": worst.low, "high": worst.high,
            "threshold": worst.threshold, "n": rows, "chunks": len(part),
        }  # fmt: skip
        sentence = _breach_sentence(worst, rows, name, say)
        if problem.change:
            sentence = message("{metric}: {change}", metric=name(worst.metric), change=problem.change)
        if problem.others:
            figures["others"] = list(problem.others)
        if problem.lasting:
            figures["lasting"] = True
        findings.append(
            Finding(
                system=system,
                signal=f"{'estimate' if worst.estimated else 'performance'}.{worst.metric}",
                sentence=sequence([sentence, _other_metrics_note(problem.others, name), back]),
                since=since,
                until=problem.until,
                severity=Severity.MEDIUM if worst.estimated else Severity.HIGH,
                confidence=_confidence(worst),
                page="accuracy",
                figures=figures,
                known_at=problem.confirmed + delay,
            )
        )
    return findings


def _breach_sentence(worst: Point, rows: int, name: Name, say: Say) -> Message:
    values = {
        "metric": name(worst.metric),
        "value": say(worst.metric, worst.value),
        "limit": say(worst.metric, worst.threshold),
        "n": decimal(rows, ","),
    }
    if worst.estimated:
        return message(
            "{metric}, estimated, went to {value}, limit {limit}, over {n} decisions, before their labels.",
            **values,
        )
    return message("{metric} went to {value}, limit {limit}, over {n} labelled decisions.", **values)


def _other_metrics_note(others: Sequence[str], name: Name) -> Message:
    """Which other metrics of the family are beyond their limits too."""
    if not others:
        return NOTHING
    metrics = enumeration([message("{metric:within}", metric=name(other)) for other in others])
    if len(others) == 1:
        return message("Beyond its limit too: {metrics}.", metrics=metrics)
    return message("Beyond their limits too: {metrics}.", metrics=metrics)


def recovery_note(value: str) -> Message:
    """What a finding that goes on adds where its last chunk is not in breach."""
    return message("The latest is {value}: not clear of the limit for long enough to be over.", value=value)


def _is_wholly_beyond(point: Point) -> bool:
    """The whole interval is beyond the limit that the value is beyond."""
    if point.threshold is None or point.value is None or point.low is None or point.high is None:
        return False
    below = point.value < point.threshold
    return (point.high if below else -point.low) < (point.threshold if below else -point.threshold)


def _confirmation_time(part: Sequence[Point]) -> datetime:
    """When the first breach of an episode stood fast: at once, or with the chunk after it."""
    return part[0].end if _is_wholly_beyond(part[0]) or len(part) == 1 else part[1].end


def _confidence(point: Point) -> float | None:
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
#: signals whose question stays the same for so long after they were over
ONE_QUESTION = {"season": timedelta(weeks=52)}


def problem_key(signal: str) -> str:
    """What a signal is about: a system's performance is one thing, whichever metric shows it or warned of it."""
    family, _, name = signal.partition(".")
    if family == "group":  # a shift of one group goes on as that of everybody once it is one
        return f"drift.{name}"
    return "performance" if ONE_PROBLEM.get(family, family) == "performance" else signal


def is_same_problem(finding: Finding, other: Finding) -> bool:
    """Whether two findings tell of one problem: about the same, at times that touch."""
    if (finding.system, problem_key(finding.signal)) != (other.system, problem_key(other.signal)):
        return False
    if finding.since is None or other.since is None:
        return True
    if other.since < finding.since:
        finding, other = other, finding
    near = finding.until and finding.until + ONE_QUESTION.get(finding.signal, timedelta(0))
    return near is None or (other.since is not None and other.since <= near)


def merge_problem_findings(findings: Sequence[Finding]) -> list[Finding]:
    """One finding a problem: warnings and estimates go into the realised breach that they came before.

    The breach takes the onset of the early warning (its running sum dates it best) and says in its figures
    when each of them could be known.
    """
    heard = [f for f in findings if f.signal.partition(".")[0] in ONE_PROBLEM]
    distinct = []
    for finding in [f for f in findings if f.signal.partition(".")[0] not in ONE_PROBLEM]:
        for other in [h for h in heard if is_same_problem(finding, h)]:
            heard.remove(other)
            family = other.signal.partition(".")[0]
            finding = replace(finding, figures={**finding.figures, f"{family}_known_at": other.known_at})
            if family == "warning" and other.since and finding.since and other.since < finding.since:
                finding = replace(finding, since=other.since)
        distinct.append(finding)
    return [*distinct, *_earliest_warnings(heard)]


def _earliest_warnings(heard: Sequence[Finding]) -> list[Finding]:
    """Of warnings that tell of one problem, with no realised breach yet, the one that could be known first."""
    findings: list[Finding] = []
    for warning in sorted(heard, key=lambda f: (f.known_at is None, f.known_at)):
        if not any(is_same_problem(warning, other) for other in findings):
            findings.append(warning)
    return findings


def with_cost(finding: Finding, stake: dict[str, object]) -> Finding:
    """The finding with what it has cost since its onset, where that is known."""
    if not stake.get("amount"):
        return finding
    money = {"amount": stake["amount"], "currency": stake.get("currency", "")}
    return replace(finding, figures={**finding.figures, "cost": money})
