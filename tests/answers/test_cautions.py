"""What the Drift page says of its reference first: a change within it, one season, a year before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.answers.drift import drift, year_before
from plumbline.answers.loading import load_file, set_reference
from plumbline.store.workspace import Workspace, open_workspace

START = datetime(2025, 1, 6, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def held(tmp_path: Path) -> Workspace:
    """Sixty weeks of 40 decisions a day; x moves up after six weeks and stays."""
    random = np.random.default_rng(2)
    day = np.repeat(np.arange(420), 40)
    n = len(day)
    score = random.random(n).round(4)
    frame = pd.DataFrame({
        "at": pd.Timestamp("2025-01-06") + pd.to_timedelta(np.arange(n) * 36, unit="min"),
        "id": [f"d{i}" for i in range(n)], "score": score, "prediction": np.where(score > 0.5, "yes", "no"),
        "x": random.normal(size=n) + (day >= 42) * 0.8, "y": random.normal(size=n),
    })  # fmt: skip
    frame.to_parquet(tmp_path / "log.parquet")
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    maps = [("at", "timestamp"), ("id", "decision_id"), ("score", "score"), ("prediction", "prediction"),
            ("x", "feature:x"), ("y", "feature:y")]  # fmt: skip
    load_file(
        ws, tmp_path / "log.parquet", title="s", maps=maps, positive="yes", timezone="UTC", actor="test"
    )
    set_reference(ws, "s", START, START + 84 * DAY, actor="test")
    return ws


def test_a_change_within_the_reference_and_its_season_are_said_and_last_year_is_a_choice(
    held: Workspace,
) -> None:
    said = drift(held, "s").cautions
    assert [words.split(" ")[0] for words in said] == ["x", "The"]
    assert "changed within the reference" in said[0]
    assert "one season" in said[1]
    window = (START + 380 * DAY, START + 400 * DAY)
    before = year_before(held, "s", window)
    assert before == (window[0] - 364 * DAY, window[1] - 364 * DAY)
    assert year_before(held, "s", (START + 300 * DAY, None)) is None
    assert len(drift(held, "s", reference=before, window=window).features) == 4
    held.close()
