"""The forms by which people state what a log cannot show, each signed with a name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import streamlit as st

from plumbline.answers.promises import Statements
from plumbline.domain import Attestation, Exemption, Status
from plumbline.governance.catalogue import Control, catalogue
from plumbline.governance.context import NUMBER, QUESTIONS, Question
from plumbline.ui import cards, session
from plumbline.ui.plain import plain

NOT_ANSWERED = "not answered"
CLAIMS = {"It holds": Status.PASS, "It holds in part": Status.PARTIAL, "It does not hold": Status.FAIL}


def today() -> date:
    """The day that a statement is dated with, UTC."""
    return datetime.now(UTC).date()


def context(stated: Statements) -> tuple[dict[str, str], str] | None:
    """The context questions; the changed answers and the signer when they were just saved."""
    with st.form("governance.context", border=False):
        given: dict[str, str] = {}
        columns = st.columns(2, gap="large")
        for i, question in enumerate(QUESTIONS):
            with columns[i % 2]:
                given[question.key] = _answer(question, stated)
        by = _signature("context")
        saved = st.form_submit_button("Save answers", type="primary")
    if not saved:
        return None
    session.ACTOR.set(by)
    changed = {key: value for key, value in given.items() if value != stated.context.get(key, "")}
    return changed, by


def _answer(question: Question, stated: Statements) -> str:
    now = stated.context.get(question.key, "")
    key = f"governance.{stated.system.key}.{question.key}"
    label = plain(question.question)
    if NUMBER in question.values:
        typed = st.text_input(
            label, value=now, key=key, help=plain(question.help), placeholder="a number, or unknown"
        )
        answer = str(typed or "").strip()
    else:
        options = [NOT_ANSWERED, *question.values]
        at = options.index(now) if now in options else 0
        choice = st.selectbox(label, options, index=at, key=key, help=plain(question.help))
        answer = "" if choice in (None, NOT_ANSWERED) else str(choice)
    who = stated.signatures.get(question.key)
    if who and now:
        cards.note(f"{who[0]}, {who[1]:%-d %b %Y}")
    return answer


def attestation(stated: Statements) -> Attestation | None:
    """A statement about one control that accepts statements, when it was just made."""
    accepting = {c.id: c for c in catalogue().controls if c.attested != "none"}
    with st.form("governance.attest", border=False, clear_on_submit=True):
        left, right = st.columns(2, gap="large")
        with left:
            control = accepting[str(_control("Control", accepting, "attest"))]
            claim = st.radio("Claim", list(CLAIMS), key="governance.attest.claim")
            expires = st.date_input(
                "Holds until", value=today() + timedelta(days=180), format="YYYY-MM-DD",
                min_value=today() + timedelta(days=1), max_value=today() + timedelta(days=365),
                help="Twelve months at most. The day after, the control is unknown again.",
                key="governance.attest.expires",
            )  # fmt: skip
        with right:
            statement = st.text_area(
                "Statement", key="governance.attest.statement", max_chars=2000, height=120
            )
            reference = st.text_input("Link to the document", key="governance.attest.link", max_chars=500)
            owner = _signature("attest")
        saved = st.form_submit_button("Attest", type="primary")
    if not saved or not isinstance(expires, date):
        return None
    session.ACTOR.set(owner)
    return Attestation(
        system=stated.system.key, control=control.id, status=CLAIMS[str(claim)], statement=statement.strip(),
        owner=owner.strip(), at=today(), expires=expires, link=(reference or "").strip(),
    )  # fmt: skip


def exemption(stated: Statements) -> Exemption | None:
    """An exemption of one control until a date, when it was just made."""
    controls = {c.id: c for c in catalogue().controls}
    with st.form("governance.exempt", border=False, clear_on_submit=True):
        left, right = st.columns(2, gap="large")
        with left:
            control = _control("Control", controls, "exempt")
            until = st.date_input(
                "Until", value=today() + timedelta(days=90), format="YYYY-MM-DD",
                min_value=today() + timedelta(days=1), key="governance.exempt.until",
            )  # fmt: skip
        with right:
            reason = st.text_area("Reason", key="governance.exempt.reason", max_chars=2000, height=120)
            approver = _signature("exempt", "Approved by")
        saved = st.form_submit_button("Exempt", type="primary")
    if not saved or not isinstance(until, date):
        return None
    session.ACTOR.set(approver)
    return Exemption(
        system=stated.system.key, control=str(control), reason=reason.strip(), approver=approver.strip(),
        until=until, at=today(),
    )  # fmt: skip


def _control(label: str, controls: dict[str, Control], form: str) -> str | None:
    return st.selectbox(
        label,
        list(controls),
        format_func=lambda i: f"{i}  {controls[i].title}",
        key=f"governance.{form}.control",
    )


def _signature(form: str, label: str = "Your name") -> str:
    """A name is asked for where nobody signs in: it goes on the trail beside the time."""
    return str(
        st.text_input(label, value=session.ACTOR.get(), key=f"governance.{form}.by", max_chars=120, width=420)
        or ""
    )
