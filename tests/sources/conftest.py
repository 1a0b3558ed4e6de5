"""The real things on loopback: PostgreSQL from the system's packages, moto's S3, a web server."""

from __future__ import annotations

import functools
import glob
import http.server
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "s3cret-of-the-database"
KEY, SECRET = "AKIATESTKEY", "s3cret-of-the-bucket"


@pytest.fixture(autouse=True)
def no_keys_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [n for n in os.environ if n.startswith(("AWS_", "PG", "MYSQL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@dataclass(frozen=True)
class Postgres:
    """A running server: its address without password, and how it is told something."""

    url: str
    say: Callable[[str], str]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin")) or [
        str(Path(p).parent) for p in [shutil.which("initdb")] if p
    ]
    if not found:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed: apt install postgresql")
        pytest.skip("PostgreSQL is not installed: apt install postgresql, or brew install postgresql")
    tools = Path(found[-1])
    folder = Path(tempfile.mkdtemp(prefix="plumbline-pg-", dir="/tmp"))
    as_owner: dict[str, Any] = {"cwd": "/", "check": True, "capture_output": True, "text": True}
    (folder / "password").write_text(PASSWORD)
    if os.getuid() == 0:  # a database server refuses to run as root
        owner = pwd.getpwnam("postgres")
        as_owner |= {"user": owner.pw_uid, "group": owner.pw_gid}
        for path in (folder, folder / "password"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    subprocess.run(
        [tools / "initdb", "-D", data, "-U", "owner", f"--pwfile={folder / 'password'}", "--no-sync",
         "--auth=scram-sha-256", "-E", "UTF8"], **as_owner,
    )  # fmt: skip
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB"
    control = [tools / "pg_ctl", "-D", data, "-w", "-l", data / "log"]
    quiet = as_owner | {"capture_output": False, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*control, "-o", options, "start"], **quiet)

    def say(sql: str) -> str:
        told = subprocess.run(
            [tools / "psql", "-h", "127.0.0.1", "-p", str(port), "-U", "owner", "-d", "postgres", "-Atqc", sql],
            check=True, capture_output=True, text=True, env=os.environ | {"PGPASSWORD": PASSWORD},
        )  # fmt: skip
        return told.stdout.strip()

    try:
        yield Postgres(f"postgresql://owner@127.0.0.1:{port}/postgres", say)
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **quiet)
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Bucket:
    """A bucket named ``logs`` and how a file gets into it."""

    endpoint: str
    put: Callable[[Path, str], None]


@pytest.fixture(scope="session")
def bucket() -> Iterator[Bucket]:
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="logs")
    yield Bucket(endpoint, lambda path, name: client.upload_file(str(path), "logs", name))
    server.stop()


@pytest.fixture
def keys(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", bucket.endpoint)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    failures = 0  # how many requests are answered with 503 first

    def log_message(self, *_: object) -> None:
        pass

    def send_head(self) -> Any:
        if type(self).failures > 0:
            type(self).failures -= 1
            self.send_error(503)
            return None
        return super().send_head()


@dataclass(frozen=True)
class Web:
    """A web server over a folder."""

    url: str
    fail: Callable[[int], None]


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Quiet, directory=str(tmp_path))
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield Web(f"http://127.0.0.1:{server.server_port}", lambda times: setattr(_Quiet, "failures", times))
    _Quiet.failures = 0
    server.shutdown()
    server.server_close()
