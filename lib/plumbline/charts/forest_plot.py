"""Estimates with their intervals, one below the other, against the line that they are judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from plumbline.charts.figure import Sketch
from plumbline.charts.share_axis import share_axis
from plumbline.charts.style import TOKENS, Mode, blank, colour, mark, note, text

Unit = Literal["share", "points", "ratio", "number"]
ROW = 40  # the words stand above the mark, so that the plot is as wide as the page, however narrow
#: how far the words of a quiet line stand above those of a limit, in pixels
LINE_WORDS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateRow:
    """One estimate: its name, 95 % interval, the words beside it, and its status ("" for none)."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    words: str
    status: str = ""
    hover: str = ""


@dataclass(frozen=True, slots=True)
class ReferenceLine:
    """A line that estimates are judged by."""

    at: float
    words: str
    limit: bool = False  # a threshold is dotted and red, a middle is quiet


def forest(
    rows: Sequence[EstimateRow],
    mode: Mode = "light",
    *,
    unit: Unit = "share",
    lines: Sequence[ReferenceLine] = (),
    none: str = "Nothing to compare.",
    longest: int = 34,
) -> go.Figure:
    """Draw a mark and an interval a row, the words at the right; a row without a value says so in words alone.

    Args:
        unit: ``share`` and ``points`` are given as 0 to 1 and drawn in per cent.
    """
    estimate_rows = [r for r in rows if r.value is not None]
    if not estimate_rows:
        return note(blank(mode, 96), mode, none)
    t = TOKENS[mode]
    figure = Sketch(mode=mode, height=70 + ROW * max(len(rows), 2))
    ends = [x for r in estimate_rows for x in (r.value, r.low, r.high) if x is not None] + [
        line.at for line in lines
    ]
    room = 0.05 * (max(ends) - min(ends)) or 0.05
    bounds = (min(ends) - room, max(ends) + room)
    both = len({line.limit for line in lines}) > 1
    for line in lines:
        look = t.fail if line.limit else t.muted
        figure.add_shape(
            type="line",
            x0=line.at,
            x1=line.at,
            y0=-0.9,
            y1=len(rows) - 0.6,
            layer="below",
            line={"color": look, "width": 2 if line.limit else 1, "dash": "dash" if line.limit else "solid"},
        )
        figure.add_annotation(
            x=line.at,
            y=1,
            yref="paper",
            yanchor="bottom",
            yshift=LINE_WORDS if both and not line.limit else 0,  # neighbours would run into each other
            xanchor=_anchor(line.at, bounds),
            text=text(line.words),
            showarrow=False,
            font={"color": look, "size": 12},
        )
    for status in dict.fromkeys(r.status for r in estimate_rows):
        status_rows = [(i, r) for i, r in enumerate(rows) if r.value is not None and r.status == status]
        look = colour(status, mode) if status else t.accent
        figure.add_scatter(
            x=[r.value for _, r in status_rows],
            y=[i for i, _ in status_rows],
            mode="markers",
            marker={"symbol": mark(status).symbol if status else "circle", "size": 9, "color": look},
            error_x={
                "type": "data",
                "symmetric": False,
                "color": look,
                "thickness": 1.5,
                "width": 4,
                "array": [_error_length(r.high, r.value) for _, r in status_rows],
                "arrayminus": [_error_length(r.value, r.low) for _, r in status_rows],
            },
            text=[f"<b>{text(r.label)}</b><br>{text(r.words)}" + _hover_suffix(r) for _, r in status_rows],
            hovertemplate="%{text}<extra></extra>",
            name=mark(status).word if status else "estimate",
        )
    for i, row in enumerate(rows):
        quiet = t.ink if row.value is not None else t.muted
        for x, words, longest_here, colour_here in (
            (0, row.label, longest, t.muted),
            (1, row.words, 48, quiet),
        ):
            figure.add_annotation(
                x=x,
                xref="paper",
                xanchor="left" if x == 0 else "right",
                y=i,
                yshift=15,
                showarrow=False,
                text=text(words, longest_here),
                font={"color": colour_here, "size": 12},
                bgcolor=t.paper,
                borderpad=0,
            )
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(rows))),
        range=[len(rows) - 0.6, -0.9],
        showgrid=False,
        ticktext=[text(r.label, longest) for r in rows],
        showticklabels=False,
    )
    figure.update_xaxes(range=list(bounds), showgrid=True, nticks=6, tickangle=0)
    if unit in ("share", "points"):
        figure.update_xaxes(**share_axis(*bounds, signed=unit == "points"))
    figure.update_layout(margin={"l": 8, "r": 8, "t": 28 + (LINE_WORDS if both else 0), "b": 8})
    return figure.figure()


def _anchor(at: float, bounds: tuple[float, float]) -> str:
    """Words near an edge stay inside it."""
    place = (at - bounds[0]) / (bounds[1] - bounds[0])
    return "left" if place < 0.1 else "right" if place > 0.9 else "center"


def _error_length(limit: float | None, other: float | None) -> float:
    return max(limit - other, 0.0) if limit is not None and other is not None else 0.0


def _hover_suffix(row: EstimateRow) -> str:
    return f"<br>{text(row.hover)}" if row.hover else ""
