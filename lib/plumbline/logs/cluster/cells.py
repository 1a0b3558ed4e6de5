"""Spark SQL that turns the cells of a table into the values that a load would make of them.

The counterpart of ``logs.values.cast`` for typed columns. The session reckons in UTC and without ANSI errors.
"""

from __future__ import annotations

import re

from plumbline.domain import LARGEST_NUMBER, PlumblineError
from plumbline.logs.values.cast import ABSENT, MISSING

_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "boolean")
_TEXTS = ("string", "varchar", "char")
_TIMES = ("timestamp", "timestamp_ntz", "date")
_EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1000, "epoch_us": 1}


def spark_identifier(name: str) -> str:
    """Quote an identifier for Spark.

    Raises:
        PlumblineError: it holds a backtick, which Spark takes in SQL and refuses where it plans, or a NUL character.
    """
    if "\x00" in name or "`" in name:
        raise PlumblineError(
            f"The name {name[:80]!r} holds a character that Spark's names do not take",
            todo="Rename it in a view; a column that is not needed is left out with --map COLUMN=ignore.",
        )
    return f"`{name}`"


def literal(text: str) -> str:
    """Quote a string constant for Spark."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def table_name(name: str) -> str:
    """Quote CATALOG.SCHEMA.TABLE.

    Raises:
        PlumblineError: it is no such name.
    """
    parts = [part.strip().strip("`") for part in name.split(".")]
    if not 1 <= len(parts) <= 3 or not all(parts):
        raise PlumblineError(f"{name[:80]!r} names no table", todo="E.g. --table CATALOG.SCHEMA.TABLE.")
    return ".".join(spark_identifier(part) for part in parts)


def is_number(kind: str) -> bool:
    return kind in _NUMBERS or kind.startswith("decimal")


def is_text(kind: str) -> bool:
    return kind.startswith(_TEXTS)


def is_time(kind: str) -> bool:
    return kind in _TIMES


def number(column: str, kind: str) -> str:
    """A DOUBLE within ``LARGEST_NUMBER``, or NULL.

    Raises:
        PlumblineError: the column's type holds no numbers.
    """
    if not is_number(kind):
        raise _type_error(column, kind, "numbers")
    value = f"CAST({spark_identifier(column)} AS DOUBLE)"
    return f"CASE WHEN abs({value}) <= {LARGEST_NUMBER!r}D THEN {value} END"


def level(column: str, kind: str) -> str:
    """A level of a categorical feature, or NULL."""
    return _canonical_sql(_text(column, kind), MISSING)


def outcome(column: str, kind: str) -> str:
    """A class, or NULL."""
    return _canonical_sql(_text(column, kind), ABSENT)


def name(column: str, kind: str) -> str:
    """An identifier or a version, or NULL."""
    value = _text(column, kind)
    if not is_text(kind):
        return _canonical_sql(value, ABSENT)
    return f"CASE WHEN lower({value}) IN ({_literal_list(ABSENT)}) THEN NULL ELSE {value} END"


def instant(column: str, kind: str, form: str, zone: str) -> str:
    """A TIMESTAMP between the years 1900 and 2200, or NULL.

    Raises:
        PlumblineError: the column's type holds no times.
    """
    cell = spark_identifier(column)
    if kind == "timestamp":
        value = cell
    elif is_time(kind):
        value = f"CAST({cell} AS TIMESTAMP)"
        value = value if zone == "UTC" else f"to_utc_timestamp({value}, {literal(zone)})"
    elif is_number(kind) and form in _EPOCHS:
        value = f"timestamp_micros(CAST(round(CAST({cell} AS DOUBLE) * {_EPOCHS[form]}) AS BIGINT))"
    elif is_number(kind) and form == "epoch_ns":
        value = f"timestamp_micros(CAST({cell} AS BIGINT) DIV 1000)"
    else:
        raise _type_error(column, kind, "times")
    return f"CASE WHEN {value} BETWEEN TIMESTAMP '1900-01-01' AND TIMESTAMP '2200-01-01' THEN {value} END"


def to_local(value: str, zone: str) -> str:
    """What the clock of a zone shows at a time."""
    return value if zone == "UTC" else f"from_utc_timestamp({value}, {literal(zone)})"


def fold_sql(value: str) -> str:
    """A class without case and without the blanks that do not matter."""
    return f"lower(trim(regexp_replace({value}, '[ \\t\\r\\n]+', ' ')))"


def bound(value: str, kind: str) -> str:
    """A remembered value of the column that orders rows, as that column's type."""
    plain = re.sub(r"\(.*", "", kind)
    if not (is_number(kind) or is_time(kind) or is_text(kind)) or plain == "boolean":
        raise PlumblineError(
            f"A column of type {kind} cannot order the rows", todo="Name a column of times or whole numbers."
        )
    return f"CAST({literal(value)} AS {kind})"


def _text(column: str, kind: str) -> str:
    cell = spark_identifier(column)
    if is_text(kind):
        return f"trim({cell})"
    if kind in ("float", "double"):  # whole numbers alike in every engine; 1.0 is a class 1
        return (
            f"CASE WHEN {cell} = floor({cell}) AND abs({cell}) < 1e15D THEN CAST(CAST({cell} AS BIGINT) AS STRING) "
            f"ELSE CAST({cell} AS STRING) END"
        )
    if is_number(kind) or is_time(kind):
        return f"CAST({cell} AS STRING)"
    raise _type_error(column, kind, "text")


def _canonical_sql(value: str, tokens: tuple[str, ...]) -> str:
    return (
        f"CASE WHEN lower({value}) IN ({_literal_list(tokens)}) THEN NULL "
        f"WHEN lower({value}) IN ('true', 'false') THEN lower({value}) "
        f"WHEN {value} RLIKE '^[-+]?[0-9]+[.]0$' THEN left({value}, length({value}) - 2) ELSE {value} END"
    )


def _literal_list(tokens: tuple[str, ...]) -> str:
    return ", ".join(literal(token) for token in tokens)


def _type_error(column: str, kind: str, what: str) -> PlumblineError:
    return PlumblineError(
        f"The column {column!r} is of type {kind}, of which no {what} are made here",
        todo=f"Make a view in the cluster in which it holds {what}, and name that as --table; "
        f"or leave it out: --map {column}=ignore.",
    )
