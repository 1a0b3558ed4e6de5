"""What a log of few people a day cannot notice soon is said beside its columns."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.data.quality import quality
from plumbline.store.workspace import Workspace, open_workspace
from plumbline.ui import quality as page


def _held(folder: Path, a_day: int, alike: int) -> Workspace:
    """Fourteen weeks, eight healthy; ``visits`` is missing in one person of fifty, who comes ``alike`` times."""
    rng = np.random.default_rng(3)
    people = 98 * a_day // alike
    person = np.repeat(np.arange(people), alike)
    at = pd.Timestamp("2026-01-05") + pd.to_timedelta(person * alike * 24 * 60 // a_day, unit="min")
    answer = np.where(rng.random(len(person)) < 0.5, "yes", "no")
    lacking = (rng.random(people) < 0.02)[person]
    frame = pd.DataFrame({"at": at, "id": np.arange(len(at)), "prediction": answer, "label": answer})
    frame["visits"] = np.where(lacking, np.nan, rng.integers(1, 9, len(at)))
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    roles = {
        "at": "timestamp", "id": "decision_id", "prediction": "prediction", "label": "label",
        "visits": "feature:visits",
    }  # fmt: skip
    healthy = at < pd.Timestamp("2026-03-02")
    for name, rows in (("healthy", healthy), ("later", ~healthy)):
        frame[rows].to_parquet(folder / f"{name}.parquet")
        load_file(
            ws, folder / f"{name}.parquet", title="s", maps=tuple(roles.items()), positive="yes", timezone="UTC",
            reference=name == "healthy", actor="t",
        )  # fmt: skip
    return ws


def test_few_people_a_day_are_told_how_long_a_rise_of_missing_values_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = _held(tmp_path, 120, 4)
    answer = quality(ws, "s")
    ws.close()
    assert answer.notice.startswith(
        "A rise of five points in missing values of visits would be noticed within about"
    )
    assert "120 decisions a day count as" in answer.notice
    assert json.loads(json.dumps(answer.to_dict()))["notice"] == answer.notice
    notes: list[str] = []
    monkeypatch.setattr(page.cards, "note", notes.append)
    monkeypatch.setattr(page.cards, "section", lambda *_: None)
    monkeypatch.setattr(page, "tables", SimpleNamespace(grid=lambda *_, **__: None))
    page.columns(answer)
    assert str(answer.notice) in notes


def test_many_decisions_a_day_need_no_word_of_it(tmp_path: Path) -> None:
    ws = _held(tmp_path, 400, 1)
    assert quality(ws, "s").notice == ""
    ws.close()
