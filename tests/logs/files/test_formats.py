"""The same decisions in every format: the same rows, reasons and places, whatever the file is."""

from __future__ import annotations

import gzip
import io
import json
import uuid
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import feather, parquet

from plumbline.answers.data.load import load_file
from plumbline.domain import PlumblineError
from plumbline.logs.files import conversion, json_records, unzip
from plumbline.logs.files.conversion import open_readable
from plumbline.logs.files.source import open_source, relation
from plumbline.logs.inspect import inspect, inspect_in_process
from plumbline.store.loads import quarantined_rows
from plumbline.store.workspace import Workspace
from tests.examples import examples
from tests.factory.decisions import HEADER, csv_bytes, records, rows_of

BAD = 7  # the record whose time cannot be read
START = datetime(2026, 1, 1)


def _rows(n: int = 40) -> list[dict[str, str]]:
    """Of which one has no time."""
    rows = records(n)
    rows[BAD]["when"] = "not a time"
    return rows


def _cells(n: int = 40) -> list[list[str]]:
    return [list(record.values()) for record in _rows(n)]


def _zstd(body: bytes) -> bytes:
    return bytes(pa.compress(body, "zstd", asbytes=True))


def _zstd_frames(body: bytes) -> bytes:
    half = len(body) // 2
    sinks = []
    for part in (body[:half], body[half:]):
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as out:
            out.write(part)
        sinks.append(sink.getvalue().to_pybytes())
    return b"".join(sinks)


def _arrow(path: Path, rows: list[dict[str, str]]) -> None:
    feather.write_feather(pa.Table.from_pylist(rows), str(path), compression="zstd", chunksize=9)


def _stream(path: Path, rows: list[dict[str, str]]) -> None:
    table = pa.Table.from_pylist(rows)
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=9)


def _excel(path: Path, rows: list[dict[str, Any]], above: int = 0) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for i in range(above):
        sheet.append([f"Report {i}"])
    sheet.append(list(HEADER))
    for cells in rows:
        sheet.append([cells[name] for name in HEADER])
    book.save(path)


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(r) + "\n" for r in rows).encode()


