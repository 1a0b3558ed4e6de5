"""Finding decisions: a page of the log, filtered by anything it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plumbline.answers.cache import Memory
from plumbline.answers.decisions.cutoff import SampledCutOff, sampled_cut_off
from plumbline.domain import PlumblineError, Slice, System
from plumbline.domain.decisions import Decision
from plumbline.domain.messages import message
from plumbline.profile.scan import decisions
from plumbline.profile.scan.decisions import MARK_OPERATOR, MARKED, MARKS, OPERATORS
from plumbline.profile.scope import number_range
from plumbline.store import systems
from plumbline.store.workspace import Cursor, Workspace

if TYPE_CHECKING:
    import pandas as pd

PAGE = 50
#: so many are counted where a filter is set; beyond, there are "more than" that
COUNTED = 100_000
KEPT = 64
#: how a filter may compare, and what it may ask of a whole decision
BETWEEN, NEAR = "between", "near the cut-off"
COMPARISONS = (*OPERATORS, BETWEEN)
ASKED = (*MARKS, NEAR)
Filter = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPage:
    """One page of decisions; ``next`` continues after it, None at the end.

    ``total``: decisions that pass the filters, over all pages, None where not counted; ``more``: there are more than
    that. ``near``: the cut-off that "near" meant.
    """

    system: System
    rows: pd.DataFrame
    next: tuple[Any, int, int] | None
    total: int | None
    near: SampledCutOff | None = None
    more: bool = False


_MEMORY: Memory[tuple[int, bool]] = Memory(KEPT)


def find(
    ws: Workspace,
    key: str,
    filters: Sequence[Filter] = (),
    *,
    order: str = "-timestamp",
    limit: int = PAGE,
    after: tuple[Any, int, int] | None = None,
    columns: Sequence[str] | None = None,
    count: bool = True,
) -> DecisionPage:
    """A page of decisions, newest first unless ordered otherwise; see ``profile.scan.decisions.find``.

    Beside its operators a filter may be ``between`` (value ``low..high``, half open), or ask with
    (``decision``, ``is``, ...) for those near the cut-off: the 5 % of decisions whose scores are nearest.

    Args:
        count: how many pass in all, which in a long log takes as long as the page itself; see ``count_decisions``.

    Raises:
        PlumblineError: no such system, column or operator, or no cut-off to be near to.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        near, plain = _resolve_filters(ws, cursor, system, filters)
        frame = decisions.find(cursor, system, plain, order, limit, after, columns)
        whole = after is None and len(frame) < limit
        total: int | None = len(frame)
        more = False
        if not whole:
            total, more = _total(ws, cursor, system, tuple(plain)) if count else (None, False)
    following = decisions.page_end(frame, order) if len(frame) == limit else None
    return DecisionPage(system=system, rows=frame, next=following, total=total, near=near, more=more)


def count_decisions(ws: Workspace, key: str, filters: Sequence[Filter] = ()) -> tuple[int, bool]:
    """How many decisions pass the filters of ``find``, and whether there are more. Raises as ``find``."""
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        return _total(ws, cursor, system, tuple(_resolve_filters(ws, cursor, system, filters)[1]))


def _resolve_filters(
    ws: Workspace, cursor: Cursor, system: System, filters: Sequence[Filter]
) -> tuple[SampledCutOff | None, list[Filter]]:
    """The cut-off that "near" means, and the filters as comparisons."""
    near = (
        _cut_off_of_filters(ws, cursor, system, filters) if (MARKED, MARK_OPERATOR, NEAR) in filters else None
    )
    return near, [part for item in filters for part in _comparisons(item, near)]


def _total(ws: Workspace, cursor: Cursor, system: System, filters: tuple[Filter, ...]) -> tuple[int, bool]:
    """How many pass and whether there are more, counted once for all pages until the workspace changes."""

    def count() -> tuple[int, bool]:
        n = decisions.count(cursor, system, filters, COUNTED + 1 if filters else None)
        return (min(n, COUNTED), True) if filters and n > COUNTED else (n, False)

    return _MEMORY.get(ws, cursor, system, filters, count)


def _cut_off_of_filters(
    ws: Workspace, cursor: Cursor, system: System, filters: Sequence[Filter]
) -> SampledCutOff:
    version = next((value for column, sign, value in filters if (column, sign) == ("version", "=")), None)
    cut = sampled_cut_off(ws, cursor, system, version)
    if cut is None:
        raise PlumblineError(
            "No one score parts these decisions, so none is near it",
            todo="Choose one version, or filter by the score itself.",
        )
    return cut


def _comparisons(item: Filter, near: SampledCutOff | None) -> list[Filter]:
    """A filter as the comparisons that the decision table knows."""
    column, operator, value = item
    if (column, operator, value) == (MARKED, MARK_OPERATOR, NEAR) and near is not None:
        return [
            ("score", ">=", repr(near.score - near.near)),
            ("score", "<=", repr(near.score + near.near)),
        ]
    if operator != BETWEEN:
        return [item]
    span = number_range(value)
    if span is None:
        raise PlumblineError(
            message("{value} is no range", value=repr(value)), where=column, todo="Write it as 30..40."
        )
    sides = ((">=", span[0]), ("<", span[1]))
    return [(column, sign, repr(side)) for sign, side in sides if side is not None]


def read_decision(ws: Workspace, key: str, decision_id: str) -> Decision:
    """Everything logged about one decision.

    Raises:
        PlumblineError: no such system or decision.
    """
    with ws.read() as cursor:
        return decisions.read_decision(cursor, systems.get_system(cursor, key), decision_id)


def random_decision(ws: Workspace, key: str, part: Slice, *, seed: int) -> str | None:
    """The id of one decision of a slice, drawn at random; None where it holds none.

    Raises:
        PlumblineError: no such system or column.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        frame = decisions.sample(cursor, system, part, 1, seed, ["decision_id"])
    return Decision({str(name): value for name, value in frame.iloc[0].items()}).id if len(frame) else None
