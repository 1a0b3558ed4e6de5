"""One number for one drift: what MON-5 says is what the Drift page shows of the same feature."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from plumbline.answers.data.load import load_file
from plumbline.answers.drift.features import drift
from plumbline.answers.governance.scorecard import scorecard
from plumbline.domain import Status
from plumbline.report.language import language
from plumbline.report.translation import translate
from plumbline.store.workspace import open_workspace


def test_the_control_and_the_page_give_the_same_distance_of_the_same_days(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    day = np.repeat(np.arange(120), 60)
    score = rng.random(len(day)).round(4)
    rising = np.clip((day - 60) / 20, 0, 3)  # so that a week and thirty days are not alike
    frame = pd.DataFrame({
        "at": pd.Timestamp("2026-01-05") + pd.to_timedelta(np.arange(len(day)) * 24, unit="min"),
        "id": [f"d{i}" for i in range(len(day))], "score": score, "said": np.where(score > 0.5, "yes", "no"),
        "income": rng.normal(size=len(day)) + rising,
    })  # fmt: skip
    frame.to_parquet(tmp_path / "log.parquet")
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    maps = [("at", "timestamp"), ("id", "decision_id"), ("score", "score"), ("said", "prediction"),
            ("income", "feature:income")]  # fmt: skip
    load_file(
        ws, tmp_path / "log.parquet", title="s", maps=maps, positive="yes", timezone="UTC", actor="test"
    )
    control = next(c for c in scorecard(ws, "s").controls if c.id == "MON-5")
    shown = drift(ws, "s")
    ws.close()
    page = next(f for f in shown.features if f.feature == "income")
    assert control.status is Status.FAIL
    assert page.value is not None
    assert f"distance {page.value:.2f} since" in control.evidence.sentence
    assert f"n = {page.n:,})" in control.evidence.sentence
    assert f"{page.value:.2f}, n = {page.n:,}" in shown.sentence
    german = translate(control.evidence.sentence, language("de"))
    assert german is not None
    assert german.startswith("income hat sich verschoben")
