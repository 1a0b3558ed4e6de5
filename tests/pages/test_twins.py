"""Inputs that move together become one group in a click, whatever they are called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.answers.data.load import load_file
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from plumbline.ui.state import workspace as opened

from .conftest import open_page, words

N = 400
NAME = "a*[x](y)"


def test_twins_are_named_and_grouped_in_a_click(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=N), rng.normal(size=N)
    frame = pd.DataFrame({
        "decision_id": [f"d{i}" for i in range(N)],
        "timestamp": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(N) * 2, unit="h"),
        "model_version": "7", NAME: a, "twin": a + 0.1 * rng.normal(size=N), "b": b,
        "score": 1 / (1 + np.exp(-a - b)), "prediction": np.where(a + b > 0, "y", "n"),
        f"shap_{NAME}": 0.7 * a, "shap_twin": 0.3 * a, "shap_b": b,
    })  # fmt: skip
    frame.to_csv(tmp_path / "log.csv", index=False)
    load_file(workspace, tmp_path / "log.csv", title="line", actor="test")
    workspace.close()
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(tmp_path / "workspace.duckdb"))
    opened.close()
    try:
        at = open_page("model_use", system="line")
        assert not at.exception
        assert "Inputs that move together" in words(at)
        assert " twin :gray[rank correlation +0.99" in words(at).replace("\\", "")
        assert NAME not in words(at)  # a name of a log is never Markdown
        at.button(key="use.twins.0").click().run()
        assert not at.exception
        assert "Inputs that move together" not in words(at)
        with opened.workspace().read() as cursor:
            groups = systems.get_system(cursor, "line").settings.feature_groups
        assert groups == {NAME: NAME, "twin": NAME}
    finally:
        opened.close()
