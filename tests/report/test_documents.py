"""The report and the outlines: read back by another library, the same bytes, nothing read as markup."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest

from plumbline.domain import PlumblineError, Requirement, Task
from plumbline.governance.catalogue import catalogue
from plumbline.governance.context import NUMBER, QUESTIONS
from plumbline.report.document_facts import FACTS, fact, window
from plumbline.report.documents import document_pdf, fill_document, outlines
from plumbline.report.issue import issue, write
from plumbline.report.language import LANGUAGES, language
from plumbline.report.material import Material
from plumbline.report.scorecard_report import report_data, scorecard_pdf
from plumbline.store.workspace import Workspace
from tests.report.conftest import TITLE


def read_back(content: bytes) -> list[str]:
    """The text of each page, one line, as another library finds it."""
    pages = (page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    return [" ".join(text.replace("\xad\n", "").split()) for text in pages]


@pytest.fixture(scope="module")
def report(material: Material) -> bytes:
    return scorecard_pdf(material, "en")


def test_the_report_says_verdict_reasons_and_every_asked_control(report: bytes, material: Material) -> None:
    pages = read_back(report)
    card = material.answer.card
    assert card.verdict.value in pages[0]
    whole = " ".join(pages)
    for control in card.controls:
        assert (control.id in whole) is (control.requirement is not Requirement.NOT_ASKED)
    assert material.proof.card_sha256 in whole.replace("\u200b", "").replace(" ", "")


def test_pages_are_numbered_to_the_last(report: bytes) -> None:
    pages = read_back(report)
    assert len(pages) > 2
    for number, text in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in text


def test_nothing_is_drawn_beyond_the_paper(report: bytes) -> None:
    for page in pypdf.PdfReader(io.BytesIO(report)).pages:
        places: list[float] = []
        page.extract_text(visitor_text=lambda text, cm, tm, font, size,
        at=places: at.append(tm[4]) if text.strip() else None)  # fmt: skip
        assert places
        assert min(places) >= 0
        assert max(places) < float(page.mediabox.width) - 40


def test_names_and_statements_are_text_and_never_markup(report: bytes) -> None:
    whole = " ".join(read_back(report))
    assert TITLE in whole
    assert "=Ada states: Owned by *nobody* #emph[else]" in whole


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_same_scorecard_gives_the_same_bytes(material: Material, code: str) -> None:
    assert scorecard_pdf(material, code) == scorecard_pdf(material, code)


def test_the_german_report_is_german_with_its_evidence(material: Material) -> None:
    whole = " ".join(read_back(scorecard_pdf(material, "de")))
    assert "Prüfbericht" in whole
    assert "verpflichtenden Kontrollen bestanden" in whole
    assert "Ada erklärt: Owned by *nobody*" in whole  # a person's own words stay
    assert "Four conditions" not in whole
    data = report_data(material, language("de"))
    parts = ("why", "next", "conditions", "triggers", "controls", "performance", "drift", "releases")
    told = json.dumps([data[part] for part in parts])
    for english in ("decisions", "mandatory", "There is no", "was ever seen", "Nobody states", " drifted"):
        assert english not in told, english
    assert (data["limits"]["quoted"] == "") is ("im Wortlaut dessen" not in whole)


def test_every_language_has_every_text_and_german_every_title() -> None:
    english, german = (language(code).texts for code in ("en", "de"))
    for section, texts in english.items():
        if isinstance(texts, dict):
            assert set(texts) == set(german[section]), section
    assert set(german["control"]) == {control.id for control in catalogue().controls}
    assert set(german["condition"]) == set(catalogue().conditions)
    assert set(german["trigger"]) == {trigger.key for trigger in catalogue().triggers}


def test_every_answer_and_task_has_a_german_word() -> None:
    german = language("de").texts
    answers = {value for question in QUESTIONS for value in question.values} - {NUMBER}
    assert set(german["answer"]) == answers
    assert set(german["task"]) == {task.value for task in Task}


def test_numbers_and_days_are_written_as_each_language_does() -> None:
    assert language("en").number(12345.678, 1) == "12,345.7"
    assert language("de").number(12345.678, 1) == "12.345,7"


def test_every_item_of_the_outlines_names_a_fact_that_exists() -> None:
    controls = {control.id for control in catalogue().controls}
    for entry in outlines().values():
        for section in entry["section"]:
            for item in section["items"]:
                kind, _, key = item.get("value", "").partition(":")
                assert kind in {"", "context", *FACTS} or (kind == "control" and key in controls), item


def test_only_what_rests_on_all_decisions_names_the_loads_and_the_number_of_all(material: Material) -> None:
    speech = language("en")
    whole = {"share", "task", "features", "protected", "subject", "log", "frequency"}
    seen = set()
    for key in outlines():
        shown = {item.key: item for _, rows in fill_document(material, key, speech) for item in rows}
        for entry in (item for part in outlines()[key]["section"] for item in part["items"]):
            item, value = shown[entry["key"]], entry.get("value", "")
            if item.known and value:
                assert (window(material, speech) in item.source) is (value in whole), value
                seen.add(value)
    assert seen & whole
    assert {"performance", "control:CMP-4"} & seen


@pytest.mark.parametrize("key", outlines())
def test_an_outline_marks_what_is_not_known_and_who_can_tell(material: Material, key: str) -> None:
    items = [item for _, rows in fill_document(material, key, language("en")) for item in rows]
    unknown = [item for item in items if not item.known]
    assert unknown
    assert len(unknown) < len(items)
    assert all(not item.value and "To be filled in" in item.source for item in unknown)
    whole = " ".join(read_back(document_pdf(material, key, "en")))
    assert f"{len(items) - len(unknown)} of {len(items)} items are known" in whole


def test_the_record_of_processing_says_whether_persons_are_named_in_the_log(
    material: Material, tmp_path: Path
) -> None:
    from plumbline.answers.data.load import load_file
    from plumbline.report.material import gather
    from plumbline.store.workspace import open_workspace
    from tests.factory.offers import rows

    assert known("subject", material) == "No decision in the log names the person concerned."
    (tmp_path / "offers.csv").write_text(rows(), "utf-8")
    ws = open_workspace(tmp_path / "workspace.duckdb", read_from=[tmp_path])
    try:
        load_file(ws, tmp_path / "offers.csv", title="offers", positive="yes", actor="test",
                  maps=[("channel", "subject")])  # fmt: skip
        assert known("subject", gather(ws, "offers")) == "Yes, as a keyed hash."
    finally:
        ws.close()


def known(name: str, material: Material) -> str:
    found = fact(material, name, language("en"))
    assert found is not None
    return found.text


def test_a_language_without_documents_is_refused(material: Material) -> None:
    with pytest.raises(PlumblineError, match="'fr'"):
        scorecard_pdf(material, "fr")


def test_an_issued_document_is_on_the_trail_with_its_hash(held: Workspace, tmp_path: Path) -> None:
    import hashlib

    from plumbline.answers.governance.trail import trail

    made = issue(held, "offers", ".pdf", actor="Ada")
    write(made, tmp_path / made.name)
    entry = trail(held, system="offers", limit=1).entries[0]
    assert (entry.action, entry.actor) == ("document issued", "Ada")
    assert entry.detail["sha256"] == hashlib.sha256((tmp_path / made.name).read_bytes()).hexdigest()


def test_the_command_writes_both_kinds_and_refuses_others(
    plumbline: Callable[..., object], tmp_path: Path
) -> None:
    from tests.factory.offers import rows

    (tmp_path / "offers.csv").write_text(rows(), "utf-8")
    run: Callable[..., object] = plumbline
    assert run("load", tmp_path / "offers.csv", "--system", "offers", "--positive", "yes").code == 0  # type: ignore[attr-defined]
    for ending in (".pdf", ".zip"):
        made = run("report", "offers", "--out", tmp_path / f"r{ending}", "--json").json  # type: ignore[attr-defined]
        assert Path(made["path"]).stat().st_size == made["bytes"]
    refused = run("report", "offers", "--out", tmp_path / "r.docx")
    assert (refused.code, ".docx" in refused.err) == (2, True)  # type: ignore[attr-defined]
    nowhere = run("report", "offers", "--out", tmp_path / "no" / "r.pdf")
    assert nowhere.code == 2  # type: ignore[attr-defined]
