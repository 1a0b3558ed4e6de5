"""What a score promises against what came true: the reliability curve."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from plumbline.charts.share_axis import share_axis
from plumbline.charts.style import TOKENS, Mode, blank, note, text
from plumbline.monitor.performance.calibration import Calibration
from plumbline.wording import numbers
from plumbline.wording.language import phrase


def reliability(curves: Sequence[Calibration], mode: Mode = "light", *, height: int = 340) -> go.Figure:
    """Draw one curve a version with its intervals, and the diagonal on which a score means what it says."""
    figure = blank(mode, height)
    t = TOKENS[mode]
    calibrations = [curve for curve in curves if curve.bins]
    if not calibrations:
        return note(figure, mode, phrase("Too few labelled decisions with a score for a curve."))
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": t.muted, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        name=phrase("means what it says"),
    )
    for i, curve in enumerate(calibrations):
        line = t.accent if len(calibrations) == 1 else t.series[i % len(t.series)]
        name = (
            phrase("version {version}", version=curve.version or phrase("not logged"))
            if curve.version is not None
            else phrase("all versions")
        )
        bins = curve.bins
        figure.add_scatter(
            x=[b.score for b in bins],
            y=[b.share for b in bins],
            mode="lines+markers",
            line={"color": line, "width": 2},
            marker={"color": line, "size": 6},
            error_y={
                "type": "data",
                "symmetric": False,
                "color": line,
                "thickness": 1,
                "width": 2,
                "array": [b.high - b.share for b in bins],
                "arrayminus": [b.share - b.low for b in bins],
            },
            text=[
                phrase(
                    "<b>{name}</b><br>score {score} on average, {share} came true<br>95 % interval {low} "
                    "to {high}, n = {n}",
                    name=text(name, 40),
                    score=numbers.share(b.score),
                    share=numbers.share(b.share),
                    low=numbers.share(b.low),
                    high=numbers.share(b.high),
                    n=numbers.count(b.n),
                )
                for b in bins
            ],
            hovertemplate="%{text}<extra></extra>",
            name=text(name, 40),
        )
        if len(calibrations) > 1:
            figure.add_annotation(
                xref="paper",
                yref="paper",
                x=0.01,
                y=0.99 - 0.07 * i,
                xanchor="left",
                yanchor="top",
                showarrow=False,
                text=text(name, 30),
                font={"color": line, "size": 12},
            )
    figure.update_xaxes(range=[0, 1], **share_axis(0, 1), title=phrase("mean score"))
    figure.update_yaxes(range=[0, 1], **share_axis(0, 1), title=phrase("came true"))
    return figure
