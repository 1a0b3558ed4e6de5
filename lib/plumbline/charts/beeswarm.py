"""Many decisions at once: every contribution as a point, and one feature's contributions against its values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from plumbline.charts.style import TOKENS, Mode, blank, note, text
from plumbline.domain import FloatArray
from plumbline.wording import numbers
from plumbline.wording.language import phrase

if TYPE_CHECKING:
    import pandas as pd

BINS, ROW, MOST_POINTS, MOST_LEVELS = 100, 0.4, 2_000, 20
#: where the colour stops: outliers would else make all others one colour
CLIPS = ((5, 95), (1, 99), (0, 100))


def swarm_heights(x: FloatArray) -> FloatArray:
    """Heights (n,) in [-1, 1] that lay points of one bin above and below each other instead of on one spot."""
    span = float(x.max() - x.min()) if len(x) else 0.0
    place = (
        np.zeros(len(x), np.int64)
        if span == 0
        else np.minimum((BINS * (x - x.min()) / span).astype(int), BINS - 1)
    )
    height = np.zeros(len(x))
    for slot in np.unique(place):
        mine = np.flatnonzero(place == slot)
        order = np.arange(len(mine))
        height[mine] = np.where(order % 2 == 0, 1.0, -1.0) * ((order + 1) // 2)
    tallest = np.abs(height).max() if len(height) else 0.0
    return height / tallest if tallest > 0 else height


def shade(values: FloatArray) -> FloatArray:
    """Values as 0 (low) to 1 (high), clipped at percentiles; NaN stays."""
    known = values[np.isfinite(values)]
    for low, high in CLIPS:
        a, b = np.percentile(known, [low, high]) if len(known) else (0.0, 0.0)
        if b > a:
            shaded: FloatArray = np.clip((values - a) / (b - a), 0.0, 1.0)
            return shaded
    return np.where(np.isfinite(values), 0.5, np.nan)


def beeswarm(
    parts: FloatArray,
    values: pd.DataFrame,
    names: Sequence[str],
    mode: Mode = "light",
    *,
    space: str = "",
    most: int = 10,
) -> go.Figure:
    """Contributions (n, d) of at most 2,000 decisions as points, a row a feature, the most used first.

    Args:
        values: the inputs behind them, a column a feature where there is one; numbers colour the points.
    """
    t = TOKENS[mode]
    whole = parts[np.isfinite(parts).all(axis=1)] if len(parts) else parts
    frame = values.iloc[np.flatnonzero(np.isfinite(parts).all(axis=1))] if len(parts) else values
    if not len(whole):
        return note(blank(mode, 120), mode, phrase("No contributions are known for these decisions."))
    whole, frame = whole[:MOST_POINTS], frame.iloc[:MOST_POINTS]
    order = np.argsort(-np.abs(whole).mean(axis=0), kind="stable")[:most].tolist()
    figure = blank(mode, 80 + 44 * len(order))
    figure.add_vline(x=0, line={"color": t.line, "width": 1})
    for row, i in enumerate(order):
        colour, words = _colours(frame, names[i])
        known = np.isfinite(colour)
        figure.add_scattergl(
            x=whole[:, i],
            y=row + ROW * 0.9 * swarm_heights(whole[:, i]),
            mode="markers",
            name=text(names[i]),
            marker={
                "size": 4,
                "opacity": 0.75,
                "color": np.where(known, colour, 0.5) if known.any() else t.unknown,
                "colorscale": [[0, t.accent], [0.5, t.unknown], [1, t.fail]],
                "cmin": 0,
                "cmax": 1,
                "showscale": row == 0 and bool(known.any()),
                "colorbar": {
                    "thickness": 8,
                    "len": 0.6,
                    "outlinewidth": 0,
                    "tickvals": [0, 1],
                    "ticktext": [phrase("low"), phrase("high")],
                    "title": {"text": phrase("value"), "side": "top"},
                },
            },
            text=[f"<b>{text(names[i])}</b> = {text(w, 40)}" for w in words],
            hovertemplate="%{text}<br>"
            + phrase("contribution")
            + " %{x:+.3g} "
            + text(numbers.unit(space))
            + "<extra></extra>",
        )
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(order))),
        ticktext=[text(names[i], 30) for i in order],
        range=[len(order) - 0.5, -0.5],
        showgrid=False,
    )
    figure.update_xaxes(
        title_text=phrase("contribution ({unit})", unit=text(numbers.unit(space))), showgrid=True, tickangle=0
    )
    return figure


def _colours(values: pd.DataFrame, name: str) -> tuple[FloatArray, list[str]]:
    """How high each value is, 0 to 1 (NaN: missing, or no number), and the value in words."""
    import pandas as pd

    if name not in values.columns:
        return np.full(len(values), np.nan), [phrase("several columns")] * len(values)
    column, absence = values[name], phrase("missing")
    words = [absence if absent else str(v) for v, absent in zip(column.tolist(), column.isna(), strict=True)]
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return np.full(len(values), np.nan), words
    words = [w if w == absence else numbers.cell_value(float(w)) for w in words]
    return shade(column.to_numpy(float, na_value=np.nan)), words


def dependence(
    values: pd.Series[Any], parts: FloatArray, name: str, mode: Mode = "light", *, space: str = ""
) -> go.Figure:
    """One feature's contributions (n,) against its values: points over numbers, a box a level over categories."""
    unit = text(numbers.unit(space))
    import pandas as pd

    t, figure = TOKENS[mode], blank(mode, 320)
    known = np.isfinite(parts)
    values, parts = values[known], parts[known]
    if not len(parts):
        return note(figure, mode, phrase("No contributions are known for this feature."))
    figure.add_hline(y=0, line={"color": t.line, "width": 1})
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        figure.add_scattergl(
            x=values.to_numpy(float),
            y=parts,
            mode="markers",
            marker={"size": 5, "opacity": 0.5, "color": t.accent},
            hovertemplate=f"<b>{text(name)}</b> = %{{x:.4g}}<br>{phrase('contribution')} %{{y:+.3g}} "
            f"{unit}<extra></extra>",
        )
    else:
        levels = values.astype(str).where(values.notna(), phrase("missing"))
        for level in levels.value_counts().index[:MOST_LEVELS].tolist():
            mine = parts[(levels == level).to_numpy()]
            figure.add_box(
                y=mine,
                name=text(level, 24),
                marker={"color": t.accent, "size": 3},
                line={"width": 1.5},
                fillcolor=t.accent_band,
                boxpoints=False,
                hovertext=phrase(
                    "{level}: median {median}, n = {n}",
                    level=text(level),
                    median=numbers.signed_number(float(np.median(mine))),
                    n=len(mine),
                ),
            )
    figure.update_xaxes(title_text=text(name, 60), tickangle=0)
    figure.update_yaxes(title_text=phrase("contribution ({unit})", unit=text(numbers.unit(space))))
    figure.update_layout(showlegend=False)
    return figure
