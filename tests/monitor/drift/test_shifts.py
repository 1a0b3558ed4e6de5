"""Outputs are watched as inputs are: on logs of 55 decisions a day whose change is known."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from plumbline.domain import Severity
from tests.bench.detection.shifts import drawn, findings


@pytest.mark.parametrize(
    ("change", "least", "signals"),
    [
        ("scores-0.7", 3, {"drift.score", "drift.prediction"}),
        ("default", 4, {"drift.score"}),
        ("cut-off", 3, {"drift.prediction"}),
    ],
)
def test_scores_that_are_scaled_default_answers_and_lowered_cut_offs_are_found_in_ten_days(
    change: str, least: int, signals: set[str]
) -> None:
    soon = 0
    for seed in range(4):
        log = drawn("fifty-five", seed, change)
        since = log.truth.since.to_pydatetime().replace(tzinfo=UTC)
        raised = [f for f in findings(log) if f.known_at]
        assert all(f.known_at > since for f in raised if f.known_at)
        own = [
            f
            for f in raised
            if f.signal in signals and f.known_at and f.known_at <= since + timedelta(days=10)
        ]
        soon += bool(own)
        assert all(f.severity is Severity.HIGH for f in own)
    assert soon >= least


@pytest.mark.parametrize("seed", [100, 116])
def test_scores_that_are_scaled_are_found_in_ten_days_at_the_budget_of_outputs(seed: int) -> None:
    """With half the budget these two are found after 14 and 11 days."""
    log = drawn("fifty-five", seed, "scores-0.7")
    since = log.truth.since.to_pydatetime().replace(tzinfo=UTC)
    first = min(f.known_at for f in findings(log) if f.known_at and f.known_at > since)
    assert first - since <= timedelta(days=10)


def test_the_finding_of_answers_says_how_often_the_one_was_given_that_moved() -> None:
    found = next(f for f in findings(drawn("fifty-five", 0, "cut-off")) if f.signal == "drift.prediction")
    assert found.sentence.startswith("The answer ")
    assert abs(found.figures["share"] - found.figures["share_reference"]) > 0.05


def test_quiet_small_logs_raise_nothing_of_outputs() -> None:
    assert [f.signal for seed in range(4) for f in findings(drawn("fifty-five", seed))] == []
