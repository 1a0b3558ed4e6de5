"""Who decided when: a row a version, thick where it was in charge, with what happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import plotly.graph_objects as go

from plumbline.charts.figure import Sketch
from plumbline.charts.marks import ROOM, mark_events
from plumbline.charts.style import TOKENS, Mode, blank, colour, dates, note, text
from plumbline.domain.notes import CalendarEvent
from plumbline.wording import numbers
from plumbline.wording.language import phrase

Role = Literal["in charge", "beside", "shadow"]
_HEIGHT = {"in charge": 0.56, "beside": 0.26, "shadow": 0.26}
ROW = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time in which a version decided, or looked on."""

    version: str
    role: Role
    start: datetime
    end: datetime
    n: int


@dataclass(frozen=True, slots=True)
class ReleaseEvent:
    """Something that happened to a version: a status, its moment, and one sentence for the hover."""

    version: str
    at: datetime
    status: str
    words: str


def timeline(
    stretches: Sequence[Stretch],
    events: Sequence[ReleaseEvent] = (),
    mode: Mode = "light",
    *,
    longest: int = 18,
    calendar: Sequence[CalendarEvent] = (),
) -> go.Figure:
    """Draw versions as rows in order of first sight, the oldest on top.

    A shadow is hatched, a version beside the one in charge is thin: neither needs its colour to be known.
    """
    if not stretches:
        return note(blank(mode, 96), mode, phrase("No decision is logged."))
    t = TOKENS[mode]
    versions = list(dict.fromkeys(s.version for s in sorted(stretches, key=lambda s: s.start)))
    figure = Sketch(mode=mode, height=64 + ROW * max(len(versions), 2))
    first, last = min(s.start for s in stretches), max(s.end for s in stretches)
    least = (last - first) / 240 or (last - first)
    for role in _HEIGHT:
        role_stretches = [s for s in stretches if s.role == role]
        if not role_stretches:
            continue
        colours = [t.series[versions.index(s.version) % len(t.series)] for s in role_stretches]
        figure.add_bar(
            orientation="h",
            y=[versions.index(s.version) for s in role_stretches],
            base=[s.start for s in role_stretches],
            x=[1000 * max(s.end - s.start, least).total_seconds() for s in role_stretches],
            width=_HEIGHT[role],
            marker={
                "color": colours,
                "line": {"color": colours, "width": 1},
                "pattern": {
                    "shape": "/" if role == "shadow" else "",
                    "fgcolor": colours,
                    "bgcolor": t.paper,
                    "solidity": 0.3,
                },
            },
            hovertext=[_hover(s) for s in role_stretches],
            hoverinfo="text",
            name=role,
        )
    for status in dict.fromkeys(e.status for e in events):
        _mark(figure, [e for e in events if e.status == status and e.version in versions], versions, mode)
    figure.update_layout(barmode="overlay", margin={"l": 8, "r": 16, "t": ROOM if calendar else 12, "b": 8})
    mark_events(figure, mode, calendar, (first, last))
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(versions))),
        showgrid=False,
        ticklabelstandoff=6,
        ticktext=[text(v, longest) if v else phrase("no version") for v in versions],
        range=[len(versions) - 0.4, -0.6],
    )
    pad = (last - first) / 60
    figure.update_xaxes(**dates(), range=[first - pad, last + pad], nticks=8)
    return figure.figure()


def _mark(figure: Sketch, events: Sequence[ReleaseEvent], versions: list[str], mode: Mode) -> None:
    if not events:
        return
    look = colour(events[0].status, mode)
    symbol = "square" if events[0].status == "fail" else "triangle-left"
    figure.add_scatter(
        x=[e.at for e in events],
        y=[versions.index(e.version) for e in events],
        mode="markers",
        marker={
            "symbol": symbol,
            "size": 12,
            "color": look,
            "line": {"color": TOKENS[mode].paper, "width": 1.5},
        },
        text=[text(e.words, 400) for e in events],
        hovertemplate="%{text}<extra></extra>",
        name=events[0].status,
    )


def _hover(s: Stretch) -> str:
    how = {
        "in charge": phrase("in charge"),
        "beside": phrase("beside the one in charge"),
        "shadow": phrase("shadow: nobody acted on it"),
    }
    return phrase(
        "<b>{version}</b>, {how}<br>{start} to {end}<br>n = {n}",
        version=text(s.version) if s.version else phrase("no version"),
        how=how[s.role],
        start=numbers.moment(s.start),
        end=numbers.moment(s.end),
        n=numbers.count(s.n),
    )
