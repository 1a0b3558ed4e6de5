"""Laws and standards on the Scorecard page: how much of each is covered, and by which evidence."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from plumbline.domain import ControlResult
from plumbline.governance.frameworks import Coverage, FrameworkPage, frameworks
from plumbline.ui.language import catalogue_title
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import escape, prose
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text

NONE = screen_text("Choose a framework")


def section(results: Sequence[ControlResult]) -> None:
    """Coverage by framework; the chosen one's references with the controls and the evidence that answer them."""
    pages = [page for page in frameworks(results) if page.asked_references]
    if not pages:
        return
    cards.section(
        phrase("Laws and standards"),
        phrase("The same evidence answers all. Pointers to check, not legal advice."),
    )
    cards.table([_row(page) for page in pages], alt=phrase("Frameworks: covered, open, gaps"))
    by_title = {page.key: page for page in pages}
    chosen = st.selectbox(
        phrase("References and their evidence"),
        [NONE, *by_title],
        key="scorecard.framework",
        format_func=lambda key: _title(by_title[key]) if key in by_title else localise(key),
    )
    if chosen in by_title:
        _references(by_title[str(chosen)], {result.id: result for result in results})


def _title(page: FrameworkPage) -> str:
    return catalogue_title("framework", page.title, page.title)


def _subject(row: Coverage) -> str:
    return escape(catalogue_title("subject", row.reference, row.subject))


def _row(page: FrameworkPage) -> dict[str, object]:
    asked, covered, gaps = len(page.asked_references), len(page.covered_references), page.gaps
    state = "pass" if covered == asked else "fail" if gaps else "partial"
    return {
        "": cards.word(state, phrase("{covered} of {asked}", covered=covered, asked=asked)),
        "Framework": escape(_title(page)),
        "Not covered": escape(", ".join(row.article or row.reference for row in gaps), 90) or "–",
        "As of": numbers.day(page.as_of) + ("" if page.confirmed else phrase(", to check")),
    }


def _references(page: FrameworkPage, results: dict[str, ControlResult]) -> None:
    if page.note:
        cards.note(page.note)
    cards.table(
        [
            {
                localise(page.unit, "framework"): f"**{escape(row.article or page.key)}** {_subject(row)}",
                "Controls": "  \n".join(
                    cards.word(results[name].status.value, name) for name in (*row.passing, *row.open)
                ),
                "Evidence": "  \n".join(
                    prose(results[name].evidence.sentence, 240) for name in (*row.open, *row.passing)[:2]
                ),
            }
            for row in page.asked_references
        ],
        alt=phrase("{key}: reference, controls, evidence", key=page.key),
        height=620 if len(page.asked_references) > 8 else None,
    )
