"""Nested columns of a Parquet file as columns of their own: ``inputs.age``, ``scores.0``, ``tags.region``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.logs.files.sniff import unique_names
from plumbline.store.sql import ident, literal

#: more columns than this are not unfolded: the record holds a table, or keys that are values
MOST_COLUMNS = 1000
#: longer lists stay one column of text
LONGEST_LIST = 64


@dataclass(frozen=True, slots=True)
class Leaf:
    """One column of the unfolded table: its name, the SQL of its cell, DuckDB's type of it."""

    name: str
    cell: str
    kind: str


def unfold(connection: duckdb.DuckDBPyConnection, source: str) -> list[Leaf]:
    """The columns of a FROM item with structs, short lists and maps taken apart.

    Raises:
        PlumblineError: more than MOST_COLUMNS columns come out.
        duckdb.Error: the item cannot be read.
    """
    relation = connection.sql(f"SELECT * FROM {source}")
    items = [(name, ident(name), kind) for name, kind in zip(relation.columns, relation.types, strict=True)]
    while any(_is_nested(kind) for _, _, kind in items):
        items = _unfold_level(connection, source, items)
        if len(items) > MOST_COLUMNS:
            raise width_error(len(items))
    names = unique_names([name for name, _, _ in items])
    return [
        Leaf(name, f"CAST({cell} AS VARCHAR)" if isinstance(kind, str) else cell, str(kind))
        for name, (_, cell, kind) in zip(names, items, strict=True)
    ]


def width_error(columns: int) -> PlumblineError:
    """The refusal of records that unfold to too much."""
    return PlumblineError(
        message(
            "The records unfold to {columns} columns, more than {most_columns}",
            columns=str(columns),
            most_columns=str(MOST_COLUMNS),
        ),
        todo="Export one flat row a decision.",
    )


def _is_nested(kind: Any) -> bool:
    return not isinstance(kind, str) and kind.id in ("struct", "list", "array", "map")


def _unfold_level(
    connection: duckdb.DuckDBPyConnection, source: str, items: Sequence[tuple[str, str, Any]]
) -> list[tuple[str, str, Any]]:
    lengths = _lengths(connection, source, [cell for _, cell, kind in items if _is(kind, "list", "array")])
    keys = _keys(connection, source, [cell for _, cell, kind in items if _is(kind, "map")])
    leaves: list[tuple[str, str, Any]] = []
    for name, cell, kind in items:
        if _is(kind, "struct"):
            leaves += [
                (f"{name}.{key}", f"struct_extract({cell}, {literal(key)})", child)
                for key, child in kind.children
            ]
        elif _is(kind, "list", "array") and lengths[cell] <= LONGEST_LIST:
            child = kind.children[0][1]
            leaves += [(f"{name}.{i}", f"{cell}[{i + 1}]", child) for i in range(lengths[cell])]
        elif _is(kind, "map") and len(keys[cell]) <= LONGEST_LIST:
            value = kind.children[1][1]
            leaves += [
                (f"{name}.{key}", f"map_extract_value({cell}, {literal(key)})", value) for key in keys[cell]
            ]
        elif _is_nested(kind):
            leaves.append((name, cell, "VARCHAR"))  # as text
        else:
            leaves.append((name, cell, kind))
    return leaves


def _is(kind: Any, *names: str) -> bool:
    return not isinstance(kind, str) and kind.id in names


def _lengths(connection: duckdb.DuckDBPyConnection, source: str, cells: list[str]) -> dict[str, int]:
    if not cells:
        return {}
    wanted = ", ".join(f"coalesce(max(len({cell})), 0)" for cell in cells)
    row = connection.execute(f"SELECT {wanted} FROM {source}").fetchone() or ()
    return {cell: int(n) for cell, n in zip(cells, row, strict=True)}


def _keys(connection: duckdb.DuckDBPyConnection, source: str, cells: list[str]) -> dict[str, list[str]]:
    """Each map's keys as text; more than LONGEST_LIST where there are too many."""
    keys = {}
    for cell in cells:
        rows = connection.execute(
            f"""SELECT DISTINCT CAST(k AS VARCHAR) FROM (SELECT unnest(map_keys({cell})) AS k FROM {source})
                WHERE k IS NOT NULL ORDER BY 1 LIMIT {LONGEST_LIST + 1}"""
        ).fetchall()
        keys[cell] = [str(row[0]) for row in rows]
    return keys
