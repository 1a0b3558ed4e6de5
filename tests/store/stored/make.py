"""Write the stored workspaces of this folder: one a schema, each by the code of its own day.

    git archive COMMIT lib | tar -x -C /tmp/then
    python tests/store/stored/make.py /tmp/then/lib 7 tests/store/stored/schema-07.duckdb.xz

Give it the last commit that has just the migrations up to that number. What is stored is never written anew: a
workspace of today's code says nothing of what people have on their disks.
"""

from __future__ import annotations

import csv
import lzma
import sys
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

ROWS, LABELLED = 96, 80


def _log(folder: Path) -> tuple[Path, Path]:
    """Six weeks of a small log, and the outcomes of its first decisions in a file of their own."""
    log, labels = folder / "orders.csv", folder / "outcomes.csv"
    with log.open("w", newline="") as out, labels.open("w", newline="") as late:
        decisions, outcomes = csv.writer(out), csv.writer(late)
        decisions.writerow(["order_id", "decided_at", "model_version", "score", "decision", "age", "region"])
        outcomes.writerow(["order_id", "outcome", "known_at"])
        for i in range(ROWS):
            at = datetime(2026, 3, 2) + timedelta(hours=10 * i)
            score = (i * 37 % 100) / 100
            age = "unknown" if i == 7 else 20 + i % 50
            decisions.writerow([f"o{i:04d}", f"{at.isoformat()}Z", "1.0" if i < 48 else "1.1", score,
                                "yes" if score >= 0.5 else "no", age, ("north", "south", "east")[i % 3]])  # fmt: skip
            if i < LABELLED:
                truth = "yes" if (score >= 0.5) != (i % 9 == 0) else "no"
                outcomes.writerow([f"o{i:04d}", truth, f"{(at + timedelta(days=2)).isoformat()}Z"])
        decisions.writerow(["o9999", "not a time", "1.1", 0.5, "yes", 30, "north"])
    return log, labels


def _load(ws: Any, schema: int, log: Path, labels: Path) -> None:
    if schema == 1:  # files could not be loaded yet
        from plumbline.domain import Task
        from plumbline.store import systems

        with ws.write() as cursor:
            systems.create_system(cursor, "Orders", task=Task.BINARY, positive="yes")
        return
    if schema == 2:
        from plumbline.logs.inspect import inspect
        from plumbline.logs.load.decisions import load_decisions
        from plumbline.profile.build import on_load

        mapping = inspect(log, ws=ws).mapping
        load_decisions(ws, log, title="Orders", mapping=mapping, actor="Ana", after=on_load)
        return
    from plumbline.answers.data.load import load_file

    load_file(ws, log, title="Orders", positive="yes", actor="Ana")
    load_file(ws, labels, title="Orders", actor="Ana")


def _state(ws: Any) -> None:
    from plumbline.answers import events, statements
    from plumbline.domain import Attestation, Status

    statements.save_context(ws, "orders", {"environment": "production", "impact": "operations"}, by="Bo")
    owned = Attestation(
        "orders", "CMP-7", Status.PASS, "Owned by Bo", "Bo", date(2026, 4, 1), date(2027, 3, 1)
    )
    statements.attest(ws, owned)
    events.record(ws, "orders", "rollback rehearsed", by="Ana", note="six minutes")


def main(lib: str, number: str, out: str) -> None:
    """Make one workspace with the code in ``lib`` and keep it, packed."""
    sys.path.insert(0, lib)
    import plumbline

    if plumbline.__file__ is None or not plumbline.__file__.startswith(lib):
        sys.exit(f"{plumbline.__file__} is not the code of {lib}")
    from plumbline.store.workspace import open_workspace

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log, labels = _log(folder)
        ws = open_workspace(folder / "ws.duckdb", read_from=[folder])
        _load(ws, int(number), log, labels)
        _state(ws)
        if int(number) > 2:
            from plumbline.answers.alerts.check import check
            from plumbline.answers.governance.scorecard import scorecard

            check(ws, "orders", actor="Ana")
            scorecard(ws, "orders")
        with ws.read() as cursor:
            cursor.execute("CHECKPOINT")
        ws.close()
        Path(out).write_bytes(
            lzma.compress((folder / "ws.duckdb").read_bytes(), preset=9 | lzma.PRESET_EXTREME)
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
