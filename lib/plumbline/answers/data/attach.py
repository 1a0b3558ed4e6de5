"""Systems whose decisions stay in a cluster: attaching one, counting what is new, and counting anew what changed."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from plumbline.answers.data.load import (
    FileAnswers,
    Progress,
    apply_answers,
    inspect_file,
    load_file,
    refuse_open,
)
from plumbline.domain import Load, Mapping, PlumblineError, System, Task, json_object
from plumbline.logs.cluster import attachments, refresh, sample, sample_rows
from plumbline.logs.cluster.attachments import Attachment, Window
from plumbline.logs.cluster.classes import classes_there, counted_classes, with_scores
from plumbline.logs.cluster.session import cluster, describe
from plumbline.logs.cluster.strata import (
    SampleRule,
    Strata,
    counted_strata,
    merged_strata,
    sample_rule,
)
from plumbline.logs.cluster.table import ClusterReading, ClusterTable, build_reading, first_reading
from plumbline.logs.load.removal import is_empty
from plumbline.logs.load.settle import secret
from plumbline.logs.mapping.classes import ClassCounts
from plumbline.logs.pull.location import read_location
from plumbline.profile import build
from plumbline.profile.bins import renew_basis
from plumbline.profile.changed_days import recount_days
from plumbline.store import systems
from plumbline.store.backup import state_digest
from plumbline.store.cache.samples import decisions_counted
from plumbline.store.sources import Origin
from plumbline.store.sql import system_key
from plumbline.store.workspace import Cursor, Workspace

#: rows that are kept here where nobody says otherwise
SAMPLE_ROWS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachResult:
    """What one look at an attached table brought.

    ``load``: None where nothing was new; ``decisions`` of them were counted and ``sampled`` are kept here; ``mark``: up
    to where the table is read; ``days``: days that were counted anew because something of them changed.
    """

    system: str
    location: str
    item: str
    load: Load | None
    decisions: int
    sampled: int
    n_read: int
    mark: str | None
    days: int = 0
    unplaced: int = 0  # rows whose value of the ordering column is missing: they are never read

    def to_dict(self) -> dict[str, Any]:
        """The fields by their names, and ``load_id``."""
        return json_object(
            {
                "load_id": self.load.load_id if self.load else None,
                "system": self.system,
                "location": self.location,
                "item": self.item,
                "decisions": self.decisions,
                "sampled": self.sampled,
                "rows_read": self.n_read,
                "mark": self.mark,
                "days_recounted": self.days,
                "rows_without_place": self.unplaced,
            }
        )


def attach(
    ws: Workspace,
    source: str,
    *,
    title: str,
    item: str,
    since: str,
    size: int = SAMPLE_ROWS,
    answers: FileAnswers | None = None,
    actor: str,
    progress: Progress | None = None,
) -> AttachResult:
    """Make a system of a table in a cluster: its decisions are counted there, and a sample of them is kept here.

    Args:
        source: ``spark:sc://HOST:PORT``, with ``/;NAME=VALUE`` where the cluster needs it; a value whose name speaks of
            a secret (a token, a password) is used once and not kept.
        item: CATALOG.SCHEMA.TABLE. ``since``: the column that orders its rows; one that only grows.
        size: how many rows are kept here at most.
        answers: what a person said of the columns; the rest is guessed from a look at the table.

    Raises:
        PlumblineError: the cluster or the table cannot be used, or a question is open; nothing has changed.
    """
    location, key = read_location(source), system_key(title)
    if location.kind != "spark":
        raise PlumblineError(
            "Only a table in a Spark cluster is attached", todo="Other sources: plumbline pull."
        )
    if size < 1000:
        raise PlumblineError(
            "A sample needs a thousand rows or more", todo=f"Leave --sample out for {SAMPLE_ROWS}."
        )
    with ws.read() as cursor:
        known = attachments.find(cursor, key)
        if known and attachments.windows(cursor, key):
            if (known.location, known.item) == (location.shown, item):
                return pull_table(ws, key, actor=actor, source=source, progress=progress)
            raise PlumblineError(
                f"{key} is attached to another table", where=known.item, todo="Choose another --system."
            )
        if systems.find_system(cursor, key) is not None and not is_empty(cursor, key):
            raise PlumblineError(f"{key} holds decisions of its own", todo="Choose another --system.")
    with cluster(location) as session, _folder(ws) as folder:
        table = describe(session, item, since)
        high, rows, unplaced = sample.newest_mark(session, table, None)
        if high is None:
            raise PlumblineError("The table has no rows up to now", where=item, todo="Attach it when it has.")
        mapping = _mapping(ws, session, table, rows, folder, key, answers or FileAnswers())
        window = Window(load_id=0, low=None, high=high, n_read=rows)
        strata = sample.count_strata(session, first_reading(mapping, table, window, _task(mapping)), window)
        if not strata:
            raise PlumblineError(
                "No row of the table has a time and a prediction or score",
                where=item,
                todo="Check what each column was taken for, and say it with --map COLUMN=ROLE.",
            )
        rule = sample_rule(size, strata.values())
        attachment = Attachment(
            system=key, location=location.shown, item=item, since=table.since, share=rule.share, size=size
        )
        look = _Look(
            session=session, attachment=attachment, before=attachment, mapping=mapping, table=table,
            window=window, standing=(), rule=rule, strata=strata, unplaced=unplaced,
        )  # fmt: skip
        return _load(ws, look, folder, actor, progress)


def pull_table(
    ws: Workspace, key: str, *, actor: str, source: str = "", progress: Progress | None = None
) -> AttachResult:
    """Count what is new in the table that a system is attached to, and anew what changed of the last half-year.

    Args:
        source: where the address has a part that is not remembered.

    Raises:
        PlumblineError: the cluster or its table cannot be used; nothing has changed, and the mark has not moved.
    """
    with ws.read() as cursor:
        attachment = attachments.find(cursor, key)
        mapping = systems.saved_mapping(cursor, key)
        system = systems.get_system(cursor, key)
        named = systems.decision_columns(cursor, key)
        windows, days = attachments.windows(cursor, key), attachments.days(cursor, key)
    if attachment is None or mapping is None:
        raise PlumblineError(
            f"{key} is not attached to a table", todo="plumbline attach SOURCE --table NAME."
        )
    from plumbline.answers.alerts.check import check

    location = read_location(source or attachment.location)
    with cluster(location) as session, _folder(ws) as folder:
        table = describe(session, attachment.item, attachment.since)
        reading = build_reading(system, mapping, table, named, windows)
        since = sample.late_label_start([day for _, day in days]) if days else None
        now = sample.day_digests(session, reading, windows, since)
        changed = refresh.changed_days(days, now, since)
        if changed:
            refresh.recount_days_of_table(
                ws, attachment, session, reading, changed, recount_days, actor=actor
            )
            check(ws, key, actor=actor, all_signals=False)
        mark = windows[-1].high if windows else None
        high, rows, unplaced = sample.newest_mark(session, table, mark)
        window = Window(load_id=0, low=mark, high=high or "", n_read=rows)
        strata = sample.count_strata(session, replace(reading, windows=(window,)), window) if high else {}
        if not strata:
            return AttachResult(
                system=key,
                location=attachment.location,
                item=attachment.item,
                load=None,
                decisions=0,
                sampled=0,
                n_read=rows,
                mark=mark,
                days=len(changed),
                unplaced=unplaced,
            )
        with ws.read() as cursor:
            everything = merged_strata(counted_strata(cursor, key), strata)
        rule = sample_rule(attachment.size, everything.values(), attachment.share)
        look = _Look(
            session=session, attachment=replace(attachment, share=rule.share), before=attachment, mapping=mapping,
            table=table, window=window, standing=windows, rule=rule, strata=strata, unplaced=unplaced,
        )  # fmt: skip
        result = _load(ws, look, folder, actor, progress)
    return replace(result, days=len(changed))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What a look at a table saw that is new in it.

    ``attachment``: with the share that is sampled from now on; ``before``: as it stands. ``standing``: what the loads
    before have counted; ``strata``: the window's decisions by day and version; ``unplaced``: rows without a place.
    """

    session: Any
    attachment: Attachment
    before: Attachment
    mapping: Mapping
    table: ClusterTable
    window: Window
    standing: Sequence[Window]
    rule: SampleRule
    strata: Strata
    unplaced: int


