"""Rows in quarantine, tried again under a mended mapping: those that fit now become a load of their own.

Bookkeeping. The first load's figures stay as they were: its rows in quarantine are still kept, those that a retry
took marked with that load. The retry's own load holds just the rows that it took, so rows read = loaded +
duplicates, with none in quarantine. Taking the retry back makes its rows wait again.
"""

from __future__ import annotations

import csv
import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from plumbline.domain import Load, Mapping, PlumblineError, Task
from plumbline.domain.messages import message
from plumbline.logs.files.byte_scan import Survey
from plumbline.logs.files.encoding import UTF8
from plumbline.logs.files.sniff import FileForm
from plumbline.logs.files.source import Source, require
from plumbline.logs.load.decisions import After, load_decisions
from plumbline.logs.load.labels import AfterLabels, load_labels
from plumbline.logs.load.plan import decisions_plan, labels_plan
from plumbline.logs.load.quarantine import UNPARSED
from plumbline.logs.load.settle import Progress, secret
from plumbline.logs.load.staging import STAGE, drop_stage, stage
from plumbline.logs.mapping.column_facts import ColumnFacts
from plumbline.logs.mapping.date_order import apply_date_order
from plumbline.logs.values.times import date_order_of
from plumbline.store import loads, systems
from plumbline.store.loads import LoadForm, QuarantinedRow, RetryLoad
from plumbline.store.sql import decision_table
from plumbline.store.workspace import Workspace

#: raw rows are kept up to 4,000 bytes; one as long as this may have lost its end
_CUT = 3_980
_TIMES = ("timestamp", "label_time", "trained_at")


@dataclass(frozen=True, slots=True)
class RetryTrial:
    """What a retry would do. ``fits``: rows that would load; ``reasons``: why the others stay, reason -> rows."""

    load: Load
    mapping: Mapping
    fits: tuple[QuarantinedRow, ...]
    reasons: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Row:
    kept: QuarantinedRow
    cells: list[str]


def read_load_form(ws: Workspace, load_id: int) -> tuple[Load, LoadForm]:
    """A load that stands, and how its raw rows are read.

    Raises:
        PlumblineError: there is no such load, it was taken back, or it keeps nothing that could be retried.
    """
    with ws.read() as cursor:
        load = loads.get_load(cursor, load_id)
        form = loads.load_form(cursor, load_id)
    if load.undone_at:
        raise PlumblineError(
            message("Load {load_id} was taken back, its quarantine with it", load_id=str(load_id)),
            todo="Load the file again.",
        )
    if form is None:
        raise PlumblineError(
            message("Load {load_id} keeps no rows that could be tried again", load_id=str(load_id)),
            todo="Its quarantine is empty, or an earlier version made it: take it back and load the file again.",
        )
    return load, form


def sample_cells(ws: Workspace, load_id: int, *, reason: str | None = None) -> dict[str, tuple[str, ...]]:
    """Column -> up to five cells as they stand in the rows that wait; see ``read_load_form`` for what is raised."""
    load, form = read_load_form(ws, load_id)
    with ws.read() as cursor:
        quarantined_rows = loads.quarantined_rows(
            cursor, system=load.system, load_id=load_id, reason=reason, limit=20
        )
    rows, _ = _readable(quarantined_rows, form, lenient=True)
    return {
        column: tuple(cells for cells in (row.cells[i] for row in rows) if cells)[:5]
        for i, column in enumerate(form.columns)
    }


