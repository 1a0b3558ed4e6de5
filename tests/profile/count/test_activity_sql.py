"""Decisions by hour as SQL counts them, against pandas on the same rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from plumbline.domain import Slice, System, Task
from plumbline.profile.count.activity_sql import HOUR_COLUMNS, hour_statement
from plumbline.profile.scope import slice_scope
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from tests.factory.decay import KEY, load, rows


@pytest.fixture
def frame(workspace: Workspace, tmp_path: Path) -> pd.DataFrame:
    made = pd.concat(
        [rows(0, 2, "1", "2025-12-01", 0.8, 1), rows(2, 2, "2", "2026-01-06", 0.7, 2)], ignore_index=True
    )
    made.loc[5::7, "true"] = None
    load(workspace, tmp_path, made, "log.csv", today=4)
    return made


def hours(ws: Workspace, change: dict[str, object]) -> pd.DataFrame:
    with ws.read() as cursor:
        system: System = replace(systems.get_system(cursor, KEY), **change)  # type: ignore[arg-type]
        sql, params = hour_statement(system, slice_scope(cursor, system, Slice()))
        found = cursor.execute(sql, params).fetchall()
    return pd.DataFrame(found, columns=HOUR_COLUMNS.split(", ")).sort_values("hour", ignore_index=True)


@pytest.mark.parametrize(
    ("change", "positives"), [({}, True), ({"positive": None}, False), ({"task": Task.MULTICLASS}, False)]
)
def test_each_hour_counts_what_pandas_counts(
    workspace: Workspace, frame: pd.DataFrame, change: dict[str, object], positives: bool
) -> None:
    found = hours(workspace, change)
    by = frame.groupby(frame["at"].dt.floor("h"))
    assert found["version"].tolist() == by["version"].first().tolist()
    assert found["n"].tolist() == by.size().tolist()
    assert found["n_labelled"].tolist() == by["true"].count().tolist()
    assert (
        found["correct"].tolist()
        == (frame["said"] == frame["true"]).groupby(frame["at"].dt.floor("h")).sum().tolist()
    )
    takes = (frame["said"] == "take").groupby(frame["at"].dt.floor("h")).sum()
    assert found["positives"].tolist() == (takes if positives else 0 * takes).tolist()
    for name, expected in (("first_at", by["at"].min()), ("last_at", by["at"].max())):
        assert pd.to_datetime(found[name], utc=True).tolist() == expected.tolist()
