"""A real MLflow server on loopback, with a registered model of two versions, started once."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}  # fmt: skip
API = "/api/2.0/mlflow"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Its address, for as long as the block lasts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--host",
             "127.0.0.1", "--port", str(port), "--workers", "1", "--default-artifact-root", str(folder)],
            env={**os.environ, **QUIET}, stdout=log, stderr=log, cwd=folder, start_new_session=True,
        )  # fmt: skip
        try:
            _wait(f"http://127.0.0.1:{port}/health", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, 15)
            process.wait(20)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 180
    while time.monotonic() < end and process.poll() is None:
        try:
            if urllib.request.urlopen(address, timeout=2).status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The registry did not start")


def ask(url: str, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> dict[str, Any]:
    """One request of the registry's own interface, by an independent client."""
    data = json.dumps(body).encode() if method != "GET" and body is not None else None
    query = f"?{urllib.parse.urlencode(body)}" if method == "GET" and body else ""
    request = urllib.request.Request(
        f"{url}{API}{path}{query}", data=data, method=method, headers={"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as reply:
        found: dict[str, Any] = json.loads(reply.read() or b"{}")
        return found


def new_model(url: str, name: str, versions: int = 2, alias: str = "champion", at: str = "2") -> None:
    """A registered model whose alias points at one of its versions."""
    ask(url, "/registered-models/create", {"name": name})
    for number in range(1, versions + 1):
        ask(url, "/model-versions/create", {"name": name, "source": f"s3://models/{number}"})
    set_alias(url, name, alias, at)


def set_alias(url: str, name: str, alias: str, at: str) -> None:
    """As a person with the registry's own client does it."""
    ask(url, "/registered-models/alias", {"name": name, "alias": alias, "version": at})


def alias_at(url: str, name: str, alias: str) -> str:
    """Where an alias points; empty: there is none."""
    try:
        found = ask(url, "/registered-models/alias", {"name": name, "alias": alias}, "GET")
    except urllib.error.HTTPError:
        return ""
    return str(found["model_version"]["version"])
