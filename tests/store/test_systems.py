"""Systems and their decision tables: columns that logs bring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plumbline.domain import DecisionColumn, Kind, RoleName, Task
from plumbline.store import systems
from plumbline.store.sql import decision_table
from plumbline.store.workspace import Workspace, open_workspace


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    workspace = open_workspace(tmp_path / "w.duckdb")
    yield workspace
    workspace.close()


class Counter:
    """A cursor that counts its statements."""

    def __init__(self, cursor: Any) -> None:
        self.cursor, self.statements = cursor, 0

    def execute(self, *args: Any) -> Any:
        self.statements += 1
        return self.cursor.execute(*args)

    def executemany(self, *args: Any) -> Any:
        self.statements += 1
        return self.cursor.executemany(*args)


def features(names: range) -> list[DecisionColumn]:
    return [
        DecisionColumn(
            name=f"feature:f{i}",
            role=RoleName("feature", f"f{i}"),
            kind=Kind.NUMERIC if i % 2 else Kind.CATEGORICAL,
            source=f"f{i}",
        )
        for i in names
    ]


def table(cursor: Any, key: str = "s") -> dict[str, str]:
    return {row[0]: row[1] for row in cursor.execute(f"DESCRIBE {decision_table(key)}").fetchall()}


def test_a_first_log_brings_any_number_of_columns_in_as_many_statements(ws: Workspace) -> None:
    """To alter a table costs as much as it is wide: 3,000 columns one by one took minutes."""
    asked = []
    for key, count in (("s", 4), ("wide", 400)):
        with ws.write() as cursor:
            systems.create_system(cursor, key, task=Task.BINARY)
            bare, counter = table(cursor, key), Counter(cursor)
            added = systems.ensure_columns(counter, key, features(range(count)), 1)  # type: ignore[arg-type]
            assert added == features(range(count))
            assert table(cursor, key) == bare | {
                f"feature:f{i}": "DOUBLE" if i % 2 else "VARCHAR" for i in range(count)
            }
            assert [c.name for c in systems.decision_columns(cursor, key)] == [c.name for c in added]
            asked.append(counter.statements)
    assert asked[0] == asked[1]


def test_a_later_log_adds_columns_beside_the_rows_that_are_there(ws: Workspace) -> None:
    with ws.write() as cursor:
        systems.create_system(cursor, "s", task=Task.BINARY)
        systems.ensure_columns(cursor, "s", features(range(2)), 1)
        cursor.execute(
            f'INSERT INTO {decision_table("s")} (_load_id, _line, "feature:f1") VALUES (1, 7, 0.5)'
        )
    with ws.write() as cursor:
        assert systems.ensure_columns(cursor, "s", features(range(4)), 2) == features(range(2, 4))
        row = cursor.execute(
            f'SELECT _line, "feature:f0", "feature:f1", "feature:f2", "feature:f3" FROM {decision_table("s")}'
        ).fetchall()
    assert row == [(7, None, 0.5, None, None)]


def test_a_table_that_lost_its_rows_takes_columns_too(ws: Workspace) -> None:
    with ws.write() as cursor:
        systems.create_system(cursor, "s", task=Task.BINARY)
        cursor.execute(f"INSERT INTO {decision_table('s')} (_load_id, _line) VALUES (1, 7)")
    with ws.write() as cursor:
        cursor.execute(f"DELETE FROM {decision_table('s')}")
        systems.ensure_columns(cursor, "s", features(range(2)), 2)
    with ws.read() as cursor:
        assert {"feature:f0", "feature:f1"} < table(cursor).keys()
