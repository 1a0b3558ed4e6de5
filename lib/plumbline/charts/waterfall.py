"""One decision's contributions, from the base value to the score."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from plumbline.charts.style import TOKENS, Mode, blank, note, text
from plumbline.domain import Explanation, magnitude_order
from plumbline.wording import numbers
from plumbline.wording.language import phrase

MOST = 10


def steps(explanation: Explanation, most: int = MOST) -> list[tuple[str, float]]:
    """The largest ``most`` contributions by size and one step for the rest: (feature, contribution)."""
    ranked = magnitude_order(explanation.attributions)
    rest = ranked[most:]
    shown = ranked[:most]
    if rest:
        shown.append((phrase("other ({n} features)", n=len(rest)), sum(value for _, value in rest)))
    return shown


def waterfall(explanation: Explanation, mode: Mode = "light", *, most: int = MOST) -> go.Figure:
    """Draw base value, contributions and score as bars that join: absolute, relative, total.

    Horizontal, the largest contribution first, at most ``most`` and one for the rest, so that the bars end at
    the score. Each bar says its sign in words as well as by colour, and its feature's value.
    """
    parts = steps(explanation, most)
    figure = blank(mode, 90 + 28 * (len(parts) + 2))
    if explanation.refused or not parts:
        return note(figure, mode, text(explanation.refused or phrase("This decision has no contributions.")))
    t = TOKENS[mode]
    largest = max(abs(value) for _, value in parts)
    end = explanation.base_value + sum(value for _, value in parts)
    names = [phrase("base value"), *(_label(name, explanation.values) for name, _ in parts), phrase("output")]
    figure.add_waterfall(
        orientation="h",
        y=list(range(len(names))),
        x=[explanation.base_value, *(value for _, value in parts), 0],
        measure=["absolute", *("relative" for _ in parts), "total"],
        text=[
            _level(explanation.base_value),
            *(_words(value, largest) for _, value in parts),
            _level(end),
        ],
        textposition="outside",
        textfont={"color": t.ink, "size": 12},
        hovertext=[
            phrase("base value: {baseline}", baseline=text(explanation.baseline)),
            *(_hover(name, value, explanation) for name, value in parts),
            phrase("output in {unit}", unit=text(numbers.unit(explanation.output_space))),
        ],
        hoverinfo="text",
        increasing={"marker": {"color": t.watch, "line": {"color": t.watch, "width": 0}}},
        decreasing={"marker": {"color": t.accent, "line": {"color": t.accent, "width": 0}}},
        totals={"marker": {"color": t.muted, "line": {"color": t.muted, "width": 0}}},
        connector={"line": {"color": t.line, "width": 1}},
        cliponaxis=False,
    )
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(names))),
        ticktext=[text(name, 44) for name in names],
        autorange="reversed",
        showgrid=False,
        ticklabelstandoff=6,
    )
    figure.update_xaxes(
        title={"text": text(numbers.unit(explanation.output_space))},
        showgrid=True,
        **_range(explanation, parts),
    )
    figure.update_layout(margin={"l": 8, "r": 24, "t": 8, "b": 8})
    return figure


def _range(explanation: Explanation, parts: list[tuple[str, float]]) -> dict[str, Any]:
    """Room for the words beside each bar: about a quarter of the axis, which is what they take on a small screen."""
    base = explanation.base_value
    bars = [(0.0, base), *((base, base + parts[0][1]) for _ in parts[:1])]
    for _, value in parts[1:]:
        bars.append((bars[-1][1], bars[-1][1] + value))
    bars.append((0.0, bars[-1][1]))
    low, high = min(min(bar) for bar in bars), max(max(bar) for bar in bars)
    room = 0.36 * ((high - low) or 1.0)
    left = min([low, *(end - room for start, end in bars if end < start)])
    right = max([high, *(end + room for start, end in bars if end >= start)])
    return {"range": [left, right]}


def _level(value: float) -> str:
    return numbers.significant(value).replace("-", "−", 1)


def _words(value: float, largest: float) -> str:
    size = numbers.signed_to_largest(value, largest)
    return f"{size} {_direction(value)}" if size[0] in "+−" else size


def _direction(value: float) -> str:
    return phrase("raises") if value > 0 else phrase("lowers") if value < 0 else phrase("no effect")


def _label(name: str, values: dict[str, Any]) -> str:
    if name not in values:
        return name
    value = values[name]
    return f"{name} = {numbers.cell_value(value) if isinstance(value, float) else value}"


def _hover(name: str, value: float, explanation: Explanation) -> str:
    line = f"<b>{text(_label(name, explanation.values))}</b><br>{numbers.signed_number(value)} {_direction(value)}"
    return phrase(
        "{line} the output, in {unit}", line=line, unit=text(numbers.unit(explanation.output_space))
    )
