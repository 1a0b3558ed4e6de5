"""Freezes: set by an owner, read by the interlock, over at their end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plumbline.answers.governance import access
from plumbline.answers.respond.freezes import add_freeze, freezes, frozen, remove_freeze
from plumbline.domain import PlumblineError, Task
from plumbline.domain.acts import Access
from plumbline.store import systems
from plumbline.store.workspace import Workspace, open_workspace
from tests.conftest import Ran


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    own = open_workspace(tmp_path / "w.duckdb")
    with own.write() as cursor:
        for title in ("Credit", "Shop"):
            systems.create_system(cursor, title, task=Task.BINARY)
    yield own
    own.close()


def test_a_freeze_of_one_system_holds_for_it_alone_and_one_of_all_for_each(ws: Workspace) -> None:
    add_freeze(ws, "credit", "2026-12-24", "2027-01-02", "year's end", by="Olga")
    inside = datetime(2027, 1, 2, 12, tzinfo=UTC)  # a bare last day counts whole
    with ws.read() as cursor:
        assert frozen(cursor, "credit", inside) == "until 2027-01-03, 00:00 UTC, year's end"
        assert frozen(cursor, "credit", inside + timedelta(hours=12)) == ""
        assert frozen(cursor, "shop", inside) == ""
    add_freeze(ws, "", "2026-12-24T18:00+01:00", "2026-12-27", "holidays", by="Olga")
    with ws.read() as cursor:
        assert frozen(cursor, "shop", datetime(2026, 12, 24, 16, 59, tzinfo=UTC)) == ""
        assert "holidays" in frozen(cursor, "shop", datetime(2026, 12, 24, 17, 0, tzinfo=UTC))
        assert [f.number for f in freezes(cursor)] == [1, 2]
    remove_freeze(ws, 1, by="Olga")
    with ws.read() as cursor:
        assert [f.number for f in freezes(cursor, "credit")] == [2]


@pytest.mark.parametrize(
    ("start", "end", "reason", "by", "words"),
    [
        ("2026-12-24", "2026-12-23", "x", "Olga", "ends after it begins"),
        ("2026-12-24", "2027-12-24", "x", "Olga", "within 92 days"),
        ("tomorrow", "2026-12-25", "x", "Olga", "no day"),
        ("2026-12-24", "2026-12-25", " ", "Olga", "needs a reason"),
        ("2026-12-24", "2026-12-25", "x", " ", "needs a name"),
    ],
)
def test_what_is_no_freeze_is_refused(
    ws: Workspace, start: str, end: str, reason: str, by: str, words: str
) -> None:
    with pytest.raises(PlumblineError, match=words):
        add_freeze(ws, "credit", start, end, reason, by=by)
    with ws.read() as cursor:
        assert freezes(cursor) == ()


@pytest.mark.parametrize("role", [Access.VIEWER, Access.ANALYST])
def test_only_an_owner_freezes_and_ends_a_freeze(ws: Workspace, role: Access) -> None:
    access.give(ws, "own@x.org", Access.OWNER, by="own@x.org")
    access.give(ws, "ana@x.org", role, by="own@x.org")
    hand = ws.as_person("ana@x.org")
    with pytest.raises(PlumblineError, match="owner"):
        add_freeze(hand, "credit", "2026-12-24", "2026-12-25", "x", by="ana@x.org")
    add_freeze(ws.as_person("own@x.org"), "credit", "2026-12-24", "2026-12-25", "x", by="own@x.org")
    with pytest.raises(PlumblineError, match="owner"):
        remove_freeze(hand, 1, by="ana@x.org")
    with ws.read() as cursor:
        assert len(freezes(cursor)) == 1


def test_the_commands_of_freezes(plumbline: Callable[..., Ran]) -> None:
    times = ("--from", "2026-12-24", "--until", "2026-12-26", "--reason", "holidays", "--by", "Olga")
    made = plumbline("freeze", "add", *times, "--json").json["freeze"]
    assert (made["system"], made["end"]) == ("", "2026-12-27T00:00:00+00:00")
    assert [f["number"] for f in plumbline("freeze", "list", "--json").json["freezes"]] == [1]
    assert plumbline("freeze", "remove", 7, "--by", "Olga").code == 2
    assert plumbline("freeze", "remove", 1, "--by", "Olga").code == 0
    assert "No freeze" in plumbline("freeze", "list").out
