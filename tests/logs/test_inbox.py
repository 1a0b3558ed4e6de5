"""The inbox: what rests is loaded once, what grows is left, what fails says why, and a kill changes nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from plumbline.answers.data import inbox
from plumbline.answers.data.load import load_file
from plumbline.store import loads, trail
from plumbline.store.workspace import Workspace, open_workspace
from tests.environment import product
from tests.factory.decisions import decisions, row, rows_of, write
from tests.logs import watched

NAMED = ("decision_id", "timestamp", "score", "prediction", "label", "age", "region")


def test_a_pass_loads_what_rests_and_says_why_a_file_failed(
    plumbline: Callable[..., object], tmp_path: Path
) -> None:
    box = tmp_path / "box"
    (box / "s").mkdir(parents=True)
    write(box / "s" / "a.csv", decisions(40), NAMED)
    (box / "s" / "b.csv").write_bytes(b"\x89PNG....")
    write(box / "s" / "c.csv.part", decisions(40), NAMED)
    ran = plumbline("watch", box, "--once", "--settle", "0", "--json")
    assert ran.code == 1, ran  # type: ignore[attr-defined]
    assert [(t["file"], t["to"]) for t in ran.json] == [("a.csv", "done"), ("b.csv", "failed")]  # type: ignore[attr-defined]
    assert sorted(str(p.relative_to(box / "s")) for p in (box / "s").rglob("*") if p.is_file()) == [
        "c.csv.part", "done/a.csv", "failed/b.csv", "failed/b.csv.reason.txt",
    ]  # fmt: skip
    assert "PNG" in (box / "s" / "failed" / "b.csv.reason.txt").read_text("utf-8")


def test_a_file_that_is_still_growing_is_left(tmp_path: Path) -> None:
    path, seen = write(tmp_path / "a.csv", decisions(40), NAMED), dict[Path, inbox.Look]()
    assert inbox.settled_files(tmp_path, "s", seen, 0) == []
    with path.open("a") as file:
        file.write("more")
    assert inbox.settled_files(tmp_path, "s", seen, 0) == []
    assert inbox.settled_files(tmp_path, "s", seen, 3600) == []
    assert inbox.settled_files(tmp_path, "s", seen, 0) == [(path, "s")]


def _grow(path: Path) -> None:
    with path.open("a") as file:
        file.write(",".join(row(500)) + "\n")


def _rewrite(path: Path) -> None:
    """Other content of the same size, and the time of change as it was: only the content tells."""
    seen = path.stat()
    path.write_text(path.read_text("utf-8").replace("north", "south"), "utf-8")
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def _touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("change", [_grow, _rewrite, _touch, Path.unlink])
def test_a_file_that_changes_while_it_is_read_is_not_half_loaded(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    path = write(tmp_path / "a.csv", decisions(40), NAMED)

    def changing(*args: object, **options: object) -> object:
        said = options["progress"]

        def progress(phrase: str, share: float) -> None:
            if phrase == "Counting":
                change(path)
            said(phrase, share)  # type: ignore[operator]

        return load_file(*args, **(options | {"progress": progress}))  # type: ignore[arg-type]

    monkeypatch.setattr(inbox, "load_file", changing)
    assert inbox.take(workspace, path, "s", actor="t") is None
    with workspace.read() as cursor:
        assert cursor.execute("SELECT count(*) FROM load").fetchone() == (0,)
    monkeypatch.undo()
    taken = inbox.take(workspace, path, "s", actor="t")
    if change is Path.unlink:
        assert taken is None
        return
    assert taken is not None
    assert taken.load is not None
    assert taken.load.rows_loaded == 40 + (change is _grow)


def test_half_a_file_that_is_no_log_yet_is_left_and_not_moved_away(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, whole = tmp_path / "a.csv", write(tmp_path / "b.txt", decisions(40), NAMED).read_text("utf-8")
    path.write_text(whole[:40], "utf-8")  # the header alone

    def half(*args: object, **options: object) -> object:
        try:
            return load_file(*args, **options)  # type: ignore[arg-type]
        finally:
            path.write_text(whole, "utf-8")

    monkeypatch.setattr(inbox, "load_file", half)
    assert inbox.take(workspace, path, "s", actor="t") is None
    assert not (tmp_path / "failed").exists()
    monkeypatch.undo()
    taken = inbox.take(workspace, path, "s", actor="t")
    assert taken is not None
    assert taken.to == inbox.DONE


def test_a_failed_file_has_its_reason_before_it_is_moved(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\x89PNG....")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(inbox.os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            inbox.take(workspace, path, "s", actor="t")
    assert "PNG" in (tmp_path / "failed" / "a.csv.reason.txt").read_text("utf-8")
    taken = inbox.take(workspace, path, "s", actor="t")
    assert taken is not None
    assert sorted(p.name for p in (tmp_path / "failed").iterdir()) == ["a.csv", "a.csv.reason.txt"]


def test_killed_at_any_moment_nothing_is_lost_and_nothing_is_there_twice(tmp_path: Path) -> None:
    """The child is a fork that has imported everything: a kill costs milliseconds."""
    box = tmp_path / "box"
    box.mkdir()
    for n in range(3):
        write(box / f"{n}.csv", decisions(40, start=n * 40), NAMED)
    script = (
        "import sys, os, signal, time, random\n"
        "from pathlib import Path\n"
        "from plumbline.answers.data import inbox\n"
        "from plumbline.store.workspace import open_workspace\n"
        "box = Path(sys.argv[1]); rng = random.Random(7)\n"
        "def work():\n"
        "    ws = open_workspace(box.parent / 'w.duckdb', read_from=[box])\n"
        "    for path, title in list(inbox.inbox_files(box, 's')):\n"
        "        inbox.take(ws, path, title, actor='t')\n"
        "    os._exit(0)\n"
        "for n in range(5):\n"
        "    child = os.fork()\n"
        "    if child == 0: work()\n"
        "    time.sleep(rng.random() * 0.4); os.kill(child, signal.SIGKILL); os.waitpid(child, 0)\n"
    )
    root = Path(__file__).parents[2]
    subprocess.run([product.python(), "-c", script, str(box)], check=True, cwd=root, timeout=120,
                   env=product.paths())  # fmt: skip
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[box])
    try:
        for path, title in list(inbox.inbox_files(box, "s")):
            inbox.take(ws, path, title, actor="t")
        assert sorted(r[0] for r in rows_of(ws, '"decision_id"')) == [f"d{i:04d}" for i in range(120)]
        assert len(list((box / "done").iterdir())) == 3
        assert list(inbox.inbox_files(box, "s")) == []
    finally:
        ws.close()


def test_once_does_not_wait_where_nothing_waits(plumbline: Callable[..., object], tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    ran = plumbline("watch", tmp_path / "box", "--system", "s", "--once", "--settle", "3600")
    assert ran.code == 0  # type: ignore[attr-defined]


def test_a_watching_process_killed_while_it_loads_starts_again_where_it_was(tmp_path: Path) -> None:
    """The first kill comes inside a load's open transaction, the others at random; see ``watched``."""
    box, root = tmp_path / "box", Path(__file__).parents[2]
    box.mkdir()
    for n in range(3):
        write(box / f"{n}.csv", decisions(200, start=n * 200), NAMED)
    (box / "broken.csv").write_bytes(b"\x89PNG....")
    ran = subprocess.run(
        [product.python(), "-m", "tests.logs.watched", str(box), str(tmp_path / "w.duckdb")], cwd=root, check=True,
        capture_output=True, text=True, timeout=200,
        env=product.paths(root),
    )  # fmt: skip
    moments = ran.stdout.split()
    assert len(moments) == watched.KILLS, ran.stderr
    assert moments[0] == "open"
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[box])
    try:
        assert sorted(r[0] for r in rows_of(ws, '"decision_id"')) == [f"d{i:04d}" for i in range(600)]
        with ws.read() as cursor:
            held = [one for one in loads.list_loads(cursor, "s") if one.rows_loaded]
            assert trail.verify(cursor).intact
        assert sorted(one.file for one in held) == ["0.csv", "1.csv", "2.csv"]
    finally:
        ws.close()
    assert sorted(str(p.relative_to(box)) for p in box.rglob("*") if p.is_file()) == [
        "done/0.csv", "done/1.csv", "done/2.csv", "failed/broken.csv", "failed/broken.csv.reason.txt",
    ]  # fmt: skip
    assert "PNG" in (box / "failed" / "broken.csv.reason.txt").read_text("utf-8")
