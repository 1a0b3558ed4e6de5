"""Giving columns of loaded decisions other roles, in place: as if each log had been loaded so.

The decision table is written anew in one pass, with the hashes that tell repeats apart, so that an export loaded
again still adds nothing. What a column holds is never lost: one that is ignored from now on is kept as text, and a
change that would lose values is refused. Numbers become text in the shortest spelling that reads back as the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from plumbline.domain import (  # fmt: skip
    IGNORE,
    NAMED_ROLES,
    SINGLE_ROLES,
    TEXT,
    ColumnMap,
    DecisionColumn,
    Kind,
    Mapping,
    PlumblineError,
    RoleName,
    System,
)
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.logs.cluster import attachments
from plumbline.logs.load.plan import UNHASHED
from plumbline.logs.mapping.classes import settle_classes
from plumbline.logs.mapping.given_roles import SAID, two_columns_error
from plumbline.store import loads, systems, trail
from plumbline.store.backup import state_digest
from plumbline.store.cache.samples import forget_draws
from plumbline.store.sql import decision_table, ident
from plumbline.store.workspace import Workspace

#: roles whose values can be moved as they are stored; times and persons are stored otherwise than they were written
_MOVABLE = ("decision_id", "prediction", "score", "label", "version", "arm", "override", *NAMED_ROLES, IGNORE)
_FEW = 50
After = Callable[[duckdb.DuckDBPyConnection, System], None]


@dataclass(frozen=True, slots=True)
class ColumnPlace:
    """One column of the decision table that holds a column of the file."""

    role: RoleName
    numeric: bool
    first_load: int

    @property
    def name(self) -> str:
        return str(self.role)


Layout = dict[str, list[ColumnPlace]]


def column_layout(cursor: duckdb.DuckDBPyConnection, system: System) -> Layout:
    """Columns of the logs as the decision table holds them: the file's name -> the columns here."""
    mapping = systems.saved_mapping(cursor, system.key)
    columns = systems.decision_columns(cursor, system.key)
    types = systems.single_types(system.task)
    named = loads.schemas(cursor, system.key)
    places: Layout = {}
    for item in mapping.columns if mapping else ():
        if item.role.role in SINGLE_ROLES:
            numeric = types[item.role.role] == "DOUBLE"
            first = next((load for load, load_columns in named if str(item.role) in load_columns), 0)
            places.setdefault(item.column, []).append(ColumnPlace(item.role, numeric, first))
    for column in columns:
        if column.role.role != TEXT or not column.source.startswith(tuple(f"{r}:" for r in NAMED_ROLES)):
            place = ColumnPlace(column.role, column.kind is Kind.NUMERIC, column.first_load)
            places.setdefault(column.source, []).append(place)
    return places


def change_roles(
    ws: Workspace,
    key: str,
    maps: Sequence[tuple[str, str]],
    *,
    actor: str,
    after: After,
    undoes: int | None = None,
) -> dict[str, str]:
    """Give columns other roles; counts are made anew in the same transaction.

    Args:
        maps: (column of the file, role); a column named twice has both roles.
        after: makes the profiles anew.
        undoes: the entry of the trail that this takes back.

    Returns:
        column -> its roles now.

    Raises:
        PlumblineError: no such column, a role that cannot be moved or is taken, or values would be lost.
    """
    with ws.write() as cursor:
        system = systems.get_system(cursor, key)
        attachments.refuse_foreign_rows(cursor, key, "Roles are not changed")
        before = column_layout(cursor, system)
        wanted = _parse_roles(before, maps)
        changed = {c: roles for c, roles in wanted.items() if roles != [p.role for p in before[c]]}
        if not changed:
            raise PlumblineError("These columns have these roles already", todo="Nothing is changed.")
        _refuse_role_conflicts(before, changed)
        layout = before | {c: _places(cursor, system, c, before[c], roles) for c, roles in changed.items()}
        _refuse_label_changes(cursor, system, before, changed)
        state_digest.note_changes(cursor, system.key)
        _rewrite(cursor, system, before, layout, set(changed))
        _note_mapping(cursor, system, changed, layout)
        forget_draws(cursor, system.key)
        system = settle_classes(cursor, systems.get_system(cursor, key), file=key)
        detail: dict[str, Any] = {
            "before": {c: [str(p.role) for p in before[c]] for c in changed},
            "after": {c: [str(p.role) for p in layout[c]] for c in changed},
        } | ({"undoes": undoes} if undoes is not None else {})
        state_digest.mark_decisions(cursor, system.key)
        after(cursor, system)
        detail |= state_digest.seal(cursor, system.key)
        trail.append(cursor, actor=actor, action=Act.ROLES_CHANGED, system=system.key, detail=detail)
    return {c: ", ".join(str(p.role) for p in layout[c]) for c in changed}


def last_role_change(cursor: duckdb.DuckDBPyConnection, key: str) -> tuple[int, list[tuple[str, str]]] | None:
    """The newest change of roles that stands: its entry on the trail, and the roles before it."""
    undone: set[int] = set()
    for entry in trail.entries(cursor, system=key, limit=10_000):
        if entry.action != Act.ROLES_CHANGED:
            continue
        if entry.detail.get("undoes") is not None:
            undone.add(int(entry.detail["undoes"]))
        elif entry.seq not in undone:
            was = entry.detail["before"]
            return entry.seq, [(column, role) for column, roles in was.items() for role in roles]
    return None


