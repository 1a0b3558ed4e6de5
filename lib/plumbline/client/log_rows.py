"""A log as it is sent to a server: whole as a file, or row by row."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

from plumbline.domain.errors import PlumblineError

if TYPE_CHECKING:
    import pandas as pd

#: a CSV, a file of one JSON object a line, a frame, or rows: column -> value
Log: TypeAlias = "str | Path | pd.DataFrame | Iterable[Mapping[str, Any]]"
#: rows of one request
TOGETHER = 5_000


@contextmanager
def log_file(log: str | Path | pd.DataFrame) -> Iterator[Path]:
    """A file with a log; that of a frame goes again.

    Raises:
        PlumblineError: a column of the frame has values of several types.
    """
    if isinstance(log, (str, Path)):
        yield Path(log)
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "frame.parquet"
        try:
            log.to_parquet(path, index=False)
        except (ValueError, TypeError) as error:
            raise PlumblineError(
                f"The frame cannot be loaded: {error}", todo="Give every column one type and a name."
            ) from error
        yield path


def log_records(log: Log) -> Iterator[Mapping[str, Any]]:
    """The rows of a file or a frame.

    Raises:
        PlumblineError: the file cannot be read.
    """
    if not isinstance(log, (str, Path)):
        to_json: Any = getattr(log, "to_json", None)  # of a frame
        rows: Any = (
            json.loads(to_json(orient="records", date_format="iso", date_unit="us")) if to_json else log
        )
        yield from rows
        return
    try:
        with Path(log).open(encoding="utf-8-sig", newline="") as file:
            if Path(log).suffix.lower() in (".jsonl", ".ndjson", ".json"):
                for line in file:
                    yield from [json.loads(line)] if line.strip() else []
            else:
                yield from csv.DictReader(file, strict=True)
    except (OSError, ValueError, csv.Error) as error:
        raise PlumblineError(
            f"The file cannot be pushed: {error}",
            where=str(log),
            todo="Push a CSV, one JSON object a line, or a frame.",
        ) from error


def request_bodies(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Rows as the bodies of requests, one JSON object a line."""
    lines: list[bytes] = []
    for row in rows:
        lines.append(json.dumps(row, default=str).encode())
        if len(lines) == TOGETHER:
            yield b"\n".join(lines)
            lines = []
    if lines:
        yield b"\n".join(lines)
