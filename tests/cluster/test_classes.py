"""Classes of a table are those of all its decisions, written as most of them are: no sample decides on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from plumbline.answers.data.attach import attach, pull_table
from plumbline.answers.data.load import FileAnswers, load_file, undo_load
from plumbline.domain import PlumblineError, Task
from plumbline.store import systems
from plumbline.store.workspace import Workspace, open_workspace
from tests.cluster.logs import classifier, loaded, same, write
from tests.cluster.server import Server
from tests.factory.samples import place

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]


def _places(log: pd.DataFrame) -> Any:
    """The rank of each row by its hash, (n,) from 0 to 1: the first are in any sample."""
    rows = zip(log["decision_id"], log["decided_at"].dt.to_pydatetime(), log["model_version"], strict=True)
    return np.argsort(np.argsort([place(row) for row in rows])) / len(log)


def _loaded_as(folder: Path, task: Task | None, *logs: pd.DataFrame, name: str) -> Workspace:
    ws = open_workspace(folder / f"{name}.duckdb", memory_limit="1GB", read_from=[folder])
    for at, log in enumerate(logs):
        path = folder / f"{name}-{at}.parquet"
        log.to_parquet(path, coerce_timestamps="us")
        load_file(ws, path, title="x", actor="Ana", task=task)
    return ws


def _classes(ws: Workspace) -> tuple[str, ...]:
    with ws.read() as cursor:
        return systems.get_system(cursor, "x").classes


def test_rare_classes_and_spellings_are_those_of_all_decisions(server: Server, tmp_path: Path) -> None:
    log, more = classifier(6000), classifier(2000, days=20, first=60, seed=2)
    by_hash = _places(log)
    for column in ("prediction", "label"):
        capitals = (log[column] == "yes") & (by_hash < 0.4)
        log.loc[capitals, column] = "YES"  # as the sample would spell it, and fewer do
    log.loc[by_hash > 0.9995, "label"] = "unsure"  # three rows that no sample of this size holds
    more.loc[_places(more) > 0.999, "prediction"] = "Later"
    several = FileAnswers(task=Task.MULTICLASS)
    table = server.table("spelt", write(tmp_path, log))
    away = open_workspace(tmp_path / "away.duckdb")
    attach(
        away,
        server.address,
        title="x",
        item=table,
        since="decided_at",
        size=2000,
        answers=several,
        actor="Ana",
    )
    with away.read() as cursor:
        held = {row[0] for row in cursor.execute("SELECT DISTINCT label FROM decision_x").fetchall()}
    assert held == {"yes", "no", None}
    same(away, _loaded_as(tmp_path, Task.MULTICLASS, log, name="first"))
    server.table("spelt", write(tmp_path, log, more))
    result = pull_table(away, "x", actor="Ana")
    assert result.load is not None
    here = _loaded_as(tmp_path, Task.MULTICLASS, log, more, name="second")
    assert _classes(away) == ("Later", "no", "unsure", "yes")
    same(away, here)
    late = log.copy()  # three labels that are corrected, and one that comes late
    late.loc[late["label"] == "unsure", "label"] = "no"
    late.loc[late[late["label"].isna()].index[-1:], "label"] = "Never"
    server.table("spelt", write(tmp_path, late, more))
    assert pull_table(away, "x", actor="Ana").days > 0
    assert _classes(away) == ("Later", "Never", "no", "yes")
    undo_load(away, result.load.load_id, actor="Ana")
    assert _classes(away) == ("Never", "no", "yes")


def test_a_third_class_that_no_sample_shows_is_refused_as_a_load_would(
    server: Server, tmp_path: Path
) -> None:
    log = classifier(6000)
    log.loc[_places(log) > 0.9995, "prediction"] = "maybe"
    table = server.table("third", write(tmp_path, log))
    two = FileAnswers(task=Task.BINARY)
    away = open_workspace(tmp_path / "away.duckdb")
    with pytest.raises(PlumblineError) as there:
        attach(
            away,
            server.address,
            title="x",
            item=table,
            since="decided_at",
            size=2000,
            answers=two,
            actor="Ana",
        )
    with pytest.raises(PlumblineError) as here:
        _loaded_as(tmp_path, Task.BINARY, log, name="third")
    assert str(there.value).split(": ")[0] == str(here.value).split(": ")[0]
    assert "maybe" in str(there.value)
    assert "maybe" in str(here.value)
    with away.read() as cursor:
        assert systems.list_systems(cursor) == []


def test_the_positive_class_is_that_of_the_higher_scores_of_all(server: Server, tmp_path: Path) -> None:
    first = classifier(1500)
    # one class at first, so that the positive one is open
    first.loc[:, ["prediction", "label"]] = "no"
    second = classifier(1500, days=20, first=60, seed=2)
    table = server.table("positive", write(tmp_path, first))
    away = open_workspace(tmp_path / "away.duckdb")
    attach(away, server.address, title="x", item=table, since="decided_at", size=1000, actor="Ana")
    same(away, loaded(tmp_path, first, name="one"))
    server.table("positive", write(tmp_path, first, second))
    pull_table(away, "x", actor="Ana")
    same(away, loaded(tmp_path, first, second, name="two"))
