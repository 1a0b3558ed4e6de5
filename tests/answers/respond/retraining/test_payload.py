"""What a target of a retraining is told: what to leave out and where it hurts most, and no value of a column."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from plumbline.answers.data.load import load_file
from plumbline.answers.respond.retraining.triggers import add_trigger
from plumbline.answers.respond.retraining.work import send_test
from plumbline.domain import Finding, Severity
from plumbline.domain.respond import RetrainingTrigger
from plumbline.store import findings as register
from plumbline.store.workspace import Workspace
from tests.factory.decay import HEALTHY, KEY, MAPS, START, healthy_reference, rows
from tests.respond.receiver import answer_with, receiver


def log() -> pd.DataFrame:
    """Three weeks in which the decisions of one region are wrong far more often."""
    old, new = rows(0, HEALTHY, "1", "2025-12-01", 0.9, 1), rows(HEALTHY, 21, "1", "2025-12-01", 0.9, 2)
    frame = pd.concat([old, new], ignore_index=True)
    draw = np.random.default_rng(3)
    frame["region"] = draw.choice(["canary-north", "canary-south"], len(frame))
    hit = (frame["region"] == "canary-north") & (frame.index >= len(old)) & (draw.random(len(frame)) < 0.6)
    frame.loc[hit, "true"] = np.where(frame.loc[hit, "said"] == "take", "skip", "take")
    return frame


def test_a_payload_names_what_to_leave_out_and_where_it_hurts_without_a_value(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "log.csv"
    frame = log()
    frame.assign(at=frame["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(path, index=False)
    load_file(
        workspace, path, title=KEY, maps=(*MAPS, ("region", "segment:region")), positive="take", actor="t"
    )
    healthy_reference(workspace)
    since = (START + timedelta(days=30)).to_pydatetime()
    broken = Finding(
        system=KEY, signal="missing.x", sentence="x is missing.", since=since, until=since + timedelta(days=2),
        severity=Severity.LOW, confidence=None, page="drift", figures={},
    )  # fmt: skip
    with workspace.write() as cursor:
        register.add(cursor, broken, since, None)
    with receiver(answer_with(202, b'{"run": "job-1"}')) as got:
        item = RetrainingTrigger(system=KEY, name="retrain", url=f"{got.url}/hook", allow_inner=True)
        add_trigger(workspace, item, by="Ada")
        send_test(workspace, KEY, "retrain", by="Ada")
        data = json.loads(got.came[0].body)["data"]
    assert data["leave_out"] == [
        {"from": "2026-02-04T00:00:00+00:00", "to": "2026-02-06T00:00:00+00:00", "because": "missing.x"}
    ]
    worst = data["segments"][0]
    after = frame.iloc[56 * 60 :]  # since the reference
    north = after[after["region"] == "canary-north"]
    assert (worst["columns"], worst["metric"]) == (["region"], "accuracy")
    assert worst["n"] == len(north)
    assert abs(worst["value"] - (north["said"] == north["true"]).mean()) < 1e-9
    assert worst["expected"] - worst["value"] > 0.25
    assert b"canary" not in got.came[0].body
