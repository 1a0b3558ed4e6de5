"""Values that went missing, on the last seven days, anew every day: a rise of two points that chance does not explain.

A calendar week makes an alarm wait for its end, and a rise of five points lies half of the time under a limit of five.
So an input's decisions with and without a value are watched as shifts are (``rolling_window``). Each input has its own
dispersion, from the reference's days and what they keep of each other. Of two p-values the larger counts: Pearson's by
the law of that dispersion, and Fisher's exact one of the counts over it, which holds where few values are missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from plumbline.domain import Bins, FeatureDrift, FeatureProfile, Finding, FloatArray, Kind
from plumbline.monitor.alarms.findings import is_same_problem
from plumbline.monitor.chunks import day_array
from plumbline.monitor.drift.aligned_counts import AlignedCounts, days_within
from plumbline.monitor.drift.dispersion import daily_laws
from plumbline.monitor.drift.features import exceeds, judge_chunks
from plumbline.monitor.drift.findings import drift_findings, presence_sentence
from plumbline.monitor.drift.missing_values import upper_tail_chance
from plumbline.monitor.drift.rolling_window import WIDTH, joint_chance, onset, rolling_windows

#: rise of the share of decisions without a value that matters; false alarms a year over all of a system's inputs
MATTERS, BUDGET = 0.02, 0.05
METHOD = "linf"
#: missing values due in a window from which on their law is as good as normal
MANY = 1000
_LEVELS = ("there", "missing")


def missing_findings(
    system: str, profiles: Sequence[FeatureProfile], *, reference: tuple[datetime, datetime], until: datetime
) -> list[Finding]:
    """One finding an input and time at which more values were missing than in the reference.

    Args:
        profiles: of the inputs.

    Returns:
        nothing where the log or its reference is too short for windows of seven days.
    """
    filled = [p for p in profiles if p.missing.any() or p.counts.any()]
    feature_profiles = {p.bins.feature: presence(p) for p in filled if _has_rise(p, reference)}
    laid = {
        aligned.bins.feature: aligned
        for aligned in rolling_windows(
            [*feature_profiles.values()], reference=reference, until=until, laws=daily_laws
        )
    }
    if not laid:
        return []
    judged = _risen(judge_chunks([*laid.values()], METHOD), laid)
    findings = drift_findings(
        system,
        judged,
        overlap=WIDTH,
        chance=_chance(laid),
        budget=BUDGET * len(feature_profiles) / len(filled),
        dated=lambda name, first, known: onset(
            feature_profiles[name], reference=reference, first=first, known=known
        ),
    )
    return [_missing_finding(f) for f in findings]


def _has_rise(profile: FeatureProfile, reference: tuple[datetime, datetime]) -> bool:
    """Whether any seven days running lack as much more as matters; most inputs never do, and need no test."""
    if not profile.missing.any():
        return False
    healthy, days = days_within(profile.days, reference), day_array(profile.days)
    place = (days - days.min()).astype(np.int64)
    daily = np.zeros((2, int(place.max()) + WIDTH + 1))
    np.add.at(daily, (0, place + WIDTH), profile.missing)
    np.add.at(daily, (1, place + WIDTH), profile.missing + profile.counts.sum(axis=1))
    gone, n = (total[WIDTH:] - total[:-WIDTH] for total in np.cumsum(daily, axis=1))
    then = profile.missing[healthy].sum() / max(
        profile.missing[healthy].sum() + profile.counts[healthy].sum(), 1
    )
    return bool(np.any(gone >= (then + MATTERS) * np.maximum(n, 1)))


def presence(profile: FeatureProfile) -> FeatureProfile:
    """An input as one of two levels, there and missing, by day."""
    there = profile.counts.sum(axis=1)
    none = np.zeros(len(there))
    return FeatureProfile(
        bins=Bins(feature=profile.bins.feature, kind=Kind.CATEGORICAL, levels=_LEVELS),
        days=profile.days,
        counts=np.column_stack([there, profile.missing, np.zeros_like(there)]),
        missing=np.zeros_like(profile.missing),
        sums=none,
        squares=none,
    )


def _risen(judged: Sequence[FeatureDrift], laid: Mapping[str, AlignedCounts]) -> list[FeatureDrift]:
    """Windows that drifted: more is missing than in the reference, by what matters and beyond chance by both tests."""
    place = {name: {start: i for i, start in enumerate(aligned.starts)} for name, aligned in laid.items()}
    drifts = []
    for drift in judged:
        counts, at = laid[drift.feature], place[drift.feature][drift.start]
        share = counts.cells.q[at, 1] / max(counts.cells.q[at].sum(), 1e-300)
        more = share > counts.cells.p[1] / max(counts.cells.p.sum(), 1e-300)
        drifted, p_value = bool(more) and exceeds(drift, MATTERS), drift.p_value
        if drifted and p_value is not None:
            p_value = max(p_value, _fisher_p_value(counts, counts.cells.q[at]))
        drifts.append(replace(drift, threshold=MATTERS, p_value=p_value, drifted=drifted))
    return drifts


def _fisher_p_value(one: AlignedCounts, now: FloatArray) -> float:
    """Fisher's exact p-value, one-sided, of a window's missing values, (cells,) counts over the dispersion; 0 where so
    many are due that Pearson's is as good."""
    then, n = one.cells.p, now[:2].sum()
    if (then[1] + now[1]) * min(n / (n + then[:2].sum()), 0.5) > MANY:
        return 0.0
    return float(upper_tail_chance(now[1:2], n[None], float(then[1]), float(then[:2].sum()))[0])


def _chance(laid: Mapping[str, AlignedCounts]) -> Callable[[Sequence[FeatureDrift]], float]:
    """How likely several windows without a day in common, as one sample, are by chance: the larger of both tests."""
    pearson = joint_chance([*laid.values()], METHOD)

    def chance(windows: Sequence[FeatureDrift]) -> float:
        aligned = laid[windows[0].feature]
        at = [aligned.starts.index(w.start) for w in windows]
        summed = aligned.cells.q[at].sum(axis=0) / aligned.cells.law.week_dispersion(len(windows))
        return max(pearson(windows), _fisher_p_value(aligned, summed))

    return chance


def _missing_finding(finding: Finding) -> Finding:
    """A finding of shift as one of missing values."""
    name, figures = str(finding.figures["feature"]), finding.figures | {"method": "missing"}
    return replace(
        finding,
        signal=f"missing.{name}",
        sentence=presence_sentence(
            "missing", name, float(finding.figures["value"]), int(finding.figures["n"])
        ),
        figures=figures,
    )


def earliest_findings(findings: Sequence[Finding]) -> list[Finding]:
    """One finding a problem: of those that two rules raise on the same values the one that was known first."""
    earliest: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (f.known_at is None, f.known_at)):
        if not any(is_same_problem(finding, other) for other in earliest):
            earliest.append(finding)
    return earliest
