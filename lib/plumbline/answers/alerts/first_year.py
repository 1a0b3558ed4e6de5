"""What crept in a system's first year, as one finding: it may be a season."""

from __future__ import annotations

from functools import cache

from plumbline.answers.alerts.measurements import Measurements
from plumbline.domain import Finding, Point
from plumbline.monitor.drift.first_year import SIGNAL, merge_slow_changes
from plumbline.monitor.drift.season import YEAR
from plumbline.monitor.performance.series import performance
from plumbline.store import findings as register
from plumbline.store.workspace import Cursor


def first_year(cursor: Cursor, m: Measurements, findings: list[Finding]) -> list[Finding]:
    """The findings of one system, those that may all be a season's as one."""
    reference = m.system.reference
    if reference is None:
        return findings

    @cache
    def daily(metric: str) -> tuple[Point, ...]:
        return performance(
            m.held.profile,
            by="day",
            metrics=[metric],
            reference=reference,
            cost=m.system.settings.cost_matrix,
            delay=m.held.delay,
            today=m.now,
        )

    named = {p.bins.feature: p for p in m.features}
    asked = any(
        record.finding.signal == SIGNAL
        and record.finding.since is not None
        and reference[0] - YEAR <= record.finding.since
        for record in register.recorded_findings(cursor, m.system.key)
    )
    return merge_slow_changes(findings, named, daily, reference, asked=asked)
