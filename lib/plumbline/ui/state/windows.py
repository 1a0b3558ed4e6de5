"""The window of time that all pages share: its choices, its words, and the way back from one that was brushed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from plumbline.ui.state import bar_link, links, session
from plumbline.wording import numbers
from plumbline.wording.language import localise, screen_text

WHOLE, DATES = screen_text("Whole log"), screen_text("Choose dates")
#: window -> days before the last decision
WINDOWS = {
    WHOLE: None,
    screen_text("Last 30 days"): 30,
    screen_text("Last 90 days"): 90,
    screen_text("Last 180 days"): 180,
    DATES: None,
}
#: how many windows one can go back
DEPTH = 8


@dataclass(frozen=True, slots=True)
class Window:
    """One choice: an entry of ``WINDOWS``, and for dates the first and the last day."""

    choice: str
    first: date | None = None
    last: date | None = None


def present_window() -> Window:
    """What the widgets will say in this run, before they are drawn."""
    choice = links.present_choice(session.WINDOW.name, list(WINDOWS), WHOLE)
    if choice != DATES:
        return Window(choice)
    return Window(choice, bar_link.day(session.FROM.get()), bar_link.day(session.TO.get()))


def say(window: Window) -> str:
    """A window in words: ``Last 30 days``, ``3–9 Mar 2026``."""
    if window.choice != DATES:
        return localise(window.choice)
    if window.first is None and window.last is None:
        return localise(WHOLE)
    return numbers.span(midnight(window.first), midnight(window.last, days=1))


def midnight(day: object, days: int = 0) -> datetime | None:
    """The start of a day that a widget gave, or of one so many days later, UTC; None where it gave none."""
    return datetime.combine(day, time(), UTC) + timedelta(days=days) if isinstance(day, date) else None


def brush(first: date, last: date) -> None:
    """Set the window for all pages; the one before is kept for the way back. In a callback only."""
    now = present_window()
    window = Window(DATES, first, last)
    if now != window:
        session.WINDOWS_BEFORE.set((*session.WINDOWS_BEFORE.get(), now)[-DEPTH:])
        _choose(window)


def window_before() -> Window | None:
    """The window that ``restore_window_before`` leads to; None where nothing was brushed."""
    before: tuple[Window, ...] = session.WINDOWS_BEFORE.get()
    return before[-1] if before else None


def restore_window_before() -> None:
    """To the window before the last one that was brushed. In a callback only."""
    before: tuple[Window, ...] = session.WINDOWS_BEFORE.get()
    if before:
        session.WINDOWS_BEFORE.set(before[:-1])
        _choose(before[-1])


def forget() -> None:
    """No way back any more."""
    session.WINDOWS_BEFORE.clear()


def _choose(window: Window) -> None:
    session.WINDOW.set(window.choice)
    if window.choice == DATES:
        session.FROM.set(window.first)
        session.TO.set(window.last)
