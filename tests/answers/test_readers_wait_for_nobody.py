"""Whoever reads waits for no writer: a load takes minutes, and a page or a command beside it does not."""

from __future__ import annotations

import threading
from pathlib import Path

from plumbline.answers.governance.portfolio import overview
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.store import trail
from plumbline.store.workspace import Workspace
from tests.factory.workspaces import load_log


def test_a_scorecard_waits_for_no_load_and_is_kept_when_nobody_writes(
    workspace: Workspace, tmp_path: Path
) -> None:
    load_log(workspace, tmp_path, rows=300)
    seen: list[str] = []

    def read() -> None:
        seen.append(scorecard_answer(workspace, "shop").card.verdict)
        seen.append(overview(workspace).rows[0].verdict)

    reader = threading.Thread(target=read, daemon=True)
    with workspace.write():  # a load at work
        reader.start()
        reader.join(20)
        assert not reader.is_alive()
    assert seen[0] == seen[1]
    with workspace.read() as cursor:
        assert not trail.entries(cursor, action="scorecard kept")
    scorecard_answer(workspace, "shop")
    with workspace.read() as cursor:
        assert len(trail.entries(cursor, action="scorecard kept")) == 1
