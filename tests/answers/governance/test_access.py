"""Who may do what: roles on the trail, and a write that the role does not cover changes nothing."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from plumbline.answers import events, statements
from plumbline.answers.governance import access
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.answers.governance.trail import trail
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Access, Act, role_for
from plumbline.store.workspace import Workspace, open_workspace
from tests.factory.workspaces import loaded_workspace

LIB = Path(__file__).parents[3] / "lib" / "plumbline"


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One system; Ana owns it, Bob analyses, Cy looks."""
    folder = tmp_path_factory.mktemp("access")
    made = loaded_workspace(folder)
    for email, role in (("Ana@x.org", "owner"), ("bob@x.org", "analyst"), ("cy@x.org", "viewer")):
        access.give(made, email, Access(role), by="test")
    return made


@pytest.mark.parametrize(
    ("who", "says", "refused"),
    [
        ("cy@x.org", "answers", "Only an owner"),
        ("bob@x.org", "answers", "Only an owner"),
        ("ana@x.org", "answers", ""),
        ("cy@x.org", "records", "Only an analyst"),
        ("bob@x.org", "records", ""),
        ("nobody@x.org", "records", "has no role here"),
    ],
)
def test_a_write_needs_the_role_and_a_refused_one_changes_nothing(
    ws: Workspace, who: str, says: str, refused: str
) -> None:
    hand = ws.as_person(who)

    def act() -> None:
        if says == "answers":
            statements.save_context(hand, "shop", {"impact": "pricing"}, by=who)
        else:
            events.record(hand, "shop", "rollback rehearsed", by=who)

    before = trail(ws).entries[0].seq
    if refused:
        with pytest.raises(PlumblineError, match=refused):
            act()
        assert trail(ws).entries[0].seq == before
    else:
        act()
        assert trail(ws).entries[0].actor == who


def test_nobody_signs_for_somebody_else_or_lifts_their_own_role(ws: Workspace) -> None:
    with pytest.raises(PlumblineError, match="signs for somebody else"):
        statements.save_context(ws.as_person("ana@x.org"), "shop", {"harm": "no"}, by="bob@x.org")
    with pytest.raises(PlumblineError, match="Only an owner"):
        access.give(ws.as_person("bob@x.org"), "bob@x.org", Access.OWNER, by="bob@x.org")
    assert "harm" not in statements.statements(ws, "shop").context
    assert access.access_of(ws, "bob@x.org") is Access.ANALYST


def test_a_viewer_reads_the_scorecard_although_it_is_kept(ws: Workspace) -> None:
    assert scorecard_answer(ws.as_person("cy@x.org"), "shop").card.verdict
    with pytest.raises(PlumblineError, match="Only an analyst"), ws.as_person("cy@x.org").write() as cursor:
        cursor.execute("DELETE FROM person")  # what leaves nothing on the trail is not a viewer's either
    assert len(access.people(ws)) == 3


def test_each_person_keeps_a_language_as_long_as_a_role_and_the_trail_does_not_say_which(
    ws: Workspace,
) -> None:
    access.give(ws, "vi@x.org", Access.VIEWER, by="ana@x.org")
    before = ws.change()
    for code in ("en", "de"):
        access.set_language(ws.as_person("vi@x.org"), "vi@x.org", code)  # a viewer
    access.set_language(ws, "nobody@x.org", "de")
    assert [access.language_of(ws, name) for name in ("vi@x.org", "ana@x.org", "nobody@x.org")] == [
        "de",
        "",
        "",
    ]
    access.give(ws, "vi@x.org", Access.ANALYST, by="ana@x.org")
    assert access.language_of(ws, "vi@x.org") == "de"
    access.take(ws, "vi@x.org", by="ana@x.org")
    assert access.language_of(ws, "vi@x.org") == ""
    assert ws.change() == before + 2


def test_a_role_taken_away_is_gone_at_once_and_one_owner_stays(ws: Workspace) -> None:
    access.give(ws, "dee@x.org", Access.ANALYST, by="ana@x.org")
    hand = ws.as_person("dee@x.org")
    events.record(hand, "shop", "alert tested", by="dee@x.org")
    access.take(ws, "DEE@x.org", by="ana@x.org")
    with pytest.raises(PlumblineError, match="has no role here"):
        events.record(hand, "shop", "alert tested", by="dee@x.org")
    for change in (
        lambda: access.take(ws, "ana@x.org", by="a"),
        lambda: access.give(ws, "ana@x.org", Access.VIEWER, by="a"),
    ):
        with pytest.raises(PlumblineError, match="only owner"):
            change()
    with pytest.raises(PlumblineError, match="not an e-mail"):
        access.give(ws, "<b>@x y", Access.OWNER, by="a")
    assert access.address("\u212aate@x.org") != access.address("Kate@x.org")  # two letters, one small form


