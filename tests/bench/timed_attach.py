"""One timed way of counting a table in Spark, in a process of its own: prints seconds and peak memory as JSON.

Run as ``python -m tests.bench.timed_attach WAY ADDRESS TABLE FOLDER``; WAY is bare, count or attach.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any


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
        start = time.perf_counter()
        row = session.sql(f"SELECT count(*), {', '.join(asked)} FROM {table}").collect()[0]
        return {"rows": row[0], "seconds": time.perf_counter() - start}


def attach(address: str, table: str, folder: Path) -> dict[str, Any]:
    """All of ours but the check of signals: look, guess, sample, grids, counts, one transaction; and again.

    The seconds of the count alone, and the bytes of the counts that came back, are measured inside it.
    """
    from plumbline.answers.data import attach as attaching
    from plumbline.answers.data import load as loading
    from plumbline.profile.cluster import counts
    from plumbline.store.workspace import open_workspace

    seen: dict[str, Any] = {"count": 0.0, "bytes": 0, "count_rows": 0}
    inner, sums = counts.count_window, counts.Sums

    def timed(*given: Any, **more: Any) -> Any:
        start = time.perf_counter()
        made = inner(*given, **more)
        seen["count"] += time.perf_counter() - start
        return made

    def weighed(counted: Any, plan: Any) -> Any:
        seen["bytes"] += counted.nbytes
        seen["count_rows"] += counted.num_rows
        return sums(counted, plan)

    counts.count_window, counts.Sums = timed, weighed  # type: ignore[assignment,misc]
    loading.check_load = lambda ws, load, *, actor: load
    ws = open_workspace(folder / "away.duckdb")
    start = time.perf_counter()
    result = attaching.attach(ws, address, title="bench", item=table, since="decided_at", actor="bench")
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    attaching.pull_table(ws, "bench", actor="bench")
    again = time.perf_counter() - start
    ws.close()
    return {
        "rows": result.decisions, "seconds": seconds, "again": again, "sampled": result.sampled,
        "file_mb": (folder / "away.duckdb").stat().st_size / 1e6, **seen,
    }  # fmt: skip


WAYS = {"bare": bare, "attach": attach}

if __name__ == "__main__":
    name, address, table, where = sys.argv[1:5]
    took = WAYS[name](address, table, Path(where))
    took["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({key: round(value, 3) for key, value in took.items()}))
