"""A metric over time in the size of a word: its line, the day it broke, and where it is now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from plumbline.charts.style import TOKENS, Mode
from plumbline.domain import Point

WIDTH, HEIGHT, EDGE = 168, 40, 4


def sparkline(points: Sequence[Point], mode: Mode = "light", *, since: datetime | None = None) -> str:
    """The points of one metric as an SVG; what lies after ``since`` is drawn in the colour of a failure.

    Args:
        points: chunks of one metric, the oldest first; a chunk without a value is a gap. Estimates
            are left out.

    Returns:
        An SVG of 168 x 40 pixels, without text; empty where fewer than two chunks have a value.
    """
    drawn = [p for p in points if p.value is not None and not p.estimated]
    if len(drawn) < 2:
        return ""
    t = TOKENS[mode]
    first, last = drawn[0].start.timestamp(), drawn[-1].end.timestamp()
    levels = [float(p.value or 0.0) for p in drawn]
    low, high = min(levels), max(levels)
    spread = (high - low) or abs(high) or 1.0

    def place(p: Point) -> tuple[float, float]:
        middle = (p.start.timestamp() + p.end.timestamp()) / 2
        x = EDGE + (WIDTH - 2 * EDGE) * (middle - first) / (last - first)
        return x, HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (float(p.value or 0.0) - low) / spread

    before = [p for p in drawn if since is None or p.end <= since]
    after = drawn[max(len(before) - 1, 0) :] if since is not None else []
    parts = [_line([place(p) for p in before], t.accent), _line([place(p) for p in after], t.fail)]
    if since is not None and first < since.timestamp() < last:
        x = EDGE + (WIDTH - 2 * EDGE) * (since.timestamp() - first) / (last - first)
        parts.insert(
            0,
            f'<path d="M{x:.1f} 1V{HEIGHT - 1}" stroke="{t.muted}" stroke-dasharray="2 2" stroke-width="1"/>',
        )
    x, y = place(drawn[-1])
    parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{t.fail if after else t.accent}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        + "".join(parts)
        + "</svg>"
    )


def _line(places: Sequence[tuple[float, float]], colour: str) -> str:
    if len(places) < 2:
        return ""
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.75" stroke-linejoin="round"/>'
