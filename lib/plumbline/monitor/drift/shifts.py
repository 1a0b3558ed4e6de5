"""Alarms of shift from profiles: what left the reference, on the last seven days, anew every day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from plumbline.domain import FeatureDrift, FeatureProfile, Finding, Kind, Severity
from plumbline.domain.messages import message
from plumbline.monitor.drift import rolling_window
from plumbline.monitor.drift.aligned_counts import AlignedCounts, days_within, sum_sample
from plumbline.monitor.drift.features import exceeds, judge_chunks
from plumbline.monitor.drift.findings import BUDGET, drift_findings
from plumbline.monitor.drift.season import without_yearly_repeats
from plumbline.wording.quantities import percent

#: Jensen-Shannon distance from which the drift of an output matters
MATTERS = 0.05
#: false alarms a year that chance may raise over a system's outputs, with those of their cut-off (``cutoff.BUDGET``)
#: a fifth: an output that moves reaches people, so it is to be seen sooner than an input (``drift_findings.BUDGET``)
OUTPUT_BUDGET = 0.195
Reference = tuple[datetime, datetime]


def shift_findings(
    system: str,
    profiles: Sequence[FeatureProfile],
    *,
    reference: Reference,
    until: datetime,
    laid: Sequence[AlignedCounts] = (),
    outputs: Sequence[str] = (),
    weights: dict[str, float] | None = None,
    spoken: Mapping[str, str] | None = None,
) -> list[Finding]:
    """Inputs and outputs whose last seven days, day by day, left the reference.

    Args:
        profiles: of the inputs, and of those outputs that are watched; each group has its yearly budget.
        laid: the same by chunk, for a log that is too short for seven days.
        outputs: which of them are what the model gives rather than what it is given: their findings weigh more, and
            say of an answer how often it was given.
    """
    named = {p.bins.feature: p for p in profiles}
    by_day = rolling_window.rolling_windows(profiles, reference=reference, until=until)
    alone = rolling_window.sudden_drift(profiles, reference=reference, until=until) if by_day else ()
    counts = by_day or tuple(aligned for aligned in laid if aligned.bins.feature in named)
    judged = _lower_thresholds(judge_chunks(counts, "js"), outputs)
    findings = []
    for group, budget in ((False, BUDGET), (True, OUTPUT_BUDGET)):
        findings += drift_findings(
            system,
            [c for c in judged if (c.feature in outputs) is group],
            overlap=rolling_window.WIDTH if by_day else 1,
            sudden=[c for c in alone if (c.feature in outputs) is group],
            chance=rolling_window.joint_chance(counts),
            budget=budget,
            dated=lambda name, first, known: rolling_window.onset(
                named[name], reference=reference, first=first, known=known
            ),
            weights=None if group else weights,
            spoken=spoken,
        )
    of_outputs = {f"drift.{name}": name for name in outputs}
    shifts = [
        _output_finding(f, named[of_outputs[f.signal]], reference) if f.signal in of_outputs else f
        for f in findings
    ]
    return without_yearly_repeats(shifts, named, reference, until) if by_day else shifts


def _lower_thresholds(judged: Sequence[FeatureDrift], outputs: Sequence[str]) -> tuple[FeatureDrift, ...]:
    """Outputs matter from ``MATTERS`` on: a share of 12 % that falls to 6 % is 0.09 away."""
    return tuple(
        replace(one, threshold=MATTERS, drifted=exceeds(one, MATTERS)) if one.feature in outputs else one
        for one in judged
    )


def _output_finding(finding: Finding, profile: FeatureProfile, reference: Reference) -> Finding:
    """The finding of an output: of classes it says how often the one was given that moved most."""
    figures = dict(finding.figures)
    if profile.bins.kind is not Kind.CATEGORICAL or finding.since is None:
        return replace(finding, severity=Severity.HIGH, figures=figures)
    now = sum_sample(
        profile, days_within(profile.days, (finding.since, finding.until or finding.known_at))
    ).counts
    then = sum_sample(profile, days_within(profile.days, reference)).counts
    if not now.sum() or not then.sum():
        return replace(finding, severity=Severity.HIGH, figures=figures)
    moved = now / now.sum() - then / then.sum()
    most = int(np.argmax(np.abs(moved[: len(profile.bins.levels)]))) if profile.bins.levels else 0
    level, was, is_now = profile.bins.levels[most], then[most] / then.sum(), now[most] / now.sum()
    given = message(
        "The answer {level} was given in {now} of decisions, {was} in the reference: {drift}",
        level=level,
        now=percent(is_now),
        was=percent(was),
        drift=finding.sentence,
    )
    figures |= {"level": level, "share": float(is_now), "share_reference": float(was)}
    return replace(finding, sentence=given, severity=Severity.HIGH, figures=figures)
