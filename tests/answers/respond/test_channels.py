"""Channels from the command line: set up, tested by a code, used, and never a place where a secret stands."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plumbline.answers.governance import access
from plumbline.answers.respond import channels, triage
from plumbline.answers.respond.delivery import work
from plumbline.domain import PlumblineError, Task
from plumbline.domain.acts import Access
from plumbline.respond.http import HttpReply
from plumbline.store import findings as register
from plumbline.store import systems, trail
from plumbline.store.workspace import Workspace, open_workspace
from tests.answers.respond.outbox_cases import AT, Post, check, deliver, outbox, problem
from tests.conftest import Ran
from tests.respond.receiver import Receiver, answer_with, receiver

BY = ("--by", "Ada")


def code_in(own: Receiver) -> str:
    return str(json.loads(own.came[-1].body)["data"]["code"])


def test_a_channel_is_set_up_tested_confirmed_and_removed(plumbline: Callable[..., Ran]) -> None:
    with receiver() as own:
        made = plumbline("channel", "add", "ops", own.url, "--allow-inner", *BY, "--json")
        assert made.json["channel"]["address"] == own.url
        sent = plumbline("channel", "test", "ops", *BY, "--json").json
        assert sent["sent"] is True
        assert sent["receipt"].startswith("200")
        assert re.fullmatch(r"\d{6}", code_in(own))
        assert plumbline("channel", "confirm", "ops", code_in(own), *BY, "--json").json["confirmed"] is True
    (one,) = plumbline("channel", "list", "--json").json["channels"]
    assert one["confirmed_by"] == "Ada"
    (told,) = plumbline("deliveries", "--json").json["deliveries"]
    assert (told["event"], told["channel"], told["state"], told["attempts"]) == (
        "channel.test",
        "ops",
        "sent",
        1,
    )
    plumbline("channel", "remove", "ops", *BY)
    assert plumbline("channel", "list", "--json").json == {"channels": []}


def test_inner_hosts_need_an_owner_s_word(plumbline: Callable[..., Ran]) -> None:
    ran = plumbline("channel", "add", "ops", "http://127.0.0.1:9", *BY)
    assert ran.code == 2
    assert "--allow-inner" in ran.err


def test_a_test_that_did_not_arrive_says_why(plumbline: Callable[..., Ran]) -> None:
    with receiver(answer_with(500, b"broken")) as own:
        plumbline("channel", "add", "ops", own.url, "--allow-inner", *BY)
        ran = plumbline("channel", "test", "ops", *BY)
    assert ran.code == 1
    assert "500" in ran.out


@pytest.fixture
def code(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> str:
    post = Post()
    monkeypatch.setattr(channels, "send", post)
    channels.add(workspace, "ops", "https://hooks.example.com/x", by="Ada")
    assert channels.send_test(workspace, "ops", by="Ada", at=AT).sent
    return str(post.came[0][2]["data"]["code"])


def test_the_code_itself_is_nowhere_in_the_workspace(workspace: Workspace, code: str) -> None:
    with workspace.read() as cursor:
        tables = cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        for (table,) in tables:
            for row in cursor.execute(f'SELECT * FROM "{table}"').fetchall():
                assert code not in json.dumps(
                    [str(cell) for cell in row if not isinstance(cell, datetime)]
                ).replace(".", " ")


def test_a_wrong_code_a_late_one_and_guessing_prove_nothing(workspace: Workspace, code: str) -> None:
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    with pytest.raises(PlumblineError, match="not the code"):
        channels.confirm(workspace, "ops", wrong, by="Eve", at=AT)
    with pytest.raises(PlumblineError, match="No code is out"):
        channels.confirm(workspace, "ops", code, by="Eve", at=AT + timedelta(days=3))
    for _ in range(channels.TRIES - 1):
        with pytest.raises(PlumblineError, match="not the code"):
            channels.confirm(workspace, "ops", wrong, by="Eve", at=AT)
    with pytest.raises(PlumblineError, match="No code is out"):
        channels.confirm(workspace, "ops", code, by="Ada", at=AT)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (HttpReply(error="No connection could be made", unreached=True), "No code is out"),
        (HttpReply(error="No whole answer within 20 seconds"), "not the code"),  # it may have arrived
    ],
)
def test_a_code_that_nobody_got_is_not_out(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, reply: HttpReply, says: str
) -> None:
    channels.add(workspace, "ops", "https://hooks.example.com/x", by="Ada")
    monkeypatch.setattr(channels, "send", Post(reply))
    assert not channels.send_test(workspace, "ops", by="Ada", at=AT).sent
    with pytest.raises(PlumblineError, match=says):
        channels.confirm(workspace, "ops", "no digits", by="Ada", at=AT)


def test_a_code_counts_once_and_proves_for_a_year(workspace: Workspace, code: str) -> None:
    one = channels.confirm(workspace, "ops", f" {code[:3]} {code[3:]} ", by="Ada", at=AT)
    assert channels.is_proved(one, AT + timedelta(days=364))
    assert not channels.is_proved(one, AT + timedelta(days=366))
    with pytest.raises(PlumblineError, match="No code is out"):
        channels.confirm(workspace, "ops", code, by="Ada", at=AT)


def test_an_owner_sets_up_an_analyst_tests_and_handles_and_a_viewer_does_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "send", Post())
    for mail, role in (
        ("own@x.org", Access.OWNER),
        ("ana@x.org", Access.ANALYST),
        ("vic@x.org", Access.VIEWER),
    ):
        access.give(workspace, mail, role, by="own@x.org")
    owner, analyst, viewer = (workspace.as_person(m) for m in ("own@x.org", "ana@x.org", "vic@x.org"))
    check(workspace, problem())
    due = datetime.now(UTC).date() + timedelta(days=3)
    for hand, mail in ((analyst, "ana@x.org"), (viewer, "vic@x.org")):
        with pytest.raises(PlumblineError, match="owner"):
            channels.add(hand, "ops", "https://hooks.example.com/x", by=mail)
    channels.add(owner, "ops", "https://hooks.example.com/x", by="own@x.org")
    with pytest.raises(PlumblineError, match="owner"):
        channels.remove(analyst, "ops", by="ana@x.org")
    with pytest.raises(PlumblineError, match="owner"):
        channels.turn(analyst, "ops", on=False, by="ana@x.org")
    with pytest.raises(PlumblineError, match="Only an analyst"):
        channels.send_test(viewer, "ops", by="vic@x.org")
    assert channels.send_test(analyst, "ops", by="ana@x.org").sent
    acts: list[Callable[[Workspace, str], object]] = [
        lambda ws, by: triage.assign(ws, "s", 1, to="Bo", due=due, by=by),
        lambda ws, by: triage.snooze(ws, "s", 1, until=due, reason="known", by=by),
        lambda ws, by: triage.comment(ws, "s", 1, "looking", by=by),
    ]
    for act in acts:
        with pytest.raises(PlumblineError, match="Only an analyst"):
            act(viewer, "vic@x.org")
        act(analyst, "ana@x.org")
    one = triage.triaged_findings(workspace, "s")[1]
    assert (one.triage.owner, one.triage.muted_by, one.comments[0].text) == ("Bo", "ana@x.org", "looking")


def test_a_finding_is_handled_from_the_command_line(plumbline: Callable[..., Ran]) -> None:
    ws = open_workspace()
    with ws.write() as cursor:
        systems.create_system(cursor, "Shop", task=Task.BINARY)
        number = register.add(cursor, replace(problem(), system="shop"), AT, None)
    ws.close()
    due = (datetime.now(UTC).date() + timedelta(days=7)).isoformat()
    seen = plumbline("acknowledge", "shop", str(number), *BY, "--json").json["finding"]
    assert seen["acknowledged_by"] == "Ada"
    given = plumbline("assign", "shop", str(number), "--to", "Bo", "--due", due, *BY, "--json").json[
        "finding"
    ]
    assert (given["owner"], given["due"]) == ("Bo", due)
    muted = plumbline("snooze", "shop", str(number), "--until", due, "--reason", "known", *BY, "--json").json[
        "finding"
    ]
    assert (muted["muted_until"], muted["muted_why"]) == (due, "known")
    said = plumbline("comment", "shop", str(number), "looking into it", *BY, "--json").json["finding"]
    assert [one["text"] for one in said["comments"]] == ["looking into it"]
    one = ("shop", str(number))
    for wrong in (
        ("acknowledge", "shop", "999"), ("snooze", *one, "--until", "2099-01-01", "--reason", "x"),
        ("assign", *one, "--to", "Bo", "--due", "2001-01-01"), ("assign", *one, "--to", "Bo", "--due", "soon"),
    ):  # fmt: skip
        assert plumbline(*wrong, *BY).code == 2


def test_a_signed_message_is_taken_by_the_standard_s_own_verifier(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    standardwebhooks = pytest.importorskip("standardwebhooks")
    secret = "whsec_" + base64.b64encode(b"k" * 32).decode()
    monkeypatch.setenv("HOOK_SECRET", secret)
    with receiver() as own:
        channels.add(workspace, "ops", own.url, by="Ada", secret="HOOK_SECRET", allow_inner=True)
        check(workspace, problem(), at=datetime.now(UTC))
        assert work(workspace).sent == 1
    request = own.came[0]
    assert standardwebhooks.Webhook(secret).verify(request.body, request.headers)
    assert request.headers["webhook-id"] == outbox(workspace)[0].id
    assert request.headers["content-type"] == "application/cloudevents+json"


def test_no_secret_stands_anywhere(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    canary = "canary0secret0canary"
    key = "whsec_" + base64.b64encode(canary.encode() * 2).decode()
    monkeypatch.setenv("HOOK_SECRET", key)
    with receiver(answer_with(500, b"no")) as own:
        monkeypatch.setenv("WHOLE_ADDRESS", f"{own.url}/services/{canary}")
        channels.add(workspace, "ops", "env:WHOLE_ADDRESS", by="Ada", secret="HOOK_SECRET", allow_inner=True)
        channels.send_test(workspace, "ops", by="Ada")
        check(workspace, problem(), at=datetime.now(UTC))
        assert work(workspace).failed == 1
        assert canary in own.came[0].path
    with workspace.read() as cursor:
        text = json.dumps([entry.detail for entry in trail.entries(cursor)])
    texts = [
        text,
        json.dumps([channels.public_fields(one) for one in channels.channels(workspace)]),
        repr(outbox(workspace)),
    ]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            texts.append(path.read_bytes().decode("latin-1"))
    for secret in (canary, key, key.removeprefix("whsec_")):
        assert not any(secret in text for text in texts)


def test_a_channel_switched_off_gets_nothing_and_gets_it_again_when_on(workspace: Workspace) -> None:
    channels.add(workspace, "ops", "https://hooks.example.com/x", by="Ada")
    check(workspace, problem())
    channels.turn(workspace, "ops", on=False, by="Ada")
    post = Post(HttpReply(status=200))
    deliver(workspace, post)
    assert post.came == []
    channels.turn(workspace, "ops", on=True, by="Ada")
    check(workspace, problem(), problem("retraining"))
    deliver(workspace, post)
    assert len(post.came) == 1
