"""The parts of a finding that joins several, or what it calls for: what, since when, how large, and the page that shows
each."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from plumbline.domain import Finding
from plumbline.store.findings import FindingRecord
from plumbline.ui.alerts.triage import PAGES, place
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import escape, prose
from plumbline.ui.parts.page_names import page_name
from plumbline.ui.state import session
from plumbline.wording import numbers
from plumbline.wording.language import phrase


def section(parts: Sequence[FindingRecord]) -> None:
    """One line a part, with a link to it; nothing where a finding joins none and calls for nothing."""
    joined = [record for record in parts if not record.follows]
    if joined:
        cards.note(phrase("It joins {n}:", n=len(joined)))
        _lines(joined)
    if len(joined) < len(parts):
        cards.note(phrase("What it calls for:"))
        _lines([record for record in parts if record.follows])


def _lines(records: Sequence[FindingRecord]) -> None:
    for record in records:
        finding = record.finding
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.markdown(
                f":small[{cards.word(finding.severity.value)} {prose(finding.sentence, 300)} {_times(finding)}]"
            )
            if finding.page in PAGES:
                empty_states.link(
                    empty_states.NextPage(finding.page, _words(finding)),
                    place(finding),
                )


def _times(finding: Finding) -> str:
    """Since when, and when it could be known."""
    if finding.since is None:
        return ""
    until = phrase(" to {until}", until=numbers.day(finding.until)) if finding.until else ""
    known = phrase(", known {known_at}", known_at=numbers.day(finding.known_at)) if finding.known_at else ""
    return phrase("Since {since}{until}{known}.", since=numbers.day(finding.since), until=until, known=known)


def _words(finding: Finding) -> str:
    seen = escape(place(finding).get(session.FEATURE.name, phrase("it")), 40)
    return phrase("See {seen} on {page}", seen=seen, page=page_name(finding.page))
