"""What is to be counted of a system's decisions, from its grids; not needed where the counting is done."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from plumbline.domain import System, Task
from plumbline.logs.mapping.classes import fold
from plumbline.profile.count import outcome_sql
from plumbline.profile.grids import Grid
from plumbline.profile.partial.plan import BinnedPart, CountPlan
from plumbline.store.systems import decision_columns


def count_plan(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    grids: Sequence[Grid],
    wanted: Sequence[Grid],
    *,
    decided: bool = True,
) -> CountPlan:
    """What is counted of the columns of some grids.

    Args:
        grids: all grids of the system.
        decided: whether what was decided and what came true is counted as well.
    """
    how = outcome_sql.losses(cursor, system, next((g for g in grids if g.column == "score"), None))
    several = system.task is Task.MULTICLASS and how.probability is not None
    named = [c.role.name for c in decision_columns(cursor, system.key) if c.role.role == "proba"]
    return CountPlan(
        columns=tuple(BinnedPart(grid.column, grid.bins) for grid in wanted),
        decided=decided,
        regression=system.task is Task.REGRESSION,
        positive=system.positive if system.task is Task.BINARY else None,
        losses=how.cells,
        probabilities=tuple(named) if several else (),
        spelling={} if system.task is Task.REGRESSION else {fold(c): c for c in system.classes},
    )
