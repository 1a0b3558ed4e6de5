"""The piece of the Logs page about columns that came, went or changed their kind."""

from __future__ import annotations

from collections.abc import Sequence

from plumbline.domain import SchemaChange
from plumbline.ui.parts import cards, tables
from plumbline.ui.parts.escape import one_line
from plumbline.wording.language import phrase


def table(changes: Sequence[SchemaChange]) -> None:
    """Changes from load to load, the newest first; nothing where the columns stayed the same."""
    if not changes:
        return
    cards.section(
        phrase("Columns that changed"), phrase("Nothing is stopped by it: see what each means for the rows.")
    )
    tables.grid(
        [
            {
                "Load": change.load_id,
                "Column": one_line(change.source, 60),
                "Role": one_line(change.column, 60),
                "Change": change.change,
                "Meaning": one_line(change.said, 160),
            }
            for change in reversed(changes)
        ],
        alt=phrase("Columns that changed: load, column, role, change, what it means"),
    )
