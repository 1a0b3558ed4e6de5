"""What the model uses most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import plotly.graph_objects as go

from plumbline.charts.marks import ROOM, add_event_marks
from plumbline.charts.style import TOKENS, Mode, blank, dates, note, text
from plumbline.domain.notes import CalendarEvent
from plumbline.wording import numbers
from plumbline.wording.language import phrase


def importance(
    mean_absolute: Mapping[str, float], n: int, mode: Mode = "light", *, space: str = "", most: int = 12
) -> go.Figure:
    """Draw the mean absolute contribution of the ``most`` used features, largest first.

    Args:
        mean_absolute: feature -> mean |contribution|, in ``space`` (probability, log-odds or value).
        n: decisions in the sample behind it.
    """
    ranked = sorted(mean_absolute.items(), key=lambda item: (-item[1], item[0]))[:most]
    figure = blank(mode, 60 + 26 * max(len(ranked), 2))
    if not ranked:
        return note(figure, mode, phrase("No contributions are known for this system."))
    t = TOKENS[mode]
    figure.add_bar(
        orientation="h",
        y=list(range(len(ranked))),
        x=[value for _, value in ranked],
        width=0.6,
        marker={"color": t.accent, "line": {"color": t.accent, "width": 0}},
        text=[numbers.significant(value) for _, value in ranked],
        textposition="outside",
        textfont={"color": t.ink, "size": 12},
        hovertext=[
            phrase(
                "<b>{name}</b><br>{value} {unit} on average, n = {n}",
                name=text(name),
                value=numbers.significant(value),
                unit=text(numbers.unit(space)),
                n=numbers.count(n),
            )
            for name, value in ranked
        ],
        hoverinfo="text",
        cliponaxis=False,
    )
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(ranked))),
        ticktext=[text(name, 30) for name, _ in ranked],
        autorange="reversed",
        showgrid=False,
        ticklabelstandoff=6,
    )
    figure.update_xaxes(visible=False, range=[0, 1.2 * (ranked[0][1] or 1.0)])
    figure.update_layout(margin={"l": 8, "r": 24, "t": 8, "b": 8})
    return figure


def importance_over_time(
    chunks: Sequence[tuple[datetime, int, Mapping[str, float]]],
    mode: Mode = "light",
    *,
    space: str = "",
    most: int = 6,
    events: Sequence[CalendarEvent] = (),
) -> go.Figure:
    """Mean absolute contribution by chunk (its start, decisions in the sample, feature -> value), a line a feature."""
    figure, t = blank(mode, 300), TOKENS[mode]
    if len(chunks) < 2:
        return note(figure, mode, phrase("One chunk alone shows no course."))
    total: dict[str, float] = {}
    for _, n, use in chunks:
        for name, value in use.items():
            total[name] = total.get(name, 0.0) + n * value
    ranked = sorted(total, key=lambda name: -total[name])[:most]
    for i, name in enumerate(ranked):
        figure.add_scatter(
            x=[start for start, _, _ in chunks],
            y=[use.get(name) for _, _, use in chunks],
            name=text(name, 30),
            mode="lines+markers",
            line={"color": t.series[i % len(t.series)], "width": 2},
            marker={"size": 5, "symbol": i},
            text=[
                f"<b>{text(name)}</b><br>{numbers.significant(use.get(name, 0.0))} {text(numbers.unit(space))}, "
                f"n = {numbers.count(n)}"
                for _, n, use in chunks
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_xaxes(**dates())
    figure.update_yaxes(
        rangemode="tozero",
        title_text=phrase("mean absolute contribution ({unit})", unit=text(numbers.unit(space))),
    )
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "y": -0.18, "x": 0, "yanchor": "top"},
        margin={"l": 8, "r": 8, "t": ROOM if events else 12, "b": 8},
    )
    add_event_marks(figure, mode, events, (chunks[0][0], chunks[-1][0]))
    return figure
