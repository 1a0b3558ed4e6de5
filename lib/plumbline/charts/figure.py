"""A figure put together as plain values and made at once: each change of a plotly figure copies all that is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import plotly.graph_objects as go

from plumbline.charts.style import Mode, template
from plumbline.wording.language import code

Plain = dict[str, Any]


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
        """The figure, in the house style."""
        parts = {"shapes": self.shapes, "annotations": self.annotations}
        held = {name: own for name, own in parts.items() if own}
        layout = {"template": _template(self.mode, code()), "height": self.height, **held, **self.layout}
        return go.Figure({"data": self.traces, "layout": layout})


@cache
def _template(mode: Mode, language: str) -> Plain:
    made: Plain = template(mode).to_plotly_json()
    return made
