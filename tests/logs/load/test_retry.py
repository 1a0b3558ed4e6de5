"""Rows in quarantine tried again: what fits becomes a load of its own, what does not stays, and the counts hold."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from plumbline.answers.data.load import load_file, undo_load
from plumbline.answers.data.quarantine import (
    QuarantineAnswer,
    quarantine_answer,
    quarantine_csv,
    retry_load,
    try_retry,
)
from plumbline.domain import Load, PlumblineError
from plumbline.store import loads
from plumbline.store.workspace import Workspace, open_workspace
from tests.conftest import Ran
from tests.factory.decisions import HEADER, decisions, row, rows_of, write

ROWS = 120


def _dirty(i: int) -> list[str]:
    """Every 10th time is written as a German does, every 15th row lacks prediction and score."""
    changed: dict[str, object] = {}
    if i % 10 == 0:
        changed["when"] = f"{1 + i // 24 % 28:02d}.01.2026 {i % 24:02d}:00"
    if i % 15 == 1:
        changed |= {"pred": "", "score": ""}
    return row(i, **changed)


LATE, EMPTY = ROWS // 10, ROWS // 15


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Load]:
    """A workspace with one dirty load, made once."""
    folder = tmp_path_factory.mktemp("dirty")
    path = write(folder / "log.csv", [_dirty(i) for i in range(ROWS)])
    with path.open("a") as out:
        out.write(
            "d9001,2026-01-09T10:00:00Z,0.9,yes\nd9002,2026-01-09T11:00:00Z,0.9,yes,no,30,north,extra\n"
        )
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    made = load_file(ws, path, title="s", actor="test")
    ws.close()
    return ws.path, made


@pytest.fixture
def dirty(base: tuple[Path, Load], tmp_path: Path) -> Iterator[tuple[Workspace, Load]]:
    shutil.copy(base[0], tmp_path / "copy.duckdb")
    ws = open_workspace(tmp_path / "copy.duckdb", read_from=[tmp_path])
    yield ws, base[1]
    ws.close()


def _held(ws: Workspace) -> QuarantineAnswer:
    return quarantine_answer(ws, "s")


def _holds(ws: Workspace) -> None:
    """For every load that stands: read = loaded + duplicates + quarantined, and all of it is where it should be."""
    with ws.read() as cursor:
        for load in loads.list_loads(cursor, "s"):
            assert load.rows_read == load.rows_loaded + load.rows_duplicate + load.rows_quarantined
            if load.undone_at:
                continue
            there = len(rows_of(ws, "_line", where=f"_load_id = {load.load_id}"))
            kept = cursor.execute(
                "SELECT count(*) FROM quarantine WHERE load_id = ?", [load.load_id]
            ).fetchone()
            taken = cursor.execute(
                "SELECT count(*) FROM quarantine WHERE retried_by = ?", [load.load_id]
            ).fetchone()
            assert load.kind != "decisions" or there == load.rows_loaded
            assert kept == (load.rows_quarantined,)
            assert taken == ((load.rows_read if load.retry_of else 0),)


def test_times_in_another_format_load_and_the_rest_stays(dirty: tuple[Workspace, Load]) -> None:
    ws, first = dirty
    assert first.reasons == {
        "bad_timestamp": LATE, "no_prediction": EMPTY, "too_few_fields": 1, "too_many_fields": 1,
    }  # fmt: skip
    made = retry_load(ws, first.load_id, reason="bad_timestamp", actor="test")
    assert (made.rows_read, made.rows_loaded, made.rows_duplicate, made.rows_quarantined) == (
        LATE,
        LATE,
        0,
        0,
    )
    assert made.retry_of == first.load_id
    assert {why for _, why, _ in _held(ws).counts} == {"no_prediction", "too_few_fields", "too_many_fields"}
    again = dict(rows_of(ws, '"decision_id", "timestamp"', where=f"_load_id = {made.load_id}"))
    assert f"{again['d0010']:%Y-%m-%d %H:%M}" == "2026-01-01 10:00"
    _holds(ws)


def test_the_remembered_mapping_is_not_that_of_the_odd_rows(dirty: tuple[Workspace, Load]) -> None:
    ws, first = dirty
    retry_load(ws, first.load_id, reason="bad_timestamp", actor="test")
    with ws.read() as cursor:
        row = cursor.execute("SELECT body FROM mapping WHERE system = 's'").fetchone()
    assert row is not None
    assert next(c["format"] for c in json.loads(row[0])["columns"] if c["column"] == "when") == "iso"


def test_rows_of_the_wrong_length_load_only_when_asked_for(dirty: tuple[Workspace, Load]) -> None:
    ws, first = dirty
    with pytest.raises(PlumblineError, match="too many fields in 1"):
        retry_load(ws, first.load_id, reason="too_many_fields", actor="test")
    short = retry_load(ws, first.load_id, reason="too_few_fields", lenient=True, actor="test")
    long = retry_load(ws, first.load_id, reason="too_many_fields", lenient=True, actor="test")
    assert (short.rows_loaded, long.rows_loaded) == (1, 1)
    assert rows_of(ws, '"decision_id", label, "feature:region"', where=f"_load_id = {short.load_id}") == [
        ("d9001", None, None)
    ]
    assert rows_of(ws, '"feature:region"', where=f"_load_id = {long.load_id}") == [("north",)]
    _holds(ws)


def test_a_mended_mapping_makes_rows_fit(dirty: tuple[Workspace, Load]) -> None:
    ws, first = dirty
    assert try_retry(ws, first.load_id, reason="no_prediction").reasons == {"no_prediction": EMPTY}
    made = retry_load(
        ws, first.load_id, reason="no_prediction", maps=(("label", "prediction"),), actor="test"
    )
    assert made.rows_loaded == EMPTY
    _holds(ws)


def test_a_retry_can_be_taken_back_and_the_first_load_only_after_it(dirty: tuple[Workspace, Load]) -> None:
    ws, first = dirty
    before = _held(ws).counts
    made = retry_load(ws, first.load_id, reason="bad_timestamp", actor="test")
    with pytest.raises(PlumblineError, match=f"Take back load {made.load_id} first"):
        undo_load(ws, first.load_id, actor="test")
    assert undo_load(ws, made.load_id, actor="test") == LATE
    assert _held(ws).counts == before
    _holds(ws)
    assert retry_load(ws, first.load_id, reason="bad_timestamp", actor="test").rows_loaded == LATE
    _holds(ws)


def test_rows_that_came_in_another_way_are_duplicates(dirty: tuple[Workspace, Load], tmp_path: Path) -> None:
    ws, first = dirty
    mended = write(tmp_path / "mended.csv", [row(i) for i in range(0, ROWS, 10)])
    load_file(ws, mended, title="s", actor="test")
    made = retry_load(ws, first.load_id, reason="bad_timestamp", actor="test")
    assert (made.rows_loaded, made.rows_duplicate) == (0, LATE)
    _holds(ws)


def test_labels_wait_for_their_decisions(workspace: Workspace, tmp_path: Path) -> None:
    load_file(workspace, write(tmp_path / "a.csv", decisions(40, label="")), title="s", actor="t")
    pairs = [[f"d{i:04d}", "yes" if i % 2 else "no"] for i in range(60)]
    early = load_file(workspace, write(tmp_path / "l.csv", pairs, ("id", "label")), title="s", actor="t")
    assert early.reasons == {"unknown_decision": 20}
    with pytest.raises(PlumblineError, match="unknown decision in 20"):
        retry_load(workspace, early.load_id, actor="t")
    load_file(workspace, write(tmp_path / "b.csv", decisions(15, start=40, label="")), title="s", actor="t")
    made = retry_load(workspace, early.load_id, actor="t")
    assert (made.kind, made.labels_joined, made.rows_quarantined) == ("labels", 15, 0)
    assert _held(workspace).counts == ((early.load_id, "unknown_decision", 5),)
    _holds(workspace)


def test_rows_of_a_typed_file_are_kept_as_objects(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    body = write(tmp_path / "log.csv", [_dirty(i) for i in range(ROWS)])
    duckdb.sql(f"COPY (FROM read_csv('{body}', all_varchar = true)) TO '{path}'")
    first = load_file(workspace, path, title="s", actor="test")
    assert set(json.loads(_held(workspace).rows[0].raw)) <= set(HEADER)
    assert retry_load(workspace, first.load_id, reason="bad_timestamp", actor="test").rows_loaded == LATE
    _holds(workspace)


def test_the_file_to_take_away_holds_no_formula(dirty: tuple[Workspace, Load], tmp_path: Path) -> None:
    ws, _ = dirty
    bad = [row(i, id=f"=cmd|' /C calc'!A{i}", when="never") for i in range(3)] + [
        row(900 + i) for i in range(60)
    ]
    load_file(ws, write(tmp_path / "hostile.csv", bad), title="s", actor="test")
    rows = list(csv.reader(io.StringIO(quarantine_csv(ws, "s"))))
    assert len(rows) == 1 + _held(ws).total
    assert not [cell for cells in rows for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert sum(cells[-1].startswith("'=cmd|") for cells in rows) == 3


def test_the_command_line_shows_writes_and_retries(plumbline: Callable[..., Ran], tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", [_dirty(i) for i in range(ROWS)])
    first = plumbline("load", path, "--system", "s", "--json").json
    found = plumbline(
        "quarantine", "s", "--load", first["load_id"], "--out", tmp_path / "q.csv", "--json"
    ).json
    assert found["waiting"] == LATE + EMPTY == first["rows_quarantined"]
    assert len((tmp_path / "q.csv").read_text("utf-8-sig").splitlines()) == found["waiting"] + 1
    made = plumbline("retry", first["load_id"], "--reason", "bad_timestamp", "--json").json
    assert (made["rows_loaded"], made["retry_of"]) == (LATE, first["load_id"])
    refused = plumbline("retry", first["load_id"])
    assert refused.code == 2
    assert "no prediction in" in refused.err


def test_a_nested_json_record_is_read_again_by_the_way_to_its_cells(
    workspace: Workspace, tmp_path: Path
) -> None:
    records = [
        {"event": {"id": f"n{i:02d}",
                   "time": f"2026-01-{1 + i:02d}T10:00:00Z" if i % 8 else f"{1 + i:02d}.01.2026 10:00"},
         "inputs": {"age": 20 + i, "place": {"region": "north" if i % 3 else "south"}}, "score": i / 31,
         "prediction": "yes" if i > 15 else "no"}
        for i in range(31)
    ]  # fmt: skip
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in records), "utf-8")
    made = load_file(workspace, path, title="s", actor="test")
    assert (made.rows_loaded, made.rows_quarantined) == (27, 4)
    again = retry_load(workspace, made.load_id, actor="test", date_order="dmy")
    assert again.rows_loaded == 4
    found = rows_of(workspace, '"decision_id", "feature:inputs.age", "feature:inputs.place.region"',
                    where=f"_load_id = {again.load_id}")  # fmt: skip
    assert found == [
        ("n00", 20.0, "south"),
        ("n08", 28.0, "north"),
        ("n16", 36.0, "north"),
        ("n24", 44.0, "south"),
    ]
