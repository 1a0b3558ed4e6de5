"""The sample keeps its size, lets go what is gone or erased, and is tied to the trail; no cluster is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest

from plumbline.answers.data.erase import erase_person
from plumbline.answers.data.load import load_file
from plumbline.domain import ColumnMap, Mapping, RoleName, System, Task
from plumbline.logs.cluster import attachments, sample_rows
from plumbline.logs.cluster.attachments import Attachment, Window
from plumbline.logs.cluster.strata import SampleRule, counted_strata
from plumbline.logs.cluster.table import ClusterReading, ClusterTable, joined
from plumbline.logs.load.reference_period import settle_reference
from plumbline.logs.load.settle import secret
from plumbline.logs.load.undo import undo
from plumbline.profile.bins import has_new_basis, renew_basis
from plumbline.store import systems
from plumbline.store.backup import state_digest
from plumbline.store.workspace import Workspace
from tests.factory.decisions import decisions, write
from tests.factory.samples import drawn

PLACE = Attachment(system="s", location="spark:sc://h:1", item="a.b", since="at", share=1.0, size=1000)


@pytest.fixture
def loaded(workspace: Workspace, tmp_path: Path) -> Workspace:
    load_file(workspace, write(tmp_path / "1.csv", decisions(400)), title="s", actor="t")
    return workspace


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize(("share", "least"), [(0.3, 0), (0.3, 5), (0.001, 2), (0.001, 0)])
def test_the_lowest_hashes_of_id_and_clock_stay(
    loaded: Workspace, zone: str, share: float, least: int
) -> None:
    with loaded.write() as cursor:
        system = replace(systems.get_system(cursor, "s"), timezone=zone)
        rows = cursor.execute(
            """SELECT decision_id, "timestamp", coalesce(version, '') FROM decision_s"""
        ).fetchall()
        clocks = [at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for _, at, _ in rows]
        kept = drawn([(i, at, v) for (i, _, v), at in zip(rows, clocks, strict=True)], share, least)
        gone = sample_rows.thin(cursor, system, SampleRule(share, least))
        left = {row[0] for row in cursor.execute("SELECT decision_id FROM decision_s").fetchall()}
        assert left == kept
        assert gone == len(rows) - len(kept) > 200
        assert sample_rows.thin(cursor, system, SampleRule(share, least)) == 0
    if least:  # of every day and version there are some
        assert {(at.date(), v) for (i, _, v), at in zip(rows, clocks, strict=True) if i in left} == {
            (at.date(), v) for (_, _, v), at in zip(rows, clocks, strict=True)
        }


def test_decisions_are_known_by_day_and_version(loaded: Workspace) -> None:
    with loaded.read() as cursor:
        rows = cursor.execute(
            """SELECT CAST("timestamp" AS DATE), coalesce(version, ''), count(*) FROM decision_s GROUP BY 1, 2"""
        ).fetchall()
        assert counted_strata(cursor, "s") == {(day, version): n for day, version, n in rows}
        assert counted_strata(cursor, "other") == {}


def test_a_sample_that_thins_out_moves_no_reference(workspace: Workspace, tmp_path: Path) -> None:
    """Which loads reach a thousand decisions is told by what was counted of them, and not by what is here."""
    first = datetime(2026, 1, 1)
    for place in (0, 1):
        rows = decisions(
            1200, place * 1200, when=lambda i: (first + timedelta(hours=2 * i)).isoformat() + "Z"
        )
        load_file(workspace, write(tmp_path / f"{place}.csv", rows), title="s", actor="t")
    with workspace.write() as cursor:
        before = systems.get_system(cursor, "s")
        attachments.keep(cursor, PLACE)
        for load in (1, 2):
            attachments.add_window(cursor, "s", Window(load_id=load, low=None, high=str(load), n_read=1200))
        cursor.execute("DELETE FROM decision_s WHERE _line % 10 > 0 AND _load_id = 1")
        assert settle_reference(cursor, before) == before
        # what was taken back counts no more, though its counts are still there
        cursor.execute("DELETE FROM attachment_window WHERE load_id = 1")
        assert settle_reference(cursor, before) != before


def test_a_sample_that_thins_out_asks_for_no_new_grids(loaded: Workspace) -> None:
    with loaded.write() as cursor:
        system = systems.get_system(cursor, "s")
        assert sample_rows.thin(cursor, system, SampleRule(0.2, 1)) > 0
        assert has_new_basis(cursor, system)
        renew_basis(cursor, system)
        assert not has_new_basis(cursor, system)


def test_rows_that_the_table_lost_leave_the_sample(loaded: Workspace) -> None:
    with loaded.write() as cursor:
        system = systems.get_system(cursor, "s")
        rows = cursor.execute(
            'SELECT decision_id, epoch_us("timestamp"), CAST("timestamp" AS DATE) FROM decision_s ORDER BY 2'
        ).fetchall()
        day = rows[0][2]
        of_day = [row for row in rows if row[2] == day]
        there = of_day[3:]  # those of other days are not looked at
        table = pa.table({"decision_id": [r[0] for r in there], "utc": [r[1] for r in there]})
        assert sample_rows.drop_missing(cursor, system, table, [1], {day}) == 3
        left = {row[0] for row in cursor.execute("SELECT decision_id FROM decision_s").fetchall()}
    assert left == {row[0] for row in rows} - {row[0] for row in of_day[:3]}


def test_what_was_erased_here_is_not_taken_again(loaded: Workspace) -> None:
    with loaded.read() as cursor:
        first = cursor.execute("SELECT min(decision_id) FROM decision_s").fetchone()[0]
    erase_person(loaded, "s", decision_id=first, actor="t")
    drawn = pa.table({"id": [first, f" {first} ", "another", None], "who": ["a", "b", "c", None]})
    with loaded.write() as cursor:
        rest = sample_rows.without_erased(cursor, "s", secret(cursor), drawn, "id", "who")
        assert rest.column("id").to_pylist() == ["another", None]
        assert sample_rows.is_erased(cursor, "s", secret(cursor), first, None)
        assert not sample_rows.is_erased(cursor, "s", secret(cursor), "another", "c")
        assert sample_rows.without_erased(cursor, "other", secret(cursor), drawn, "id", None).num_rows == 4


def _attach(ws: Workspace) -> None:
    with ws.write() as cursor:
        attachments.keep(cursor, PLACE)
        attachments.add_window(cursor, "s", Window(load_id=1, low=None, high="5", n_read=400))
        attachments.keep_days(cursor, "s", {(1, date(2026, 1, 5)): (60, "x")})
        state_digest.mark_profiles(cursor, "s", [1, state_digest.GRIDS])
        detail = state_digest.seal(cursor, "s")
        from plumbline.store import trail

        trail.append(cursor, actor="t", action="counted anew", system="s", detail=detail)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE attachment SET item = 'a.other'", ("grids", 0)),
        ("UPDATE attachment_window SET high = '9'", ("counts", 1)),
        ("DELETE FROM attachment_day", ("counts", 1)),
    ],
)
def test_where_the_decisions_lie_is_tied_to_the_trail(
    loaded: Workspace, change: str, what: tuple[str, int]
) -> None:
    _attach(loaded)
    with loaded.write() as cursor:
        assert list(state_digest.differences(cursor, "s")) == []
        cursor.execute(change)
        assert state_digest.Difference("s", *what) in list(state_digest.differences(cursor, "s"))


def _clear(cursor: duckdb.DuckDBPyConnection, system: System, *_: object) -> None:
    for table in state_digest.PROFILES:
        cursor.execute(f"DELETE FROM {table} WHERE system = ?", [system.key])


def test_an_undone_look_leaves_nothing_loose(loaded: Workspace) -> None:
    _attach(loaded)
    undo(loaded, 1, actor="t", after=_clear)
    with loaded.read() as cursor:
        assert list(state_digest.differences(cursor, "s")) == []
        assert attachments.days(cursor, "s") == {}


def test_ranges_that_touch_are_one_and_a_day_is_asked_of_the_column_itself() -> None:
    windows = [
        Window(load_id=1, low=None, high="3", n_read=1), Window(load_id=2, low="3", high="5", n_read=1),
        Window(load_id=4, low="7", high="9", n_read=1),
    ]  # fmt: skip
    assert joined(windows) == [(None, "5"), ("7", "9")]
    assert joined([]) == []
    columns = tuple(
        ColumnMap(column=name, role=RoleName(role))
        for name, role in (("at", "timestamp"), ("p", "prediction"))
    )
    table = ClusterTable(name="a.b", kinds={"at": "timestamp", "p": "string", "n": "bigint"}, since="n")
    reading = ClusterReading(
        table=table, mapping=Mapping(columns=columns), task=Task.BINARY, zone="UTC", windows=tuple(windows)
    )
    query = reading.decisions(since=date(2026, 3, 1))
    assert "`at` >= CAST('2026-02-27' AS timestamp)" in query
    assert "`timestamp` >= DATE '2026-03-01'" in query
    assert "CAST('2026-02" not in reading.decisions()
