"""Pushed rows as cells of text by the columns of a system's log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from plumbline.domain import IGNORE, ColumnMap, PlumblineError, RoleName
from plumbline.domain import Mapping as RoleMapping
from plumbline.logs.files.nested_columns import LONGEST_LIST, MOST_COLUMNS

#: how far a time may lie ahead of this machine's clock
AHEAD = timedelta(days=1)
#: characters of one cell
LONGEST = 1_000_000
TIMES = ("timestamp", "label_time", "trained_at")
OUTPUTS = ("prediction", "score", "proba")
#: a row as cells of text by column
Row = dict[str, str]


class UnfitRequest(PlumblineError):
    """A request of which nothing is taken, as one of its rows cannot be what it has to be. ``line``: which, from 1."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(
            f"Row {line}: {what}", todo="Nothing of this request was taken; mend it and send it again."
        )
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class RowForm:
    """How rows of one kind are read for one system.

    ``names``: what a column may be called -> its name in the log, empty where it is not loaded. ``needed``: columns of
    which each row has to have all; ``outputs``: of which it has to have one.
    """

    system: str
    kind: str  # decisions | labels
    mapping: RoleMapping
    names: Mapping[str, str]
    needed: tuple[str, ...]
    outputs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Batch:
    """A request's rows. ``iso``: columns of times that are all ISO 8601; ``unread``: names that mean nothing here."""

    rows: list[Row]
    iso: tuple[str, ...]
    unread: tuple[str, ...] = ()


def decisions_form(system: str, mapping: RoleMapping) -> RowForm:
    """How decisions are read: by the names of the log's columns, or by roles."""
    columns = {c.column: "" for c in mapping.columns}
    columns |= {c.column: c.column for c in mapping.columns if c.role.role != IGNORE}
    roles = {str(c.role): c.column for c in mapping.columns if c.role.role != IGNORE}
    time = mapping.column_of("timestamp") or "timestamp"
    outputs = {c.column for c in mapping.columns if c.role.role in OUTPUTS}
    return RowForm(
        system=system,
        kind="decisions",
        mapping=mapping,
        names=roles | columns,
        needed=(time,),
        outputs=frozenset(outputs | {"prediction", "score"}),
    )


def labels_form(system: str, decisions: RoleMapping, labels: RoleMapping | None) -> RowForm:
    """How labels are read: by roles, or as the log or an earlier file of labels calls them."""
    wanted = ("decision_id", "label", "label_time")
    names: dict[str, str] = {}
    formats: dict[str, str] = {}
    for mapping in filter(None, (decisions, labels)):
        for item in mapping.columns:
            if str(item.role) in wanted:
                names.setdefault(item.column, str(item.role))
                formats[str(item.role)] = item.format
    columns = tuple(ColumnMap(column=r, role=RoleName(r), format=formats.get(r, "")) for r in wanted)
    return RowForm(
        system=system,
        kind="labels",
        mapping=replace(decisions, columns=columns),
        names=names | dict(zip(wanted, wanted, strict=True)),
        needed=wanted[:2],
    )


def mapping_for(form: RowForm, columns: Sequence[str], iso: Sequence[str]) -> RoleMapping:
    """How a batch with these columns is read: the log's mapping of those that are there, and new ones by their role."""
    here, known = set(columns), {c.column for c in form.mapping.columns}
    items = [c for c in form.mapping.columns if c.column in here]
    items = [replace(c, format="iso") if c.column in iso and c.role.role in TIMES else c for c in items]
    taken = {str(c.role).lower() for c in items}
    for column in columns:
        role = _role_of(column) if form.kind == "decisions" and column not in known else None
        if role is not None and str(role).lower() not in taken:
            taken.add(str(role).lower())
            items.append(ColumnMap(column=column, role=role, format="iso" if column in iso else ""))
    return replace(form.mapping, columns=tuple(items))


def read_rows(
    form: RowForm, records: Iterator[tuple[int, Mapping[str, Any]]], now: datetime | None = None
) -> Batch:
    """Make cells of records, each with its line.

    Raises:
        Unfit: a row lacks what it needs, says a thing twice, or lies in the future.
    """
    reader = _RowReader(form=form, latest=(now or datetime.now(UTC)) + AHEAD)
    rows = [reader.row(line, record) for line, record in records]
    if len(reader.columns) > MOST_COLUMNS:
        raise UnfitRequest(1, f"more than {MOST_COLUMNS} columns")
    iso = tuple(sorted(c for c, plain in reader.iso.items() if plain))
    mixed = sorted(c for c, plain in reader.iso.items() if not plain and c in reader.dated)
    if mixed:
        raise PlumblineError(
            f"The times in {mixed[0]!r} are written in two ways",
            todo="Write all of a request as 2026-12-31T23:59:59Z.",
        )
    return Batch(rows, iso, tuple(sorted(reader.unread)))


