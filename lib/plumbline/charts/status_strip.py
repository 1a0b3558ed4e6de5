"""A small strip of statuses over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import plotly.graph_objects as go

from plumbline.charts.style import TOKENS, Mode, blank, colour, dates, mark, note, text
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase


def strip(
    history: Sequence[tuple[datetime, str, str]], mode: Mode = "light", *, height: int = 92
) -> go.Figure:
    """Draw one mark an entry, in the shape and colour of its status, in order of time.

    Args:
        history: (when, status or verdict, one sentence for the hover).
    """
    figure = blank(mode, height)
    if not history:
        return note(figure, mode, phrase("No history yet: the strip grows with every check."))
    t = TOKENS[mode]
    ordered = sorted(history, key=lambda entry: entry[0])
    figure.add_shape(
        type="line",
        x0=ordered[0][0],
        x1=ordered[-1][0],
        y0=0,
        y1=0,
        layer="below",
        line={"color": t.line, "width": 2},
    )
    for status in dict.fromkeys(status for _, status, _ in ordered):
        status_entries = [entry for entry in ordered if entry[1] == status]
        look = colour(status, mode)
        figure.add_scatter(
            x=[at for at, _, _ in status_entries],
            y=[0] * len(status_entries),
            mode="markers",
            marker={
                "symbol": mark(status).symbol,
                "size": 12,
                "color": look,
                "line": {"color": look, "width": 1},
            },
            text=[
                f"<b>{text(_verdict(status))}</b>, {numbers.day(at)}<br>{text(words, 160)}"
                for at, _, words in status_entries
            ],
            hovertemplate="%{text}<extra></extra>",
            name=text(status),
        )
    figure.update_yaxes(visible=False, range=[-1, 1])
    figure.update_xaxes(**dates(), showline=False, nticks=8)
    figure.update_layout(margin={"l": 16, "r": 16, "t": 4, "b": 36})
    return figure


def _verdict(status: str) -> str:
    return localise(status.replace("_", " "), "verdict")
