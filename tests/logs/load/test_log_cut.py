"""A log that is cut at a moment of its system's clock holds what that clock had shown by then, in whichever zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.question import log_span, reporting_date
from plumbline.logs.load.log_cut import cut_log
from plumbline.profile import build
from plumbline.store import systems
from plumbline.store.sql import decision_table
from plumbline.store.workspace import Workspace, open_workspace
from tests.factory.decisions import HEADER, ROLES, decisions, write

#: a decision an hour over three weeks in which Sydney's clock is set back, on 5 April 2026; outcomes come later
TIMES = pd.Series(pd.date_range("2026-03-25", periods=24 * 21, freq="h", tz="UTC"))
KNOWN = TIMES + pd.Timedelta(hours=30)


def workspace_in(zone: str, folder: Path) -> Workspace:
    made = decisions(len(TIMES), when=lambda i: TIMES[i].isoformat())
    path = write(
        folder / "log.csv", [[*row, KNOWN[i].isoformat()] for i, row in enumerate(made)], (*HEADER, "known")
    )
    maps = (*ROLES.items(), ("known", "label_time"))
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    load_file(ws, path, title="s", maps=maps, positive="yes", timezone=zone, actor="test")
    return ws


@pytest.mark.parametrize("zone", ["UTC", "Australia/Sydney", "America/New_York"])
def test_a_cut_holds_the_decisions_and_the_labels_that_the_clock_had_shown_by_then(
    zone: str, tmp_path: Path
) -> None:
    ws, ids = workspace_in(zone, tmp_path), pd.Series([f"d{i:04d}" for i in range(len(TIMES))])
    made, known = (times.dt.tz_convert(zone).dt.tz_localize(None) for times in (TIMES, KNOWN))
    with ws.read() as cursor:
        system = systems.get_system(cursor, "s")
        assert system.timezone == zone
        end = reporting_date(system, log_span(cursor, system))
    middle = datetime(2026, 4, 6, tzinfo=UTC)  # a midnight of that clock
    for at in (end, middle + timedelta(hours=5), middle):  # each is a cut of the one before it
        there = made <= at.replace(tzinfo=None)
        labelled = there & (known <= at.replace(tzinfo=None))
        if at == end:
            assert there.all()
        with ws.write() as cursor:
            cut = cut_log(cursor, systems.get_system(cursor, "s"), at)
            build.shorten(cursor, cut.system, cut.last, cut.label_loss)
            rows = cursor.execute(f"SELECT decision_id, label FROM {decision_table('s')}").fetchall()
            counted = cursor.execute("SELECT sum(n) FROM profile_hour").fetchone()
        assert {number for number, _ in rows} == {*ids[there]}
        assert {number for number, label in rows if label} == {*ids[labelled]}
        assert cut.last == at.date()
        assert counted == (len(rows),)
    ws.close()
