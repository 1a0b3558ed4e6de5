"""Times of a system whose zone is not UTC: those of its clock are shown, and the words beside them say so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.releases.history import releases
from plumbline.store.workspace import Workspace, open_workspace
from plumbline.ui import releases as page
from plumbline.ui.alerts import register
from plumbline.ui.parts import cards, tables
from tests.factory.decisions import HEADER, ROLES, decisions, write

FIRST = datetime(2026, 1, 5, 20, 0, tzinfo=UTC)
#: zone -> what its clock shows at the first decision, and the words for whose times they are
SHOWN = {
    "UTC": ("2026-01-05 20:00", "Times are UTC."),
    "Australia/Sydney": ("2026-01-06 07:00", "Times are those of Australia/Sydney."),
}


def loaded(zone: str, folder: Path) -> Workspace:
    rows = decisions(120, when=lambda i: (FIRST + timedelta(hours=i)).isoformat())
    path = write(folder / "a.csv", [[*row, "1"] for row in rows], (*HEADER, "v"))
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    maps = (*ROLES.items(), ("v", "version"))
    load_file(ws, path, title="s", maps=maps, positive="yes", timezone=zone, actor="test")
    return ws


@pytest.mark.parametrize("zone", SHOWN)
def test_the_words_beside_times_name_the_clock_that_shows_them(
    zone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = loaded(zone, tmp_path)
    answer = releases(ws, "s")
    words: list[str] = []
    rows: list[dict[str, Any]] = []
    monkeypatch.setattr(cards, "section", lambda *texts: words.extend(texts))
    monkeypatch.setattr(tables, "grid", lambda drawn, **_: rows.extend(drawn))
    page.table(answer)
    clock, sentence = SHOWN[zone]
    assert [row["First seen"] for row in rows] == [clock]
    assert words[-1].endswith(sentence)
    assert ("those of" in register.opening([], answer.system)[1]) == (zone != "UTC")
    ws.close()
