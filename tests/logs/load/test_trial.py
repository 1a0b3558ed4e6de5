"""A file of which more than a fifth cannot be loaded is refused in one sentence, unless somebody accepts it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from plumbline.answers.data.inbox import take
from plumbline.answers.data.load import load_file
from plumbline.answers.data.pull import SIGNAL, pull
from plumbline.domain import PlumblineError
from plumbline.logs.load.trial import UnfitFile
from plumbline.logs.pull.fetch import FetchRequest
from plumbline.store import findings
from plumbline.store.workspace import Workspace
from tests.conftest import Ran
from tests.factory.decisions import HEADER, decisions, row, state, write

Run = Callable[..., Ran]


def _bad(i: int, every: int) -> dict[str, object]:
    return {"when": "soon"} if i % every == 0 else {}


def _log(folder: Path, every: int, rows: int = 300, name: str = "log.csv", start: int = 0) -> Path:
    return write(folder / name, [row(i, id=f"d{start + i}", **_bad(i, every)) for i in range(rows)])


def test_a_third_is_refused_and_leaves_nothing(plumbline: Run, tmp_path: Path) -> None:
    path = _log(tmp_path, 3)
    refused = plumbline("load", path, "--system", "s")
    assert refused.code == 2
    assert "100 of 300 rows (33%) cannot be loaded under this mapping: bad timestamp" in refused.err
    assert len(refused.err.strip().splitlines()) == 1
    assert plumbline("systems", "--json").json["systems"] == []
    made = plumbline("load", path, "--system", "s", "--accept-quarantine", "--json").json
    assert (made["rows_loaded"], made["rows_quarantined"]) == (200, 100)


def test_a_fifth_is_let_through(plumbline: Run, tmp_path: Path) -> None:
    made = plumbline("load", _log(tmp_path, 5), "--system", "s", "--json").json
    assert made["rows_quarantined"] == 60


def test_what_only_the_whole_file_shows_is_taken_back(workspace: Workspace, tmp_path: Path) -> None:
    load_file(workspace, _log(tmp_path, 1000, name="first.csv"), title="s", actor="test")
    before = state(workspace)
    late = [row(i, id=f"m{i}", when="soon" if i > 4100 and i % 100 else row(i)[1]) for i in range(6000)]
    with pytest.raises(UnfitFile, match="cannot be loaded"):
        load_file(workspace, write(tmp_path / "late.csv", late), title="s", actor="test")
    assert state(workspace) == before


def test_labels_of_decisions_that_are_not_here_yet_may_wait(workspace: Workspace, tmp_path: Path) -> None:
    load_file(workspace, _log(tmp_path, 1000), title="s", actor="test")
    labels = write(tmp_path / "labels.csv", [[f"d{i}", "yes"] for i in range(1, 3000)], ("id", "label"))
    assert load_file(workspace, labels, title="s", actor="test").reasons["unknown_decision"] > 2000


def test_a_watched_folder_moves_such_a_file_to_failed(workspace: Workspace, tmp_path: Path) -> None:
    path = _log(tmp_path, 3)
    taken = take(workspace, path, "s", actor="test")
    assert taken is not None
    assert taken.to == "failed"
    assert "cannot be loaded" in (tmp_path / "failed" / "log.csv.reason.txt").read_text()


def _table(path: Path, rows: list[list[str]]) -> None:
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE IF EXISTS log")
        columns = ", ".join(f'"{name}" TEXT' for name in HEADER)
        db.execute(f"CREATE TABLE log ({columns})")
        db.executemany(f"INSERT INTO log VALUES ({', '.join('?' * len(HEADER))})", rows)


def test_a_pull_loads_nothing_and_raises_a_finding(workspace: Workspace, tmp_path: Path) -> None:
    pytest.importorskip("duckdb_extension_sqlite_scanner", reason="the extra is not installed")
    path = tmp_path / "log.db"

    def again() -> None:
        pull(workspace, f"sqlite:{path}", title="s", wanted=FetchRequest(table="log"), actor="test")

    _table(path, decisions(300))
    again()
    _table(path, [row(i, id=f"m{i}", **_bad(i, 2)) for i in range(300)])
    for _ in range(2):
        with pytest.raises(PlumblineError, match="Nothing was loaded"):
            again()
    with workspace.read() as cursor:
        found = [r for r in findings.recorded_findings(cursor, "s") if r.finding.signal.startswith(SIGNAL)]
        assert cursor.execute("SELECT count(*) FROM decision_s").fetchone() == (300,)
    assert [(r.open, "150 of 300" in r.finding.sentence) for r in found] == [(True, True)]
    _table(path, [row(i, id=f"n{i}") for i in range(300)])
    again()
    with workspace.read() as cursor:
        assert not [
            r
            for r in findings.recorded_findings(cursor, "s")
            if r.open and r.finding.signal.startswith(SIGNAL)
        ]
