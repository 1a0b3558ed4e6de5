"""``make bench-spark``: a table of 28 columns counted in Spark, beside Spark's bare scan of it and DuckDB's load of it.

Prints ratios of one run and asserts only that every row was counted: a machine's clock is no test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench.logfiles import write
from tests.bench.test_load import timed as timed_load
from tests.cluster.server import Server, need_spark, start
from tests.environment import product

SIZES = [int(n) for n in os.environ.get("PLUMBLINE_BENCH_ROWS", "1000000,10000000").split(",")]
MASTERS = os.environ.get("PLUMBLINE_BENCH_MASTERS", "local[1] local[2]").split()


def timed(way: str, server: Server, table: str, folder: Path) -> dict[str, Any]:
    """Seconds and peak memory of one way, in a process of its own."""
    folder.mkdir(parents=True)
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench.timed_attach", way, server.address, table, str(folder)],
        cwd=product.ROOT, check=True, stdout=subprocess.PIPE, text=True, env=product.paths(product.ROOT),
    )  # fmt: skip
    took: dict[str, Any] = json.loads(ran.stdout)
    return took


def peak_mb(server: Server) -> float:
    """The most memory that the server's Java ever held."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            command = (status.parent / "cmdline").read_bytes()
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            if b"SparkConnectServer" in command and f"port={server.port}".encode() in command:
                return int(lines["VmHWM"].split()[0]) / 1024
        except (OSError, KeyError):
            continue
    return float("nan")


@pytest.mark.bench
@pytest.mark.timeout(7200)
def test_counting_in_spark_beside_its_bare_scan_and_a_load(tmp_path: Path) -> None:
    need_spark()
    data = Path(os.environ.get("PLUMBLINE_BENCH_DATA") or tmp_path)
    print(f"\nmachine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    head = (
        "rows",
        "master",
        "bare s",
        "count s",
        "attach s",
        "again s",
        "x bare",
        "MB back",
        "MB here",
        "MB java",
    )
    print("".join(f"{name:>10}" for name in head))
    for rows in SIZES:
        path = write(data / f"log_{rows}.parquet", rows)
        for master in MASTERS:
            folder = tmp_path / f"{rows}-{master}"
            folder.mkdir()
            server = start(folder, master, memory="1g", quick=False)
            try:
                table = server.table("bench", path)
                plain = timed("bare", server, table, folder / "bare")
                ours = timed("attach", server, table, folder / "attach")
                java = peak_mb(server)
            finally:
                server.kill()
            assert (plain["rows"], ours["rows"]) == (rows, rows)
            row = (
                plain["seconds"], ours["count"], ours["seconds"], ours["again"], ours["count"] / plain["seconds"],
                ours["bytes"] / 1e6, ours["peak_mb"], java,
            )  # fmt: skip
            print(f"{rows:>10}{master:>10}" + "".join(f"{figure:>10.1f}" for figure in row), flush=True)
        here = timed_load("load", path, tmp_path / f"{rows}-load")
        figures = f"{here['seconds']:.1f} s, {here['peak_mb']} MB"
        print(f"{rows:>10}{'DuckDB':>10} a load of the same file: {figures}", flush=True)
    print(f"load at the end {os.getloadavg()[0]:.1f}")
