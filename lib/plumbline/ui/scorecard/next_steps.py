"""The next steps of a Scorecard: what to do first, who does it, and by when."""

from __future__ import annotations

import re
from datetime import date

import streamlit as st

from plumbline.answers.governance.scorecard import Answer, AssignedAction
from plumbline.ui.frame import drill_down, permissions, signed_forms
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import escape, prose
from plumbline.ui.parts.page_names import page_name
from plumbline.ui.scorecard import evidence_links
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase

#: where the first step of an instruction ends, outside of brackets and code
_JOINT = re.compile(r"[;:.]\s|,\s(?=(?:and|or|then|und|oder|dann)\b)")
_ASIDE = re.compile(r"\([^()]*\)|`[^`]*`")


def first_step(instruction: str) -> str:
    """The first of the things that an instruction asks for, as a sentence; the reader opens the rest."""
    asides = [place.span() for place in _ASIDE.finditer(instruction)]
    for joint in _JOINT.finditer(instruction):
        if not any(start < joint.start() < end for start, end in asides):
            return f"{instruction[: joint.start()]}."
    return instruction


def next_steps(answer: Answer) -> tuple[str, str, date | None, str] | None:
    """The three things to do next with who and by when; (control, owner, due, signer) when just assigned."""
    cards.section(phrase("Next steps"))
    if not answer.actions:
        st.markdown(phrase("Nothing is open. Keep the checks running."))
        return None
    given = None
    for i, (place, item) in enumerate(
        zip(st.columns(len(answer.actions), gap="medium", border=True), answer.actions, strict=True), 1
    ):
        action = item.action
        with place:
            ends = (
                f" :gray[{escape(phrase('exempt until {until}', until=numbers.day(action.until)))}]"
                if action.until
                else ""
            )
            words = localise(action.words, "action")
            st.markdown(
                f"**{i}** {prose(first_step(words))}{ends}",
                help=f"{escape(localise(action.control))}: {prose(words)}",
            )
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                if item.owner:
                    st.markdown(_owner_text(item, answer.card.at.date()))
                if action.page in evidence_links.PAGES:
                    empty_states.link(
                        empty_states.NextPage(action.page, page_name(action.page)),
                        drill_down.whole_log_query(answer.card.system),
                    )
                given = _assign(item) or given
    return given


def _owner_text(item: AssignedAction, today: date) -> str:
    if item.due is None:
        return phrase("**{owner}**, no date", owner=escape(item.owner))
    when = phrase("by {due}", due=numbers.day(item.due))
    late = cards.word("fail", phrase("due {when}", when=when)) if item.due < today else when
    return f"**{escape(item.owner)}**, {late}"


def _assign(item: AssignedAction) -> tuple[str, str, date | None, str] | None:
    key = f"scorecard.assign.{item.action.control}"
    with st.popover(phrase("Assign"), type="tertiary"), st.form(key, border=False):
        owner = st.text_input(phrase("Who does it"), value=item.owner, max_chars=120, key=f"{key}.owner")
        due = st.date_input(phrase("By when"), value=item.due, format="YYYY-MM-DD", key=f"{key}.due")
        by = signed_forms.signature(f"assign.{item.action.control}", page="scorecard")
        saved = permissions.submit(phrase("Save"), permissions.OWNER, type=cards.leading_type())
    if not saved:
        return None
    signed_forms.sign(by)
    return item.action.control, str(owner or ""), due if isinstance(due, date) else None, by
