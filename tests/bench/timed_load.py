"""One timed way of reading a log, in a process of its own: prints seconds and peak memory as JSON.

Run as ``python -m tests.bench.timed_load WAY FILE FOLDER``; WAY is ctas, pandas, load or phases.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from itertools import pairwise
from pathlib import Path


def ctas(path: Path, folder: Path) -> int:
    """DuckDB's bare CREATE TABLE AS of the file into a database file; types by its own sniffer."""
    import duckdb

    reader = "read_csv" if path.suffix == ".csv" else "read_parquet"
    with duckdb.connect(str(folder / "bare.duckdb"), config={"memory_limit": "1500MB"}) as connection:
        connection.execute(f"CREATE TABLE log AS SELECT * FROM {reader}('{path}')")
        row = connection.execute("SELECT count(*) FROM log").fetchone()
        connection.execute("CHECKPOINT")
    return int(row[0]) if row else 0


def pandas(path: Path, folder: Path) -> int:
    """``pandas.read_csv`` (or ``read_parquet``) alone, into memory."""
    import pandas as pd

    return len(pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path))


def load_versions(path: Path, folder: Path) -> int:
    """The same of a log with more versions than a guess takes for versions."""
    return load(path, folder, (("model_version", "version"),))


def load(path: Path, folder: Path, maps: tuple[tuple[str, str], ...] = ()) -> int:
    """Our whole load: guess, validation, quarantine, duplicates, profiles, one transaction, in a file."""
    from plumbline.answers.data.load import FileAnswers, apply_answers, inspect_file
    from plumbline.logs.load.decisions import load_decisions
    from plumbline.profile import build
    from plumbline.store.workspace import open_workspace

    answers = FileAnswers(maps=maps)
    marks: list[tuple[str, float]] = [("Guessing", time.perf_counter())]
    ws = open_workspace(folder / "w.duckdb", read_from=[path.parent])
    try:
        made = load_decisions(
            ws, path, title="bench", actor="bench",
            mapping=apply_answers(inspect_file(path, ws=ws, answers=answers).mapping, answers),
            after=build.on_load, progress=lambda phrase, _: marks.append((phrase, time.perf_counter())),
        )  # fmt: skip
    finally:
        marks.append(("Closed", time.perf_counter()))
        ws.close()
    for (phrase, start), (_, end) in pairwise(marks):
        print(f"  {phrase}: {end - start:.2f} s", file=sys.stderr)
    return made.rows_loaded


WAYS = {"ctas": ctas, "pandas": pandas, "load": load, "load_versions": load_versions}

if __name__ == "__main__":
    name, file, where = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    start, cpu = time.perf_counter(), time.process_time()
    rows = WAYS[name](file, where)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps({"rows": rows, "seconds": round(seconds, 3), "cpu": round(cpu, 3), "peak_mb": round(peak)})
    )
