"""A sample of a log is of the same rows wherever it was loaded, though each workspace has a secret of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.answers.data.load import load_file
from plumbline.profile.scope import all_rows
from plumbline.store import systems
from plumbline.store.workspace import open_workspace

MOST = 200


PEOPLE = "\n".join(
    [
        "decision_id,timestamp,score,prediction,label,customer",
        *(
            f"d{i},2026-01-{1 + i // 40:02d}T{i % 24:02d}:00:{i % 60:02d}Z,0.{i % 90 + 10},"
            f"{'yes' if i % 3 else 'no'},{'yes' if i % 4 else 'no'},person {i % 50}"
            for i in range(1_000)
        ),
        "",
    ]
)


def _sample(folder: Path) -> list[tuple[object, ...]]:
    folder.mkdir()
    (folder / "log.csv").write_text(PEOPLE)
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    try:
        load_file(ws, folder / "log.csv", title="log", maps=[("customer", "subject")], actor="test")
        with ws.read() as cursor:
            (system,) = systems.list_systems(cursor)
            assert cursor.execute(f"SELECT count(subject) {all_rows(system).rows}").fetchall() == [(1_000,)]
            scope = all_rows(system).sample(MOST, 1_000)
            return cursor.execute(f"SELECT decision_id {scope.rows} ORDER BY 1", scope.params).fetchall()
    finally:
        ws.close()


def test_two_workspaces_draw_the_same_rows_of_a_log_that_names_people(tmp_path: Path) -> None:
    first, second = (_sample(tmp_path / name) for name in ("one", "two"))
    assert first == second
    assert len(first) == pytest.approx(MOST, rel=0.35)
