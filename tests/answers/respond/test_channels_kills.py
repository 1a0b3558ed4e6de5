"""Whatever is killed on the way: the message arrives, and at a receiver that knows ids it arrives once."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from plumbline.answers.respond import channels
from plumbline.store.workspace import open_workspace
from tests.answers.respond.outbox_cases import outbox
from tests.environment import product
from tests.respond.receiver import receiver

ROOT = Path(__file__).parents[3]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_at_each_step_loses_nothing_and_repeats_under_the_same_id(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with receiver() as own:
        ws = open_workspace(path)
        channels.add(ws, "ops", own.url, by="Ada", allow_inner=True)
        ws.close()
        killed = [product.python(), "-m", "tests.answers.respond.killed", str(path)]
        subprocess.run(killed, cwd=ROOT, check=True)
        ws = open_workspace(path)
        (message,) = outbox(ws)
        ws.close()
    assert message.state == "sent"
    assert {request.headers["webhook-id"] for request in own.came} == {message.id}
    assert len(own.came) == 3  # sent twice into a death, and once more
    assert len({request.body for request in own.came}) == 1
