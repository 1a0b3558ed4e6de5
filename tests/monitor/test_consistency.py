"""Consistency against the published Wilson interval and the rule of 0.1 %."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import PointStatus, Repeats
from plumbline.monitor.consistency import consistency


def repeats(n: int, conflicting: int) -> Repeats:
    return Repeats(n, conflicting, n // 2, conflicting // 2)


def test_the_interval_is_the_published_one() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 857-872, table I: Wilson without continuity correction."""
    for hits, n, low, high in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)]:
        if n < 30:
            assert consistency(repeats(n, hits), fewest=1).high == pytest.approx(high, abs=5e-5)
            continue
        told = consistency(repeats(n, hits))
        assert (told.low, told.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("n", "conflicting", "status"),
    [
        (0, 0, PointStatus.UNKNOWN),
        (29, 29, PointStatus.UNKNOWN),
        (30, 0, PointStatus.OK),
        (2000, 140, PointStatus.BREACH),
        (800, 1, PointStatus.WATCH),
        (1000, 1, PointStatus.OK),
        (100_000, 200, PointStatus.BREACH),
    ],
)
def test_status_follows_the_limit_and_the_interval(n: int, conflicting: int, status: PointStatus) -> None:
    assert consistency(repeats(n, conflicting)).status is status


def test_the_sentence_states_the_share_and_the_sample() -> None:
    told = consistency(repeats(2000, 140))
    assert "140 of 2,000" in told.sentence
    assert "7 %" in told.sentence
    assert "0.1 %" in told.sentence


def test_without_repeats_there_is_no_share() -> None:
    assert consistency(repeats(0, 0)).share is None


@given(st.integers(30, 10**6), st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_the_share_lies_in_its_interval(n: int, part: float) -> None:
    told = consistency(repeats(n, int(n * part)))
    assert told.share is not None
    assert told.low is not None
    assert told.high is not None
    assert 0 <= told.low <= told.share + 1e-12
    assert told.share - 1e-12 <= told.high <= 1
