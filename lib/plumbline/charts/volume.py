"""How many decisions there were over time, as a low strip of the whole log on which a window can be dragged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import plotly.graph_objects as go

from plumbline.answers.data.volume import Period
from plumbline.charts.figure import Sketch
from plumbline.charts.marks import ROOM, ROW, Alert, Release, mark_alerts, mark_events, mark_releases
from plumbline.charts.style import TOKENS, Mode, dates
from plumbline.domain.notes import CalendarEvent
from plumbline.wording import numbers
from plumbline.wording.language import phrase

HEIGHT = 104  # plotly leaves 64 of it to the bars at least, so that words above need their own


def volume(
    bars: Sequence[Period],
    mode: Mode = "light",
    *,
    window: tuple[datetime | None, datetime | None] = (None, None),
    releases: Sequence[Release] = (),
    alerts: Sequence[Alert] = (),
    events: Sequence[CalendarEvent] = (),
    right: int = 8,
) -> go.Figure:
    """Draw decisions by period; what lies in the window is in the accent's colour, the rest is grey.

    A horizontal drag selects a span of days. ``bars`` holds one at least, in order of time; ``right``: the margin in
    pixels, as the picture above has it.
    """
    t = TOKENS[mode]
    figure = Sketch(mode=mode, height=HEIGHT + (ROW + 8 if events else 0))
    span = (bars[0].start, bars[-1].end)
    start, end = window[0] or span[0], window[1] or span[1]
    highest = max(bar.n for bar in bars) or 1
    figure.add_bar(
        x=[bar.start + (bar.end - bar.start) / 2 for bar in bars],
        y=[bar.n for bar in bars],
        width=[880 * (bar.end - bar.start).total_seconds() for bar in bars],  # milliseconds, with a gap
        marker={
            "color": [t.accent if bar.start < end and start < bar.end else t.muted for bar in bars],
            "opacity": [0.75 if bar.start < end and start < bar.end else 0.35 for bar in bars],
            "line": {"width": 0},
        },
        text=[
            phrase("{span}: {n} decisions", span=numbers.span(bar.start, bar.end), n=numbers.count(bar.n))
            for bar in bars
        ],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
        selected={"marker": {"opacity": 0.9}},
        unselected={"marker": {"opacity": 0.35}},
        name=phrase("decisions"),
    )
    figure.update_yaxes(
        range=[0, 1.08 * highest], tickvals=[highest], ticktext=[numbers.count(highest)], showgrid=False
    )
    figure.update_xaxes(**dates(low=True), range=[*span])
    mark_events(figure, mode, events, span, right=right)
    mark_releases(figure, mode, releases, span)
    mark_alerts(figure, mode, alerts, span, lift=0.12)
    figure.update_layout(
        margin={"l": 8, "r": right, "t": ROOM if events else ROOM // 2, "b": 8},
        dragmode="select",
        selectdirection="h",
        newselection={"line": {"color": t.accent, "width": 1, "dash": "solid"}},
        activeselection={"fillcolor": t.accent, "opacity": 0.12},
    )
    return figure.figure()
