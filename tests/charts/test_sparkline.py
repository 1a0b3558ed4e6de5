"""The picture of a metric in the size of a word."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from plumbline.charts.sparkline import HEIGHT, WIDTH, sparkline
from plumbline.charts.style import TOKENS, Mode
from plumbline.domain import Point, PointStatus

START = datetime(2026, 1, 5, tzinfo=UTC)


def points(*values: float | None) -> list[Point]:
    return [
        Point(
            metric="accuracy", start=START + timedelta(weeks=i), end=START + timedelta(weeks=i + 1), n=100,
            value=value, low=None, high=None, threshold=None, status=PointStatus.OK,
        )
        for i, value in enumerate(values)
    ]  # fmt: skip


def paths(svg: str) -> list[tuple[str, list[tuple[float, float]]]]:
    """Colour and places of each line that is drawn."""
    tree = ElementTree.fromstring(svg)
    lines = [e for e in tree if e.get("fill") == "none"]
    return [
        (
            str(e.get("stroke")),
            [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", str(e.get("d")))],
        )
        for e in lines
    ]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_line_turns_where_the_metric_broke(mode: Mode) -> None:
    svg = sparkline(points(0.9, 0.9, 0.9, 0.6, 0.5), mode, since=START + timedelta(weeks=3))
    (before, healthy), (after, broken) = paths(svg)
    assert (before, after) == (TOKENS[mode].accent, TOKENS[mode].fail)
    assert len(healthy) == 3
    assert broken[0] == healthy[-1]  # one line, in two colours
    heights = [y for _, y in broken]
    assert heights == sorted(heights)  # downwards is down
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in (*healthy, *broken))


def test_a_gap_and_an_estimate_are_not_drawn_and_a_flat_line_is() -> None:
    ((_, places),) = paths(sparkline(points(0.5, None, 0.5, 0.5)))
    assert len(places) == 3
    assert len({y for _, y in places}) == 1
    assert sparkline(points(0.5, None)) == ""
    assert sparkline([]) == ""


def test_times_are_to_scale() -> None:
    ((_, places),) = paths(sparkline(points(1, None, None, 0, 1)))
    first, second, third = (x for x, _ in places)
    assert second - first == pytest.approx(3 * (third - second), abs=0.2)
