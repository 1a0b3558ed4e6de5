"""One feature then and now, on the same bins."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from plumbline.charts import numbers
from plumbline.charts.style import TOKENS, Mode, blank, note, text

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
    figure = blank(mode, height)
    rows: list[tuple[str, float, float]] = [
        (str(label), float(p), float(q)) for label, p, q in zip(labels, then, now, strict=True)
    ]
    if not rows or n_then + n_now == 0:
        return note(figure, mode, "No values in either span.")
    if not ordered:
        rows.sort(key=lambda row: -max(row[1], row[2]))
        rest = rows[MOST_LEVELS:]
        rows = rows[:MOST_LEVELS]
        if rest:
            rows.append((f"{len(rest)} more", sum(r[1] for r in rest), sum(r[2] for r in rest)))
    t = TOKENS[mode]
    places = list(range(len(rows)))
    series = (
        ("reference", [row[1] for row in rows], n_then, -0.4, t.surface, t.muted),
        ("window", [row[2] for row in rows], n_now, 0.02, t.accent, t.accent),
    )
    for words, shares, n, offset, fill, edge in series:
        figure.add_bar(
            x=places,
            y=shares,
            width=0.38,
            offset=offset,
            marker={"color": fill, "line": {"color": edge, "width": 1}},
            text=[
                f"<b>{text(row[0])}</b><br>{words}: {numbers.share(part)} of {numbers.count(n)} decisions"
                for row, part in zip(rows, shares, strict=True)
            ],
            textposition="none",
            hovertemplate="%{text}<extra></extra>",
            name=words,
        )
    _key(figure, mode, n_then, n_now)
    figure.update_xaxes(
        tickmode="array",
        tickvals=places,
        ticktext=[text(row[0], 18) for row in rows],
        range=[-0.6, max(len(rows), 6) - 0.4],
    )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure


def histogram(
    edges: Sequence[float],
    then: Sequence[float],
    now: Sequence[float],
    n_then: int,
    n_now: int,
    mode: Mode = "light",
    *,
    height: int = 260,
) -> go.Figure:
    """Draw a number's distribution then (filled steps) and now (a line of steps) over the same cells.

    Args:
        edges: borders of the cells, ascending, one more than cells.
        then, now: shares of decisions a cell. The first and last cell hold what lies beyond.
        n_then, n_now: decisions behind each.
    """
    figure = blank(mode, height)
    if len(edges) < 2 or n_then + n_now == 0:
        return note(figure, mode, "All values are the same, or none is there.")
    t = TOKENS[mode]
    borders = [float(edge) for edge in edges]
    series = (
        ("reference", then, n_then, t.muted, t.reference_band, 1),
        ("window", now, n_now, t.accent, t.accent_band, 2),
    )
    for words, shares, n, line, fill, width in series:
        steps = [float(share) for share in shares]
        figure.add_scatter(
            x=borders,
            y=[*steps, steps[-1]],
            mode="lines",
            line={"shape": "hv", "color": line, "width": width},
            fill="tozeroy",
            fillcolor=fill,
            text=[
                f"<b>{numbers.significant(low)} to {numbers.significant(high)}</b><br>"
                f"{words}: {numbers.share(share)} of {numbers.count(n)} decisions"
                for low, high, share in zip(
                    borders, [*borders[1:], borders[-1]], [*steps, steps[-1]], strict=True
                )
            ],
            hovertemplate="%{text}<extra></extra>",
            name=words,
        )
    _key(figure, mode, n_then, n_now)
    figure.update_xaxes(range=[borders[0], borders[-1]])
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure


def _key(figure: go.Figure, mode: Mode, n_then: int, n_now: int) -> None:
    """What is what, and how many, at the top right."""
    t = TOKENS[mode]
    figure.add_annotation(
        xref="paper", yref="paper", x=1, y=1.02, xanchor="right", yanchor="bottom", showarrow=False,
        text=f"□ reference, n = {numbers.count(n_then)}    "
        f'<span style="color:{t.accent}">■ window, n = {numbers.count(n_now)}</span>',
        font={"color": t.muted, "size": 12},
    )  # fmt: skip
