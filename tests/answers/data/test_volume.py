"""Decisions by period, against pandas: none is lost, and the periods follow each other without a gap."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from plumbline.answers.data.volume import _edges, volume
from tests.answers.conftest import SYSTEM, Held


def test_every_decision_is_in_one_period(held: Held) -> None:
    found = volume(held.ws, SYSTEM)
    days = held.frame.groupby(held.frame["at"].dt.floor("D"))
    assert found.by == "day"
    assert [p.n for p in found.periods if p.n] == list(days.size())
    second = [p.n for p in volume(held.ws, SYSTEM, version="2").periods]
    assert second[: len(days)] == [int((group["version"] == "2").sum()) for _, group in days]
    assert all(a.end == b.start for a, b in pairwise(found.periods))
    assert {p.end - p.start for p in found.periods} == {timedelta(days=1)}


@pytest.mark.parametrize(
    ("days", "by", "most"), [(2, "hour", 72), (40, "day", 200), (600, "week", 173), (4000, "month", 140)]
)
def test_a_log_of_any_length_is_cut_into_few_periods(days: int, by: str, most: int) -> None:
    first = np.datetime64("2026-01-07T05", "h")
    unit, edges = _edges(first, first + 24 * days)
    assert unit == by
    assert len(edges) - 1 <= most
    assert edges[0] <= first < edges[1]
    assert edges[-2] <= first + 24 * days < edges[-1]
    if by == "week":
        assert {edge.astype("datetime64[D]").item().weekday() for edge in edges} == {0}
