"""A master with two workers, of which one dies while it counts: the other counts its part, and nothing counts twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plumbline.answers.data.attach import attach
from plumbline.profile.cluster import counts as counts_module
from plumbline.store.workspace import open_workspace
from tests.cluster.logs import PROFILES, classifier, counts, loaded, same, write
from tests.cluster.server import need_spark, start, start_standalone

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]


def _killing(group: int, mark: Path) -> Callable[[Any], Any]:
    """A counter that kills a worker with all that runs on it, once, in the middle of a part."""
    path = str(mark)

    def counting(plan: Any) -> Any:
        def count(batches: Any) -> Any:
            import os
            import signal

            from plumbline.profile.partial.counter import partial_counts

            for table in partial_counts(batches, plan):
                yield from table.to_batches()
                try:
                    os.close(os.open(path, os.O_CREAT | os.O_EXCL))
                except FileExistsError:
                    continue
                os.killpg(group, signal.SIGKILL)

        count.__module__ = "__main__"
        return count

    return counting


def test_a_worker_that_dies_changes_no_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_spark()
    log, mark = classifier(1500), tmp_path / "killed"
    cluster = start_standalone(tmp_path)
    server = None
    try:
        server = start(tmp_path, cluster.url)
        table = server.table(
            "shared", write(tmp_path, *(log.iloc[at : at + 250] for at in range(0, 1500, 250)))
        )
        away = open_workspace(tmp_path / "away.duckdb")
        monkeypatch.setattr(counts_module, "count_function", _killing(cluster.workers[0].pid, mark))
        result = attach(
            away, server.address, title="x", item=table, since="decided_at", size=1000, actor="Ana"
        )
        assert mark.exists()
        assert cluster.workers[0].wait(30) != 0
        assert cluster.workers[1].poll() is None
        assert result.decisions == len(log)
        same(away, loaded(tmp_path, log))
        assert all(counts(away, "x", name) for name in PROFILES)
    finally:
        if server is not None:
            server.kill()
        cluster.kill()
