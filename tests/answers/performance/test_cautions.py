"""What the Drift page says of its reference first: a change within it, one season, a year before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from plumbline.answers.data.load import load_file, set_reference
from plumbline.answers.drift.features import drift, window_a_year_earlier
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.answers.performance.cautions import PROVISIONAL, SEASON, cautions
from plumbline.answers.performance.series import performance
from plumbline.answers.releases.history import releases
from plumbline.cli import main
from plumbline.report.language import language
from plumbline.report.material import gather
from plumbline.report.scorecard_report import report_data
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
    before = window_a_year_earlier(held, "s", window)
    assert before == (window[0] - 364 * DAY, window[1] - 364 * DAY)
    assert window_a_year_earlier(held, "s", (START + 300 * DAY, None)) is None
    assert len(drift(held, "s", reference=before, window=window).features) == 4
    held.close()


def test_what_the_reference_lacks_is_said_wherever_something_rests_on_it(held: Workspace) -> None:
    """The same two sentences on Accuracy, Drift, Releases, the Scorecard, in the report and for a terminal."""
    path, folder = held.path, held.path.parent
    log = pd.read_parquet(folder / "log.parquet")
    log[log["at"] < "2025-01-16"].to_parquet(folder / "short.parquet")
    maps = [("at", "timestamp"), ("id", "decision_id"), ("score", "score"), ("prediction", "prediction"),
            ("x", "feature:x"), ("y", "feature:y")]  # fmt: skip
    load_file(
        held, folder / "short.parquet", title="t", maps=maps, positive="yes", timezone="UTC", actor="test"
    )
    for key, wanted in (("s", SEASON), ("t", PROVISIONAL)):
        assert cautions(held, key) == (wanted,)
        assert wanted in drift(held, key).cautions
        assert performance(held, key).cautions == (wanted,)
        found = releases(held, key)
        assert found.cautions == (wanted,)
        assert wanted in found.lines()
        assert scorecard_answer(held, key).measured.cautions == (wanted,)
        german = report_data(gather(held, key), language("de"))
        assert "Referenz" in german["cautions"]
        assert not german["limits"]["quoted"]
        assert report_data(gather(held, key), language("en"))["cautions"] == wanted
    held.close()
    for command in ("check", "scorecard"):
        for key, wanted in (("s", SEASON), ("t", PROVISIONAL)):
            shown = CliRunner().invoke(main, [command, key, "--workspace", str(path)])
            assert wanted in shown.output, (command, key, shown.output)
