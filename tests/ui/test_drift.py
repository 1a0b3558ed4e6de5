"""The Drift page's words beside its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from plumbline.answers.drift.features import DriftAnswer
from plumbline.domain import FeatureDrift, Kind, PointStatus, Settings, System, Task
from plumbline.domain.messages import message
from plumbline.ui.drift import breaches_beside_title

MONDAY = datetime(2025, 6, 9, tzinfo=UTC)
BREACH = FeatureDrift(
    feature="score", kind=Kind.NUMERIC, method="js", value=0.3, threshold=0.1, p_value=0.0, q_value=0.0, drifted=True,
    status=PointStatus.BREACH, n_reference=900, n=900, missing_share=0.0, missing_share_reference=0.0, start=MONDAY,
    end=MONDAY + timedelta(days=7),
)  # fmt: skip


REFERENCE = (MONDAY, MONDAY + timedelta(days=28))
SYSTEM = System(
    key="shop", title="Shop", task=Task.BINARY, reference=REFERENCE, settings=Settings(), created_at=MONDAY
)


def answer(chunks: Sequence[FeatureDrift], begins: datetime | None, *drifted: str) -> DriftAnswer:
    return DriftAnswer(
        system=SYSTEM, reference=REFERENCE, window=(begins, None), by="week",
        features=tuple(replace(BREACH, feature=name) for name in drifted), chunks=tuple(chunks), ranking=(),
        sentence=message("None of 7 features drifted."),
    )  # fmt: skip


def test_what_breached_before_the_window_is_said_beside_the_picture() -> None:
    later = replace(BREACH, start=MONDAY + timedelta(days=7), end=MONDAY + timedelta(days=14))
    quiet = replace(BREACH, feature="age", drifted=False)
    said = breaches_beside_title(answer([later, BREACH, quiet], datetime(2025, 8, 7, tzinfo=UTC)))
    assert said == "The title is about the window. Before it, these breached: score (first 9–15 Jun 2025)."


def test_a_week_that_drifted_in_a_window_that_did_not_is_said_beside_the_picture() -> None:
    week = replace(BREACH, feature="age")
    assert breaches_beside_title(answer([week], MONDAY)) == (
        "The title is about the window as a whole; single periods of it drifted all the same: "
        "age (first 9–15 Jun 2025)."
    )
    assert breaches_beside_title(answer([week], MONDAY, "age")) == ""  # the title names it


def test_nothing_is_said_of_an_output_that_the_title_names() -> None:
    for begins in (MONDAY, None):
        assert breaches_beside_title(answer([BREACH], begins)) == ""
        watched = replace(BREACH, status=PointStatus.WATCH)
        assert "score" in breaches_beside_title(answer([watched], begins))
