"""A figure put together as plain values and made at once: each change of a plotly figure copies all that is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

import orjson
import plotly.graph_objects as go

from plumbline.charts.style import Mode, template
from plumbline.wording.language import code

Plain = dict[str, Any]
#: figures that are kept: those of a dozen pages
FIGURES = 64


@dataclass(slots=True, kw_only=True)
class Sketch:
    """What a figure will hold; the methods are named as plotly's own are."""

    mode: Mode
    height: int
    traces: list[Plain] = field(default_factory=list)
    shapes: list[Plain] = field(default_factory=list)
    annotations: list[Plain] = field(default_factory=list)
    layout: Plain = field(default_factory=dict)

    def add_scatter(self, **trace: Any) -> None:
        """A line or marks."""
        self.traces.append({"type": "scatter", **trace})

    def add_bar(self, **trace: Any) -> None:
        """Bars."""
        self.traces.append({"type": "bar", **trace})

    def add_heatmap(self, **trace: Any) -> None:
        """Cells coloured by their value."""
        self.traces.append({"type": "heatmap", **trace})

    def add_shape(self, **shape: Any) -> None:
        """A line or box; its coordinates are the plot's unless ``xref`` or ``yref`` says otherwise."""
        self.shapes.append(shape)

    def add_annotation(self, **annotation: Any) -> None:
        """Words at a place."""
        self.annotations.append(annotation)

    def add_vrect(self, x0: datetime, x1: datetime, *, annotation: Mapping[str, Any], **shape: Any) -> None:
        """A band from bottom to top, with a word in it."""
        self.shapes.append(
            {"type": "rect", "x0": x0, "x1": x1, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain", **shape}
        )
        self.annotations.append({"xref": "x", "yref": "y domain", **annotation})

    def update_layout(self, **settings: Any) -> None:
        self.layout |= settings

    def update_xaxes(self, **settings: Any) -> None:
        self.layout["xaxis"] = self.layout.get("xaxis", {}) | settings

    def update_yaxes(self, **settings: Any) -> None:
        self.layout["yaxis"] = self.layout.get("yaxis", {}) | settings

    def figure(self) -> go.Figure:
        """The figure, in the house style. It is shared by all who draw the same: whoever changes it copies it first."""
        parts = {"shapes": self.shapes, "annotations": self.annotations}
        layout_parts = {name: part for name, part in parts.items() if part}
        plain = {"data": self.traces, "layout": {"height": self.height, **layout_parts, **self.layout}}
        style, how = (self.mode, code()), orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
        return _figure(_Drawing(style, orjson.dumps(plain, default=repr, option=how), plain))


class _Drawing:
    """A sketch by its content."""

    __slots__ = ("content", "plain", "style")

    def __init__(self, style: tuple[Mode, str], content: bytes, plain: Plain) -> None:
        self.style, self.content, self.plain = style, content, plain

    def __hash__(self) -> int:
        return hash((self.style, self.content))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Drawing) and (self.style, self.content) == (other.style, other.content)


@lru_cache(maxsize=FIGURES)
def _figure(drawing: _Drawing) -> go.Figure:
    """Plotly looks at every value of a figure: 5 ms each, of which a page has six."""
    template_and_rest = {"template": _template(*drawing.style), **drawing.plain["layout"]}
    return go.Figure({"data": drawing.plain["data"], "layout": template_and_rest})


@cache
def _template(mode: Mode, language: str) -> Plain:
    made: Plain = template(mode).to_plotly_json()
    return made
