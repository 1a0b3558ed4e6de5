"""One finding for what moved slowly in a log's first year: a season or drift, which one year cannot tell apart.

A season moves inputs, what the model answers, and how well it does, all of them slowly and about the same time. Told
one by one they are three or four findings of a thing that nobody can decide yet. So what moved smoothly within a year
of the reference is one finding as soon as it is two: it names its parts, a measured breach first, is as grave as the
gravest of them, and keeps them, so that whoever acts on one (a trigger on a breach) still sees it. Once the question
is on record, for instance since the first load was held against a provisional reference, a single slow change belongs
to it. What came at once is a finding of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from plumbline.domain import FeatureProfile, Finding, Point, Severity
from plumbline.domain.messages import NOTHING, Message, enumeration, message, sequence
from plumbline.monitor.alarms.findings import problem_key
from plumbline.monitor.drift.season import YEAR, is_slow_shift
from plumbline.monitor.statistics.wave import is_gradual
from plumbline.wording.quantities import decimal

SIGNAL = "season"
NAME = message("Season or drift: one year is not enough to tell")
#: findings of slow changes from which on they are one
SEVERAL = 2
#: a finding that follows from an open problem of performance, and is part of whatever that is part of
FOLLOWS = "retraining"
#: a measured breach is what a finding that joins several says first: it is a loss, whatever brought it
BREACH = "performance."
#: of outcomes that contradict the score, the metric that shows them
CONTRADICTED = "brier"
_DAY = timedelta(days=1)
UNTOLD = message("The same weeks of a year before are not in the log.")
Reference = tuple[datetime, datetime]
Daily = Callable[[str], Sequence[Point]]


def merge_slow_changes(
    findings: Sequence[Finding],
    profiles: Mapping[str, FeatureProfile],
    daily: Daily,
    reference: Reference,
    *,
    asked: bool = False,
) -> list[Finding]:
    """The findings, those of slow changes that were known within the reference's year as one where they are several.

    Args:
        profiles: of inputs and outputs by name.
        daily: a metric's name -> its points by day.
        asked: whether the question is on record already, so that one slow change is part of it.
    """
    parts = [
        f for f in findings if _is_in_first_year(f, reference) and _is_gradual(f, profiles, daily, reference)
    ]
    if len(parts) < (1 if asked else SEVERAL):
        return list(findings)
    parts += [f for f in findings if f.signal == FOLLOWS and any(is_consequence(f, part) for part in parts)]
    return [_merged_finding(parts), *(f for f in findings if not any(f is part for part in parts))]


def split_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Every problem by itself: of one that joins several, its parts."""
    return [part for one in findings for part in (one.parts or (one,))]


def signals(finding: Finding) -> tuple[str, ...]:
    """The signal of a finding, and of one that joins several those of its parts, also where it was on record."""
    named = finding.figures.get("signals")
    return (finding.signal, *(map(str, named) if isinstance(named, (list, tuple)) else ()))


def includes_family(finding: Finding, family: str) -> bool:
    """Whether a finding is of a family of signals, or joins one that is."""
    return any(signal.startswith(family) for signal in signals(finding))


def _is_in_first_year(finding: Finding, reference: Reference) -> bool:
    return finding.known_at is not None and finding.known_at < reference[1] + YEAR


def _is_gradual(
    finding: Finding, profiles: Mapping[str, FeatureProfile], daily: Daily, reference: Reference
) -> bool:
    assert finding.known_at is not None
    family, _, name = finding.signal.partition(".")
    if family == "drift":
        profile = profiles.get(name)
        return profile is not None and is_slow_shift(profile, reference, finding.known_at)
    if family not in ("performance", "warning"):
        return False
    points = daily(CONTRADICTED if name == "contradiction" else str(finding.figures.get("metric", name)))
    known = [
        p
        for p in points
        if p.value is not None and p.n and reference[0] <= p.start and p.end <= finding.known_at
    ]
    level = np.array([p.value for p in known], float)
    day = np.array([(p.start - reference[0]) // _DAY for p in known], np.int64)
    weight = np.array([p.n for p in known], float)
    return is_gradual(level, weight, day, (reference[1] - reference[0]) // _DAY)


def is_consequence(due: Finding, part: Finding) -> bool:
    """Whether a call for retraining follows from a problem of performance: it is due since within it."""
    if problem_key(part.signal) != "performance" or part.since is None or due.since is None:
        return False
    return part.since - 7 * _DAY <= due.since and (part.until is None or due.since < part.until)


def _merged_finding(parts: Sequence[Finding]) -> Finding:
    """The finding that joins several: known when the second of them was, and a single one when it was itself."""
    ordered = sorted(parts, key=lambda f: (f.signal == FOLLOWS, f.known_at))
    known = [f.known_at for f in ordered if f.signal != FOLLOWS]
    ends = [f.until for f in parts]
    gravest = min(ordered, key=lambda f: -list(Severity).index(f.severity))
    breach = next((f for f in ordered if f.signal.startswith(BREACH)), None)
    names = list(dict.fromkeys(f.signal for f in ordered))
    figures: dict[str, Any] = {"signals": names}
    for part in ordered:
        figures |= {key: part.figures[key] for key in ("cost", "among") if key in part.figures}
    return Finding(
        system=parts[0].system,
        signal=SIGNAL,
        sentence=sequence(
            [
                *_losses(ordered, BREACH),
                message("{name}.", name=NAME),
                _shift(ordered),
                *_losses(ordered),
                UNTOLD,
            ]
        ),
        since=min((f.since for f in parts if f.since is not None), default=None),
        until=None if None in ends else max(end for end in ends if end is not None),
        severity=gravest.severity,
        confidence=None,
        page=(breach or gravest).page,
        figures=figures,
        known_at=known[min(len(known), SEVERAL) - 1],
        parts=tuple(ordered),
    )


def _shift(parts: Sequence[Finding]) -> Message:
    """Which inputs and outputs moved, and which of them farthest."""
    shifts = [f for f in parts if f.signal.startswith("drift.")]
    if not shifts:
        return NOTHING
    farthest = max(shifts, key=lambda f: float(f.figures.get("value") or 0.0))
    return message(
        "{features} moved away from the reference slowly, not from one day to the next; the farthest is {farthest} "
        "(distance {distance}).",
        features=enumeration(list(dict.fromkeys(str(f.figures["feature"]) for f in shifts))),
        farthest=str(farthest.figures["feature"]),
        distance=decimal(farthest.figures.get("value") or 0.0, ".2f"),
    )


def _losses(parts: Sequence[Finding], family: str = "") -> list[Message]:
    """What went down with them, in the words of each; of several of one signal the last.

    Args:
        family: only of it; empty: of all but the inputs and breaches, which the sentence names before.
    """
    sentences = {f.signal: f.sentence for f in parts}
    if family:
        return [words for signal, words in sentences.items() if signal.startswith(family)]
    return [words for signal, words in sentences.items() if not signal.startswith(("drift.", BREACH))]
