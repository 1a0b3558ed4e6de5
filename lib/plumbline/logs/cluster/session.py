"""Sessions with a Spark cluster by Spark Connect, and what it says when something fails, as one sentence."""

from __future__ import annotations

import os
import re
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from plumbline.domain import PlumblineError
from plumbline.domain.extras import need_module
from plumbline.logs.cluster import cells
from plumbline.logs.cluster.table import ClusterTable
from plumbline.logs.pull.location import Location

#: the address of the cluster whose session is open, and the session
_CURRENT: ContextVar[tuple[str, Any] | None] = ContextVar("cluster", default=None)
#: seconds in which a cluster has to answer at all
REACH = 10.0
#: times that a request is made again while nobody answers: half a minute
RETRIES = 8
#: rows that a batch holds on its way to the counter
BATCH_ROWS = 65_536
#: what a cluster is signed in with, where its address does not say
TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"  # noqa: S105 - the name of a variable
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.codegen.hugeMethodLimit": "8000",  # beyond it Java interprets what Spark wrote, ten times slower
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH_ROWS),
}
#: class of a Spark error -> what it means, and what to do
_CONDITIONS = (
    ("TABLE_OR_VIEW_NOT_FOUND", "There is no such table in the cluster", "Check its name: CATALOG.SCHEMA.TABLE."),
    ("UNRESOLVED_COLUMN", "The table no longer has a column that is read",
     "Put it back, in a view if need be, or attach the table to a system of its own."),
    ("INSUFFICIENT_PERMISSIONS|PERMISSION_DENIED|PERMISSION|not authorized|AccessDenied|Permission denied",
     "The cluster does not let this user read the table", "Ask its owner for the right to SELECT."),
    ("UNAUTHENTICATED", "The cluster does not know who asks", f"Set {TOKEN}."),
    ("ModuleNotFoundError", "The cluster's Python lacks a package that counting needs",
     "Install numpy and pyarrow where its executors run."),
    ("PYTHON_VERSION_MISMATCH", "The cluster's Python is another version than this one's",
     f"Run Plumbline on the Python of its executors; here it is {sys.version_info[0]}.{sys.version_info[1]}."),
    ("DATATYPE_MISMATCH|CAST_INVALID_INPUT|incompatible", "A column changed its type",
     "Make a view in which it has its former type, and attach that."),
    ("UNAVAILABLE|Connection refused|DEADLINE_EXCEEDED|SESSION_CLOSED|INVALID_HANDLE",
     "The cluster went away while it was asked", "Try again when it is back."),
)  # fmt: skip


@contextmanager
def cluster(location: Location) -> Iterator[Any]:
    """A session, or the one that is open already; ended whatever happens. What fails in it is raised as one sentence.

    Raises:
        PlumblineError: the extra is missing, nobody answers, or what the cluster refuses.
    """
    need_module("pyspark")
    current = _CURRENT.get()
    if current is not None and current[0] == location.shown:
        yield current[1]
        return
    _require_reachable(location)
    with translate_errors(location):
        with warnings.catch_warnings():  # of versions of pandas, of which nothing is used here
            warnings.simplefilter("ignore", FutureWarning)
            from pyspark.sql.connect.client.retries import DefaultPolicy
            from pyspark.sql.connect.session import SparkSession

        session = SparkSession.builder.remote(location.address).create()
        session.client.set_retry_policies([DefaultPolicy(max_retries=RETRIES, max_backoff=5000)])
        try:
            for name, value in _SETTINGS.items():
                session.conf.set(name, value)
            token = _CURRENT.set((location.shown, session))
            try:
                yield session
            finally:
                _CURRENT.reset(token)
        finally:
            _end_session(session)


def _end_session(session: Any) -> None:
    try:
        session.client.set_retry_policies([])  # nobody waits for a server that is gone
        session.client.release_session()
        session.client.close()
    except Exception:  # noqa: S110 - it ends by itself; what failed before is what is told
        pass


@contextmanager
def translate_errors(location: Location) -> Iterator[None]:
    """Turn what Spark or its connection raises into one sentence."""
    import grpc
    from pyspark.errors.exceptions.base import PySparkException

    try:
        yield
    except (PySparkException, grpc.RpcError) as error:
        raise refusal(location, error) from None


def refusal(location: Location, error: Exception) -> PlumblineError:
    """What a cluster refused or lost, without secrets."""
    text = str(error)
    condition = getattr(error, "getCondition", lambda: "")() or ""
    code = getattr(error, "code", lambda: "")()
    seen = f"{condition} {code} {text}"
    words = location.redact(_first_line(text), tuple(filter(None, [os.environ.get(TOKEN, "")])))
    for pattern, sentence, todo in _CONDITIONS:
        if re.search(pattern, seen):
            return PlumblineError(
                f"{sentence}: {words}", where=location.shown, todo=f"{todo} Nothing was changed."
            )
    return PlumblineError(
        f"The cluster failed: {words}",
        where=location.shown,
        todo="See its own log; nothing was changed, and the next run goes on.",
    )


def _first_line(text: str) -> str:
    """The telling line of a message that may hold pages of a stack."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    python = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b.*:", line)]
    return (python[-1] if python else lines[0] if lines else "no reason was given")[:300]


def _require_reachable(location: Location) -> None:
    parts = urlsplit(location.address.split("/;")[0])
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 15002), timeout=REACH):
            return
    except OSError as error:
        raise PlumblineError(
            f"The cluster cannot be reached: {error.strerror or error}",
            where=location.shown,
            todo="Check its address and the network, and run it again; nothing was changed.",
        ) from None


def describe(session: Any, item: str, since: str) -> ClusterTable:
    """A table's columns and types.

    Raises:
        PlumblineError: it has no column of that name.
    """
    kinds = dict(session.sql(f"SELECT * FROM {cells.table_name(item)} LIMIT 0").dtypes)
    column = next((name for name in kinds if name.lower() == since.lower()), None)
    if column is None:
        raise PlumblineError(
            f"The table has no column {since!r}" if since else "Say which column orders the rows",
            where=item,
            todo=f"Name it with --since; the table has: {', '.join(list(kinds)[:30])}.",
        )
    cells.bound("1970-01-01", kinds[column])
    return ClusterTable(name=item, kinds=kinds, since=column)
