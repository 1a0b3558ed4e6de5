"""Bringing what is new in a source into the inbox, read-only, on a connection that can reach that source alone."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import tenacity

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.logs.pull.credentials import make_s3_secret, s3_advice, s3_secrets
from plumbline.logs.pull.location import Location
from plumbline.store.database.external import external_connection
from plumbline.store.sql import ident, literal
from plumbline.store.workspace import Workspace

#: a value further in the future than this does not move the mark, or all that comes before it would be missed
AHEAD = "INTERVAL 1 DAY"
ATTEMPTS = 3
_TRANSIENT = re.compile(
    r"time(d )?out|reset by peer|connection (was )?(closed|lost|refused)|can't connect|could not connect"
    r"|temporarily|too many connections|starting up|shutting down|HTTP (429|500|502|503|504)|gone away",
    re.I,
)
_DENIED = re.compile(
    r"authentication failed|no password supplied|access denied|permission denied|HTTP (401|403)|forbidden|unauthorized",
    re.I,
)
_TABLE_SUFFIXES = (".parquet", ".pq")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """What is asked of a source. ``table`` or ``query`` for databases; ``since``: the column that tells new rows.

    ``mark``: the newest value that was read before. ``overlap``: how far before it to read again, e.g. ``2 hours``.
    """

    table: str = ""
    query: str = ""
    since: str = ""
    mark: str | None = None
    overlap: str = ""


@dataclass(frozen=True, slots=True)
class FetchResult:
    """Files in the inbox, in order, and the newest value of the column; none where nothing is new."""

    files: tuple[Path, ...]
    folder: Path
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind of source is reached. ``relation``: the SQL of what is asked, as a FROM item."""

    extensions: tuple[str, ...]
    relation: Callable[[Location, FetchRequest], str]
    prepare: Callable[[duckdb.DuckDBPyConnection, Location], None] = lambda _connection, _location: None
    databases: bool = False


def fetch(ws: Workspace, location: Location, wanted: FetchRequest, *, pause: float = 1.0) -> FetchResult:
    """Write what is new in a source to files in the inbox; what fails for a moment is tried three times.

    Args:
        pause: seconds before the second attempt; doubles after it.

    Raises:
        PlumblineError: the source cannot be reached or refuses, has no such table or column, or the query is none.
    """
    kind = _KINDS[location.kind]
    _check(location, wanted, kind)
    folder = ws.inbox / uuid.uuid4().hex
    folder.mkdir()
    tries = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_is_transient),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=tenacity.wait_exponential(multiplier=pause, max=30),
        reraise=True,
    )
    try:
        return tries(_fetch_once, folder, location, wanted, kind)
    except duckdb.Error as error:
        raise _source_error(location, error, (*s3_secrets(), os.environ.get("PGPASSWORD", ""))) from None


def _fetch_once(folder: Path, location: Location, wanted: FetchRequest, kind: _Kind) -> FetchResult:
    address = location.address
    remote = "://" in address
    files = [Path(address)] if location.kind == "sqlite" else []
    if location.kind == "files":
        folders = [re.split(r"[*?\[]", address)[0].rsplit("/", 1)[0] + "/"]
    else:
        folders = [f"{address.rstrip('/')}/", f"file://{address}/"] if kind.extensions[0] in _LAKES else []
        if address.endswith(".metadata.json"):
            folders = [f"{address.rsplit('/', 2)[0]}/", f"file://{address.rsplit('/', 2)[0]}/"]
    extensions = (*kind.extensions, *(("httpfs",) if remote and kind.extensions[0] in _LAKES else ()))

    def prepare(connection: duckdb.DuckDBPyConnection) -> None:
        if "httpfs" in extensions:
            connection.execute("SET http_retries = 0")  # retries are counted here
        if address.startswith("s3://"):
            make_s3_secret(connection)
        kind.prepare(connection, location)

    with external_connection(
        folder, extensions=extensions, files=files, folders=folders, prepare=prepare
    ) as connection:
        if location.kind == "files" and not _is_table(location):
            return FetchResult(_copies(connection, folder, location), folder)
        return _table(connection, folder, location, wanted, kind.relation(location, wanted))


