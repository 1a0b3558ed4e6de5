"""Looking at a file before it is loaded: its format, what each column means, and what is unsure."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from plumbline.domain import Mapping, PlumblineError, json_object
from plumbline.domain.messages import Message, message
from plumbline.logs import reader
from plumbline.logs.files.conversion import open_readable
from plumbline.logs.files.source import Source, relation, require_readable, unreadable
from plumbline.logs.load.trial import LoadTrial, lower_confidence, try_rows
from plumbline.logs.mapping import questions
from plumbline.logs.mapping.choices import StatedRoles
from plumbline.logs.mapping.column_facts import ColumnFacts, uses_decimal_commas
from plumbline.logs.mapping.guess import MappingGuess, guess_mapping
from plumbline.logs.mapping.histograms import MOST_COLUMNS, histogram
from plumbline.logs.mapping.questions import FileQuestion
from plumbline.logs.mapping.role_names import name_strength
from plumbline.logs.values.times import date_order_of
from plumbline.sandbox.records import from_json, to_json
from plumbline.store.database.external import external_connection
from plumbline.store.workspace import Workspace

SAMPLE = 4_000
PREVIEW = 20
#: characters of a cell that are looked at: a number or a time has fewer, and no text is told by what comes after
LONGEST = 1_000
_DATE = r"^\s*(\d{1,2})[./-](\d{1,2})[./-]\d{2}"
#: role -> what its absence costs, said of a log of decisions
COSTS = {
    "decision_id": "No decision id: labels cannot arrive later, and single decisions cannot be looked up.",
    "score": "No score: no calibration, no ranking measures and no estimate while labels lag.",
    "label": "No label: how often the model is right stays unknown until a labels file is loaded.",
    "version": "No version: release checks will be unknown.",
    "trained_at": "No training date: the model's age will be unknown.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a file looks like. ``kind``: decisions or labels.

    ``preview``: the first rows, a tuple of texts (or None) each. ``notes``: what the mapping leaves unknown.
    ``remembered``: an earlier log's mapping was used; ``fresh`` columns are new to it, ``gone`` ones it had and
    this file lacks.
    """

    file: str
    format: str  # see formats.FORMATS
    encoding: str
    delimiter: str
    decimal: str  # "," or "."
    columns: tuple[str, ...]
    mapping: Mapping
    asked: tuple[FileQuestion, ...]
    rows_sampled: int
    preview: tuple[tuple[str | None, ...], ...]
    kind: str = "decisions"
    notes: tuple[str, ...] = ()
    zone_notes: tuple[str, ...] = ()  # of these, how times without a zone are read
    remembered: bool = False
    fresh: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()  # of a workbook those that hold a table, the one looked at first
    trial: LoadTrial = field(default_factory=LoadTrial)  # the first rows under this mapping
    histograms: tuple[tuple[int, ...], ...] = ()  # a column of the sample each; none for a very wide file

    @property
    def questions(self) -> tuple[str, ...]:
        """The questions as sentences."""
        return tuple(question.text for question in self.asked)

    def bars(self) -> dict[str, tuple[int, ...]]:
        """The histogram by column."""
        return dict(zip(self.columns, self.histograms, strict=False))

    def samples(self) -> dict[str, tuple[str | None, ...]]:
        """The preview by column."""
        return {c: tuple(row[i] for row in self.preview) for i, c in enumerate(self.columns)}

    def to_dict(self) -> dict[str, Any]:
        """``mapping``: column -> role, several joined by a comma; ``confidence``: column -> 0 to 1."""
        roles: dict[str, list[str]] = {}
        for column in self.mapping.columns:
            roles.setdefault(column.column, []).append(str(column.role))
        return json_object(
            {
                "file": self.file,
                "format": self.format,
                "kind": self.kind,
                "encoding": self.encoding,
                "delimiter": self.delimiter,
                "task": self.mapping.task,
                "positive": self.mapping.positive,
                "mapping": {column: ",".join(names) for column, names in roles.items()},
                "confidence": {c.column: round(c.confidence, 3) for c in self.mapping.columns},
                "reasons": {c.column: c.reason for c in self.mapping.columns},
                "questions": self.questions,
                "rows_sampled": self.rows_sampled,
                "unfit": self.trial.unfit_rows,
                "sheets": self.sheets,
            }
        )