def try_rows(
    ws: Workspace,
    load_id: int,
    mapping: Mapping,
    *,
    reason: str | None = None,
    lenient: bool = False,
    order: str = "",
) -> RetryTrial:
    """Which rows of a load's quarantine fit under a mapping; changes nothing.

    Args:
        mapping: the mended one; where most rows' times are in another format than it says, that one is used.
        reason: only the rows with that reason.
        lenient: rows with too few cells are filled up, what is beyond the header is cut off.
        order: ``day`` or ``month`` comes first in dates; empty: as the mapping has it.

    Raises:
        PlumblineError: see ``read_load_form``; or the mapping does not fit the file's columns.
    """
    load, form = read_load_form(ws, load_id)
    with ws.read() as cursor:
        quarantined_rows = loads.quarantined_rows(
            cursor, system=load.system, load_id=load_id, reason=reason, limit=None
        )
    rows, stay = _readable(quarantined_rows, form, lenient)
    mapping = _with_time_formats(mapping, form.columns, [r.cells for r in rows], order)
    if not rows:
        return RetryTrial(load, mapping, (), stay)
    source = _source(ws, load, form, rows)
    try:
        require(mapping, source)
        why = _reasons(ws, load, source, mapping)
    finally:
        source.discard()
    for reason_now in (r for r in why if r):
        stay[str(reason_now)] = stay.get(str(reason_now), 0) + 1
    fits = tuple(row.kept for row, bad in zip(rows, why, strict=True) if not bad)
    return RetryTrial(load, mapping, fits, stay)


def retry(
    ws: Workspace,
    trial: RetryTrial,
    *,
    actor: str,
    lenient: bool = False,
    after: After | None = None,
    after_labels: AfterLabels | None = None,
    progress: Progress | None = None,
) -> Load:
    """Load the rows that fit, as a load of their own, in one transaction; the rest stays in quarantine.

    Raises:
        PlumblineError: no row fits, or the quarantine changed since the trial.
    """
    if not trial.fits:
        text = ", ".join(f"{why.replace('_', ' ')} in {n}" for why, n in trial.reasons.items())
        raise PlumblineError(
            message(
                "No row of load {load_id}'s quarantine can be loaded so{part}",
                load_id=str(trial.load.load_id),
                part=f": {text}" if text else "",
            ),
            todo="Mend the mapping, or mend the rows in the file and load that.",
        )
    load, form = read_load_form(ws, trial.load.load_id)
    rows, _ = _readable(trial.fits, form, lenient)
    source = _source(ws, load, form, rows)
    retry_load = RetryLoad(load.load_id, trial.fits)
    if load.kind == "labels":
        return load_labels(
            ws,
            source,
            system=load.system,
            mapping=trial.mapping,
            actor=actor,
            retry=retry_load,
            after=after_labels,
            progress=progress,
        )
    return load_decisions(
        ws,
        source,
        title=load.system,
        mapping=trial.mapping,
        actor=actor,
        retry=retry_load,
        reference=load.reference,
        after=after,
        progress=progress,
    )


def _readable(
    kept: Sequence[QuarantinedRow], form: LoadForm, lenient: bool
) -> tuple[list[_Row], dict[str, int]]:
    """The rows whose text can be split into cells, and reason -> rows of the others."""
    rows: list[_Row] = []
    stay: dict[str, int] = {}
    for row in kept:
        cells = None
        reason = row.reason
        if len(row.raw.encode()) >= _CUT:
            reason = "text_cut_off"
        elif not form.delimiter:
            cells = _from_json(row.raw, form.columns)
        elif lenient or row.reason not in UNPARSED:
            cells = _cells(row.raw, form, lenient)
        if cells is None:
            stay[reason] = stay.get(reason, 0) + 1
        else:
            rows.append(_Row(row, cells))
    return rows, stay


def _from_json(raw: str, columns: Sequence[str]) -> list[str] | None:
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    return [_record_cell(body, c) for c in columns] if isinstance(body, dict) else None


def _record_cell(body: object, column: str) -> str:
    """The text of a column in a record: by its name, or by the way that it was unfolded from (``inputs.age``)."""
    if isinstance(body, str) and body.lstrip()[:1] in ("{", "["):
        try:
            body = json.loads(body)
        except ValueError:
            return ""
    if isinstance(body, list):
        place, _, rest = column.partition(".")
        inside = body[int(place)] if place.isdecimal() and int(place) < len(body) else None
        return _record_cell(inside, rest) if rest else _cell_text(inside)
    if not isinstance(body, dict):
        return ""
    if column in body:
        return _cell_text(body[column])
    for key, inside in body.items():
        if column.startswith(f"{key}."):
            inner = _record_cell(inside, column[len(key) + 1 :])
            if inner:
                return inner
    return ""


