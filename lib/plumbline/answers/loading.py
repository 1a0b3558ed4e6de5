"""Inspecting, loading and undoing: the log, its profiles and the first check of every chunk, together."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from plumbline.domain import IGNORE, ColumnMap, Load, Mapping, PlumblineError, RoleName, System
from plumbline.logs.inspect import Inspection, inspect
from plumbline.logs.labels import load_labels
from plumbline.logs.load import load_decisions
from plumbline.logs.undo import undo
from plumbline.profile import build
from plumbline.store import loads, systems, trail
from plumbline.store.loads import Quarantined
from plumbline.store.sql import system_key
from plumbline.store.workspace import Cursor, Workspace

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class LogsOf:
    """What was loaded into one system, newest first."""

    loads: tuple[Load, ...]
    quarantined: tuple[Quarantined, ...]


def read_maps(pairs: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Read ``COLUMN=ROLE`` pairs; the column may itself hold an equals sign.

    Raises:
        PlumblineError: a pair has no equals sign or names no role.
    """
    read = []
    for pair in pairs:
        column, found, role = pair.rpartition("=")
        if not found or not column:
            raise PlumblineError(f"--map {pair!r} is not COLUMN=ROLE", todo="E.g. --map outcome=label.")
        RoleName.parse(role, column)
        read.append((column, role))
    return tuple(read)


def amend(mapping: Mapping, maps: Sequence[tuple[str, str]]) -> Mapping:
    """The mapping with some columns' roles said by a person; a column said twice has both roles.

    Raises:
        PlumblineError: the file has no such column, or two columns claim a single role.
    """
    if not maps:
        return mapping
    known = {c.column: c for c in mapping.columns}
    said: dict[str, list[ColumnMap]] = {}
    for column, role in maps:
        if column not in known:
            raise PlumblineError(f"The file has no column {column!r}", todo=f"It has: {', '.join(known)}.")
        parsed = RoleName.parse(role, column)
        guess = known[column]
        kept = replace(guess, role=parsed, confidence=1.0, reason="said by a person")
        said.setdefault(column, []).append(kept)
    claimed = {str(c.role) for items in said.values() for c in items if not c.role.name}
    columns: list[ColumnMap] = []
    done: set[str] = set()
    for held in mapping.columns:
        if held.column in said:
            if held.column not in done:
                columns.extend(said[held.column])
                done.add(held.column)
        elif str(held.role) in claimed:
            columns.append(replace(held, role=RoleName(IGNORE), reason="another column has this role"))
        else:
            columns.append(held)
    return replace(mapping, columns=tuple(columns))


def inspect_file(path: Path, *, ws: Workspace | None = None, system: str | None = None) -> Inspection:
    """Guess a file's format and mapping; a known system's remembered mapping is used where it fits.

    Raises:
        PlumblineError: the file cannot be read as a log; the sentence says why and what to do.
    """
    if ws is None:
        from plumbline.store.workspace import open_workspace

        with tempfile.TemporaryDirectory(prefix="plumbline-") as folder:
            private = open_workspace(Path(folder) / "inspect.duckdb", read_from=[path.parent])
            try:
                return inspect(path, ws=private)
            finally:
                private.close()
    known = None
    if system:
        with ws.read() as cursor:
            known = systems.saved_mapping(cursor, system_key(system))
    return inspect(path, ws=ws, known=known)


def load_file(
    ws: Workspace,
    path: Path,
    *,
    title: str,
    mapping: Mapping | None = None,
    maps: Sequence[tuple[str, str]] = (),
    reference: bool = False,
    timezone: str | None = None,
    positive: str | None = None,
    actor: str,
    progress: Progress | None = None,
) -> Load:
    """Load a log or a labels file into a system, profiles included, in one transaction; then check it.

    Args:
        title: the system's title or key; a new system is made.
        mapping: as confirmed on the page; None: guessed, or remembered from the load before.
        maps: single columns' roles, said by a person.

    Raises:
        PlumblineError: the file or the mapping cannot be used; nothing has changed.
    """
    used = amend(mapping or inspect_file(path, ws=ws, system=title).mapping, maps)
    used = replace(used, timezone=timezone or used.timezone, positive=positive or used.positive)
    if _holds_labels(used):
        made = load_labels(
            ws,
            path,
            system=system_key(title),
            mapping=used,
            actor=actor,
            after=outcomes_changed,
            progress=progress,
        )
    else:
        made = load_decisions(
            ws, path, title=title, mapping=used, actor=actor, reference=reference, after=build.on_loaded,
            progress=progress,
        )  # fmt: skip
    return check_loaded(ws, made, actor=actor)


def check_loaded(ws: Workspace, made: Load, *, actor: str) -> Load:
    """Check every chunk again after a load that changed something; returns the load."""
    if made.rows_loaded or made.labels_joined:
        from plumbline.answers.checking import check

        check(ws, made.system, actor=actor)
    return made


def undo_load(ws: Workspace, load_id: int, *, actor: str) -> int:
    """Take a load back, profiles included; returns the rows removed."""
    return undo(ws, load_id, actor=actor, after=_taken_back)


def set_reference(ws: Workspace, key: str, start: datetime, end: datetime, *, actor: str) -> System:
    """Say which decisions count as healthy: grids and counts are made anew, and every chunk is checked again.

    Raises:
        PlumblineError: no such system, or the span is empty.
    """
    from plumbline.answers.checking import check

    with ws.write() as cursor:
        system = systems.set_reference(cursor, systems.get_system(cursor, key), (start, end), "given")
        build.rebuild(cursor, system)
        detail = {"start": start.isoformat(), "end": end.isoformat()}
        trail.append(cursor, actor=actor, action="reference set", system=key, detail=detail)
    check(ws, key, actor=actor)
    return system


def logs_of(ws: Workspace, key: str, *, limit: int = 500) -> LogsOf:
    """A system's loads, and rows in quarantine."""
    with ws.read() as cursor:
        found = loads.list_loads(cursor, key)
        return LogsOf(tuple(found), tuple(loads.quarantined(cursor, system=key, limit=limit)))


def _holds_labels(mapping: Mapping) -> bool:
    roles = {str(c.role) for c in mapping.columns}
    return {"decision_id", "label"} <= roles and not roles & {"timestamp", "prediction", "score"}


def outcomes_changed(cursor: Cursor, system: System, affected: Sequence[int], load_id: int) -> None:
    """Make the outcome counts of loads whose labels changed anew; for ``load_labels``."""
    build.rebuild_outcomes(cursor, system, affected)


def _taken_back(cursor: Cursor, system: System, load: Load, affected: Sequence[int]) -> None:
    if load.kind == "decisions":
        build.on_undone(cursor, system, load.load_id)
    if affected:
        build.rebuild_outcomes(cursor, system, affected)
