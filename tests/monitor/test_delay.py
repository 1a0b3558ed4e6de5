"""The delay curve against scipy's estimate for censored data, and what counts as provisional."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plumbline.domain import DelayProfile
from plumbline.monitor.delay import delay_curve, provisional, usual_delay

from .outcomes import at, day


def profile(rows: list[tuple[int, int | None]], today: int) -> DelayProfile:
    """From (day of decision, whole days until the label or None), as seen at midnight of ``today``."""
    days = sorted({d for d, _ in rows})
    counts, n = np.zeros((len(days), 92), np.int64), np.zeros(len(days), np.int64)
    for made, delay in rows:
        n[days.index(made)] += 1
        if delay is not None and made + delay + 2 <= today:
            counts[days.index(made), min(delay, 91)] += 1
    return DelayProfile(tuple(day(d) for d in days), counts, n)


@given(
    st.lists(st.tuples(st.integers(0, 12), st.one_of(st.none(), st.integers(0, 9))), min_size=3, max_size=60)
)
@settings(max_examples=50, deadline=None)
def test_the_curve_is_scipys_for_censored_data(rows: list[tuple[int, int | None]]) -> None:
    today = 14
    seen = [(d, k) for d, k in rows if k is not None and d + k + 2 <= today]
    waiting = [today - 2 - d for d, k in rows if k is None or d + k + 2 > today]
    curve = delay_curve(profile(rows, today), at(today))
    if not seen:
        assert not np.nansum(curve)
        return
    truth = stats.ecdf(
        stats.CensoredData(uncensored=np.array([k for _, k in seen], float), right=np.array(waiting, float))
    ).cdf
    known = np.flatnonzero(np.isfinite(curve))
    assert curve[known] == pytest.approx(truth.evaluate(known.astype(float)), abs=1e-12)


def test_a_hand_worked_curve() -> None:
    """Ten decisions, all old: 4 labels after a day, 3 after two days, 3 never come."""
    curve = delay_curve(profile([(0, 1)] * 4 + [(0, 2)] * 3 + [(0, None)] * 3, 90), at(90))
    assert curve[[0, 1, 2, 88]] == pytest.approx([0, 0.4, 0.7, 0.7])
    assert np.isnan(curve[89])
    assert usual_delay(curve) == 2


def test_a_delay_that_was_never_watched_is_unknown() -> None:
    assert usual_delay(delay_curve(profile([(0, None)], 1), at(1))) is None


def test_a_chunk_is_provisional_against_what_comes_in_the_end() -> None:
    rows = [(d, k) for d in range(40) for k in [1] * 5 + [3] * 3 + [None] * 2]
    delay = profile(rows, 40)
    labelled, n = np.array([56.0, 56.0, 40.0]), np.array([70.0, 70.0, 70.0])
    assert provisional(labelled, n, delay, at(40)).tolist() == [False, False, True]


def test_without_label_times_only_the_end_of_the_log_can_be_provisional() -> None:
    labelled, n = np.array([80.0, 20.0, 82.0, 79.0, 30.0, 0.0]), np.full(6, 100.0)
    assert provisional(labelled, n).tolist() == [False, False, False, False, True, True]
    assert provisional(np.zeros(2), n[:2]).tolist() == [False, False]
