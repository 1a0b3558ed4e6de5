"""Small pushed loads become one: nothing is answered, refused or proved otherwise than before."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plumbline.answers.data.load import load_file, system_loads, undo_load
from plumbline.answers.data.push_merges import PushMerges
from plumbline.answers.decisions.find import read_decision as decision
from plumbline.answers.governance.trail import trail
from plumbline.answers.notes import decision_comments
from plumbline.answers.operations.silence import rhythms
from plumbline.answers.operations.verify import verify
from plumbline.answers.respond.rollback import situation
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Act
from plumbline.logs.load import schema_changes
from plumbline.logs.push import merge_plan
from plumbline.logs.push.merge_plan import PushedLoad, _pushed_load
from plumbline.profile.bins import merge_basis
from plumbline.store import loads, systems
from plumbline.store.backup import state_digest
from plumbline.store.times import naive
from plumbline.store.workspace import Workspace, open_workspace
from tests.answers.data.test_push import Given, _numbered
from tests.environment import product
from tests.factory.shop import PUSHED_ROW
from tests.factory.workspaces import loaded_workspace

AN_HOUR, A_MONTH = timedelta(hours=1), timedelta(days=30)
#: what is counted of a system, whichever load it came with
COUNTS = {
    "profile_hour": "sum(n)",
    "profile_outcome": "sum(n)",
    "profile_presence": "count(DISTINCT day)",
}


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str], Path]:
    """A shop with six gathered pushes, three of decisions and three of labels; their receipts; and the shop before."""
    folder = tmp_path_factory.mktemp("merges")
    made = loaded_workspace(folder, rows=300)
    path = made.path
    made.close()
    before = Path(shutil.copy(path, folder / "before.duckdb"))
    ws = open_workspace(path)
    given = Given(ws)
    numbers = {}
    for i in range(3):
        bad = PUSHED_ROW | {"order_id": f"bad{i}", "decided_at": "never"}
        numbers[f"decisions {i}"] = given.push(*_numbered(10 * i, 4), bad, key=f"k{i}", actor=f"token {i}")
        given.intake.gather()
        numbers[f"labels {i}"] = given.push(
            {"decision_id": f"n{10 * i}", "label": "yes", "label_time": "2026-03-11T08:00:00Z"},
            {"decision_id": "n0", "label": ("no", "yes", "no")[i]},
            {"decision_id": f"nobody{i}", "label": "no"},
            kind="labels",
        )
        given.intake.gather()
    given.intake.close()
    ws.close()
    return path, numbers, before


@pytest.fixture
def ws(pushed: tuple[Path, dict[str, str], Path], tmp_path: Path) -> Iterator[Workspace]:
    shutil.copy(pushed[0], tmp_path / "workspace.duckdb")
    made = open_workspace(tmp_path / "workspace.duckdb")
    yield made
    made.close()


def _merged(ws: Workspace, later: timedelta = AN_HOUR) -> Given:
    given = Given(ws)
    given.intake.merge(datetime.now(UTC) + later)
    return given


def _standing(ws: Workspace) -> dict[int, int]:
    """Load -> gathered pushes, of those that stand."""
    return {load.load_id: load.pushes for load in system_loads(ws, "shop").loads if load.undone_at is None}


def _decisions(ws: Workspace) -> list[tuple[object, ...]]:
    with ws.read() as cursor:
        return cursor.execute(
            """SELECT decision_id, "timestamp", label, label_time, score, _hash FROM decision_shop
               ORDER BY ALL"""
        ).fetchall()


def _counts(ws: Workspace) -> list[object]:
    with ws.read() as cursor:
        return [cursor.execute(f"SELECT {what} FROM {table}").fetchall() for table, what in COUNTS.items()]


def test_pushes_of_an_hour_become_one_load_a_kind_that_says_what_they_said(
    ws: Workspace, pushed: tuple[Path, dict[str, str], Path]
) -> None:
    decisions, counts, entries = _decisions(ws), _counts(ws), len(trail(ws).entries)
    assert _standing(ws) == {1: 0} | dict.fromkeys(range(2, 8), 1)
    given = _merged(ws)
    assert _standing(ws) == {1: 0, 2: 3, 3: 3}
    assert (_decisions(ws), _counts(ws)) == (decisions, counts)
    assert verify(ws).problems == ()
    assert [e.action for e in trail(ws).entries[: len(trail(ws).entries) - entries]] == [
        Act.PUSHES_MERGED
    ] * 2
    whole = next(load for load in system_loads(ws, "shop").loads if load.load_id == 2)
    assert (whole.rows_read, whole.rows_loaded, whole.rows_quarantined) == (15, 12, 3)
    assert whole.actor == "token 0, token 1, token 2"
    for name, number in pushed[1].items():
        receipt = given.receipt(number)
        assert receipt.load_id == (2 if name.startswith("decisions") else 3)
    assert given.receipt(pushed[1]["decisions 2"]).rows_loaded == 4
    assert given.receipt(pushed[1]["labels 2"]).rows_quarantined == 1
    with ws.read() as cursor:
        places = cursor.execute("SELECT _line FROM decision_shop WHERE _load_id = 2 ORDER BY 1").fetchall()
        waiting = [(row.line, row.reason) for row in loads.quarantined_rows(cursor, system="shop", load_id=2)]
    assert [place for (place,) in places] == [1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14]
    assert waiting == [(line, "bad_timestamp") for line in (5, 10, 15)]
    given.intake.close()


def test_what_was_pushed_before_is_still_a_duplicate(
    ws: Workspace, pushed: tuple[Path, dict[str, str], Path]
) -> None:
    given = _merged(ws)
    again = given.push(*_numbered(10, 4))
    same = given.push(
        *_numbered(0, 4), PUSHED_ROW | {"order_id": "bad0", "decided_at": "never"}, key="k0", actor="token 0"
    )
    assert same == pushed[1]["decisions 0"]
    given.intake.gather()
    assert (given.receipt(again).rows_loaded, given.receipt(again).rows_duplicate) == (0, 4)
    given.intake.close()


def test_a_merged_load_is_taken_back_whole_and_its_parts_say_which_it_is(
    ws: Workspace, pushed: tuple[Path, dict[str, str], Path]
) -> None:
    _merged(ws).intake.close()
    with pytest.raises(PlumblineError, match="Load 6 was merged into load 2") as refused:
        undo_load(ws, 6, actor="Ana")
    assert "load 2" in refused.value.todo
    for pushes in (None, 1, 2):
        with pytest.raises(PlumblineError, match="Load 3 is of 3 pushes, 9 rows in all") as unnamed:
            undo_load(ws, 3, actor="Ana", pushes=pushes)
        assert "--pushes 3" in unnamed.value.todo
    undo_load(ws, 3, actor="Ana", pushes=3)
    undo_load(ws, 2, actor="Ana", pushes=3)
    first = open_workspace(pushed[2])
    assert _decisions(ws) == _decisions(first)
    first.close()
    assert verify(ws).problems == ()


def test_labels_of_a_merged_load_go_with_it_as_they_would_have_one_by_one(
    ws: Workspace, tmp_path: Path
) -> None:
    """The decision n0 was labelled by three pushes; what holds, and what is left, is as without the merging."""
    other = open_workspace(shutil.copy(ws.path.with_name("workspace.duckdb"), tmp_path / "apart.duckdb"))
    for load in (7, 5, 3):
        undo_load(other, load, actor="Ana")
    _merged(ws).intake.close()
    undo_load(ws, 3, actor="Ana", pushes=3)
    assert _decisions(ws) == _decisions(other)
    other.close()


def test_a_load_that_was_changed_by_hand_stays_so_that_it_is_seen(ws: Workspace) -> None:
    with ws.write() as cursor:
        cursor.execute("UPDATE decision_shop SET score = 0.01 WHERE decision_id = 'n11'")
        cursor.execute(
            "UPDATE load SET rows_read = rows_read + 1, rows_duplicate = rows_duplicate + 1 WHERE load_id = 5"
        )
    _merged(ws).intake.close()
    assert _standing(ws) == {1: 0, 2: 2, 4: 1, 3: 2, 5: 1}
    assert {problem.where for problem in verify(ws).problems} >= {"load 4", "load 5"}


def test_a_label_that_somebody_corrected_in_between_stays_what_it_is(ws: Workspace) -> None:
    """Of two labels without a time the one of the later load holds: a load is not moved past another one's."""
    given = Given(ws)
    file = ws.inbox / "labels.csv"
    file.write_text("order_id,outcome\nn1,yes\n")
    for label, by_hand in (("no", True), ("no", False)):
        rows = [{"decision_id": name, "label": label} for name in ("n1", "n2")[: 1 + (not by_hand)]]
        given.push(*rows, kind="labels")
        given.intake.gather()
        if by_hand:
            load_file(ws, file, title="shop", actor="Ana")
    before = _decisions(ws)
    given.intake.merge(datetime.now(UTC) + AN_HOUR)
    given.intake.close()
    assert _standing(ws) == {1: 0, 2: 3, 3: 4, 9: 0, 10: 1}
    undo_load(ws, 10, actor="Ana")
    with ws.read() as cursor:
        row = cursor.execute("SELECT label FROM decision_shop WHERE decision_id = 'n1'").fetchone()
    assert row == ("yes",)
    assert before != _decisions(ws)