def _load(ws: Workspace, look: _Look, folder: Path, actor: str, progress: Progress | None) -> AttachResult:
    """Load the sample of a window, count the window in the cluster, and remember both, in one transaction."""
    attachment, mapping, table = look.attachment, look.mapping, look.table
    reading = first_reading(mapping, table, look.window, _task(mapping))
    window = replace(look.window, weights=sample.weight_range(look.session, reading, look.window))
    path = folder / f"{re.sub(r'[^A-Za-z0-9_.-]+', '_', attachment.item)[:80] or 'rows'}.parquet"
    if progress:
        progress("Drawing the sample", 0.0)
    drawn = sample.draw(look.session, reading, window, look.rule, look.strata)
    column_of = mapping.column_of
    id_column, subject = column_of("decision_id"), column_of("subject")
    with ws.write() as cursor:
        if id_column is not None:
            drawn = sample_rows.without_erased(
                cursor, attachment.system, secret(cursor), drawn, id_column, subject
            )
    sample.write_rows(drawn, path)
    classes = _classes(ws, look, reading)
    counted: list[int] = []

    def count_window(cursor: Cursor, system: System, load_id: int) -> None:
        attachments.refuse_concurrent_refresh(cursor, look.before, look.standing)
        own_window = replace(window, load_id=load_id)
        attachments.keep(cursor, attachment)
        attachments.add_window(cursor, system.key, own_window)
        named = systems.decision_columns(cursor, system.key)
        whole = build_reading(system, mapping, table, named, attachments.windows(cursor, system.key))
        # before the counts: a label that comes between the two shows at the next look
        attachments.keep_days(cursor, system.key, sample.day_digests(look.session, whole, [own_window]))
        build.on_load(cursor, system, load_id)
        counted.append(decisions_counted(cursor, system.key, load_id))
        if look.standing and sample_rows.thin(cursor, system, look.rule):
            renew_basis(cursor, system)  # or the next look would count everything anew
        state_digest.mark_profiles(cursor, system.key, [load_id, state_digest.GRIDS])

    origin = Origin("spark", attachment.location, attachment.item, attachment.item, table.since, window.high)
    load = load_file(
        ws,
        path,
        title=attachment.system,
        mapping=mapping,
        origin=origin,
        actor=actor,
        progress=progress,
        after=count_window,
        classes=classes,
        accept=True,
    )
    return AttachResult(
        system=load.system,
        location=attachment.location,
        item=attachment.item,
        load=load,
        decisions=counted[0] if counted else 0,
        sampled=drawn.num_rows,
        n_read=window.n_read,
        mark=window.high,
        unplaced=look.unplaced,
    )


