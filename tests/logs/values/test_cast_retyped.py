"""A column of numbers in which text turns up loses nothing: the text is kept beside it, and goes with its load."""

from __future__ import annotations

import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from plumbline.answers.data.erase import erase_person
from plumbline.answers.data.load import inspect_file, load_file, preview_file, system_loads, undo_load
from plumbline.domain import Load, Task
from plumbline.logs.load.labels import load_labels
from plumbline.logs.values.cast import MISSING
from plumbline.profile import build
from plumbline.store import systems
from plumbline.store.workspace import Workspace, open_workspace
from tests.examples import examples
from tests.factory.decisions import ROLES, decisions, load, mapping, row, rows_of, state, write

NAMED = ("decision_id", "timestamp", "score", "prediction", "label", "age", "region")
KEPT = '"feature:age", "text:age"'


def _log(ws: Workspace, path: Path, ages: list[Any], first: int = 0) -> Load:
    lines = decisions(len(ages), first, age=lambda i: ages[i - first])
    return load_file(ws, write(path, lines, NAMED), title="s", actor="t")


def _but_times(held: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Findings say when they were seen last, and stay when they are closed."""
    return {k: v for k, v in held.items() if k != "finding"}


def test_text_in_a_column_of_numbers_is_kept_told_of_and_undone(workspace: Workspace, tmp_path: Path) -> None:
    _log(workspace, tmp_path / "a.csv", [20 + i % 50 for i in range(80)])
    before = _but_times(state(workspace))
    path = write(tmp_path / "p.csv", [row(i, age="old") for i in range(80, 90)], NAMED)
    shown = preview_file(workspace, path, inspect_file(path, ws=workspace, system="s").mapping, system="s")
    assert shown.columns[-1] == ("text:age", "age")
    assert {r.cells[-1] for r in shown.rows} == {"old"}
    made = _log(workspace, tmp_path / "b.csv", ["30", "old", "", "young", " old "] * 8, first=80)
    assert (made.rows_loaded, made.rows_quarantined) == (40, 0)
    assert rows_of(workspace, KEPT, where=f"_load_id = {made.load_id}")[:5] == [
        (30.0, None), (None, "old"), (None, None), (None, "young"), (None, "old")
    ]  # fmt: skip
    assert "24 values of age are not a number; they are kept as text in text:age." in made.notes
    (told,) = [c for c in system_loads(workspace, "s").changes if c.change == "retyped"]
    assert (told.column, told.was, told.now) == ("feature:age", "numeric", "categorical")
    _log(workspace, tmp_path / "c.csv", [20 + i % 50 for i in range(40)], first=120)
    assert [c.change for c in system_loads(workspace, "s").changes] == ["retyped", "retyped"]  # and back
    undo_load(workspace, made.load_id + 1, actor="t")
    undo_load(workspace, made.load_id, actor="t")
    assert _but_times(state(workspace)) == before
    again = _log(workspace, tmp_path / "b.csv", ["30", "old"] * 20, first=80)
    assert again.rows_loaded == 40


def test_rows_that_differ_in_such_text_alone_are_no_repeats(workspace: Workspace, tmp_path: Path) -> None:
    rows = [row(0, age="30"), row(0, age="old"), row(0, age="young"), row(0, age="old"), row(0, age="n/a")]
    made = load(workspace, write(tmp_path / "a.csv", rows), after=build.on_load)
    assert (made.rows_loaded, made.rows_duplicate) == (4, 1)
    again = load(workspace, write(tmp_path / "b.csv", [*rows, row(1)]), after=build.on_load)
    assert (again.rows_loaded, again.rows_duplicate) == (1, 5)


def test_typed_cells_that_are_no_numbers_are_kept_as_well(workspace: Workspace, tmp_path: Path) -> None:
    _log(workspace, tmp_path / "a.csv", [20 + i for i in range(40)])
    cells = [
        dict(zip(NAMED, row(i), strict=True)) | {"age": date(1990, 1, 1 + i % 28)} for i in range(40, 80)
    ]
    parquet.write_table(pa.Table.from_pylist(cells), tmp_path / "b.parquet")
    made = load_file(workspace, tmp_path / "b.parquet", title="s", actor="t")
    assert rows_of(workspace, KEPT, where=f"_load_id = {made.load_id}")[0] == (None, "1990-01-13")


def test_the_text_of_an_erased_person_goes_too(workspace: Workspace, tmp_path: Path) -> None:
    header = [*NAMED, "customer_id"]
    rows = [[*row(i, age="secret-word" if i == 3 else 20 + i % 50), f"person-{i}"] for i in range(60)]
    load_file(workspace, write(tmp_path / "a.csv", rows, header), title="s", actor="t",
              maps=[("customer_id", "subject")])  # fmt: skip
    assert rows_of(workspace, KEPT, where='"text:age" IS NOT NULL') == [(None, "secret-word")]
    assert erase_person(workspace, "s", subject="person-3", actor="t").decisions == 1
    with workspace.read() as cursor:
        cursor.execute("CHECKPOINT")
    assert rows_of(workspace, KEPT, where='"text:age" IS NOT NULL') == []
    assert b"secret-word" not in workspace.path.read_bytes()


def test_times_and_attributions_that_cannot_be_read_are_kept_told_of_and_undone(
    workspace: Workspace, tmp_path: Path
) -> None:
    names = ("id", "when", "score", "pred", "label", "known", "trained", "shap")
    roles = {k: ROLES[k] for k in names[:5]} | {
        "known": "label_time", "trained": "trained_at", "shap": "attribution:age",
    }  # fmt: skip
    read = mapping(roles, formats={"known": "iso", "trained": "iso"})
    how: dict[str, Any] = {"mapping": read, "after": build.on_load}
    at = datetime(2026, 2, 1)
    never = datetime(9999, 12, 31)  # how many a database says "not yet"

    def table(path: Path, first: int, known: datetime, trained: str, shap: str) -> Path:
        cells = [
            dict(zip(names, [*row(i)[:5], known, trained, shap], strict=True))
            for i in range(first, first + 40)
        ]
        parquet.write_table(pa.Table.from_pylist(cells), path)
        return path

    load(workspace, table(tmp_path / "a.parquet", 0, at, "2026-01-01", "0.5"), **how)
    before = state(workspace)
    made = load(workspace, table(tmp_path / "b.parquet", 40, never, "spring", "~0"), **how)
    kept = '"label_time", "text:label_time", "text:trained_at", "text:attribution:age"'
    assert rows_of(workspace, kept, where=f"_load_id = {made.load_id}")[0] == (
        None, "9999-12-31 00:00:00", "spring", "~0"
    )  # fmt: skip
    assert "40 values of known are not a time; they are kept as text in text:label_time." in made.notes
    again = load(workspace, table(tmp_path / "c.parquet", 40, at, "summer", "~0"), **how)
    assert again.rows_loaded == 40  # what stands for the day of training tells rows apart
    same = load(workspace, table(tmp_path / "d.parquet", 40, at, "spring", "~0"), **how)
    assert (same.rows_loaded, same.rows_duplicate) == (0, 40)  # what stands for the label's time does not
    for load_id in (same.load_id, again.load_id, made.load_id):
        undo_load(workspace, load_id, actor="t")
    assert state(workspace) == before


def test_no_class_is_made_of_probabilities_of_which_one_cannot_be_read(
    workspace: Workspace, tmp_path: Path
) -> None:
    roles = {"id": "decision_id", "when": "timestamp", "a": "proba:a", "b": "proba:b", "c": "proba:c"}
    cells = [[*row(i)[:2], "0.2", "0.7" if i else "most", "0.1"] for i in range(4)]
    read = mapping(roles, task=Task.MULTICLASS, positive=None, numeric=("a", "b", "c"))
    load(workspace, write(tmp_path / "a.csv", cells, list(roles)), mapping=read)
    assert rows_of(workspace, 'prediction, "text:proba:b"')[:2] == [(None, "most"), ("b", None)]


def test_a_row_whose_label_a_repeat_brings_keeps_its_place_and_its_own_text(
    workspace: Workspace, tmp_path: Path
) -> None:
    roles = ROLES | {"known": "label_time"}
    first, again = row(0, label="", age="old"), row(0, label="yes", age="old")
    cells = [[*first, "open"], [*again, "2026-02-01"], [*row(1, label="no"), ""]]
    path = write(tmp_path / "a.csv", cells, list(roles))
    made = load(workspace, path, mapping=mapping(roles, formats={"known": "iso"}))
    assert (made.rows_loaded, made.rows_duplicate, made.labels_joined) == (2, 1, 1)
    assert rows_of(workspace, '_line, "decision_id", label, "label_time", "text:label_time", "text:age"') == [
        (1, "d0000", "yes", datetime(2026, 2, 1), "open", "old"), (3, "d0001", "no", None, None, None),
    ]  # fmt: skip


def test_a_label_whose_time_cannot_be_read_waits_in_quarantine(workspace: Workspace, tmp_path: Path) -> None:
    load(workspace, write(tmp_path / "a.csv", [row(i, label="") for i in range(4)]))
    roles = {"id": "decision_id", "label": "label", "known": "label_time"}
    cells = [["d0000", "yes", "2026-02-01"], ["d0001", "no", "later"], ["d0002", "no", ""]]
    made = load_labels(
        workspace, write(tmp_path / "b.csv", cells, list(roles)), system="s", actor="t",
        mapping=mapping(roles, formats={"known": "iso"}), accept=True,
    )  # fmt: skip
    assert (made.labels_joined, made.reasons) == (2, {"bad_label_time": 1})


CELL = st.one_of(
    st.integers(18, 70).map(str), st.sampled_from(["old", "", "NaN", "1,5", "-", " x ", "inf", "O'Hara"])
)
FILE = st.lists(CELL, min_size=3, max_size=8)


@settings(max_examples=examples(2), deadline=None)
@example(files=[["1", "2", "3"], ["old", "1", "2"], ["1", "2", "3"]], gone=[0])
@example(files=[["1", "2", "3"], ["old", "1", "2"], ["young", "2", "3"]], gone=[0])
@given(files=st.lists(FILE, min_size=1, max_size=3), gone=st.lists(st.integers(0, 2), max_size=1))
def test_whatever_stands_in_a_column_of_numbers_is_there_and_an_undone_load_never_was(
    files: list[list[str]], gone: list[int]
) -> None:
    """Loads after the first, of which some are undone in any order: cells are all there, counts are a rebuild's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ws = open_workspace(folder / "w.duckdb", read_from=[folder])
        try:
            load(ws, write(folder / "first.csv", [row(i) for i in range(6)]), after=build.on_load)
            held: dict[int, list[str]] = {}
            for n, cells in enumerate(files, 1):
                path = write(
                    folder / f"{n}.csv", [row(n * 10 + i, age=c) for i, c in enumerate(cells)], sep=";"
                )
                before = state(ws)
                held[load(ws, path, after=build.on_load).load_id] = cells
            for which in gone:
                if held:
                    load_id = list(held)[which % len(held)]
                    undo_load(ws, load_id, actor="t")
                    del held[load_id]
            text = '"text:age"' if _has_text(ws) else "NULL"
            for load_id, cells in held.items():
                found = rows_of(ws, f'"feature:age", {text}', where=f"_load_id = {load_id}")
                assert found == [_read(cell) for cell in cells]
            assert _has_text(ws) == any(_read(c)[1] for cells in held.values() for c in cells)
            now = state(ws)
            with ws.write() as cursor:
                build.rebuild(cursor, systems.get_system(cursor, "s"))
            assert state(ws) == now
            if len(held) == len(files):
                undo_load(ws, max(held), actor="t")
                assert state(ws) == before
        finally:
            ws.close()


def _has_text(ws: Workspace) -> bool:
    with ws.read() as cursor:
        return any(c.name == "text:age" for c in systems.decision_columns(cursor, "s"))


def _read(cell: str) -> tuple[float | None, str | None]:
    """What a person would make of a cell."""
    bare = cell.strip()
    if bare.lower() in MISSING:
        return None, None
    try:
        return float(bare), None
    except ValueError:
        return None, bare
