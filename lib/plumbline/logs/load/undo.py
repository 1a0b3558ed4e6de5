"""Taking a load back: its rows go, and labels are what they were without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb

from plumbline.domain import Load, PlumblineError, System
from plumbline.domain.acts import Act
from plumbline.domain.messages import Day, message
from plumbline.logs.cluster import attachments
from plumbline.logs.cluster.classes import counted_classes
from plumbline.logs.load.label_history import withdraw
from plumbline.logs.load.reference_period import settle_reference
from plumbline.logs.mapping.classes import settle_classes
from plumbline.store import loads, systems, trail
from plumbline.store.backup import state_digest
from plumbline.store.cache.samples import forget_draws
from plumbline.store.models import attributions
from plumbline.store.sql import decision_table
from plumbline.store.workspace import Workspace
from plumbline.wording.quantities import count, plural

#: called with (cursor, system, the load, other loads whose labels changed, whether columns went or count from a
#: later load now) in the undo's own transaction
AfterUndo = Callable[[duckdb.DuckDBPyConnection, System, Load, Sequence[int], bool], None]


def undo(
    ws: Workspace, load_id: int, *, actor: str, pushes: int | None = None, after: AfterUndo | None = None
) -> int:
    """Take a load back in one transaction.

    Decisions: its rows are deleted, with the columns that only it has, and what its repeats said of other decisions
    is withdrawn. Labels: each
    decision gets the label that it would have without the file. The register keeps the load, marked as undone;
    its quarantine goes.

    Args:
        pushes: of how many pushes the caller knows the load to be; None: of one, or a file.
        after: takes the load out of the profiles; gets the other loads whose rows changed their label.

    Returns:
        decisions removed, or for a labels file labels taken back.

    Raises:
        PlumblineError: there is no such load, it was undone before, it is of other pushes than was said, or a retry of
            its quarantine stands.
    """
    with ws.write() as cursor:
        load = loads.get_load(cursor, load_id)
        if load.undone_at:
            raise PlumblineError(
                message(
                    "Load {load_id} was undone on {undone_at}",
                    load_id=str(load_id),
                    undone_at=Day(load.undone_at),
                ),
                todo="Load the file again to have it back.",
            )
        _require_push_count(load, pushes)
        later = loads.retries_of(cursor, load_id)
        if later:
            raise PlumblineError(
                message(
                    "Load {later} was made of rows of load {load_id}'s quarantine",
                    later=str(later[-1]),
                    load_id=str(load_id),
                ),
                todo=message("Take back load {later} first.", later=str(later[-1])),
            )
        attachments.refuse_early_undo(cursor, load)
        system = systems.get_system(cursor, load.system)
        table = decision_table(system.key)
        altered = systems.remove_columns_of_load(
            cursor, system.key, load_id, _first_load_by_column(cursor, system.key, load_id)
        )
        removed = _remove_rows(cursor, table, load_id) if load.kind == "decisions" else 0
        settled = withdraw(cursor, system, load_id)
        removed = removed if load.kind == "decisions" else settled.joined
        touched = settled.loads
        attributions.forget_load(cursor, load_id)
        attachments.forget_load(cursor, load_id)
        forget_draws(cursor, system.key)
        loads.mark_undone(cursor, load_id)
        system = settle_reference(
            cursor, settle_classes(cursor, system, counted=counted_classes(cursor, system))
        )
        if after:
            after(cursor, system, load, touched, altered)
        state_digest.drop(cursor, system.key, load_id)
        detail = {"load_id": load_id, "file": load.file, "kind": load.kind, "rows_removed": removed}
        detail |= state_digest.seal(cursor, system.key)
        trail.append(cursor, actor=actor, action=Act.UNDONE, system=system.key, detail=detail)
    return removed


def _require_push_count(load: Load, pushes: int | None) -> None:
    """A load keeps its number while later pushes are merged into it: who takes it back says how many there were."""
    if load.pushes == pushes or (pushes is None and load.pushes <= 1):
        return
    of = plural(load.pushes, "push", "pushes") if load.pushes else "a file"
    raise PlumblineError(
        message(
            "Load {load_id} is of {of}, {rows_read} rows in all, and they are taken back together",
            load_id=str(load.load_id),
            of=of,
            rows_read=count(load.rows_read),
        ),
        todo=message("Say that you mean them all: --pushes {pushes}.", pushes=str(load.pushes)),
    )


def _first_load_by_column(cursor: duckdb.DuckDBPyConnection, key: str, but: int) -> dict[str, int]:
    """Column -> the first load that stands and names it, one load left out."""
    first: dict[str, int] = {}
    for load_id, schema in loads.schemas(cursor, key):
        for name in schema if load_id != but else ():
            first.setdefault(name, load_id)
    return first


def _remove_rows(cursor: duckdb.DuckDBPyConnection, table: str, load_id: int) -> int:
    row = cursor.execute(f"DELETE FROM {table} WHERE _load_id = ?", [load_id]).fetchone()
    return int(row[0]) if row else 0