def _parse_roles(before: Layout, maps: Sequence[tuple[str, str]]) -> dict[str, list[RoleName]]:
    wanted: dict[str, list[RoleName]] = {}
    for column, spelt in maps:
        if column not in before:
            raise PlumblineError(
                message("No loaded column is called {column}", column=repr(column)),
                todo=message(
                    "Loaded are: {names}. A column that was left out needs a load of its own.",
                    names=", ".join(sorted(before)),
                ),
            )
        verbatim = spelt.startswith(f"{TEXT}:") or spelt == IGNORE
        role = RoleName(TEXT, column) if verbatim else RoleName.parse(spelt, column)
        for moved in (role, *(p.role for p in before[column])):
            if moved.role not in _MOVABLE and moved.role != TEXT:
                raise PlumblineError(
                    message(
                        "The role {role} cannot be given or taken in place ({column})",
                        role=moved.role,
                        column=column,
                    ),
                    todo="Take the load back and load the file with that role.",
                )
        wanted.setdefault(column, []).append(role)
    return wanted


def _refuse_role_conflicts(before: Layout, changed: dict[str, list[RoleName]]) -> None:
    """Refuse roles that another column has, and a system without time or output."""
    after = {c: [p.role for p in places] for c, places in before.items()} | changed
    holder: dict[str, str] = {}
    for column, roles in after.items():
        for role in roles:
            if holder.setdefault(str(role).lower(), column) != column:
                raise two_columns_error(str(role), holder[str(role).lower()], column)
    outputs = ("prediction", "score", "proba")
    if not any(role.role in outputs for roles in after.values() for role in roles):
        raise PlumblineError(
            "No column would give a prediction or a score", todo="Give one the role in the same change."
        )


def _refuse_label_changes(
    cursor: duckdb.DuckDBPyConnection, system: System, before: Layout, changed: dict[str, list[RoleName]]
) -> None:
    """Labels that came in files of their own belong to no column of the log."""
    moved = [r.role for c, roles in changed.items() for r in (*roles, *(p.role for p in before[c]))]
    row = cursor.execute("SELECT count(*) FROM label_claim WHERE system = ?", [system.key]).fetchone()
    late = cursor.execute(f"SELECT count(_label_load) FROM {decision_table(system.key)}").fetchone()
    if "label" in moved and ((row and row[0]) or (late and late[0])):
        raise PlumblineError(
            message(
                "Labels of {key} came in files of their own, so the label is no column of the log alone",
                key=system.key,
            ),
            todo="Take these files back first.",
        )


def _places(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    column: str,
    was: list[ColumnPlace],
    roles: list[RoleName],
) -> list[ColumnPlace]:
    """The columns that a file's column is to have, each of the kind of its content."""
    types, origin = systems.single_types(system.task), _origin(was)
    places = []
    for role in roles:
        if role.role in SINGLE_ROLES:
            numeric = types[role.role] == "DOUBLE"
        elif role.role == TEXT:
            numeric = False
        else:
            few = _count(cursor, system, f"count(DISTINCT {ident(origin.name)})") <= _FEW
            numeric = not (role.role in ("segment", "protected") and few) and _reads(cursor, system, origin)
        if numeric and not origin.numeric and not _reads(cursor, system, origin):
            raise PlumblineError(
                message(
                    "{column} holds values that are no plain numbers, and {role} needs numbers",
                    column=repr(column),
                    role=role.role,
                ),
                todo="Take the load back and load the file with that role.",
            )
        places.append(ColumnPlace(role, numeric, min(p.first_load for p in was)))
    return places


def _origin(was: list[ColumnPlace]) -> ColumnPlace:
    return next((p for p in was if p.numeric), was[0])


def _reads(cursor: duckdb.DuckDBPyConnection, system: System, place: ColumnPlace) -> bool:
    """Whether every value is a number, and none is lost by reading it as one."""
    if place.numeric:
        return True
    cell = ident(place.name)
    back = _text(f"TRY_CAST({cell} AS DOUBLE)")
    odd = _count(cursor, system, f"count(*) FILTER ({cell} IS NOT NULL AND {cell} IS DISTINCT FROM {back})")
    return odd == 0 and _count(cursor, system, f"count({cell})") > 0


def _text(number: str) -> str:
    """SQL of a number as the shortest text that reads back as the same; whole numbers without a point."""
    whole = f"abs({number}) < 1e15 AND {number} = floor({number})"
    return (
        f"CASE WHEN {whole} THEN CAST(CAST({number} AS BIGINT) AS VARCHAR) ELSE CAST({number} AS VARCHAR) END"
    )


def _count(cursor: duckdb.DuckDBPyConnection, system: System, what: str) -> int:
    row = cursor.execute(f"SELECT {what} FROM {decision_table(system.key)}").fetchone()
    return int(row[0]) if row else 0


