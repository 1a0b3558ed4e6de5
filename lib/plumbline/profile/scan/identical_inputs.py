"""Identical decisions that came out differently: the reproducibility check."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from plumbline.domain import TEXT, DecisionColumn, Repeats, Slice, System, Task
from plumbline.domain.decisions import Decision, columns_of_role
from plumbline.profile.cluster import repeats as elsewhere
from plumbline.profile.scan.decisions import cell_values, read_decisions, read_dicts
from plumbline.profile.scope import VERSION, Scope, slice_scope
from plumbline.store.sql import Statement, decision_table, ident
from plumbline.store.systems import decision_columns

#: numbers that differ by less than this share of the larger one are the same output
TOLERANCE = 1e-9
EXAMPLES = 20
#: segments that name where a version runs: two of them may run it in two ways
DEPLOYMENT = re.compile(
    r"(^|[_ .-])(deployments?|deploy|endpoint|environment|env|instance|replica|cluster|stack)($|[_ .-])"
)
#: of each end of a group's outputs, the decisions shown
_ENDS = 3
_ALL = Slice()
#: roles of which what is kept as text is an input as well
_INPUTS = ("feature:", "segment:", "protected:")
#: groups of decisions by their places (load, record number)
Groups = tuple[tuple[tuple[int, int], ...], ...]


def repeats(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    part: Slice = _ALL,
    *,
    tolerance: float = TOLERANCE,
    reach: float = 0.0,
) -> Repeats:
    """Decisions that share every feature, version and deployment, and how many of them differ in output.

    Output: the prediction and the score, each where logged; numbers within ``tolerance`` (a share of the
    larger one) of each other are the same. Left out: arm "shadow" (unless the slice names it), decisions
    with no feature at all, and decisions without any output. Features are taken as logged: with few and
    coarse ones, different inputs can look identical, and a conflict then shows that the log lacks an input
    that decided. Groups whose scores (of numbers: predictions) differ by ``reach`` at most are counted as near,
    whatever was decided on either side of the cut-off. A deployment is what a segment of such a name says.
    """
    inputs, deployments = _inputs(cursor, system)
    if not inputs:
        return Repeats(decisions=0, conflicting=0, groups=0, conflicting_groups=0)
    scope = slice_scope(cursor, system, part, stored=True)
    features, places = [ident(c.name) for c in inputs], [ident(c.name) for c in deployments]
    sql, params = _repeat_groups_sql(system, scope, features, places, tolerance)
    row = cursor.execute(
        f"""{sql} SELECT coalesce(sum(n), 0)::BIGINT, coalesce(sum(n) FILTER (differs AND NOT near), 0)::BIGINT,
                         count(*), count(*) FILTER (differs AND NOT near),
                         coalesce(sum(n) FILTER (differs AND NOT near AND decided), 0)::BIGINT,
                         coalesce(sum(n) FILTER (near), 0)::BIGINT, count(*) FILTER (near),
                         (SELECT list(ends) FROM (SELECT ends FROM repeated WHERE differs
                                                  ORDER BY near, n DESC, ends LIMIT {EXAMPLES}))
            FROM repeated""",
        params | {"reach": reach},
    ).fetchone()
    if row is None:
        return Repeats(decisions=0, conflicting=0, groups=0, conflicting_groups=0)
    decisions, conflicting, groups, conflicting_groups, decided, near, near_groups, ends = row
    return Repeats(
        decisions=decisions,
        conflicting=conflicting,
        groups=groups,
        conflicting_groups=conflicting_groups,
        examples=_examples(cursor, scope.table, ends or []),
        decided=decided,
        near=near,
        near_groups=near_groups,
        reach=reach,
    )


def repeats_in_cluster(
    cursor: duckdb.DuckDBPyConnection, system: System, *, tolerance: float = TOLERANCE, reach: float = 0.0
) -> Repeats | None:
    """As ``repeats`` over every decision of a table in a cluster, without examples; None where they lie here."""
    inputs, deployments = _inputs(cursor, system)
    if not inputs:
        return Repeats(decisions=0, conflicting=0, groups=0, conflicting_groups=0)
    return elsewhere.count_repeats(cursor, system, inputs, deployments, tolerance=tolerance, reach=reach)


def repeat_ends_in_cluster(
    cursor: duckdb.DuckDBPyConnection, system: System, *, reach: float, tolerance: float = TOLERANCE
) -> elsewhere.Ends:
    """Of the repeated inputs whose outputs differ, those of ``repeats``' examples: the hashes of the rows with the
    lowest and the highest output."""
    inputs, deployments = _inputs(cursor, system)
    return elsewhere.repeat_ends(
        cursor, system, inputs, deployments, tolerance=tolerance, reach=reach, most=EXAMPLES
    )


def decisions_by_hash(
    cursor: duckdb.DuckDBPyConnection, system: System, groups: elsewhere.Ends
) -> tuple[tuple[Decision, ...], ...]:
    """Groups of decisions looked up in the cluster, as ``repeat_ends_in_cluster`` names them; a group of which a row
    is gone, or was erased here, is left out."""
    rows = elsewhere.rows_by_hash(cursor, system, [row for group in groups for row in group])
    by_row = {name: Decision(cell_values(row)) for name, row in rows.items()}
    return _rows_by_group(by_row, [group for group in groups if all(row in by_row for row in group)])


def _inputs(
    cursor: duckdb.DuckDBPyConnection, system: System
) -> tuple[list[DecisionColumn], list[DecisionColumn]]:
    """The columns of inputs, and of segments that name a deployment."""
    columns = decision_columns(cursor, system.key)
    inputs = [
        c
        for c in columns
        if c.role.role == "feature" or (c.role.role == TEXT and c.source.startswith(_INPUTS))
    ]
    return inputs, [c for c in columns if c.role.role == "segment" and DEPLOYMENT.search(c.role.name.lower())]


def _repeat_groups_sql(
    system: System, scope: Scope, features: list[str], places: list[str], tolerance: float
) -> Statement:
    """Common table expressions that end in ``repeated`` (n, differs, near, decided, ends), one row a repeated decision.

    Rows are first thinned out by a 64-bit hash of the features, then grouped by the features themselves.
    """
    columns = ", ".join([*features, *places])
    number, decided = "score", "count(DISTINCT prediction) > 1"
    if system.task is Task.REGRESSION:
        number, decided = "prediction", "false"
        changes = _numbers_differ("prediction")
    else:
        changes = f"count(DISTINCT prediction) > 1 OR {_numbers_differ('score')}"
    scope = scope.narrow(f"coalesce({', '.join(f'{f}::VARCHAR' for f in features)}) IS NOT NULL")
    scope = scope.narrow("(prediction IS NOT NULL OR score IS NOT NULL)")
    sql = f"""
        WITH shared AS (
            SELECT {VERSION} AS v, hash({columns}) AS h {scope.rows} GROUP BY ALL HAVING count(*) > 1),
        candidates AS (
            SELECT rowid AS r, {VERSION} AS v, {columns}, prediction, score {scope.rows}
            AND ({VERSION}, hash({columns})) IN (SELECT (v, h) FROM shared)),
        repeated AS (
            SELECT count(*) AS n, coalesce({changes}, false) AS differs, {decided} AS decided,
                   {_numbers_differ(number)} AND coalesce({_spread(number)} <= $reach, false) AS near,
                   list_distinct(min_by(r, (prediction, score, r), {_ENDS})
                                 || max_by(r, (prediction, score, r), {_ENDS})) AS ends
            FROM candidates GROUP BY v, {columns} HAVING count(*) > 1)"""
    return Statement(sql, scope.params | {"tolerance": tolerance})


def _limits(column: str) -> tuple[str, str]:
    return f"min({column}) FILTER (isfinite({column}))", f"max({column}) FILTER (isfinite({column}))"


def _spread(column: str) -> str:
    low, high = _limits(column)
    return f"{high} - {low}"


def _numbers_differ(column: str) -> str:
    low, high = _limits(column)
    return f"coalesce({high} - {low} > $tolerance * greatest(abs({high}), abs({low})), false)"


def decisions_at_places(
    cursor: duckdb.DuckDBPyConnection, system: System, groups: Groups
) -> tuple[tuple[Decision, ...], ...]:
    """Groups of decisions by their places (load, record number), as ``repeats`` gives its examples."""
    wanted = [place for group in groups for place in group]
    if not wanted:
        return ()
    answer = cursor.execute(
        f"""SELECT * FROM {decision_table(system.key)}
            WHERE (_load_id, _line) IN (SELECT unnest($loads::INTEGER[]), unnest($lines::BIGINT[]))""",
        {"loads": [load for load, _ in wanted], "lines": [line for _, line in wanted]},
    )
    return _rows_by_group({(row.load_id, row.line): row for row in read_decisions(answer)}, groups)


def _examples(
    cursor: duckdb.DuckDBPyConnection, table: str, groups: list[list[int]]
) -> tuple[tuple[Decision, ...], ...]:
    wanted = [row for group in groups for row in group]
    if not wanted:
        return ()
    answer = cursor.execute(
        f"SELECT rowid AS _row, * FROM {table} WHERE list_contains($rows, rowid)", {"rows": wanted}
    )
    return _rows_by_group({row.pop("_row"): Decision(row) for row in read_dicts(answer)}, groups)


def _rows_by_group(
    by_row: Mapping[Any, Decision], groups: Sequence[Sequence[Any]]
) -> tuple[tuple[Decision, ...], ...]:
    """The rows of each group, oldest first."""
    order = ("timestamp", "_load_id", "_line")
    return tuple(
        tuple(sorted((by_row[r] for r in group), key=lambda d: tuple(d.columns[name] or 0 for name in order)))
        for group in groups
    )


def find_same_inputs(
    cursor: duckdb.DuckDBPyConnection, system: System, decision: Decision, most: int = EXAMPLES
) -> tuple[Decision, ...]:
    """Other decisions with the inputs and version of one, oldest first, at most ``most``.

    Arm "shadow" is left out, as in ``repeats``; nothing repeats a decision without any input.
    """
    inputs = {column: decision.columns[column] for column in columns_of_role(decision.columns, "feature")}
    if not any(value is not None for value in inputs.values()):
        return ()
    scope = slice_scope(cursor, system, _ALL, stored=True).narrow(
        "NOT (_load_id = $load AND _line = $line)", load=decision.load_id, line=decision.line
    )
    for place, (name, value) in enumerate({"version": decision.columns.get("version"), **inputs}.items()):
        # plain comparisons: the scan itself leaves out what cannot match, one column after the other
        if value is None or (name == "version" and value == ""):
            empty = f" OR {ident(name)} = ''" if name == "version" else ""
            scope = scope.narrow(f"({ident(name)} IS NULL{empty})")
        else:
            scope = scope.narrow(f"{ident(name)} = $f{place}", **{f"f{place}": value})
    answer = cursor.execute(
        f"""SELECT * {scope.rows} AND (prediction IS NOT NULL OR score IS NOT NULL)
            ORDER BY "timestamp", _load_id, _line LIMIT $most""",
        scope.params | {"most": most},
    )
    return tuple(read_decisions(answer))
