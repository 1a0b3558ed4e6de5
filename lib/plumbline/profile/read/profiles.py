"""Reading profiles: stored ones by day, or, for filters and odd hours, counted on the fly by the same SQL.

Arm "shadow" is left out unless the slice names it; hours of versions and their arms are always all there.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import duckdb

from plumbline.domain import CompletenessProfile, DelayProfile, Slice, System, VersionHours
from plumbline.profile.arrays import Rows, fetch, groups, sums
from plumbline.profile.cluster import scans
from plumbline.profile.constants import DELAY_CELLS
from plumbline.profile.count import activity_sql
from plumbline.profile.read.features import feature_profiles
from plumbline.profile.read.outcomes import outcome_profile
from plumbline.profile.scope import Scope, is_stored, slice_scope, stored_condition
from plumbline.store.systems import saved_mapping
from plumbline.store.workspace import aware

__all__ = ["completeness", "delays", "feature_profiles", "outcome_profile", "version_hours"]
_ALL = Slice()


def _rows(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    part: Slice,
    table: str,
    columns: str,
    statement: Any,
    order: str,
    *,
    shadow: bool = False,
) -> Rows:
    """Stored rows of a slice, or the same columns counted now by ``statement(scope)``."""
    if is_stored(part):
        condition, params = stored_condition(system, part, shadow=shadow)
        return fetch(
            cursor, f"SELECT {columns} FROM {table} WHERE {condition} ORDER BY {order}, load_id", params
        )
    scope: Scope = slice_scope(cursor, system, part, shadow=shadow)
    sql, params = statement(scope)
    return fetch(cursor, f"SELECT {columns} FROM ({sql}) ORDER BY {order}", params)


def completeness(
    cursor: duckdb.DuckDBPyConnection, system: System, part: Slice = _ALL
) -> CompletenessProfile:
    """How much of each decision is logged, by day and version; shadow decisions count too.

    A role is absent from ``present`` when neither the saved mappings nor any decision know it.
    """
    rows = _rows(
        cursor,
        system,
        part,
        "profile_presence",
        activity_sql.PRESENCE_COLUMNS,
        lambda scope: activity_sql.presence_statement(cursor, system, scope),
        "day, version, arm",
        shadow=True,
    )
    keys, starts = groups(list(zip(rows.plain["day"], rows.plain["version"], strict=True)))
    counts = sums(rows.matrix("present", len(activity_sql.PRESENCE)), starts)
    known = _known_roles(cursor, system)
    return CompletenessProfile(
        days=tuple(day for day, _ in keys),
        versions=tuple(version for _, version in keys),
        n=sums(rows.plain["n"], starts),
        present={name: counts[:, i] for i, name in enumerate(activity_sql.PRESENCE) if name in known},
        hours=sums(rows.matrix("hours", 24), starts),
    )


def _known_roles(cursor: duckdb.DuckDBPyConnection, system: System) -> set[str]:
    known = set()
    for kind in ("decisions", "labels"):
        mapping = saved_mapping(cursor, system.key, kind)
        known |= {c.role.role for c in mapping.columns} if mapping else set()
    row = cursor.execute(
        f"""SELECT [{", ".join(f"sum(present[{i + 1}])" for i in range(len(activity_sql.PRESENCE)))}]
            FROM profile_presence WHERE system = ?""",
        [system.key],
    ).fetchone()
    names = {name for name, n in zip(activity_sql.PRESENCE, row[0], strict=True) if n} if row else set()
    spelled = {"feature": "features", "attribution": "explanation"}
    return names | {spelled.get(role, role) for role in known}


def version_hours(cursor: duckdb.DuckDBPyConnection, system: System) -> VersionHours:
    """Decisions by hour, version and arm, shadow included."""
    rows = fetch(
        cursor,
        """SELECT hour, version, arm, min(first_at) AS first_at, max(last_at) AS last_at,
                  max(trained) AS trained, sum(n)::BIGINT AS n, sum(positives) AS positives,
                  sum(n_labelled)::BIGINT AS n_labelled, sum(correct)::BIGINT AS correct
           FROM profile_hour WHERE system = $system GROUP BY hour, version, arm
           ORDER BY hour, version, arm""",
        {"system": system.key},
    )
    plain = rows.plain
    return VersionHours(
        hours=plain["hour"],
        versions=tuple(plain["version"]),
        arms=tuple(plain["arm"]),
        first=plain["first_at"],
        last=plain["last_at"],
        trained=plain["trained"].astype("datetime64[us]"),
        n=plain["n"],
        positives=plain["positives"],
        n_labelled=plain["n_labelled"],
        correct=plain["correct"],
    )


def load_spans(cursor: duckdb.DuckDBPyConnection, system: System) -> dict[int, tuple[datetime, datetime]]:
    """Load -> the times of its first and last decision."""
    rows = cursor.execute(
        "SELECT load_id, min(first_at), max(last_at) FROM profile_hour WHERE system = ? GROUP BY 1",
        [system.key],
    ).fetchall()
    return {int(load): (aware(first), aware(last)) for load, first, last in rows}


def positive_delays(
    cursor: duckdb.DuckDBPyConnection, system: System, positive: str, part: Slice = _ALL
) -> list[tuple[date, int, int]]:
    """Day of decision, whole days until the label, and how many labels of the positive class took so long.

    A scan of the decisions, where they lie: no profile has delays by class.
    """
    away = scans.positive_delays(cursor, system, positive) if part == _ALL else None
    if away is not None:
        return away
    sql, params = activity_sql.positive_delay_statement(slice_scope(cursor, system, part), positive)
    return [(day, int(k), int(n)) for day, k, n in cursor.execute(sql, params).fetchall()]


def delays(cursor: duckdb.DuckDBPyConnection, system: System, part: Slice = _ALL) -> DelayProfile:
    """How many whole days labels took, by day of decision."""
    rows = _rows(
        cursor,
        system,
        part,
        "profile_delay",
        activity_sql.DELAY_COLUMNS,
        activity_sql.delay_statement,
        "day, version, arm",
    )
    days, starts = groups(rows.plain["day"])
    return DelayProfile(
        tuple(days),
        sums(rows.matrix("counts", DELAY_CELLS), starts),
        sums(rows.plain["n"], starts),
    )
