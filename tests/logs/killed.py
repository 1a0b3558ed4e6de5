"""Loads killed at random moments, each in a fork of one warm process: run as ``python -m tests.logs.killed FOLDER N``.

Prints how many kills left the load whole and how many left nothing of it; ends with an error at anything between.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from plumbline.profile import build
from plumbline.store import loads, trail
from plumbline.store.workspace import open_workspace
from tests.factory.decisions import decisions, load, row, rows_of, write

FIRST, ROWS = 50, 400
_PROFILED = ("profile_hour", "profile_presence", "profile_outcome")


def work(folder: Path) -> None:
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    load(ws, folder / "a.csv", after=build.on_load)
    ws.close()


def verify(folder: Path) -> None:
    """Ends with 10 where the load is there whole, 11 where nothing of it is, and 1 at anything else."""
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    rows = len(rows_of(ws))
    with ws.read() as cursor:
        assert trail.verify(cursor).intact
        registered = sum(held.rows_loaded for held in loads.list_loads(cursor, "s"))
        counted = [cursor.execute(f"SELECT sum(n) FROM {table}").fetchone() for table in _PROFILED]
    assert rows == registered, (rows, registered)
    assert all(n == (rows,) for n in counted), (rows, counted)
    assert rows in (FIRST, FIRST + ROWS), rows
    ws.close()
    os._exit(10 if rows > FIRST else 11)


def forked(task: Callable[[Path], None], folder: Path, kill_after: float | None = None) -> int:
    """The exit code of a task in a fork; killed after so many seconds where they are given."""
    child = os.fork()
    if child == 0:
        try:
            task(folder)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(folder: Path, kills: int) -> None:
    rng = random.Random(kills)

    def begin(where: Path) -> None:
        ws = open_workspace(where / "w.duckdb", read_from=[where])
        load(ws, write(where / "first.csv", decisions(FIRST)), after=build.on_load)
        ws.close()

    write(folder / "a.csv", [row(i) for i in range(1000, 1000 + ROWS)])
    assert forked(begin, folder) == 0
    clean = (folder / "w.duckdb").read_bytes()
    start = time.perf_counter()
    assert forked(work, folder) == 0
    whole = time.perf_counter() - start
    found = {10: 0, 11: 0}
    for _ in range(kills):
        (folder / "w.duckdb.wal").unlink(missing_ok=True)
        (folder / "w.duckdb").write_bytes(clean)
        forked(work, folder, rng.random() * whole * 1.5)
        found[forked(verify, folder)] += 1  # a KeyError: the workspace did not hold
    print(f"{kills} kills: {found[10]} loads whole, {found[11]} not there at all")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
