"""Columns that are counted in portions are counted as they are together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plumbline.answers.data.load import load_file
from plumbline.profile.count import stream
from plumbline.store.backup import state_digest
from plumbline.store.workspace import Workspace
from tests.factory.decisions import decisions, write


def _counts(ws: Workspace, key: str) -> dict[str, list[Any]]:
    with ws.read() as cursor:
        return {
            table: cursor.execute(
                f"SELECT * EXCLUDE (system, load_id) FROM {table} WHERE system = ? ORDER BY ALL", [key]
            ).fetchall()
            for table in state_digest.PROFILES
            if table.startswith("profile")
        }


@pytest.mark.parametrize("bound", ["MOST_CELLS", "MOST_COLUMNS"])
def test_portions_count_what_one_scan_counts(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    gaps = {
        "age": lambda i: "" if i % 7 == 3 else 20 + i % 50,
        "region": lambda i: "" if i % 11 == 5 else "north" if i % 3 else "south",
    }
    first = write(tmp_path / "1.csv", decisions(300, **gaps))
    second = write(tmp_path / "2.csv", decisions(300, 300, **gaps))
    for path in (first, second):
        load_file(workspace, path, title="whole", actor="t")
    scans: list[int] = []
    inner = stream.count_rows
    monkeypatch.setattr(stream, "count_rows", lambda *given: scans.append(1) or inner(*given))
    monkeypatch.setattr(stream, bound, 1)
    for path in (first, second):
        load_file(workspace, path, title="parts", actor="t")
    assert len(scans) > 8  # a scan a column
    whole, parts = _counts(workspace, "whole"), _counts(workspace, "parts")
    assert whole == parts
    assert all(whole[table] for table in ("profile_feature", "profile_presence", "profile_outcome"))
