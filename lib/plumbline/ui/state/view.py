"""What the bar above the page chose: the one thing a page starts from."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from plumbline.charts.style import Mode
from plumbline.domain import Slice, System
from plumbline.store.workspace import Changes, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The bar's choice of this run. Times are UTC; ``start`` <= t < ``end``, None is no bound."""

    ws: Workspace
    changes: Changes  # of the workspace, as this page shows it: the key of every cache
    mode: Mode
    systems: tuple[System, ...]
    system: System | None = None
    start: datetime | None = None
    end: datetime | None = None
    version: str | None = None
    chunk: str | None = None  # day, week, month; None: chosen from the data
    where: tuple[tuple[str, str], ...] = ()
    scratch: bool = False  # ws is this session's own and ends with it
    own: Changes = field(default_factory=Changes)  # as ``changes``, of the chosen system alone

    @property
    def slice(self) -> Slice:
        """The chosen window, version and filters as the answers take them."""
        return Slice(self.start, self.end, self.version, None, self.where)

    @property
    def is_narrowed(self) -> bool:
        """Whether less than the whole log of the system is meant."""
        return bool(self.start or self.end or self.version or self.where)


CURRENT: ContextVar[View | None] = ContextVar("plumbline_view", default=None)
