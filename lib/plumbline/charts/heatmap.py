"""Drift of every feature over time: one row a feature, one column a chunk."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from plumbline.charts import numbers
from plumbline.charts.style import DATES, TOKENS, Mode, blank, note, text
from plumbline.domain import FeatureDrift

ROW = 22  # pixels a feature


def heatmap(drifts: Sequence[FeatureDrift], mode: Mode = "light", *, longest: int = 26) -> go.Figure:
    """Draw drift divided by its threshold, so that methods and features share one scale.

    Below 1 a cell stays as pale as paper; from 1 it reddens, full at 3. A cell that drifted (large and
    significant) also carries a square, and one without a value a cross, so that colour is not needed.

    Args:
        drifts: any order; a row a feature in order of first appearance, a column a chunk.
        longest: characters of a feature's name on the axis; the hover has the whole.
    """
    features = list(dict.fromkeys(d.feature for d in drifts))
    chunks = sorted({(d.start, d.end) for d in drifts if d.start and d.end})
    figure = blank(mode, max(120, 64 + ROW * len(features)))
    if not chunks:
        return note(figure, mode, "No chunk of this window could be compared with the reference.")
    t = TOKENS[mode]
    cell = {(d.feature, d.start): d for d in drifts}
    grid = [[cell.get((f, start)) for start, _ in chunks] for f in features]
    times = [start + (end - start) / 2 for start, end in chunks]
    figure.add_heatmap(
        x=times,
        y=list(range(len(features))),
        z=[[None if d is None or d.value is None else d.value / d.threshold for d in row] for row in grid],
        text=[["" if d is None else _hover(d) for d in row] for row in grid],
        customdata=[["" if d is None else d.feature for d in row] for row in grid],
        hovertemplate="%{text}<extra></extra>",
        zmin=0,
        zmax=3,
        colorscale=[[0, t.heat[0]], [1 / 3, t.heat[1]], [1 / 3 + 0.001, t.heat[2]], [1, t.heat[3]]],
        showscale=False,
        xgap=1,
        ygap=2,
        hoverongaps=False,
    )
    for symbol, colour, wanted in (("square", t.paper, True), ("x-thin", t.muted, False)):
        spots = [
            (times[j], i)
            for i, row in enumerate(grid)
            for j, d in enumerate(row)
            if d is not None and (d.drifted if wanted else d.value is None)
        ]
        figure.add_scatter(
            x=[x for x, _ in spots],
            y=[y for _, y in spots],
            mode="markers",
            marker={"symbol": symbol, "size": 5, "color": colour, "line": {"color": colour, "width": 1}},
            hoverinfo="skip",
            name="drifted" if wanted else "unknown",
        )
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(features))),
        ticktext=[text(f, longest) for f in features],
        autorange="reversed",
        showgrid=False,
        ticklabelstandoff=6,
    )
    figure.update_xaxes(**DATES, side="bottom")
    return figure


def _hover(drift: FeatureDrift) -> str:
    chance = "" if drift.q_value is None else f", corrected p = {numbers.significant(drift.q_value, 2)}"
    lines = [
        f"<b>{text(drift.feature)}</b>, {numbers.span(drift.start, drift.end)}",
        f"{numbers.name(drift.method)} {numbers.figure(drift.value)}, "
        f"threshold {numbers.figure(drift.threshold)}{chance}",
        f"n = {numbers.count(drift.n)} against {numbers.count(drift.n_reference)} in the reference",
        f"missing {numbers.share(drift.missing_share)}, was {numbers.share(drift.missing_share_reference)}",
        "drifted" if drift.drifted else drift.status.value,
    ]
    if drift.new_levels:
        lines.append("new: " + ", ".join(text(level, 20) for level in drift.new_levels[:5]))
    return "<br>".join(lines)
