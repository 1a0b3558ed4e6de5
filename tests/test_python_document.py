"""The code of docs/python.md runs as it stands there, and its table of columns is that of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plumbline.answers.alerts.findings import Findings
from plumbline.answers.data.quality import QualityAnswer
from plumbline.answers.drift.features import DriftAnswer
from plumbline.answers.fairness.groups import FairnessAnswer
from plumbline.answers.notes.calendar_events import CalendarEvents
from plumbline.answers.performance.series import PerformanceAnswer
from plumbline.answers.releases.history import ReleasesAnswer
from plumbline.domain import Explanation, Result, Scorecard
from tests.environment.product import ROOT
from tests.factory.shop import shop_log

TEXT = (ROOT / "docs" / "python.md").read_text("utf-8")
ANSWERS: dict[str, type[Result]] = {
    "performance": PerformanceAnswer, "drift": DriftAnswer, "releases": ReleasesAnswer, "fairness": FairnessAnswer,
    "quality": QualityAnswer, "explain": Explanation, "findings": Findings, "check": Findings, "scorecard": Scorecard,
    "events": CalendarEvents,
}  # fmt: skip


def test_the_code_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "decisions.csv").write_bytes(shop_log())
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) >= 5
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), names)
    said = capsys.readouterr().out
    assert "no such column" in said
    assert "shop-offers NOT_YET_JUDGED" in said
    assert (tmp_path / "shop.pdf").read_bytes().startswith(b"%PDF")


def test_its_table_names_the_columns_of_every_answer() -> None:
    rows = re.findall(r"^\| ((?:`\w+\(\w*\)`(?:, )?)+) \| (.+) \|$", TEXT, re.MULTILINE)
    found = {name: columns for names, columns in rows for name in re.findall(r"`(\w+)\(", names)}
    assert found == {name: ", ".join(answer.COLUMNS) for name, answer in ANSWERS.items()}
