"""What is kept of a long log: the very decisions that would be drawn; a check is made once for the same loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from plumbline.answers import cache
from plumbline.answers.data.erase import erase_person
from plumbline.answers.data.load import load_file, undo_load
from plumbline.answers.decisions import explain, model_files
from plumbline.answers.decisions import samples as drawing
from plumbline.domain import Slice
from plumbline.profile.scan import decisions, samples
from plumbline.store import systems
from plumbline.store.workspace import Workspace, open_workspace


def log(n: int, start: int = 0) -> pd.DataFrame:
    """Decisions of two versions, one outcome of them rare."""
    i = np.arange(start, start + n)
    rng = np.random.default_rng(start)
    return pd.DataFrame({
        "decision_id": [f"d{k}" for k in i], "timestamp": pd.Timestamp("2026-01-01") + pd.to_timedelta(i, unit="min"),
        "model_version": np.where(i % 2 == 0, "1", "2"), "x": rng.normal(size=n).round(4), "z": rng.integers(0, 9, n),
        "prediction": np.where(rng.random(n) < 0.03, "yes", "no"), "score": rng.random(n).round(4),
    })  # fmt: skip


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(drawing, "LONG", 1_000)
    monkeypatch.setattr(samples, "DRAWN", 400)
    monkeypatch.setattr(samples, "OF_OUTCOME", 50)
    held = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    log(6_000).to_csv(tmp_path / "a.csv", index=False)
    load_file(held, tmp_path / "a.csv", title="long", actor="test")
    yield held
    held.close()


def kept(ws: Workspace) -> int:
    with ws.read() as cursor:
        row = cursor.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'draw_long'").fetchone()
    return int(row[0]) if row else 0


def test_what_is_kept_is_what_would_be_drawn(ws: Workspace) -> None:
    with ws.read() as cursor:
        system = systems.get_system(cursor, "long")
        for version in ("1", "2", ""):
            for n, outcome in ((400, None), (120, None), (50, "yes"), (40, "no")):
                where = (("prediction", outcome),) if outcome else ()
                wanted = decisions.sample(cursor, system, Slice(version=version or None, where=where), n, 0)
                got = drawing.draw(ws, cursor, system, version, n, outcome=outcome)
                pd.testing.assert_frame_equal(got, wanted)
                assert len(got) == n
        assert list(drawing.draw(ws, cursor, system, "1", 5, columns=()).columns)[-1] == "override"
    assert kept(ws) == 1


def test_a_load_or_an_undo_is_followed_and_what_was_taken_back_is_kept_nowhere(
    ws: Workspace, tmp_path: Path
) -> None:
    def drawn() -> pd.DataFrame:
        with ws.read() as cursor:
            system = systems.get_system(cursor, "long")
            got = drawing.draw(ws, cursor, system, "1", 400)
            pd.testing.assert_frame_equal(got, decisions.sample(cursor, system, Slice(version="1"), 400, 0))
        return got

    first = drawn()
    more = log(3_000, 6_000).assign(z=1.5)  # another column, too
    more.to_csv(tmp_path / "b.csv", index=False)
    made = load_file(ws, tmp_path / "b.csv", title="long", actor="test")
    assert (drawn()["_load_id"] == made.load_id).any()
    undo_load(ws, made.load_id, actor="test")
    assert kept(ws) == 0
    pd.testing.assert_frame_equal(drawn(), first)


def test_an_erased_decision_is_kept_nowhere(ws: Workspace) -> None:
    with ws.read() as cursor:
        system = systems.get_system(cursor, "long")
        gone = str(drawing.draw(ws, cursor, system, "1", 1)["decision_id"][0])
        assert drawing.cached_decision(ws, cursor, system, gone).id == gone
    erase_person(ws, "long", decision_id=gone, actor="test")
    assert kept(ws) == 0
    with ws.read() as cursor:
        assert gone not in drawing.draw(ws, cursor, system, "1", 400)["decision_id"].tolist()
        with pytest.raises(Exception, match="no decision"):
            drawing.cached_decision(ws, cursor, system, gone)


def test_while_something_else_is_written_nothing_waits(ws: Workspace) -> None:
    with ws.write() as writer, ws.read() as cursor:
        system = systems.get_system(writer, "long")
        assert len(drawing.draw(ws, cursor, system, "1", 100)) == 100
    assert kept(ws) == 0


def test_a_file_is_held_against_the_log_once_for_the_same_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import lightgbm as lgb

    frame = log(400)
    x = frame[["x", "z"]].astype(float)
    asked = {"objective": "binary", "num_leaves": 4, "verbose": -1, "num_threads": 1}
    booster = lgb.train(asked, lgb.Dataset(x, (x["x"] > 0).astype(int)), 3)
    frame = frame.assign(score=booster.predict(x), model_version="1")
    frame.iloc[:300].to_csv(tmp_path / "a.csv", index=False)
    frame.iloc[300:].to_csv(tmp_path / "b.csv", index=False)
    (tmp_path / "m.txt").write_text(booster.model_to_string())
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    try:
        load_file(ws, tmp_path / "a.csv", title="short", maps=[("score", "score")], actor="test")
        assert model_files.register(ws, "short", "1", tmp_path / "m.txt", actor="test").passed
        before = explain.check_model
        calls = []
        monkeypatch.setattr(explain, "check_model", lambda *a, **k: calls.append(1) or before(*a, **k))
        for _ in range(2):
            cache.clear_memory()  # as in a new process
            with ws.read() as cursor:
                found = explain.sources(ws, cursor, systems.get_system(cursor, "short"), "1", surrogate=False)
            assert found.model_check is not None
            assert found.model_check.passed
            assert found.model_check.info.features[0].name == "x"
            assert not calls
        load_file(
            ws, tmp_path / "b.csv", title="short", actor="test"
        )  # held against it again, before anybody asks
        assert calls == [1]
        cache.clear_memory()
        assert explain.explain(ws, "short", "d7").attributions
        assert calls == [1]
    finally:
        ws.close()
