"""One feature then and now, on the same bins."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import plotly.graph_objects as go

from plumbline.charts.figure import Sketch
from plumbline.charts.share_axis import share_axis
from plumbline.charts.style import TOKENS, Mode, blank, note, text
from plumbline.wording import numbers
from plumbline.wording.language import phrase

MOST_LEVELS = 14


def distribution(
    labels: Sequence[str],
    then: Sequence[float],
    now: Sequence[float],
    n_then: int,
    n_now: int,
    mode: Mode = "light",
    *,
    ordered: bool = True,
    height: int = 260,
) -> go.Figure:
    """Draw shares of the reference (outline) and of the window (filled) in the same bins.

    Args:
        labels: one a bin; then, now: shares of decisions in it, each summing to one (or zero).
        n_then, n_now: decisions behind each.
        ordered: True for ranges (kept in order), False for levels (largest first, the rest summed).
    """
    figure = Sketch(mode=mode, height=height)
    rows: list[tuple[str, float, float]] = [
        (label, float(p), float(q)) for label, p, q in zip(labels, then, now, strict=True)
    ]
    if not rows or n_then + n_now == 0:
        return note(blank(mode, height), mode, phrase("No values in either span."))
    if not ordered:
        rows.sort(key=lambda row: -max(row[1], row[2]))
        rest = rows[MOST_LEVELS:]
        rows = rows[:MOST_LEVELS]
        if rest:
            rows.append((phrase("{n} more", n=len(rest)), sum(r[1] for r in rest), sum(r[2] for r in rest)))
    t = TOKENS[mode]
    places = list(range(len(rows)))
    series = (
        (phrase("reference"), [row[1] for row in rows], n_then, -0.4, t.surface, t.muted),
        (phrase("window"), [row[2] for row in rows], n_now, 0.02, t.accent, t.accent),
    )
    for words, shares, n, offset, fill, edge in series:
        figure.add_bar(
            x=places,
            y=shares,
            width=0.38,
            offset=offset,
            marker={"color": fill, "line": {"color": edge, "width": 1}},
            text=[
                phrase(
                    "<b>{level}</b><br>{series}: {share} of {n} decisions",
                    level=text(row[0]),
                    series=words,
                    share=numbers.share(part),
                    n=numbers.count(n),
                )
                for row, part in zip(rows, shares, strict=True)
            ],
            textposition="none",
            customdata=[[str(row[0])] for row in rows],
            hovertemplate="%{text}<extra></extra>",
            name=words,
        )
    figure.update_layout(clickmode="event+select", dragmode=False)
    _key(figure, mode, n_then, n_now)
    figure.update_xaxes(
        tickmode="array",
        tickvals=places,
        ticktext=[text(row[0], 18) for row in rows],
        range=[-0.6, max(len(rows), 6) - 0.4],
    )
    figure.update_yaxes(**share_axis(0, max(share for row in rows for share in row[1:3])), rangemode="tozero")
    return figure.figure()


def histogram(
    edges: Sequence[float],
    then: Sequence[float],
    now: Sequence[float],
    n_then: int,
    n_now: int,
    mode: Mode = "light",
    *,
    what: str = "",
    height: int = 260,
) -> go.Figure:
    """Draw a number's distribution then (outlined steps) and now (bars that can be clicked) over the same cells.

    Args:
        edges: borders of the cells, ascending, one more than cells.
        then, now: shares of decisions a cell. The first and last cell hold what lies beyond as well.
        n_then, n_now: decisions behind each.
        what: whose values they are, below the axis.
    """
    figure = Sketch(mode=mode, height=height)
    if len(edges) < 2 or len(now) != len(edges) - 1 or n_then + n_now == 0:
        return note(blank(mode, height), mode, phrase("All values are the same, or none is there."))
    t = TOKENS[mode]
    borders = [float(edge) for edge in edges]
    words = [
        phrase("{low} to {high}", low=_edge_text(low), high=_edge_text(high))
        for low, high in itertools.pairwise(borders)
    ]
    words[0], words[-1] = (
        phrase("up to {side}", side=_edge_text(borders[1])),
        phrase("above {side}", side=_edge_text(borders[-2])),
    )
    lasts = range(len(words))
    figure.add_bar(
        x=borders[:-1],
        y=[float(share) for share in now],
        offset=0,
        width=[high - low for low, high in itertools.pairwise(borders)],
        marker={"color": t.accent_band, "line": {"color": t.accent, "width": 1}},
        text=[_hover_text(phrase("window"), words[i], now[i], n_now) for i in lasts],
        textposition="none",
        customdata=[[i] for i in lasts],
        hovertemplate="%{text}<extra></extra>",
        name=phrase("window"),
    )
    steps = [float(share) for share in then]
    figure.add_scatter(
        x=borders,
        y=[*steps, steps[-1]],
        mode="lines",
        line={"shape": "hv", "color": t.muted, "width": 1.5},
        fill="tozeroy",
        fillcolor=t.reference_band,
        text=[
            _hover_text(
                phrase("reference"), words[min(i, len(words) - 1)], then[min(i, len(words) - 1)], n_then
            )
            for i in range(len(borders))
        ],
        hovertemplate="%{text}<extra></extra>",
        name=phrase("reference"),
    )
    _key(figure, mode, n_then, n_now)
    figure.update_xaxes(range=[borders[0], borders[-1]], title={"text": text(what), "font": {"size": 12}})
    figure.update_yaxes(**share_axis(0, float(max(*now, *then))), rangemode="tozero")
    figure.update_layout(clickmode="event+select", dragmode=False, bargap=0)
    return figure.figure()


def _edge_text(edge: float) -> str:
    return numbers.cell_value(float(f"{edge:.6g}"))


def _hover_text(series: str, words: str, share: float, n: int) -> str:
    return phrase(
        "<b>{level}</b><br>{series}: {share} of {n} decisions",
        level=words,
        series=series,
        share=numbers.share(share),
        n=numbers.count(n),
    )


def _key(figure: Sketch, mode: Mode, n_then: int, n_now: int) -> None:
    """What is what, and how many, at the top left: the camera is at the right."""
    t = TOKENS[mode]
    figure.add_annotation(
        xref="paper",
        yref="paper",
        x=0,
        y=1.02,
        xanchor="left",
        yanchor="bottom",
        showarrow=False,
        text=phrase(
            '□ reference, n = {n_then}    <span style="color:{accent}">■ window, n = {n_now}</span>',
            n_then=numbers.count(n_then),
            accent=t.accent,
            n_now=numbers.count(n_now),
        ),
        font={"color": t.muted, "size": 12},
    )