#: the acts in their stored words, by the role that each asks for; those after which decisions may be others
VIEWERS = {"document issued"}
ANALYSTS = {
    "event added", "event removed", "decision commented", "view saved", "view removed",
    "load", "undo", "counted anew", "pushes merged", "roles changed", "reference set", "pull", "pull refused",
    "signals checked",
    "decision records tried",
    "attributions stored", "model file registered", "model file refused", "columns grouped",
    "registry ", "registry read",
    "registry forgotten",
    "recorded: ", "incident ", "incident classified", "incident notified",
    "alerts sent", "alert not delivered", "channel tested", "channel confirmed", "channel gone", "finding assigned",
    "finding muted", "finding commented", "acting stopped",
    "trigger tested", "trigger followed", "rollback mode lowered", "rollback proposed", "rollback followed",
    "rollback drilled",
}  # fmt: skip
OWNERS = {
    "erase", "system removed", "scorecard kept", "context answered", "context approved", "settings changed",
    "control attested", "attestation approved", "control exempted", "exemption asked for", "exemption approved",
    "document reviewed", "role given", "role taken", "sign-in ", "place listed", "place left out", "copies deleted",
    "workspace migrated",
    "channel added", "channel changed", "channel removed", "acting resumed",
    "trigger set", "trigger removed", "trigger approved", "trigger fired", "rollback armed", "rollback done",
    "releases frozen", "token added", "token revoked",
    "schedule set", "time authority set", "workspace backed up", "workspace restored", "restore of a copy rehearsed",
}  # fmt: skip
CHANGING = {
    "load",
    "undo",
    "erase",
    "counted anew",
    "pushes merged",
    "roles changed",
    "reference set",
    "system removed",
}


def test_the_words_of_the_trail_stay_as_they_were_and_each_asks_for_its_role() -> None:
    """An act that is new asks for an owner until somebody decides otherwise; these were decided."""
    asked = {role: {act.value for act in Act if act.access is role} for role in Access}
    assert asked == {Access.VIEWER: VIEWERS, Access.ANALYST: ANALYSTS, Access.OWNER: OWNERS}
    assert {act.value for act in Act if act.changes_decisions} == CHANGING
    for words in (*VIEWERS, *ANALYSTS, *OWNERS):
        assert role_for(words) is Act(words).access
    assert role_for("recorded: alert tested") is role_for("incident reopened") is Access.ANALYST
    assert all(
        role_for(words) is Access.OWNER
        for words in ("something new", "loads", "undone", "pulled", "sign-in on")
    )


def test_every_act_that_the_code_puts_on_the_trail_is_one_of_the_table() -> None:
    written = []
    for path in LIB.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "trail.append":
                action = next(k.value for k in call.keywords if k.arg == "action")
                assert not isinstance(action, (ast.Constant, ast.JoinedStr)), (path, ast.unparse(action))
                written.append(ast.unparse(action))
    assert len(written) > 25


def test_whether_anybody_has_to_sign_in_is_read_from_what_the_server_did(tmp_path: Path) -> None:
    with_roles, start = open_workspace(tmp_path / "a.duckdb"), {"sign_in": None, "roles_assigned": None}

    def facts() -> dict[str, object]:
        with with_roles.read() as cursor:
            return access.access_facts(cursor)

    assert facts() == start  # no server ever ran: nothing is known
    access.note_sign_in(with_roles, on=False, reach="this machine")
    assert facts() == start
    assert not trail(with_roles).entries
    access.note_sign_in(with_roles, on=False, reach="network")
    assert facts() == {"sign_in": False, "roles_assigned": False}
    for _ in range(2):
        access.note_sign_in(with_roles, on=True, reach="network")
    assert facts() == {"sign_in": True, "roles_assigned": False}
    access.give(with_roles, "ana@x.org", Access.OWNER, by="test")
    assert facts() == {"sign_in": True, "roles_assigned": True}
    access.note_sign_in(with_roles, on=False, reach="this machine")
    assert facts() == {"sign_in": False, "roles_assigned": True}
    assert [re.sub(" .*", "", e.action) for e in trail(with_roles).entries] == [
        "sign-in",
        "role",
        "sign-in",
        "sign-in",
    ]
    with_roles.close()
