"""Which inputs moved in one group alone, from a bounded sample of rows, kept until the decisions change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from plumbline.answers.cache import memoise
from plumbline.domain import FeatureProfile, Kind, System
from plumbline.monitor.drift.group_shift import GroupShift, group_shifts
from plumbline.profile.bins import OUTPUTS
from plumbline.profile.scan.grouped_inputs import sample_grouped_rows
from plumbline.store.workspace import Cursor

INPUTS = 12  # numeric inputs looked at


def shifts_of_groups(
    cursor: Cursor, system: System, features: Sequence[FeatureProfile], until: datetime
) -> tuple[GroupShift, ...]:
    """Numeric inputs that moved in one group of a segment or protected column, and not in the others."""
    reference = system.reference
    bins = [p.bins for p in features if p.bins.kind is Kind.NUMERIC and len(p.bins.decile_cells) > 1]
    bins = [grids for grids in bins if grids.feature not in OUTPUTS][:INPUTS]
    if reference is None or not bins:
        return ()

    def make() -> tuple[GroupShift, ...]:
        rows = sample_grouped_rows(cursor, system, [grids.feature for grids in bins])
        if rows is None:
            return ()
        grids = [grid for grid in bins if grid.feature in rows.names]
        return group_shifts(rows, grids, reference=reference, until=until)

    question = f"groups' shifts of {[t.isoformat() for t in reference]} until {until.isoformat()}"
    return memoise(cursor, system, question, tuple[GroupShift, ...], make)
