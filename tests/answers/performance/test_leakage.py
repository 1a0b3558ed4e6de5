"""An input that equals the outcome is said on the pages that speak of the log; the model's own score is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.data.quality import quality
from plumbline.answers.drift.features import drift
from plumbline.store.workspace import Workspace, open_workspace


@pytest.fixture
def held(tmp_path: Path) -> Workspace:
    """A near perfect score, an input that repeats the outcome in three of its columns' words, and a good one."""
    random = np.random.default_rng(5)
    n = 4000
    paid = random.random(n) < 0.3
    score = np.clip(np.where(paid, 0.9, 0.1) + random.normal(0, 0.08, n), 0.001, 0.999).round(4)
    frame = pd.DataFrame({
        "at": pd.Timestamp("2026-01-05") + pd.to_timedelta(np.arange(n) * 36, unit="min"),
        "id": [f"d{i}" for i in range(n)], "score": score, "prediction": np.where(score > 0.5, "yes", "no"),
        "label": np.where(paid, "yes", "no"), "closed": np.where(paid, random.integers(1, 90, n), np.nan),
        "state": np.where(paid, "done", None), "x": random.normal(size=n) + paid,
    })  # fmt: skip
    frame.to_parquet(tmp_path / "log.parquet")
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    roles = {
        "at": "timestamp", "id": "decision_id", "score": "score", "prediction": "prediction", "label": "label",
        "closed": "feature:closed", "state": "feature:state", "x": "feature:x",
    }  # fmt: skip
    load_file(
        ws, tmp_path / "log.parquet", title="s", maps=tuple(roles.items()), positive="yes", timezone="UTC", actor="t"
    )  # fmt: skip
    return ws


def test_inputs_that_equal_the_outcome_are_said(held: Workspace) -> None:
    found = quality(held, "s").leaks
    assert {leak.feature for leak in found} == {"closed", "state"}
    assert all(leak.measure == "ROC AUC" for leak in found)
    cautions = drift(held, "s").cautions
    assert all(leak.sentence in cautions for leak in found)
    held.close()
