"""The complaints that a log holds, against the cells that were written."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

from plumbline.answers.data.load import load_file
from plumbline.profile.scan.complaints import LoggedComplaint, complaints
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from tests.factory.decay import KEY, MAPS, START, rows

#: what is written of a complaint and of its answer, and what is to be read of it: days from the start; none where None
CELLS = (
    ("", "", None),
    ("no", "", None),
    ("2026-01-07", "2026-01-09", (2, 4, False)),
    ("2026-01-07", "", (2, None, False)),
    ("2026-01-07", "2026-01-06", (2, None, False)),  # an answer before the complaint answers nothing
    ("2026-01-07", "2026-01-07", (2, 2, False)),
    ("2026-01-07", "by letter", (2, None, True)),
    ("yes", "2026-01-09", (None, 4, False)),
    ("yes", "", (None, None, False)),
    ("2026-01-05", "2026-01-09", None),  # not after the moment from which they count
    ("2026-01-11", "", (6, None, False)),  # at the moment up to which they do
    ("2026-01-12", "", None),
)


def test_each_complaint_of_the_time_is_there_with_its_answer(workspace: Workspace, tmp_path: Path) -> None:
    frame = rows(1, 3, "1", "2025-12-01", 0.9, 3)
    frame["complained"], frame["answered"] = "", ""
    for place, (said, reply, _) in enumerate(CELLS):
        frame.loc[place, ["complained", "answered"]] = said, reply
    path = tmp_path / "log.csv"
    frame.assign(at=frame["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(path, index=False)
    maps = (*MAPS, ("complained", "complaint"), ("answered", "complaint_answer"))
    load_file(workspace, path, title=KEY, maps=maps, positive="take", actor="test")
    start = START.to_pydatetime()
    until = start + timedelta(days=6)
    with workspace.read() as cursor:
        system = systems.get_system(cursor, KEY)
        columns = {c.role.role: c.name for c in systems.decision_columns(cursor, system.key)}
        column, answer = columns["complaint"], columns["complaint_answer"]
        both = complaints(cursor, system, column, answer, start, until)
        alone = complaints(cursor, system, column, None, start, until)

    def at(days: int | None) -> datetime | None:
        return None if days is None else (pd.Timestamp(start) + pd.Timedelta(days=days)).to_pydatetime()

    expected = [LoggedComplaint(at(cell[0]), at(cell[1]), cell[2]) for *_, cell in CELLS if cell]
    assert sorted(map(repr, both)) == sorted(map(repr, expected))
    assert sorted(map(repr, alone)) == sorted(repr(LoggedComplaint(c.receipt, None, False)) for c in expected)
