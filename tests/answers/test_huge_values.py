"""Numbers that no arithmetic can carry: the row stays or waits, and no figure, no list and no load is lost by them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.governance.portfolio import overview
from plumbline.profile import build
from plumbline.store import systems
from plumbline.store.sql import decision_table
from plumbline.store.workspace import Workspace, open_workspace
from tests.conftest import Ran

HUGE = 1e200
MAPS = (("amount", "feature:amount"), ("due", "feature:due"))


def _rows(n: int = 600, *, regression: bool = False) -> list[dict[str, Any]]:
    """Decisions over five months; both an early and a late one hold a value of 1e200."""
    made = []
    for i in range(n):
        score = ((i * 37) % 100) / 100
        yes = (i * 53) % 100 < score * 100
        made.append({
            "decision_id": f"d{i}",
            "timestamp": f"2026-0{1 + i // 120}-{1 + i // 9 % 28:02d}T{i % 24:02d}:00:00Z",
            "prediction": 100 * score + 0.5 if regression else "yes" if score > 0.5 else "no",
            "label": 100 * score + i % 7 if regression else "yes" if yes else "no",
            "amount": HUGE if i in (5, 500) else 20.0 + i % 50, "due": float(i % 30),
        } | ({} if regression else {"score": score}))  # fmt: skip
    return made


def _csv(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("\n".join([",".join(rows[0]), *(",".join(map(str, r.values())) for r in rows)]) + "\n")


WRITERS: dict[str, Callable[[Path, list[dict[str, Any]]], object]] = {
    "log.csv": _csv,
    "log.parquet": lambda path, rows: pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path),
    "log.arrow": lambda path, rows: pyarrow.feather.write_feather(pa.Table.from_pylist(rows), str(path)),
    "log.jsonl": lambda path, rows: path.write_text("\n".join(map(json.dumps, rows))),
    "log.json": lambda path, rows: path.write_text(json.dumps(rows)),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_feature_beyond_all_bounds_counts_as_infinity_does_and_its_row_stays(
    name: str, tmp_path: Path, workspace: Workspace
) -> None:
    WRITERS[name](tmp_path / name, _rows())
    made = load_file(workspace, tmp_path / name, title="s", maps=MAPS, actor="test")
    assert (made.rows_loaded, made.rows_quarantined, made.unchecked) == (600, 0, "")
    with workspace.read() as cursor:
        held = cursor.execute(
            f'SELECT count("feature:amount"), max("feature:amount") FROM {decision_table("s")}'
        ).fetchone()
    assert held == (598, 69.0)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("column", ["prediction", "label"])
def test_an_output_or_label_beyond_all_bounds_waits_in_quarantine(
    name: str, column: str, tmp_path: Path, workspace: Workspace
) -> None:
    rows = _rows(300, regression=True)
    for row in rows:
        row["amount"] = 1.0 * int(row["decision_id"][1:])
    rows[7][column], rows[150][column] = HUGE, -HUGE
    WRITERS[name](tmp_path / name, rows)
    made = load_file(workspace, tmp_path / name, title="s", task="regression", maps=MAPS, actor="test")
    assert (made.rows_loaded, made.reasons) == (298, {f"bad_{column}": 2})


def test_a_score_beyond_all_bounds_waits_in_quarantine(tmp_path: Path, workspace: Workspace) -> None:
    rows = _rows()
    rows[7]["score"] = HUGE
    WRITERS["log.parquet"](tmp_path / "log.parquet", rows)
    made = load_file(workspace, tmp_path / "log.parquet", title="s", maps=MAPS, actor="test")
    assert made.reasons == {"bad_score": 1}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A workspace of an earlier version, which let such values in: features, outputs and labels hold them."""
    path = tmp_path / "old.duckdb"
    ws = open_workspace(path, read_from=[tmp_path])
    _csv(tmp_path / "a.csv", _rows())
    _csv(tmp_path / "b.csv", _rows(regression=True))
    load_file(ws, tmp_path / "a.csv", title="classes", maps=MAPS, actor="test")
    load_file(ws, tmp_path / "b.csv", title="numbers", task="regression", maps=MAPS, actor="test")
    with ws.write() as cursor:
        cursor.execute(
            f'UPDATE {decision_table("classes")} SET "feature:amount" = 1e200, score = 1e200 WHERE _line % 90 = 7'
        )
        cursor.execute(f"""UPDATE {decision_table("numbers")} SET "feature:amount" = -1e200, prediction = 1e200,
                           label = -1e200 WHERE _line % 90 = 7""")
        cursor.execute(
            "UPDATE profile_feature SET total = 1e200, squares = 'inf'::DOUBLE WHERE day = DATE '2026-01-05'"
        )
        for key in ("classes", "numbers"):
            build.rebuild_outcomes(cursor, systems.get_system(cursor, key), [1, 2])
    ws.close()
    return path


COMMANDS = (
    "systems",
    "drift {}",
    "performance {}",
    "scorecard {}",
    "check {}",
    "quality {}",
    "releases {}",
    "findings {}",
)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_workspace_that_holds_such_values_answers_all_the_same(
    old: Path, plumbline: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_DEBUG", "1")
    for key in ("classes", "numbers"):
        for text in COMMANDS:
            ran = plumbline(*text.format(key).split(), "--workspace", str(old))
            assert ran.code in (0, 1), (text, ran.err)


def _broken(key: str) -> Callable[..., Any]:
    def fail(ws: Workspace, asked: str, *args: Any, **more: Any) -> Any:
        from plumbline.answers.governance.scorecard import scorecard_answer

        if asked == key:
            raise OverflowError(34, "Numerical result out of range")
        return scorecard_answer(ws, asked, *args, **more)

    return fail


def test_one_system_that_fails_hides_no_other(
    old: Path, plumbline: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.answers.governance.portfolio.scorecard_answer", _broken("classes"))
    ran = plumbline("systems", "--workspace", str(old))
    assert ran.code == 2
    assert "numbers" in ran.out
    assert "classes: Something went wrong inside Plumbline: OverflowError" in ran.err
    ws = open_workspace(old)
    try:
        found = overview(ws)
    finally:
        ws.close()
    assert [row.key for row in found.rows] == ["numbers"]
    assert [fault.system for fault in found.faults] == ["classes"]


def test_one_system_that_cannot_be_checked_keeps_no_other_from_it(
    old: Path, plumbline: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    from plumbline.answers.alerts import check

    real = check._check

    def fail(ws: Workspace, system: Any, *args: Any) -> Any:
        if system.key == "classes":
            raise OverflowError
        return real(ws, system, *args)

    monkeypatch.setattr(check, "_check", fail)
    ran = plumbline("check", "--json", "--workspace", str(old))
    assert ran.code == 2
    assert [fault["system"] for fault in json.loads(ran.out)["faults"]] == ["classes"]
    assert len(ran.err.splitlines()) == 1
    assert "classes" in ran.err


def test_a_check_that_fails_after_the_commit_is_no_failed_load(
    tmp_path: Path, plumbline: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **more: Any) -> None:
        raise OverflowError

    monkeypatch.setattr("plumbline.answers.alerts.check.check", fail)
    _csv(tmp_path / "a.csv", _rows())
    ran = plumbline(
        "load", str(tmp_path / "a.csv"), "--system", "s", "--workspace", str(tmp_path / "w.duckdb")
    )
    assert ran.code == 0
    assert "600 loaded" in ran.out
    assert "Load 1 is in, but its signals could not be checked" in ran.err
