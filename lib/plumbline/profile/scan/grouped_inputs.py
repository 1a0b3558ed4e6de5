"""Rows with their groups: a sample of numeric inputs beside the columns that split decisions into few groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import duckdb
import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, IntArray, Kind, Slice, System
from plumbline.domain.decisions import bare_name
from plumbline.profile.bins import feature_name, profiled_columns
from plumbline.profile.scan.exact import sample_with_groups
from plumbline.profile.scope import slice_scope
from plumbline.store.sql import ident
from plumbline.store.systems import decision_columns

#: columns that split decisions looked at; values of one, the commonest; rows of the whole log, sampled by hash beyond
COLUMNS, GROUPS, ROWS = 6, 12, 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedRows:
    """Rows with ``day`` (n,), the numeric inputs' ``values`` (n, names), NaN where missing, and for each column of
    ``columns`` the group of each row, ``codes`` (n, columns), a place in its ``groups`` or -1."""

    day: NDArray[np.datetime64]
    names: tuple[str, ...]
    values: FloatArray
    columns: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    codes: IntArray


def sample_grouped_rows(
    cursor: duckdb.DuckDBPyConnection, system: System, names: Sequence[str], rows: int = ROWS
) -> GroupedRows | None:
    """A sample of about ``rows`` decisions; None where no column splits them into groups.

    Segments and protected columns of text count, each by its commonest values; one value alone is no group.
    """
    groups_by_column = (
        (column.name, groups)
        for column in decision_columns(cursor, system.key)
        if column.role.role in ("segment", "protected")
        and column.kind is Kind.CATEGORICAL
        and len(groups := _commonest(cursor, system, column.name)) > 1
    )
    split = list(islice(groups_by_column, COLUMNS))  # each is a scan
    numeric = {feature_name(c): c for c, kind, _ in profiled_columns(cursor, system) if kind is Kind.NUMERIC}
    known = [name for name in names if name in numeric]
    if not split or not known:
        return None
    day, values, codes = sample_with_groups(
        cursor, system, [numeric[name] for name in known], dict(split), rows
    )
    return GroupedRows(
        day=day,
        names=tuple(known),
        values=values,
        columns=tuple(bare_name(column) for column, _ in split),
        groups=tuple(groups for _, groups in split),
        codes=codes,
    )


def _commonest(cursor: duckdb.DuckDBPyConnection, system: System, column: str) -> tuple[str, ...]:
    scope = slice_scope(cursor, system, Slice())
    rows = cursor.execute(
        f"""SELECT {ident(column)}::VARCHAR AS own {scope.rows} AND {ident(column)} IS NOT NULL
            GROUP BY own ORDER BY count(*) DESC, own LIMIT {GROUPS}""",
        scope.params,
    ).fetchall()
    return tuple(str(name) for (name,) in rows)