def _value(origin: ColumnPlace, place: ColumnPlace) -> str:
    cell = ident(origin.name)
    if origin.numeric == place.numeric:
        return cell
    return f"TRY_CAST({cell} AS DOUBLE)" if place.numeric else _text(cell)


def _rewrite(
    cursor: duckdb.DuckDBPyConnection, system: System, before: Layout, after: Layout, changed: set[str]
) -> None:
    """Write the table anew with its hashes, and note columns and schemas."""
    table, types = decision_table(system.key), systems.single_types(system.task)
    gone = {p.name for c in changed for p in before[c]}
    values = {role: ident(role) if role not in gone else f"NULL::{types[role]}" for role in SINGLE_ROLES}
    decision_columns = [c for c in systems.decision_columns(cursor, system.key) if c.name not in gone]
    fresh: list[DecisionColumn] = []
    for column in sorted(changed):
        for place in after[column]:
            values[place.name] = _value(_origin(before[column]), place)
            if place.role.role not in SINGLE_ROLES:
                kind = Kind.NUMERIC if place.numeric else Kind.CATEGORICAL
                fresh.append(
                    DecisionColumn(
                        name=place.name,
                        role=place.role,
                        kind=kind,
                        source=column,
                        first_load=place.first_load,
                    )
                )
    for decision_column in decision_columns:
        values.setdefault(decision_column.name, ident(decision_column.name))
    order = [*SINGLE_ROLES, *(c.name for c in (*decision_columns, *fresh))]
    columns = ", ".join(f"{values[name]} AS {ident(name)}" for name in order)
    cursor.execute(
        f"CREATE TABLE decision_rewritten AS SELECT _load_id, _line, _hash, _label_load, {columns} FROM {table}"
    )
    texts = [ident(c.name) for c in decision_columns if c.role.role == TEXT and c.source not in before]
    cases = _note_schemas(cursor, system, before, after, changed)
    if cases:
        odd = f" AND coalesce({', '.join(texts)}) IS NULL" if texts else ""
        cursor.execute(
            f"UPDATE decision_rewritten SET _hash = CASE _load_id {' '.join(cases)} ELSE _hash END WHERE true{odd}"
        )
    cursor.execute(f"DROP TABLE {table}")
    cursor.execute(f"ALTER TABLE decision_rewritten RENAME TO {table}")
    cursor.execute("DELETE FROM decision_column WHERE system = ?", [system.key])
    for decision_column in (*decision_columns, *fresh):
        cursor.execute(
            "INSERT INTO decision_column VALUES (?, ?, ?, ?, ?, ?)",
            [
                system.key,
                decision_column.name,
                str(decision_column.role),
                decision_column.kind.value,
                decision_column.source,
                decision_column.first_load,
            ],
        )


def _note_schemas(
    cursor: duckdb.DuckDBPyConnection, system: System, before: Layout, after: Layout, changed: set[str]
) -> list[str]:
    """Note what each load holds now; returns the cases of its rows' hashes."""
    cases = []
    for load_id, schema in loads.schemas(cursor, system.key):
        there = {source for source, _ in schema.values()}
        there |= {
            c for c in changed if c not in there and _has_values_in_load(cursor, system, load_id, before[c])
        }
        anew = {name: entry for name, entry in schema.items() if entry[0] not in changed}
        for column in sorted(changed & there):
            for place in (p for p in after[column] if p.role.role != TEXT):
                kind = (
                    ""
                    if place.role.role in SINGLE_ROLES
                    else (Kind.NUMERIC if place.numeric else Kind.CATEGORICAL).value
                )
                anew[place.name] = (column, kind)
        loads.replace_schema(cursor, load_id, anew)
        hashed = ", ".join(ident(name) for name in sorted(anew) if name not in UNHASHED)
        cases.append(f"WHEN {int(load_id)} THEN hash({hashed})")
    return cases


def _has_values_in_load(
    cursor: duckdb.DuckDBPyConnection, system: System, load_id: int, places: list[ColumnPlace]
) -> bool:
    """Whether a load brought a column that no schema names, as one that was ignored."""
    held = " OR ".join(f"{ident(p.name)} IS NOT NULL" for p in places)
    return _count(cursor, system, f"count(*) FILTER (_load_id = {int(load_id)} AND ({held}))") > 0


def _note_mapping(
    cursor: duckdb.DuckDBPyConnection, system: System, changed: dict[str, list[RoleName]], layout: Layout
) -> None:
    """Remember the roles for the logs to come."""
    mapping = systems.saved_mapping(cursor, system.key) or Mapping(())
    columns: list[ColumnMap] = []
    for item in mapping.columns:
        if item.column not in changed:
            columns.append(item)
        elif not any(c.column == item.column for c in columns):
            for place in layout[item.column]:
                role = RoleName(IGNORE) if place.role.role == TEXT else place.role
                kind = (Kind.NUMERIC if place.numeric else Kind.CATEGORICAL) if role.name else None
                columns.append(replace(item, role=role, kind=kind, confidence=1.0, reason=SAID))
    systems.save_mapping(cursor, system.key, replace(mapping, columns=tuple(columns)))
