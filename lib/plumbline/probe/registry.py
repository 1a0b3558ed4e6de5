"""A model registry of MLflow, by tracking server or by database URI: versions, aliases, stages, run lineage.

Read through MLflow's own client. Its error texts may repeat the address with its password, so none is passed on.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from plumbline.domain import PlumblineError, Probe, ProbedVersion
from plumbline.domain.extras import need_extra
from plumbline.domain.messages import message
from plumbline.probe import database
from plumbline.probe.saved_models import format_of_history

WEB = ("http", "https")
#: versions whose runs are read, the newest first
MOST = 200
#: tags under which a registered version may carry the name that the log uses
VERSION_TAGS = ("version", "model_version", "release", "semver", "plumbline.version")
#: the tag in which a run's logged models stand
LOGGED_MODELS = "mlflow.log-model.history"
#: MLflow would try seven times with growing pauses, and report its use to its makers
SETTINGS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",  # no connection stays open behind a probe
}
_ENVIRONMENT = threading.Lock()


def probe_mlflow(uri: str, model: str = "", *, by: str, at: datetime | None = None) -> Probe:
    """Read one registered model and the runs behind its versions.

    Args:
        uri: ``https://host:port`` of a tracking server, or a database URI such as ``sqlite:////srv/mlflow.db`` or ``postgresql://user@host/db``.
            A password in it is used and not kept.
        model: the registered model; may be left out where there is only one.
        by: who looks.

    Raises:
        PlumblineError: no such place, server or model, or no extra, in one sentence without the address's password.
    """
    need_extra("mlflow")
    place, address = _address(uri)
    with _probe_environment():
        versions_read = _read(address, place, model.strip())
    return Probe(
        kind="mlflow",
        place=place,
        subject=versions_read[0],
        at=at or datetime.now(UTC),
        by=by,
        versions=versions_read[1],
        notes=versions_read[2],
    )


def strip_credentials(uri: str) -> str:
    """The address without user, password, query or fragment: all that is ever kept or shown of it."""
    parts = urlsplit(uri.strip())
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _address(uri: str) -> tuple[str, str]:
    """What is shown, and what MLflow is given."""
    todo = database.TODO
    try:
        parts = urlsplit(uri.strip())
        _ = parts.port
    except ValueError as error:
        raise PlumblineError("The address of the registry cannot be read", todo=todo) from error
    kind = parts.scheme.partition("+")[0].lower()
    if kind in WEB and parts.hostname:
        return strip_credentials(uri), uri.strip()
    if kind == "sqlite":
        return database.sqlite_file(uri)
    if database.scheme(kind) in database.SERVERS and parts.hostname:
        place = strip_credentials(uri)
        return place, database.server(uri, place)
    shown = f"{parts.scheme}:" if parts.scheme else "no scheme"
    raise PlumblineError(
        message("This is not an address of a model registry ({shown})", shown=shown), todo=todo
    )


@contextmanager
def _probe_environment() -> Iterator[None]:
    """MLflow's settings for the time of one probe; one at a time, as they are the whole process's."""
    with _ENVIRONMENT:
        before = {name: os.environ.get(name) for name in SETTINGS}
        os.environ.update(SETTINGS)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _read(address: str, place: str, model: str) -> tuple[str, tuple[ProbedVersion, ...], tuple[str, ...]]:
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = MlflowClient(tracking_uri=address, registry_uri=address)
        name = _model_name(client, model, place)
        pages = _fetch_pages(lambda token: client.search_model_versions(_filter(name), page_token=token))
        if not pages:
            client.get_registered_model(name)  # says whether it is there at all
        pages.sort(key=lambda v: v.creation_timestamp or 0, reverse=True)
        aliases = {str(k): str(v) for k, v in (client.get_registered_model(name).aliases or {}).items()}
        versions = tuple(_version(client, model_version, aliases) for model_version in pages[:MOST])
    except PlumblineError:
        raise
    except MlflowException as error:
        raise _registry_error(error, place, model) from None
    except Exception as error:  # every driver and server has errors of its own; their texts hold the password
        raise PlumblineError(
            message(
                "The registry did not answer as an MLflow registry does ({error})",
                error=type(error).__name__,
            ),
            where=place,
            todo="Check the address, and that this machine may reach it.",
        ) from None
    notes = [f"{len(pages) - MOST} older versions were not read."] if len(pages) > MOST else []
    if not versions:
        notes.append("The registered model has no version.")
    return name, versions, tuple(notes)


def _registry_error(error: Any, place: str, model: str) -> PlumblineError:
    code = str(getattr(error, "error_code", ""))
    if code == "RESOURCE_DOES_NOT_EXIST":
        return PlumblineError(
            message("The registry has no model {model}", model=repr(model)),
            where=place,
            todo="Check its name.",
        )
    if code in ("UNAUTHENTICATED", "PERMISSION_DENIED", "CUSTOMER_UNAUTHORIZED"):
        todo = "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN."
        return PlumblineError("The registry refuses to be read", where=place, todo=todo)
    if "out-of-date database schema" in str(error):
        return PlumblineError(
            "The database was written by another version of MLflow than the one that reads it",
            where=place,
            todo="Give the address of its tracking server instead.",
        )
    return PlumblineError(
        "The registry did not answer as an MLflow registry does",
        where=place,
        todo="Check the address, and that this machine may reach it.",
    )


def _model_name(client: Any, model: str, place: str) -> str:
    if model:
        if "'" in model and '"' in model:
            raise PlumblineError("A model's name cannot hold both kinds of quotation marks", where="--model")
        return model
    names = sorted(
        str(registered_model.name) for registered_model in client.search_registered_models(max_results=50)
    )
    if len(names) == 1:
        return names[0]
    if not names:
        raise PlumblineError(
            "The registry holds no registered model", where=place, todo="Register one first."
        )
    shown = ", ".join(names[:10]) + (" and more" if len(names) > 10 else "")
    raise PlumblineError(
        "The registry holds several models", where=place, todo=message("Name one of: {shown}.", shown=shown)
    )


def _filter(name: str) -> str:
    quote = '"' if "'" in name else "'"
    return f"name={quote}{name}{quote}"


def _fetch_pages(fetch: Any) -> list[Any]:
    pages: list[Any] = []
    token = None
    while True:
        page = fetch(token)
        pages += list(page)
        token = page.token
        if not token or len(pages) > 10 * MOST:
            return pages


def _version(client: Any, entry: Any, aliases: dict[str, str]) -> ProbedVersion:
    number = str(entry.version)
    run = _run(client, entry.run_id)
    tags = {str(k): str(v) for k, v in (entry.tags or {}).items()}
    names = [number, f"v{number}", *(tags[t] for t in VERSION_TAGS if tags.get(t)), str(entry.run_id or "")]
    stage = str(entry.current_stage or "")
    moving = [alias for alias, at in aliases.items() if at == number]
    moving += [stage] if stage not in ("", "None") else []
    data, sources = _inputs(run)
    run_tags = dict(run.data.tags) if run is not None else {}
    when = entry.creation_timestamp
    return ProbedVersion(
        version=number,
        names=tuple(dict.fromkeys(n for n in (*names, str(run.info.run_name or "") if run else "") if n)),
        moving=tuple(dict.fromkeys(moving)),
        created_at=datetime.fromtimestamp(when / 1000, UTC) if when else None,
        created_by=str(
            entry.user_id or run_tags.get("mlflow.user") or (run.info.user_id if run else "") or ""
        ),
        code=str(run_tags.get("mlflow.source.git.commit") or ""),
        data=data,
        parameters=len(run.data.params) if run is not None else 0,
        sources=sources,
        run=str(entry.run_id or ""),
        saved_as=format_of_history(str(run_tags.get(LOGGED_MODELS) or "")),
    )


def _run(client: Any, run_id: str | None) -> Any:
    """The run behind a version; None where it has none, or the run was deleted."""
    from mlflow.exceptions import MlflowException

    if not run_id:
        return None
    try:
        return client.get_run(run_id)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def _inputs(run: Any) -> tuple[str, tuple[str, ...]]:
    """The digests of a run's data sets, and each data set by name and digest."""
    held = list(getattr(getattr(run, "inputs", None), "dataset_inputs", None) or [])
    known = [(str(i.dataset.name or "data"), str(i.dataset.digest or "")) for i in held]
    digests = [digest for _, digest in known if digest]
    return " ".join(digests), tuple(f"{name} ({digest})" if digest else name for name, digest in known)