def _changes(ws: Workspace) -> list[tuple[str, int]]:
    with ws.read() as cursor:
        changes = schema_changes.changes(loads.schemas(cursor, "shop"))
    return [(change.change, change.load_id) for change in changes if change.source == "region"]


def test_loads_with_other_columns_stay_apart_so_that_what_changed_still_shows(ws: Workspace) -> None:
    given = Given(ws)
    without = {name: value for name, value in PUSHED_ROW.items() if name != "region"}
    for i, row in enumerate((without, PUSHED_ROW, PUSHED_ROW, without, without)):
        given.push(row | {"order_id": f"s{i}"})
        given.intake.gather()
    before = _changes(ws)
    assert before == [("dropped", 8), ("returned", 9), ("dropped", 11)]
    given.intake.merge(datetime.now(UTC) + AN_HOUR)
    given.intake.close()
    assert _changes(ws) == before
    assert _standing(ws) == {1: 0, 2: 3, 3: 3, 8: 1, 9: 2, 11: 2}
    assert verify(ws).problems == ()


def test_arrivals_and_files_of_merged_loads_stay_known_merged_twice_as_well(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the loads alone a service that pushes all day would come once an hour, then once a day."""
    with ws.read() as cursor:
        before = [(a.kind, a.at, a.rows_loaded, a.labels_joined) for a in loads.arrivals(cursor, "shop")]
        files = [(load.sha256, load.kind, load.rows_read) for load in loads.list_loads(cursor, "shop")]
    assert len(before) == len(files) == 7
    with monkeypatch.context() as patched:
        patched.setattr(merge_plan, "MOST_LOADS", 2)
        _merged(ws).intake.close()
    assert _standing(ws) == {1: 0, 2: 3, 3: 3}
    with ws.read() as cursor:
        after = [(a.kind, a.at, a.rows_loaded, a.labels_joined) for a in loads.arrivals(cursor, "shop")]
        for sha256, kind, rows in files:
            (load,) = loads.loads_of_file(cursor, "shop", sha256, kind)
            assert (load.load_id, load.rows_read) == ({"decisions": 2, "labels": 3}[kind], rows) or (
                load.load_id == 1
            )
    assert after == before
    undo_load(ws, 2, actor="Ana", pushes=3)
    with ws.read() as cursor:
        assert [a.load_id for a in loads.arrivals(cursor, "shop")] == [1, 3, 3, 3]
        assert not any(loads.loads_of_file(cursor, "shop", sha, kind) for sha, kind, _ in files[1::2])


def test_silence_and_fresh_logs_are_judged_by_the_arrivals_of_merged_loads(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A push every two hours for twenty days, merged into one load; its decisions were a minute apart."""
    monkeypatch.setattr(situation, "usual_pause", lambda *_: timedelta(minutes=1))
    now = datetime.now(UTC)
    with ws.write() as cursor:
        cursor.execute("UPDATE load SET made_at = $at", {"at": naive(now - 20 * timedelta(days=1))})
        cursor.execute("UPDATE load SET undone_at = $at WHERE load_id IN (4, 6)", {"at": naive(now)})
        for i in range(240):
            at = naive(now - (i + 1) * timedelta(hours=2))
            cursor.execute("INSERT INTO merged_load VALUES (?, 'shop', 2, 0, ?, '', 1, 1, 0)", [100 + i, at])
    with ws.read() as cursor:
        system = systems.get_system(cursor, "shop")
        (rhythm,) = rhythms(cursor, system, now)
        pause = situation._pause(cursor, system, now, now)
    assert rhythm.pause is not None
    assert (rhythm.pause.since, rhythm.pause.n) == (now - timedelta(hours=2), 239)
    assert pause == timedelta(hours=2)


def test_comments_and_addresses_of_decisions_without_an_id_follow_them(ws: Workspace) -> None:
    with ws.read() as cursor:
        name = cursor.execute(
            "SELECT decision_id FROM decision_shop WHERE _load_id = 6 AND _line = 2"
        ).fetchone()
    decision_comments.comment(ws, "shop", "#6:2", "as agreed", by="Ana")
    _merged(ws).intake.close()
    assert name is not None
    assert decision(ws, "shop", "#2:12").id == decision(ws, "shop", "#6:2").id == name[0]
    with ws.read() as cursor:
        rows = cursor.execute("SELECT decision FROM comment_on_decision").fetchall()
    assert rows == [("#2:12",)]


def test_the_only_load_of_the_reference_is_named_by_its_new_number(ws: Workspace) -> None:
    """Else the next load would find that the reference changed, and make every grid anew."""
    with ws.write() as cursor:
        system = systems.get_system(cursor, "shop")
        cursor.execute(
            "UPDATE profile_basis SET row_set = json_merge_patch(row_set, $rows)",
            {"rows": '{"rows": [[6, 4]]}'},
        )
        merge_basis(cursor, system, 2, [4, 6])
        (row,) = cursor.execute("SELECT row_set->>'rows' FROM profile_basis").fetchall()
    assert row == ("[[2,4]]",)


def test_a_merge_that_fails_changes_nothing_and_stops_no_other_system(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = _decisions(ws), _standing(ws)
    with monkeypatch.context() as patched:
        patched.setattr(state_digest, "seal", lambda *_: 1 / 0)
        given = Given(ws)
        given.intake.merge(datetime.now(UTC) + AN_HOUR)
    given.intake.close()
    assert (_decisions(ws), _standing(ws)) == before
    assert "small loads of shop stay apart: " in caplog.text
    caplog.clear()
    merges, tried = PushMerges(), []
    monkeypatch.setattr(merges, "_merge", lambda ws, key, *_: tried.append(key) or 1 / 0)
    merges.merge(ws, datetime.now(UTC), actor="test")
    for key in ("other", "shop", "third"):
        merges.note(key)
    merges.merge(ws, datetime.now(UTC), actor="test")
    assert sorted(tried) == ["other", "shop", "shop", "third"]
    assert [record.message.split()[3] for record in caplog.records].count("shop") == 1
    assert verify(ws).problems == ()


_KILLED = """
import os, sys
from datetime import UTC, datetime, timedelta
from plumbline.answers.data.push_merges import PushMerges
from plumbline.store.backup import state_digest
from plumbline.store.workspace import open_workspace

state_digest.seal = lambda *_: os.kill(os.getpid(), 9)
PushMerges().merge(open_workspace(sys.argv[1]), datetime.now(UTC) + timedelta(hours=1), actor="test")
"""


def test_a_process_killed_within_a_merge_leaves_every_load_as_it_was(ws: Workspace) -> None:
    before = _decisions(ws), _standing(ws)
    ws.close()
    ended = subprocess.run([product.python(), "-c", _KILLED, str(ws.path)], check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    again = open_workspace(ws.path)
    try:
        assert (_decisions(again), _standing(again)) == before
        assert verify(again).problems == ()
        _merged(again).intake.close()
        assert _standing(again) == {1: 0, 2: 3, 3: 3}
    finally:
        again.close()


def _day_of_pushes(every: timedelta, hours: int, rows: int) -> tuple[list[PushedLoad], int, int]:
    """The loads that stand after some hours of pushes, the most that stood at once, and the moves of each row."""
    begin = datetime(2026, 3, 2, 10)
    standing: list[PushedLoad] = []
    most, moved, at, number = 0, 0, begin, 0
    while at < begin + timedelta(hours=hours):
        number += 1
        standing.append(_pushed_load(number, "decisions", at, 1, rows))
        while groups := [
            list(run) for group in merge_plan._periods(standing, at) for run in merge_plan._split_runs(group)
        ]:
            for run in groups:
                moved += sum(load.rows for load in run)
                pushes, all_rows = sum(load.pushes for load in run), sum(load.rows for load in run)
                whole = _pushed_load(run[0].load_id, "decisions", run[0].at, pushes, all_rows)
                standing = [whole, *(load for load in standing if load not in run)]
        most = max(most, len(standing))
        at += every
    return standing, most, moved // (number * rows)


@pytest.mark.parametrize(("hours", "bound"), [(3, 40), (24, 65)])
def test_a_service_that_pushes_all_day_makes_few_loads(hours: int, bound: int) -> None:
    standing, most, moves = _day_of_pushes(timedelta(seconds=15), hours, 10)
    assert most <= bound
    assert sum(load.pushes for load in standing) == hours * 240
    assert moves <= 4


def test_loads_of_an_hour_become_those_of_a_day_when_their_receipts_are_forgotten() -> None:
    hourly = [_pushed_load(i, "decisions", datetime(2026, 3, 2) + i * AN_HOUR, 240, 2_400) for i in range(48)]
    assert next(iter(merge_plan._periods(hourly, datetime(2026, 3, 3, 23, 59)))) == hourly[:1]
    days = list(merge_plan._periods(hourly, datetime(2026, 3, 2) + A_MONTH))
    assert [len(day) for day in days] == [24, 24]


def test_loads_too_large_to_be_counted_anew_stay_apart() -> None:
    large = [_pushed_load(i, "decisions", datetime(2026, 3, 2, 9, i), 16, 400_000) for i in range(5)]
    assert [[load.load_id for load in run] for run in merge_plan._split_runs(large)] == [[0, 1], [2, 3]]
