"""The schema of a workspace: which one a file has, and the scripts that bring it to today's."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

import duckdb

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.store.times import naive, now

#: the number of a script, and its statements
Script = tuple[int, str]


@cache
def scripts() -> tuple[Script, ...]:
    """All migrations, in the order of their numbers."""
    folder = resources.files("plumbline.store") / "migrations"
    found = ((int(f.name[:4]), f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith(".sql"))
    return tuple(sorted(found))


def schema_number(connection: duckdb.DuckDBPyConnection, target: Path) -> int:
    """The number of the newest migration that the file has had; 0: it is empty.

    Raises:
        PlumblineError: the file holds other tables, or was written by a newer version.
    """
    tables = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if tables and "schema_version" not in tables:
        raise PlumblineError(
            "This DuckDB file holds other tables and is not a workspace",
            where=str(target),
            todo="Choose another path with --workspace.",
        )
    row = connection.execute("SELECT max(version) FROM schema_version").fetchone() if tables else None
    number = int(row[0]) if row and row[0] is not None else 0
    newest = scripts()[-1][0]
    if number > newest:
        raise PlumblineError(
            message(
                "This workspace was written by a newer version of Plumbline (schema {number}; this one knows {newest})",
                number=str(number),
                newest=str(newest),
            ),
            where=str(target),
            todo="Install that version, or open a copy from before (folder backups).",
        )
    return number


def migrate(connection: duckdb.DuckDBPyConnection, number: int) -> None:
    """Run what comes after a schema's number, each script in its own transaction, and merge it into the file.

    An empty file gets all of them in one, in a third of the time: DuckDB alters no table that lost rows in the same
    transaction, and there are no rows yet.
    """
    due = [(version, script) for version, script in scripts() if version > number]
    for together in [due] if number == 0 else [[script] for script in due]:
        connection.execute("BEGIN TRANSACTION")
        for version, script in together:
            connection.execute(script)
            connection.execute("INSERT INTO schema_version VALUES (?, ?)", [version, naive(now())])
        connection.execute("COMMIT")
    # replaying these from the log of a killed process fails in DuckDB 1.5: a check has no catalog to bind in
    connection.execute("CHECKPOINT")
