"""Reading what several questions need: the system, its span, and the moment the log speaks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from plumbline.domain import PlumblineError, Slice, System, Tier
from plumbline.domain.decisions import bare_name
from plumbline.domain.messages import message
from plumbline.governance.catalogue import catalogue, limits
from plumbline.monitor.fairness.groups import Lines
from plumbline.profile.scan import exact
from plumbline.store import systems
from plumbline.store.workspace import Cursor


@dataclass(frozen=True, slots=True)
class LogSpan:
    """First and last decision of a system and how many there are, shadow decisions included."""

    first: datetime
    last: datetime
    n: int


def log_span(cursor: Cursor, system: System) -> LogSpan | None:
    """The span of a system's log, or None where nothing is loaded."""
    found = exact.span(cursor, system)
    return LogSpan(*found) if found else None


def stated_moment(system: System) -> datetime | None:
    """The date that the owner set for a system's figures, or None."""
    return system.settings.as_of


def reporting_date(system: System, span: LogSpan | None) -> datetime:
    """The moment the log speaks for: the owner's date where one is set, else the last decision.

    A log may be old. Measuring a model's age at today's date would call every archive stale; the page says
    which moment is meant.
    """
    return stated_moment(system) or (span.last if span else datetime.now(UTC))


def age_limits(system: System) -> tuple[float, float]:
    """The ages in days from which a model is watched and is too old: MON-3's, or the owner's stricter ones."""
    held = limits(catalogue().control("MON-3"), Tier.FULL, system.settings.limits.get("MON-3"))
    return min(held["watch_days"], held["age_days"]), held["age_days"]


def fairness_lines(system: System) -> Lines:
    """What counts as alike: FAIR-1's lines, or the owner's stricter ones."""
    held = limits(catalogue().control("FAIR-1"), Tier.FULL, system.settings.limits.get("FAIR-1"))
    return Lines(held["ratio"], held["error_gap"], held["adverse_ratio"])


def resolve_filters(cursor: Cursor, system: System, window: Slice) -> Slice:
    """The slice with filters spelled as the decision table spells them: ``region`` may be ``segment:region``.

    Raises:
        PlumblineError: no column of that name.
    """
    if not window.where:
        return window
    known = [column.name for column in systems.decision_columns(cursor, system.key)]
    where = []
    for name, value in window.where:
        matches = [c for c in known if c == name] or [c for c in known if bare_name(c) == name]
        if not matches:
            raise PlumblineError(
                message("{key} has no column {name} to filter by", key=system.key, name=repr(name)),
                todo=message("It has: {names}.", names=", ".join(known)),
            )
        where.append((matches[0], value))
    return Slice(window.start, window.end, window.version, window.arm, tuple(where))