def inspect(
    path: Path,
    *,
    ws: Workspace,
    known: Mapping | None = None,
    sheet: str | None = None,
    stated: StatedRoles | None = None,
) -> Inspection:
    """Recognise a file and guess what its columns mean, from its first 4,000 rows; loads nothing.

    Args:
        known: how the system's earlier logs were read; what it settles is not guessed again, and the rest is guessed
            around it. Its formats give way to the file's own.
        sheet: of a workbook; without, the largest.
        stated: what a person said of this file; it comes before what is known, and all else is guessed around it.

    Raises:
        PlumblineError: the file is no table of text or Parquet, is empty, has no rows, or is a log in which no
            column can be the time of decision; what a person said cannot be; or reading it takes more memory or
            time than is allowed.
    """
    require_readable(ws, path)
    return inspect_in_folder(ws.inbox, path, known=known, sheet=sheet, stated=stated)


def inspect_in_folder(
    inbox: Path,
    path: Path,
    *,
    known: Mapping | None = None,
    sheet: str | None = None,
    stated: StatedRoles | None = None,
) -> Inspection:
    """``inspect`` without a workspace: what is made of the file for the look goes to ``inbox``."""
    folder = inbox / uuid.uuid4().hex
    try:
        reply = reader.ask(
            "inspect",
            path,
            folder,
            known=to_json(known),
            sheet=sheet,
            stated=to_json(stated or StatedRoles()),
        )
        return from_json(Inspection, reply)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def inspect_in_process(
    path: Path, folder: Path, known: Mapping | None, sheet: str | None, stated: StatedRoles | None = None
) -> Inspection:
    """``inspect`` in the reader's process."""
    stated_roles = stated or StatedRoles()
    source = open_readable(path, folder, whole=False, sheet=sheet)
    with external_connection(folder, files=[source.file]) as cursor:
        rows = _sample(cursor, source)
        if not rows:
            raise _no_rows_error(path, source)
        preview = tuple(rows[:PREVIEW])
        rows += _rows_of_empty_columns(cursor, source, rows)
        columns = list(zip(*rows, strict=True))
        comma = source.form.format == "csv" and uses_decimal_commas(columns)
        facts = [
            ColumnFacts(
                name=name, cells=tuple(cells), kind=source.kinds[name], comma=comma, order=stated_roles.order
            )
            for name, cells in zip(source.columns, columns, strict=True)
        ]
        facts = (
            facts
            if stated_roles.order in ("day", "month")
            else [_with_date_order(cursor, source, f) for f in facts]
        )
        guess = guess_mapping(facts, known, stated_roles)
        roles = {m.role.role for m in guess.mapping.columns}
        if guess.kind == "decisions" and "timestamp" not in roles:
            raise _no_time_error(path, facts)
        trial = try_rows(cursor, source, guess.mapping, labels=guess.kind == "labels", first=SAMPLE)
    return Inspection(
        file=path.name,
        format=source.form.format,
        encoding=source.form.encoding,
        delimiter=source.form.delimiter,
        decimal="," if comma else ".",
        columns=source.columns,
        mapping=lower_confidence(guess.mapping, trial),
        asked=(*_sheet_questions(source), *guess.questions),
        rows_sampled=len(rows),
        preview=preview,
        kind=guess.kind,
        sheets=source.sheets,
        notes=(*_duplicate_name_notes(source), *guess.notes, *_costs(guess.kind, roles)),
        zone_notes=guess.zone_notes,
        trial=trial,
        histograms=tuple(map(histogram, facts)) if len(facts) <= MOST_COLUMNS else (),
        **_mapping_differences(guess, source.columns, known),
    )


def _mapping_differences(
    guess: MappingGuess, columns: Sequence[str], known: Mapping | None
) -> dict[str, Any]:
    """How the file's columns differ from those of the earlier log whose mapping was used."""
    before = {c.column for c in known.columns} if known else set()
    if guess.kind == "labels" or not before & set(columns):
        return {}
    gone = tuple(c for c in before if c not in columns)
    return {
        "remembered": True, "fresh": tuple(c for c in columns if c not in before), "gone": tuple(sorted(gone)),
    }  # fmt: skip


def _sheet_questions(source: Source) -> tuple[FileQuestion, ...]:
    return (questions.sheet(source.sheets),) if len(source.sheets) > 1 else ()


