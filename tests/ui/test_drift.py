"""The Drift page's words beside its picture."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from plumbline.domain import FeatureDrift, Kind
from plumbline.ui.drift import earlier_breaches

MONDAY = datetime(2025, 6, 9, tzinfo=UTC)
BREACH = FeatureDrift(
    feature="score", kind=Kind.NUMERIC, method="js", value=0.3, threshold=0.1, p_value=0.0, q_value=0.0, drifted=True,
    status="breach", n_reference=900, n=900, missing_share=0.0, missing_share_reference=0.0, start=MONDAY,
    end=MONDAY + timedelta(days=7),
)  # fmt: skip


def test_what_breached_before_the_window_is_said_beside_the_picture() -> None:
    later = replace(BREACH, start=MONDAY + timedelta(days=7), end=MONDAY + timedelta(days=14))
    quiet = replace(BREACH, feature="age", drifted=False)
    said = earlier_breaches([later, BREACH, quiet], datetime(2025, 8, 7, tzinfo=UTC))
    assert said == "The title is about the window. Before it, these breached: score (first 9–15 Jun 2025)."


def test_nothing_is_said_of_a_window_that_holds_all_of_it() -> None:
    assert earlier_breaches([BREACH], MONDAY) == ""
    assert earlier_breaches([BREACH], None) == ""
