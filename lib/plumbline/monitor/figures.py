"""One value of a metric in words: its unit, its sign, and the digits that mean something."""

from __future__ import annotations

import math

from plumbline.monitor.metrics.metrics import Metric

DIGITS = 3


def say_figure(one: Metric, value: float, unit: str = "", largest: float | None = None) -> str:
    """``82.2 %``, ``0.913``, ``+36.5 parcels``.

    Args:
        unit: what the system predicts so many of, or its money; said where the metric is in that unit.
        largest: the largest value told beside it, whose decimals it shares; None: its own.
    """
    if one.unit == "share":
        return f"{100 * value:.1f} %".replace("-", "−")
    size = abs(value) if largest is None else max(abs(value), largest)
    if size and not -4 <= (place := math.floor(math.log10(size))) <= 11:
        words = f"{abs(value):.{DIGITS - 1}e}"
    else:
        words = f"{abs(value):,.{max(DIGITS - 1 - (place if size else 0), 0)}f}"
    of = f" {unit}" if unit and one.unit in ("label", "currency") else ""
    if not float(words.replace(",", "")):
        return f"{'about ' if value else ''}0{of}"
    both_ways = one.unit == "label" and one.higher_is_better is None
    return f"{'−' if value < 0 else '+' if both_ways else ''}{words}{of}"
