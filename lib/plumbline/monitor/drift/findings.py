"""Findings of drift: one a feature and episode, raised once its evidence is beyond a year of chance."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from scipy.special import chdtrc

from plumbline.domain import FeatureDrift, Finding, PointStatus, Severity
from plumbline.domain.messages import NOTHING, Message, message, sequence
from plumbline.monitor.alarms.episodes import episodes, is_clear, runs
from plumbline.monitor.alarms.findings import recovery_note
from plumbline.monitor.drift.features import ALPHA
from plumbline.wording.quantities import decimal, percent
from plumbline.wording.times import iso_day

#: false drift alarms a system-year that chance may raise over all of a system's features
BUDGET = 0.1
#: the same by single days: next to none, since days are more unlike each other than their own dispersion tells
SUDDEN = 1e-5
#: how much farther, or longer, than an earlier time a feature goes before the same shift is told again
FARTHER = 1.5
YEAR = timedelta(days=365)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def drift_findings(
    system: str,
    chunks: Sequence[FeatureDrift],
    *,
    overlap: int = 1,
    sudden: Sequence[FeatureDrift] = (),
    chance: Callable[[Sequence[FeatureDrift]], float] | None = None,
    budget: float = BUDGET,
    dated: Callable[[str, datetime, datetime], datetime] | None = None,
    weights: dict[str, float] | None = None,
    spoken: Mapping[str, str] | None = None,
) -> list[Finding]:
    """One finding an episode of drifted chunks of one feature, from the first run whose evidence is beyond chance.

    A chunk's test allows one feature in twenty to be wrong; a year has many chunks and a log many features. So an
    alarm waits until the p-values of the run's chunks, joined by Fisher's method, are below what ``BUDGET`` false
    alarms a year leave for each feature and each moment at which one could be raised. Every chunk of a run is
    beyond the threshold, so one is enough where it is that far beyond chance.

    Args:
        chunks: every feature's, by one method, in order of time.
        overlap: of how many chunks each decision is a part: 7 where weeks begin anew every day. Only those without
            a decision in common are joined, and runs with one in common are one.
        sudden: single days (``rolling.sudden``). One that drifted beyond chance is enough by itself, and stands for the
            chunk that ends with it.
        budget: false alarms a year that chance may raise over all of these features.
        dated: (feature, the first chunk's start, when it was known) -> when it began; None: the first chunk's start.
        weights: mean absolute attribution by feature, where known.
        spoken: how a method is called in a sentence, where not as it is spelt.
    """
    total = sum((weights or {}).values())
    findings = []
    names = dict.fromkeys(c.feature for c in chunks)
    judged, single_days = _judged_chunks(chunks), _extreme_days(sudden, len(names))
    for feature in names:
        series, alone = judged.get(feature, []), single_days.get(feature, {})
        beyond = [c.drifted or c.end in alone for c in series]
        if not any(beyond):
            continue
        proved = _significant_runs(series, budget / len(names), overlap, chance or brown_p_value) + [
            (i, i) for i, c in enumerate(series) if c.end in alone
        ]
        proved.sort(key=lambda own: own[1])
        earlier: list[range] = []
        for run, ended in _episodes(series, beyond):
            first, sure = next(((f, s) for f, s in proved if f in run), (0, None))
            if sure is not None and earlier:
                again = next((i for i in range(sure, run.stop) if series[i].end in alone), run.stop)
                sure = next((i for i in range(sure, again) if _newly(series, first, i, earlier)), again)
            if sure is None or sure == run.stop:
                continue
            earlier.append(run)
            part = [series[i] for i in range(first, run.stop)]
            worst = max(part, key=lambda c: c.value or 0)
            apart = part[::-overlap]
            rows, single = sum(c.n for c in apart), not worst.drifted
            if single:
                worst = max((alone[c.end] for c in part if c.end in alone), key=lambda c: c.value or 0)
                rows = worst.n
            since, known = part[0].start, series[sure].end
            if dated is not None and since is not None and known is not None:
                since = dated(feature, since, known)
            weight = (weights or {}).get(feature, 0.0) / total if total > 0 else None
            called = (spoken or {}).get(worst.method, worst.method)
            last = series[-1]
            back = NOTHING if ended or last.drifted else recovery_note(decimal(last.value or 0, ".2f"))
            findings.append(
                Finding(
                    system=system,
                    signal=f"drift.{feature}",
                    sentence=sequence([_sentence(worst, called, rows, weight, single=single), back]),
                    since=since,
                    until=part[-1].end if ended else None,
                    severity=Severity.LOW if weight is not None and weight < 0.05 else Severity.MEDIUM,
                    confidence=None if worst.q_value is None else round(1 - worst.q_value, 4),
                    page="drift",
                    figures={
                        "feature": feature,
                        "method": worst.method,
                        "value": worst.value,
                        "threshold": worst.threshold,
                        "q_value": worst.q_value,
                        "n": rows,
                        "chunks": len(apart),
                        "weight": weight,
                    },
                    known_at=known,
                )
            )
    return findings


def _sentence(worst: FeatureDrift, method: str, rows: int, weight: float | None, *, single: bool) -> Message:
    carries = NOTHING
    if weight:
        share = percent(weight, ".0f")
        carries = message(", which carries {share} of the model's weight,", share=share)
    values = {
        "feature": worst.feature,
        "carries": carries,
        "method": method,
        "distance": decimal(worst.value or 0.0, ".2f"),
        "limit": decimal(worst.threshold, ".2g"),
        "n": decimal(rows, ","),
    }
    if single:
        return message(
            "{feature}{carries} drifted: {method} on {day} alone {distance}, limit {limit}, over {n} decisions.",
            **values,
            day=iso_day(worst.start) if worst.start else "",
        )
    return message(
        "{feature}{carries} drifted: {method} up to {distance}, limit {limit}, over {n} decisions.", **values
    )


def _extreme_days(
    sudden: Sequence[FeatureDrift], features: int
) -> dict[str, dict[datetime | None, FeatureDrift]]:
    """Feature -> its days that drifted beyond what a year of days may bring by chance, by their ends."""
    enough = SUDDEN / (max(features, 1) * (YEAR / timedelta(days=1)))
    days: dict[str, dict[datetime | None, FeatureDrift]] = {}
    for day in sudden:
        if day.drifted and day.p_value is not None and day.p_value < enough:
            days.setdefault(day.feature, {})[day.end] = day
    return days


def _judged_chunks(chunks: Sequence[FeatureDrift]) -> dict[str, list[FeatureDrift]]:
    """Feature -> its chunks that are not unknown: sorted in one pass, as a log may have thousands of features."""
    series: dict[str, list[FeatureDrift]] = {}
    for chunk in chunks:
        if chunk.status is not PointStatus.UNKNOWN:
            series.setdefault(chunk.feature, []).append(chunk)
    return series


def _episodes(series: Sequence[FeatureDrift], beyond: Sequence[bool]) -> list[tuple[range, bool]]:
    """Episodes of one feature; clear is a distance under half the threshold, or one that chance may bring."""
    clear = [
        not c.drifted
        and (is_clear(_value_above_chance(c), c.threshold, 0.0) or c.q_value is None or c.q_value >= ALPHA)
        for c in series
    ]
    starts, ends = [c.start or LONG_AGO for c in series], [c.end or LONG_AGO for c in series]
    return episodes(beyond, clear, starts, ends)


def _newly(series: Sequence[FeatureDrift], first: int, place: int, earlier: Sequence[range]) -> bool:
    """Whether an episode went farther by its chunk ``place``, or lasts longer, than those that came and went before."""
    far = max(_value_above_chance(series[i]) or 0.0 for run in earlier for i in run)
    long = max(len(run) for run in earlier)
    largest = max(_value_above_chance(c) or 0.0 for c in series[first : place + 1])
    beyond = series[place].drifted or series[place].status is PointStatus.BREACH
    return beyond and (largest >= FARTHER * far or place + 1 - first >= FARTHER * long)


def _value_above_chance(chunk: FeatureDrift) -> float | None:
    return chunk.value if chunk.above_chance is None else chunk.above_chance


def _significant_runs(
    series: Sequence[FeatureDrift],
    budget: float,
    overlap: int,
    chance: Callable[[Sequence[FeatureDrift]], float],
) -> list[tuple[int, int]]:
    """Of each run of drifted chunks whose evidence is beyond chance: its first chunk, and the one that proved it."""
    proved = []
    for run in runs(_bridge_gaps([c.drifted for c in series], overlap)):
        sure = _first_significant([series[i] for i in run], budget, overlap, chance)
        if sure is not None:
            proved.append((run.start, run.start + sure))
    return proved


def _bridge_gaps(flags: Sequence[bool], overlap: int) -> list[bool]:
    """The flags with gaps closed between two that are True and share a decision."""
    closed = list(flags)
    on = [place for place, flag in enumerate(flags) if flag]
    for index, following in itertools.pairwise(on):
        if following - index < overlap:
            closed[index:following] = [True] * (following - index)
    return closed


def _first_significant(
    part: Sequence[FeatureDrift],
    budget: float,
    overlap: int,
    chance: Callable[[Sequence[FeatureDrift]], float],
) -> int | None:
    """The chunk of a run with which its evidence is beyond the budget; None: never."""
    first = part[0]
    if first.start is None or first.end is None:
        return None
    looks = max(YEAR / (first.end - first.start), 1.0) * overlap
    for place, chunk in enumerate(part):
        if not chunk.drifted:
            continue
        apart = part[place::-overlap]
        alone = chunk.p_value if chunk.p_value is not None else 1.0
        if (alone if len(apart) == 1 else chance(apart)) < budget / looks:
            return place
    return None


def brown_p_value(apart: Sequence[FeatureDrift]) -> float:
    """The p-values of chunks that share a reference, joined: Fisher's statistic by the law of Brown (1975).

    Two chunks of m and k values beside n of the reference have a correlation of sqrt(mk / ((n + m)(n + k))).
    """
    p = np.array([max(c.p_value if c.p_value is not None else 1.0, 1e-300) for c in apart])
    weights = np.sqrt([c.n / (c.n + c.n_reference) for c in apart])
    alike = np.outer(weights, weights)[np.triu_indices(len(p), 1)]
    variance = 4 * len(p) + 2 * float(np.sum(3.25 * alike + 0.75 * alike**2))
    scale = variance / (4 * len(p))
    return float(chdtrc(2 * len(p) / scale, -2 * float(np.log(p).sum()) / scale))


def presence_sentence(method: str, feature: str, share: float, rows: int) -> Message:
    """What a breach of a signal of its own says: ``missing``, ``new_levels`` or ``out_of_range``."""
    values = {"feature": feature, "n": decimal(rows, ",")}
    if method == "missing":
        return message(
            "Values of {feature} went missing: the share without one moved by {points} points, over {n} decisions.",
            **values,
            points=decimal(100 * share, ".1f"),
        )
    values["share"] = percent(share)
    if method == "new_levels":
        return message(
            "{feature} has levels that the reference never had: {share} of values, over {n} decisions.",
            **values,
        )
    return message(
        "{feature} left the range of the reference: {share} of values, over {n} decisions.", **values
    )


def presence_findings(system: str, method: str, chunks: Sequence[FeatureDrift]) -> list[Finding]:
    """One finding an episode of breaches by ``missing``, ``new_levels`` or ``out_of_range`` of one feature.

    What comes and goes again and again, as a season does, is told once, until it goes farther or stays longer.
    """
    findings = []
    for feature, series in _judged_chunks(chunks).items():
        beyond = [c.status is PointStatus.BREACH for c in series]
        earlier: list[range] = []
        for run, ended in _episodes(series, beyond):
            sure = next(
                (i for i in run if beyond[i] and (not earlier or _newly(series, run[0], i, earlier))), None
            )
            if sure is None:
                continue
            earlier.append(run)
            part = [series[i] for i in run if beyond[i]]
            worst = max(part, key=lambda c: c.value or 0)
            rows = sum(c.n for c in part)
            findings.append(
                Finding(
                    system=system,
                    signal=f"{method}.{feature}",
                    sentence=presence_sentence(method, feature, worst.value or 0.0, rows),
                    since=part[0].start,
                    until=part[-1].end if ended else None,
                    severity=Severity.MEDIUM,
                    confidence=None if worst.q_value is None else round(1 - worst.q_value, 4),
                    page="drift",
                    figures={"feature": feature, "method": method, "value": worst.value, "chunks": len(part)},
                    known_at=series[sure].end,
                )
            )
    return findings
