"""What is to be made of each column of a file: the SQL of its value, and what makes a row unfit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from plumbline.domain import (
    IGNORE,
    TEXT,
    ColumnMap,
    DecisionColumn,
    Kind,
    Mapping,
    PlumblineError,
    RoleName,
    Task,
)
from plumbline.domain.messages import message
from plumbline.logs.files.source import Source
from plumbline.logs.values import cast
from plumbline.store.sql import ident, literal


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedColumn:
    """One column of the stage: its name (the role's spelling), the SQL of its value, the map it came from."""

    name: str
    value: str
    map: ColumnMap
    trimmed: str = ""  # the cell, where blanks around it are to be taken away first
    watched: str = ""  # the cell, where it may hold something that cannot be read and is then left empty
    beside: RoleName | None = None  # the column of text that then keeps it
    plain: bool = False  # text of which a number is made by a cast alone: the reader can do that as well
    unbounded: bool = False  # a number that the reader made of text: it may be none that is finite


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be staged. ``reasons``: (reason, SQL condition, stage column of the cell to quote)."""

    columns: tuple[StagedColumn, ...]
    reasons: tuple[tuple[str, str, str], ...]
    hashed: tuple[str, ...] = ()
    derived: tuple[tuple[str, str], ...] = ()


def stage_column(
    source: Source, item: ColumnMap, *, task: Task | None, zone: str, kind: Kind, secret: str
) -> StagedColumn:
    """How one mapped column is read."""
    cell, role = source.cell(item.column), item.role.role
    text = source.is_text(item.column)
    name, watched, plain, unbounded = str(item.role), "", False, False
    if role in ("timestamp", "label_time", "trained_at"):
        value = cast.instant(cell, item.format, zone, kind=source.kinds[item.column])
        if role != "timestamp":  # a typed time has to be out of all bounds to be lost
            watched = cell if text else f"CASE WHEN ({value}) IS NULL THEN CAST({cell} AS VARCHAR) END"
    elif role in ("decision_id", "version", "arm"):
        value = cast.name(cell, text=text)
    elif role == "subject":
        value = cast.keyed_hash(cast.name(cell, text=text), secret)
    elif role in ("prediction", "label", "override") and task is not Task.REGRESSION:
        value = cast.outcome(cell, text=text)
    elif role in ("prediction", "label", "override", "score") or kind is Kind.NUMERIC:
        value = cast.number(cell, item.format, text=text)
        watched = cell if text else _text_of_typed_cell(cell, source.kinds[item.column], value, role)
        plain = text and not item.format
        unbounded = not text and not source.is_table
    else:
        value = cast.level(cell, text=text)
    trimmed = cell if text and not _reads_blanks(role, task, kind) else ""
    return StagedColumn(
        name=name,
        value=cell if unbounded else value,
        map=item,
        trimmed=trimmed,
        watched=watched,
        plain=plain,
        unbounded=unbounded,
    )


def _text_of_typed_cell(cell: str, kind: str, value: str, role: str) -> str:
    """A typed cell as text, where its type is none that a number can be made of, or it is an output that is too large
    a number."""
    if kind == "DOUBLE" and role in ("prediction", "label", "override", "score", "proba"):
        return f"CASE WHEN ({value}) IS NULL AND isfinite({cell}) THEN CAST({cell} AS VARCHAR) END"
    numbers = ("BIGINT", "BOOLEAN", "DECIMAL", "DOUBLE", "FLOAT", "HUGEINT", "INTEGER", "SMALLINT", "TINYINT",
               "UBIGINT", "UHUGEINT", "UINTEGER", "USMALLINT", "UTINYINT")  # fmt: skip
    return "" if kind.startswith(numbers) else f"CAST({cell} AS VARCHAR)"


def _reads_blanks(role: str, task: Task | None, kind: Kind) -> bool:
    """Numbers and times are read with blanks around them; text is not."""
    if role in ("timestamp", "label_time", "trained_at", "score"):
        return True
    if role in ("prediction", "label", "override"):
        return task is Task.REGRESSION
    return role not in ("decision_id", "version", "arm", "subject") and kind is Kind.NUMERIC


#: bits of one word of the mask ``_odd``
MASK_BITS = 62
#: roles that do not tell two rows apart
UNHASHED = ("label", "label_time", "override")


def watched_columns(columns: Sequence[StagedColumn]) -> list[StagedColumn]:
    """The columns that a bit of ``_odd0``, ``_odd1`` ... stands for, in order."""
    return [c for c in columns if c.watched]


def unreadable_masks(columns: Sequence[StagedColumn]) -> str:
    """SQL of ``_odd0`` ... over the staged values and the cells ``_raw0`` ... of the watched columns."""
    bits = [
        f"CASE WHEN {ident(c.name)} IS NULL AND _raw{i} IS NOT NULL "
        f"THEN CASE WHEN {cast.is_missing(f'_raw{i}')} THEN 0 ELSE {1 << (i % MASK_BITS)} END ELSE 0 END"
        for i, c in enumerate(watched_columns(columns))
    ]
    words = [bits[i : i + MASK_BITS] for i in range(0, len(bits), MASK_BITS)] or [["0"]]
    return ", ".join(f"({' + '.join(word)})::BIGINT AS _odd{i}" for i, word in enumerate(words))


#: roles whose cells are kept as text where they are no number or no time: those that may turn into text from one
#: log to the next, then those that tell two rows apart, then those that do not
_RETYPED = ("feature", "segment", "protected")
_TOLD_APART = ("trained_at", "proba", "attribution")
_KEPT = (_RETYPED, _TOLD_APART, ("label_time", "override"))


def _add_text_columns(
    columns: Sequence[StagedColumn], existing: Sequence[DecisionColumn]
) -> list[StagedColumn]:
    """The columns, those of numbers and times with the column of text beside them; a cell that has two roles is
    kept once."""
    taken = {c.name.lower(): c.source for c in existing if c.role.role == TEXT}
    cells: set[tuple[str, str]] = set()
    staged_columns = []
    for column in columns:
        role = column.map.role
        known = (role.name.lower() if role.role in _RETYPED else str(role), column.map.column)
        if column.watched and role.role in sum(_KEPT, ()) and known not in cells:
            cells.add(known)
            name = RoleName(TEXT, role.name if role.role in _RETYPED else str(role))
            while taken.setdefault(str(name).lower(), str(role)) != str(role):
                name = RoleName(TEXT, f"{role.role}:{name.name}")
            column = replace(column, beside=name)
        staged_columns.append(column)
    return staged_columns


def text_columns(columns: Sequence[StagedColumn]) -> list[StagedColumn]:
    """The columns that a place of ``_texts`` stands for, in order: those of which a cell tells two rows apart first."""
    return [c for roles in _KEPT for c in columns if c.beside and c.map.role.role in roles]


def texts_sql(columns: Sequence[StagedColumn]) -> str:
    """SQL of ``_texts``: a list of what cannot be read, NULL where all can; over ``_odd0`` ... and ``_raw0`` ..."""
    masks: dict[int, int] = {}
    texts = []
    places = {c.name: i for i, c in enumerate(watched_columns(columns))}
    unreadable = unreadable_conditions(columns)
    for column in text_columns(columns):
        i = places[column.name]
        masks[i // MASK_BITS] = masks.get(i // MASK_BITS, 0) | 1 << (i % MASK_BITS)
        text = cast.level(f"trim(_raw{i})", text=True)
        texts.append(f"CASE WHEN {unreadable[column.name]} THEN {text} END")
    if not texts:
        return ""
    any_odd = " OR ".join(f"(_odd{word} & {mask}) <> 0" for word, mask in masks.items())
    return f"CASE WHEN {any_odd} THEN [{', '.join(texts)}] END AS _texts"


def content_hash(plan: Plan) -> str:
    """SQL of ``_hash`` where every cell can be read, over the staged columns."""
    return f"hash({', '.join(ident(name) for name in plan.hashed)})" if plan.hashed else "0::UBIGINT"


def digest(plan: Plan) -> str:
    """SQL of ``_hash``: what two rows have to share, beside their time, to be the same; over the staged columns and
    ``_texts``. What could not be read tells rows apart as well."""
    hashed, bare = ", ".join(ident(name) for name in plan.hashed), content_hash(plan)
    roles = [c.map.role.role for c in text_columns(plan.columns)]
    if not roles:
        return bare
    # retyped columns by themselves: rows that hold nothing else odd keep the hash that they always had
    retyped = sum(role in _RETYPED for role in roles)
    apart = retyped + sum(role in _TOLD_APART for role in roles)
    cases = [
        f"WHEN list_count(_texts[{start + 1}:{end}]) > 0 THEN hash({hashed or 0}, _texts[1:{end}])"
        for start, end in ((retyped, apart), (0, retyped))
        if end > start
    ]
    return f"CASE WHEN _texts IS NULL THEN {bare} {' '.join(cases)} ELSE {bare} END"


def unreadable_conditions(columns: Sequence[StagedColumn]) -> dict[str, str]:
    """By column SQL that is true where its cell could not be read; ``false`` where it always can, or is not there."""
    conditions: dict[str, str] = defaultdict(lambda: "false")
    for i, column in enumerate(watched_columns(columns)):
        conditions.setdefault(column.name, f"(_odd{i // MASK_BITS} & {1 << (i % MASK_BITS)}) > 0")
    return conditions


def decisions_plan(
    source: Source, mapping: Mapping, *, task: Task, existing: Sequence[DecisionColumn], secret: str
) -> Plan:
    """How a log of decisions is staged.

    A column that the system already has keeps its kind and its spelling, whatever the new file looks like.

    Raises:
        PlumblineError: no time, or neither prediction nor score nor probabilities are mapped.
    """
    kinds = {c.name.lower(): c.kind for c in existing}
    columns = [
        stage_column(
            source,
            item,
            task=task,
            zone=mapping.timezone,
            secret=secret,
            kind=kinds.get(str(item.role).lower(), kind_of_named_role(item)),
        )
        for item in mapping.columns
        if item.role.role != IGNORE
    ]
    columns = _add_text_columns(columns, existing)
    names = {c.name for c in columns}
    if "timestamp" not in names:
        raise PlumblineError(
            "No column gives the time of a decision",
            where=source.given.name,
            todo="Give one the role timestamp; in a terminal: --map COLUMN=timestamp.",
        )
    probas = [c.name for c in columns if c.map.role.role == "proba"]
    if not names & {"prediction", "score"} and not probas:
        raise PlumblineError(
            "No column gives a prediction or a score",
            where=source.given.name,
            todo="Give one the role prediction or score; in a terminal: --map COLUMN=prediction.",
        )
    derived: tuple[tuple[str, str], ...] = ()
    if probas and "prediction" not in names and task is not Task.REGRESSION:
        derived = (("prediction", _argmax_class(columns, probas)),)
    outputs = [n for n in ("prediction", "score") if n in names] + probas
    reasons = [("bad_timestamp", '"timestamp" IS NULL', "timestamp")]
    unreadable = unreadable_conditions(columns)
    for name in ("prediction", "score", "label"):
        reasons.append((f"bad_{name}", unreadable[name], name))
    reasons.append(("no_prediction", " AND ".join(f"{ident(n)} IS NULL" for n in outputs), outputs[0]))
    hashed = tuple(sorted(n for n in names if n not in UNHASHED))
    return Plan(tuple(columns), tuple(reasons), hashed, derived)


def labels_plan(source: Source, mapping: Mapping, *, task: Task) -> Plan:
    """How a file of labels is staged.

    Raises:
        PlumblineError: no decision_id or no label is mapped.
    """
    wanted = ("decision_id", "label", "label_time")
    columns = [
        stage_column(source, item, task=task, zone=mapping.timezone, kind=Kind.CATEGORICAL, secret="")
        for item in mapping.columns
        if str(item.role) in wanted
    ]
    names = {c.name for c in columns}
    for needed in wanted[:2]:
        if needed not in names:
            raise PlumblineError(
                message("The labels file has no column for {needed}", needed=needed),
                where=source.given.name,
                todo=message(
                    "Give one the role {needed}; in a terminal: --map COLUMN={needed}.", needed=needed
                ),
            )
    unreadable = unreadable_conditions(columns)
    reasons = (
        ("no_decision_id", '"decision_id" IS NULL', "decision_id"),
        ("bad_label", unreadable["label"], "label"),
        ("no_label", '"label" IS NULL', "label"),
        ("bad_label_time", unreadable["label_time"], "label_time"),  # it settles which label holds
    )
    return Plan(tuple(columns), reasons)


def kind_of_named_role(item: ColumnMap) -> Kind:
    """The kind of a named role's column: as mapped, else what its role implies."""
    if item.role.role in ("proba", "attribution", "weight"):
        return Kind.NUMERIC
    return item.kind or Kind.CATEGORICAL


def _argmax_class(columns: Sequence[StagedColumn], probas: Sequence[str]) -> str:
    """The class whose probability is largest, NULL where a row has none or one cannot be read; the first wins a
    tie."""
    top = f"greatest({', '.join(ident(p) for p in probas)})"
    cases = " ".join(f"WHEN {ident(p)} = {top} THEN {literal(p.removeprefix('proba:'))}" for p in probas)
    unreadable = unreadable_conditions(columns)
    odd = " OR ".join(unreadable[p] for p in probas)
    return f"CASE WHEN {odd} THEN NULL {cases} END"
