"""Whether a system's register has asked before if it is a season: then one slow change belongs to that question."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from plumbline.answers.alerts.check import reconcile
from plumbline.answers.alerts.first_year import first_year
from plumbline.domain import Finding, Severity
from plumbline.store.findings import recorded_findings
from plumbline.store.workspace import Workspace
from tests.monitor.outcomes import at, classified

REFERENCE = (at(0), at(90))


def finding(signal: str, since: int, known: int) -> Finding:
    return Finding(
        system="s", signal=signal, sentence=signal, since=at(since), until=None, severity=Severity.HIGH,
        confidence=None, page="accuracy", figures={"metric": "accuracy"}, known_at=at(known),
    )  # fmt: skip


def measured(reference: tuple[object, object] | None = REFERENCE) -> SimpleNamespace:
    """Accuracy that falls slowly from day 90 on, by 15 points in a hundred days."""
    rng = np.random.default_rng(1)
    day = np.repeat(np.arange(200), 100)
    true = rng.integers(0, 2, len(day))
    right = rng.random(len(day)) < 0.8 - 0.0015 * np.maximum(day - 90, 0)
    profile = classified(day, np.where(right, true, 1 - true), true)
    return SimpleNamespace(
        system=SimpleNamespace(key="s", reference=reference, settings=SimpleNamespace(cost_matrix=None)),
        held=SimpleNamespace(profile=profile, delay=None), now=at(200), features=(),
    )  # fmt: skip


@pytest.mark.parametrize(("signal", "days_before", "asked"), [
    ("season", 40, True), ("season", 500, False), ("drift.income", 40, False),
])  # fmt: skip
def test_a_slow_fall_belongs_to_the_question_that_the_first_load_raised(
    workspace: Workspace, signal: str, days_before: int, asked: bool
) -> None:
    fall = finding("performance.accuracy", 120, 170)
    earlier = finding(signal, 90 - days_before, 90 - days_before + 9)
    with workspace.write() as cursor:
        reconcile(cursor, "s", [earlier], ("",), at(90))
        reconcile(
            cursor, "s", [], ("",), at(91)
        )  # the reference is set anew, and what it was held against is gone
        (one,) = first_year(cursor, measured(), [fall])  # type: ignore[arg-type]
        assert (one.signal, one.parts) == (("season", (fall,)) if asked else ("performance.accuracy", ()))
        assert first_year(cursor, measured(None), [fall]) == [fall]  # type: ignore[arg-type]
        reconcile(cursor, "s", [one], ("",), at(170))
        records = recorded_findings(cursor, "s")
    assert len(records) == (1 if asked else 2)
    assert records[0].open
    assert records[0].finding.known_at is not None
    assert records[0].finding.known_at - at(0) >= timedelta(days=9)
