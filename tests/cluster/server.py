"""A Spark Connect server on loopback, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

#: seconds that a server may take to answer; starting Java on a busy machine takes its time
PATIENCE = 180


@dataclass(frozen=True)
class Server:
    """A server that answers. ``address`` as ``plumbline attach`` takes it."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    @property
    def address(self) -> str:
        return f"spark:sc://127.0.0.1:{self.port}"

    def session(self) -> Any:
        from pyspark.sql.connect.session import SparkSession

        session = SparkSession.builder.remote(f"sc://127.0.0.1:{self.port}").create()
        session.client.set_retry_policies([])  # or the tests would wait for a killed server when they end
        return session

    def table(self, name: str, path: Path) -> str:
        """Make a table of a Parquet file or folder, in place of one of that name."""
        session = self.session()
        session.sql(f"DROP TABLE IF EXISTS default.{name}")
        session.sql(f"CREATE TABLE default.{name} USING parquet LOCATION '{path}'")
        return f"default.{name}"

    def view(self, name: str, query: str) -> str:
        session = self.session()
        session.sql(f"CREATE OR REPLACE GLOBAL TEMPORARY VIEW {name} AS {query}")
        return f"global_temp.{name}"

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def start(folder: Path, master: str = "local[2]", memory: str = "1g", *, quick: bool = True) -> Server:
    """Start a server and wait until it answers.

    Args:
        quick: Java compiles once and lightly, which suits small tables; without, as it would run in earnest.
    """
    import pyspark

    home = Path(pyspark.__file__).parent
    port = _free_port()
    settings = {
        "spark.connect.grpc.binding.port": port,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": memory,
        "spark.executor.memory": "768m",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC" if quick else "",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": 2 if quick else 4,
        "spark.sql.warehouse.dir": folder / "warehouse",
        "spark.sql.catalogImplementation": "in-memory",
    }
    options = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    main = "org.apache.spark.sql.connect.service.SparkConnectServer"
    command = [home / "bin" / "spark-submit", "--class", main, "--master", master, *options, "spark-internal"]
    process = _spawn(command, folder, "server")
    _answers(process, port, folder, "server")
    return Server(process, port, folder)


@dataclass(frozen=True)
class Standalone:
    """A master with workers, each of them a group of processes with its executors."""

    url: str
    master: subprocess.Popen[bytes]
    workers: tuple[subprocess.Popen[bytes], ...]

    def kill(self) -> None:
        for process in (*self.workers, self.master):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def start_standalone(folder: Path, workers: int = 2) -> Standalone:
    """Start a master and workers of one core each on loopback, and wait until the master answers."""
    import pyspark

    spark = Path(pyspark.__file__).parent / "bin" / "spark-class"
    port = _free_port()
    package = "org.apache.spark.deploy"
    at = ["--host", "127.0.0.1"]
    hidden = ["--webui-port", "0"]
    master = _spawn([spark, f"{package}.master.Master", *at, "--port", str(port), *hidden], folder, "master")
    _answers(master, port, folder, "master")
    url = f"spark://127.0.0.1:{port}"
    started = tuple(
        _spawn(
            [
                spark,
                f"{package}.worker.Worker",
                *at,
                *hidden,
                "-c",
                "1",
                "-m",
                "1g",
                "-d",
                folder / f"work{i}",
                url,
            ],
            folder,
            f"worker{i}",
        )
        for i in range(workers)
    )
    return Standalone(url, master, started)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _spawn(command: list[Any], folder: Path, name: str) -> subprocess.Popen[bytes]:
    import pyspark

    environment = os.environ | {
        "PYSPARK_PYTHON": sys.executable, "SPARK_HOME": str(Path(pyspark.__file__).parent),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }  # fmt: skip
    log = (folder / f"{name}.log").open("wb")
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )


def _answers(process: subprocess.Popen[bytes], port: int, folder: Path, name: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.5)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    raise AssertionError((folder / f"{name}.log").read_text()[-3000:])


def need_spark() -> None:
    """Leave the test out where there is nothing to start a server with; fail it where ``SPARK_NEEDED`` is set, or a run
    in which nothing ran would look like one in which all went well."""
    if is_possible():
        return
    words = "Java or Spark is missing: make test-spark installs Spark, and Java where it may"
    if os.environ.get("SPARK_NEEDED"):
        pytest.fail(words)
    pytest.skip(words)


def is_possible() -> bool:
    """Whether there is Java and Spark to start one with."""
    from importlib.util import find_spec

    java = shutil.which("java") or os.environ.get("JAVA_HOME")
    return bool(java) and find_spec("pyspark") is not None and find_spec("py4j") is not None
