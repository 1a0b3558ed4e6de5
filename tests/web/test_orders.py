"""Commands that a program on another machine gives: run as beside the workspace, and by the token's role alone."""

from __future__ import annotations

import inspect
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pytest
import uvicorn
from starlette.applications import Starlette

import plumbline as package
from plumbline import api, cli
from plumbline.answers.data.load import system_loads
from plumbline.answers.governance.trail import trail
from plumbline.client.orders import _OWNERS, _READ, REFUSED
from plumbline.client.workspace import RemoteSystem, RemoteWorkspace
from plumbline.commands.command import ENTRIES, find_command
from plumbline.domain import PlumblineError
from plumbline.store.workspace import Workspace, open_workspace
from plumbline.web import uploads
from plumbline.web.application import Interface
from tests.conftest import Ran
from tests.factory.shop import shop_log
from tests.web.conftest import workspace

Run = Callable[..., Ran]


@dataclass
class Door:
    """The interface of this process on a port, the workspace behind it, and its tokens by role."""

    url: str
    ws: Workspace
    secrets: dict[str, str]
    folder: Path


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("orders")
    secrets = workspace(folder)
    ws = open_workspace(folder / "workspace.duckdb")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        interface = Interface(lambda: ws, cli.commands)
        config = uvicorn.Config(Starlette(routes=interface.routes()), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        with interface.lifespan():
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
            thread.start()
            while not server.started:
                time.sleep(0.01)
            yield Door(f"http://127.0.0.1:{listener.getsockname()[1]}", ws, secrets, folder)
            server.should_exit = server.force_exit = True
            thread.join(10)
    ws.close()


@pytest.fixture
def ask(door: Door, plumbline: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command with a role's token against the door."""

    def run(*words: str, who: str = "analyst") -> Ran:
        monkeypatch.setenv("HELD", door.secrets[who])
        return plumbline(*words, "--server", door.url, "--token-env", "HELD")

    return run


def _newest(door: Door) -> tuple[int, str, str]:
    entry = trail(door.ws).entries[0]
    return entry.seq, entry.actor, entry.action


def test_every_command_that_a_server_runs_takes_the_server_and_has_its_role_decided() -> None:
    names = {" ".join(path) for path in ENTRIES}
    assert _READ | _OWNERS | set(REFUSED) <= names
    assert {path for path in ENTRIES if not cli.commands.has_command(path)} == {("watch: take files",)}
    assert not (_READ & _OWNERS | _READ & set(REFUSED) | _OWNERS & set(REFUSED))
    for path in filter(cli.commands.has_command, ENTRIES):
        assert {"server", "token_env"} <= {parameter.name for parameter in find_command(path).params}, path


def test_a_log_is_loaded_as_beside_the_workspace(
    door: Door, ask: Run, plumbline: Run, tmp_path: Path
) -> None:
    file = tmp_path / "harbour.csv"
    file.write_bytes(shop_log(rows=200))
    words = ("load", str(file), "--system", "Harbour", "--map", "region=segment")
    local = plumbline(*words, "--workspace", str(tmp_path / "w.duckdb"))
    made = ask(*words)
    assert (made.code, made.out.replace("Load 3", "Load 1")) == (local.code, local.out)
    load = system_loads(door.ws, "harbour").loads[0]
    assert (load.file, load.rows_loaded, load.actor) == ("harbour.csv", 200, "token analyst")
    assert not list(door.ws.inbox.glob("order-*"))
    again = ask("load", str(file), "--system", "Harbour", "--json")
    assert json.loads(again.out)["rows_duplicate"] == 200
    undone = ask("undo", str(load.load_id))
    assert (undone.code, system_loads(door.ws, "harbour").loads[1].undone_at is not None) == (0, True)


@pytest.mark.parametrize(
    ("words", "least"),
    [
        (("record", "shop", "rollback rehearsed", "--note", "six minutes"), "analyst"),
        (("event", "add", "shop", "sale", "--kind", "campaign", "--on", "2026-02-01"), "analyst"),
        (("incident", "open", "shop", "Wrong prices", "--aware", "2026-02-03T10:00Z"), "analyst"),
        (("context", "shop", "impact=pricing"), "owner"),
        (("attest", "shop", "CMP-7", "Owned by Bo"), "owner"),
    ],
)
def test_an_act_takes_the_role_of_the_token_and_bears_its_name(
    door: Door, ask: Run, words: tuple[str, ...], least: str
) -> None:
    before = _newest(door)
    for who in ("viewer", "analyst")[: 1 if least == "analyst" else 2]:
        refused = ask(*words, who=who)
        assert (refused.code, refused.out) == (2, "")
        assert f"takes a token with the role {least}" in refused.err
        assert refused.err.count("\n") == 1
    assert _newest(door) == before
    done = ask(*words, who=least)
    assert done.code == 0, done.err
    assert _newest(door)[1] == f"token {least}"
    assert _newest(door)[0] > before[0]


def test_a_write_that_asks_for_more_than_the_token_has_changes_nothing(door: Door, ask: Run) -> None:
    """The role is looked at once more where it is written: ``acting off`` is an owner's, ``acting stop`` is not."""
    stopped = ask("acting", "off", who="analyst")
    assert stopped.code == 0, stopped.err
    before = _newest(door)
    refused = ask("acting", "on", who="analyst")
    assert (refused.code, _newest(door)) == (2, before)
    assert "Only an owner may do this" in refused.err
    assert ask("acting", "on", who="owner").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("undo", "1"), "not for this system"),
        (("load", "{log}", "--system", "Shop"), "not for this system"),
        (("trail",), "for some systems alone"),
        (("trail", "--system", "shop"), "not for this system"),
        (("check",), "for some systems alone"),
        (("token", "revoke", "old"), "for some systems alone"),
        (("findings", "airport", "--acknowledge", "1"), "There is no finding 1."),
        (("trail", "--system", "airport", "--disclose", "1", "--out", "x.jsonl"), "no entry 1"),
        (("trail", "--system", "airport", "--verify"), "verified together"),
    ],
)
def test_a_token_of_some_systems_touches_no_other(
    door: Door, ask: Run, words: tuple[str, ...], said: str
) -> None:
    before = _newest(door)
    refused = ask(*(word.format(log=door.folder / "shop.csv") for word in words), who="airport")
    assert (refused.code, refused.out, _newest(door)) == (2, "", before)
    assert said in refused.err
    assert "shop" not in refused.err.replace("shop.csv", "")


