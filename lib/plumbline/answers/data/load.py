"""Inspecting, loading and undoing: the log, its profiles and the first check of every chunk, together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from plumbline.answers.faults import sentence
from plumbline.domain import (  # fmt: skip
    IGNORE,
    ColumnMap,
    Load,
    Mapping,
    PlumblineError,
    RoleName,
    SchemaChange,
    System,
    Task,
)
from plumbline.domain.acts import Act
from plumbline.logs import reader
from plumbline.logs.files.source import open_source
from plumbline.logs.inspect import COSTS, Inspection, inspect, inspect_in_folder
from plumbline.logs.load.decisions import After, load_decisions
from plumbline.logs.load.labels import load_labels
from plumbline.logs.load.preview import Preview, preview
from plumbline.logs.load.reference_period import require_every_weekday
from plumbline.logs.load.removal import is_empty
from plumbline.logs.load.schema_changes import changes
from plumbline.logs.load.undo import undo
from plumbline.logs.mapping.choices import StatedRoles
from plumbline.logs.mapping.classes import ClassCounts
from plumbline.logs.mapping.date_order import apply_order, read_order
from plumbline.logs.mapping.given_roles import SAID, TAKEN
from plumbline.logs.mapping.questions import FileQuestion
from plumbline.logs.values.zone_names import time_zones
from plumbline.profile import build
from plumbline.store import loads, systems, trail
from plumbline.store.backup import state_digest
from plumbline.store.inbox_folder import drop_inbox, make_inbox
from plumbline.store.sources import Origin
from plumbline.store.sql import system_key
from plumbline.store.workspace import Cursor, Workspace

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class SystemLoads:
    """What was loaded into one system, newest first. ``waiting``: rows in its quarantine; ``decisions``: those that
    it holds now, without erased ones."""

    loads: tuple[Load, ...]
    waiting: int
    changes: tuple[SchemaChange, ...] = ()
    decisions: int = 0


def read_maps(pairs: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Read ``COLUMN=ROLE`` pairs; the column may itself hold an equals sign.

    Raises:
        PlumblineError: a pair has no equals sign or names no role.
    """
    read = []
    for pair in pairs:
        column, named_role, role = pair.rpartition("=")
        if not named_role or not column:
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
    column_maps: dict[str, list[ColumnMap]] = {}
    for column, role in maps:
        if column not in known:
            raise PlumblineError(f"The file has no column {column!r}", todo=f"It has: {', '.join(known)}.")
        parsed = RoleName.parse(role, column)
        guess = next((c for c in mapping.columns if c.column == column and c.role == parsed), known[column])
        column_maps.setdefault(column, []).append(replace(guess, role=parsed, confidence=1.0, reason=SAID))
    claimed = {str(c.role) for items in column_maps.values() for c in items if not c.role.name}
    columns: list[ColumnMap] = []
    done: set[str] = set()
    for column_map in mapping.columns:
        if column_map.column in column_maps:
            if column_map.column not in done:
                columns.extend(column_maps[column_map.column])
                done.add(column_map.column)
        elif str(column_map.role) in claimed:
            columns.append(replace(column_map, role=RoleName(IGNORE), reason=TAKEN))
        else:
            columns.append(column_map)
    return replace(mapping, columns=tuple(columns))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAnswers:
    """What a person said of a file: (column, role) pairs and the answers to its questions; None: not said."""

    maps: Sequence[tuple[str, str]] = ()
    timezone: str | None = None
    positive: str | None = None
    date_order: str | None = None
    task: str | None = None


def apply_answers(mapping: Mapping, answers: FileAnswers) -> Mapping:
    """The mapping as a person settled it.

    Raises:
        PlumblineError: the file has no such column, or an answer is none.
    """
    used = apply_order(amend(mapping, answers.maps), read_order(answers.date_order))
    zone = answers.timezone or used.timezone
    zones = time_zones()  # empty where the machine has no table of zones
    if zones and zone not in zones:
        raise PlumblineError(f"{zone!r} is no time zone", todo="Use one such as Europe/Berlin or UTC.")
    return replace(
        used, timezone=zone, positive=answers.positive or used.positive, task=_task(answers.task) or used.task
    )


def _task(text: str | None) -> Task | None:
    """The task that a person named.

    Raises:
        PlumblineError: there is none of that name.
    """
    if text and text not in list(Task):
        raise PlumblineError(f"{text!r} is no task", todo=f"Use one of {', '.join(Task)}.")
    return Task(text) if text else None


def open_questions(inspection: Inspection, given: FileAnswers) -> tuple[FileQuestion, ...]:
    """The questions that must be answered before the file is loaded, and are not."""
    answers = {"timezone": given.timezone, "date_order": given.date_order, "task": given.task}
    touched = {column for column, _ in given.maps}
    return tuple(
        q
        for q in inspection.asked
        if q.must
        and not answers.get(q.topic)
        and not (touched & set(q.columns) or (touched and not q.columns))
    )