def _classes(ws: Workspace, look: _Look, reading: ClusterReading) -> ClassCounts:
    """The classes of all decisions, those of the loads before as they are counted; with the scores of all of them where
    the positive class is not settled yet."""
    counts, positive = ClassCounts(), look.mapping.positive
    with ws.read() as cursor:
        system = systems.find_system(cursor, look.attachment.system) if look.standing else None
        if system is not None:
            counts, positive = counted_classes(cursor, system) or counts, system.positive
    counts = counts.plus(classes_there(look.session, reading, [look.window]))
    windows = [*look.standing, look.window]
    return with_scores(look.session, replace(reading, windows=tuple(windows)), windows, counts, positive)


def _mapping(
    ws: Workspace,
    session: Any,
    table: ClusterTable,
    rows: int,
    folder: Path,
    key: str,
    answers: FileAnswers,
) -> Mapping:
    """What the columns of a table mean: guessed from a look at it, and as a person said."""
    path = folder / "look.parquet"
    sample.write_preview(session, table, rows, path)
    inspection = inspect_file(path, ws=ws, system=key, answers=answers)
    refuse_open(inspection, answers)
    return apply_answers(inspection.mapping, answers)


def _task(mapping: Mapping) -> Task:
    return mapping.task or (Task.MULTICLASS if mapping.columns_of("proba") else Task.BINARY)


@contextmanager
def _folder(ws: Workspace) -> Iterator[Path]:
    folder = ws.inbox / uuid.uuid4().hex
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
