"""What is marked on every picture of time: versions going live, findings, and events of the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import plotly.graph_objects as go

from plumbline.charts.figure import Sketch
from plumbline.charts.style import TOKENS, Mode, hover_day, text
from plumbline.domain.notes import CalendarEvent
from plumbline.wording import numbers
from plumbline.wording.language import phrase

Span = tuple[datetime, datetime]
ROW = 15  # pixels of a row of words above the plot: versions in the first, events in the second
ROOM = 34  # pixels above the plot for both rows
LONGEST, SHORTEST = 18, 4  # characters of an event's words above the plot; the hover has them all
PIXELS = 7  # of a character
_OF_SPAN = 1 / 45  # how much of a plot's width a character takes, on a narrow one


@dataclass(frozen=True, slots=True)
class Release:
    """A version going live, drawn as a thin vertical line."""

    version: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """A finding at its onset, drawn as a mark on the lower edge with its sentence on hover."""

    sentence: str
    at: datetime


def mark_releases(figure: Sketch, mode: Mode, releases: Sequence[Release], span: Span) -> None:
    """Thin lines with the version's name above the plot, where there is room for it."""
    t = TOKENS[mode]
    first, last = span
    labelled: datetime | None = None
    for release in sorted(releases, key=lambda r: r.at):
        if not first <= release.at <= last:
            continue
        figure.add_shape(
            type="line",
            x0=release.at,
            x1=release.at,
            yref="paper",
            y0=0,
            y1=1,
            layer="below",
            line={"color": t.muted, "width": 1},
        )
        if labelled is None or release.at - labelled > (last - first) / 12:
            labelled = release.at
            figure.add_annotation(
                x=release.at,
                yref="paper",
                y=1,
                yanchor="bottom",
                showarrow=False,
                text=text(release.version, 14),
                font={"color": t.muted, "size": 12},
            )


def mark_events(
    figure: Sketch, mode: Mode, events: Sequence[CalendarEvent], span: Span, *, right: int = 0
) -> None:
    """A dashed line at the first day and a band to the last, with a diamond and the event's words above the plot.

    Words are cut where the next event begins; the hover has all of them. ``right``: pixels beside the plot into which
    those of the last one may reach.
    """
    t = TOKENS[mode]
    first, last = span
    within = sorted((e for e in events if e.overlaps(first, last)), key=lambda e: e.start)
    starts = [max(event.start, first) for event in within]
    character, free = (last - first) * _OF_SPAN, first
    for event, start, following in zip(within, starts, [*starts[1:], last], strict=False):
        figure.add_shape(
            type="rect",
            x0=start,
            x1=min(event.end, last),
            yref="paper",
            y0=0,
            y1=1,
            layer="below",
            fillcolor=t.event_band,
            line={"width": 0, "color": t.event},
        )
        figure.add_shape(
            type="line",
            x0=start,
            x1=start,
            yref="paper",
            y0=0,
            y1=1,
            layer="below",
            line={"color": t.event, "width": 1, "dash": "dash"},
        )
        after, left = (int(room / character) - 2 for room in (following - start, start - free))
        after += right // PIXELS if following == last else 0
        before = following == last and after < min(len(event.text), LONGEST) < left
        longest = min(left if before else after, LONGEST)
        name = text(event.text, longest) if longest >= SHORTEST else ""
        free = start + character * (2 if before else 2 + len(name))
        figure.add_annotation(
            x=start,
            yref="paper",
            y=1,
            yanchor="bottom",
            yshift=ROW,
            showarrow=False,
            xanchor="right" if before else "left",
            xshift=4 if before else -4,
            text=f"{name} ◆" if before else f"◆ {name}".rstrip(),
            font={"color": t.event, "size": 12},
            hovertext=f"{text(event.name)}<br>{numbers.span(event.start, event.end)}",
        )


def add_event_marks(figure: go.Figure, mode: Mode, events: Sequence[CalendarEvent], span: Span) -> None:
    """The same on a figure that is there already."""
    sketch = Sketch(mode=mode, height=0)
    mark_events(sketch, mode, events, span)
    figure.update_layout(
        shapes=[*figure.layout.shapes, *sketch.shapes],
        annotations=[*figure.layout.annotations, *sketch.annotations],
    )


def mark_alerts(
    figure: Sketch, mode: Mode, alerts: Sequence[Alert], span: Span, *, lift: float = 0.04
) -> None:
    """Marks on the lower edge, after the ranges are set; ``lift``: how far above it, of the plot's height."""
    first, last = span
    within = [alert for alert in alerts if first <= alert.at <= last]
    if not within:
        return
    low, high = figure.layout["yaxis"]["range"]
    figure.add_scatter(
        x=[alert.at for alert in within],
        y=[low + lift * (high - low)] * len(within),
        mode="markers",
        marker={
            "symbol": "triangle-up",
            "size": 10,
            "color": TOKENS[mode].watch,
            "line": {"color": TOKENS[mode].paper, "width": 1},
        },
        name=phrase("finding"),
        text=[text(alert.sentence, 110) for alert in within],
        hovertemplate="%{text}<br>%{x|" + hover_day() + "}<extra></extra>",
    )
