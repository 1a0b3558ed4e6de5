"""Who asks a model, and whether one of them feels it out: what the log shows of requests and of model extraction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from plumbline.answers.cache import memoise
from plumbline.domain import System
from plumbline.monitor.quality.extraction import FEWEST, FEWEST_INPUTS, CallerQueries, caller_queries, probes
from plumbline.profile.scan import callers
from plumbline.store.systems import decision_columns
from plumbline.store.workspace import Cursor

RECENT = timedelta(days=90)
#: callers looked at, the busiest first, and the newest decisions of each
MOST_CALLERS, MOST_DECISIONS = 20, 20_000
#: values of one caller that are looked at: the more inputs, the fewer decisions, but never so few that nothing tells
MOST_VALUES, FEWEST_DECISIONS = 600_000, 5 * FEWEST


@dataclass(frozen=True, slots=True, kw_only=True)
class CallersAnswer:
    """Who asked. ``named_share``: share of all decisions that name their caller. ``inputs``: how many the model has.

    Of the last 90 days: how many ``callers``, how many of them asked at least 200 times (``busy``), how many of those
    are looked at (``sample``, the busiest 20), and their inputs.
    """

    column: str
    named_share: float | None
    callers: int
    busy: int
    sample: int
    inputs: int
    queries: tuple[CallerQueries, ...]

    @property
    def probing(self) -> tuple[CallerQueries, ...]:
        """Callers whose inputs lie as on a grid, the one with most inputs first."""
        return tuple(sorted((q for q in self.queries if probes(q)), key=lambda q: (-q.near, q.caller)))

    @property
    def unjudged_callers(self) -> int:
        """Callers of whom it cannot be told, as nobody else asks enough or inputs are too coarse."""
        return sum(probes(q) is None for q in self.queries)


def callers_answer(cursor: Cursor, system: System, end: datetime) -> CallersAnswer | None:
    """What the log shows of its callers up to its end; None where no segment names them."""
    column = callers.caller_column(cursor, system)
    if column is None:
        return None
    since = end - RECENT

    def make() -> CallersAnswer:
        inputs = sum(c.role.role == "feature" for c in decision_columns(cursor, system.key))
        names, many, busy = callers.busiest_callers(cursor, system, column, since, FEWEST, MOST_CALLERS)
        queries = (
            tuple(_queries(cursor, system, column, name, since, decision_limit(inputs)) for name in names)
            if inputs >= FEWEST_INPUTS
            else ()
        )
        return CallersAnswer(
            column=column,
            named_share=callers.caller_share(cursor, system, column),
            callers=many,
            busy=busy,
            sample=len(names) if inputs >= FEWEST_INPUTS else 0,
            inputs=inputs,
            queries=tuple(q for q in queries if q.different >= FEWEST),
        )

    return memoise(
        cursor, system, f"callers and their queries since {since.isoformat()}", CallersAnswer, make
    )


def decision_limit(inputs: int) -> int:
    """How many decisions of each caller are looked at, by how many inputs each holds."""
    return max(FEWEST_DECISIONS, min(MOST_DECISIONS, MOST_VALUES // max(inputs, 1)))


def _queries(
    cursor: Cursor, system: System, column: str, name: str, since: datetime, most: int
) -> CallerQueries:
    """One caller's inputs beside as many of all others."""
    inputs = callers.input_hashes(cursor, system, column, name, since, most)
    others = callers.input_hashes(cursor, system, column, name, since, len(inputs), others=True)
    return caller_queries(name, inputs, others)
