"""A buyer's workbook answered by its ids: nothing asserted that is not known, nothing overwritten, no formula."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plumbline.domain import EvidenceKind, PlumblineError, Requirement, Scorecard, Status
from plumbline.domain.messages import as_message
from plumbline.governance.catalogue import catalogue
from plumbline.report.buyers.workbook import _columns, _questions, fill_workbook
from plumbline.report.language import language
from plumbline.report.material import Material
from tests.conftest import Ran

openpyxl = pytest.importorskip("openpyxl")
EN = language("en")
HEAD = (
    "Control ID",
    "Question ID",
    "Assessment Question",
    "CSP AI-CAIQ Answer",
    "Implementation Description",
)
#: id, question in words of our own, answer, comment
ROWS = (
    ("MDS-10.1", "Is there continuous monitoring of performance over time?", None, None),
    ("GRC-15.1", "Is human oversight ensured?", None, None),
    ("LOG-14.1", "Are input events logged?", None, None),
    ("LOG-15.1", "Are input events logged?", None, None),  # another version's number of the same question
    ("LOG-16.1", "Are output events logged?", "No", "Ours: see annex"),
    ("MDS-03.1", "Is the training pipeline secured?", None, None),  # the id asks something else here
    ("DCS-01.1", "Is the data centre fenced?", None, None),
    ("DSP-20.1", "=1+1 provenance", None, None),
    ("", "A heading", None, None),
)


def workbook(rows: tuple[tuple[object, ...], ...] = ROWS, head: tuple[str, ...] = HEAD) -> bytes:
    """A workbook as such questionnaires come: an introduction, a title above the header, a formula beside."""
    book = openpyxl.Workbook()
    book.active.title = "Introduction"
    book.active["A1"] = "Question ID and answer are explained in the next sheet"
    sheet = book.create_sheet("AI-CAIQ")
    sheet.append(["AI-CAIQ"])
    sheet.append([])
    sheet.append(list(head))
    for key, question, answer, comment in rows:
        sheet.append([str(key).partition(".")[0], key, question, answer, comment, "=1+1"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cells(content: bytes) -> dict[str, tuple[object, object]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content))["AI-CAIQ"]
    return {row[1].value: (row[3].value, row[4].value) for row in sheet.iter_rows(min_row=4) if row[1].value}


def _card(card: Scorecard, sentence: str = "", **statuses: Status) -> Scorecard:
    """The scorecard with other statuses of some controls."""

    def changed(control: object) -> object:
        status = statuses.get(control.id.replace("-", "_"))
        if status is None:
            return control
        evidence = replace(control.evidence, status=status, kind=EvidenceKind.MEASURED)
        evidence = replace(evidence, sentence=as_message(sentence)) if sentence else evidence
        return replace(control, evidence=evidence, requirement=Requirement.MANDATORY)

    return replace(card, controls=tuple(map(changed, card.controls)))


def test_each_question_names_controls_that_exist_and_no_question_has_two_entries_for_one_text() -> None:
    known = {control.id for control in catalogue().controls}
    for question in _questions():
        assert set(question["controls"]) <= known
        assert question["words"] == [word.lower() for word in question["words"]]


def test_questions_are_answered_by_id_and_text(material: Material) -> None:
    card = _card(
        material.answer.card, MON_1=Status.PASS, MON_4=Status.PASS, OVR_1=Status.FAIL, AUD_2=Status.PASS,
        SEC_3=Status.UNKNOWN, AUD_5=Status.PARTIAL,
    )  # fmt: skip
    filled = fill_workbook(workbook(), card, EN)
    told = cells(filled.content)
    assert told["MDS-10.1"][0] == "Yes"
    assert told["GRC-15.1"][0] == "No"
    assert told["LOG-14.1"][0] is None  # one of its controls is unknown: described, not answered
    assert "AUD-2" in str(told["LOG-14.1"][1])
    assert told["LOG-15.1"] == told["LOG-14.1"]
    assert told["LOG-16.1"] == ("No", "Ours: see annex")
    assert told["MDS-03.1"] == told["DCS-01.1"] == (None, None)
    assert filled.answered == ("MDS-10.1", "GRC-15.1")
    assert filled.described == ("LOG-14.1", "LOG-15.1", "DSP-20.1")
    assert filled.kept == ("LOG-16.1",)
    assert filled.left == ("MDS-03.1", "DCS-01.1")
    sheet = openpyxl.load_workbook(io.BytesIO(filled.content))["AI-CAIQ"]
    assert sheet["F4"].value == "=1+1"  # the buyer's own formulas stay


def test_the_format_of_a_model_is_answered_and_a_look_for_probing_only_described(material: Material) -> None:
    rows = (
        ("MDS-13.1", "Is a safe format used for the serialization of models?", None, None),
        ("MDS-06.1", "Are adversarial threats to each model assessed?", None, None),
    )
    for status, answer in ((Status.PASS, "Yes"), (Status.FAIL, "No"), (Status.UNKNOWN, None)):
        filled = fill_workbook(workbook(rows), _card(material.answer.card, SEC_8=status, SEC_9=status), EN)
        told = cells(filled.content)
        assert told["MDS-13.1"][0] == answer
        assert told["MDS-06.1"][0] is None
        assert str(told["MDS-06.1"][1]).startswith("SEC-9: ")
        assert "MDS-06.1" in filled.described


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.PASS])
def test_yes_is_said_only_where_everything_passes(material: Material, status: Status) -> None:
    card = _card(material.answer.card, MON_1=Status.PASS, MON_4=status)
    assert cells(fill_workbook(workbook(), card, EN).content)["MDS-10.1"][0] != "Yes"


@pytest.mark.parametrize(
    "evil", ['=HYPERLINK("http://x")', "+1", "@SUM(1)", "-2", "\x1b[31m\u202e", "a" * 60_000]
)
def test_evidence_is_never_a_formula(material: Material, evil: str) -> None:
    card = _card(material.answer.card, evil, OVR_1=Status.PASS)
    content = fill_workbook(workbook(), card, EN).content
    sheet = openpyxl.load_workbook(io.BytesIO(content))["AI-CAIQ"]
    cell = sheet["E5"]
    assert cell.data_type == "s"
    assert len(cell.value) <= 8_000
    assert "\x1b" not in cell.value


def test_what_cannot_be_answered_is_a_sentence(material: Material) -> None:
    card = material.answer.card
    macros = io.BytesIO(workbook())
    with zipfile.ZipFile(macros, "a") as pack:
        pack.writestr("xl/vbaProject.bin", b"")
    other = workbook(head=("A", "B", "C", "D", "E"))
    for content, words in (
        (b"PK", "no .xlsx workbook"), (macros.getvalue(), "macros"), (other, "No sheet has a column"),
        (b"0" * 20_000_001, "larger than"),
    ):  # fmt: skip
        with pytest.raises(PlumblineError, match=words):
            fill_workbook(content, card, EN)


def _changed(change: Callable[[Any], object]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(workbook()))
    change(book["AI-CAIQ"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("merged", ["D4:D5", "C4:D4", "D4:E4", "E4:E5"])
def test_a_merged_answer_or_comment_is_kept_and_nothing_is_written_into_it(
    material: Material, merged: str
) -> None:
    card = _card(material.answer.card, MON_1=Status.PASS, MON_4=Status.PASS, OVR_1=Status.PASS)
    content = _changed(lambda sheet: sheet.merge_cells(merged))
    filled = fill_workbook(content, card, EN)
    sheet = openpyxl.load_workbook(io.BytesIO(filled.content))["AI-CAIQ"]
    assert [str(area) for area in sheet.merged_cells.ranges] == [merged]
    inside = {"C4:D4": "MDS-10.1", "D4:E4": "MDS-10.1", "E4:E5": "GRC-15.1", "D4:D5": "GRC-15.1"}[merged]
    assert inside in filled.kept


@pytest.mark.parametrize(
    ("place", "words"), [("XFD1048576", "20,000 rows"), ("GS1", "200 columns"), ("A20001", "rows")]
)
def test_a_sheet_without_end_is_refused_before_its_places_are_gone_through(
    material: Material, place: str, words: str
) -> None:
    content = _changed(lambda sheet: sheet.__setitem__(place, "x"))
    with pytest.raises(PlumblineError, match=words):
        fill_workbook(content, material.answer.card, EN)


def test_a_merged_area_without_end_is_refused_before_it_is_read(material: Material) -> None:
    packed, pack = (
        io.BytesIO(),
        zipfile.ZipFile(io.BytesIO(_changed(lambda sheet: sheet.merge_cells("A40:B41")))),
    )
    with zipfile.ZipFile(packed, "w") as copy:
        for name in pack.namelist():
            copy.writestr(name, pack.read(name).replace(b"A40:B41", b"A40:AZ541"))
    with pytest.raises(PlumblineError, match="merged areas"):
        fill_workbook(packed.getvalue(), material.answer.card, EN)


def test_reading_makes_no_cells() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(_changed(lambda sheet: sheet.__setitem__("GR2000", "x"))))[
        "AI-CAIQ"
    ]
    before = len(sheet._cells)
    assert _columns(sheet) is not None
    assert len(sheet._cells) == before


def test_the_command_writes_a_copy_and_puts_it_on_the_trail(
    material: Material, held: object, tmp_path: Path, plumbline: Callable[..., Ran]
) -> None:
    from plumbline.answers.governance.trail import trail
    from plumbline.report.issue import issue_workbook

    made, filled = issue_workbook(held, "offers", workbook(), actor="Ana")
    assert cells(made.content) == cells(filled.content)
    entry = trail(held, limit=1).entries[0]
    assert (entry.detail["kind"], entry.detail["sha256"]) == ("buyer's questionnaire", made.sha256)
    (tmp_path / "q.xlsx").write_bytes(workbook())
    ran = plumbline("questionnaire", "s", tmp_path / "q.xlsx", "--out", tmp_path / "q.xlsx", "--workspace",
                    tmp_path / "w.duckdb")  # fmt: skip
    assert (ran.code, "not overwritten" in ran.err) == (2, True)
