"""Backup, restore, rehearsal and verify of one workspace, each in a process of its own: prints seconds, processor time
and memory as JSON.

Run as ``python -m tests.bench.timed_backup WORKSPACE FOLDER``; copies lie in the folder and are deleted again.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

STEPS = ("backup", "restore", "rehearsal", "verify")


def _step(name: str, workspace: Path, folder: Path) -> Callable[[], object]:
    from plumbline.answers.operations import backup
    from plumbline.answers.operations.verify import verify
    from plumbline.store.backup.restoration import restore
    from plumbline.store.workspace import open_workspace

    copy = folder / "copy.duckdb"
    if name == "restore":
        return lambda: restore(copy, folder / "restored.duckdb", actor="bench")
    ws = open_workspace(workspace)
    return {
        "backup": lambda: backup.backup(ws, copy, actor="bench"),
        "rehearsal": lambda: backup.rehearse(ws, copy, actor="bench"),
        "verify": lambda: verify(ws),
    }[name]


if __name__ == "__main__":
    where, beside, *named = sys.argv[1:]
    if named:
        step = _step(named[0], Path(where), Path(beside))
        begun, used = time.perf_counter(), time.process_time()
        step()
        print(json.dumps({
            "seconds": round(time.perf_counter() - begun, 2), "cpu": round(time.process_time() - used, 2),
            "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }))  # fmt: skip
    else:
        took: dict[str, object] = {"file_mb": round(Path(where).stat().st_size / 1e6)}
        for step_name in STEPS:
            run = [sys.executable, "-m", "tests.bench.timed_backup", where, beside, step_name]
            out = subprocess.run(run, check=True, stdout=subprocess.PIPE, text=True).stdout
            took[step_name] = json.loads(out.splitlines()[-1])
        took["copy_mb"] = round((Path(beside) / "copy.duckdb").stat().st_size / 1e6)
        for left in ("copy.duckdb", "restored.duckdb"):
            (Path(beside) / left).unlink()
        print(json.dumps(took))