def test_a_finding_of_another_system_and_none_at_all_have_one_answer(ask: Run) -> None:
    of_another, none = (ask("acknowledge", "airport", n, who="airport") for n in ("1", "99999"))
    assert (of_another.code, of_another.err) == (none.code, none.err.replace("99999", "1"))


def test_a_token_of_some_systems_acts_for_its_own(door: Door, ask: Run) -> None:
    assert ask("record", "airport", "rollback rehearsed", who="airport").code == 0
    assert _newest(door)[1] == "token airport"
    assert ask("load", str(door.folder / "airport.csv"), "--system", "Airport", who="airport").code == 0


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_needs_the_machine_itself_says_so_in_one_sentence(ask: Run, name: str) -> None:
    command = find_command(tuple(name.split()))
    arguments = ["x"] * sum(p.required and p.param_type_name == "argument" for p in command.params)
    needed = [
        f"{p.opts[-1]}={getattr(p.type, 'choices', 'x')[0]}"
        for p in command.params
        if p.required and p.param_type_name == "option"
    ]
    refused = ask(*name.split(), *arguments, *needed, who="owner")
    assert (refused.code, refused.out) == (2, "")
    assert f"does not run {name} for another machine" in refused.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("trigger", "add", "shop", "t", "https://x.example/", "--secret-env", "PATH"),
            "takes no --secret-env",
        ),
        (("channel", "add", "c", "https://x.example/", "--allow-inner"), "takes no --allow-inner"),
        (("record", "shop", "rollback rehearsed", "--by", "Ana"), "in the name of the token"),
        (("load", "nowhere.csv", "--system", "shop"), "nowhere.csv"),
        (("incident", "close", "shop", "999", "no cause"), "999"),
    ],
)
def test_what_a_server_does_not_take_is_one_sentence(
    door: Door, ask: Run, words: tuple[str, ...], said: str
) -> None:
    before = _newest(door)
    refused = ask(*words, who="owner")
    assert (refused.code, refused.err.count("\n"), _newest(door)) == (2, 1, before)
    assert said in refused.err
    assert "order-" not in refused.err


@pytest.mark.parametrize(
    ("command", "arguments", "status", "said"),
    [
        ("load", {"title": "x", "file": "/etc/passwd"}, 422, "was not sent"),
        ("load", {"title": "x", "file": {"upload": "0" * 32, "name": "a"}}, 422, "was not sent"),
        ("load", {"title": "x", "file": {"name": "/etc/passwd"}}, 422, "passwd"),
        ("load", {"title": "x", "file": {"name": "a.csv"}, "workspace": "/tmp/w"}, 422, "workspace"),
        ("record", {"system": "shop", "event": "x", "by": "Ana"}, 422, "takes no 'by'"),
        ("record", {"system": "shop", "event": "--by=Ana"}, 422, ""),
        ("record", {"nothing": 1}, 422, "nothing"),
        ("load", {"title": "x", "file": {"name": ".."}, "accept": True}, 422, "was not sent"),
        (
            "questionnaire",
            {"system": ["shop", "/etc/passwd"], "out": {"name": "o.xlsx"}},
            422,
            "takes one value",
        ),
        ("trail", {"disclose": [1], "out": {"name": ".."}}, 422, "was not sent"),
        ("serve", {}, 404, "no such command"),
        ("watch: take files", {"paths": ["/etc/passwd"]}, 404, "no such command"),
        ("incident", {}, 404, "no such command"),
        ("backup", {"file": {"name": "x"}}, 403, "another machine"),
    ],
)
def test_an_order_by_hand_reaches_no_file_and_no_name_of_others(
    door: Door, command: str, arguments: dict[str, Any], status: int, said: str
) -> None:
    before = _newest(door)
    with RemoteWorkspace(door.url, door.secrets["owner"]) as there:
        reply = there._line.ask(
            "POST", f"/commands/{quote(command)}", json.dumps({"arguments": arguments}).encode()
        )
    assert (reply.status, _newest(door)) == (status, before)
    assert said in reply.sentence


