"""Shares, counts, spans and dates as the sentences of evidence spell them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from plumbline.governance.facts import Facts

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def count(n: float) -> str:
    """A whole number with thousands set apart."""
    return f"{n:,.0f}"


def share(value: float) -> str:
    """A share in per cent: three significant digits, and never rounded up to 100 or down to 0."""
    percent = 100 * value
    if 0 < percent < 0.001:
        return "under 0.001 %"
    if 99.995 <= percent < 100:
        return "over 99.99 %"
    digits = 3 if percent < 0.1 else 2 if percent < 1 or 99 < percent < 100 else 1
    return f"{percent:.{digits}f}".rstrip("0").rstrip(".") + " %"


def plural(n: float, noun: str) -> str:
    """``1 day``, ``2 days``."""
    return f"{count(n)} {noun}" if round(n) == 1 else f"{count(n)} {noun}s"


def day(when: date | datetime) -> str:
    """``3 March 2026``."""
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def listed(items: Sequence[str]) -> str:
    """``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def window(facts: Facts) -> str:
    """The log's span and sample: ``60,000 decisions, 1 January 2026 to 30 June 2026``."""
    if facts.first_decision is None or facts.last_decision is None:
        return plural(facts.decisions, "decision")
    span = f"{day(facts.first_decision)} to {day(facts.last_decision)}"
    return f"{plural(facts.decisions, 'decision')}, {span}"


def first_up(text: str) -> str:
    """The text with a capital first letter and nothing else changed."""
    return text[:1].upper() + text[1:]
