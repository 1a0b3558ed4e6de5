"""Finding decisions: a page of the log, filtered by anything it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plumbline.domain import System
from plumbline.profile import decisions
from plumbline.store import systems
from plumbline.store.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

PAGE = 100


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """One page of decisions; ``next`` continues after it, None at the end."""

    system: System
    rows: pd.DataFrame
    next: tuple[Any, int, int] | None


def find(
    ws: Workspace,
    key: str,
    filters: Sequence[tuple[str, str, str]] = (),
    *,
    order: str = "-timestamp",
    limit: int = PAGE,
    after: tuple[Any, int, int] | None = None,
) -> DecisionPage:
    """A page of decisions, newest first unless ordered otherwise; see ``profile.decisions.find``.

    Raises:
        PlumblineError: no such system, column or operator.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        frame = decisions.find(cursor, system, filters, order, limit, after)
    more = decisions.page_end(frame, order) if len(frame) == limit else None
    return DecisionPage(system, frame, more)


def one(ws: Workspace, key: str, decision_id: str) -> dict[str, Any]:
    """Everything logged about one decision.

    Raises:
        PlumblineError: no such system or decision.
    """
    with ws.read() as cursor:
        return decisions.one(cursor, systems.get_system(cursor, key), decision_id)
