"""What a person said of a file before the rest of it is guessed."""

from __future__ import annotations

from dataclasses import dataclass

from plumbline.domain import Task


@dataclass(frozen=True, slots=True)
class StatedRoles:
    """``maps``: (column, role) as a person says it, e.g. ``("sex", "protected:sex")``; a column may have several.

    ``order``: what comes first in dates, ``day`` or ``month``, or ``excel`` for dates as its serial numbers; empty:
    not said.
    """

    maps: tuple[tuple[str, str], ...] = ()
    task: Task | None = None
    order: str = ""
