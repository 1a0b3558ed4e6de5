"""The body of a request as records: NDJSON, CSV or Arrow."""

from __future__ import annotations

import csv
import io
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from plumbline.domain import PlumblineError
from plumbline.logs import reader
from plumbline.logs.push.rows import UnfitRequest

#: rows of one request
MOST_ROWS = 100_000
#: bytes of a table that an Arrow body becomes
_LARGEST = 512 * 2**20
Record = tuple[int, Mapping[str, Any]]


class UnreadableBody(PlumblineError):
    """A body that is not of the kind that it says."""


def ndjson(body: bytes, _folder: Path) -> Iterator[Record]:
    """One JSON object a line; empty lines count, and hold nothing.

    Raises:
        Unfit: a line is no object.
    """
    for line, text in enumerate(body.split(b"\n"), 1):
        if not text.strip():
            continue
        try:
            record = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise UnfitRequest(line, "no JSON, or it breaks off") from error
        if not isinstance(record, dict):
            raise UnfitRequest(line, "no JSON object")
        yield line, record


def csv_records(body: bytes, _folder: Path) -> Iterator[Record]:
    """CSV with a header; commas, semicolons or tabs.

    Raises:
        Unfit: a line has more or fewer cells than the header, or a quote is not closed.
        UnreadableBody: it is not UTF-8, or two columns have one name.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableBody(
            f"The CSV is not UTF-8 at byte {error.start}", todo="Send it as UTF-8."
        ) from error
    head = text.partition("\n")[0]
    mark = max(",;\t", key=head.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        names = next(lines, [])
        if len(set(names)) < len(names) or "" in names:
            raise UnreadableBody(
                "Columns of the CSV have one name, or none", todo="Give each a name of its own."
            )
        for cells in lines:
            if not cells:
                continue
            if len(cells) != len(names):
                raise UnfitRequest(lines.line_num, f"{len(cells)} cells, and the header has {len(names)}")
            yield lines.line_num, dict(zip(names, cells, strict=True))
    except csv.Error as error:
        raise UnfitRequest(lines.line_num, f"no CSV: {error}") from error


def arrow(body: bytes, folder: Path) -> Iterator[Record]:
    """An Arrow file or stream, opened by the process that opens files from people.

    Args:
        folder: where it may stand meanwhile.

    Raises:
        UnreadableBody: it is damaged, or too large.
        PlumblineError: reading it takes more memory or time than is allowed.
    """
    room = folder / f"push-{uuid.uuid4().hex}"
    room.mkdir()
    try:
        file = room / "body.arrow"
        file.write_bytes(body)
        opened = reader.ask("open", file, room / "made", whole=True, sheet=None)
        yield from _records(Path(opened["file"]))
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _records(file: Path) -> Iterator[Record]:
    from pyarrow import parquet

    with parquet.ParquetFile(file) as table:
        groups = range(table.metadata.num_row_groups)
        size = sum(table.metadata.row_group(i).total_byte_size for i in groups)
        if table.metadata.num_rows > MOST_ROWS or size > _LARGEST:
            raise too_many_rows_error()
        line = 0
        for batch in table.iter_batches(1_000):
            for record in batch.to_pylist():
                line += 1
                yield line, record


def too_many_rows_error() -> PlumblineError:
    """The refusal of a request with too many rows."""
    return UnreadableBody(
        f"A request holds at most {MOST_ROWS} rows", todo="Send several, or load the log as a file."
    )


#: media type -> how a body of it is read
READERS: Mapping[str, Callable[[bytes, Path], Iterator[Record]]] = {
    "application/x-ndjson": ndjson,
    "application/jsonl": ndjson,
    "application/json": ndjson,
    "text/csv": csv_records,
    "application/vnd.apache.arrow.stream": arrow,
    "application/vnd.apache.arrow.file": arrow,
}


def records(kind: str, body: bytes, folder: Path) -> Iterator[Record]:
    """The records of a body, each with its line or place, from 1.

    Raises:
        KeyError: no such media type.
        PlumblineError: see the readers; too many rows; none at all.
    """
    count = 0
    for count, record in enumerate(READERS[kind](body, folder), 1):
        if count > MOST_ROWS:
            raise too_many_rows_error()
        yield record
    if not count:
        raise UnreadableBody("The request holds no rows", todo="Send at least one.")
