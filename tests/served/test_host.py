"""The socket beside a workspace: who may open it, and what a command says and does through it."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from plumbline.commands import command as commands
from plumbline.console import progress
from plumbline.console import workspace as open_for
from plumbline.relay import address, caller, host
from plumbline.relay.address import socket_path
from plumbline.relay.host import Host
from plumbline.store.workspace import Workspace, open_workspace
from tests.conftest import Ran

Run = Callable[..., Ran]
_send = caller.frames.send


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
    end = caller.connect_to_server(workspace.path)
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
        with monkeypatch.context() as patch:  # and nothing else is undone: the fixture's entries stay a copy
            patch.setattr(os, "geteuid", lambda: os.getuid() + 1)
            assert not address.is_mine(one)
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
        caller.connect_to_server(workspace.path)


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
    end = caller.connect_to_server(path)
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


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Take Ctrl-C as a terminal's process does: one that was started in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
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
        end = caller.connect_to_server(workspace.path)
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
    end = caller.connect_to_server(workspace.path)
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
    commands._refuse_other_files({str(file): (seen.st_dev, seen.st_ino), str(tmp_path / "b"): None}, {})
    with pytest.raises(Exception, match=r"does not see what you see here \(a.csv\)"):
        commands._refuse_other_files({str(file): (seen.st_dev, seen.st_ino + 1)}, {str(file): "a.csv"})


def test_a_variable_that_only_the_caller_has_is_named_where_a_command_failed(
    hosted: Host, workspace: Workspace, plumbline: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "s3cret-canary")
    sent: list[Any] = []
    monkeypatch.setattr(caller.frames, "send", lambda end, frame: (sent.append(frame), _send(end, frame)))
    monkeypatch.setattr(commands, "_missing_variable_hint", lambda names: f" {names[0]}?")
    ran = plumbline("pull", "sqlite:none.db", "--system", "s")
    assert ran.code == 2
    assert ran.err.endswith("PGPASSWORD?\n")
    plumbline("backup", workspace.path.parent / "b.duckdb")
    files = [frame["files"] for frame in sent if "files" in frame][-1]
    assert set(files) == {str(workspace.path.parent / "b.duckdb"), str(workspace.path.parent)}
    assert "canary" not in repr(sent)
