"""A workspace with a key: nothing readable on the disk, no other key, and as safe in a crash as any."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import duckdb
import pytest

from plumbline.domain import PlumblineError, Task
from plumbline.store import systems, trail
from plumbline.store.database import extensions
from plumbline.store.workspace import open_workspace
from tests.environment import product

MARKER = "PLANTED-MARKER-4711"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PLUMBLINE_KEY", "a key of the test's own")
    return "a key of the test's own"


def _on_disk(folder: Path) -> bytes:
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


def _make(path: Path) -> None:
    ws = open_workspace(path)
    with ws.write() as cursor:
        systems.create_system(cursor, MARKER, task=Task.BINARY)
    ws.close()


@pytest.mark.parametrize("encrypted", [True, False])
def test_nothing_on_the_disk_can_be_read_without_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encrypted: bool
) -> None:
    monkeypatch.setenv("PLUMBLINE_KEY", "k" * 32 if encrypted else "")
    ws = open_workspace(tmp_path / "w.duckdb")
    with ws.write() as cursor:
        systems.create_system(cursor, MARKER, task=Task.BINARY)
    assert ws.encrypted is encrypted
    assert (MARKER.encode() not in _on_disk(tmp_path)) is encrypted  # the log of writes, before it is merged
    ws.close()
    assert (MARKER.encode() not in _on_disk(tmp_path)) is encrypted


def test_what_spills_is_cipher_text(tmp_path: Path, key: str) -> None:
    ws = open_workspace(tmp_path / "w.duckdb", memory_limit="40MB")
    with ws.read() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE big AS SELECT '{MARKER}' || md5(i::VARCHAR) AS s FROM range(1000000) t(i)"
        )
        spilled = list((tmp_path / "w.duckdb.tmp").rglob("*"))
        assert sum(p.stat().st_size for p in spilled if p.is_file()) > 1_000_000
        assert MARKER.encode() not in _on_disk(tmp_path)
    ws.close()


def test_the_key_is_asked_for_and_no_other_fits(
    tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _make(tmp_path / "w.duckdb")
    for other, words in (("another key", "not the key of this workspace"), ("", "PLUMBLINE_KEY is not set")):
        monkeypatch.setenv("PLUMBLINE_KEY", other)
        with pytest.raises(PlumblineError, match=words) as refused:
            open_workspace(tmp_path / "w.duckdb")
        assert "\n" not in str(refused.value)
        assert key not in str(refused.value)
    monkeypatch.setenv("PLUMBLINE_KEY", key)
    ws = open_workspace(tmp_path / "w.duckdb")
    with ws.read() as cursor:
        assert [s.title for s in systems.list_systems(cursor)] == [MARKER]
    ws.close()


def test_a_key_does_not_pretend_to_encrypt_what_is_there_in_plain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PLUMBLINE_KEY", raising=False)
    _make(tmp_path / "w.duckdb")
    monkeypatch.setenv("PLUMBLINE_KEY", "a key")
    with pytest.raises(PlumblineError, match="is not encrypted"):
        open_workspace(tmp_path / "w.duckdb")


def test_the_key_may_stand_in_a_file_as_a_secret_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_KEY", "a key of the test's own")
    _make(tmp_path / "w.duckdb")
    monkeypatch.delenv("PLUMBLINE_KEY")
    secret = tmp_path / "key"
    secret.write_text("a key of the test's own\n")
    monkeypatch.setenv("PLUMBLINE_KEY_FILE", str(secret))
    ws = open_workspace(tmp_path / "w.duckdb")
    assert ws.encrypted
    ws.close()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"), (b"", "does not hold one line"), (b" \n", "does not hold one line"),
        (b"a\nb\n", "does not hold one line"), (b"\xff\xfe", "does not hold one line"),
        (b"k" * 5000, "does not hold one line"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_key_makes_no_plain_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, words: str
) -> None:
    secret = tmp_path / "key"
    if content is not None:
        secret.write_bytes(content)
    monkeypatch.setenv("PLUMBLINE_KEY", "")
    monkeypatch.setenv("PLUMBLINE_KEY_FILE", str(secret))
    with pytest.raises(PlumblineError, match=words):
        open_workspace(tmp_path / "w.duckdb")
    assert not (tmp_path / "w.duckdb").exists()


def test_two_keys_are_refused(tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text(key)
    monkeypatch.setenv("PLUMBLINE_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(PlumblineError, match="both set"):
        open_workspace(tmp_path / "w.duckdb")


def test_a_process_killed_in_the_middle_of_a_write_leaves_what_was_committed(
    tmp_path: Path, key: str
) -> None:
    _make(tmp_path / "w.duckdb")
    script = (
        "import sys, time; from plumbline.store import systems\n"
        "from plumbline.store.workspace import open_workspace\n"
        "from plumbline.domain import Task\n"
        "ws = open_workspace(sys.argv[1])\n"
        "with ws.write() as c: systems.create_system(c, 'kept', task=Task.BINARY)\n"
        "with ws.write() as c:\n"
        "    systems.create_system(c, 'lost', task=Task.BINARY); print('in', flush=True); time.sleep(60)\n"
    )
    child = subprocess.Popen(
        [product.python(), "-c", script, str(tmp_path / "w.duckdb")], stdout=subprocess.PIPE, text=True,
        env=product.paths(),
    )  # fmt: skip
    try:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "in"
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        child.stdout and child.stdout.close()
    ws = open_workspace(tmp_path / "w.duckdb")
    with ws.read() as cursor:
        assert {s.title for s in systems.list_systems(cursor)} == {MARKER, "kept"}
        assert trail.verify(cursor).intact
    ws.close()


def test_a_locked_workspace_with_a_key_reads_no_file(tmp_path: Path, key: str) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    ws = open_workspace(tmp_path / "w.duckdb")
    with ws.read() as cursor, pytest.raises(duckdb.PermissionException):
        cursor.execute("SELECT * FROM read_csv(?)", [str(tmp_path / "secret.csv")])
    ws.close()


def test_a_missing_extension_says_what_to_install() -> None:
    with pytest.raises(PlumblineError, match=r"pip install duckdb-extension-no-such=="):
        extensions.load_extension(duckdb.connect(), "no_such")
