"""Laws and standards on the Scorecard page: how much of each is covered, and by which evidence."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from plumbline.domain import ControlResult
from plumbline.governance.frameworks import FrameworkPage, frameworks
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import plain, prose

NONE = "Choose a framework"


def section(results: Sequence[ControlResult]) -> None:
    """Coverage by framework; the chosen one's references with the controls and the evidence that answer them."""
    pages = [page for page in frameworks(results) if page.asked]
    if not pages:
        return
    cards.section("Laws and standards", "The same evidence answers all. Pointers to check, not legal advice.")
    cards.table([_row(page) for page in pages], alt="Frameworks: covered, open, gaps")
    by_title = {page.key: page for page in pages}
    chosen = st.selectbox(
        "References and their evidence",
        [NONE, *by_title],
        key="scorecard.framework",
        format_func=lambda key: by_title[key].title if key in by_title else key,
    )
    if chosen in by_title:
        _references(by_title[str(chosen)], {result.id: result for result in results})


def _row(page: FrameworkPage) -> dict[str, object]:
    asked, covered, gaps = len(page.asked), len(page.covered), page.gaps
    state = "pass" if covered == asked else "fail" if gaps else "partial"
    return {
        "": cards.word(state, f"{covered} of {asked}"),
        "Framework": plain(page.title),
        "Not covered": plain(", ".join(row.article or row.reference for row in gaps), 90) or "–",
        "As of": f"{page.as_of:%-d %b %Y}{'' if page.confirmed else ', to check'}",
    }


def _references(page: FrameworkPage, results: dict[str, ControlResult]) -> None:
    if page.note:
        cards.note(page.note)
    cards.table(
        [
            {
                plain(page.unit): f"**{plain(row.article or page.key)}** {plain(row.subject)}",
                "Controls": "  \n".join(
                    cards.word(results[name].status.value, name) for name in (*row.passing, *row.open)
                ),
                "Evidence": "  \n".join(
                    prose(results[name].evidence.sentence, 240) for name in (*row.open, *row.passing)[:2]
                ),
            }
            for row in page.asked
        ],
        alt=f"{page.key}: reference, controls, evidence",
        height=620 if len(page.asked) > 8 else None,
    )
