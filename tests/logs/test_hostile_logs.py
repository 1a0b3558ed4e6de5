"""Files that are made to hurt: each is refused in one sentence or loaded, and none stands in another's way."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from plumbline.answers.data import inbox
from plumbline.answers.data.load import inspect_file, load_file
from plumbline.domain import PlumblineError
from plumbline.store.workspace import FullDisk, Workspace, open_workspace
from tests.conftest import Ran
from tests.factory.decisions import HEADER, csv_bytes, decisions, records, row, rows_of, write

pytestmark = pytest.mark.checked
CSV = csv_bytes(decisions(60))
REDTEAM = Path(__file__).parents[2].parent / "shared" / "redteam"


def _workbook(n: int = 60) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    for i in range(n):
        book.active.append(row(i))
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()


def _damaged_sheet() -> bytes:
    """A workbook whose directory is sound and whose sheet is not: its packed bytes are broken in the middle."""
    body = bytearray(_workbook(400))
    with zipfile.ZipFile(io.BytesIO(bytes(body))) as archive:
        part = archive.getinfo("xl/worksheets/sheet1.xml")
    at = part.header_offset + part.compress_size // 2
    body[at : at + 40] = bytes(40)
    return bytes(body)


def _cut_utf16() -> bytes:
    """UTF-16 with rows of too few cells that end in half a pair."""
    text = csv_bytes(decisions(40)).decode().encode("utf-16-le")
    broken = (
        "d99,2026-01-01,Grüße\n".encode("utf-16-le")
        + b"d\x00\x00\xd8,\x00x\x00\n\x00"
        + b"\xe4\xd8a\x00,\x00\n\x00"
    )
    return b"\xff\xfe" + text + broken * 3


def _huge() -> bytes:
    table = pa.table({name: [r[name] for r in records(60)] for name in HEADER if name != "age"})
    body = io.BytesIO()
    feather.write_feather(
        table.append_column("age", pa.array([1e300 if i % 9 == 4 else 20.0 for i in range(60)])), body
    )
    return body.getvalue()


DEEP = {
    "10,000 levels": b'[{"a":' * 1 + b'{"a":' * 10_000 + b"1" + b"}" * 10_001 + b"]",
    "100,000 levels": b"[" * 100_000 + b"]" * 100_000,
    "objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "lines": b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"\n" + b'{"id":"1"}\n' * 3,
    "lines, deeper": b"\n".join([b'{"id":"1","a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"] * 3),
}


@pytest.mark.parametrize("name", DEEP)
def test_json_that_nests_without_end_is_one_sentence(name: str, workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_bytes(DEEP[name])
    for look in (inspect_file, lambda path, ws: load_file(ws, path, title="s", actor="t")):
        with pytest.raises(PlumblineError) as refused:
            look(tmp_path / "deep.json", ws=workspace)
        assert "\n" not in str(refused.value)
        assert "inside Plumbline" not in str(refused.value)
        assert len(str(refused.value)) < 600
    assert list(workspace.inbox.iterdir()) == []


def test_deep_json_within_a_cell_harms_nobody(workspace: Workspace, tmp_path: Path) -> None:
    deep = '{"a":' * 3_000 + "1" + "}" * 3_000
    lines = [json.dumps(r | {"note": deep}) for r in records(60)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    try:
        made = load_file(workspace, tmp_path / "a.jsonl", title="s", timezone="UTC", actor="t")
    except PlumblineError as refused:
        assert "inside Plumbline" not in str(refused)  # noqa: PT017 - either is right
    else:
        assert made.rows_read == 60


BAD = {
    "deep.json": DEEP["10,000 levels"], "deeper.json": DEEP["100,000 levels"], "cut.csv": b"\x89PNG....",
    "damaged.xlsx": _damaged_sheet(), "half.csv.gz": gzip.compress(CSV)[:-200],
}  # fmt: skip
ODD = {"poison.csv": _cut_utf16(), "huge.arrow": _huge()}


def test_no_file_stops_the_watcher(
    tmp_path: Path, plumbline: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, body in (BAD | ODD).items():
        (folder / f"a-{name}").write_bytes(body)
    write(folder / "z-good.csv", decisions(50, start=100))
    ran = plumbline("watch", folder, "--system", "s", "--once", "--settle", "0.05")
    assert ran.code == 1
    assert sorted(p.name for p in folder.iterdir()) == ["done", "failed"]
    failed = {p.name for p in (folder / "failed").iterdir()}
    assert {f"a-{name}" for name in BAD} | {f"a-{name}.reason.txt" for name in BAD} <= failed
    assert "z-good.csv" in {p.name for p in (folder / "done").iterdir()}
    for reason in (folder / "failed").glob("*.reason.txt"):
        assert len(reason.read_text("utf-8").splitlines()) == 1
        assert "inside Plumbline" not in reason.read_text("utf-8")


def test_a_file_that_fails_for_no_reason_foreseen_makes_way_for_the_next(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(inbox, "load_file", fail)
    taken = inbox.take(workspace, write(tmp_path / "a.csv", [row(0), row(1)]), "s", actor="t")
    assert taken is not None
    assert (taken.to, "ZeroDivisionError" in taken.reason) == (inbox.FAILED, True)
    assert (tmp_path / "failed" / "a.csv.reason.txt").exists()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), FullDisk(Path("/w.duckdb"))])
def test_a_full_disk_is_not_the_files_fault(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(inbox, "load_file", full)
    with pytest.raises(PlumblineError, match="disk is full"):
        inbox.take(workspace, write(tmp_path / "a.csv", [row(0), row(1)]), "s", actor="t")
    assert not (tmp_path / "failed").exists()


def test_text_that_breaks_off_within_a_character_waits_in_quarantine(
    workspace: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "poison.csv").write_bytes(_cut_utf16())
    made = load_file(workspace, tmp_path / "poison.csv", title="s", timezone="UTC", actor="t")
    assert made.rows_loaded == 40
    assert made.rows_read == made.rows_loaded + made.rows_quarantined + made.rows_duplicate
    assert made.rows_quarantined > 0


def test_memory_and_time_of_a_look_are_settings(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.csv", decisions(40))
    monkeypatch.setenv("PLUMBLINE_FILE_MEMORY", "20MB")
    with pytest.raises(PlumblineError, match="memory"):
        inspect_file(path, ws=workspace)
    monkeypatch.delenv("PLUMBLINE_FILE_MEMORY")
    for text in ("0", "-1", "x", "1.5", "²"):
        monkeypatch.setenv("PLUMBLINE_FILE_SECONDS", text)
        with pytest.raises(PlumblineError, match="PLUMBLINE_FILE_SECONDS"):
            inspect_file(path, ws=workspace)
    monkeypatch.delenv("PLUMBLINE_FILE_SECONDS")
    monkeypatch.setenv("PLUMBLINE_UNPACKED", "2MB")
    (tmp_path / "b.csv.gz").write_bytes(
        gzip.compress(CSV + random.Random(1).randbytes(3_000_000).hex().encode())
    )
    with pytest.raises(PlumblineError, match="unpacks to more than 2 MB"):
        inspect_file(tmp_path / "b.csv.gz", ws=workspace)


def test_too_little_memory_to_read_a_file_is_not_the_files_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.csv", decisions(6_000))
    monkeypatch.setenv("PLUMBLINE_MEMORY", "20MB")
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    try:
        with pytest.raises(PlumblineError, match="The memory is not enough"):
            load_file(ws, path, title="s", actor="t", timezone="UTC")
    finally:
        ws.close()


@pytest.mark.parametrize(
    "name", ["poison-utf16.csv", "slow-2019.csv.gz", "zlib-2482.xlsx", "overflow-3294.arrow"]
)
def test_files_that_did_harm_once_do_none(name: str, workspace: Workspace, tmp_path: Path) -> None:
    if not (REDTEAM / name).exists():
        pytest.skip("the files are not beside this checkout")
    path = tmp_path / name
    path.write_bytes((REDTEAM / name).read_bytes())
    taken = inbox.take(workspace, path, "s", actor="t")
    assert taken is not None
    assert "inside Plumbline" not in taken.reason
    assert taken.load is None or not taken.load.unchecked


def _parquet(n: int = 60) -> bytes:
    body = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(records(n)), body)
    return body.getvalue()


def _arrow(n: int = 60) -> bytes:
    body = io.BytesIO()
    feather.write_feather(pa.Table.from_pylist(records(n)), body)
    return body.getvalue()


SOUND = {
    "a.csv": CSV, "b.csv": csv_bytes(decisions(60), sep=";"),
    "c.csv": b"\xff\xfe" + CSV.decode().encode("utf-16-le"),
    "a.parquet": _parquet(), "a.arrow": _arrow(), "a.xlsx": _workbook(), "a.json": json.dumps(records(60)).encode(),
    "a.jsonl": "\n".join(map(json.dumps, records(60))).encode(), "a.csv.gz": gzip.compress(CSV, mtime=0),
    "a.csv.zst": bytes(pa.compress(CSV, "zstd", asbytes=True)),
}  # fmt: skip


def _mutated(body: bytes, draw: random.Random) -> bytes:
    """The file after one to four accidents: bytes changed, cut out, repeated, swapped, or made endless."""
    made = bytearray(body)
    for _ in range(draw.randint(1, 4)):
        at, size = draw.randrange(len(made)), draw.choice([1, 4, 40, 400])
        kind = draw.randrange(6)
        if kind == 0:
            made[at : at + size] = draw.randbytes(size)
        elif kind == 1:
            del made[at : at + size]
        elif kind == 2:
            made[at:at] = made[at : at + size] * draw.choice([1, 20])
        elif kind == 3:
            made[at:at] = draw.choice(
                [b'"', b"\x00", b"\n", b"{", b"[" * 3000, b"9" * 9000 + b"x", b"1e300", b"\xff\xfe"]
            )
        elif kind == 4:
            made = made[: max(at, 40)]
        else:
            made[at] ^= 1 << draw.randrange(8)
    return bytes(made)


@pytest.mark.parametrize("name", SOUND)
def test_accidents_of_any_kind_are_loaded_in_balance_or_refused_in_one_sentence(
    name: str, workspace: Workspace, tmp_path: Path
) -> None:
    draw = random.Random(f"accidents of {name}")
    for n in range(6):
        path = tmp_path / f"{n}-{name}"
        path.write_bytes(_mutated(SOUND[name], draw))
        try:
            made = load_file(workspace, path, title=f"s{n}", timezone="UTC", actor="t")
        except PlumblineError as refused:
            assert len(str(refused).splitlines()) == 1  # noqa: PT017 - either is right
            assert "inside Plumbline" not in str(refused)  # noqa: PT017
            with workspace.read() as cursor:
                assert cursor.execute("SELECT count(*) FROM load WHERE system = ?", [f"s{n}"]).fetchone() == (
                    0,
                )
        else:
            assert made.rows_read == made.rows_loaded + made.rows_duplicate + made.rows_quarantined
            assert made.unchecked == ""
            assert len(rows_of(workspace, "_line", f"s{n}")) == made.rows_loaded
        assert list(workspace.inbox.iterdir()) == []