WRITERS: dict[str, tuple[Callable[[Path], Any], int]] = {
    # file -> how it is written, and the place at which its bad record stands
    "a.csv.gz": (lambda p: p.write_bytes(gzip.compress(csv_bytes(_cells()))), BAD + 2),
    "a.tsv.zst": (
        lambda p: p.write_bytes(_zstd_frames(csv_bytes(_cells()).replace(b",", b"\t"))),
        BAD + 2,
    ),
    "a.parquet": (lambda p: parquet.write_table(pa.Table.from_pylist(_rows()), str(p)), BAD + 1),
    "a.feather": (lambda p: _arrow(p, _rows()), BAD + 1),
    "a.arrows": (lambda p: _stream(p, _rows()), BAD + 1),
    "a.jsonl": (lambda p: p.write_bytes(_lines(_rows())), BAD + 1),
    "a.jsonl.gz": (lambda p: p.write_bytes(gzip.compress(_lines(_rows()))), BAD + 1),
    "b.json": (lambda p: p.write_text(json.dumps(_rows())), BAD + 1),
    "c.json": (lambda p: p.write_text(json.dumps({"n": 40, "records": _rows()}, indent=1)), BAD + 1),
    "d.json": (lambda p: p.write_bytes(_lines(_rows()).decode().encode("utf-16")), BAD + 1),
    "a.xlsx": (lambda p: _excel(p, _rows()), BAD + 2),
    "b.xlsx": (lambda p: _excel(p, _rows(), above=3), BAD + 5),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_decisions(workspace: Workspace, tmp_path: Path, name: str) -> None:
    reference = tmp_path / "plain.csv"
    reference.write_bytes(csv_bytes(_cells()))
    load_file(workspace, reference, title="plain", actor="t")
    write, line = WRITERS[name]
    write(tmp_path / name)
    made = load_file(workspace, tmp_path / name, title="s", actor="t")
    assert (made.rows_read, made.rows_loaded, made.rows_quarantined) == (40, 39, 1)
    names = '"timestamp", "decision_id", score, prediction, label, "feature:age", "feature:region"'
    assert rows_of(workspace, names) == rows_of(workspace, names, "plain")
    with workspace.read() as cursor:
        aside = quarantined_rows(cursor, system="s")
    assert [(q.line, q.reason) for q in aside] == [(line, "bad_timestamp")]
    assert "not a time" in aside[0].raw
    again = load_file(workspace, tmp_path / name, title="s", actor="t")
    assert (again.rows_loaded, again.rows_duplicate) == (0, 40)
    assert list(workspace.inbox.iterdir()) == []


def test_a_broken_json_line_is_set_aside_alone_with_its_line_and_text(
    workspace: Workspace, tmp_path: Path
) -> None:
    good = [json.dumps(r) for r in _rows()]
    text = [*good[:3], "", '{"id": "d9", "when":', *good[3:6], "[1, 2]", *good[6:], "17"]
    (tmp_path / "a.jsonl").write_text("\n".join(text) + "\n")
    made = load_file(workspace, tmp_path / "a.jsonl", title="s", actor="t")
    assert (made.rows_read, made.rows_loaded) == (43, 39)
    assert made.reasons == {"bad_json": 1, "not_an_object": 2, "bad_timestamp": 1}
    with workspace.read() as cursor:
        aside = quarantined_rows(cursor, system="s")
    assert [(q.line, q.reason) for q in aside] == [
        (5, "bad_json"), (9, "not_an_object"), (11, "bad_timestamp"), (44, "not_an_object")
    ]  # fmt: skip
    assert aside[0].raw == text[4]
    assert aside[2].raw == text[10]
    # record numbers count the records that are none, not the blank line
    assert [n for (n,) in rows_of(workspace, "_line")][:5] == [1, 2, 3, 5, 6]


def test_a_capture_of_an_endpoint_is_unfolded(workspace: Workspace, tmp_path: Path) -> None:
    def capture(i: int) -> dict[str, Any]:
        return {
            "event": {"id": f"e{i}", "time": f"2026-01-{1 + i // 24:02d}T{i % 24:02d}:00:00Z"},
            "inputs": {"age": 20 + i % 50, "income": 1000.5 + 7 * i, "a.b/c": i % 3},
            "output": {"probabilities": [round(i % 10 / 10, 2), round(1 - i % 10 / 10, 2)]},
            "written": json.dumps({"model": "v1", "extra": {"k": i}}),
        }

    (tmp_path / "a.jsonl").write_bytes(_lines([capture(i) for i in range(60)]))
    found = inspect(tmp_path / "a.jsonl", ws=workspace)
    assert found.columns == (
        "event.id", "event.time", "inputs.age", "inputs.income", "inputs.a.b/c", "output.probabilities.0",
        "output.probabilities.1", "written.model", "written.extra.k",
    )  # fmt: skip
    assert dict(zip(found.columns, found.preview[3], strict=True)) == {
        "event.id": "e3", "event.time": "2026-01-01T03:00:00Z", "inputs.age": "23", "inputs.income": "1021.5",
        "inputs.a.b/c": "0", "output.probabilities.0": "0.3", "output.probabilities.1": "0.7",
        "written.model": "v1", "written.extra.k": "3",
    }  # fmt: skip
    maps = [("event.time", "timestamp"), ("output.probabilities.1", "score"), ("event.id", "decision_id")]
    made = load_file(workspace, tmp_path / "a.jsonl", title="s", maps=maps, actor="t")
    assert made.rows_loaded == 60
    assert rows_of(workspace, '"feature:inputs.age"')[3] == (23.0,)


def test_nested_parquet_is_unfolded(workspace: Workspace, tmp_path: Path) -> None:
    rows = [
        {"when": START + timedelta(hours=i), "inputs": {"age": 20 + i, "tags": ["a", "b"][: i % 3]},
         "attributes": [("region", "north")], "score": i / 50}
        for i in range(50)
    ]  # fmt: skip
    schema = pa.schema(
        [
            ("when", pa.timestamp("us")),
            ("inputs", pa.struct([("age", pa.int64()), ("tags", pa.list_(pa.string()))])),
            ("attributes", pa.map_(pa.string(), pa.string())), ("score", pa.float64()),
        ]
    )  # fmt: skip
    parquet.write_table(pa.Table.from_pylist(rows, schema), str(tmp_path / "a.parquet"))
    source = open_source(workspace, tmp_path / "a.parquet", whole=True)
    assert source.columns == (
        "when", "inputs.age", "inputs.tags.0", "inputs.tags.1", "attributes.region", "score",
    )  # fmt: skip
    with workspace.read() as cursor:
        found = cursor.execute(f"SELECT * FROM {relation(source, rejects=False)}").fetchall()
    assert found[2] == (START + timedelta(hours=2), 22, "a", "b", "north", 0.04)


def test_a_workbook_keeps_its_dates_truths_and_leading_zeros(workspace: Workspace, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    book.active["A1"] = "hello"
    sheet = book.create_sheet("März & Co")
    sheet.append(["id", "when", "day", "score", "ok", "late"])
    for i in range(5):
        late = None if i < 3 else datetime(2026, 2, 1 + i, 8, 30)
        sheet.append(
            [f"00{i}", datetime(2026, 1, 1 + i, 10, 30, 15), START.date(), 0.5 * i, i % 2 == 0, late]
        )
    sheet.append([None] * 6)
    sheet.append(["009", "unknown", None, "n/a", None, None])
    other = book.create_sheet("Other")
    for cells in (["a", "b"], [1, 2]):
        other.append(cells)
    book.save(tmp_path / "a.xlsx")
    source = open_source(workspace, tmp_path / "a.xlsx", whole=True)
    assert source.sheets == ("März & Co", "Other")
    with workspace.read() as cursor:
        found = cursor.execute(
            f"SELECT * FROM {relation(source, rejects=False, position=True)} ORDER BY _row"
        ).fetchall()
    source.discard()
    assert found[0] == ("000", "2026-01-01 10:30:15.000", "2026-01-01", "0", "true", None, 0, 2)
    assert found[3][5] == "2026-02-04 08:30:00.000"
    assert found[5] == ("009", "unknown", None, "n/a", None, None, 5, 8)
    asked = open_source(workspace, tmp_path / "a.xlsx", whole=True, sheet="other")
    assert (asked.columns, asked.name) == (("a", "b"), "a.xlsx [Other]")
    asked.discard()
    with pytest.raises(PlumblineError, match=r"has no sheet 'third'.*It has: Notes"):
        open_source(workspace, tmp_path / "a.xlsx", whole=True, sheet="third")
    assert list(workspace.inbox.iterdir()) == []


def _zip() -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")
    return body.getvalue()


def _bomb() -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        for i in range(2):
            with archive.open(f"xl/worksheets/sheet{i}.xml", "w") as part:
                for _ in range(140):
                    part.write(bytes(1024 * 1024))
    return body.getvalue()


PACKED = gzip.compress(csv_bytes(_cells(400)))
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)
#: words -> file and how its bytes are made: the bomb takes a second
WRONG: dict[str, tuple[str, Callable[[], bytes]]] = {
    "cut short": ("a.csv.gz", lambda: PACKED[: len(PACKED) // 2]),
    "cut short or damaged": ("a.csv.gz", lambda: PACKED[:200] + b"\x00\x01\x02" + PACKED[203:]),
    "zstd archive is cut": (
        "a.csv.zst",
        lambda: _zstd_frames(csv_bytes(_cells(400)))[:-20],
    ),
    "archive within an archive": ("a.csv.gz", lambda: gzip.compress(PACKED)),
    "no workbook": ("a.xlsx", _zip),
    "unpacks to far more": ("a.xlsx", _bomb),
    "workbook is damaged": ("a.xlsx", lambda: b"PK\x03\x04" + bytes(200)),
    "protected by a password": ("a.xlsx", lambda: COMPOUND + "EncryptedPackage".encode("utf-16-le")),
    "damaged or cannot be read": ("a.xls", lambda: COMPOUND),
    "Arrow file is damaged": ("a.feather", lambda: b"ARROW1\x00\x00" + bytes(64)),
    "first version": ("a.feather", lambda: b"FEA1" + bytes(64)),
    "malformed at line 1, character 28": ("a.json", lambda: b'[{"a": 1}, {"a": 2}, {"a": ]'),
    "is no JSON object": ("a.json", lambda: b'[{"a": 1}, [2]]'),
    "no JSON objects": ("a.json", lambda: b"[]"),
    "more than 1000": ("a.json", lambda: json.dumps([{f"k{i}": i for i in range(1200)}]).encode()),
}


@pytest.mark.parametrize("words", WRONG)
def test_bad_input_is_one_clear_sentence(workspace: Workspace, tmp_path: Path, words: str) -> None:
    name, make = WRONG[words]
    (tmp_path / name).write_bytes(make())
    with pytest.raises(PlumblineError, match=words) as refused:
        load_file(workspace, tmp_path / name, title="s", actor="t")
    assert "\n" not in str(refused.value)
    assert refused.value.todo
    assert list(workspace.inbox.iterdir()) == []


def test_what_unpacks_to_far_too_much_is_stopped(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unzip, "SMALL", 1024 * 1024)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(bytes(20 * 1024 * 1024)))
    with pytest.raises(PlumblineError, match="300 times its size"):
        open_readable(tmp_path / "a.csv.gz", _folder(workspace), whole=False)


def test_a_large_packed_log_is_looked_at_from_its_beginning(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "BEGINNING", 4000)
    monkeypatch.setattr(conversion, "MAX_LINE", 2000)
    monkeypatch.setattr(unzip, "_BLOCK", 1000)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(csv_bytes(_cells(400))))
    found = inspect_in_process(tmp_path / "a.csv.gz", _folder(workspace), None, None)
    assert 20 < found.rows_sampled < 100
    assert found.preview[1][0] == "d0001"
    assert load_file(workspace, tmp_path / "a.csv.gz", title="s", actor="t").rows_read == 400


def test_records_inside_an_object_on_one_line_are_the_rows(workspace: Workspace, tmp_path: Path) -> None:
    records = [
        {"decision_id": f"d{i}", "timestamp": f"2026-01-{1 + i % 28:02d}T00:00:00Z", "score": i / 40,
         "inputs": {"age": 20 + i}, "tags": [{"k": 1}]} for i in range(40)
    ]  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps({"model": "credit", "predictions": records}))
    assert load_file(workspace, tmp_path / "a.json", title="s", actor="t").rows_loaded == 40
    (tmp_path / "b.jsonl").write_text("\n".join(json.dumps(r | {"score": 0.51}) for r in records))
    assert load_file(workspace, tmp_path / "b.jsonl", title="s", actor="t").rows_loaded == 40


