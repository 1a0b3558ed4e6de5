"""Credit: an outcome is known only where it was granted, and on day 60 the cut-off rises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.answers.fairness import fairness
from plumbline.answers.loading import load_file
from plumbline.answers.performance import performance
from plumbline.answers.scorecard import scorecard
from plumbline.domain import PointStatus, Status
from plumbline.store.workspace import Workspace, open_workspace

MAPS = (
    ("at", "timestamp"), ("id", "decision_id"), ("said", "prediction"), ("true", "label"), ("p", "score"),
    ("sex", "protected:sex"),
)  # fmt: skip


@pytest.fixture(scope="module")
def credit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder: Path = tmp_path_factory.mktemp("credit")
    rng = np.random.default_rng(1)
    n, a_day = 18_000, 200
    x = rng.normal(0.8, 1.2, n)
    p = 1 / (1 + np.exp(-x))
    said = p >= np.where(np.arange(n) // a_day < 60, 0.55, 0.75)
    true = rng.random(n) < p
    frame = pd.DataFrame(
        {
            "at": pd.Timestamp("2026-01-05") + pd.to_timedelta(np.arange(n) * (86_400 // a_day), unit="s"),
            "id": [f"d{i}" for i in range(n)],
            "sex": rng.choice(["f", "m"], n),
            "p": p.round(6),
            "said": np.where(said, "grant", "refuse"),
            "true": np.where(said, np.where(true, "grant", "refuse"), None),
        }
    )
    frame.to_parquet(folder / "log.parquet")
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    path = folder / "log.parquet"
    load_file(ws, path, title="Credit", actor="test", maps=MAPS, positive="grant", timezone="UTC")
    yield ws
    ws.close()


def test_accuracy_says_whom_it_speaks_of_and_what_it_cannot_know(credit: Workspace) -> None:
    answer = performance(credit, "credit")
    assert "Outcomes are known for decisions grant only (100.0 % of" in answer.selected
    assert "0.0 % of" in answer.selected
    assert answer.headline == "accuracy"
    recall = answer.of("recall")
    assert {p.status for p in recall} == {PointStatus.UNKNOWN}
    assert all(p.value is None and "refuse" in p.note for p in recall)
    assert not {"recall", "roc_auc"} & set(answer.family)


def test_mon_1_is_no_pass(credit: Workspace) -> None:
    control = next(c for c in scorecard(credit, "credit").controls if c.id == "MON-1")
    assert control.status is Status.PARTIAL
    assert "these figures speak of those" in control.evidence.sentence


def test_error_rates_of_groups_are_unknown(credit: Workspace) -> None:
    answer = fairness(credit, "credit")
    assert "grant only" in answer.selected
    for group in answer.groups:
        assert not group.gaps
        assert not {"true_positive_rate", "false_positive_rate"} & set(group.rates)
        assert "positive_rate" in group.rates
