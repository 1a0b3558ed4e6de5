"""The decisions of a table in a cluster as SQL: the values that a load would make of it, and which rows are meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from plumbline.domain import (
    IGNORE,
    NAMED_ROLES,
    ColumnMap,
    DecisionColumn,
    Kind,
    Mapping,
    PlumblineError,
    System,
    Task,
)
from plumbline.logs.cluster import cells
from plumbline.logs.cluster.attachments import Window
from plumbline.logs.cluster.cells import spark_identifier
from plumbline.logs.mapping.classes import fold

_TIMES = ("timestamp", "label_time", "trained_at")
_NAMES = ("decision_id", "version", "arm", "subject")
_OUTPUTS = ("prediction", "label", "override")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterTable:
    """A table: its name as ``--table`` has it, the type of each column, and the column that orders its rows."""

    name: str
    kinds: dict[str, str]
    since: str

    def range(self, low: str | None, high: str | None) -> str:
        """The SQL condition of the rows above ``low`` up to and with ``high``."""
        column, kind = spark_identifier(self.since), self.kinds[self.since]
        sides = [f"{column} > {cells.bound(low, kind)}"] if low is not None else []
        sides += [f"{column} <= {cells.bound(high, kind)}"] if high is not None else []
        return " AND ".join(sides) or f"{column} IS NOT NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterReading:
    """How a table is read as the decisions of a system.

    ``named``: the columns of the decision table with a name of their own; ``windows``: what each load has counted.
    """

    table: ClusterTable
    mapping: Mapping
    task: Task
    zone: str
    named: tuple[DecisionColumn, ...] = ()
    windows: tuple[Window, ...] = ()
    classes: tuple[str, ...] = ()
    spelling: dict[str, str] = field(default_factory=dict)

    def decisions(
        self,
        windows: Sequence[Window] | None = None,
        *,
        beside: Sequence[str] = (),
        since: date | None = None,
    ) -> str:
        """The query of the decisions of some loads (None: of all): the columns of the decision table by their names,
        ``timestamp`` on the clock of the zone, ``_utc`` the time itself, ``_load``, and ``_row`` (the hash of a row,
        16 hexadecimal digits). ``beside``: columns of the table as they are, as ``raw:NAME``. ``since``: those of that
        day or later alone; what lies long before is not even read."""
        chosen = self.windows if windows is None else tuple(windows)
        where = " OR ".join(f"({self.table.range(low, high)})" for low, high in joined(chosen)) or "false"
        where = f"({where}){self._from_day(since)}"
        load = "NULL"
        if len(chosen) == 1:
            load = str(int(chosen[0].load_id))
        elif chosen:
            cases = [f"WHEN {self.table.range(None, w.high)} THEN {int(w.load_id)}" for w in chosen]
            load = f"CASE {' '.join(cases)} END"
        values = self._values()
        listed = ", ".join(f"{sql} AS {spark_identifier(name)}" for name, sql in values.items())
        listed += "".join(
            f", {spark_identifier(name)} AS {spark_identifier(f'raw:{name}')}" for name in beside
        )
        inner = f"SELECT {listed}, CAST({load} AS INT) AS _load FROM {cells.table_name(self.table.name)} WHERE {where}"
        rows = self._with_local_times(
            f"SELECT * FROM ({inner}) WHERE {self._decision_condition(values)}", list(values), beside
        )
        return f"SELECT * FROM ({rows}) WHERE `timestamp` >= DATE '{since.isoformat()}'" if since else rows

    def as_written(self) -> ClusterReading:
        """The same with its classes as the table spells them."""
        return replace(self, classes=())

    def in_utc(self) -> ClusterReading:
        """The same with its times as they are stored."""
        return replace(self, zone="UTC")

    def _from_day(self, since: date | None) -> str:
        """The same as a condition on the column itself, which a table's files can answer, with two days to spare for
        clocks and zones; empty where the column is no time."""
        column = self.mapping.column_of("timestamp")
        kind = self.table.kinds.get(column, "") if column else ""
        if since is None or column is None or not cells.is_time(kind):
            return ""
        start = (since - timedelta(days=2)).isoformat()
        return f" AND {spark_identifier(column)} >= CAST({cells.literal(start)} AS {kind})"

    def _values(self) -> dict[str, str]:
        kinds = {c.name.lower(): c.kind for c in self.named}
        spelt = {c.name.lower(): c.name for c in self.named}
        text = "CAST(NULL AS STRING)"
        values = dict.fromkeys((*_NAMES, *_OUTPUTS), text) | dict.fromkeys(_TIMES, "CAST(NULL AS TIMESTAMP)")
        values["score"] = "CAST(NULL AS DOUBLE)"
        if self.task is Task.REGRESSION:
            values |= dict.fromkeys(_OUTPUTS, "CAST(NULL AS DOUBLE)")
        for item in self.mapping.columns:
            if item.role.role != IGNORE:
                name = str(item.role)
                kind = kinds.get(name.lower(), item.kind or Kind.CATEGORICAL)
                values[spelt.get(name.lower(), name)] = self._value(item, kind)
        probabilities = [c.name for c in self.named if c.role.role == "proba"]
        mapped = {str(item.role) for item in self.mapping.columns}
        if probabilities and "prediction" not in mapped and self.task is not Task.REGRESSION:
            values["prediction"] = self._argmax_class(probabilities, values)
        return values

    def _argmax_class(self, probabilities: Sequence[str], values: dict[str, str]) -> str:
        shares = [values[name] for name in probabilities]
        top = f"greatest({', '.join(shares)})" if len(shares) > 1 else shares[0]
        names = [name.removeprefix("proba:") for name in probabilities]
        cases = " ".join(
            f"WHEN {sql} = {top} THEN {cells.literal(name)}" for sql, name in zip(shares, names, strict=True)
        )
        return f"CASE {cases} END"

    def _value(self, item: ColumnMap, kind: Kind) -> str:
        column, role = item.column, item.role.role
        kind_there = self.table.kinds.get(column)
        if kind_there is None:
            raise PlumblineError(
                f"The table has no column {column!r} any more",
                where=self.table.name,
                todo="Put it back, in a view if need be, or attach the table to a system of its own.",
            )
        if role in _TIMES:
            return cells.instant(column, kind_there, item.format, self.mapping.timezone)
        if role in _NAMES:
            return cells.name(column, kind_there)
        if role in _OUTPUTS and self.task is not Task.REGRESSION:
            return self._class(cells.outcome(column, kind_there))
        if role in (*_OUTPUTS, "score", "proba", "attribution", "weight"):
            return cells.number(column, kind_there)
        return cells.number(column, kind_there) if kind is Kind.NUMERIC else cells.level(column, kind_there)

    def _class(self, value: str) -> str:
        if not self.classes:
            return value
        known = ", ".join(f"{cells.literal(fold(c))}, {cells.literal(c)}" for c in self.classes)
        return f"coalesce(map({known})[{cells.fold_sql(value)}], {value})"

    def _decision_condition(self, values: dict[str, str]) -> str:
        """Which rows are decisions: they have a time and an output."""
        outputs = ["prediction", "score", *(c.name for c in self.named if c.role.role == "proba")]
        outputs = [name for name in outputs if name in values]
        there = " OR ".join(f"{spark_identifier(name)} IS NOT NULL" for name in outputs)
        return f"`timestamp` IS NOT NULL AND ({there})"

    def _with_local_times(self, rows: str, names: Sequence[str], beside: Sequence[str]) -> str:
        clock = {name: cells.to_local(spark_identifier(name), self.zone) for name in _TIMES}
        columns = [f"{clock.get(name, spark_identifier(name))} AS {spark_identifier(name)}" for name in names]
        at = f"CAST(unix_micros({clock['timestamp']}) AS STRING)"
        row = f"substr(md5(concat(coalesce(`decision_id`, ''), '|', {at})), 1, 16)"
        columns += [
            "`timestamp` AS _utc",
            "_load",
            f"{row} AS _row",
            *(spark_identifier(f"raw:{name}") for name in beside),
        ]
        return f"SELECT {', '.join(columns)} FROM ({rows})"


def joined(windows: Sequence[Window]) -> list[tuple[str | None, str]]:
    """The ranges of windows, those that touch as one."""
    ranges: list[tuple[str | None, str]] = []
    for window in windows:
        if ranges and window.low == ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], window.high)
        else:
            ranges.append((window.low, window.high))
    return ranges


def build_reading(
    system: System,
    mapping: Mapping,
    table: ClusterTable,
    named: Sequence[DecisionColumn],
    windows: Sequence[Window],
) -> ClusterReading:
    """How a table is read for a system that is there."""
    return ClusterReading(
        table=table,
        mapping=mapping,
        task=system.task or Task.BINARY,
        zone=system.timezone,
        named=tuple(named),
        windows=tuple(windows),
        classes=system.classes,
    )


def first_reading(mapping: Mapping, table: ClusterTable, window: Window, task: Task) -> ClusterReading:
    """How a table is read that is about to be attached."""
    named = tuple(
        DecisionColumn(name=str(c.role), role=c.role, kind=_kind(c), source=c.column)
        for c in mapping.columns
        if c.role.role in NAMED_ROLES
    )
    return ClusterReading(
        table=table, mapping=mapping, task=task, zone=mapping.timezone, named=named, windows=(window,)
    )


def _kind(item: ColumnMap) -> Kind:
    numeric = item.role.role in ("proba", "attribution", "weight")
    return Kind.NUMERIC if numeric else item.kind or Kind.CATEGORICAL
