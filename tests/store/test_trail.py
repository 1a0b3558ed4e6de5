"""The trail's chain: what it shows by itself, what only a digest kept elsewhere shows, and a clock set back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plumbline.store import trail
from plumbline.store.workspace import Workspace, open_workspace

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    workspace = open_workspace(tmp_path / "w.duckdb")
    yield workspace
    workspace.close()


def noted(ws: Workspace, monkeypatch: pytest.MonkeyPatch, *moments: datetime) -> list[str]:
    """The digests after an entry at each of these moments."""
    digests = []
    for moment in moments:
        monkeypatch.setattr(trail, "now", lambda moment=moment: moment)
        with ws.write() as cursor:
            trail.append(cursor, actor="ana", action="step")
            digests.append(trail.verify(cursor).head)
    return digests


def days(count: int) -> list[datetime]:
    return [NOON + timedelta(days=day) for day in range(count)]


@pytest.mark.parametrize(
    "attack",
    ["DELETE FROM trail WHERE seq > 2", "DELETE FROM trail", "UPDATE trail SET actor = 'eve' WHERE seq = 3"],
)
def test_a_digest_that_somebody_kept_shows_an_end_cut_off_or_written_anew(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, attack: str
) -> None:
    digests = noted(ws, monkeypatch, *days(4))
    with ws.write() as cursor:
        for kept in [*digests, digests[-1].upper(), f" {digests[-1]}\n", "", trail.GENESIS]:
            assert trail.verify(cursor, kept).intact
        cursor.execute(attack)
        rows = cursor.execute("SELECT * FROM trail ORDER BY seq").fetchall()
        cursor.execute("DELETE FROM trail")
        previous = trail.GENESIS
        for (
            seq,
            at,
            actor,
            action,
            system,
            detail,
            _,
            _,
        ) in rows:  # the whole chain made anew, as who has the file can
            when = at.isoformat(timespec="microseconds")
            made = trail.digest(seq, when, actor, action, system, detail, previous)
            cursor.execute(
                "INSERT INTO trail VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [seq, at, actor, action, system, detail, previous, made],
            )
            previous = made
        assert trail.verify(cursor).intact  # by itself it cannot know
        found = trail.verify(cursor, digests[-1])
    assert (found.intact, found.missing_head, found.first_broken) == (False, digests[-1], None)


def test_a_clock_set_back_is_told_and_a_small_correction_is_not(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted(ws, monkeypatch, NOON, NOON - timedelta(seconds=30), NOON + timedelta(days=1))
    with ws.read() as cursor:
        assert trail.verify(cursor).set_back is None
    noted(ws, monkeypatch, datetime(1999, 1, 1, tzinfo=UTC), datetime(1999, 1, 2, tzinfo=UTC))
    with ws.read() as cursor:
        found = trail.verify(cursor)
    assert (found.intact, found.set_back) == (True, 4)
