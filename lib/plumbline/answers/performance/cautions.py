"""What a reader has to know of the reference before any figure that rests on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from plumbline.answers.question import Span as Held
from plumbline.answers.question import span_of
from plumbline.domain import FeatureProfile, System
from plumbline.monitor.drift.reference_stability import unsteady
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from plumbline.wording.times import say_span

Span = tuple[datetime | None, datetime | None]

PROVISIONAL = (
    "The reference is provisional: it is made anew with each load until a third of the log holds four weeks."
)
SEASON = (
    "The reference covers one season of a log of more than a year: what comes every year counts as drift. "
    "Compare with the same weeks of last year."
)
YEAR = timedelta(days=365)


def cautions(ws: Workspace, key: str) -> tuple[str, ...]:
    """What is to be said on every page, in every document and answer that rests on a system's own reference.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        return of_the_reference(system, span_of(cursor, system))


def of_its_days(profiles: Sequence[FeatureProfile], reference: Span) -> tuple[str, ...]:
    """Where the reference changed within itself, with the stretches before and after."""
    first, last = reference
    if first is None or last is None:
        return ()
    found = unsteady(profiles, (first, last))
    if found is None:
        return ()
    return (
        f"{found.feature} changed within the reference, about {say_span(found.at, None)} (Jensen-Shannon distance "
        f"{found.value:.2f}): take {say_span(first, found.at)}, or {say_span(found.at, last)}, as the reference.",
    )


def of_its_season(reference: Span, node: Held | None) -> tuple[str, ...]:
    """Where a log of more than a year is held against a part of one."""
    first, last = reference
    if first is None or last is None or node is None:
        return ()
    return (SEASON,) if node.last - node.first >= YEAR and last - first < 0.9 * YEAR else ()


def of_the_reference(system: System, node: Held | None) -> tuple[str, ...]:
    """What is to be said wherever something rests on the system's own reference."""
    provisional = (PROVISIONAL,) if system.reference_source == "provisional" else ()
    return provisional + of_its_season(system.reference or (None, None), node)


def apart(reference: Span, window: Span, headline: Held | None) -> tuple[Span, str]:
    """The window without the days of the reference, and what was left out; a decision is never on both sides.

    A window that the reference holds wholly stays as it was asked for: it is compared with what it is a part of.
    """
    (first, last), (start, end) = reference, window
    until = end or (headline.last if headline else None)
    if last is None or (start is not None and start >= last) or (first and until and until <= first):
        return window, ""
    if until is None or until <= last:
        return window, "The window lies within the reference itself: the two share its decisions."
    if first is not None and start is not None and start < first:
        inside = (
            f"The reference, {say_span(first, last)}, lies within the window: the two share its decisions."
        )
        return window, inside
    cut = f"The window begins after the reference, {say_span(first, last)}: no decision is on both sides."
    return (last, end), cut
