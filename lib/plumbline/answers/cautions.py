"""What a reader has to know of the reference before any figure that rests on it."""

from __future__ import annotations

from datetime import datetime

from plumbline.answers.reading import Span as Held
from plumbline.answers.spans import say_span
from plumbline.domain import System

Span = tuple[datetime | None, datetime | None]

PROVISIONAL = (
    "The reference is provisional: it is made anew with each load until a third of the log holds four weeks."
)


def of_the_reference(system: System) -> tuple[str, ...]:
    """What is to be said on every page that rests on the system's own reference."""
    return (PROVISIONAL,) if system.reference_source == "provisional" else ()


def apart(reference: Span, window: Span, held: Held | None) -> tuple[Span, str]:
    """The window without the days of the reference, and what was left out; a decision is never on both sides.

    A window that the reference holds wholly stays as it was asked for: it is compared with what it is a part of.
    """
    (first, last), (start, end) = reference, window
    until = end or (held.last if held else None)
    if last is None or (start is not None and start >= last) or (first and until and until <= first):
        return window, ""
    if until is None or until <= last:
        return window, "The window lies within the reference itself: the two share its decisions."
    if first is not None and start is not None and start < first:
        return (
            window,
            f"The reference, {say_span(first, last)}, lies within the window: the two share its decisions.",
        )
    return (
        last,
        end,
    ), f"The window begins after the reference, {say_span(first, last)}: no decision is on both sides."
