"""``make bench-decisions``: pages of a long log, and one decision found, beside a bare scan of the same table.

Prints milliseconds and ratios of one run; asserts only that the pages hold what they should.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plumbline.answers import cache
from plumbline.answers.data.load import load_file
from plumbline.answers.decisions import find
from plumbline.store.sql import decision_table
from plumbline.store.workspace import open_workspace
from tests.bench.logfiles import write

ROWS = int(os.environ.get("PLUMBLINE_BENCH_ROWS", "1000000").split(",")[0])
TURNS = 7


def _median(question: Callable[[], Any]) -> tuple[float, Any]:
    question()
    took, found = [], None
    for _ in range(TURNS):
        started = time.perf_counter()
        found = question()
        took.append(time.perf_counter() - started)
    return 1000 * statistics.median(took), found


@pytest.mark.bench
@pytest.mark.timeout(3600)
def test_pages_of_a_long_log(tmp_path: Path) -> None:
    data = Path(os.environ.get("PLUMBLINE_BENCH_DATA") or tmp_path)
    path = write(data / f"log_{ROWS}.parquet", ROWS)
    ws = open_workspace(tmp_path / "bench.duckdb", read_from=[data])
    load_file(ws, path, title="bench", actor="bench")
    with ws.read() as cursor:
        names = [r[0] for r in cursor.execute(f"DESCRIBE {decision_table('bench')}").fetchall()]
    number = next(n for n in names if n.startswith("feature:"))
    shown = [n for n in names if n.startswith("feature:")][:10]

    def bare() -> Any:
        with ws.read() as cursor:
            return cursor.execute(
                f"SELECT sum(score), count(label) FROM {decision_table('bench')}"
            ).fetchall()

    scan, _ = _median(bare)
    print(f"\n{ROWS:,} decisions; a bare scan of two columns takes {scan:.1f} ms")
    first = find.find(ws, "bench", columns=shown)
    questions: dict[str, Callable[[], Any]] = {
        "first page": lambda: find.find(ws, "bench", columns=shown),
        "next page": lambda: find.find(ws, "bench", after=first.next, columns=shown),
        "wrong ones": lambda: find.find(ws, "bench", [("decision", "is", "wrong")], columns=shown),
        "score range": lambda: find.find(ws, "bench", [("score", "between", "0.4..0.6")], columns=shown),
        "near the cut-off": lambda: find.find(
            ws, "bench", [("decision", "is", "near the cut-off")], columns=shown
        ),
        "wrong, one version": lambda: find.find(
            ws, "bench", [("decision", "is", "wrong"), ("version", "=", "v2")], columns=shown
        ),
        "sorted by a feature": lambda: find.find(ws, "bench", order=f"-{number}", columns=shown),
    }
    wanted = str(first.rows["decision_id"].iloc[-1])
    for label, question in questions.items():
        cache.clear_memory()  # a count is kept between pages; the first of the turns below makes it
        took, found = _median(question)
        print(f"{label:<22}{took:>8.1f} ms{took / scan:>8.1f} x the scan")
        assert len(found.rows) == find.PAGE
    took, row = _median(lambda: find.read_decision(ws, "bench", wanted))
    print(f"{'one decision by id':<22}{took:>8.1f} ms{took / scan:>8.1f} x the scan")
    assert row.id == wanted
    ws.close()
