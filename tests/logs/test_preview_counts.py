"""What is said of a file before it is loaded is what the load then does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.logs.load.labels import load_labels
from plumbline.logs.load.preview import try_file
from plumbline.logs.load.trial import LoadTrial
from plumbline.logs.mapping.column_facts import ColumnFacts
from plumbline.logs.mapping.histograms import BARS, histogram
from plumbline.store.workspace import Workspace
from tests.factory.decisions import decisions, load, mapping, row, state, write

LABELS = {"id": "decision_id", "label": "label"}


def _dirty(folder: Path) -> Path:
    rows = [row(i, when="soon" if i % 40 == 0 else row(i)[1]) for i in range(400)]
    rows += rows[10:25]  # repeats
    rows += [row(500, score="", pred=""), row(501)[:4], [*row(502), "more"]]
    return write(folder / "dirty.csv", rows)


def test_the_counts_of_a_trial_are_those_of_the_load(workspace: Workspace, tmp_path: Path) -> None:
    path = _dirty(tmp_path)
    before = state(workspace)
    trial = try_file(workspace, path, mapping())
    assert state(workspace) == before
    made = load(workspace, path)
    assert trial.whole
    assert dict(trial.reasons) == made.reasons
    assert (trial.rows, trial.unfit_rows, trial.repeats) == (
        made.rows_read,
        made.rows_quarantined,
        made.rows_duplicate,
    )


def test_labels_are_tried_against_the_decisions_of_their_system(workspace: Workspace, tmp_path: Path) -> None:
    load(workspace, write(tmp_path / "log.csv", decisions(50, label="")))
    path = write(tmp_path / "labels.csv", [[f"d{i:04d}", "yes"] for i in range(60)], ("id", "label"))
    trial = try_file(workspace, path, mapping(LABELS), labels=True, system="s")
    made = load_labels(workspace, path, system="s", mapping=mapping(LABELS), actor="test")
    assert trial == LoadTrial(rows=60, reasons=(("unknown_decision", 10),), whole=True)
    assert dict(trial.reasons) == made.reasons


def test_of_a_long_file_the_first_rows_are_tried(workspace: Workspace, tmp_path: Path) -> None:
    trial = try_file(workspace, write(tmp_path / "log.csv", decisions(90)), mapping(), first=50)
    assert (trial.rows, trial.whole) == (50, False)


def test_a_mapping_that_does_not_fit_is_refused_as_by_a_load(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", decisions(9))
    with pytest.raises(PlumblineError):
        try_file(workspace, path, mapping({"when": "timestamp", "gone": "score"}))


def test_a_histogram_counts_every_cell_once() -> None:
    values = np.random.default_rng(1).normal(size=900)
    bars = histogram(ColumnFacts(name="x", cells=(*map(str, values), None, "")))
    assert bars == tuple(np.histogram(values, bins=BARS)[0])
    assert histogram(ColumnFacts(name="x", cells=("north", "south", "south", None))) == (2, 1)
    assert histogram(ColumnFacts(name="x", cells=("5", "5", "5"))) == (3,)
    assert histogram(ColumnFacts(name="x", cells=tuple(f"d{i}" for i in range(99)))) == ()
    assert histogram(ColumnFacts(name="x", cells=(None, ""))) == ()
