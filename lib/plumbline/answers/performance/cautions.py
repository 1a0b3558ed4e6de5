"""What a reader has to know of the log and the reference before any figure that rests on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from plumbline.answers.question import LogSpan as Held
from plumbline.answers.question import log_span
from plumbline.domain import FeatureProfile, System
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.monitor.drift.reference_stability import unstable_feature
from plumbline.store import systems
from plumbline.store.cache.samples import sample_sentence
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.quantities import decimal
from plumbline.wording.times import say_span

Span = tuple[datetime | None, datetime | None]

PROVISIONAL = message(
    "The reference is provisional: it is made anew with each load until a third of the log holds four weeks."
)
SEASON = message(
    "The reference covers one season of a log of more than a year: what comes every year counts as drift. "
    "Compare with the same weeks of last year."
)
YEAR = timedelta(days=365)


def cautions(ws: Workspace, key: str) -> tuple[Message, ...]:
    """What is to be said on every page, in every document and answer that rests on a system's own reference.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        return of_the_log(cursor, system, log_span(cursor, system))


def of_the_log(cursor: Cursor, system: System, log: Held | None) -> tuple[Message, ...]:
    """What is to be said of every answer about a system: which of it is from a sample, and of its reference."""
    share = sample_sentence(cursor, system.key)
    return (*((share,) if share else ()), *reference_cautions(system, log))


def reference_change_caution(profiles: Sequence[FeatureProfile], reference: Span) -> tuple[Message, ...]:
    """Where the reference changed within itself, with the stretches before and after."""
    first, last = reference
    if first is None or last is None:
        return ()
    feature = unstable_feature(profiles, (first, last))
    if feature is None:
        return ()
    changed = message(
        "{feature} changed within the reference, about {span} (Jensen-Shannon distance {distance}): "
        "take {before}, or {after}, as the reference.",
        feature=feature.feature,
        span=say_span(feature.at, None),
        distance=decimal(feature.value, ".2f"),
        before=say_span(first, feature.at),
        after=say_span(feature.at, last),
    )
    return (changed,)


def season_caution(reference: Span, log: Held | None) -> tuple[Message, ...]:
    """Where a log of more than a year is held against a part of one."""
    first, last = reference
    if first is None or last is None or log is None:
        return ()
    return (SEASON,) if log.last - log.first >= YEAR and last - first < 0.9 * YEAR else ()


def reference_cautions(system: System, log: Held | None) -> tuple[Message, ...]:
    """What is to be said wherever something rests on the system's own reference."""
    provisional = (PROVISIONAL,) if system.reference_source == "provisional" else ()
    return provisional + season_caution(system.reference or (None, None), log)


def window_beside_reference(reference: Span, window: Span, log: Held | None) -> tuple[Span, Message]:
    """The window without the days of the reference, and what was left out; a decision is never on both sides.

    A window that the reference holds wholly stays as it was asked for: it is compared with what it is a part of.
    """
    (first, last), (start, end) = reference, window
    until = end or (log.last if log else None)
    if last is None or (start is not None and start >= last) or (first and until and until <= first):
        return window, NOTHING
    span = say_span(first, last)
    if until is None or until <= last:
        return window, message("The window lies within the reference itself: the two share its decisions.")
    if first is not None and start is not None and start < first:
        inside = message(
            "The reference, {span}, lies within the window: the two share its decisions.", span=span
        )
        return window, inside
    cut = message("The window begins after the reference, {span}: no decision is on both sides.", span=span)
    return (last, end), cut
