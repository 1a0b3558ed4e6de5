"""A disk that is full: told in words, nothing lost, and the process goes on once there is space again.

A limit on the size of files stands in for it: DuckDB fails in the same places, on any machine and without being root.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from plumbline.answers.data.load import load_file
from plumbline.store.workspace import open_workspace
from tests.factory.shop import shop_log

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
#: run in a process of its own, whose limit is lifted again
LIMITED = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
def limit(size): resource.setrlimit(resource.RLIMIT_FSIZE, (size if size is not None else most, most))
from plumbline.answers.data.load import load_file
from plumbline.answers.governance.portfolio import portfolio
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.domain import PlumblineError
from plumbline.store.workspace import open_workspace
folder = Path(sys.argv[1])
ws = open_workspace(folder / "w.duckdb", read_from=[folder])
def rows():
    with ws.read() as cursor: return cursor.execute("SELECT count(*) FROM decision_shop").fetchone()[0]
def load():
    try: load_file(ws, folder / "more.csv", title="Shop", actor="x")
    except PlumblineError as error: return str(error)
    return "loaded"
"""


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """A workspace that holds a shop's log, and twenty times as many rows that wait to be loaded."""
    for name in ("w.duckdb", "more.csv"):
        shutil.copy(filled / name, tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    (folder / "a.csv").write_bytes(shop_log())
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    load_file(ws, folder / "a.csv", title="Shop", actor="x")
    ws.close()
    head, *lines = shop_log().decode().splitlines()
    more = [line.replace(",o-", f",o{n}-", 1) for n in range(20) for line in lines]
    (folder / "more.csv").write_text("\n".join([head, *more]) + "\n")
    return folder


def _run(folder: Path, code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED + code, str(folder)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("size", [300_000, 9_500_000])
def test_a_load_that_meets_a_full_disk_is_told_and_the_process_goes_on(folder: Path, size: int) -> None:
    """The file cannot grow: DuckDB gives the database up, and this very process opens it anew."""
    code = f"""
print(rows())
limit({size}); print(load()); limit(None)
print(rows()); print(ws.change()); print(load()); print(rows())
ws.close(); ws = open_workspace(folder / "w.duckdb"); print(rows())
"""
    before, said, after, _, again, more, anew = _run(folder, code)
    assert said.startswith("The disk is full; nothing of this was kept")
    assert "Free space" in said
    assert (after, again) == (before, "loaded")
    assert int(more) == int(anew) == int(before) * 21


def test_reading_needs_no_space(folder: Path) -> None:
    code = """
limit(4000)
print(rows()); print(scorecard_answer(ws, "shop").card.verdict.value); print(len(portfolio(ws)))
with ws.read() as cursor: print(cursor.execute("SELECT count(*) FROM scorecard").fetchone()[0])
limit(None)
scorecard_answer(ws, "shop")
with ws.read() as cursor: print(cursor.execute("SELECT count(*) FROM scorecard").fetchone()[0])
"""
    assert _run(folder, code)[1:] == ["NOT_YET_JUDGED", "1", "0", "1"]


def test_others_wait_for_the_workspace_to_be_opened_anew(folder: Path) -> None:
    """One who still reads when it is lost holds the next ones up until that reading ends, and nobody longer."""
    code = """
import threading
out = []
with ws.read() as cursor:
    limit(300_000)
    thread = threading.Thread(target=lambda: out.append(load())); thread.start(); thread.join()
    limit(None)
    visitor = threading.Thread(target=lambda: out.append(str(rows()))); visitor.start(); visitor.join(0.3)
    print(len(out))
visitor.join(); print(out[1])
with ws.as_person("ana@example.org").read() as cursor: print(cursor.execute("SELECT 1").fetchone()[0])
"""
    waiting, seen, one = _run(folder, code)
    assert (waiting, one) == ("1", "1")
    assert int(seen) > 0


@pytest.mark.parametrize(("command", "ends"), [("load", 2), ("systems", 0), ("scorecard", 0)])
def test_the_command_line_says_it_in_one_sentence(folder: Path, command: str, ends: int) -> None:
    options = {"load": [str(folder / "more.csv"), "--system", "Shop"], "systems": [], "scorecard": ["shop"]}[
        command
    ]
    limit = "import resource, signal, runpy, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limit += (
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.getrlimit(resource.RLIMIT_FSIZE)[1])); "
    )
    limit += f"sys.argv = {['plumbline', command, *options, '--workspace', str(folder / 'w.duckdb')]!r}; "
    limit += "runpy.run_module('plumbline.cli', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", limit], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == ends, done.stderr
    if ends:
        assert "The disk is full" in done.stderr
        assert "Traceback" not in done.stderr