@dataclass(slots=True, kw_only=True)
class _RowReader:
    form: RowForm
    latest: datetime
    columns: dict[str, str] = field(default_factory=dict)  # as it is called -> the log's column
    formats: dict[str, str] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    iso: dict[str, bool] = field(default_factory=dict)  # column of times -> whether all are ISO 8601
    dated: set[str] = field(default_factory=set)  # columns of times of which some are
    _times: set[str] = field(default_factory=set)
    _outputs: set[str] = field(default_factory=set)

    def row(self, line: int, record: Mapping[str, Any]) -> Row:
        row: Row = {}
        for name, value in _leaves(record, line):
            column = self.columns[name] if name in self.columns else self._resolve_name(name)
            if not column or value is None or value == "":
                continue
            if column in row:
                raise UnfitRequest(line, f"{name!r} is there twice, by its column's name and by its role")
            text = _text(value, self.formats[column], line, name)
            if column in self._times:
                self._time(line, column, text)
            row[column] = text
        self._require_outputs(line, row)
        return row

    def _require_outputs(self, line: int, made: Row) -> None:
        for column in self.form.needed:
            if column not in made:
                raise UnfitRequest(line, f"{column!r} is missing")
        if self.form.outputs and not (self.form.outputs | self._outputs) & made.keys():
            raise UnfitRequest(line, "neither a prediction nor a score")

    def _resolve_name(self, name: str) -> str:
        """The column that a new name means; empty where it means nothing here."""
        known = self.form.names.get(name)
        role = _role_of(name) if known is None and self.form.kind == "decisions" else None
        column = self.columns[name] = known or (str(role) if role else "")
        if not column:
            self.unread |= {name} if known is None else set()
            return ""
        item = next(
            (c for c in self.form.mapping.columns if c.column == column and c.role.role != IGNORE), None
        )
        self.formats[column] = item.format if item else ""
        word = item.role.role if item else role.role if role else ""
        self._times |= {column} if word in TIMES else set()
        self._outputs |= {column} if word in OUTPUTS else set()
        return column

    def _time(self, line: int, column: str, text: str) -> None:
        at = _moment(text)
        if self.formats[column] not in ("", "iso"):  # the log writes times in another way
            self.dated |= {column} if at else set()
            self.iso[column] = self.iso.get(column, True) and at is not None
        at = at or _epoch(text, self.formats[column])
        if at is not None and at > self.latest:
            raise UnfitRequest(
                line, f"the time {text[:40]} lies more than a day ahead of this server's clock"
            )


def _role_of(name: str) -> RoleName | None:
    """The role that a name spells; a bare ``feature`` spells none."""
    try:
        role = RoleName.parse(name)
    except PlumblineError:
        return None
    named = role.role in ("feature", "segment", "protected", "proba", "attribution", "weight")
    return None if role.role == IGNORE or named != bool(role.name) else role


def _leaves(record: Mapping[str, Any], line: int) -> Iterator[tuple[str, Any]]:
    """Values by their names; those within objects and short lists by the way to them: ``inputs.age``, ``out.0``."""
    todo: list[tuple[str, Any]] = list(reversed(list(record.items())))
    seen = 0
    while todo:
        name, value = todo.pop()
        if isinstance(value, Mapping):
            todo += [(f"{name}.{key}", inner) for key, inner in reversed(list(value.items()))]
        elif isinstance(value, list) and len(value) <= LONGEST_LIST:
            todo += [(f"{name}.{i}", inner) for i, inner in reversed(list(enumerate(value)))]
        elif isinstance(value, list):
            yield name, str(value)
        else:
            yield name, value
        seen += 1
        if seen > MOST_COLUMNS:
            raise UnfitRequest(line, f"more than {MOST_COLUMNS} values")


def _text(value: object, form: str, line: int, name: str) -> str:
    """A value as the log would have written it."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, (int, float)):
        text = _number(value, form)
    elif isinstance(value, (datetime, date)):
        text = value.isoformat()
    elif isinstance(value, bytes):
        raise UnfitRequest(line, f"{name!r} holds bytes and no text")
    else:
        text = str(value)
    if len(text) > LONGEST:
        raise UnfitRequest(line, f"{name!r} holds more than {LONGEST} characters")
    return text


def _number(value: float, form: str) -> str:
    """A number as a log writes it that has decimal commas, or percent."""
    words = form.split()
    text = repr(value * 100) if "percent" in words else repr(value)
    return text.replace(".", ",") if "decimal_comma" in words else text


def _moment(text: str) -> datetime | None:
    """An ISO 8601 time; without a zone it is taken to be UTC here, which is near enough for a day."""
    if len(text) < 10 or text[4] != "-":
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _epoch(text: str, form: str) -> datetime | None:
    unit = {"epoch_s": 1, "epoch_ms": 1e3, "epoch_us": 1e6, "epoch_ns": 1e9}.get(form)
    try:
        return datetime.fromtimestamp(float(text) / unit, UTC) if unit else None
    except (ValueError, OverflowError, OSError):
        return None
