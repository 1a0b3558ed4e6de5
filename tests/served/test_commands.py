"""Commands beside a running server: the same words, codes and files as without one, and nothing half done."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from plumbline.console import TERMINAL
from plumbline.relay.address import socket_path
from tests.conftest import Ran
from tests.environment import product
from tests.factory.shop import shop_log
from tests.factory.workspaces import loaded_workspace

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
    lines = shop_log().splitlines()
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
    ws = loaded_workspace(folder, title="Shop offers", rows=300)
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
    lines = shop_log().splitlines()
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


def test_commands_speak_through_the_console_alone() -> None:
    for path in (product.ROOT / "lib" / "plumbline" / "commands").rglob("*.py"):
        if path.name not in ("command.py", "server.py"):
            text = path.read_text("utf-8")
            assert "click.echo" not in text, path
            assert not re.search(r"\bprint\(|sys\.std(out|err|in)", text), path


def test_terminal_is_this_process_own_unless_a_server_runs_a_command() -> None:
    assert TERMINAL.get().lend is None
    assert replace(TERMINAL.get()).typed == {}