def test_words_mean_the_same_as_on_the_server_s_machine(door: Door, ask: Run, tmp_path: Path) -> None:
    """0 is a number, False may be a word, ``--by`` may be a week, and a file that is read is not written over."""
    second = "A second person approves each one."
    assert second in ask("rollback", "mode", "shop", "propose", "--four-eyes", who="owner").out
    done = ask("rollback", "mode", "shop", "propose", "--one-person", who="owner")
    assert done.code == 0, done.err
    assert second not in done.out
    weekly = {"arguments": {"system": "shop", "by": "week"}}
    with RemoteWorkspace(door.url, door.secrets["viewer"]) as there:
        assert there._line.ask("POST", "/commands/performance", json.dumps(weekly).encode()).status == 200
    book = tmp_path / "book.xlsx"
    book.write_bytes(b"PK")
    refused = ask("questionnaire", "shop", str(book), "--out", str(book))
    assert (refused.code, book.read_bytes()) == (2, b"PK")
    assert "written over" in refused.err


def test_files_that_wait_are_few_small_and_one_tokens_own(door: Door) -> None:
    with RemoteWorkspace(door.url, door.secrets["viewer"]) as there:
        numbers = [there.send_file(Path(__file__)) for _ in range(uploads.WAITING)]
        with pytest.raises(PlumblineError, match="wait for their commands"):
            there.send_file(Path(__file__))
        for name in ("..", "a%00b", "x" * 300):
            assert there._line.ask("PUT", f"/files/{name}", b"x").status in (404, 422)
    with RemoteWorkspace(door.url, door.secrets["analyst"]) as other:
        arguments = {"title": "x", "file": {"upload": numbers[0], "name": "a.csv"}}
        with pytest.raises(PlumblineError, match="was not sent"):
            other.order(("load",), arguments)
    assert len(list(door.ws.inbox.glob("order-*"))) == uploads.WAITING
    with RemoteWorkspace(door.url, door.secrets["viewer"]) as there:
        for number, command in zip(numbers, ("load", "load", "serve", "backup"), strict=True):
            with pytest.raises(PlumblineError):  # above its role, no command, or not for another machine
                there.order((command,), {"title": "x", "file": {"upload": number, "name": "a.csv"}})
    assert not list(door.ws.inbox.glob("order-*"))


def test_what_a_command_writes_is_written_where_it_was_asked_for(
    door: Door, ask: Run, tmp_path: Path
) -> None:
    out = tmp_path / "record.json"
    made = ask("decision", "shop", "o-000-001", "--out", str(out))
    assert made.code == 0, made.err
    assert json.loads(out.read_text())
    assert str(out) in made.out
    lost = ask("decision", "shop", "o-000-001", "--out", str(tmp_path / "none" / "record.json"))
    assert lost.code == 2


@pytest.fixture
def there(door: Door) -> Iterator[RemoteWorkspace]:
    with package.connect(door.url, door.secrets["analyst"]) as made:
        yield made


def test_a_connected_workspace_has_every_method_of_an_open_one() -> None:
    """With the names and parameters of the local ones; ``push`` and what it is made of are beyond them."""
    for own, remote in ((api.Workspace, RemoteWorkspace), (api.System, RemoteSystem)):
        for name in [name for name in vars(own) if not name.startswith("_")]:
            assert hasattr(remote, name), f"{remote.__name__} has no {name}"
            if callable(getattr(own, name)):
                mine, theirs = (inspect.signature(getattr(kind, name)).parameters for kind in (own, remote))
                assert list(mine) == list(theirs), name
                assert [p.default for p in mine.values()] == [p.default for p in theirs.values()], name


def test_a_connected_workspace_loads_notes_and_reports(
    door: Door, there: RemoteWorkspace, tmp_path: Path
) -> None:
    frame = pd.read_csv(door.folder / "shop.csv").head(300)
    made = there.load(frame, system="Quay", roles={"region": "protected:region"})
    assert made.last_load is not None
    assert (made.key, made.last_load.rows_loaded) == ("quay", 300)
    assert made.fairness().to_dict()["system"] == "quay"
    assert made.quality(window="2026-01-01..2026-02-01").to_dict()
    there.outcome(
        ("event", "add"), {"system": "quay", "text": "sale", "kind": "campaign", "first": "2026-02-01"}
    )
    assert made.events().to_dict()
    assert made.sample is None  # all of its decisions are there
    with pytest.raises(PlumblineError, match="has no store"):
        _ = there.store
    with pytest.raises(PlumblineError, match="No document ends in"):
        made.report(tmp_path / "report.txt")
    with pytest.raises(PlumblineError):
        there.load(tmp_path / "nowhere.csv", system="quay")
