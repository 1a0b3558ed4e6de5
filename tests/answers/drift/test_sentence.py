"""The title of Drift and the periods of its picture."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from plumbline.answers.drift.sentence import window_sentence
from plumbline.domain import FeatureDrift, Kind, PointStatus

MONDAY = datetime(2025, 6, 9, tzinfo=UTC)
REFERENCE = (MONDAY - timedelta(days=60), MONDAY - timedelta(days=30))
WINDOW = (MONDAY, None)
CALM = FeatureDrift(
    feature="age", kind=Kind.NUMERIC, method="js", value=0.05, threshold=0.1, p_value=0.5, q_value=0.5, drifted=False,
    status=PointStatus.OK, n_reference=900, n=900, missing_share=0.0, missing_share_reference=0.0, start=MONDAY,
    end=MONDAY + timedelta(days=7),
)  # fmt: skip
BREACH = replace(CALM, value=0.3, drifted=True, status=PointStatus.BREACH)


def test_a_title_that_says_none_names_what_did_in_single_periods() -> None:
    later = replace(BREACH, start=MONDAY + timedelta(days=7), end=MONDAY + timedelta(days=14))
    assert window_sentence([CALM], [], REFERENCE, WINDOW, [later, BREACH]) == (
        "None of 1 features drifted over the whole window, 1 did in single periods, first from 9 June 2025: "
        "since 9 June 2025, against 10 April 2025 to 9 May 2025, up to 900 decisions."
    )


def test_periods_before_the_window_and_outputs_change_nothing() -> None:
    before = replace(BREACH, start=MONDAY - timedelta(days=7), end=MONDAY)
    output = replace(BREACH, feature="score")
    watched = replace(BREACH, status=PointStatus.WATCH)
    sentence = window_sentence([CALM], [], REFERENCE, WINDOW, [before, output, watched])
    assert sentence.startswith("None of 1 features drifted: since 9 June 2025")
