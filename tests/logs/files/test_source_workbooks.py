"""Workbooks of every kind: the same rows, dates, truths and places, whatever wrote them."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from plumbline.answers.data.load import inspect_file, load_file, tables_of
from plumbline.domain import PlumblineError
from plumbline.logs.files.source import open_source, relation
from plumbline.store.loads import quarantined_rows
from plumbline.store.workspace import Workspace
from tests.factory.decisions import HEADER, decisions, rows_of
from tests.logs.workbooks import ods, xlsb

XLS = Path(__file__).parent / "log.xls"
BAD = 7  # the decision whose time cannot be read


def _rows(n: int = 40) -> list[list[object]]:
    made: list[list[object]] = [list(HEADER)]
    for line in decisions(n):
        cells: list[object] = [*line]
        cells[2], cells[5] = float(str(cells[2])), int(str(cells[5]))
        made.append(cells)
    made[1 + BAD][1] = "not a time"
    return made


def _xlsx(sheets: dict[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for cells in rows:
            sheet.append(cells)
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()


WRITERS = {"xlsx": _xlsx, "xlsb": xlsb, "ods": ods}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_kind_of_workbook_gives_the_same_rows_and_places(
    kind: str, workspace: Workspace, tmp_path: Path
) -> None:
    title: list[list[object]] = [["exported"], [None]]
    path = tmp_path / "a.bin"  # the content decides, whatever the name says
    path.write_bytes(WRITERS[kind]({"Small": [["a", "b"], [1, 2]], "Log & more": [*title, *_rows()]}))
    assert tables_of(path) == ("Log & more", "Small")
    made = load_file(workspace, path, title="s", timezone="UTC", actor="t")
    assert (made.rows_loaded, made.reasons) == (39, {"bad_timestamp": 1})
    assert made.file == "a.bin [Log & more]"
    held = rows_of(workspace, '_line, decision_id, score, "feature:age", "feature:region"')
    assert held[0] == (1, "d0000", 0.0, 20.0, "south")
    assert len(held) == 39
    with workspace.read() as cursor:
        (waiting,) = quarantined_rows(cursor, system="s")
    assert (waiting.line, waiting.detail) == (3 + BAD + 1, "when = 'not a time'")


def test_an_old_workbook_is_read_with_its_dates_truths_and_errors(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "log.xls"
    path.write_bytes(XLS.read_bytes())
    found = inspect_file(path, ws=workspace)
    assert (found.format, found.sheets) == ("excel", ("Log",))
    assert found.preview[0] == ("000", "2026-01-01 10:30:15.000", "0", "no", "no", "false")
    assert found.preview[3][2] is None  # an error of a formula, or one that nobody worked out
    made = load_file(workspace, path, title="s", timezone="UTC", actor="t")
    assert (made.rows_loaded, made.rows_quarantined) == (11, 1)


def _cells(ws: Workspace, path: Path, sheet: str | None = None) -> list[tuple[Any, ...]]:
    source = open_source(ws, path, whole=True, sheet=sheet)
    try:
        with ws.read() as cursor:
            return cursor.execute(
                f"SELECT * FROM {relation(source, rejects=False, position=True)} ORDER BY _row"
            ).fetchall()
    finally:
        source.discard()


@pytest.mark.parametrize("since_1904", [False, True])
def test_dates_are_the_same_whatever_day_the_workbook_counts_from(
    since_1904: bool, workspace: Workspace, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    if since_1904:
        book.epoch = CALENDAR_MAC_1904
    book.active.append(["when", "clock", "day", "n"])
    for i in range(4):
        book.active.append(
            [datetime(2026, 3, 1 + i, 23, 59, 59), time(7, 30), datetime(2026, 3, 1 + i), 1e15 + i]
        )
    book.save(tmp_path / "a.xlsx")
    found = _cells(workspace, tmp_path / "a.xlsx")
    assert [r[0] for r in found] == [f"2026-03-0{1 + i} 23:59:59.000" for i in range(4)]
    assert {r[1] for r in found} == {"07:30:00"}
    assert found[0][2].startswith("2026-03-01")
    assert float(found[1][3]) == 1e15 + 1


def test_merged_cells_errors_and_odd_numbers(workspace: Workspace, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Our export of March", None, None, None])
    sheet.merge_cells("A1:D1")
    sheet.append(["id", "n", "m", "text"])
    for i in range(5):
        sheet.append([i, 0.1 + i, 1e-7, "a\nb" if i else "=1+1 is no formula"])
    sheet["B4"].value, sheet["B4"].data_type = "#DIV/0!", "e"
    sheet["C5"] = 1e300
    sheet.merge_cells("D6:D7")
    book.save(tmp_path / "a.xlsx")
    found = _cells(workspace, tmp_path / "a.xlsx")
    assert [r[-1] for r in found] == [3, 4, 5, 6, 7]
    assert [r[1] for r in found] == ["0.1", None, "2.1", "3.1", "4.1"]
    assert found[0][2] == "1e-07"
    assert float(found[2][2]) == 1e300
    assert [r[3] for r in found][3:] == ["a\nb", None]


def test_a_hidden_sheet_and_one_without_a_table_are_told_apart(workspace: Workspace, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Cover"
    book.active["A1"] = "hello"
    for name, rows in (("Hidden", 90), ("Shown", 9)):
        sheet = book.create_sheet(name)
        for i in range(rows):
            sheet.append([f"a{i}", i, "x"])
    book["Hidden"].sheet_state = "hidden"
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert tables_of(path) == ("Shown",)
    assert len(_cells(workspace, path, "hidden")) >= 89
    with pytest.raises(PlumblineError, match="'Cover' holds no table"):
        _cells(workspace, path, "Cover")
    with pytest.raises(PlumblineError, match=r"no sheet 'Other'.*It has: Cover, Hidden, Shown"):
        _cells(workspace, path, "Other")


def test_a_zip_that_lies_about_its_sizes_meets_the_limit_on_memory(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = bytearray(_xlsx({"Log": _rows()}))
    grown = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(bytes(body))) as old,
        zipfile.ZipFile(grown, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            text = old.read(part)
            if part.endswith("sheet1.xml"):
                at = text.index(b"</sheetData>")
                cell = (
                    b'<row r="99"><c r="A99" t="inlineStr"><is><t>'
                    + b"A" * 200_000_000
                    + b"</t></is></c></row>"
                )
                text = text[:at] + cell + text[at:]
            new.writestr(part, text)
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(
        grown.getvalue().replace((200_000_000).to_bytes(4, "little"), (5_000).to_bytes(4, "little"))
    )
    monkeypatch.setenv("PLUMBLINE_FILE_MEMORY", "700MB")
    monkeypatch.setenv("PLUMBLINE_MEMORY", "200MB")
    try:
        made = load_file(workspace, path, title="s", timezone="UTC", actor="t")
    except PlumblineError as refused:
        assert "inside Plumbline" not in str(refused)  # noqa: PT017 - either is right
    else:
        assert made.rows_read <= 41


def test_a_panic_of_the_reader_is_a_sentence(workspace: Workspace, tmp_path: Path) -> None:
    """Sheets whose records break off, and lengths that point beyond them, in the binary kinds."""
    for name, body in (("a.xlsb", xlsb({"Log": _rows()})), ("a.xls", XLS.read_bytes())):
        for at in range(600, len(body), max(len(body) // 25, 1)):
            path = tmp_path / name
            path.write_bytes(body[:at] + b"\xff" * 12 + body[at + 12 :])
            try:
                open_source(workspace, path, whole=True).discard()
            except PlumblineError as refused:
                assert len(str(refused).splitlines()) == 1  # noqa: PT017 - either is right
    assert list(workspace.inbox.iterdir()) == []
