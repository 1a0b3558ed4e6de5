"""Counts, shares and spans of time as messages: the digits are chosen here, and written in each document's language."""

from __future__ import annotations

from plumbline.domain.messages import Message, Number, Quantity, message


def count(n: float) -> Number:
    """A whole number with thousands set apart."""
    return Number(f"{n:,.0f}")


def decimal(value: float, digits: str) -> Number:
    """A number by Python's format, such as ``.2f``."""
    return Number(format(value, digits))


def percent(value: float, digits: str = ".1f") -> Message:
    """A share in per cent, by Python's format of its figure: ``82.2 %``."""
    return message("{percent} %", percent=decimal(100 * value, digits))


def whole_percent(value: float) -> str:
    """A share in whole per cent, for what is said in passing: ``12%``."""
    return f"{value:.0%}"


def share(value: float) -> Message:
    """A share in per cent: three significant digits, and never rounded up to 100 or down to 0."""
    percent = 100 * value
    if 0 < percent < 0.001:
        return message("under {bound} %", bound=Number("0.001"))
    if 99.995 <= percent < 100:
        return message("over {bound} %", bound=Number("99.99"))
    digits = 3 if percent < 0.1 else 2 if percent < 1 or 99 < percent < 100 else 1
    return message("{percent} %", percent=Number(f"{percent:.{digits}f}".rstrip("0").rstrip(".")))


def plural(n: float, noun: str, many: str = "") -> Quantity:
    """``1 day``, ``2 days``; ``many``: a plural that does not end in s alone."""
    return Quantity(count(n), noun, many)


def chunks(n: float, unit: str) -> Quantity:
    """A count of the chunks of time that a system is read by: days, weeks or months."""
    return {"day": plural(n, "day"), "week": plural(n, "week"), "month": plural(n, "month")}[unit]
