"""Verify: what was changed by hand is found, and looking changes nothing."""

from __future__ import annotations

import pytest

from plumbline.answers.operations.verify import verify
from plumbline.store.workspace import Workspace


@pytest.mark.parametrize(
    ("attack", "kinds"),
    [
        ("UPDATE profile_hour SET n = n + 1000 WHERE rowid = 0", {"profiles", "state"}),
        ("UPDATE \"decision_shop-offers\" SET label = 'yes' WHERE label = 'no'", {"profiles", "state"}),
        ('DELETE FROM "decision_shop-offers" WHERE rowid < 10', {"profiles", "state"}),
        ("UPDATE load SET file = 'other.csv'", {"loads"}),
        ("UPDATE load SET rows_loaded = rows_loaded + 1, rows_read = rows_read + 1", {"loads"}),
        ("INSERT INTO person VALUES ('eve@example.com', 'owner', 'eve', '2026-01-01')", {"people"}),
        ("INSERT INTO token VALUES ('eve', 'd', 'owner', '[]', NULL, 'eve', '2026-01-01', NULL)", {"tokens"}),
        ("UPDATE trail SET actor = 'eve' WHERE seq = 1", {"trail", "loads"}),
    ],
)
def test_what_was_changed_by_hand_is_found(ws: Workspace, attack: str, kinds: set[str]) -> None:
    assert verify(ws).problems == ()
    with ws.write() as cursor:
        cursor.execute(attack)
    found = verify(ws)
    assert {one.kind for one in found.problems} == kinds
    assert not found.intact


def test_verifying_changes_nothing(ws: Workspace) -> None:
    tables = "SELECT * FROM profile_feature ORDER BY ALL"
    with ws.read() as cursor:
        before = cursor.execute(tables).fetchall()
    assert verify(ws).intact
    with ws.read() as cursor:
        assert cursor.execute(tables).fetchall() == before
        assert cursor.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone() == (0,)
