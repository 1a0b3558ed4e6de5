"""The workspace: transactions, the trail's chain, names that try to be SQL, and the lock-down."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import (
    ColumnMap,
    DecisionColumn,
    Kind,
    Mapping,
    PlumblineError,
    RoleName,
    Settings,
    Task,
)
from plumbline.store import systems, trail
from plumbline.store.sql import ident, system_key
from plumbline.store.workspace import Workspace, open_workspace


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    workspace = open_workspace(tmp_path / "w.duckdb")
    yield workspace
    workspace.close()


def _create_then_crash(ws: Workspace) -> None:
    with ws.write() as cursor:
        systems.create_system(cursor, "Half", task=Task.BINARY)
        raise RuntimeError("crash in the middle")


def test_a_failed_write_leaves_nothing(ws: Workspace) -> None:
    with pytest.raises(RuntimeError, match="in the middle"):
        _create_then_crash(ws)
    with ws.read() as cursor:
        assert systems.list_systems(cursor) == []
        assert cursor.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'decision_half'"
        ).fetchone() == (0,)


def test_change_grows_with_every_trail_entry(ws: Workspace) -> None:
    before = ws.change()
    with ws.write() as cursor:
        trail.append(cursor, actor="ana", action="tested")
    assert ws.change() == before + 1


def test_system_survives_a_round_trip(ws: Workspace) -> None:
    with ws.write() as cursor:
        made = systems.create_system(cursor, "Card fraud", task=Task.BINARY, positive="block")
        span = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
        changed = replace(made, classes=("block", "pass"), reference=span, settings=Settings(unit="parcels"))
        systems.update_system(cursor, changed)
    with ws.read() as cursor:
        assert systems.get_system(cursor, "card-fraud") == changed


def test_mapping_survives_a_round_trip(ws: Workspace) -> None:
    mapping = Mapping(
        (
            ColumnMap(
                column="Zeitpunkt",
                role=RoleName("timestamp"),
                kind=None,
                format="%d.%m.%Y %H:%M",
                confidence=0.9,
                reason="parses as time",
            ),
            ColumnMap(column="Ge:schlecht", role=RoleName("protected", "Ge:schlecht"), kind=Kind.CATEGORICAL),
        ),
        Task.BINARY,
        "ja",
        "Europe/Berlin",
    )
    with ws.write() as cursor:
        systems.save_mapping(cursor, "s", mapping)
    with ws.read() as cursor:
        assert systems.saved_mapping(cursor, "s") == mapping


@pytest.mark.parametrize(
    "name", ['"; DROP TABLE system; --', "a b", 'x"y', "Größe", "feature:with:colons", "'", "--"]
)
def test_hostile_column_names_stay_names(ws: Workspace, name: str) -> None:
    with ws.write() as cursor:
        systems.create_system(cursor, "s", task=Task.BINARY)
        column = DecisionColumn(
            name=f"feature:{name}", role=RoleName("feature", name), kind=Kind.NUMERIC, source=name
        )
        assert systems.ensure_columns(cursor, "s", [column], 1) == [column]
        assert systems.ensure_columns(cursor, "s", [column], 2) == []
    with ws.read() as cursor:
        assert len(systems.list_systems(cursor)) == 1
        assert systems.decision_columns(cursor, "s")[0].name == f"feature:{name}"


@given(
    st.text(st.characters(blacklist_characters="\x00", blacklist_categories=["Cs"]), min_size=1, max_size=30)
)
@settings(max_examples=50, deadline=None)
def test_any_text_is_an_identifier_once_quoted(name: str) -> None:
    found = duckdb.sql(f"SELECT 1 AS {ident(name)}").columns
    assert found == [name]


def test_identifier_with_nul_is_refused() -> None:
    with pytest.raises(PlumblineError, match="NUL"):
        ident("a\x00b")


@pytest.mark.parametrize(
    ("title", "key"), [("Card fraud", "card-fraud"), ("  A/B  ", "a-b"), ("x" * 99, "x" * 63)]
)
def test_system_key_is_made_from_the_title(title: str, key: str) -> None:
    assert system_key(title) == key


def test_title_without_letters_is_refused() -> None:
    with pytest.raises(PlumblineError, match="cannot name a system"):
        system_key("///")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE trail SET actor = 'eve' WHERE seq = 2",
        """UPDATE trail SET detail = '{"n":9}' WHERE seq = 2""",
        "UPDATE trail SET made_at = made_at + INTERVAL 1 SECOND WHERE seq = 2",
        "DELETE FROM trail WHERE seq = 2",
    ],
)
def test_an_altered_trail_is_found_where_it_was_altered(ws: Workspace, change: str) -> None:
    with ws.write() as cursor:
        for number in range(4):
            trail.append(cursor, actor="ana", action="step", detail={"n": number})
        assert trail.verify(cursor).intact
        cursor.execute(change)
        found = trail.verify(cursor)
    assert not found.intact
    assert found.first_broken == 2


def test_files_outside_the_allowed_folders_cannot_be_read(ws: Workspace, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with ws.read() as cursor, pytest.raises(duckdb.PermissionException):
        cursor.execute("SELECT * FROM read_csv(?)", [str(secret)])
    with ws.read() as cursor, pytest.raises(duckdb.Error):
        cursor.execute("SET enable_external_access = true")


def _hold(
    path: str, ready: multiprocessing.synchronize.Event, done: multiprocessing.synchronize.Event
) -> None:
    held = open_workspace(path)
    ready.set()
    done.wait(30)
    held.close()


def test_a_workspace_in_use_is_one_clear_sentence(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(str(tmp_path / "w.duckdb"), ready, done))
    other.start()
    try:
        assert ready.wait(30)
        with pytest.raises(PlumblineError, match="open in another process"):
            open_workspace(tmp_path / "w.duckdb")
    finally:
        done.set()
        other.join(30)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    with pytest.raises(PlumblineError, match="not a workspace"):
        open_workspace(text)
    other = tmp_path / "other.duckdb"
    connection = duckdb.connect(str(other))
    connection.execute("CREATE TABLE mine (x INTEGER)")
    connection.close()
    with pytest.raises(PlumblineError, match="holds other tables"):
        open_workspace(other)


def test_each_migration_has_a_number_of_its_own_and_none_is_missing() -> None:
    from importlib import resources

    names = [
        f.name
        for f in (resources.files("plumbline.store") / "migrations").iterdir()
        if f.name.endswith(".sql")
    ]
    assert sorted(int(name[:4]) for name in names) == list(range(1, len(names) + 1))
