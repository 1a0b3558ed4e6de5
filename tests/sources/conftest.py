"""The real things on loopback: PostgreSQL and MariaDB from the system's packages, moto's S3, a web server."""

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
import time
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
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # no test asks beyond this machine


@dataclass(frozen=True)
class Database:
    """A running server: its address without password, and how it is told something."""

    url: str
    say: Callable[[str], str]


def _missing(what: str) -> None:
    """Skip the tests of a program that is not here; where all is to be tested, fail."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(what)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Database]:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin")) or [
        str(Path(p).parent) for p in [shutil.which("initdb")] if p
    ]
    if not found:
        _missing("PostgreSQL is not installed: apt install postgresql, or brew install postgresql")
    tools = Path(found[-1])
    folder = Path(tempfile.mkdtemp(prefix="plumbline-pg-", dir="/tmp"))
    as_owner: dict[str, Any] = {"cwd": "/", "check": True, "capture_output": True, "text": True}
    (folder / "password").write_text(PASSWORD)
    if os.getuid() == 0:  # a database server refuses to run as root
        owner = pwd.getpwnam("postgres")
        as_owner |= {"user": owner.pw_uid, "group": owner.pw_gid}
        for path in (folder, folder / "password"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    port, data = _free_port(), folder / "data"
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
        yield Database(f"postgresql://owner@127.0.0.1:{port}/postgres", say)
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **quiet)
        shutil.rmtree(folder, ignore_errors=True)


def _program(*names: str) -> str | None:
    """Servers stand in /usr/sbin, which is not on everyone's path."""
    path = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin{os.pathsep}/usr/local/sbin"
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Database]:
    """A server that speaks MySQL's protocol, with a user ``reader`` who may only read the database ``risk``."""
    server, install = _program("mariadbd"), _program("mariadb-install-db")
    client = _program("mariadb")
    if not (server and install and client):
        _missing("MariaDB is not installed: apt install mariadb-server, or brew install mariadb")
    folder = Path(tempfile.mkdtemp(prefix="plumbline-my-", dir="/tmp"))
    port, data, socket_file = _free_port(), folder / "data", folder / "s.sock"
    owner = pwd.getpwuid(os.getuid()).pw_name  # the server runs as root only where it is told to
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    subprocess.run(
        [str(install), "--no-defaults", f"--datadir={data}", f"--user={owner}", "--skip-test-db",
         "--auth-root-authentication-method=normal"], check=True, **quiet,
    )  # fmt: skip
    running = subprocess.Popen(
        [str(server), "--no-defaults", f"--datadir={data}", f"--user={owner}", f"--port={port}",
         f"--socket={socket_file}", f"--pid-file={folder / 'pid'}", "--skip-networking=0", "--skip-name-resolve",
         "--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M",
         "--skip-log-bin", f"--log-error={folder / 'log'}"], **quiet,
    )  # fmt: skip

    def say(sql: str) -> str:
        told = subprocess.run(
            [str(client), "--no-defaults", f"--socket={socket_file}", "-u", "root", "-N", "-B", "-e", sql],
            check=True, capture_output=True, text=True, env=os.environ | {"MYSQL_PWD": ""},
        )  # fmt: skip
        return told.stdout.strip()

    try:
        end = time.monotonic() + 30
        while not socket_file.exists() and running.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        say(
            f"""CREATE DATABASE risk;
                CREATE USER reader@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';
                GRANT SELECT ON risk.* TO reader@'127.0.0.1'"""
        )
        yield Database(f"mysql://reader@127.0.0.1:{port}/risk", say)
    finally:
        running.terminate()
        running.wait(20)
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
