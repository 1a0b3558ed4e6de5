"""One timed way of counting a table in Spark, in a process of its own: prints seconds, processor time and peak memory.

Run as ``python -m tests.bench.timed_attach WAY ADDRESS TABLE FOLDER SESSION...``; WAY is bare or attach, SESSION a
session of processes that are the cluster: its processor time is theirs together.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

#: the sessions of processes that are the cluster
CLUSTER: list[int] = []


def cluster_cpu() -> float:
    """Seconds of processor time that the cluster's processes, Python workers among them, have taken so far."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) in CLUSTER:
            ticks += sum(map(int, fields[11:15]))  # its own, and those of its children that ended
    return ticks / os.sysconf("SC_CLK_TCK")


def bare(address: str, table: str, folder: Path) -> dict[str, Any]:
    """Spark's own sums of every number and the longest of every text, in one scan of all columns."""
    from plumbline.logs.cluster.cells import is_number, spark_identifier
    from plumbline.logs.cluster.session import cluster
    from plumbline.logs.pull.location import read_location

    with cluster(read_location(address)) as session:
        kinds = dict(session.table(table).dtypes)
        asked = [
            f"sum({spark_identifier(c)})" if is_number(k) else f"max({spark_identifier(c)})"
            for c, k in kinds.items()
        ]
        start, before = time.perf_counter(), cluster_cpu()
        row = session.sql(f"SELECT count(*), {', '.join(asked)} FROM {table}").collect()[0]
        return {"rows": row[0], "seconds": time.perf_counter() - start, "cluster_cpu": cluster_cpu() - before}


def attach(address: str, table: str, folder: Path) -> dict[str, Any]:
    """All of ours but the check of signals: look, guess, sample, grids, counts, one transaction; and again.

    The seconds of the count alone, and the bytes of the counts that came back, are measured inside it.
    """
    from plumbline.answers.data import attach as attaching
    from plumbline.answers.data import load as loading
    from plumbline.profile.cluster import counts
    from plumbline.store.workspace import open_workspace

    seen: dict[str, Any] = {"count": 0.0, "count_cpu": 0.0, "bytes": 0, "count_rows": 0}
    inner, sums = counts.count_window, counts.Sums

    def timed(*given: Any, **more: Any) -> Any:
        start, before = time.perf_counter(), cluster_cpu()
        made = inner(*given, **more)
        seen["count"] += time.perf_counter() - start
        seen["count_cpu"] += cluster_cpu() - before
        return made

    def weighed(counted: Any, plan: Any) -> Any:
        seen["bytes"] += counted.nbytes
        seen["count_rows"] += counted.num_rows
        return sums(counted, plan)

    counts.count_window, counts.Sums = timed, weighed  # type: ignore[assignment,misc]
    loading.check_load = lambda ws, load, *, actor: load
    ws = open_workspace(folder / "away.duckdb")
    start, before = time.perf_counter(), cluster_cpu()
    result = attaching.attach(ws, address, title="bench", item=table, since="decided_at", actor="bench")
    seconds, cpu = time.perf_counter() - start, cluster_cpu() - before
    start, before = time.perf_counter(), cluster_cpu()
    attaching.pull_table(ws, "bench", actor="bench")
    again, again_cpu = time.perf_counter() - start, cluster_cpu() - before
    ws.close()
    return {
        "rows": result.decisions, "seconds": seconds, "cluster_cpu": cpu, "again": again,
        "again_cpu": again_cpu, "sampled": result.sampled,
        "file_mb": (folder / "away.duckdb").stat().st_size / 1e6, **seen,
    }  # fmt: skip


WAYS = {"bare": bare, "attach": attach}

if __name__ == "__main__":
    name, address, table, where = sys.argv[1:5]
    CLUSTER.extend(map(int, sys.argv[5:]))
    took = WAYS[name](address, table, Path(where))
    took["cpu"] = time.process_time()
    took["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({key: round(value, 3) for key, value in took.items()}))
