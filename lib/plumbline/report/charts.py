"""The few charts of the documents as SVG: vectors without a browser, the same bytes for the same figures.

The pages draw with Plotly; a printed page needs no hover, and a server that writes reports needs no Chromium.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from plumbline.domain import FeatureDrift, Point, PointStatus
from plumbline.report.language import Language
from plumbline.wording.visible import visible

INK, MUTED, LINE, ACCENT, FAIL, BAND = "#1B2430", "#5B6673", "#E3E0D8", "#1F5FA8", "#B3261E", "#EFEDE7"
WIDTH = 6.9  # inches: the text width of a page
MOST = 12  # features drawn
NO_GLYPH = "\u25a1"  # an empty square, as documents print where no font has a letter


def trend(
    points: Sequence[Point], speech: Language, *, reference: tuple[datetime, datetime] | None, share: bool
) -> str:
    """One metric over time with interval and limit, breaches as squares, provisional chunks hollow; '' for none."""
    known = [p for p in points if p.value is not None and not p.estimated]
    if not known:
        return ""
    figure, axes = _canvas(2.3)
    at = [p.start + (p.end - p.start) / 2 for p in known]
    if reference:
        axes.axvspan(reference[0], min(reference[1], known[-1].end), color=BAND, linewidth=0)
    values = [float(p.value or 0.0) for p in known]
    low = [_first_number(p.low, p.value) for p in known]
    high = [_first_number(p.high, p.value) for p in known]
    axes.fill_between(at, low, high, color=ACCENT, alpha=0.14, linewidth=0)
    settled = [i for i, p in enumerate(known) if not p.provisional]
    axes.plot([at[i] for i in settled], [values[i] for i in settled], color=ACCENT, linewidth=1.4)
    limits = [p.threshold if p.threshold is not None else math.nan for p in known]
    if any(math.isfinite(limit) for limit in limits):
        axes.plot(at, limits, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
    for kind, shape, colour in ((True, "s", FAIL), (False, "o", ACCENT)):
        chosen = [i for i in settled if (known[i].status is PointStatus.BREACH) is kind]
        axes.plot([at[i] for i in chosen], [values[i] for i in chosen], shape, color=colour, markersize=3.4)
    waiting = [i for i in range(len(known)) if i not in settled]
    axes.plot(
        [at[i] for i in waiting], [values[i] for i in waiting], "o", mfc="none", color=MUTED, markersize=3.4
    )
    axes.yaxis.set_major_formatter(lambda v, _: speech.share(v) if share else speech.number(v, _decimals(v)))
    _dates(axes)
    return _svg(figure)


def drift_bars(features: Sequence[FeatureDrift], limit: float, speech: Language) -> str:
    """The largest shifts, largest on top; a drifted feature's bar is red and says so by a square. '' if none."""
    known = sorted((f for f in features if f.value is not None), key=lambda f: -(f.value or 0))[:MOST]
    if not known:
        return ""
    figure, axes = _canvas(0.55 + 0.2 * len(known))
    places = list(range(len(known)))[::-1]
    sizes = [float(f.value or 0) for f in known]
    axes.barh(places, sizes, height=0.62, color=[FAIL if f.drifted else "#9FB4CC" for f in known])
    axes.axvline(limit, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
    names = [("■ " if f.drifted else "") + _name(f.feature) for f in known]
    axes.set_yticks(places, names, parse_math=False)
    for place, size in zip(places, sizes, strict=True):
        axes.annotate(
            speech.number(size, 2),
            (size, place),
            (3, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
            color=MUTED,
        )
    axes.set_xlim(0, max(*sizes, limit) * 1.12)
    axes.xaxis.set_major_formatter(lambda v, _: speech.number(v, 2))
    axes.grid(axis="y", visible=False)
    return _svg(figure)


def _first_number(value: float | None, other: float | None) -> float:
    return float(value if value is not None else other if other is not None else math.nan)


def _decimals(value: float) -> int:
    return 0 if abs(value) >= 100 else 2


def _name(text: str, longest: int = 28) -> str:
    """A name from a log: one line, cut."""
    flat = " ".join(visible(text).split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def _canvas(height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    axes.tick_params(labelsize=7.5, colors=MUTED, length=2)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.grid(color=LINE, linewidth=0.5)
    axes.set_axisbelow(True)
    return figure, axes


def _dates(axes: Any) -> None:
    from matplotlib import dates

    untyped: Any = dates
    locator = untyped.AutoDateLocator(minticks=3, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        untyped.ConciseDateFormatter(
            locator,
            formats=["%Y", "%m/%Y", "%d.%m.", "%H:%M", "%H:%M", "%S"],
            zero_formats=["", "%Y", "%m/%Y", "%d.%m.", "%H:%M", "%H:%M"],
            show_offset=False,
        )
    )
    axes.grid(axis="x", visible=False)


def _drawable_text(text: str) -> str:
    """A text as the font can draw it: each letter that it lacks is a warning each time that the text is measured."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    glyphs = get_font(findfont(FontProperties())).get_charmap()
    return "".join(c if ord(c) in glyphs or c == "\n" else NO_GLYPH for c in visible(text))


def _svg(figure: Any) -> str:
    import matplotlib
    from matplotlib.text import Text

    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        labels = [
            label.get_text() for label in axis.get_ticklabels()
        ]  # these are written anew while it draws
        if (drawn := [_drawable_text(label) for label in labels]) != labels:
            axis.set_ticklabels(drawn)
    for words in figure.findobj(Text):  # names come from a log: no formula, and nothing that XML forbids
        words.set_parse_math(False)
        words.set_text(_drawable_text(words.get_text()))
    out = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "plumbline", "svg.fonttype": "path"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return visible(out.getvalue())
