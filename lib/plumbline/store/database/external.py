"""A DuckDB connection for what lies outside the workspace: it can reach what it is told, and nothing else.

The workspace's own connection stays locked. This one lives in memory for one conversion or one pull, and leaves a
Parquet file in the workspace's inbox.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from plumbline.sandbox.limits import duckdb_memory
from plumbline.store.database.extensions import CONFIG, load_extension
from plumbline.store.sql import literal


@contextmanager
def external_connection(
    inbox: Path,
    *,
    extensions: Sequence[str] = (),
    files: Sequence[Path] = (),
    folders: Sequence[str] = (),
    prepare: Callable[[duckdb.DuckDBPyConnection], None] | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the connection and lock it.

    Args:
        inbox: a folder that it may write to; what spills goes there too.
        extensions: loaded from their packages, see ``load_extension``.
        files: single files that may be read.
        folders: folders or URL prefixes that may be read.
        prepare: attaches databases and creates secrets, before the lock.

    Raises:
        PlumblineError: an extension's package is missing.
    """
    # the extensions ask for stored secrets, of which there are none: the folder is not even made
    config = CONFIG | {"allow_persistent_secrets": "true", "secret_directory": str(inbox / "no-secrets")}
    connection = duckdb.connect(":memory:", config=config)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET memory_limit = {literal(duckdb_memory())}")
        connection.execute(f"SET temp_directory = {literal(str(inbox / 'spill'))}")
        connection.execute(f"SET temp_file_encryption = {str('httpfs' in extensions).lower()}")
        for name in extensions:
            load_extension(connection, name)
        connection.execute("SELECT count(*) FROM duckdb_secrets()")
        if prepare:
            prepare(connection)
        connection.execute(f"SET allowed_paths = [{_literal_list(str(file) for file in files)}]")
        connection.execute(f"SET allowed_directories = [{_literal_list((f'{inbox}/', *folders))}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


def _literal_list(items: Sequence[str] | Iterator[str]) -> str:
    return ", ".join(literal(item) for item in items)
