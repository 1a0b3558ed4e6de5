"""What the comparison of estimates with later labels says, on figures that can be checked by hand."""

from __future__ import annotations

import pytest

from plumbline.domain import Point, PointStatus
from plumbline.monitor.estimate.backtest import hindsight
from tests.monitor.outcomes import at


def _point(day: int, value: float | None, half: float = 0.02, **more: object) -> Point:
    low, high = (None, None) if value is None else (value - half, value + half)
    return Point(
        metric="accuracy",
        start=at(day),
        end=at(day + 1),
        n=100,
        value=value,
        low=low,
        high=high,
        threshold=0.7,
        status=PointStatus.OK,
        **more,
    )  # type: ignore[arg-type]


def test_gap_distance_and_coverage_are_over_chunks_that_have_both() -> None:
    guesses = [
        _point(0, 0.80, estimated=True),
        _point(1, 0.84, estimated=True),
        _point(2, 0.7, estimated=True),
    ]
    real = [_point(0, 0.81), _point(1, 0.80), _point(2, 0.75, provisional=True), _point(3, 0.9)]
    found = hindsight(guesses, real)
    assert found is not None
    assert found.chunks == 2
    assert found.gap == pytest.approx(0.015)
    assert found.distance == pytest.approx(0.025)
    assert found.covered == pytest.approx(0.5)
    assert found.n == 200


def test_a_refused_estimate_keeps_its_reason() -> None:
    found = hindsight([_point(0, None, estimated=True, note="No score is logged.")], [_point(0, 0.8)])
    assert found is not None
    assert found.chunks == 0
    assert found.refused == "No score is logged."
    assert hindsight([], []) is None
