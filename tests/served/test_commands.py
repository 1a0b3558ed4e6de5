"""Commands beside a running server: the same words, codes and files as without one, and nothing half done."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plumbline.answers.data.load import load_file
from plumbline.commands import command as commands
from plumbline.console import TERMINAL, progress
from plumbline.console import workspace as open_for
from plumbline.relay import address, caller, host
from plumbline.relay.address import socket_path
from plumbline.relay.host import Host
from plumbline.store.workspace import Workspace, open_workspace
from tests.conftest import Ran
from tests.environment import product
from tests.pages.sample import log

from .serving import Server, Tab, serve

Run = Callable[..., Ran]

#: one of each family, in this order: what changes the workspace comes before what shows it
FAMILIES: tuple[tuple[str, ...], ...] = (
    ("load", "more.csv", "--system", "Shop offers"),
    ("load", "parts", "--system", "Parts", "--accept-quarantine"),
    ("load", "broken.pdf", "--system", "Shop offers"),
    ("load", "nowhere.csv", "--system", "Shop offers"),
    ("undo", "3", "--json"),
    ("watch", "box", "--system", "boxed", "--once", "--settle", "0", "--json"),
    ("check", "--json"),
    ("check", "nobody"),
    ("findings", "--json"),
    ("findings", "--acknowledge", "1", "--by", "ana"),
    ("findings", "--open"),
    ("scorecard", "shop-offers", "--fail-on", "MATURE"),
    ("performance", "shop-offers", "--by", "week"),
    ("quality", "shop-offers", "--json"),
    ("releases", "shop-offers"),
    ("context", "shop-offers", "impact=credit", "--by", "ana"),
    ("incident", "open", "shop-offers", "Slow", "--by", "ana", "--aware", "2026-03-01T10:00:00Z"),
    ("incident", "list", "shop-offers"),
    ("access", "ana@example.com", "owner"),
    ("places", "mlflow.example:5000"),
    ("quarantine", "shop-offers", "--out", "rows.csv", "--json"),
    ("quarantine", "shop-offers", "--out", "missing/rows.csv"),
    ("decision", "shop-offers", "o-000-001", "--out", "d.json"),
    ("decision", "shop-offers", "o-000-001", "--out", "d.txt"),
    ("pull", "sqlite:none.db", "--system", "Shop offers", "--table", "t"),
    ("sources",),
    ("trail", "--verify"),
)
#: what two runs at two moments may differ by
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(\+00:00|Z)?|[0-9a-f]{64}|[\d,]+ bytes")


def _files(folder: Path) -> None:
    lines = log().splitlines()
    (folder / "more.csv").write_bytes(b"\n".join(lines[:2]).replace(b"2026", b"2025") + b"\n")
    (folder / "parts").mkdir()
    for name, start in (("a.csv", 1), ("b.csv", 100)):
        (folder / "parts" / name).write_bytes(b"\n".join([lines[0], *lines[start : start + 40]]) + b"\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7")
    (folder / "box").mkdir()
    (folder / "box" / "c.csv").write_bytes(b"\n".join([lines[0], *lines[1:40]]) + b"\n")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one system of 300 decisions."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "shop.csv").write_bytes(b"\n".join(log().splitlines()[:301]) + b"\n")
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    load_file(ws, folder / "shop.csv", title="Shop offers", actor="test")
    ws.close()
    return folder / "workspace.duckdb"


@pytest.fixture(scope="module")
def served(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("beside")
    shutil.copy(small, folder / "workspace.duckdb")
    _files(folder)
    with serve(folder / "workspace.duckdb") as server:
        path = socket_path(server.workspace)
        for _ in range(200):
            if path.is_socket():
                break
            time.sleep(0.05)
        yield server


def test_every_family_says_the_same_with_and_without_a_server(
    served: Server, small: Path, tmp_path: Path, plumbline: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(small, tmp_path / "workspace.duckdb")
    _files(tmp_path)
    alone, beside = [], []
    for folder, ran in ((tmp_path, alone), (served.workspace.parent, beside)):
        monkeypatch.chdir(folder)
        monkeypatch.setenv("PLUMBLINE_WORKSPACE", "workspace.duckdb")
        for words in FAMILIES:
            one = plumbline(*words)
            out, err = (_MOMENT.sub("#", text.replace(str(folder), "FOLDER")) for text in (one.out, one.err))
            ran.append((words, one.code, out, err))
    for one, other in zip(alone, beside, strict=True):
        assert other == one
    assert {code for _, code, _, _ in alone} == {0, 1, 2}
    assert (served.workspace.parent / "d.json").read_bytes().startswith(b"{")
    assert (served.workspace.parent / "box" / "done" / "c.csv").exists()


def test_pages_and_two_commands_at_once(
    served: Server, plumbline: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(served.workspace))
    words = [product.python(), "-m", "plumbline.cli"]
    orders = [[*words, "drift", "shop-offers"], [*words, "quality", "shop-offers", "--json"]]
    with ThreadPoolExecutor(2) as pool, Tab(served) as tab:
        ran = list(
            pool.map(lambda w: subprocess.run(w, capture_output=True, text=True, env=product.paths()), orders)
        )
        assert "Of 30" in tab.run("quality", "system=shop-offers")
    assert [one.returncode for one in ran] == [0, 0], [one.stderr for one in ran]
    assert ran[0].stdout == plumbline("drift", "shop-offers").out
    assert ran[1].stdout == plumbline("quality", "shop-offers", "--json").out


def test_what_cannot_be_done_beside_a_server_is_one_sentence(
    served: Server, plumbline: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(served.workspace))
    for words in (("serve",), ("demo",)):
        ran = plumbline(*words)
        assert ran.code == 2
        assert ran.err.startswith("plumbline: A running server holds this workspace")
        assert len(ran.err.splitlines()) == 1


def test_a_load_whose_caller_is_killed_is_there_whole_or_not_at_all(
    served: Server, plumbline: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(served.workspace))
    lines = log().splitlines()
    many = [lines[0]] + [
        line.replace(b"2026", b"%d" % year) for year in range(1990, 2020) for line in lines[1:]
    ]
    (served.workspace.parent / "many.csv").write_bytes(b"\n".join(many) + b"\n")
    before = len(plumbline("trail", "--limit", "1000", "--json").json["entries"])
    started = subprocess.Popen(
        [product.python(), "-m", "plumbline.cli", "load", "many.csv", "--system", "many"],
        cwd=served.workspace.parent, env=product.paths(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    time.sleep(1.0)
    started.kill()
    started.wait()
    for _ in range(100):  # the next write waits for what is left of it
        ran = plumbline("context", "shop-offers", "impact=credit", "--by", "ana")
        if ran.code == 0:
            break
    assert ran.code == 0, ran.err
    known = {row["key"] for row in plumbline("systems", "--json").json["systems"]}
    trail = plumbline("trail", "--verify", "--limit", "1000", "--json").json
    assert trail["intact"]
    if "many" in known:  # it was quicker than the kill
        assert any(e["action"] == "load" and e["system"] == "many" for e in trail["entries"])
    else:
        assert not any(e["system"] == "many" for e in trail["entries"])
    assert len(trail["entries"]) >= before


# --- without Streamlit: a host in this process, and commands made for the purpose


@pytest.fixture
def hosted(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setattr(commands, "ENTRIES", dict(commands.ENTRIES))
    made = Host(workspace.path, lambda call: commands.carry_out(call, lambda: workspace))
    yield made
    made.close()


def _entry(monkeypatch: pytest.MonkeyPatch, name: str, function: Callable[..., Any]) -> None:
    commands.ENTRIES[(name,)] = commands.Entry(function=function)


def _ask(hosted: Host, name: str, workspace: Workspace, *, terminal: bool = False, **arguments: Any) -> Ran:
    out: list[str] = []
    err: list[str] = []
    end = caller.server_of(workspace.path)
    assert end is not None
    with end:
        code = caller.run(
            end, (name,), {"arguments": arguments, "typed": {}, "variables": []}, as_json=False, terminal=terminal,
            streams=caller.Streams(out.append, err.append),
        )  # fmt: skip
    return Ran(code, "".join(out), "".join(err))


def test_only_this_user_may_open_the_socket(
    hosted: Host, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hosted.path.lstat().st_mode & 0o777 == 0o600
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert address.peer(one) == (os.getpid(), os.geteuid())
        assert address.is_mine(one)
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        assert not address.is_mine(one)
    monkeypatch.undo()
    monkeypatch.setattr(host, "is_mine", lambda end: False)
    _entry(monkeypatch, "secret", lambda workspace: ({}, ["never said"]))
    with pytest.raises(Exception, match="ended before the command did"):
        _ask(hosted, "secret", workspace)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_cannot_connect(blank: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # so that the socket's own mode decides
        shutil.copy(blank, folder / "w.duckdb")
        ws = open_workspace(folder / "w.duckdb")
        made = Host(ws.path, lambda call: commands.carry_out(call, lambda: ws))
        child = os.fork()
        if child == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            end = socket.socket(socket.AF_UNIX)
            os._exit(end.connect_ex(str(made.path)) % 256)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == errno.EACCES
        made.close()
        ws.close()


def test_a_command_gives_nothing_to_a_strangers_socket(
    hosted: Host, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "is_mine", lambda end: False)
    with pytest.raises(Exception, match="another user"):
        caller.server_of(workspace.path)


def test_a_folder_that_everybody_may_write_to_gets_no_socket(workspace: Workspace) -> None:
    workspace.path.parent.chmod(0o777)
    with pytest.raises(OSError, match="everybody"):
        Host(workspace.path, lambda call: 0)
    workspace.path.parent.chmod(0o700)


def test_a_long_path_has_a_socket_too(tmp_path: Path, blank: Path) -> None:
    folder = tmp_path / ("a" * 100) / ("b" * 100)
    folder.mkdir(parents=True)
    path = folder / f"{'c' * 200}.duckdb"
    shutil.copy(blank, path)
    ws = open_workspace(path)
    made = Host(path, lambda call: commands.carry_out(call, lambda: ws))
    end = caller.server_of(path)
    assert end is not None
    end.close()
    made.close()
    assert not made.path.exists()
    ws.close()


def test_what_a_killed_server_left_is_no_server(tmp_path: Path, plumbline: Run) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(socket_path(tmp_path / "workspace.duckdb")))
    left.close()
    assert plumbline("systems").code == 0
    ws = open_workspace(tmp_path / "workspace.duckdb")
    made = Host(ws.path, lambda call: commands.carry_out(call, lambda: ws))  # takes its place
    assert plumbline("systems").code == 0
    made.close()
    ws.close()


def test_another_version_is_said(hosted: Host, plumbline: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller, "code", lambda: "other")
    ran = plumbline("systems")
    assert ran.code == 2
    assert "another version of Plumbline" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_progress_passes_as_it_is_shown_on_a_terminal(
    hosted: Host, plumbline: Run, monkeypatch: pytest.MonkeyPatch, workspace: Workspace
) -> None:
    def slow(workspace: str | None) -> Any:
        for share in (0.0, 0.5, 1.0):
            progress("Doing", share)
        return {}, ["done"]

    _entry(monkeypatch, "slow", slow)
    ran = _ask(hosted, "slow", workspace, terminal=True)
    assert ran.err == "".join(f"\r\033[KDoing {share:4.0%}" for share in (0.0, 0.5, 1.0)) + "\n"
    assert ran.out == "done\n"
    assert _ask(hosted, "slow", workspace).err == ""


def test_output_of_any_length_comes_whole(
    hosted: Host, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "_PIECE", 1000)
    long = "ä\n" * 5_000
    _entry(monkeypatch, "long", lambda workspace: ({}, [long, ""]))
    assert _ask(hosted, "long", workspace).out == long + "\n\n"


@pytest.mark.parametrize("asking", ["interrupt", "leave"])
def test_a_caller_who_gives_up_stops_what_is_at_work_and_leaves_nothing(
    hosted: Host, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, asking: str
) -> None:
    begun, ended = threading.Event(), threading.Event()

    def endless(workspace: str | None) -> Any:
        try:
            with open_for(workspace) as ws, ws.write() as cursor:
                cursor.execute("INSERT INTO respond_setting VALUES ('half', '{}')")
                begun.set()
                cursor.execute(
                    "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 7"
                )
            return {}, ["never"]
        finally:
            ended.set()

    _entry(monkeypatch, "endless", endless)
    if asking == "leave":
        end = caller.server_of(workspace.path)
        assert end is not None
        order = {"version": "", "code": address.code(), "command": ["endless"], "files": {},
                 "arguments": {"arguments": {}, "typed": {}, "variables": []}}  # fmt: skip
        caller.frames.send(end, order)
        assert begun.wait(20)
        end.close()  # as the end of its process does
    else:
        timer = threading.Thread(target=lambda: (begun.wait(20), os.kill(os.getpid(), signal.SIGINT)))
        timer.start()
        ran = _ask(hosted, "endless", workspace)
        timer.join()
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == "plumbline: Stopped; nothing was changed.\n"
    assert ended.wait(20)
    with workspace.write() as cursor:  # the lock is free
        assert cursor.execute("SELECT count(*) FROM respond_setting").fetchone() == (0,)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_was_committed_before_a_stop_is_not_called_unchanged(
    hosted: Host, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def twice(workspace: str | None) -> Any:
        with open_for(workspace) as ws:
            with ws.write() as cursor:
                cursor.execute("INSERT INTO respond_setting VALUES ('first', '{}')")
            os.kill(os.getpid(), signal.SIGINT)
            while True:
                with ws.read() as cursor:
                    cursor.execute("SELECT 1")

    _entry(monkeypatch, "twice", twice)
    assert _ask(hosted, "twice", workspace).err == "plumbline: Stopped; what was done before is kept.\n"
    with workspace.read() as cursor:
        assert cursor.execute("SELECT name FROM respond_setting").fetchall() == [("first",)]


def test_a_caller_who_reads_nothing_holds_up_no_write(
    hosted: Host, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrote = threading.Event()

    def talkative(workspace: str | None) -> Any:
        with open_for(workspace) as ws, ws.write() as cursor:
            cursor.execute("INSERT INTO respond_setting VALUES ('told', '{}')")
            for _ in range(2000):
                progress("x" * 10_000, 0.5)
        wrote.set()
        return {}, []

    _entry(monkeypatch, "talkative", talkative)
    end = caller.server_of(workspace.path)
    assert end is not None
    with end:
        order = {"version": "", "code": address.code(), "command": ["talkative"], "files": {}, "terminal": True,
                 "arguments": {"arguments": {}, "typed": {}, "variables": []}}  # fmt: skip
        caller.frames.send(end, order)
        assert wrote.wait(20)


def test_a_server_that_stops_ends_what_is_at_work(
    hosted: Host, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def waiting(workspace: str | None) -> Any:
        with open_for(workspace) as ws:
            begun.set()
            while True:
                with ws.read() as cursor:
                    cursor.execute("SELECT 1")

    _entry(monkeypatch, "waiting", waiting)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(_ask, hosted, "waiting", workspace)
        assert begun.wait(20)
        hosted.close()
        ran = asked.result(20)
    assert (ran.code, ran.err) == (2, "plumbline: Stopped; nothing was changed.\n")


def test_a_path_that_the_server_sees_otherwise_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a")
    seen = file.stat()
    commands._same_sight({str(file): (seen.st_dev, seen.st_ino), str(tmp_path / "b"): None}, {})
    with pytest.raises(Exception, match=r"does not see what you see here \(a.csv\)"):
        commands._same_sight({str(file): (seen.st_dev, seen.st_ino + 1)}, {str(file): "a.csv"})


def test_a_variable_that_only_the_caller_has_is_named_where_a_command_failed(
    hosted: Host, workspace: Workspace, plumbline: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "s3cret-canary")
    sent: list[Any] = []
    monkeypatch.setattr(caller.frames, "send", lambda end, frame: (sent.append(frame), _send(end, frame)))
    monkeypatch.setattr(commands, "_lacking", lambda names: f" {names[0]}?")
    ran = plumbline("pull", "sqlite:none.db", "--system", "s")
    assert ran.code == 2
    assert ran.err.endswith("PGPASSWORD?\n")
    plumbline("backup", workspace.path.parent / "b.duckdb")
    files = [frame["files"] for frame in sent if "files" in frame][-1]
    assert set(files) == {str(workspace.path.parent / "b.duckdb"), str(workspace.path.parent)}
    assert "canary" not in repr(sent)


_send = caller.frames.send


def test_commands_speak_through_the_console_alone() -> None:
    for path in (product.ROOT / "lib" / "plumbline" / "commands").rglob("*.py"):
        if path.name not in ("command.py", "server.py"):
            text = path.read_text("utf-8")
            assert "click.echo" not in text, path
            assert not re.search(r"\bprint\(|sys\.std(out|err|in)", text), path


def test_terminal_is_this_process_own_unless_a_server_runs_a_command() -> None:
    assert TERMINAL.get().lend is None
    assert replace(TERMINAL.get()).typed == {}
