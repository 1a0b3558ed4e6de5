"""The evidence pack: one zip with the report, its figures, the statements behind it, and what verifies them."""

from __future__ import annotations

from importlib import resources

from plumbline.report.csv_tables import FIGURES, controls_csv, questionnaire_csv
from plumbline.report.documents import document_pdf, outlines
from plumbline.report.index_page import index_page
from plumbline.report.language import language
from plumbline.report.material import Material
from plumbline.report.scorecard_report import report_data
from plumbline.report.seal import Stamper, no_time_stamp, seal_files
from plumbline.report.typeset import typeset


def evidence_pack(material: Material, code: str, stamper: Stamper = no_time_stamp) -> bytes:
    """The pack as a zip. The same scorecard and trail give the same bytes, but for a time stamp.

    Raises:
        PlumblineError: there are no documents in that language, or the key that signs cannot be read or made.
    """
    speech = language(code)
    card, proof = material.answer.card, material.proof
    data = report_data(material, speech)  # with pictures, for the report and the page alike
    files = {
        "README.txt": readme("pack", code)
        .format(
            title=material.answer.system.title,
            verdict=card.verdict.words,
            at=card.at.isoformat(),
            head=proof.chain.head,
            entries=proof.chain.entries,
        )
        .encode(),
        "report.pdf": typeset("report", data),
        "controls.csv": controls_csv(card, speech),
        "questionnaire.csv": questionnaire_csv(card, speech),
    }
    for key in outlines():
        files[document_file(key)] = document_pdf(material, key, code)
    for name, figure in FIGURES.items():
        files[f"figures/{name}.csv"] = figure(material, speech)
    files["index.html"] = index_page(data, material, speech, files)
    return seal_files(files, proof, card.at, stamper)


def readme(kind: str, code: str) -> str:
    """What a pack says of itself, with places for its title, verdict and head."""
    return (resources.files("plumbline.report") / "texts" / f"{kind}.{code}.txt").read_text("utf-8")


def document_file(kind: str) -> str:
    """Where a pack holds a document."""
    return f"documents/{kind.replace('_', '-')}.pdf"
