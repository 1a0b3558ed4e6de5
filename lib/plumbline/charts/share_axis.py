"""An axis of shares, written in per cent as sentences write them: ``80 %``, which plotly's own formats cannot."""

from __future__ import annotations

import math

from plumbline.charts.style import Axis
from plumbline.wording.language import digits

STEPS = (1, 2, 2.5, 5, 10)
LOW_MOST, MOST = 4, 6  # ticks of a low picture, and of any other


def share_axis(low: float, high: float, *, most: int = MOST, signed: bool = False) -> Axis:
    """Ticks at round shares between two, at most ``most`` of them.

    Args:
        low, high: the ends of the axis, 1 being 100 %.
        signed: of differences, a plus before those above 0.
    """
    step = _step(100 * (high - low), most)
    places = 0 if step >= 1 and step == int(step) else 1 - math.floor(math.log10(step)) if step < 0.1 else 1
    first, last = math.ceil(100 * low / step - 1e-9), math.floor(100 * high / step + 1e-9)
    ticks = [round(i * step, 9) for i in range(first, last + 1)]
    return {
        "tickmode": "array",
        "tickvals": [tick / 100 for tick in ticks],
        "ticktext": [_words(tick, places, signed=signed) for tick in ticks],
    }


def _step(length: float, most: int) -> float:
    """The smallest round step that cuts this length into fewer than ``most`` parts."""
    size = 10.0 ** math.floor(math.log10(length / most)) if length > 0 else 1.0
    return next((size * step for step in STEPS if length / (size * step) < most), 10 * size)


def _words(tick: float, places: int, *, signed: bool) -> str:
    sign = "−" if tick < 0 else "+" if signed and tick > 0 else ""
    return f"{sign}{digits(f'{abs(tick):.{places}f}')}\N{NO-BREAK SPACE}%"
