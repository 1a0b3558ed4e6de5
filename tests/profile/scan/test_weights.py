"""A log that is a sample with weights: its shares are unknown and say why, never those of the sample."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from plumbline.answers.data.load import inspect_file, load_file
from plumbline.answers.fairness.groups import fairness
from plumbline.answers.performance.outcomes import confusion
from plumbline.answers.performance.series import calibration, performance
from plumbline.domain import PointStatus
from plumbline.logs.cluster import attachments
from plumbline.logs.cluster.attachments import Window
from plumbline.profile.scan.weights import weights_note
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from tests.factory.decisions import HEADER, decisions, row, write


def _log(folder: Path, name: str, weight: int) -> Path:
    """Rows of which the negative ones stand for several."""
    rows = decisions(600)
    cells = [[*r, str(weight if r[3] == "no" else 1), "mf"[i % 2]] for i, r in enumerate(rows)]
    return write(folder / name, cells, (*HEADER, "sample_weight", "sex"))


def test_a_weight_is_recognised_and_no_feature(tmp_path: Path) -> None:
    found = inspect_file(_log(tmp_path, "a.csv", 20)).mapping
    assert {str(m.role) for m in found.columns if m.column == "sample_weight"} == {"weight:sample_weight"}


def test_what_needs_weights_is_unknown_and_says_why(workspace: Workspace, tmp_path: Path) -> None:
    load_file(workspace, _log(tmp_path, "a.csv", 20), title="s", actor="t")
    shown = performance(workspace, "s", by="month")
    assert "stand for 1 to 20 decisions each (sample_weight)" in shown.sentence
    assert all(p.value is None and p.status is PointStatus.UNKNOWN for p in shown.points)
    assert shown.decisions == 600
    curves = calibration(workspace, "s")
    assert (curves.curves, curves.sentence) == ((), shown.sentence)
    table = confusion(workspace, "s")
    assert table is not None
    assert table.window.sum() == 0
    groups = fairness(workspace, "s")
    assert groups.groups == ()
    assert groups.why_not == shown.sentence


def test_equal_weights_change_nothing(workspace: Workspace, tmp_path: Path) -> None:
    load_file(workspace, _log(tmp_path, "a.csv", 1), title="s", actor="t")
    shown = performance(workspace, "s", by="month", metrics=["accuracy"])
    right = sum(r[3] == r[4] for r in (row(i) for i in range(600)))
    assert sum(p.n * (p.value or 0) for p in shown.points) == pytest.approx(right)
    assert fairness(workspace, "s").groups


def test_a_weight_of_a_table_that_its_sample_misses_counts(workspace: Workspace, tmp_path: Path) -> None:
    load_file(workspace, _log(tmp_path, "a.csv", 1), title="s", actor="t")
    with workspace.write() as cursor:
        system = systems.get_system(cursor, "s")
        assert not weights_note(cursor, system)
        window = Window(load_id=1, low=None, high="5", n_read=90_000, weights=(1.0, 1.0))
        attachments.add_window(cursor, "s", window)
        assert not weights_note(cursor, system)
        later = replace(window, load_id=2, weights=(0.5, 7.0))
        attachments.add_window(cursor, "s", later)
        attachments.add_window(cursor, "s", replace(window, load_id=3, weights=None))
        assert "stand for 0.5 to 7 decisions each (sample_weight)" in str(weights_note(cursor, system))
        assert [w.weights for w in attachments.windows(cursor, "s")] == [(1.0, 1.0), (0.5, 7.0), None]
