"""Answering a buyer's own workbook, the AI-CAIQ of the Cloud Security Alliance, question by question by its id.

The buyer's file is read and a copy with answers is written; no text of the questionnaire is kept here. Only empty cells
are filled: an answer where every control behind it passes, or one fails, and else what is known without an answer. What
no control speaks to stays empty. No control of the matrix behind it (AICM, read on 30 November 2026 in a copy) is about
complaints, so CMP-10 answers none.
"""

from __future__ import annotations

import io
import re
import tomllib
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from plumbline.domain import ControlResult, EvidenceKind, PlumblineError, Scorecard, Status
from plumbline.domain.extras import need_module
from plumbline.domain.messages import message
from plumbline.report.language import Language
from plumbline.report.translation import Translator
from plumbline.wording.quantities import decimal
from plumbline.wording.safe_csv import escape_formula
from plumbline.wording.times import iso_day
from plumbline.wording.visible import visible

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LARGEST, UNPACKED = 20_000_000, 200_000_000  # bytes of a workbook, packed and not
HEADER_ROWS = 40  # in which the header is looked for
MOST_COLUMNS, MOST_ROWS = 200, 20_000  # of a sheet; one value in its last corner is enough to have more
MOST_MERGED = 20_000  # places in merged areas; the library makes a cell of each when it reads the file
LONGEST = 8_000  # characters written into a cell; Excel takes 32,767
_ID = re.compile(r"[A-Z][A-Z&]{1,3}-\d{2}\.\d{1,2}")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s+ref=[\"']([A-Z]{1,3}\d{1,7})(?::([A-Z]{1,3}\d{1,7}))?[\"']")
_MERGE = re.compile(rb"<(?:\w+:)?mergeCell\s")
_HEADS = {
    "id": re.compile(r"question\s*id|^id$", re.IGNORECASE),
    "question": re.compile(r"question(?!\s*id)", re.IGNORECASE),
    "answer": re.compile(r"answer|response", re.IGNORECASE),
    "comment": re.compile(r"description|comment|explanation|evidence", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledWorkbook:
    """A buyer's workbook with answers.

    ``answered``: ids with an answer; ``described``: with what is known and no answer; ``kept``: that held something
    already, or are part of a merged area; ``left``: that no control speaks to.
    """

    content: bytes
    answered: tuple[str, ...]
    described: tuple[str, ...]
    kept: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Columns:
    """The places of what is read and written, in one sheet; columns from 1."""

    row: int
    places: Mapping[str, int]


@cache
def _questions() -> tuple[Mapping[str, Any], ...]:
    text = (resources.files("plumbline.report.buyers") / "workbook.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)["question"])


def fill_workbook(content: bytes, card: Scorecard, speech: Language) -> FilledWorkbook:
    """Answer what a scorecard answers.

    Args:
        content: the buyer's file, ``.xlsx``.

    Raises:
        PlumblineError: the extra is not installed, the file is no such workbook, or has no such questions.
    """
    need_module("openpyxl")
    from openpyxl import load_workbook

    _refuse_unfit(content)
    try:
        book = load_workbook(io.BytesIO(content))
    except Exception as error:  # a foreign file may fail anywhere in the library
        raise PlumblineError("The workbook cannot be read", todo="Save it as .xlsx and try again.") from error
    question_ids: dict[str, list[str]] = {"answered": [], "described": [], "kept": [], "left": []}
    controls = {control.id: control for control in card.controls}
    for sheet in book.worksheets:
        last = sheet.max_row
        if last > MOST_ROWS or sheet.max_column > MOST_COLUMNS:
            raise PlumblineError(
                message(
                    "A sheet of the workbook has more than {most_columns} columns or {most_rows} rows",
                    most_columns=str(MOST_COLUMNS),
                    most_rows=decimal(MOST_ROWS, ","),
                ),
                todo="Give the buyer's AI-CAIQ as it came.",
            )
        columns = _columns(sheet)
        if columns is not None:
            for row in range(columns.row + 1, last + 1):
                _fill(sheet, row, columns.places, controls, card, speech, question_ids)
    if not any(question_ids.values()):
        raise PlumblineError(
            "No sheet has a column of question ids such as MDS-10.1 beside questions and answers",
            todo="Give the buyer's AI-CAIQ as it came.",
        )
    out = io.BytesIO()
    book.save(out)
    return FilledWorkbook(content=out.getvalue(), **{name: tuple(ids) for name, ids in question_ids.items()})


def _refuse_unfit(content: bytes) -> None:
    """Refuse what is too large, is no workbook, or holds macros: they would be lost without a word."""
    if len(content) > LARGEST:
        raise PlumblineError(
            message("The workbook is larger than {largest} MB", largest=str(LARGEST // 1000000))
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as pack:
            names, size = pack.namelist(), sum(entry.file_size for entry in pack.infolist())
            merged = sum(_count_merged_places(pack.read(name)) for name in names if size <= UNPACKED)
    except (zipfile.BadZipFile, RuntimeError, EOFError, zlib.error) as error:  # encrypted, cut off or damaged
        raise PlumblineError("The file is no .xlsx workbook", todo="Save it as .xlsx.") from error
    if size > UNPACKED:
        raise PlumblineError(
            message("The workbook unpacks to more than {unpacked} MB", unpacked=str(UNPACKED // 1000000))
        )
    if merged > MOST_MERGED:
        raise PlumblineError(
            message(
                "The workbook has merged areas of more than {most_merged} cells",
                most_merged=decimal(MOST_MERGED, ","),
            ),
            todo="Give the buyer's AI-CAIQ as it came.",
        )
    if any(name.endswith("vbaProject.bin") for name in names):
        raise PlumblineError("The workbook holds macros", todo="Save it as .xlsx, without them.")


def _count_merged_places(content: bytes) -> int:
    """Places in the merged areas of one sheet as the file writes them; too many where an area is written otherwise."""
    from openpyxl.utils.cell import coordinate_to_tuple

    areas = _MERGED.findall(content)
    if len(areas) != len(_MERGE.findall(content)):
        return MOST_MERGED + 1
    places = 0
    for first, last in areas:
        (top, left), (bottom, right) = (coordinate_to_tuple(at.decode()) for at in (first, last or first))
        places += (abs(bottom - top) + 1) * (abs(right - left) + 1)
    return places


def _columns(sheet: Worksheet) -> _Columns | None:
    """The first row whose cells name an id, a question and an answer."""
    width = sheet.max_column
    for row in range(1, min(sheet.max_row, HEADER_ROWS) + 1):
        texts = {column: _text(sheet, row, column) for column in range(1, width + 1)}
        places: dict[str, int] = {}
        for name, pattern in _HEADS.items():
            at = next((c for c, t in texts.items() if pattern.search(t) and c not in places.values()), None)
            if at is not None:
                places[name] = at
        if {"id", "question", "answer"} <= set(places):
            return _Columns(row, places)
    return None


def _cell(sheet: Worksheet, row: int, column: int) -> Any:
    """The cell of a place, None where the file has none there: ``sheet.cell`` would make one."""
    return sheet._cells.get((row, column))


def _text(sheet: Worksheet, row: int, column: int) -> str:
    cell = _cell(sheet, row, column)
    return " ".join(str(cell.value).split()) if cell is not None and cell.value is not None else ""


def _is_occupied(sheet: Worksheet, row: int, column: int) -> bool:
    """Whether a place holds something, or is a part of another one's merged area and cannot be written."""
    from openpyxl.cell.cell import MergedCell

    return isinstance(_cell(sheet, row, column), MergedCell) or bool(_text(sheet, row, column))


def _fill(
    sheet: Worksheet,
    row: int,
    places: Mapping[str, int],
    controls: Mapping[str, ControlResult],
    card: Scorecard,
    speech: Language,
    ids: dict[str, list[str]],
) -> None:
    key = _text(sheet, row, places["id"]).upper()
    if not _ID.fullmatch(key):
        return
    text = _text(sheet, row, places["question"]).lower()
    entry = next(
        (q for q in _questions() if key in q["ids"] and all(word in text for word in q["words"])), None
    )
    if entry is None:
        ids["left"].append(key)
        return
    cells = [places[name] for name in ("answer", "comment") if name in places]
    if any(_is_occupied(sheet, row, column) for column in cells):
        ids["kept"].append(key)
        return
    results = [controls[name] for name in entry["controls"]]
    answer = "" if entry.get("describes") else _answer(results)
    if answer:
        sheet.cell(row, places["answer"]).value = answer
    if "comment" in places:
        cell = sheet.cell(row, places["comment"])
        cell.value = _comment(results, card, speech)
        cell.data_type = "s"  # a text, whatever it begins with
    ids["answered" if answer else "described"].append(key)


def _answer(results: Sequence[ControlResult]) -> str:
    """Yes only where all of it passes, no where a part fails; nobody's word is taken for what is not known."""
    statuses = {result.evidence.status for result in results}
    if statuses == {Status.PASS}:
        return "Yes"
    return "No" if Status.FAIL in statuses else ""


def _comment(results: Sequence[ControlResult], card: Scorecard, speech: Language) -> str:
    """The evidence of each control with its kind, and the day of the scorecard."""
    translator, parts = Translator(speech), []
    for result in results:
        kind = result.evidence.kind
        words = "" if kind is EvidenceKind.NONE else f" ({speech.word(kind.value)})"
        parts.append(f"{result.id}: {translator.text(result.evidence.sentence)}{words}")
    text = f"{' '.join(parts)} Plumbline, {iso_day(card.at)}."
    return escape_formula(visible(text))[:LONGEST]
