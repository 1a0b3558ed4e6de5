"""JSON as a table of text: one record a line, an array of records, or one object that holds such an array.

Every value becomes the text that a CSV would hold, so that a number that turns into a word further down is a row
for quarantine and not a file that fails. Nested objects and short lists become columns: ``inputs.age``, ``out.0``;
so does JSON that was written into a string, as captures of endpoints do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from plumbline.domain import PlumblineError
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.logs.files.byte_scan import MAX_LINE
from plumbline.logs.files.nested_columns import LONGEST_LIST, MOST_COLUMNS, width_error
from plumbline.logs.files.sniff import unique_names
from plumbline.store.sql import literal

RECORDS = "records"
#: how many different shapes of record are looked at
_SHAPES = 5000
#: what is looked at to tell whether a string holds JSON
_PEEK = 500
_LARGEST = 256 * 1024 * 1024
_SECOND_READER = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RecordFault:
    """A record that is no record: its 0-based place among all records, its line, the reason, its text."""

    record: int
    line: int
    reason: str
    raw: str


@dataclass(slots=True)
class _Node:
    """What the records hold at one place: an object's members, a list's element, or a plain value."""

    members: dict[str, _Node] = field(default_factory=dict)
    element: _Node | None = None
    plain: bool = False

    def take(self, shape: Any) -> None:
        """Add what one ``json_structure`` says."""
        if isinstance(shape, dict):
            for key, inner in shape.items():
                self.members.setdefault(key, _Node()).take(inner)
        elif isinstance(shape, list):
            self.element = self.element or _Node()
            for inner in shape:
                self.element.take(inner)
        elif shape != "NULL":
            self.plain = True


def is_lines(head: str) -> bool:
    """Whether the text is one JSON value a line: any of its first lines is a whole object.

    One line alone may also be an object that holds the array of records: an answer of a web service.
    """
    texts = [line for line in head.splitlines() if line.strip()][:20]
    for line in texts:
        try:
            first_record = json.loads(line)
        except ValueError:
            continue
        if isinstance(first_record, dict):
            return len(texts) > 1 or not any(_records(value) for value in first_record.values())
    return False


def _records(value: object) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(isinstance(one, dict) for one in value)


def write_table(
    connection: duckdb.DuckDBPyConnection, file: Path, target: Path, *, lines: bool, rows: int | None
) -> tuple[tuple[str, ...], tuple[RecordFault, ...]]:
    """Write the records as Parquet: text columns ``c0``, ``c1`` ..., and ``_line`` (the record's number in an array).

    Args:
        lines: one record a line; otherwise an array, or objects one after another.
        rows: at most so many; the columns are those of the whole file all the same.

    Returns:
        the columns in the order in which they first appear, and the records that are none (lines only).

    Raises:
        PlumblineError: the array is malformed, the records are no objects, or hold too many columns.
    """
    try:
        faults = _read_lines(connection, file) if lines else _read_values(connection, file)
        root = _shape(connection)
        cells = _cells(connection, root)
    except duckdb.Error as error:
        raise _json_error(file, error) from error
    if not cells:
        raise PlumblineError(
            "The file holds no JSON objects",
            where=file.name,
            todo="Export one object a decision, a line each or in an array.",
        )
    names = unique_names([cell.name for cell in cells])
    texts, records = _extraction_sql(cells)
    columns = ", ".join(f"{text} AS c{i}" for i, text in enumerate(texts))
    limit = f"LIMIT {int(rows)}" if rows is not None else ""
    connection.execute(
        f"COPY (SELECT {columns}, line AS _line FROM {records} {limit}) TO {literal(str(target))} (FORMAT parquet)"
    )
    return names, faults


def _read_lines(connection: duckdb.DuckDBPyConnection, file: Path) -> tuple[RecordFault, ...]:
    """RECORDS (line, record, j) from a file of lines. A line is one cell: 0x01 and no quote part nothing in JSON."""
    read = (
        f"read_csv({literal(str(file))}, columns = {{'j': 'VARCHAR'}}, auto_detect = false, header = false, "
        f"delim = '\x01', quote = '', escape = '', null_padding = false, strict_mode = false, "
        f"max_line_size = {MAX_LINE})"
    )
    connection.execute(
        f"""CREATE TEMP TABLE lines AS SELECT line, row_number() OVER () - 1 AS record, j,
                CASE WHEN json_valid(j) THEN json_type(j) = 'OBJECT' ELSE false END AS fit FROM (
                SELECT row_number() OVER () AS line,
                    CASE WHEN starts_with(j, '{{') OR trim(j, e' \\t\\r') <> '' THEN j END AS j
                FROM {read})
            WHERE j IS NOT NULL"""
    )
    # j stays text: a cast to JSON would check every record again, at three times the cost of all the rest
    connection.execute(f"CREATE TEMP VIEW {RECORDS} AS SELECT line, j FROM temp.lines WHERE fit")
    rows = connection.execute(
        "SELECT record, line, json_valid(j), left(j, 4000) FROM temp.lines WHERE NOT fit ORDER BY line"
    ).fetchall()
    return tuple(
        RecordFault(r, n, "not_an_object" if valid else "bad_json", raw) for r, n, valid, raw in rows
    )


def _read_values(connection: duckdb.DuckDBPyConnection, file: Path) -> tuple[RecordFault, ...]:
    """RECORDS from an array, from objects one after another, or from the one array inside one object."""
    read = f"read_json_objects({literal(str(file))}, format = '{{}}', maximum_object_size = {_LARGEST})"
    with file.open("rb") as opened:
        array = opened.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    connection.execute(
        f"""CREATE TEMP TABLE {RECORDS} AS SELECT row_number() OVER () AS line, json AS j
            FROM {read.format("array" if array else "unstructured")}"""
    )
    other = connection.execute(
        f"SELECT line FROM {RECORDS} WHERE json_type(j) <> 'OBJECT' LIMIT 1"
    ).fetchone()
    if other:
        raise PlumblineError(
            message("Record {other} of the array is no JSON object", other=other[0]),
            where=file.name,
            todo="Export one object a decision.",
        )
    _unwrap(connection)
    return ()


def _unwrap(connection: duckdb.DuckDBPyConnection) -> None:
    """``{"records": [{...}, {...}]}`` is a table, not a record."""
    first = connection.execute(
        f"SELECT count(*), first(json_structure(j)::VARCHAR) FROM {RECORDS}"
    ).fetchone()
    shape = json.loads(first[1]) if first and first[0] == 1 else {}
    candidates = [
        key
        for key, inner in shape.items()
        if isinstance(inner, list) and inner and isinstance(inner[0], dict)
    ]
    if len(candidates) != 1:
        return
    connection.execute(
        f"""CREATE TEMP TABLE inner_records AS SELECT row_number() OVER () AS line, r AS j FROM (
                SELECT unnest(json_extract(j, {literal(_pointer([candidates[0]]))})::JSON[]) AS r FROM {RECORDS})"""
    )
    connection.execute(f"DROP TABLE {RECORDS}")
    connection.execute(f"CREATE TEMP VIEW {RECORDS} AS SELECT * FROM temp.inner_records")


def _flat_shape(connection: duckdb.DuckDBPyConnection) -> _Node | None:
    """The shape of records without objects or lists in them, None where there are any.

    Working out each record's whole structure takes longer than all the rest of reading it.
    """
    rows = connection.execute(
        f"SELECT json_keys(j) AS k FROM {RECORDS} GROUP BY k ORDER BY min(line) LIMIT {_SHAPES}"
    ).fetchall()
    names = list(dict.fromkeys(name for (keys,) in rows for name in keys or ()))
    if not names or len(names) > MOST_COLUMNS:
        return None
    kinds = f"json_type(j, [{', '.join(literal(_pointer([name])) for name in names)}])"
    plain = ", ".join(f"coalesce(bool_or(t[{i}] <> 'NULL'), false)" for i in range(1, len(names) + 1))
    row = connection.execute(
        f"SELECT bool_or(list_has_any(t, ['OBJECT', 'ARRAY'])), {plain} FROM (SELECT {kinds} AS t FROM {RECORDS})"
    ).fetchone() or (True,)
    if row[0]:
        return None
    return _Node({name: _Node(plain=some) for name, some in zip(names, row[1:], strict=True)})


def _shape(connection: duckdb.DuckDBPyConnection, document: str = "j") -> _Node:
    flat = _flat_shape(connection) if document == "j" else None
    if flat is not None:
        return flat
    root = _Node()
    rows = connection.execute(
        f"""SELECT s FROM (SELECT json_structure({document})::VARCHAR AS s, line FROM {RECORDS}) WHERE s IS NOT NULL
            GROUP BY s ORDER BY min(line) LIMIT {_SHAPES}"""
    ).fetchall()
    for (shape,) in rows:
        root.take(json.loads(shape))
    return root


@dataclass(frozen=True, slots=True)
class _Cell:
    """One column: its name, the SQL of the JSON document that it is in, and the way to it."""

    name: str
    document: str
    pointer: str


def _cells(connection: duckdb.DuckDBPyConnection, root: _Node) -> list[_Cell]:
    """Each leaf in order of appearance; strings that hold JSON are taken apart as well."""
    ways = list(_leaf_paths(connection, root, "j"))
    written = _json_string_paths(connection, ways)
    cells: list[_Cell] = []
    for way in ways:
        name = ".".join(way)
        if way not in written:
            cells.append(_Cell(name, "j", _pointer(way)))
            continue
        text = f"json_extract_string(j, {literal(_pointer(way))})"
        document = f"(CASE WHEN json_valid({text}) THEN {text} END)"
        below = _leaf_paths(connection, _shape(connection, document), document)
        cells += [_Cell(".".join((name, *inner)), document, _pointer(inner)) for inner in below]
    if len(cells) > MOST_COLUMNS:
        raise width_error(len(cells))
    return cells


def _leaf_paths(
    connection: duckdb.DuckDBPyConnection, node: _Node, document: str, way: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """The way to each leaf below a node, a list's elements by their places."""
    for key, inner in node.members.items():
        yield from _leaf_paths(connection, inner, document, (*way, key))
    length = 0
    if node.element:
        row = connection.execute(
            f"SELECT coalesce(max(json_array_length({document}, {literal(_pointer(way))})), 0) FROM {RECORDS}"
        ).fetchone()
        length = int(row[0]) if row and row[0] <= LONGEST_LIST else 0
        for place in range(length):
            yield from _leaf_paths(connection, node.element, document, (*way, str(place)))
    if way and (node.plain or not (node.members or length)):
        yield way


def _json_string_paths(
    connection: duckdb.DuckDBPyConnection, ways: Sequence[tuple[str, ...]]
) -> set[tuple[str, ...]]:
    """The strings that hold an object or a list, wherever the first of them are there."""
    if not ways:
        return set()
    if len(ways) > MOST_COLUMNS:
        raise width_error(len(ways))
    texts = [f"json_extract_string(j, {literal(_pointer(way))})" for way in ways]
    holds = ", ".join(
        f"bool_and(json_valid(c{i}) AND regexp_matches(c{i}, '^\\s*[\\[{{]')) FILTER (c{i} IS NOT NULL)"
        f" AND bool_or(json_type(j, {literal(_pointer(way))}) = 'VARCHAR')"
        for i, way in enumerate(ways)
    )
    cells = ", ".join(f"{text} AS c{i}" for i, text in enumerate(texts))
    row = connection.execute(
        f"SELECT {holds} FROM (SELECT j, {cells} FROM (FROM {RECORDS} LIMIT {_PEEK}))"
    ).fetchone()
    return {way for way, is_text in zip(ways, row or (), strict=False) if is_text}


def _pointer(way: Sequence[str]) -> str:
    """RFC 6901, which any key can be written in."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in way)


def _extraction_sql(cells: Sequence[_Cell]) -> tuple[list[str], str]:
    """(SQL of each cell, the FROM item they are in): each document is parsed once."""
    documents = list(dict.fromkeys(cell.document for cell in cells))
    document_pointers: dict[str, list[str]] = {
        d: [c.pointer for c in cells if c.document == d] for d in documents
    }
    lists = ", ".join(
        f"json_extract_string({document}, [{', '.join(literal(p) for p in pointers)}]) AS v{i}"
        for i, (document, pointers) in enumerate(document_pointers.items())
    )
    columns = [
        f"v{documents.index(cell.document)}[{document_pointers[cell.document].index(cell.pointer) + 1}]"
        for cell in cells
    ]
    return columns, f"(SELECT line, {lists} FROM {RECORDS})"


def _json_error(file: Path, error: duckdb.Error) -> PlumblineError:
    """DuckDB's refusal as one sentence, without the text that it repeats."""
    if "maximum_object_size" in str(error):
        return PlumblineError(
            message("A JSON object is longer than {largest} MB", largest=str(_LARGEST // 2**20)),
            where=file.name,
            todo="Export one object a decision, a line each.",
        )
    return PlumblineError(
        message("The JSON breaks off or is malformed{place}", place=_place(file)),
        where=file.name,
        todo="Export it again, best one object a line: a broken line is then set aside alone.",
    )


def _place(file: Path) -> Message:
    """Where the JSON breaks, by a second reader, where the file is small enough for it."""
    if file.stat().st_size > _SECOND_READER:
        return NOTHING
    try:
        json.loads(file.read_text("utf-8-sig", "replace"))
    except json.JSONDecodeError as error:
        return message(" at line {line}, character {column}", line=str(error.lineno), column=str(error.colno))
    except RecursionError:
        return message(": it is nested too deeply")
    return NOTHING
