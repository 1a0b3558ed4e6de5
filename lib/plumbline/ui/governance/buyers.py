"""What a buyer's security review asks for, on the Governance page: evidence of a period, its questionnaire, the key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial

import streamlit as st

from plumbline.answers.governance.scorecard import Answer
from plumbline.answers.governance.time_authority import set_time_authority, time_authority
from plumbline.domain import PlumblineError, Scorecard
from plumbline.monitor.chunks import midnight
from plumbline.report.buyers.workbook import LARGEST, fill_workbook
from plumbline.report.issue import issue_period, issue_workbook
from plumbline.report.language import language, language_names
from plumbline.report.signature import public_key, verifier_sha256
from plumbline.ui.frame import permissions, sign_in, signed_forms
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.document_language import document_language
from plumbline.ui.parts.escape import escape
from plumbline.ui.state.view import View
from plumbline.wording.language import code as reader_code
from plumbline.wording.language import phrase

MEGABYTES = LARGEST // 1_000_000
ZIP, XLSX = "application/zip", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: days that a period covers where nobody chose any
USUAL = 365


def section(view: View, answer: Answer) -> None:
    """The evidence of a period, a buyer's workbook, and what outsiders check packs with."""
    cards.note(
        phrase(
            "What procurement and auditors ask a supplier for. Each file is made when it is "
            "asked for, and its hash goes on the trail. The report and the evidence pack of "
            "today are on the Scorecard page."
        )
    )
    code = document_language(language_names(), default=reader_code(), key="governance.buyers.language")
    left, right = st.columns(2, gap="large")
    with left:
        _period(view, answer, code)
    with right:
        _questionnaire(view, answer, code)
    _check(view)


def _period(view: View, answer: Answer, code: str) -> None:
    cards.section(
        phrase("Evidence of a period"),
        phrase(
            "Changes, incidents, access, rehearsals, checks and how each control stood from day "
            "to day, as a SOC 2 audit over a period asks. Days are UTC."
        ),
    )
    today = signed_forms.today()
    first, last = st.columns(2)
    start = first.date_input(
        phrase("First day"),
        value=today - timedelta(days=USUAL - 1),
        max_value=today,
        format="YYYY-MM-DD",
        key="governance.buyers.start",
    )
    end = last.date_input(
        phrase("Last day"),
        value=today,
        max_value=today,
        format="YYYY-MM-DD",
        key="governance.buyers.end",
    )
    if not isinstance(start, date) or not isinstance(end, date):
        return
    if end < start:
        cards.note(phrase("The period ends before it begins: choose a later last day."))
        return
    st.download_button(
        phrase("Make and download"),
        data=_period_maker(view, answer.system.key, start, end, code),
        file_name=f"plumbline-{answer.system.key}-{start.isoformat()}-{end.isoformat()}.zip",
        mime=ZIP,
        on_click="ignore",
        icon=":material/download:",
        key="governance.buyers.period",
    )


def _period_maker(view: View, key: str, start: date, end: date, code: str) -> Callable[[], bytes]:
    actor, after = sign_in.actor(), midnight(end + timedelta(days=1))
    return lambda: issue_period(view.ws, key, midnight(start), after, language_code=code, actor=actor).content


