"""Building, rebuilding and dropping the stored profiles, inside the caller's transaction.

What is stored is a function of the decision table and the reference alone: undoing a load and loading it
again gives the same tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import duckdb

from plumbline.domain import Kind, System, Task
from plumbline.profile import grids as features
from plumbline.profile.bins import (
    drop_grids,
    ensure_bins,
    forget_bins,
    has_new_basis,
    keep_grids,
    make_grids,
    merge_basis,
    profiled_columns,
    read_grids,
)
from plumbline.profile.cluster.counts import count_in_cluster
from plumbline.profile.constants import ERROR, MAX_LEVELS
from plumbline.profile.count import activity_sql, outcome_sql, stream, to_arrow
from plumbline.profile.count.categorical import Levels, distinct
from plumbline.profile.count.completeness import MissingRows, PresenceCounter
from plumbline.profile.count.numeric import Numbers
from plumbline.profile.count.outcomes import OutcomeCounter
from plumbline.profile.feature_counts import count_later, keep_seen
from plumbline.profile.grids import Grid
from plumbline.profile.scope import all_rows, load_scope
from plumbline.profile.stored_counts import insert_counts, keep_counts
from plumbline.store.backup.state_digest import mark_profiles, note_changes
from plumbline.store.sql import decision_table

_LABEL = "label"
_COLUMNS = {
    "profile_outcome": outcome_sql.OUTCOME_COLUMNS,
    "profile_confusion": outcome_sql.CONFUSION_COLUMNS,
    "profile_hour": activity_sql.HOUR_COLUMNS,
    "profile_presence": activity_sql.PRESENCE_COLUMNS,
    "profile_delay": activity_sql.DELAY_COLUMNS,
}
_TABLES = ("profile_feature", *_COLUMNS)


def on_load(cursor: duckdb.DuckDBPyConnection, system: System, load_id: int) -> None:
    """What the loader calls when a load's decisions are in the table: profiles are up to date after it.

    The grids are remade, and every load counted anew, when the load put rows into the reference.
    Set the system's reference first where the load gives it.
    """
    if has_new_basis(cursor, system) or _has_respelled_class(cursor, system):
        rebuild(cursor, system)
        return
    changed = ensure_bins(cursor, system)
    others = [load for load in profiled_loads(cursor, system) if load != load_id]
    build(cursor, system, load_id)
    if changed and others:
        note_changes(cursor, system.key, others)  # their other counts stay, and are digested anew with these
        _recount(cursor, system, others, changed)
    relabelled = _relabelled_loads(cursor, system, load_id)
    if relabelled:
        rebuild_outcomes(cursor, system, relabelled)


def _has_respelled_class(cursor: duckdb.DuckDBPyConnection, system: System) -> bool:
    """Whether the grids hold a class that no decision has any more: two spellings of one became one."""
    if system.task is Task.REGRESSION:
        return False
    known = {*system.classes, ""}
    return any(
        not known >= set(grid.bins.levels)
        for grid in read_grids(cursor, system)
        if grid.column in ("prediction", _LABEL)
    )


def _relabelled_loads(cursor: duckdb.DuckDBPyConnection, system: System, load_id: int) -> list[int]:
    """The earlier loads whose decisions this one repeated with a label that holds now."""
    rows = cursor.execute(
        f"""SELECT DISTINCT _load_id FROM {decision_table(system.key)}
            WHERE _label_load = ? AND _load_id <> ? ORDER BY 1""",
        [load_id, load_id],
    ).fetchall()
    return [int(row[0]) for row in rows]


def on_undo(cursor: duckdb.DuckDBPyConnection, system: System, load_id: int, altered: bool = False) -> None:
    """What undoing calls once the load's decisions are gone: drops its profiles, and remakes the grids
    where they rested on it.

    ``altered``: columns that the load brought went with it, or count from a later load now; decisions of later
    loads then lack no feature that only this one had.
    """
    known = {column for column, _, _ in profiled_columns(cursor, system)} | {ERROR}
    grids = read_grids(cursor, system)
    rested = any(grid.basis == f"load {load_id}" for grid in grids if grid.column in known)
    drop(cursor, system, load_id)
    drop_grids(cursor, system, [grid.column for grid in grids if grid.column not in known])
    later = any(other > load_id for other in profiled_loads(cursor, system))
    if rested or (altered and later) or has_new_basis(cursor, system):
        rebuild(cursor, system)


def on_erasure(cursor: duckdb.DuckDBPyConnection, system: System, load_ids: Sequence[int]) -> None:
    """What erasing calls once decisions of these loads are gone: counts are as if they had never been there."""
    bases = {f"load {load_id}" for load_id in load_ids}
    if has_new_basis(cursor, system) or any(grid.basis in bases for grid in read_grids(cursor, system)):
        rebuild(cursor, system)
        return
    present = loads_present(cursor, system)
    for load_id in load_ids:
        if load_id in present:
            build(cursor, system, load_id)
        else:
            drop(cursor, system, load_id)


def on_merge(cursor: duckdb.DuckDBPyConnection, system: System, load_id: int, gone: Sequence[int]) -> None:
    """What merging calls once the decisions of some loads are those of one: its counts are theirs together."""
    drop(cursor, system, *gone)
    build(cursor, system, load_id)
    merge_basis(cursor, system, load_id, gone)


def build(cursor: duckdb.DuckDBPyConnection, system: System, load_id: int) -> None:
    """Count one load on the frozen grids, in place of what was counted before."""
    drop(cursor, system, load_id)
    grids = read_grids(cursor, system)
    _count(cursor, system, load_id, grids, grids, True)


def rebuild(cursor: duckdb.DuckDBPyConnection, system: System) -> None:
    """Make the grids anew and count every load; for when the reference, or what is in it, changed."""
    mark_profiles(cursor, system.key)
    for table in _TABLES:
        cursor.execute(f"DELETE FROM {table} WHERE system = ?", [system.key])
    forget_bins(cursor, system)
    ensure_bins(cursor, system)
    for load_id in loads_present(cursor, system):
        build(cursor, system, load_id)


def rebuild_outcomes(
    cursor: duckdb.DuckDBPyConnection, system: System, load_ids: Iterable[int], since: date | None = None
) -> None:
    """Count labels anew for the loads whose decisions got or lost them, on a day or later (None: on any).

    The grid of the label follows the reference's labels: when those changed, every load is counted anew.
    """
    if has_new_basis(cursor, system):
        rebuild(cursor, system)
        return
    load_ids = list(load_ids)
    columns = [(_LABEL, Kind.NUMERIC if system.task is Task.REGRESSION else Kind.CATEGORICAL, 0)]
    stored_grids = {grid.column: _row(grid) for grid in read_grids(cursor, system)}
    grids = [
        grid for grid in make_grids(cursor, system, columns) if stored_grids.get(grid.column) != _row(grid)
    ]
    keep_grids(cursor, system, grids)
    changed = {_LABEL, *(grid.column for grid in grids)}
    _recount(
        cursor,
        system,
        profiled_loads(cursor, system) if grids else load_ids,
        changed,
        None if grids else since,
    )


def shorten(
    cursor: duckdb.DuckDBPyConnection, system: System, last: date, label_loss: date | None = None
) -> None:
    """Counts of a log whose end was taken away: those of days before it stay, all others go or are counted anew.

    Where the reference, or the decisions that a grid rests on, lost something too, everything is counted anew.

    Args:
        last: the last day that has decisions still, perhaps not all of them.
        label_loss: the first day on which decisions lost their labels; None: none did.
    """
    grids = read_grids(cursor, system)
    shortened = _loads_since(cursor, system, last)
    rested = any(grid.basis in {f"load {load_id}" for load_id in shortened} for grid in grids)
    if rested or has_new_basis(cursor, system):
        rebuild(cursor, system)
        return
    for table in _TABLES:
        cursor.execute(f"DELETE FROM {table} WHERE system = ? AND {_day(table)} > ?", [system.key, last])
    _recount(cursor, system, shortened, {grid.column for grid in grids}, last)
    if label_loss is not None:
        rebuild_outcomes(cursor, system, _loads_since(cursor, system, label_loss), label_loss)


def _loads_since(cursor: duckdb.DuckDBPyConnection, system: System, day: date) -> list[int]:
    """The loads that are counted on a day or later."""
    rows = cursor.execute(
        "SELECT DISTINCT load_id FROM profile_hour WHERE system = ? AND hour >= ? ORDER BY 1",
        [system.key, day],
    ).fetchall()
    return [int(row[0]) for row in rows]


def _day(table: str) -> str:
    """The SQL of the day in a table of counts."""
    return "CAST(hour AS DATE)" if table == "profile_hour" else "day"


def drop(cursor: duckdb.DuckDBPyConnection, system: System, *load_ids: int) -> None:
    """Take the counts of some loads out of every profile."""
    loads = [int(load_id) for load_id in load_ids]
    mark_profiles(cursor, system.key, loads)
    for table in _TABLES:
        where = "system = ? AND load_id BETWEEN ? AND ? AND list_contains(?::INTEGER[], load_id)"
        cursor.execute(f"DELETE FROM {table} WHERE {where}", [system.key, min(loads), max(loads), loads])


def loads_present(cursor: duckdb.DuckDBPyConnection, system: System) -> list[int]:
    """The loads that have decisions in the table."""
    rows = cursor.execute(f"SELECT DISTINCT _load_id {all_rows(system).rows} ORDER BY 1").fetchall()
    return [int(row[0]) for row in rows if row[0] is not None]


def profiled_loads(cursor: duckdb.DuckDBPyConnection, system: System) -> list[int]:
    """The loads that have been counted."""
    rows = cursor.execute(
        "SELECT DISTINCT load_id FROM profile_hour WHERE system = ? ORDER BY 1", [system.key]
    ).fetchall()
    return [int(row[0]) for row in rows]


def _row(grid: Grid) -> tuple[Any, ...]:
    bins = grid.bins
    return tuple(bins.edges), bins.levels, bins.decile_cells, grid.basis, grid.rows_available, grid.rows_used


def _recount(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    load_ids: Sequence[int],
    columns: Iterable[str],
    since: date | None = None,
) -> None:
    """Count some columns, and the outcomes where they are among them, anew for some loads, of all days or since one."""
    wanted, grids = set(columns), read_grids(cursor, system)
    mark_profiles(cursor, system.key, load_ids)
    decided = bool(wanted & {"score", _LABEL})
    for load_id in load_ids:
        for table in _TABLES:
            by_feature = table == "profile_feature"
            if not by_feature and not decided:
                continue
            condition = "AND list_contains($columns, col)" if by_feature else ""
            condition += f" AND {_day(table)} >= $since" if since else ""
            params = {"system": system.key, "load": load_id}
            params |= ({"columns": [*wanted]} if by_feature else {}) | ({"since": since} if since else {})
            cursor.execute(
                f"DELETE FROM {table} WHERE system = $system AND load_id = $load {condition}", params
            )
        _count(
            cursor, system, load_id, grids, [grid for grid in grids if grid.column in wanted], decided, since
        )


def _count(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    load_id: int,
    grids: list[Grid],
    wanted: Sequence[Grid],
    decided: bool,
    since: date | None = None,
) -> None:
    """Count the columns of some grids, and what was decided where that is wanted too, of a load, or of its days since
    one; where its decisions lie in a cluster, there."""
    away = count_in_cluster(cursor, system, load_id, grids, wanted, decided, since)
    if away is None:
        _count_locally(cursor, system, load_id, grids, wanted, decided, since)
        return
    for table, counted_rows in away.tables():
        keep_counts(cursor, table, _COLUMNS.get(table, features.COLUMNS), system, load_id, counted_rows)


def _count_locally(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    load_id: int,
    grids: list[Grid],
    wanted: Sequence[Grid],
    decided: bool,
    since: date | None,
) -> None:
    """Count the columns of some grids, and what was decided where that is wanted too, in one scan of the load, or of
    its days since one.

    The levels and classes looked for are those of the grids; where the load holds others, these columns are counted
    once more with its own. What NumPy does not count takes a statement of its own.
    """
    known = [grid for grid in wanted if grid.column != ERROR and grid.first_load <= load_id]
    scope, names = load_scope(system, load_id, since), [grid.column for grid in grids]
    levels: dict[str, Sequence[str] | None] = {
        grid.column: grid.bins.levels if len(grid.bins.levels) < MAX_LEVELS else None
        for grid in grids if grid.bins.kind is Kind.CATEGORICAL
    }  # fmt: skip
    how = outcome_sql.losses(cursor, system, next((g for g in grids if g.column == "score"), None))

    def classes() -> OutcomeCounter | None:
        predictions, labels = levels.get("prediction"), levels.get(_LABEL)
        if system.task is Task.REGRESSION or predictions is None or labels is None:
            return None
        if how.probability is not None and not how.cells:
            return None  # several classes' probabilities
        return OutcomeCounter(cursor, system, scope, how, predictions, labels)

    def counter_of(grid: Grid) -> Numbers | Levels | None:
        if grid.bins.kind is Kind.NUMERIC:
            return Numbers(grid)
        level_names = levels[grid.column]
        return (
            Levels(grid, level_names, f"levels_{names.index(grid.column)}")
            if level_names is not None
            else None
        )

    columns = [counter for grid in known if (counter := counter_of(grid)) is not None]
    together, *later = stream.portions(cursor, scope, columns)
    lacking = MissingRows()
    done = count_later(cursor, system, load_id, scope, later, lacking)
    presence = [PresenceCounter(cursor, system, scope, load_id, together, lacking)] if decided else []
    counted = classes() if decided else None
    groups = stream.count_rows(cursor, scope, [*together, *presence, *([counted] if counted else [])])
    done |= keep_seen(cursor, system, load_id, groups, together)
    for each in presence if groups.numbers else ():
        counts_by_group = to_arrow.group_table(groups, each.rows())
        keep_counts(
            cursor, "profile_presence", activity_sql.PRESENCE_COLUMNS, system, load_id, counts_by_group
        )
    if counted and not counted.unseen:
        _store_outcome_counts(cursor, system, load_id, groups, counted)
        decided = False
    rest = [grid for grid in known if grid.column not in done]
    outputs = ("prediction", _LABEL) if decided and system.task is not Task.REGRESSION else ()
    levels |= {column: distinct(cursor, scope, column) for column in {g.column for g in rest} | {*outputs}}
    again = [counter for grid in rest if (counter := counter_of(grid)) is not None]
    counted = classes() if decided else None
    together, *later = stream.portions(cursor, scope, again)
    groups = stream.count_rows(cursor, scope, [*together, *([counted] if counted else [])])
    keep_seen(cursor, system, load_id, groups, together)
    count_later(cursor, system, load_id, scope, later)
    if counted:
        _store_outcome_counts(cursor, system, load_id, groups, counted)
    for grid in rest:
        if levels[grid.column] is None:
            sql, params = features.categorical(grid, scope)
            insert_counts(cursor, "profile_feature", features.COLUMNS, system, load_id, sql, params)
    if decided and not counted:
        for table, statement in (
            ("profile_outcome", outcome_sql.outcome_statement(system, scope, how)),
            ("profile_confusion", outcome_sql.confusion_statement(system, scope)),
            ("profile_hour", activity_sql.hour_statement(system, scope)),
            ("profile_delay", activity_sql.delay_statement(scope)),
        ):
            insert_counts(cursor, table, _COLUMNS[table], system, load_id, *statement)


def _store_outcome_counts(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    load_id: int,
    groups: stream.Groups,
    counted: OutcomeCounter,
) -> None:
    if not groups.numbers:
        return
    for table, rows in (
        ("profile_outcome", to_arrow.group_table(groups, counted.outcome())),
        ("profile_confusion", to_arrow.confusion(groups, counted)),
        ("profile_hour", to_arrow.hours(groups, counted)),
        ("profile_delay", to_arrow.group_table(groups, counted.delay())),
    ):
        keep_counts(cursor, table, _COLUMNS[table], system, load_id, rows)
