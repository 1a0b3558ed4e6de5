"""What is said of every decision of a table, and not of the sample: repeated inputs, and figures where outcomes are
known for some decisions only."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from plumbline.answers import scans
from plumbline.answers.alerts.check import check
from plumbline.answers.alerts.findings import findings
from plumbline.answers.data.attach import attach
from plumbline.answers.data.load import FileAnswers, load_file
from plumbline.answers.governance.scorecard import scorecard
from plumbline.answers.performance.series import performance
from plumbline.domain import Repeats
from plumbline.store import systems
from plumbline.store.workspace import Workspace, open_workspace
from tests.cluster.logs import classifier, loaded, write
from tests.cluster.server import Server
from tests.factory.samples import place

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]


def coarse(n: int = 6000) -> pd.DataFrame:
    """A log of which many inputs repeat: a rounded one that moves the score a little, and some answers of chance."""
    rng = np.random.default_rng(7)
    log = classifier(n).drop(columns=["amount", "shop"])
    age = rng.uniform(20, 70, n)
    p = 1 / (1 + np.exp(-((age - 45) / 8 + (log["visits"] - 6) / 3)))
    p = np.where(rng.random(n) < 0.02, 1 - p, p)
    return log.assign(
        age=age.round(), score=p.round(6), prediction=np.where(p > 0.5, "yes", "no"),
        segment_endpoint=rng.choice(["eu", "us"], n),
    )  # fmt: skip


def _repeats(ws: Workspace) -> Repeats:
    with ws.read() as cursor:
        return scans.find_repeats(cursor, systems.get_system(cursor, "x"), examples=True)


def _rel_8(ws: Workspace) -> tuple[str, str]:
    control = next(each for each in scorecard(ws, "x").controls if each.id == "REL-8")
    return str(control.status), str(control.evidence.sentence)


def test_repeated_inputs_are_counted_as_here_and_unknown_while_nobody_answers(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = coarse()
    maps = (("segment_endpoint", "segment:endpoint"),)
    zone = "America/New_York"  # the clock of the hashes is not that of the stored times
    answers = FileAnswers(maps=maps, timezone=zone)
    away = open_workspace(tmp_path / "away.duckdb", memory_limit="1GB")
    attach(
        away, server.address, title="x", item=server.table("coarse", write(tmp_path, log)), since="decided_at",
        size=2000, answers=answers, actor="Ana",
    )  # fmt: skip
    here = open_workspace(tmp_path / "here.duckdb", memory_limit="1GB", read_from=[tmp_path])
    log.to_parquet(tmp_path / "log.parquet", coerce_timestamps="us")
    load_file(here, tmp_path / "log.parquet", title="x", maps=maps, timezone=zone, actor="Ana")
    # what a sample of rows says of rounded inputs is of fewer rows here: the same is asked of both
    monkeypatch.setattr(scans, "_repeat_tolerance", lambda *given: 0.02)
    there, known = _repeats(away), _repeats(here)
    assert replace(there, examples=()) == replace(known, examples=())
    assert min(there.groups, there.conflicting_groups, there.near_groups, there.decided) > 30
    assert 0 < len(there.examples) <= 20
    for group in there.examples:
        assert len(group) == 2
        assert group[0].features == group[1].features
        assert group[0].score != group[1].score
    assert _rel_8(away) == _rel_8(here)
    check(away, "x", actor="Ana")
    standing = {r.finding.signal for r in findings(away, "x") if r.open}
    assert "consistency.repeats" in standing
    with away.write() as cursor:  # as if the cluster were gone, and nothing were kept of what it said
        cursor.execute("UPDATE attachment SET location = 'spark:sc://127.0.0.1:1'")
        cursor.execute("DELETE FROM kept")
    assert _repeats(away).unknown
    assert _rel_8(away) == ("unknown", "Whether an input occurs twice for one version is not known.")
    check(away, "x", actor="Ana")
    assert {r.finding.signal for r in findings(away, "x") if r.open} >= {"consistency.repeats"}


def _performance(ws: Workspace) -> Any:
    values = json.loads(json.dumps(performance(ws, "x").to_dict()))
    return {name: value for name, value in values.items() if name not in ("sample", "cautions")}


@pytest.mark.parametrize("known", ["yes alone", "yes more often", "higher scores"])
def test_figures_where_outcomes_are_known_for_some_are_weighted_or_bounded_as_here(
    server: Server, tmp_path: Path, known: str
) -> None:
    log = classifier(8000)
    rng = np.random.default_rng(3)
    kept = {
        "yes alone": log["prediction"] == "yes",
        "yes more often": rng.random(len(log)) < np.where(log["prediction"] == "yes", 0.95, 0.3),
        "higher scores": rng.random(len(log)) < log["score"].fillna(0.5),
    }[known]
    log.loc[~kept, ["label", "label_time"]] = None
    log["label_time"] = pd.to_datetime(log["label_time"])
    away = open_workspace(tmp_path / "away.duckdb", memory_limit="1GB")
    table = server.table("selective", write(tmp_path, log))
    attach(away, server.address, title="x", item=table, since="decided_at", size=1000, actor="Ana")
    there, here = _performance(away), _performance(loaded(tmp_path, log))
    assert there == here
    words = json.dumps(there)
    assert "utcomes are known for" in words
    assert "eighted to all decisions" in words or "ver all decisions accuracy" in words


def test_a_weight_that_the_sample_misses_makes_shares_unknown(server: Server, tmp_path: Path) -> None:
    log = classifier(6000).assign(sample_weight=1.0)
    last = max(zip(log["decision_id"], log["decided_at"], log["model_version"], strict=True), key=place)
    log.loc[log["decision_id"] == last[0], "sample_weight"] = 20.0
    away = open_workspace(tmp_path / "away.duckdb", memory_limit="1GB")
    table = server.table("weighted", write(tmp_path, log))
    attach(away, server.address, title="x", item=table, since="decided_at", size=1000, actor="Ana")
    with away.read() as cursor:
        row = cursor.execute('SELECT count(*), max("weight:sample_weight") FROM decision_x').fetchone()
    assert row is not None
    assert row[0] < 1200
    assert row[1] == 1.0
    there, here = performance(away, "x"), performance(loaded(tmp_path, log), "x")
    assert there.sentence == here.sentence
    assert "stand for 1 to 20 decisions each (sample_weight)" in there.sentence
    assert all(point.value is None for point in there.points)
