"""Shares, counts, spans and dates as the sentences of evidence spell them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from plumbline.domain.messages import MONTHS, Day, Message, Number, Quantity, enumeration, message
from plumbline.governance.facts import Facts

__all__ = ["MONTHS", "chunks", "count", "day", "decimal", "listed", "plural", "share", "window"]


def count(n: float) -> Number:
    """A whole number with thousands set apart."""
    return Number(f"{n:,.0f}")


def decimal(value: float, digits: str) -> Number:
    """A number by Python's format, such as ``.2f``."""
    return Number(format(value, digits))


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


def day(when: date | datetime) -> Day:
    """``3 March 2026``."""
    return Day(when)


def listed(items: Sequence[str]) -> Message:
    """``a, b and c``."""
    return enumeration(items)


def window(facts: Facts) -> Message:
    """The log's span and sample: ``60,000 decisions, 1 January 2026 to 30 June 2026``."""
    decisions = plural(facts.decisions, "decision")
    if facts.first_decision is None or facts.last_decision is None:
        return message("{decisions}", decisions=decisions)
    first, last = day(facts.first_decision), day(facts.last_decision)
    return message("{decisions}, {first} to {last}", decisions=decisions, first=first, last=last)
