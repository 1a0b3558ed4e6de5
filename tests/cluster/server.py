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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "spark.connect.grpc.binding.port": port,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": memory,
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC" if quick else "",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": 2 if quick else 4,
        "spark.sql.warehouse.dir": folder / "warehouse",
        "spark.sql.catalogImplementation": "in-memory",
    }
    options = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    main = "org.apache.spark.sql.connect.service.SparkConnectServer"
    environment = os.environ | {
        "PYSPARK_PYTHON": sys.executable, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1",
    }  # fmt: skip
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(
        [home / "bin" / "spark-submit", "--class", main, "--master", master, *options, "spark-internal"],
        cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return Server(process, port, folder)
        except OSError:
            time.sleep(0.5)
    raise AssertionError((folder / "server.log").read_text()[-3000:])


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
