"""A file is offered to the system that it belongs to, and to none where that is not clear."""

from __future__ import annotations

from pathlib import Path

from plumbline.answers.data.load import inspect_file, load_file, preview_file
from plumbline.answers.data.match_system import match_system
from plumbline.store.workspace import Workspace
from tests.factory.decisions import HEADER, decisions, row, write


def test_logs_go_by_their_columns_and_labels_by_their_ids(workspace: Workspace, tmp_path: Path) -> None:
    first = write(tmp_path / "a.csv", decisions(60))
    other = write(tmp_path / "b.csv", [[f"x{i}", *row(i)[1:5]] for i in range(60)], HEADER[:5])
    load_file(workspace, first, title="credit", actor="t")
    load_file(workspace, other, title="offers", actor="t")

    def likely(path: Path) -> str | None:
        return match_system(workspace, inspect_file(path, ws=workspace))

    assert likely(write(tmp_path / "c.csv", decisions(30, start=90))) == "credit"
    assert (
        likely(write(tmp_path / "d.csv", [[*row(i), "1"] for i in range(90, 120)], [*HEADER, "new"]))
        == "credit"
    )
    labels = write(tmp_path / "e.csv", [[f"x{i}", "no"] for i in range(40)], ("id", "label"))
    assert likely(labels) == "offers"
    strange = write(tmp_path / "f.csv", [[f"z{i}", "no"] for i in range(40)], ("id", "label"))
    assert likely(strange) is None
    found = inspect_file(strange, ws=workspace)
    shown = preview_file(workspace, strange, found.mapping, labels=True, system="offers")
    assert {row.reason for row in shown.rows} == {"unknown_decision"}
    load_file(workspace, write(tmp_path / "g.csv", decisions(60, start=300)), title="loans", actor="t")
    assert likely(write(tmp_path / "h.csv", decisions(30, start=400))) is None  # two fit alike