def _folder(ws: Workspace) -> Path:
    """Where the reader would write; what it does is done in this process, for its limits to be set."""
    return ws.inbox / uuid.uuid4().hex


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(0, 1), st.sampled_from(["", "x", "1", "{}"]),
                   st.sampled_from([{}, [], {"c": 1}, [1, 2]]))  # fmt: skip


@settings(
    max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    records=st.lists(
        st.dictionaries(st.sampled_from(["a", "b/~", "é", 'q"']), VALUES), min_size=2, max_size=6
    )
)
def test_flat_records_have_the_columns_that_their_whole_structure_says(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, records: list[dict[str, Any]]
) -> None:
    path = tmp_path / "a.json"
    path.write_text("\n \t\n".join(json.dumps(r, ensure_ascii=False) for r in [{"z": 1}, *records]), "utf-8")
    found = []
    for by_structure in (False, True):
        with monkeypatch.context() as patched:
            if by_structure:
                patched.setattr(json_records, "_flat_shape", lambda _connection: None)
            source = open_readable(path, _folder(workspace), whole=True)
        with workspace.read() as cursor:
            rows = cursor.execute(f"SELECT * FROM {relation(source, rejects=False)}").fetchall()
        found.append((source.columns, rows, source.faults))
        source.discard()
    assert found[0] == found[1]