def _no_rows_error(path: Path, source: Source) -> PlumblineError:
    """A header alone, or lines of which none has the header's cells: text that is no table."""
    lines: list[bytes] = []
    if not source.is_table:
        with source.file.open("rb") as file:
            lines = [line for line in file.readlines(65_536)[source.form.skip :] if line.strip()]
    if len(lines) > 1:
        return PlumblineError(
            message(
                "None of the file's lines has as many cells as its first, {columns}, so it is no table",
                columns=str(len(source.columns)),
            ),
            where=path.name,
            todo="Export it as CSV or Parquet and load that.",
        )
    return PlumblineError(
        "The file has a header and no rows", where=path.name, todo="Export it again and load that."
    )


def _duplicate_name_notes(source: Source) -> list[Message]:
    """Columns that were given a name of their own, as the file calls two alike."""
    renamed = ", ".join(f"{name!r}" for name in source.form.renamed[:10])
    return (
        [message("Some columns have the same name; the later ones go by {names}.", names=renamed)]
        if renamed
        else []
    )


def _no_time_error(path: Path, columns: Sequence[ColumnFacts]) -> PlumblineError:
    """Which column was meant to be the time, where its name tells, and that it cannot be read as one."""
    meant = [c for c in columns if name_strength(c.name).get("timestamp") and c.present]
    if meant:
        best = max(meant, key=lambda c: name_strength(c.name)["timestamp"])
        text = f"{best.name!r} ({best.present[0][:60]!r}) cannot be read as one: write times as 2026-12-31 23:59:59."
    else:
        text = f"Export it with a time. It has: {', '.join(c.name for c in columns[:30])}."
    return PlumblineError(
        "No column holds the time of the decisions, and without it nothing can be said over time",
        where=path.name,
        todo=text,
    )


def _sample(cursor: duckdb.DuckDBPyConnection, source: Source) -> list[tuple[str | None, ...]]:
    return _rows(cursor, source, f"LIMIT {SAMPLE}")


def _rows(cursor: duckdb.DuckDBPyConnection, source: Source, which: str) -> list[tuple[str | None, ...]]:
    names = ", ".join(f"left(CAST(c{i} AS VARCHAR), {LONGEST})" for i in range(len(source.columns)))
    try:
        return cursor.execute(f"SELECT {names} FROM {relation(source, rejects=False)} {which}").fetchall()
    except duckdb.Error as error:
        raise unreadable(source.given, error) from error


def _rows_of_empty_columns(
    cursor: duckdb.DuckDBPyConnection, source: Source, rows: list[tuple[str | None, ...]]
) -> list[tuple[str | None, ...]]:
    """Rows from further on that fill columns of which the first rows say nothing, e.g. labels that lag."""
    if len(rows) < SAMPLE:
        return []
    empty = [i for i in range(len(source.columns)) if all(not (row[i] or "").strip() for row in rows)]
    if not empty:
        return []
    filled = " OR ".join(f"CAST(c{i} AS VARCHAR) <> ''" for i in empty)
    return _rows(cursor, source, f"WHERE {filled} LIMIT {SAMPLE // 5}")


def _with_date_order(cursor: duckdb.DuckDBPyConnection, source: Source, facts: ColumnFacts) -> ColumnFacts:
    """Where dates have an order of day and month, let the whole column tell which: day, month, or both."""
    if facts.times is None or not date_order_of(facts.times.format):
        return facts
    cell = f"CAST({source.cell(facts.name)} AS VARCHAR)"
    a, b = (f"TRY_CAST(regexp_extract({cell}, '{_DATE}', {i}) AS INTEGER)" for i in (1, 2))
    try:
        row = cursor.execute(
            f"""SELECT coalesce(bool_or(a BETWEEN 13 AND 31 AND b <= 12), false),
                       coalesce(bool_or(b BETWEEN 13 AND 31 AND a <= 12), false)
                FROM (SELECT {a} AS a, {b} AS b FROM {relation(source, rejects=False)})"""
        ).fetchone()
    except duckdb.Error as error:
        raise unreadable(source.given, error) from error
    day, month = row or (False, False)
    order = "both" if day and month else "day" if day else "month" if month else ""
    return replace(facts, order=order)


def _costs(kind: str, roles: Sequence[str] | set[str]) -> list[str]:
    if kind == "labels":
        return []
    return [
        cost
        for role, cost in COSTS.items()
        if role not in roles and not (role == "score" and "proba" in roles)
    ]
