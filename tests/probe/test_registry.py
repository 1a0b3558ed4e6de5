"""A registry that MLflow itself wrote, read from its database and from its server."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from plumbline.domain import PlumblineError, Probe
from plumbline.probe.registry import probe_mlflow, strip_credentials
from tests.probe.conftest import QUIET, Registry


def check(found: Probe, registry: Registry) -> None:
    by_name = {v.version: v for v in found.versions}
    assert (found.kind, found.subject, found.by) == ("mlflow", "credit", "test")
    assert list(by_name) == ["2", "1"]
    full, bare = by_name["1"], by_name["2"]
    assert {"1", "v1", "2026.1", "spring", registry.run} <= set(full.names)
    assert (full.created_by, full.code, full.data, full.parameters) == ("ana", "c0ffee12", "d1gest", 1)
    assert full.sources == ("applications (d1gest)",)
    assert full.has_provenance
    assert full.reproducible
    assert bare.moving == ("champion",)
    assert bare.created_at is not None
    assert not bare.has_provenance  # nobody is named
    assert not bare.reproducible


def test_versions_aliases_and_lineage_are_read_from_a_database(registry: Registry) -> None:
    before = Path(registry.uri.removeprefix("sqlite:///")).read_bytes()
    check(probe_mlflow(registry.uri, "credit", by="test"), registry)
    assert Path(registry.uri.removeprefix("sqlite:///")).read_bytes() == before  # a probe changes nothing
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ


def test_a_file_of_any_name_is_read_and_nothing_is_made_beside_it(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    odd = tmp_path / "odd #1%41.db"
    with closing(sqlite3.connect(registry.uri.removeprefix("sqlite:///"))) as there:
        there.execute("VACUUM INTO ?", [str(odd)])
    check(probe_mlflow(f"sqlite:///{tmp_path}/odd%20%231%2541.db", "credit", by="test"), registry)
    assert list(tmp_path.iterdir()) == [odd]


@pytest.fixture(scope="module")
def server(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("server")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", registry.uri, "--host", "127.0.0.1",
             "--port", str(port), "--workers", "1", "--default-artifact-root", str(folder)],
            env={**os.environ, **QUIET, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=log, stderr=log, cwd=folder, start_new_session=True,
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


def test_the_same_is_read_from_a_tracking_server_and_its_password_is_not_kept(
    server: str, registry: Registry
) -> None:
    with_password = server.replace("//", "//ana:s3cret@")
    found = probe_mlflow(with_password, "credit", by="test")
    check(found, registry)
    assert found.place == server + ""
    assert "s3cret" not in repr(found)
    with pytest.raises(PlumblineError, match="has no model 'nobody'"):
        probe_mlflow(server, "nobody", by="test")


def test_without_a_name_several_models_are_named(registry: Registry) -> None:
    with pytest.raises(PlumblineError, match=r"several models.*credit, it's odd"):
        probe_mlflow(registry.uri, by="test")
    assert probe_mlflow(registry.uri, "it's odd", by="test").notes == (
        "The registered model has no version.",
    )


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("http://ana:s3cret@127.0.0.1:9", "did not answer"),
        ("ftp://ana:s3cret@host/x", "not an address of a model registry"),
        ("file:///etc/passwd", "not an address"),
        ("http://host:port", "cannot be read"),
        ("", "not an address"),
        ("sqlite:////nowhere/mlflow.db", "no such database file"),
        ("postgresql://ana:s3cret@127.0.0.1:9/mlflow", "registry"),
    ],
)
def test_a_place_that_cannot_be_read_is_one_sentence_without_the_password(uri: str, said: str) -> None:
    with pytest.raises(PlumblineError, match=said) as error:
        probe_mlflow(uri, "credit", by="test")
    assert "s3cret" not in str(error.value)
    assert error.value.__cause__ is None or "s3cret" not in str(error.value.__cause__)


def test_a_file_that_is_no_database_or_no_registry_is_refused_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.db"
    text.write_text("not a database at all")
    with pytest.raises(PlumblineError, match="not an SQLite database"):
        probe_mlflow(f"sqlite:///{text}", "credit", by="test")
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as made:
        made.execute("CREATE TABLE cats (name TEXT)")
    made.close()
    before = other.read_bytes()
    with pytest.raises(PlumblineError):
        probe_mlflow(f"sqlite:///{other}", "credit", by="test")
    assert other.read_bytes() == before


def test_nothing_of_a_password_is_left_of_an_address() -> None:
    assert strip_credentials("https://u:p@host:5000/a?token=x#y") == "https://host:5000/a"
