"""``make bench-spark``: a table of 28 columns counted in Spark, beside Spark's bare scan of it and DuckDB's load of it.

Prints seconds, processor time and ratios of one run, and asserts only that every row was counted: a machine's clock is
no test. A master is one of Spark's own (``local[2]``), or ``workers[N]``: a standalone one with N workers of one core.
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
from tests.cluster.server import Server, Standalone, need_spark, start, start_standalone
from tests.environment import product

SIZES = [int(n) for n in os.environ.get("PLUMBLINE_BENCH_ROWS", "1000000,10000000").split(",")]
MASTERS = os.environ.get("PLUMBLINE_BENCH_MASTERS", "local[1] local[2] workers[1] workers[2]").split()
COLUMNS = (
    "bare s", "bare cpu", "count s", "count cpu", "x bare", "attach s", "attach cpu", "again s", "again cpu",
    "here cpu", "MB back", "MB here", "MB java",
)  # fmt: skip


def timed(way: str, server: Server, groups: list[int], table: str, folder: Path) -> dict[str, Any]:
    """Seconds, processor time and peak memory of one way, in a process of its own.

    Args:
        groups: the sessions of processes that are the cluster.
    """
    folder.mkdir(parents=True)
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench.timed_attach", way, server.address, table, str(folder), *map(str, groups)],
        cwd=product.ROOT, check=True, stdout=subprocess.PIPE, text=True, env=product.paths(product.ROOT),
    )  # fmt: skip
    took: dict[str, Any] = json.loads(ran.stdout)
    return took


def peak_mb(groups: list[int]) -> float:
    """The most memory that one Java process of the cluster ever held."""
    peak = 0.0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            if lines["Name"].strip() == "java" and os.getsid(int(status.parent.name)) in groups:
                peak = max(peak, int(lines["VmHWM"].split()[0]) / 1024)
        except (OSError, KeyError):
            continue
    return peak


def started(folder: Path, master: str) -> tuple[Server, Standalone | None]:
    """A server, and the master with workers that it counts on where it is one of those."""
    if not master.startswith("workers"):
        return start(folder, master, memory="1g", quick=False), None
    alone = start_standalone(folder, int(master.removeprefix("workers[").removesuffix("]")))
    return start(folder, alone.url, memory="1g", quick=False), alone


@pytest.mark.bench
@pytest.mark.timeout(14400)
def test_counting_in_spark_beside_its_bare_scan_and_a_load(tmp_path: Path) -> None:
    need_spark()
    data = Path(os.environ.get("PLUMBLINE_BENCH_DATA") or tmp_path)
    print(f"\nmachine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'rows':>10}{'master':>12}" + "".join(f"{name:>11}" for name in COLUMNS))
    for rows in SIZES:
        path = write(data / f"log_{rows}.parquet", rows)
        for master in MASTERS:
            folder = tmp_path / f"{rows}-{master}"
            folder.mkdir()
            server, alone = started(folder, master)
            groups = [server.process.pid, *(each.pid for each in (alone.workers if alone else ()))]
            try:
                table = server.table("bench", path)
                plain = timed("bare", server, groups, table, folder / "bare")
                ours = timed("attach", server, groups, table, folder / "attach")
                java = peak_mb(groups)
            finally:
                server.kill()
                if alone:
                    alone.kill()
            assert (plain["rows"], ours["rows"]) == (rows, rows)
            row = (
                plain["seconds"], plain["cluster_cpu"], ours["count"], ours["count_cpu"],
                ours["count_cpu"] / plain["cluster_cpu"], ours["seconds"], ours["cluster_cpu"], ours["again"],
                ours["again_cpu"], ours["cpu"], ours["bytes"] / 1e6, ours["peak_mb"], java,
            )  # fmt: skip
            print(f"{rows:>10}{master:>12}" + "".join(f"{figure:>11.1f}" for figure in row), flush=True)
        here = timed_load("load", path, tmp_path / f"{rows}-load")
        figures = f"{here['seconds']:.1f} s, {here['cpu']:.1f} s of processor time, {here['peak_mb']} MB"
        print(f"{rows:>10}{'DuckDB':>12} a load of the same file: {figures}", flush=True)
    print(f"load at the end {os.getloadavg()[0]:.1f}")
