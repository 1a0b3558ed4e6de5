"""Columns that come, go and change their kind are said once, at the load where they did, and stop nothing."""

from __future__ import annotations

from pathlib import Path

from plumbline.answers.alerts.check import check
from plumbline.answers.data.load import system_loads, undo_load
from plumbline.logs.load.schema_changes import changes
from plumbline.profile import build
from plumbline.store.workspace import Workspace
from tests.factory.decisions import HEADER, ROLES, decisions, load, mapping, row, rows_of, write


def test_each_change_is_said_once_at_its_load() -> None:
    a, b, c = ("a", "numeric"), ("b", "numeric"), ("c", "categorical")
    held = [
        (1, {"a": a, "b": b}), (2, {"a": a, "c": c}), (4, {"a": a, "c": c}),
        (5, {"a": ("a", "categorical"), "b": b, "c": c}),
    ]  # fmt: skip
    assert [(x.change, x.column, x.load_id) for x in changes(held)] == [
        ("added", "c", 2), ("dropped", "b", 2), ("retyped", "a", 5), ("returned", "b", 5),
    ]  # fmt: skip


def test_a_load_with_other_columns_goes_in_and_says_so(workspace: Workspace, tmp_path: Path) -> None:
    load(workspace, write(tmp_path / "a.csv", decisions(40)), after=build.on_load)
    header = [*HEADER[:-1], "income"]
    roles = {k: v for k, v in ROLES.items() if k != "region"} | {"income": "feature:income"}
    rows = [row(i, age="old" if i % 2 else "30") for i in range(40, 80)]
    made = load(workspace, write(tmp_path / "b.csv", rows, header),
                mapping=mapping(roles, numeric=("score",)), after=build.on_load)  # fmt: skip
    assert made.rows_loaded == 40
    found = {(c.change, c.source) for c in made.schema_changes}
    assert found == {("added", "income"), ("dropped", "region"), ("retyped", "age")}
    assert system_loads(workspace, "s").changes == made.schema_changes
    before, after = (
        rows_of(workspace, '"feature:income", "feature:region", "feature:age"', where=f"_load_id = {n}")[0]
        for n in (1, 2)
    )
    assert before == (None, "south", 20.0)
    assert (after[1], after[2]) == (None, 30.0)
    held = {
        f.signal: f for f in check(workspace, "s", actor="t", all_signals=False) if f.signal[:7] == "schema."
    }
    assert {s: f.until is None for s, f in held.items()} == {
        "schema.income": False, "schema.region": True, "schema.age": True,
    }  # fmt: skip
    undo_load(workspace, made.load_id, actor="t")
    assert system_loads(workspace, "s").changes == ()
