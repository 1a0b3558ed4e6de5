"""A load is there whole or not at all; names and cells that try to be code stay text."""

from __future__ import annotations

import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plumbline.domain import PlumblineError
from plumbline.logs.inspect import inspect
from plumbline.logs.load.decisions import load_decisions
from plumbline.store import trail
from plumbline.store.workspace import Workspace, open_workspace
from tests.environment import product
from tests.factory.decisions import HEADER, decisions, load, row, rows_of, state, write


def _everything(ws: Workspace) -> object:
    with ws.read() as cursor:
        extra = [
            cursor.execute(f"SELECT * FROM {t} ORDER BY ALL").fetchall() for t in ("trail", "load", "mapping")
        ]
    return state(ws), extra


def test_an_error_after_the_rows_are_in_leaves_the_workspace_as_it_was(
    workspace: Workspace, tmp_path: Path
) -> None:
    load(workspace, write(tmp_path / "a.csv", decisions(10)))
    before = _everything(workspace)

    def fail(*_: object) -> None:
        raise RuntimeError("the profiles could not be built")

    bad = write(tmp_path / "b.csv", [*decisions(10, start=10), ["x"]])
    with pytest.raises(RuntimeError):
        load(workspace, bad, after=fail)
    assert _everything(workspace) == before
    assert load(workspace, bad).rows_loaded == 10
    assert list(workspace.inbox.iterdir()) == []


def test_a_process_killed_while_loading_leaves_the_workspace_as_it_was(tmp_path: Path) -> None:
    log = write(tmp_path / "a.csv", decisions(3000))
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    load(ws, write(tmp_path / "first.csv", decisions(10)))
    before = _everything(ws)
    ws.close()
    script = (
        "import sys, time; from pathlib import Path\n"
        "from plumbline.store.workspace import open_workspace\n"
        "from tests.factory.decisions import load\n"
        "folder = Path(sys.argv[1]); ws = open_workspace(folder / 'w.duckdb', read_from=[folder])\n"
        "def wait(*_): print('in', flush=True); time.sleep(60)\n"
        "load(ws, Path(sys.argv[2]), after=wait)\n"
    )
    root = Path(__file__).parents[2]
    child = subprocess.Popen(
        [product.python(), "-c", script, str(tmp_path), str(log)], cwd=root, stdout=subprocess.PIPE, text=True,
        env=product.paths(root),
    )  # fmt: skip
    try:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "in"
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        child.stdout and child.stdout.close()
    time.sleep(0.1)
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    try:
        assert _everything(ws) == before
        assert load(ws, log).rows_loaded == 2990
        with ws.read() as cursor:
            assert trail.verify(cursor).intact
    finally:
        ws.close()


def test_hostile_names_and_cells_stay_text(workspace: Workspace, tmp_path: Path) -> None:
    evil = '"; DROP TABLE system; --'
    header = [*HEADER[:-2], '"' + evil.replace('"', '""') + '"', "it's"]
    path = write(tmp_path / "a.csv", decisions(200, region="<img src=x onerror=alert(1)>"), header)
    found = inspect(path, ws=workspace)
    made = load_decisions(workspace, path, title="s", mapping=found.mapping, actor="'; DROP TABLE load; --")
    assert made.rows_loaded == 200
    assert rows_of(workspace, f'"feature:{evil.replace(chr(34), chr(34) * 2)}"')[0] == (20.0,)
    assert rows_of(workspace, '"feature:it\'s"')[0] == ("<img src=x onerror=alert(1)>",)


def test_a_file_named_like_a_pattern_reads_itself_alone(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path / "b.csv", decisions(10))
    made = load(workspace, write(tmp_path / "[ab]*.csv", decisions(5, start=20)))
    assert made.rows_read == 5


def test_a_parquet_file_cut_short_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + b"\x00" * 100)
    with pytest.raises(PlumblineError, match=r"a\.parquet") as refused:
        inspect(tmp_path / "a.parquet", ws=workspace)
    assert "\n" not in str(refused.value)


def test_a_folder_that_was_not_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path / "in"])
    try:
        with pytest.raises(PlumblineError, match="may not read"):
            inspect(write(tmp_path / "out" / "a.csv", [row(0), row(1)]), ws=ws)
    finally:
        ws.close()


def test_an_unclosed_quote_is_set_aside_and_not_read_as_a_cell(workspace: Workspace, tmp_path: Path) -> None:
    rows = decisions(20)
    rows[10][-1] = '"south'
    made = load(workspace, write(tmp_path / "a.csv", rows))
    assert made.rows_loaded == 10
    assert made.reasons == {"bad_quotes": 1}


@pytest.mark.parametrize("kills", [2, pytest.param(50, marks=pytest.mark.bench)])
def test_a_load_killed_at_random_moments_is_there_whole_or_not_at_all(tmp_path: Path, kills: int) -> None:
    """After each kill: rows, register and counts agree, and the trail holds. Fifty kills: ``make bench-kill``."""
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [product.python(), "-m", "tests.logs.killed", str(tmp_path), str(kills)], cwd=root, capture_output=True,
        text=True, timeout=280, env=product.paths(root),
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert f"{kills} kills" in ran.stdout
    print(ran.stdout)


def test_two_files_at_once_both_go_in_and_the_same_file_at_once_goes_in_once(
    workspace: Workspace, tmp_path: Path
) -> None:
    logs = [write(tmp_path / f"{n}.csv", [row(i) for i in range(n * 50, n * 50 + 50)]) for n in range(2)]
    load(workspace, write(tmp_path / "first.csv", decisions(10, start=200)))
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda path: load(workspace, path), [*logs, *logs]))
    assert sorted(m.rows_loaded for m in made) == [0, 0, 50, 50]
    assert all(m.rows_read == m.rows_loaded + m.rows_duplicate + m.rows_quarantined for m in made)
    assert len(rows_of(workspace)) == 110
    with workspace.read() as cursor:
        assert trail.verify(cursor).intact