def _cell_text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def _cells(raw: str, form: LoadForm, lenient: bool) -> list[str] | None:
    width = len(form.columns)
    try:
        records = list(
            csv.reader(
                raw.splitlines(keepends=True), delimiter=form.delimiter, quotechar=form.quote, strict=True
            )
        )
        cells = records[0] if len(records) == 1 else None
    except csv.Error:
        cells = None
    if cells is not None and len(cells) == width:
        return cells
    if not lenient:
        return None
    cells = raw.split(form.delimiter) if cells is None else cells
    return [*cells, *[""] * (width - len(cells))][:width]


def _source(ws: Workspace, load: Load, form: LoadForm, rows: Sequence[_Row]) -> Source:
    """The rows as a plain CSV in the inbox."""
    folder = ws.inbox / uuid.uuid4().hex
    folder.mkdir()
    path = folder / "rows.csv"
    with path.open("w", encoding=UTF8, newline="") as out:
        write = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
        write.writerow(form.columns)
        write.writerows(row.cells for row in rows)
    body = path.read_bytes()
    survey = Survey(sha256=hashlib.sha256(body).hexdigest(), size=len(body))
    shape = FileForm(path=path, format="csv", columns=form.columns, encoding=UTF8, delimiter=",", quote='"')
    kinds = dict.fromkeys(form.columns, "VARCHAR")
    return Source(
        given=path.with_name(load.file),
        file=path,
        form=shape,
        columns=form.columns,
        kinds=kinds,
        survey=survey,
        folder=folder,
    )


def _reasons(ws: Workspace, load: Load, source: Source, mapping: Mapping) -> list[str | None]:
    """For each row of the source, why it cannot be loaded, or None."""
    with ws.read() as cursor:
        system = systems.get_system(cursor, load.system)
        task, labels = system.task or Task.BINARY, load.kind == "labels"
        plan = (
            labels_plan(source, mapping, task=task)
            if labels
            else decisions_plan(
                source,
                mapping,
                task=task,
                secret=secret(cursor),
                existing=systems.decision_columns(cursor, system.key),
            )
        )
        try:
            stage(cursor, source, plan)
            known = (
                f'(SELECT "decision_id" FROM {decision_table(system.key)} WHERE "decision_id" IS NOT NULL)'
            )
            unknown = (
                f""", CASE WHEN "decision_id" NOT IN {known} THEN 'unknown_decision' END""" if labels else ""
            )
            rows = cursor.execute(f"SELECT coalesce(_reason{unknown}) FROM {STAGE} ORDER BY _row").fetchall()
        finally:
            drop_stage(cursor)
    return [row[0] for row in rows]


def _with_time_formats(
    mapping: Mapping, columns: Sequence[str], rows: Sequence[list[str]], order: str
) -> Mapping:
    """The mapping with the format that most of these rows' times are in, where it is another one.

    Raises:
        PlumblineError: the rows' dates could be read in two ways and nothing tells which.
    """
    changed = []
    for item in mapping.columns:
        if item.role.role in _TIMES and item.column in columns:
            place = columns.index(item.column)
            facts = ColumnFacts(
                name=item.column,
                cells=tuple(cells[place] for cells in rows),
                order=order or date_order_of(item.format),
            )
            form = apply_date_order(item.format, order)
            if facts.times and facts.times.share > 0.5 and not _reads(form, facts.times.format):
                if facts.times.ambiguous:
                    raise PlumblineError(
                        message(
                            "The dates of {column} can be read day first or month first, e.g. {present}",
                            column=repr(item.column),
                            present=facts.present[0],
                        ),
                        todo="Say which comes first; in a terminal: --date-order dmy or mdy.",
                    )
                form = facts.times.format
            item = replace(item, format=form)
        changed.append(item)
    return replace(mapping, columns=tuple(changed))


def _reads(form: str, text: str) -> bool:
    return set(text.split("|")) <= set((form or "iso").split("|"))