def _table(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    location: Location,
    wanted: FetchRequest,
    relation: str,
) -> FetchResult:
    where, newest = "true", "NULL"
    if wanted.since:
        names = dict(
            zip(
                *(lambda r: (r.columns, r.types))(connection.sql(f"SELECT * FROM {relation} LIMIT 0")),
                strict=True,
            )
        )
        column = next((name for name in names if name.lower() == wanted.since.lower()), None)
        if column is None:
            raise PlumblineError(
                message("The source has no column {since}", since=repr(wanted.since)),
                where=location.shown,
                todo=message("It has: {names}.", names=", ".join(list(names)[:30])),
            )
        where, newest = _incremental_condition(ident(column), str(names[column]), wanted)
    path = (
        folder / f"{re.sub(r'[^A-Za-z0-9_.-]+', '_', wanted.table or location.name)[:80] or 'rows'}.parquet"
    )
    connection.execute(
        f"COPY (SELECT * FROM {relation} WHERE {where}) TO {literal(str(path))} (FORMAT parquet)"
    )
    row = connection.execute(f"SELECT count(*), {newest} FROM read_parquet({literal(str(path))})").fetchone()
    rows, mark = row or (0, None)
    if rows and wanted.since and mark is None and wanted.mark is None:
        raise PlumblineError(
            message("No value of {since} tells how far the source was read", since=repr(wanted.since)),
            where=location.shown,
            todo="Name a column of times (as text: 2026-12-31 23:59:59) that are not ahead, or leave --since out.",
        )
    if not rows and wanted.mark is not None:
        return FetchResult((), folder, wanted.mark)
    return FetchResult((path,), folder, _later_mark(mark, wanted.mark))


def _later_mark(mark: str | None, before: str | None) -> str | None:
    """The mark never goes back, whatever the overlap brings."""
    return before if mark is None else mark


def _incremental_condition(cell: str, kind: str, wanted: FetchRequest) -> tuple[str, str]:
    """(condition of a row being new, the newest value as text)."""
    if kind == "VARCHAR":  # SQLite, or times kept as text: compared as times
        cell, kind = f"TRY_CAST({cell} AS TIMESTAMP)", "TIMESTAMP"
    timed = kind == "DATE" or kind.startswith("TIMESTAMP")
    ahead = f"now() + {AHEAD}" if "TIME ZONE" in kind else f"now()::TIMESTAMP + {AHEAD}"
    newest = f"CAST(max({cell}){f' FILTER ({cell} <= {ahead})' if timed else ''} AS VARCHAR)"
    if wanted.mark is None:
        return "true", newest
    low = f"CAST({literal(wanted.mark)} AS {kind})"
    if wanted.overlap and not timed:
        raise PlumblineError(
            message("{since} holds no times, so no overlap can be taken", since=repr(wanted.since)),
            todo="Leave --overlap out.",
        )
    if wanted.overlap:
        low = f"CAST({low} - INTERVAL {literal(wanted.overlap)} AS {kind})"
    return f"{cell} >= {low}", newest


def _copies(connection: duckdb.DuckDBPyConnection, folder: Path, location: Location) -> tuple[Path, ...]:
    """Files that are no Parquet, as they are: they are then read like any file."""
    address, copies = location.address, []
    names = [address]
    if address.startswith("s3://") and re.search(r"[*?\[]", address):
        names = [
            str(row[0])
            for row in connection.execute("SELECT file FROM glob(?) ORDER BY 1", [address]).fetchall()
        ]
    for number, name in enumerate(names):
        row = connection.execute("SELECT content FROM read_blob(?)", [name]).fetchone()
        room = folder / str(number)
        room.mkdir(exist_ok=True)
        last = re.sub(r"[^\w.\- ]", "_", name.split("?")[0].rsplit("/", 1)[-1])[-120:].strip(". ")
        copies.append(room / (last or "log"))
        copies[-1].write_bytes(row[0] if row else b"")
    if not copies:
        raise PlumblineError("No file is there", where=location.shown, todo="Check the address.")
    return tuple(copies)


def _is_table(location: Location) -> bool:
    return location.shown.lower().endswith(_TABLE_SUFFIXES)


