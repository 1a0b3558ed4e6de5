"""One decision's contributions in log-odds or in probability, as the reader chose."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.decisions import model_files
from plumbline.explain.sandbox import pool
from plumbline.store.workspace import open_workspace
from plumbline.ui.state import workspace as opened

from .conftest import open_page, words


@pytest.fixture
def registered(tmp_path, monkeypatch):
    rng = np.random.default_rng(2)
    x = pd.DataFrame(rng.normal(size=(200, 2)).round(4), columns=["rate", "sum"])
    asked = {"objective": "binary", "verbose": -1, "num_leaves": 4, "num_threads": 1, "min_data_in_leaf": 5}
    booster = lgb.train(asked, lgb.Dataset(x, x["rate"] > 0), 5)
    booster.save_model(tmp_path / "1.txt")
    frame = x.assign(
        decision_id=[f"d{i}" for i in range(200)], model_version="1", score=booster.predict(x),
        timestamp=pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(200), unit="h"),
    )  # fmt: skip
    frame.assign(prediction=np.where(frame["score"] > 0.5, "y", "n")).to_csv(
        tmp_path / "log.csv", index=False
    )
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    load_file(ws, tmp_path / "log.csv", title="loans", actor="test")
    assert model_files.register(ws, "loans", "1", tmp_path / "1.txt", actor="test").passed
    ws.close()
    opened.close()
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(tmp_path / "w.duckdb"))
    yield
    opened.close()
    pool.end_children()


def test_contributions_are_shown_in_log_odds_or_in_probability(registered) -> None:
    at = open_page("decisions", system="loans", decision="d7")
    assert not at.exception
    assert "exact contributions to the probability" not in words(at).lower()
    at.segmented_control(key="decisions.space").set_value("probability").run()
    assert not at.exception
    assert "exact contributions to the probability" in words(at).lower()
    assert "fixed for this version" in words(at)
