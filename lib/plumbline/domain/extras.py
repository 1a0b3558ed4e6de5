"""Packages that a plain install leaves out: which extra brings each, and what cannot be done without it.

An extra is installed as ``pip install 'plumbline[lake]'``; ``pyproject.toml`` lists its packages. Whoever is about
to use one of them asks ``need_module`` or ``need_extra`` first, so that its absence is one sentence everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from plumbline.domain.errors import PlumblineError
from plumbline.domain.messages import message


@dataclass(frozen=True, slots=True)
class OptionalModule:
    """A module to import, the extra whose package holds it, and the work that needs it."""

    name: str
    extra: str
    work: str


_REGISTRY = "Reading a model registry"
OPTIONAL = (
    OptionalModule("duckdb_extension_postgres_scanner", "databases", "Reading PostgreSQL"),
    OptionalModule("duckdb_extension_mysql_scanner", "databases", "Reading MySQL"),
    OptionalModule("duckdb_extension_sqlite_scanner", "databases", "Reading SQLite"),
    OptionalModule("duckdb_extension_delta", "lake", "Reading Delta tables"),
    OptionalModule("duckdb_extension_iceberg", "lake", "Reading Iceberg tables"),
    OptionalModule("duckdb_extension_avro", "lake", "Reading Iceberg tables"),
    OptionalModule("duckdb_extension_aws", "cloud", "Reading S3 by a profile or a role"),
    OptionalModule("mlflow", "mlflow", _REGISTRY),
    OptionalModule("sqlalchemy", "mlflow", _REGISTRY),
    OptionalModule("alembic", "mlflow", _REGISTRY),
    OptionalModule("psycopg", "mlflow", _REGISTRY),
    OptionalModule("pymysql", "mlflow", _REGISTRY),
    OptionalModule("onnx", "onnx", "Reading ONNX models"),
    OptionalModule("pyspark", "spark", "Counting in a Spark cluster"),
    OptionalModule("apprise", "messages", "Handing messages to a service by Apprise"),
    OptionalModule("rfc3161_client", "time-stamps", "Time stamps of evidence packs"),
    OptionalModule("openpyxl", "workbooks", "Answering a buyer's workbook"),
)
_BY_NAME = {module.name: module for module in OPTIONAL}


def is_installed(module: str) -> bool:
    """Whether a module can be imported; it is not."""
    return find_spec(module) is not None


def install_command(extra: str) -> str:
    """How a person adds an extra to what is installed."""
    return f"pip install 'plumbline[{extra}]'"


def missing_extra_error(module: str) -> PlumblineError | None:
    """The error where a module of an extra is not installed; None where it is, and for modules of no extra."""
    optional_module = _BY_NAME.get(module)
    if optional_module is None or is_installed(module):
        return None
    return PlumblineError(
        message("{work} needs an extra that is not installed", work=optional_module.work),
        todo=message("Install it: {install_command}", install_command=install_command(optional_module.extra)),
    )


def need_module(module: str) -> None:
    """Raise ``missing_extra_error``'s error, if there is one."""
    error = missing_extra_error(module)
    if error is not None:
        raise error


def need_extra(extra: str) -> None:
    """Raise PlumblineError where any module of an extra is not installed."""
    for module in OPTIONAL:
        if module.extra == extra:
            need_module(module.name)
