"""What a PDF holds beside its looks: text that can be searched and copied, tags, and the verdict on page one."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import replace

import pytest
from pypdf import PdfReader

from plumbline.report.documents import document_pdf
from plumbline.report.material import Material
from plumbline.report.scorecard_report import scorecard_pdf

#: letters that no font here has
RARE = "\U000130b8\U00012000"


@pytest.fixture(scope="module", params=["en", "de"])
def report(material: Material, request: pytest.FixtureRequest) -> PdfReader:
    return PdfReader(io.BytesIO(scorecard_pdf(material, request.param)))


def text(pdf: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in pdf.pages)


def test_no_invisible_character_stands_between_letters(report: PdfReader, material: Material) -> None:
    whole = text(report)
    hidden = {c for c in whole if unicodedata.category(c) == "Cf" and c != "\u00ad"}
    assert hidden == set()
    for digest in (material.proof.chain.head, material.proof.card_sha256, material.proof.loads[0].sha256):
        assert digest in whole  # on one line, so that a search finds it


def test_documents_are_tagged_and_declare_the_standard(report: PdfReader, material: Material) -> None:
    for pdf in (report, PdfReader(io.BytesIO(document_pdf(material, "applicability", "en")))):
        root = pdf.trailer["/Root"]
        assert bool(root["/MarkInfo"]["/Marked"])
        assert "/StructTreeRoot" in root
        assert root["/Lang"] in ("en", "de")
        assert re.search(rb"pdfuaid:part[>=\"' ]*1", root["/Metadata"].get_data())


def test_a_name_in_letters_without_a_glyph_is_typeset_all_the_same(material: Material) -> None:
    system = replace(material.answer.system, title=f"Offers {RARE}")
    changed = replace(material, answer=replace(material.answer, system=system))
    pdf = PdfReader(io.BytesIO(scorecard_pdf(changed, "en")))
    assert "/StructTreeRoot" in pdf.trailer["/Root"]


def test_page_one_is_the_verdict_with_a_place_to_sign(report: PdfReader, material: Material) -> None:
    first = report.pages[0].extract_text()
    assert material.answer.card.verdict.words in first
    assert "Signature" in first or "Unterschrift" in first
