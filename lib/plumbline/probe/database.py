"""The address of a registry's database: what is shown of it, what MLflow is given, and whether it can be read.

MLflow makes its tables where there are none, and tries a server that refuses it for two minutes. So the database is
first looked at here, and every connection is one that can only read.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message

TODO = "Give http(s)://host:port of a tracking server, or a database such as sqlite:////srv/mlflow.db."
#: scheme -> the driver that reads it, and how each connection is held to reading and to a time
SERVERS: dict[str, tuple[str, dict[str, str]]] = {
    "postgresql": (
        "postgresql+psycopg",
        {
            "connect_timeout": "10",
            "options": "-c default_transaction_read_only=on -c statement_timeout=60000",
        },
    ),
    "mysql": (
        "mysql+pymysql",
        {"connect_timeout": "10", "read_timeout": "60", "init_command": "SET SESSION TRANSACTION READ ONLY"},
    ),
}
#: what an address may ask of a driver; others name files of this machine, or another server
ALLOWED = ("sslmode", "ssl_mode", "charset")
_TABLE = "registered_models"
#: a phrase of a driver's refusal, in small letters -> what is wrong; the texts themselves may hold the address
_REFUSALS = (
    (("password", "access denied", "authentication"), "The database refuses the user or the password"),
    (("does not exist", "unknown database"), "The server has no such database or user"),
    (("timeout", "timed out"), "The database did not answer in time"),
)


def sqlite_file(uri: str) -> tuple[str, str]:
    """The same for a database in a file, which is opened to be read only and never made.

    Raises:
        PlumblineError: there is no such file, or it is no SQLite database.
    """
    path = Path(unquote(urlsplit(uri.strip()).path.removeprefix("/")))
    try:
        if not path.is_file():
            raise PlumblineError("There is no such database file", where=str(path), todo=TODO)
        with path.open("rb") as file:
            begins = file.read(16)
    except OSError as error:
        raise PlumblineError(
            message("The file cannot be read: {strerror}", strerror=str(error.strerror)),
            where=str(path),
            todo=TODO,
        ) from error
    except ValueError as error:
        raise PlumblineError("The address of the registry cannot be read", todo=TODO) from error
    if begins != b"SQLite format 3\x00":
        raise PlumblineError("This file is not an SQLite database", where=str(path), todo=TODO)
    from sqlalchemy.engine import URL

    # with its driver named, as MLflow takes what follows a bare sqlite:/// for a path and makes its folders
    read_only = URL.create(
        "sqlite+pysqlite", database=f"file:{quote(str(path.resolve()))}", query={"mode": "ro", "uri": "true"}
    )
    return f"sqlite:///{path}", read_only.render_as_string()


def server(uri: str, place: str) -> str:
    """What MLflow is given for a database on a server, once it is known to hold a registry.

    Raises:
        PlumblineError: it cannot be reached or read, or holds no registry; never with the password.
    """
    from sqlalchemy import create_engine, inspect
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    try:
        url = make_url(uri.strip())
    except (SQLAlchemyError, ValueError):
        raise PlumblineError("The address of the registry cannot be read", todo=TODO) from None
    strange = sorted(set(url.query) - set(ALLOWED))
    if strange:
        raise PlumblineError(
            message("The address asks the driver for {strange}", strange=repr(strange[0][:40])),
            where=place,
            todo=message("Leave it out; what may be asked for: {names}.", names=", ".join(ALLOWED)),
        )
    driver, server_statements = SERVERS[scheme(url.drivername)]
    url = url.set(drivername=driver, query={**url.query, **server_statements})
    if url.password is None and driver.startswith("mysql") and os.environ.get("MYSQL_PWD"):
        url = url.set(password=os.environ["MYSQL_PWD"])  # PostgreSQL's driver reads PGPASSWORD itself
    try:
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            exists = inspect(connection).has_table(_TABLE)
    except Exception as error:  # each driver has errors of its own; their texts may hold the address
        raise _connection_error(error, place) from None
    if not exists:
        raise PlumblineError("This database holds no MLflow registry", where=place, todo="Check its name.")
    return url.render_as_string(hide_password=False)


def scheme(drivername: str) -> str:
    """``postgresql`` of ``postgresql+psycopg`` and of the older ``postgres``."""
    kind = drivername.partition("+")[0].lower()
    return "postgresql" if kind == "postgres" else kind


def _connection_error(error: Any, place: str) -> PlumblineError:
    text = str(getattr(error, "orig", None) or error).lower()
    for phrases, what in _REFUSALS:
        if any(phrase in text for phrase in phrases):
            return PlumblineError(what, where=place, todo="Check the address, and who may read there.")
    return PlumblineError(
        "The registry's database cannot be reached",
        where=place,
        todo="Check the address, and that this machine may reach it.",
    )