def refuse_open(inspection: Inspection, answers: FileAnswers) -> None:
    """Refuse a file about which something is open.

    Raises:
        PlumblineError: the first open question, and how to answer it.
    """
    for question in open_questions(inspection, answers):
        raise PlumblineError(question.text, where=inspection.file, todo=f"Say it with {question.say}.")


def inspect_file(
    path: Path,
    *,
    ws: Workspace | None = None,
    system: str | None = None,
    sheet: str | None = None,
    known: Mapping | None = None,
    answers: FileAnswers | None = None,
) -> Inspection:
    """Guess a file's format and mapping; a known system's remembered mapping is used where it fits.

    Args:
        known: how another file like it is read; without, how the system's earlier logs were.
        answers: what a person said of the file; the rest is guessed given that.

    Raises:
        PlumblineError: the file cannot be read as a log; the sentence says why and what to do.
    """
    if ws is None:
        inbox = make_inbox()
        try:
            return inspect_in_folder(inbox, path, known=known, sheet=sheet, stated=_answer_roles(answers))
        finally:
            drop_inbox(inbox)
    if system and known is None:
        with ws.read() as cursor:
            key = system_key(system)
            there = systems.find_system(cursor, key) is not None and not is_empty(cursor, key)
            known = systems.saved_mapping(cursor, key) if there else None
    return inspect(path, ws=ws, known=known, sheet=sheet, stated=_answer_roles(answers))


def _answer_roles(answers: FileAnswers | None) -> StatedRoles:
    if answers is None:
        return StatedRoles()
    return StatedRoles(tuple(answers.maps), _task(answers.task), read_order(answers.date_order))


def preview_file(
    ws: Workspace, path: Path, mapping: Mapping, *, labels: bool = False, system: str | None = None,
    sheet: str | None = None,
) -> Preview:  # fmt: skip
    """The first ten rows of a file as a load under this mapping would make them; changes nothing.

    Raises:
        PlumblineError: the mapping does not fit, as for a load.
    """
    key = system_key(system) if system else None
    return preview(ws, path, mapping, labels=labels, system=key, sheet=sheet)


def tables_of(path: Path) -> tuple[str, ...]:
    """The sheets of a workbook that hold a table, the largest first; none for any other file.

    Raises:
        PlumblineError: the workbook is damaged.
    """
    return tuple(reader.ask("sheets", path, path.parent))


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
    date_order: str | None = None,
    task: str | None = None,
    sheet: str | None = None,
    origin: Origin | None = None,
    accept: bool = False,
    after: After | None = None,
    classes: ClassCounts | None = None,
    actor: str,
    progress: Progress | None = None,
) -> Load:
    """Load a log or a labels file into a system, profiles included, in one transaction; then check it.

    Args:
        title: the system's title or key; a new system is made.
        mapping: as confirmed on the page; None: guessed, or remembered from the load before.
        maps: single columns' roles, said by a person.
        date_order: ``dmy`` or ``mdy``, where dates can be read both ways.
        sheet: of a workbook; without, the largest. classes: of all decisions, where the log is a sample of them.
        origin: the source that the file was pulled from, remembered in the same transaction.
        accept: whether more than a fifth of the rows may wait in quarantine.
        after: what counts the decisions of a log, in the load's own transaction; None: all of them, as every log's.

    Raises:
        PlumblineError: the file or the mapping cannot be used, or a question is open that only a person can
            answer; nothing has changed.
    """
    form = FileAnswers(maps=maps, timezone=timezone, positive=positive, date_order=date_order, task=task)
    doubts: tuple[str, ...] = ()
    if mapping is None:
        inspection = inspect_file(path, ws=ws, system=title, sheet=sheet, answers=form)
        refuse_open(inspection, form)
        mapping, doubts = inspection.mapping, (*_reading_notes(inspection, form), *_doubts(inspection, form))
    used = apply_answers(mapping, form)
    log = replace(open_source(ws, path, whole=True, sheet=sheet), origin=origin) if sheet or origin else path
    if _holds_labels(used):
        _refuse_early_labels(ws, system_key(title), used, path)
        load = load_labels(
            ws,
            log,
            system=system_key(title),
            mapping=used,
            actor=actor,
            accept=accept,
            after=rebuild_outcomes,
            progress=progress,
        )
    else:
        load = load_decisions(
            ws, log, title=title, mapping=used, actor=actor, reference=reference, accept=accept,
            after=after or build.on_load, classes=classes, progress=progress,
        )  # fmt: skip
    checked = check_load(ws, load, actor=actor)
    return replace(checked, notes=(*checked.notes, *doubts)) if load.rows_loaded else checked


