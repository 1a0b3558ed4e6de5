"""A model that goes blind where the class is rare: what the log's sentences, findings and controls then say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.governance.scorecard import scorecard
from plumbline.answers.performance.headline import choose_headline, read_headline
from plumbline.answers.performance.series import performance
from plumbline.domain import Load, PlumblineError, Status
from plumbline.store import findings as register
from plumbline.store.workspace import Workspace, open_workspace

DAYS, A_DAY, BLIND, RATE = 90, 1000, 65, 0.0054
START = pd.Timestamp("2026-01-05")
MAPS = (
    ("at", "timestamp"),
    ("id", "decision_id"),
    ("said", "prediction"),
    ("true", "label"),
    ("x", "feature:x"),
)


def log(*, scored: bool, noise: bool) -> pd.DataFrame:
    """Half of the rare class are found; from day ``BLIND`` on nobody is flagged (``noise``: the score is noise too)."""
    rng = np.random.default_rng(1)
    n = DAYS * A_DAY
    day = np.arange(n) // A_DAY
    true = rng.random(n) < RATE
    score = np.where(true, rng.beta(3, 2.8, n), rng.beta(1, 8, n))
    after = day >= BLIND
    said = (score >= 0.5) & ~after
    frame = pd.DataFrame(
        {
            "at": START + pd.to_timedelta(np.arange(n) * (86_400 // A_DAY), unit="s"),
            "id": [f"d{i}" for i in range(n)],
            "x": rng.normal(size=n).round(3),
            "said": np.where(said, "fraud", "ok"),
            "true": np.where(true, "fraud", "ok"),
        }
    )
    if scored:
        frame["p"] = np.where(after & noise, 0.3 * rng.permutation(score), score).round(6)
    return frame


def loaded(folder: Path, frame: pd.DataFrame) -> tuple[Workspace, Load]:
    frame.to_parquet(folder / "log.parquet")
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    maps = (*MAPS, ("p", "score")) if "p" in frame else MAPS
    path = folder / "log.parquet"
    made = load_file(ws, path, title="Fraud", actor="test", maps=maps, positive="fraud", timezone="UTC")
    return ws, made


@pytest.fixture(scope="module", params=[(True, True), (False, False)], ids=["scored", "unscored"])
def blind(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Workspace, Load]]:
    scored, noise = request.param
    ws, made = loaded(tmp_path_factory.mktemp("rare"), log(scored=scored, noise=noise))
    yield ws, made
    ws.close()


def test_a_total_collapse_is_found_and_fails_mon_4_and_the_sentence_says_so(
    blind: tuple[Workspace, Load],
) -> None:
    ws, _ = blind
    answer = performance(ws, "fraud")
    assert "holds" not in answer.sentence
    card = scorecard(ws, "fraud")
    breached = next(c for c in card.controls if c.id == "MON-4")
    assert breached.status is Status.FAIL
    with ws.read() as cursor:
        held = [r.finding for r in register.recorded_findings(cursor, "fraud")]
    (found,) = [f for f in held if f.signal.startswith("performance.")]
    assert found.until is None
    assert found.since is not None
    changed = (START + pd.Timedelta(days=BLIND)).tz_localize("UTC")
    assert abs(pd.Timestamp(found.since) - changed) <= pd.Timedelta(days=7)


def test_load_and_page_name_the_headline_and_why(blind: tuple[Workspace, Load]) -> None:
    ws, made = blind
    answer = performance(ws, "fraud")
    assert answer.headline in ("average_precision", "recall")
    assert "of the reference's labels are fraud" in answer.reason
    assert answer.reason in made.notes
    assert answer.family[0] == answer.headline
    assert "recall" in answer.family


def test_the_owner_may_choose_another_and_leave_it_again(tmp_path: Path) -> None:
    ws, _ = loaded(tmp_path, log(scored=False, noise=False).head(20 * A_DAY))
    assert read_headline(ws, "fraud").metric == "recall"
    assert choose_headline(ws, "fraud", "f1", by="Ann").chosen
    assert performance(ws, "fraud").headline == "f1"
    with pytest.raises(PlumblineError, match="cannot be the headline"):
        choose_headline(ws, "fraud", "value", by="Ann")
    assert choose_headline(ws, "fraud", "", by="Ann").metric == "recall"
    ws.close()


def test_an_accuracy_of_nothing_from_the_first_day_on_does_not_hold(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    frame = log(scored=False, noise=False).head(20 * A_DAY)
    true = rng.random(len(frame)) < 0.5
    frame = frame.assign(true=np.where(true, "fraud", "ok"), said=np.where(true, "ok", "fraud"))
    ws, _ = loaded(tmp_path, frame)
    answer = performance(ws, "fraud")
    assert "holds" not in answer.sentence
    assert "worse than guessing" in answer.sentence
    assert next(c for c in scorecard(ws, "fraud").controls if c.id == "MON-4").status is Status.FAIL
    ws.close()


def test_the_title_quotes_the_last_complete_period_and_not_a_few_early_labels(tmp_path: Path) -> None:
    """Three days into a week 33 labels are in, all of them good news; the system runs at 80 %."""
    rng = np.random.default_rng(3)
    n, a_day = 59 * 100, 100
    day = np.arange(n) // a_day
    true = rng.random(n) < 0.5
    right = (rng.random(n) < 0.8) | (day >= 56)
    known = (day < 56) | (np.arange(n) % 9 == 0)
    frame = pd.DataFrame(
        {
            "at": START + pd.to_timedelta(np.arange(n) * (86_400 // a_day), unit="s"),
            "id": [f"d{i}" for i in range(n)],
            "x": rng.normal(size=n),
            "said": np.where(true == right, "fraud", "ok"),
            "true": np.where(known, np.where(true, "fraud", "ok"), None),
        }
    )
    ws, _ = loaded(tmp_path, frame)
    answer = performance(ws, "fraud", by="week")
    last = answer.latest("accuracy")
    assert last is not None
    assert last.n == 700
    assert f"the latest is {100 * (last.value or 0):.1f} %" in answer.sentence
    young = max((p for p in answer.points_of("accuracy") if p.value is not None), key=lambda p: p.start)
    assert young.value == 1.0
    assert young.n < 40
    ws.close()
