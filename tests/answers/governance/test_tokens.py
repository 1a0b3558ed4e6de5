"""Tokens: shown once, kept as a hash, refused once they are over, and bound to their role as people are."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from plumbline.answers import events, statements
from plumbline.answers.governance import tokens
from plumbline.answers.governance.trail import trail
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Access
from plumbline.store.workspace import Workspace
from tests.conftest import Ran
from tests.factory.workspaces import loaded_workspace

Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("tokens")
    made = loaded_workspace(folder)
    return made


def test_a_token_is_kept_as_a_hash_alone_and_is_on_the_trail_without_it(ws: Workspace) -> None:
    made = tokens.add(ws, "scoring", Access.ANALYST, by="ana", only=["Shop"])
    assert made.token.systems == ("shop",)
    entry = trail(ws).entries[0]
    assert (entry.action, entry.actor) == ("token added", "ana")
    assert entry.detail == {"name": "scoring", "role": "analyst", "systems": ["shop"], "until": ""}
    with ws.read() as cursor:
        cursor.execute("CHECKPOINT")
        rows = cursor.execute("SELECT * FROM token").fetchall()
    assert made.secret not in json.dumps(rows, default=str)
    assert made.secret.encode() not in ws.path.read_bytes()
    assert tokens.token_of(ws, made.secret) == made.token
    for wrong in (
        made.secret[:-1],
        made.secret + "x",
        "",
        "plumbline_",
        tokens.digest(made.secret),
        "x" * 10_000,
    ):
        assert tokens.token_of(ws, wrong) is None


def test_a_token_ends_with_its_day_or_when_it_is_revoked(ws: Workspace) -> None:
    today = datetime.now(UTC).date()
    made = tokens.add(ws, "short", Access.VIEWER, by="ana", until=today + timedelta(days=1))
    assert made.token.is_valid(today + timedelta(days=1))
    assert not made.token.is_valid(today + timedelta(days=2))
    tokens.revoke(ws, "short", by="bo")
    assert tokens.token_of(ws, made.secret) is None
    assert trail(ws).entries[0].detail == {"name": "short"}
    with pytest.raises(PlumblineError, match="no token of this name that holds"):
        tokens.revoke(ws, "short", by="bo")
    with pytest.raises(PlumblineError, match="or was one"):  # whose acts would those on the trail be?
        tokens.add(ws, "short", Access.OWNER, by="ana")


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("a b", {}, "no name of a token"),
        ("<i>", {}, "no name of a token"),
        ("x" * 65, {}, "no name of a token"),
        ("late", {"until": date(2020, 1, 1)}, "is over"),
        ("lost", {"only": ["nowhere"]}, "nowhere"),
        ("anon", {"by": " "}, "name behind it"),
    ],
)
def test_what_is_no_token_is_refused_and_nothing_is_kept(
    ws: Workspace, name: str, given: dict[str, object], said: str
) -> None:
    before = tokens.tokens(ws)
    with pytest.raises(PlumblineError, match=said):
        tokens.add(ws, name, Access.VIEWER, **({"by": "ana"} | given))  # type: ignore[arg-type]
    assert tokens.tokens(ws) == before


def test_a_token_acts_within_its_role_and_under_its_own_name(ws: Workspace) -> None:
    actor = tokens.add(ws, "monitor", Access.ANALYST, by="ana").token.actor
    hand = ws.as_person(actor)
    events.record(hand, "shop", "alert tested", by=actor)
    assert trail(ws).entries[0].actor == "token monitor"
    with pytest.raises(PlumblineError, match="Only an owner"):
        statements.save_context(hand, "shop", {"impact": "pricing"}, by=actor)
    with pytest.raises(PlumblineError, match="signs for somebody else"):
        events.record(hand, "shop", "alert tested", by="ana")
    tokens.revoke(ws, "monitor", by="ana")
    with pytest.raises(PlumblineError, match="has no role here"):
        events.record(hand, "shop", "alert tested", by=actor)


def test_the_command_shows_the_secret_once_and_never_again(plumbline: Run) -> None:
    made = plumbline("token", "add", "scoring", "--role", "analyst", "--until", "2199-12-31", "--by", "ana")
    assert made.code == 0
    secret = made.out.splitlines()[0]
    assert secret.startswith("plumbline_")
    for command in (
        ("token", "list"),
        ("token", "list", "--json"),
        ("trail",),
        ("token", "revoke", "scoring"),
    ):
        ran = plumbline(*command)
        assert ran.code == 0
        assert secret not in ran.out
        assert "scoring" in ran.out or command == ("trail",)
    assert plumbline("verify", "--json").code == 0
    refused = plumbline("token", "add", "late", "--role", "viewer", "--until", "tomorrow")
    assert (refused.code, refused.out) == (2, "")
    assert "is no day" in refused.err