def _refuse_early_labels(ws: Workspace, key: str, mapping: Mapping, path: Path) -> None:
    """Refuse labels for a system that is not there: such a file may be a log whose time was not seen.

    Raises:
        PlumblineError: there is no such system.
    """
    with ws.read() as cursor:
        if systems.find_system(cursor, key) is not None:
            return
    raise PlumblineError(
        f"The file was taken for labels ({mapping.column_of('label')} by {mapping.column_of('decision_id')}, and no "
        f"time of a decision), and there is no system {key} whose decisions they are",
        where=path.name,
        todo="Load the log of the decisions first; or say which column is their time; in a terminal: "
        "--map COLUMN=timestamp.",
    )


def _reading_notes(inspection: Inspection, answers: FileAnswers) -> tuple[str, ...]:
    """How the file is read where nobody looked at it first; what the mapping leaves unknown is said by the pages."""
    zone = inspection.zone_notes if answers.timezone is not None else ()
    return tuple(n for n in inspection.notes if n not in {*COSTS.values(), *zone})


def _doubts(inspection: Inspection, answers: FileAnswers) -> tuple[str, ...]:
    """What was taken without being sure and nobody spoke to, so that it is not wrong in silence."""
    touched = {column for column, _ in answers.maps}
    answered = {"positive": answers.positive, "task": answers.task, "timezone": answers.timezone}
    return tuple(
        f"To check: {q.text}" + (f" Say it with {q.say}." if q.say else "")
        for q in inspection.asked
        if not q.must and not answered.get(q.topic) and not touched & set(q.columns)
    )


def check_load(ws: Workspace, load: Load, *, actor: str) -> Load:
    """Check every chunk again after a load that changed something.

    Returns the load, which is in whatever becomes of the check; ``unchecked`` says why there is none.
    """
    if load.rows_loaded or load.labels_joined:
        from plumbline.answers.alerts.check import check
        from plumbline.answers.performance.headline import read_headline
        from plumbline.answers.warmup import check_model_files

        try:
            check(ws, load.system, actor=actor, all_signals=False)
            check_model_files(ws, load.system)
            reason = read_headline(ws, load.system).reason
            load = replace(load, notes=(*load.notes, reason)) if reason else load
        except Exception as error:  # the load is committed: nothing that fails from here on takes it back
            return replace(load, unchecked=sentence(error))
    return load


def undo_load(ws: Workspace, load_id: int, *, actor: str, pushes: int | None = None) -> int:
    """Take a load back (see ``undo``), profiles included; the rows removed. What it alone showed is then closed."""
    from plumbline.answers.alerts.check import check_open_findings

    rows = undo(ws, load_id, actor=actor, pushes=pushes, after=_undo_counts)
    check_open_findings(ws, load_id, actor=actor)
    return rows


def set_reference(ws: Workspace, key: str, start: datetime, end: datetime, *, actor: str) -> System:
    """Say which decisions count as healthy: grids and counts are made anew, and every chunk is checked again.

    Raises:
        PlumblineError: no such system, the span is empty, or it lacks a weekday that the log has.
    """
    from plumbline.answers.alerts.check import check

    with ws.write() as cursor:
        system = systems.get_system(cursor, key)
        require_every_weekday(cursor, system, (start, end))
        system = systems.set_reference(cursor, system, (start, end), "given")
        build.rebuild(cursor, system)
        detail = {"start": start.isoformat(), "end": end.isoformat()} | state_digest.seal(cursor, key)
        trail.append(cursor, actor=actor, action=Act.REFERENCE_SET, system=key, detail=detail)
    check(ws, key, actor=actor, all_signals=False)
    return system


def system_loads(ws: Workspace, key: str) -> SystemLoads:
    """A system's loads, how many rows wait in quarantine, and which columns came, went or changed."""
    with ws.read() as cursor:
        waiting = sum(n for _, _, n in loads.quarantine_counts(cursor, key))
        changed = changes(loads.schemas(cursor, key))
        total = systems.count_decisions(cursor, key)
        return SystemLoads(tuple(loads.list_loads(cursor, key)), waiting, tuple(changed), total)


def _holds_labels(mapping: Mapping) -> bool:
    roles = {str(c.role) for c in mapping.columns}
    return {"decision_id", "label"} <= roles and not roles & {"timestamp", "prediction", "score"}


def rebuild_outcomes(cursor: Cursor, system: System, affected: Sequence[int], load_id: int) -> None:
    """Make the outcome counts of loads whose labels changed anew; for ``load_labels``."""
    build.rebuild_outcomes(cursor, system, affected)


def _undo_counts(cursor: Cursor, system: System, load: Load, affected: Sequence[int], altered: bool) -> None:
    if load.kind == "decisions":
        build.on_undo(cursor, system, load.load_id, altered)
    if affected:
        build.rebuild_outcomes(cursor, system, affected)