def _check(location: Location, wanted: FetchRequest, kind: _Kind) -> None:
    if kind.databases and bool(wanted.table) == bool(wanted.query):
        raise PlumblineError(
            "Say which rows of the database" if not wanted.table else "A table and a query were named",
            where=location.shown,
            todo="Give --table NAME, or --query SQL.",
        )
    if not kind.databases and (wanted.table or wanted.query):
        raise PlumblineError(
            "This source is one table", where=location.shown, todo="Leave --table and --query out."
        )
    if location.kind == "files" and wanted.since and not _is_table(location):
        raise PlumblineError(
            "--since needs a database, a lake table or Parquet files",
            where=location.shown,
            todo="Leave it out: what was loaded before is left out as a duplicate.",
        )
    text = wanted.query.strip().rstrip(";")
    if wanted.query and (not re.match(r"(?i)(select|with)\b", text) or ";" in text):
        raise PlumblineError(
            "The query is no single SELECT", todo="Give one statement that begins with SELECT or WITH."
        )
    if wanted.overlap and not re.fullmatch(r"\d+ ?(minute|hour|day|week)s?", wanted.overlap):
        raise PlumblineError(
            message("{overlap} is no span of time", overlap=repr(wanted.overlap)),
            todo="E.g. --overlap '2 hours'.",
        )


def _is_transient(error: BaseException) -> bool:
    """Whether trying again may help."""
    return isinstance(error, duckdb.Error) and bool(_TRANSIENT.search(str(error)))


def _source_error(location: Location, error: duckdb.Error, secrets: tuple[str, ...]) -> PlumblineError:
    """The source's refusal as one sentence, secrets left out."""
    text = re.sub(r'(at|with parameters) "[^"]*":?', "", str(error).split("LINE 1:")[0])
    words = location.redact(re.sub(r"^\w[\w ]*Error: ", "", text), secrets)
    if _DENIED.search(str(error)):
        return PlumblineError(
            message("The source refused the credentials: {words}", words=words),
            where=location.shown,
            todo=_advice(location),
        )
    if _TRANSIENT.search(str(error)):
        return PlumblineError(
            message(
                "The source could not be reached in {attempts} attempts: {words}",
                attempts=str(ATTEMPTS),
                words=words,
            ),
            where=location.shown,
            todo="Check the host and the network, and pull again; nothing was changed.",
        )
    return PlumblineError(
        message("The source could not be read: {words}", words=words),
        where=location.shown,
        todo="Check its name and what it holds.",
    )


_CREDENTIALS = {
    "postgres": "Set PGPASSWORD, or use ~/.pgpass.", "mysql": "Set MYSQL_PWD.", "sqlite": "Check the file's owner.",
}  # fmt: skip
_LAKES = ("delta", "avro")


def _advice(location: Location) -> str:
    if "s3://" in location.shown:
        return s3_advice()
    return _CREDENTIALS.get(location.kind, "Check the address; a token in it is used and not kept.")


def _attach(kind: str) -> Callable[[duckdb.DuckDBPyConnection, Location], None]:
    def prepare(connection: duckdb.DuckDBPyConnection, location: Location) -> None:
        if kind == "sqlite":
            connection.execute("SET GLOBAL sqlite_all_varchar = true")  # a column may hold anything
        connection.execute(f"ATTACH {literal(location.address)} AS source (TYPE {kind}, READ_ONLY)")

    return prepare


def _database_relation(kind: str) -> Callable[[Location, FetchRequest], str]:
    def relation(location: Location, wanted: FetchRequest) -> str:
        if wanted.query:
            return f"{kind}_query('source', {literal(wanted.query.strip().rstrip(';'))})"
        return f"source.{'.'.join(ident(part) for part in wanted.table.split('.'))}"

    return relation


def _parquet(location: Location, wanted: FetchRequest) -> str:
    return f"read_parquet({literal(location.address)}, union_by_name = true)"


def _iceberg(connection: duckdb.DuckDBPyConnection, location: Location) -> None:
    connection.execute(
        "SET unsafe_enable_version_guessing = true"
    )  # a folder without a hint: its newest metadata


_KINDS = {
    "postgres": _Kind(("postgres_scanner",), _database_relation("postgres"), _attach("postgres"), databases=True),
    "mysql": _Kind(("mysql_scanner",), _database_relation("mysql"), _attach("mysql"), databases=True),
    "sqlite": _Kind(("sqlite_scanner",), _database_relation("sqlite"), _attach("sqlite"), databases=True),
    "files": _Kind(("httpfs",), _parquet),
    "delta": _Kind(("delta",), lambda location, _: f"delta_scan({literal(location.address)})"),
    "iceberg": _Kind(("avro", "iceberg"), lambda location, _: f"iceberg_scan({literal(location.address)})", _iceberg),
}  # fmt: skip
