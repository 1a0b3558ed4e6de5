"""Alarms of shift from profiles: what left the reference, on the last seven days, anew every day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from plumbline.domain import FeatureProfile, Finding
from plumbline.monitor import rolling
from plumbline.monitor.drift import judged_by_chunk
from plumbline.monitor.drift_findings import drift_findings
from plumbline.monitor.laid import Laid

Reference = tuple[datetime, datetime]


def input_findings(
    system: str, inputs: Sequence[FeatureProfile], *, reference: Reference, until: datetime, laid: Sequence[Laid] = (),
    weights: dict[str, float] | None = None, spoken: Mapping[str, str] | None = None,
) -> list[Finding]:  # fmt: skip
    """Inputs whose last seven days, day by day, left the reference; by chunk (``laid``) where a log is too short."""
    named = {p.bins.feature: p for p in inputs}
    by_day = rolling.rolled(inputs, reference=reference, until=until)
    alone = rolling.sudden(inputs, reference=reference, until=until) if by_day else ()
    shown = by_day or tuple(one for one in laid if one.bins.feature in named)
    return drift_findings(
        system, judged_by_chunk(shown, "js"), overlap=rolling.WIDTH if by_day else 1, sudden=alone,
        chance=rolling.together(shown),
        dated=lambda name, first, known: rolling.onset(named[name], reference=reference, first=first, known=known),
        weights=weights, spoken=spoken,
    )  # fmt: skip