def _questionnaire(view: View, answer: Answer, code: str) -> None:
    cards.section(
        phrase("A buyer's questionnaire"),
        phrase(
            "The AI-CAIQ workbook as the buyer sent it. A copy is answered by the questions' "
            "ids, where a control says something; cells that hold something stay."
        ),
    )
    workbook = st.file_uploader(
        phrase("The buyer's workbook (XLSX, at most {megabytes} MB)", megabytes=MEGABYTES),
        type=["xlsx"],
        max_upload_size=MEGABYTES,
        key="governance.buyers.workbook",
    )
    if workbook is None:
        return
    content = workbook.getvalue()
    try:
        filled = _counts(
            content,
            answer.card,
            str(view.ws.path.resolve()),
            answer.system.key,
            view.own.every,
            datetime.now(UTC).date(),
        )
    except PlumblineError as error:
        empty_states.show_error(error)
        return
    cards.figures(
        [
            cards.Figure(
                name=phrase("Answered"),
                value=str(filled.answered),
                note=phrase("by a control that passes or fails"),
            ),
            cards.Figure(
                name=phrase("Described"),
                value=str(filled.described),
                note=phrase("with what is known, no answer"),
            ),
            cards.Figure(
                name=phrase("Kept"), value=str(filled.kept), note=phrase("as the buyer's file had it")
            ),
            cards.Figure(
                name=phrase("Left for you"),
                value=str(filled.left),
                note=phrase("no control speaks to it"),
            ),
        ],
        inside=True,
    )
    st.download_button(
        phrase("Answer and download"),
        data=partial(_workbook, view, answer.system.key, content, code),
        file_name=f"plumbline-{answer.system.key}-questionnaire.xlsx",
        mime=XLSX,
        on_click="ignore",
        icon=":material/download:",
        key="governance.buyers.answers",
    )


@dataclass(frozen=True, slots=True)
class WorkbookCounts:
    """How many of a workbook's questions are answered, described, kept as they were, and left."""

    answered: int
    described: int
    kept: int
    left: int


@st.cache_data(max_entries=8, show_spinner=False, scope="session")
def _counts(
    content: bytes, _card: Scorecard, path: str, key: str, change: int, today: date
) -> WorkbookCounts:
    """The counts of a workbook by its content; the rest stands for the scorecard. A buyer's file ends with the session.

    The language of the answers changes none of them.
    """
    filled = fill_workbook(content, _card, language("en"))
    return WorkbookCounts(len(filled.answered), len(filled.described), len(filled.kept), len(filled.left))


def _workbook(view: View, key: str, content: bytes, code: str) -> bytes:
    issued, _ = issue_workbook(view.ws, key, content, language_code=code, actor=sign_in.actor())
    return issued.content


def _check(view: View) -> None:
    cards.section(
        phrase("How outsiders check what you hand out"),
        phrase(
            "Give a buyer the public key by another way than the packs, e.g. in the contract: a "
            "signature proves nothing to somebody who takes the key from the same file."
        ),
    )
    key, stamp = st.columns(2, gap="large")
    with key:
        try:
            st.markdown(phrase("**Public key** that signs every pack"))
            st.code(public_key().public_key, language=None, wrap_lines=True)
        except PlumblineError as error:
            empty_states.show_error(error)
        st.markdown(phrase("**SHA-256 of `verify.py`**, the one file that checks a pack"))
        st.code(verifier_sha256(), language=None, wrap_lines=True)
        cards.note(
            phrase(
                "A buyer runs `python verify.py PACK.zip --key PUBLIC_KEY`; nothing else has to be installed."
            )
        )
    with stamp:
        _authority(view)


def _authority(view: View) -> None:
    """Which authority stamps packs, and the owner's form to name another."""
    authority = time_authority(view.ws)
    st.markdown(phrase("**Time-stamp authority** (RFC 3161)"))
    if authority is None:
        cards.note(
            phrase(
                "None is named: packs say when they were made by this machine's clock alone, and "
                "whoever holds the key could make one of an earlier day."
            )
        )
    else:
        st.markdown(escape(phrase("Packs are stamped by {host}.", host=authority.host)))
    with st.form("governance.authority", border=False):
        url = st.text_input(
            phrase("Its address; empty: none"),
            value=authority.url if authority else "",
            key="governance.authority.url",
            max_chars=500,
            placeholder="https://tsa.example",
            help=phrase(
                "It gets the SHA-256 of a pack's manifest and nothing else. Where it does not "
                "answer, packs say so."
            ),
        )
        inner = st.checkbox(
            phrase("It is a host of our own network"),
            value=bool(authority and authority.allow_inner),
            key="governance.authority.inner",
        )
        by = signed_forms.signature("authority")
        saved = permissions.submit(phrase("Save the authority"), permissions.OWNER)
    if saved:
        signed_forms.sign(by)
        try:
            set_time_authority(view.ws, url or "", allow_inner=inner, by=by)
        except PlumblineError as error:
            empty_states.show_error(error)
            return
        st.rerun()
