"""Roles changed in place: the workspace is then what loading the file with those roles makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from plumbline.answers.data.load import load_file, undo_load
from plumbline.answers.data.roles import change_roles, roles_of, undo_roles
from plumbline.answers.performance.series import performance
from plumbline.domain import PlumblineError
from plumbline.store import trail
from plumbline.store.workspace import Workspace, open_workspace
from tests.conftest import Ran
from tests.factory.decisions import row, state, write

HEAD = ("id", "when", "score", "pred", "label", "age", "region", "grade", "other")


def _file(folder: Path, name: str = "a.csv", rows: int = 200) -> Path:
    cells = [[*row(i, id=f"d{i}"), f"{i % 7 * 0.125 + 0.1:g}", "yes" if i % 3 else "no"] for i in range(rows)]
    return write(folder / name, cells, HEAD)


def _shape(ws: Workspace) -> dict[str, Any]:
    """Everything but what differs from run to run or is a note of how it came about."""
    left_out = ("finding", "system", "load_form", "schema_version")
    held = {t: rows for t, rows in state(ws).items() if t not in left_out}
    with ws.read() as cursor:
        names = [r[0] for r in cursor.execute("DESCRIBE decision_s").fetchall()]
        columns = ", ".join(f'"{n}"' for n in sorted(names))
        held["decision_s"] = [
            tuple(sorted(names)),
            *cursor.execute(f"SELECT {columns} FROM decision_s ORDER BY ALL").fetchall(),
        ]
    held["load_schema"] = [(r[0], sorted(r[2])) for r in held["load_schema"]]
    held["decision_column"] = [r[1:] for r in held["decision_column"]]
    held["profile_bin"] = sorted((r[1], *r[3:]) for r in held["profile_bin"]) if held["profile_bin"] else []
    return held


CHANGES = (
    (["region=segment"], ["region=segment"]),
    (["region=feature", "region=protected"], ["region=feature:region", "region=protected:region"]),
    (["grade=segment:mark"], ["grade=segment:mark"]),
    (["label=feature", "other=label"], ["label=feature", "other=label"]),
    (["pred=feature", "other=prediction"], ["pred=feature", "other=prediction"]),
    (["score=feature", "grade=score"], ["score=feature", "grade=score"]),
)


@pytest.mark.parametrize(("maps", "fresh"), CHANGES, ids=lambda m: "+".join(m))
def test_it_is_as_if_the_file_had_been_loaded_so(
    tmp_path: Path, maps: Sequence[str], fresh: Sequence[str]
) -> None:
    shapes = []
    for name in ("changed", "loaded"):
        folder = tmp_path / name
        folder.mkdir()
        ws = open_workspace(folder / "w.duckdb", read_from=[folder])
        said = [
            "other=feature",
            "grade=feature",
            "age=feature",
            "label=label",
            "pred=prediction",
            "score=score",
        ]
        first = (
            said if name == "changed" else [*(m for m in said if m.split("=")[0] not in str(fresh)), *fresh]
        )
        pairs = [(m.partition("=")[0], m.partition("=")[2]) for m in first]
        load_file(ws, _file(folder), title="s", maps=pairs, positive="yes", actor="t")
        if name == "changed":
            change_roles(ws, "s", maps, actor="t")
        again = load_file(ws, _file(folder, "b.csv", 203), title="s", actor="t")
        assert (again.rows_loaded, again.rows_duplicate) == (3, 200)
        shapes.append(_shape(ws))
        ws.close()
    assert shapes[0].keys() == shapes[1].keys()
    for table, held in shapes[0].items():
        assert held == shapes[1][table], table


def test_a_change_is_undone_as_a_load_is(workspace: Workspace, tmp_path: Path) -> None:
    load_file(workspace, _file(tmp_path), title="s", actor="t")
    before, roles = _shape(workspace), roles_of(workspace, "s")
    change_roles(workspace, "s", ["region=segment:where", "grade=ignore"], actor="the analyst")
    assert roles_of(workspace, "s")["grade"] == ("ignore",)
    change_roles(workspace, "s", ["age=segment"], actor="the analyst")
    for _ in range(2):
        undo_roles(workspace, "s", actor="the analyst")
    assert roles_of(workspace, "s") == roles
    assert _shape(workspace) == before
    with pytest.raises(PlumblineError, match="No change of roles"):
        undo_roles(workspace, "s", actor="t")
    with workspace.read() as cursor:
        acts = [e for e in trail.entries(cursor, system="s", limit=50) if e.action == "roles changed"]
        assert trail.verify(cursor).intact
    assert [e.actor for e in acts] == ["the analyst"] * 4


def test_figures_follow_the_label_that_was_meant(workspace: Workspace, tmp_path: Path) -> None:
    load_file(workspace, _file(tmp_path), title="s", actor="t", maps=[("other", "feature")])
    change_roles(workspace, "s", ["label=feature", "other=label"], actor="t")
    points = [p for p in performance(workspace, "s", by="month", metrics=["accuracy"]).points if p.n]
    right = sum(("yes" if i * 37 % 100 >= 50 else "no") == ("yes" if i % 3 else "no") for i in range(200))
    assert sum(p.n * (p.value or 0) for p in points) == pytest.approx(right)
    undo_load(workspace, 1, actor="t")


@pytest.mark.parametrize(
    ("maps", "words"),
    [
        (["nothing=feature"], "No loaded column is called"),
        (["age=label"], "both have the role label"),
        (["when=feature"], "cannot be given or taken in place"),
        (["region=score", "score=feature"], "no plain numbers"),
        (["pred=ignore", "score=ignore"], "No column would give a prediction"),
        (["region=feature"], "have these roles already"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    workspace: Workspace, tmp_path: Path, maps: list[str], words: str
) -> None:
    load_file(workspace, _file(tmp_path), title="s", actor="t")
    before = state(workspace)
    with pytest.raises(PlumblineError, match=words):
        change_roles(workspace, "s", maps, actor="t")
    assert state(workspace) == before


def test_from_the_command_line(plumbline: Any, tmp_path: Path) -> None:
    plumbline("load", _file(tmp_path), "--system", "s")
    shown: Ran = plumbline("roles", "s", "--map", "region=segment", "--json")
    assert shown.json["changed"] == {"region": "segment:region"}
    assert plumbline("roles", "s", "--undo", "--json").json["roles"]["region"] == ["feature:region"]
    assert "region -> feature:region" in plumbline("roles", "s").out
