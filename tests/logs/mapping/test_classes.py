"""Classes are compared without case and blanks, and classes that cannot be right are a question."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from plumbline.answers.data import load as loading
from plumbline.answers.data.load import load_file, undo_load
from plumbline.answers.performance.series import performance
from plumbline.domain import PlumblineError, Task
from plumbline.logs.mapping.classes import fold, trouble
from plumbline.store.systems import get_system
from plumbline.store.workspace import Workspace
from tests.conftest import Ran
from tests.factory.decisions import decisions, load, mapping, row, rows_of, write

Run = Callable[..., Ran]


def _spelt(i: int) -> dict[str, object]:
    """Predictions as ``Yes`` and ``no``, labels as ``YES``, ``No`` and with blanks; four in five are right."""
    yes = i % 2 == 0
    true = yes if i % 5 else not yes
    label = ("YES", "yes ")[i % 3 == 0] if true else ("No", " NO")[i % 3 == 0]
    return {"pred": "Yes" if yes else "no", "label": label, "score": ""}


@pytest.fixture
def spelt(tmp_path: Path) -> Path:
    return write(tmp_path / "spelt.csv", [row(i, **_spelt(i)) for i in range(600)])


def _classes(ws: Workspace, key: str = "s") -> tuple[str, ...]:
    with ws.read() as cursor:
        return get_system(cursor, key).classes


def test_case_and_blanks_make_no_class(workspace: Workspace, spelt: Path) -> None:
    load(workspace, spelt, mapping=mapping(positive="YES"))
    assert _classes(workspace) == ("Yes", "no")
    assert {r[0] for r in rows_of(workspace, "label")} == {"Yes", "no"}
    with workspace.read() as cursor:
        assert get_system(cursor, "s").positive == "Yes"


def test_the_accuracy_is_that_of_the_decisions_and_not_of_their_spelling(
    workspace: Workspace, spelt: Path
) -> None:
    load_file(workspace, spelt, title="s", actor="test")
    shown = performance(workspace, "s", by="month", metrics=["accuracy"])
    points = [p for p in shown.points if p.metric == "accuracy" and p.n]
    right = sum(p.n * p.value for p in points if p.value is not None)
    assert sum(p.n for p in points) == 600
    assert right == pytest.approx(480)


def test_late_labels_in_capitals_are_those_classes(workspace: Workspace, tmp_path: Path) -> None:
    load(workspace, write(tmp_path / "a.csv", decisions(60, label="")))
    late = write(
        tmp_path / "late.csv", [[f"d{i:04d}", "YES" if i % 2 else "No "] for i in range(60)], ("id", "label")
    )
    made = load_file(workspace, late, title="s", actor="test")
    assert made.labels_joined == 60
    assert _classes(workspace) == ("no", "yes")
    again = write(
        tmp_path / "again.csv", [[f"d{i:04d}", "yes" if i % 2 else "NO"] for i in range(60)], ("id", "label")
    )
    repeated = load_file(workspace, again, title="s", actor="test")
    assert (repeated.labels_joined, repeated.rows_duplicate) == (0, 60)
    for one in (repeated, made):
        undo_load(workspace, one.load_id, actor="test")
    assert {r[0] for r in rows_of(workspace, "label")} == {None}


def test_a_later_log_keeps_the_spelling_of_the_first(workspace: Workspace, tmp_path: Path) -> None:
    load(workspace, write(tmp_path / "a.csv", decisions(60)))
    more = [row(i, id=f"m{i}", pred="YES" if i % 2 else "NO", when=f"2026-02-0{1 + i % 5}T{i % 24:02d}:00:00Z")
            for i in range(300)]  # fmt: skip
    load(workspace, write(tmp_path / "b.csv", more))
    assert {r[0] for r in rows_of(workspace, "prediction")} == {"yes", "no"}


@pytest.mark.parametrize("task", [None, "binary"])
def test_a_decile_that_is_called_a_prediction_is_a_question(
    plumbline: Run, tmp_path: Path, task: str | None
) -> None:
    path = write(
        tmp_path / "deciles.csv", [row(i, pred=1 + i % 10, label=i % 2, score="") for i in range(300)]
    )
    said = ("--task", task) if task else ()
    refused = plumbline(
        "load", path, "--system", "s", "--map", "pred=prediction", "--map", "label=label", *said
    )
    assert refused.code == 2
    assert ("Which two classes" if task else "share only 1") in refused.err
    assert plumbline("systems", "--json").json["systems"] == []


def test_classes_that_share_nothing_are_a_question(plumbline: Run, tmp_path: Path) -> None:
    rows = [
        row(i, pred="approve" if i % 2 else "decline", label="repaid" if i % 3 else "lost")
        for i in range(300)
    ]
    path = write(tmp_path / "log.csv", rows)
    maps = [
        x
        for c, r in (("pred", "prediction"), ("label", "label"), ("score", "ignore"))
        for x in ("--map", f"{c}={r}")
    ]
    for task in ("binary", "multiclass"):
        refused = plumbline("load", path, "--system", "s", *maps, "--task", task)
        assert refused.code == 2
        assert len(refused.err.strip().splitlines()) == 1
    assert "share no class" in refused.err
    kept = plumbline(
        "load", path, "--system", "s", "--map", "pred=prediction", "--map", "label=ignore", "--json"
    ).json
    assert kept["rows_loaded"] == 300


def test_what_the_first_rows_do_not_show_is_refused_at_the_end_and_leaves_nothing(
    workspace: Workspace, tmp_path: Path
) -> None:
    rows = [row(i, pred="maybe" if i > 4200 else ("yes" if i % 2 else "no"), id=f"d{i}") for i in range(4300)]
    path = write(tmp_path / "late.csv", rows)
    with pytest.raises(PlumblineError, match="Which two classes"):
        load_file(
            workspace,
            path,
            title="s",
            actor="test",
            maps=loading.read_maps(["pred=prediction", "label=label"]),
        )
    with workspace.read() as cursor:
        assert cursor.execute("SELECT count(*) FROM system").fetchone() == (0,)


@pytest.mark.parametrize(
    ("predictions", "labels", "task", "topic"),
    [
        (("Yes", "no"), ("YES", "No "), Task.BINARY, None),
        (("not  approved", "approved"), ("Not approved",), Task.BINARY, None),
        (("0",), ("1",), Task.BINARY, None),  # a short log may be wrong throughout
        (("approve",), ("repaid",), Task.BINARY, "apart"),
        (("a", "b"), ("c",), Task.BINARY, "many"),
        (("a", "b", "c"), ("x", "y"), Task.MULTICLASS, "apart"),
        (("a", "b", "c"), ("A",), Task.MULTICLASS, None),
        (tuple("123456789"), ("0", "1"), Task.MULTICLASS, "apart"),
        ((), ("a", "b", "c"), Task.BINARY, "many"),
        (("1", "2", "3"), ("7",), Task.REGRESSION, None),
    ],
)
def test_what_cannot_be_right(
    predictions: tuple[str, ...], labels: tuple[str, ...], task: Task, topic: str | None
) -> None:
    found = trouble(predictions, labels, task)
    assert (found.topic if found else None) == topic


def test_folding_leaves_words_that_differ() -> None:
    assert fold("  Not\u00a0 Approved ") == fold("not approved")
    assert len({fold(c) for c in ("approved", "not approved", "notapproved")}) == 3
