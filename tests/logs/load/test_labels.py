"""Late labels are joined by id; an undo puts everything back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plumbline.answers.operations.verify import verify
from plumbline.domain import ColumnMap, Load, Mapping, PlumblineError, RoleName, Task
from plumbline.logs.load.labels import load_labels
from plumbline.logs.load.undo import undo
from plumbline.store import systems
from plumbline.store.workspace import Workspace, open_workspace
from tests.examples import examples
from tests.factory.decisions import ROLES, decisions, load, mapping, row, rows_of, state, write

LABELS = Mapping((
    ColumnMap(column="id", role=RoleName("decision_id")), ColumnMap(column="label", role=RoleName("label")),
    ColumnMap(column="at", role=RoleName("label_time"), format="iso"),
))  # fmt: skip


def _labels(
    ws: Workspace, path: Path, rows: Sequence[tuple[str, str]], touched: list[object] | None = None
) -> Load:
    write(path, [(i, v, "2026-03-01T00:00:00Z") for i, v in rows], ("id", "label", "at"))
    seen = touched if touched is not None else []
    return load_labels(
        ws,
        path,
        system="s",
        mapping=LABELS,
        actor="test",
        after=lambda c, s, ids, n: seen.append((list(ids), n)),
    )


def _label(ws: Workspace, name: str) -> object:
    return rows_of(ws, "label", where=f"\"decision_id\" = '{name}'")[0][0]


@pytest.fixture
def unlabelled(workspace: Workspace, tmp_path: Path) -> Workspace:
    load(workspace, write(tmp_path / "a.csv", decisions(20, label="")))
    return workspace


def test_labels_find_their_decision_and_unknown_ids_are_set_aside(
    unlabelled: Workspace, tmp_path: Path
) -> None:
    touched: list[object] = []
    rows = [("d0003", "yes"), ("d0001", "no"), ("nobody", "yes"), ("d0002", ""), ("d0003", "yes")]
    made = _labels(unlabelled, tmp_path / "l.csv", rows, touched)
    assert (made.rows_read, made.rows_loaded, made.rows_duplicate, made.rows_quarantined) == (5, 2, 1, 2)
    assert made.reasons == {"unknown_decision": 1, "no_label": 1}
    assert made.labels_joined == 2
    assert (_label(unlabelled, "d0003"), _label(unlabelled, "d0001"), _label(unlabelled, "d0002")) == (
        "yes",
        "no",
        None,
    )
    assert touched == [([1], made.load_id)]


def test_a_changed_label_is_a_correction_and_the_last_one_stays(
    unlabelled: Workspace, tmp_path: Path
) -> None:
    _labels(unlabelled, tmp_path / "l.csv", [("d0003", "yes")])
    made = _labels(
        unlabelled, tmp_path / "m.csv", [("d0003", "no"), ("d0003", "no"), ("d0003", "yes"), ("d0003", "no")]
    )
    assert (made.rows_loaded, made.rows_duplicate, made.labels_joined) == (3, 1, 1)
    assert _label(unlabelled, "d0003") == "no"
    assert any("another label before" in note for note in made.notes)


def test_the_same_labels_twice_add_nothing(unlabelled: Workspace, tmp_path: Path) -> None:
    rows = [("d0003", "yes"), ("nobody", "yes")]
    _labels(unlabelled, tmp_path / "l.csv", rows)
    before = state(unlabelled)
    made = _labels(unlabelled, tmp_path / "l.csv", rows)
    assert (made.rows_loaded, made.rows_duplicate, made.rows_quarantined) == (0, 2, 0)
    assert state(unlabelled) == before


def test_a_file_once_more_corrects_back_what_another_corrected_and_says_so(
    unlabelled: Workspace, tmp_path: Path
) -> None:
    first, other = [("d0003", "yes"), ("d0004", "yes"), ("nobody", "no")], [("d0003", "no")]
    for name, rows in (("l.csv", first), ("m.csv", other)):
        _labels(unlabelled, tmp_path / name, rows)
    touched: list[object] = []
    made = _labels(unlabelled, tmp_path / "l.csv", first, touched)
    assert (made.rows_loaded, made.rows_duplicate, made.rows_quarantined, made.labels_joined) == (1, 1, 1, 1)
    assert (_label(unlabelled, "d0003"), touched) == ("yes", [([1], made.load_id)])
    assert made.notes == ("1 decision had another label before; it is kept beside the new one.",)
    before = state(unlabelled)
    made = _labels(unlabelled, tmp_path / "l.csv", first)
    assert (made.rows_loaded, made.rows_duplicate, made.labels_joined) == (0, 3, 0)
    assert made.notes == (f"This file is already here as load {made.load_id - 1}; nothing was added.",)
    assert state(unlabelled) == before
    assert {problem.kind for problem in verify(unlabelled).problems} <= {
        "profiles"
    }  # nothing counts them here


def test_a_file_once_more_that_is_older_than_the_correction_adds_nothing_and_says_so(
    unlabelled: Workspace, tmp_path: Path
) -> None:
    header = ("id", "label", "at")
    for name, rows in (
        ("l.csv", [("d0003", "yes", "2026-03-01"), ("d0004", "yes", "2026-03-01"), ("d0003", "no", "2026-03-02")]),
        ("m.csv", [("d0003", "yes", "2026-03-05")]),
    ):  # fmt: skip
        path = write(tmp_path / name, rows, header)
        load_labels(unlabelled, path, system="s", mapping=LABELS, actor="test")
    before = state(unlabelled)
    made = load_labels(unlabelled, tmp_path / "l.csv", system="s", mapping=LABELS, actor="test")
    assert (made.rows_loaded, made.rows_duplicate, made.labels_joined) == (0, 3, 0)
    assert made.notes == ("This file is already here as load 2; nothing was added.",)
    assert state(unlabelled) == before
    undo(unlabelled, made.load_id, actor="test")
    assert state(unlabelled) == before


def test_labels_come_back_with_the_decisions(unlabelled: Workspace, tmp_path: Path) -> None:
    rows = [("d0003", "yes")]
    _labels(unlabelled, tmp_path / "l.csv", rows)
    undo(unlabelled, 1, actor="test")
    load(unlabelled, tmp_path / "a.csv")
    assert _label(unlabelled, "d0003") is None
    assert _labels(unlabelled, tmp_path / "l.csv", rows).labels_joined == 1
    assert _label(unlabelled, "d0003") == "yes"


def test_labels_need_ids(workspace: Workspace, tmp_path: Path) -> None:
    roles = {k: v for k, v in ROLES.items() if k != "id"} | {"id": "ignore"}
    load(workspace, write(tmp_path / "a.csv", decisions(5)), mapping=mapping(roles))
    with pytest.raises(PlumblineError, match="no id"):
        _labels(workspace, tmp_path / "l.csv", [("d0003", "yes")])


def test_undoing_twice_is_refused(unlabelled: Workspace) -> None:
    assert undo(unlabelled, 1, actor="test") == 20
    with pytest.raises(PlumblineError, match="was undone"):
        undo(unlabelled, 1, actor="test")
    with pytest.raises(PlumblineError, match="no load 9"):
        undo(unlabelled, 9, actor="test")


def test_undo_takes_back_labels_that_a_repeat_filled_in(unlabelled: Workspace, tmp_path: Path) -> None:
    before = state(unlabelled)
    made = load(unlabelled, write(tmp_path / "b.csv", decisions(20, start=10)))
    assert made.labels_joined == 10
    undo(unlabelled, made.load_id, actor="test")
    after = state(unlabelled)
    assert after == before


STEP = st.one_of(
    st.tuples(st.just("load"), st.integers(0, 12), st.integers(1, 8), st.booleans()),
    st.tuples(
        st.just("label"), st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=6)
    ),
    st.tuples(st.just("undo"), st.integers(0, 5)),
)


@settings(
    max_examples=examples(4), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEP, min_size=1, max_size=6))
def test_undoing_the_newest_load_leaves_what_was_before(
    tmp_path: Path, steps: list[tuple[object, ...]]
) -> None:
    """Whatever was loaded, labelled and undone before: one more load and its undo change nothing."""
    import tempfile

    with tempfile.TemporaryDirectory(dir=tmp_path) as name:
        folder = Path(name)
        ws = open_workspace(folder / "w.duckdb", read_from=[folder])
        try:
            load(ws, write(folder / "first.csv", decisions(6, label="")))
            live = [1]
            for n, step in enumerate(steps):
                before = state(ws)
                made = _step(ws, folder, n, step, live)
                if made:
                    undo(ws, made.load_id, actor="test")
                    assert state(ws) == before
                    again = _step(ws, folder, n, step, live)
                    assert again is not None
                    live.append(again.load_id)
        finally:
            ws.close()


def _step(ws: Workspace, folder: Path, n: int, step: tuple[object, ...], live: list[int]) -> Load | None:
    if step[0] == "undo":
        if live:
            undo(ws, live.pop(int(step[1]) % len(live)), actor="test")  # type: ignore[call-overload]
        return None
    try:
        if step[0] == "load":
            _, start, size, labelled = step
            rows = [row(i) if labelled else row(i, label="") for i in range(start, start + size)]  # type: ignore[operator,call-overload]
            return load(ws, write(folder / f"{n}.csv", rows))
        pairs = [(f"d{i:04d}", "yes" if v else "no") for i, v in step[1]]  # type: ignore[attr-defined]
        return _labels(ws, folder / f"{n}.csv", pairs)
    except PlumblineError:
        return None


def test_a_class_that_only_an_undone_load_had_is_none_of_the_system(
    workspace: Workspace, tmp_path: Path
) -> None:
    several = mapping(task=Task.MULTICLASS, positive=None)
    load(workspace, write(tmp_path / "a.csv", decisions(10)), mapping=several)
    before = state(workspace)
    later = write(tmp_path / "b.csv", decisions(5, start=20, pred="maybe"))
    made = load(workspace, later, mapping=several)
    assert _classes(workspace) == ("maybe", "no", "yes")
    undo(workspace, made.load_id, actor="test")
    assert _classes(workspace) == ("no", "yes")
    assert state(workspace) == before


def _classes(ws: Workspace) -> tuple[str, ...]:
    with ws.read() as cursor:
        return systems.get_system(cursor, "s").classes
