"""One value of a metric in words: its unit, its sign, and the digits that mean something."""

from __future__ import annotations

import math

from plumbline.domain.messages import Message, Number, message, word
from plumbline.logs.values.currency import MARKS
from plumbline.monitor.metrics.metrics import Metric, metric
from plumbline.wording.quantities import decimal

DIGITS = 3


def say_value(name: str, value: float | None, unit: str = "") -> Message:
    """A value in its unit, with the digits that mean something; ``unit``: what the system predicts so many of."""
    if value is None:
        return word("unknown")
    return say_figure(metric("recall" if name.startswith("recall:") else name), value, unit)


def say_figure(metric: Metric, value: float, unit: str = "", largest: float | None = None) -> Message:
    """``82.2 %``, ``0.913``, ``+36.5 parcels``, ``EUR −0.885``.

    Args:
        unit: what the system predicts so many of, or its money; said where the metric is in that unit.
        largest: the largest value told beside it, whose decimals it shares; None: its own.
    """
    if metric.unit == "share":
        return message("{percent} %", percent=Number(f"{100 * value:.1f}".replace("-", "−")))
    size = abs(value) if largest is None else max(abs(value), largest)
    if size and not -4 <= (place := math.floor(math.log10(size))) <= 11:
        words = f"{abs(value):.{DIGITS - 1}e}"
    else:
        words = decimal(abs(value), f",.{max(DIGITS - 1 - (place if size else 0), 0)}f")
    of = unit if metric.unit in ("label", "currency") else ""
    is_money = metric.unit == "currency" or of in MARKS
    if not Number(words).value:
        zero = _with_unit(Number("0"), of, is_money)
        return message("about {figure}", figure=zero) if value else zero
    both_ways = metric.unit == "label" and metric.higher_is_better is None
    return _with_unit(Number(f"{'−' if value < 0 else '+' if both_ways else ''}{words}"), of, is_money)


def _with_unit(number: Number, unit: str, is_money: bool) -> Message:
    if not unit:
        return message("{number}", number=number)
    if is_money:  # the currency leads, as in every sum
        return message("{currency} {figure}", currency=unit, figure=number)
    return message("{number} {unit}", number=number, unit=unit)
