"""DuckDB's extensions from their own packages: nothing is downloaded, and nothing is written to a home folder."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import duckdb

from plumbline.domain import PlumblineError
from plumbline.domain.extras import need_module
from plumbline.domain.messages import message
from plumbline.store.sql import literal

#: how every connection is opened: extensions come from packages alone, secrets stay in memory. A load is larger than
#: the threshold, so that its commit goes into the file at once and not by way of the log of writes
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "checkpoint_threshold": "1MB",
}


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension from the package of DuckDB's own version; its signature is checked as always.

    Raises:
        PlumblineError: the package is not installed, or is of another version than DuckDB.
    """
    file = extension_file(name)
    try:
        connection.execute(f"LOAD {literal(str(file))}")
    except duckdb.Error as error:
        raise _extension_error(name) from error


def extension_file(name: str) -> Path:
    """Where the installed package keeps the extension for this DuckDB.

    Raises:
        PlumblineError: it is not there.
    """
    need_module(f"duckdb_extension_{name}")
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    file = folder / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension" if folder else None
    if file is None or not file.is_file():
        raise _extension_error(name)
    return file


def _extension_error(name: str) -> PlumblineError:
    package = f"duckdb-extension-{name.replace('_', '-')}"
    return PlumblineError(
        message(
            "The package {package} is missing or does not fit DuckDB {version}",
            package=package,
            version=duckdb.__version__,
        ),
        todo=message(
            "Install it: pip install {package}=={version}.", package=package, version=duckdb.__version__
        ),
    )
