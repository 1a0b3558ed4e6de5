"""The forms by which people state what a log cannot show, each signed with a name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial

import streamlit as st

from plumbline.answers import statements
from plumbline.answers.statements import Statements
from plumbline.domain import Attestation, Exemption, Status
from plumbline.governance.catalogue import Control, catalogue
from plumbline.governance.resolution import add_year, requester
from plumbline.ui.frame import permissions, sign_in
from plumbline.ui.language import control_title
from plumbline.ui.parts import cards, tables
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text

CLAIMS = {
    screen_text("It holds"): Status.PASS,
    screen_text("It holds in part"): Status.PARTIAL,
    screen_text("It does not hold"): Status.FAIL,
}


def today() -> date:
    """The day that a statement is dated with, UTC."""
    return datetime.now(UTC).date()


def signature(form: str, label: str = "", *, page: str = "governance") -> str:
    """A name is asked for where nobody signs in: it goes on the trail beside the time."""
    if sign_in.email():
        cards.note(phrase("Signed as `{email}`.", email=sign_in.email()))
        return sign_in.email()
    return str(
        st.text_input(
            label or phrase("Your name"),
            value=session.ACTOR.get(),
            key=f"{page}.{form}.by",
            max_chars=120,
            width=420,
        )
        or ""
    )


def sign(name: str) -> None:
    """Remember the name for the next form of this tab."""
    session.ACTOR.set(name)


def attestations(view: View, stated: Statements) -> None:
    """Statements so far, what has to be renewed or approved, and a new one."""
    cards.note(
        phrase(
            "A dated statement by a named person. It never outvotes what the log shows, and ends on its date."
        )
    )
    _reminders(stated)
    if stated.attestations:
        tables.attestations(stated.attestations, today())
        _files(view, stated)
    _approvals(view, stated)
    with st.expander(phrase("New attestation"), expanded=not stated.attestations):
        attestation_and_file = _attestation(stated)
    if attestation_and_file is not None:
        statements.attest(view.ws, attestation_and_file[0], file=attestation_and_file[1])
        st.rerun()


def exemptions(view: View, stated: Statements) -> None:
    """Exemptions so far, and a new one."""
    cards.note(
        phrase(
            "An exempt control lifts the verdict to MANAGED at most, and counts again the day "
            "after it ends: after twelve months at most, and at the latest when the system goes "
            "into commercial use."
        )
    )
    if stated.exemptions:
        tables.exemptions(stated.exemptions, today())
    if statements.pending_approvals(stated, today())[1]:
        cards.note(phrase("What waits is approved under Four eyes on the Attestations tab."))
    with st.expander(phrase("New exemption"), expanded=not stated.exemptions):
        granted = _exemption(stated)
    if granted is not None:
        statements.exempt(view.ws, granted)
        st.rerun()


def _reminders(stated: Statements) -> None:
    for item in statements.reminders(stated, today()):
        left = (item.ends - today()).days
        when = (
            phrase("ends in {left} days", left=left)
            if left > 1
            else phrase("ends tomorrow")
            if left == 1
            else phrase("ends today")
        )
        when = when if left >= 0 else phrase("ended on {ends}", ends=numbers.day(item.ends))
        state = "watch" if left >= 0 else "fail"
        st.markdown(
            phrase(
                "{word} **{control}**, {kind} by {who}: renew it.",
                word=cards.word(state, when),
                control=escape(item.control),
                kind=localise(item.kind, "statement"),
                who=escape(item.who),
            )
        )


def _files(view: View, stated: Statements) -> None:
    """The files that back the statements, to download."""
    attestations = [a for a in stated.attestations if a.evidence]
    if not attestations:
        return
    with st.expander(phrase("Evidence files ({count})", count=len(attestations))):
        for item in attestations:
            name, sha256 = item.evidence_name, item.evidence
            st.download_button(
                escape(f"{item.control}: {name}", 120),
                on_click="ignore",
                file_name=name,
                icon=":material/download:",
                data=partial(_content, view, sha256),
                key=f"governance.file.{item.id}",
                mime="application/octet-stream",
            )
            cards.note(f"SHA-256 {sha256}")


def _content(view: View, sha256: str) -> bytes:
    return statements.evidence_file(view.ws, sha256)[1]


def _approvals(view: View, stated: Statements) -> None:
    """The four-eyes setting, and what waits for a second person."""
    on = stated.system.settings.four_eyes
    attestations, freed = statements.pending_approvals(stated, today())
    open_ones: tuple[Attestation | Exemption, ...] = (*attestations, *freed)
    with st.expander(phrase("Four eyes: on") if on else phrase("Four eyes: off"), expanded=bool(open_ones)):
        cards.note(
            phrase(
                "With four eyes a statement that a control holds, and an exemption, count only once "
                "a second person approved them."
            )
        )
        with st.form("governance.approve", border=False):
            chosen = [
                item
                for item in open_ones
                if st.checkbox(_pending_text(item), key=f"governance.approve.{type(item).__name__}.{item.id}")
            ]
            wanted = st.toggle(
                phrase("Ask for a second person"), value=on, key=f"governance.{stated.system.key}.four_eyes"
            )
            by = signature("approve")
            saved = permissions.submit(
                phrase("Approve and save") if open_ones else phrase("Save"), permissions.OWNER
            )
    if not saved:
        return
    sign(by)
    for item in chosen:
        approve = statements.approve if isinstance(item, Attestation) else statements.approve_exemption
        approve(view.ws, stated.system.key, item.id, by=by, on=today())
    if wanted != on:
        statements.change_settings(
            view.ws, stated.system.key, {"four_eyes": wanted or None}, by=by or session.LOCAL
        )
    st.rerun()


def _pending_text(item: Attestation | Exemption) -> str:
    if isinstance(item, Attestation):
        what, who = item.statement, item.owner
    else:
        what, who = (
            phrase("exempt until {until}, {reason}", until=numbers.day(item.until), reason=item.reason),
            requester(item),
        )
    return f"{escape(item.control)}: {escape(what, 120)} ({escape(who)}, {item.at:%-d %b %Y})"


def _attestation(stated: Statements) -> tuple[Attestation, tuple[str, bytes] | None] | None:
    """A statement about one control that accepts statements, when it was just made, and the file that backs it."""
    accepting = {c.id: c for c in catalogue().controls if c.attested != "none"}
    with st.form("governance.attest", border=False, clear_on_submit=True):
        left, right = st.columns(2, gap="large")
        with left:
            control = accepting[str(_control(phrase("Control"), accepting, "attest"))]
            claim = st.radio(
                phrase("Claim"), list(CLAIMS), format_func=localise, key="governance.attest.claim"
            )
            expires = st.date_input(
                phrase("Holds until"),
                value=today() + timedelta(days=180),
                format="YYYY-MM-DD",
                min_value=today() + timedelta(days=1),
                max_value=today() + timedelta(days=365),
                help=phrase("Twelve months at most. The day after, the control is unknown again."),
                key="governance.attest.expires",
            )
            owner = signature("attest")
        with right:
            statement = st.text_area(
                phrase("Statement"), key="governance.attest.statement", max_chars=2000, height=120
            )
            reference = st.text_input(
                phrase("Link to the document"), key="governance.attest.link", max_chars=500
            )
            file = st.file_uploader(
                phrase("Or the document itself"),
                key="governance.attest.file",
                max_upload_size=5,
                disabled=not sign_in.may(permissions.OWNER),
                help=phrase("Kept in this workspace by its SHA-256, 5 MB at most."),
            )
        saved = permissions.submit(phrase("Attest"), permissions.OWNER, type=cards.leading_type())
    if not saved or not isinstance(expires, date):
        return None
    sign(owner)
    item = Attestation(
        system=stated.system.key,
        control=control.id,
        status=CLAIMS[str(claim)],
        statement=statement.strip(),
        owner=owner.strip(),
        at=today(),
        expires=expires,
        link=(reference or "").strip(),
    )
    return item, (one_line(file.name, 200), file.getvalue()) if file is not None else None


def _exemption(stated: Statements) -> Exemption | None:
    """An exemption of one control until a date, when it was just made."""
    controls = {c.id: c for c in catalogue().controls}
    with st.form("governance.exempt", border=False, clear_on_submit=True):
        left, right = st.columns(2, gap="large")
        with left:
            control = _control(phrase("Control"), controls, "exempt")
            until = st.date_input(
                phrase("Until"),
                value=today() + timedelta(days=90),
                format="YYYY-MM-DD",
                min_value=today() + timedelta(days=1),
                max_value=add_year(today()),
                key="governance.exempt.until",
            )
            link = st.text_input(phrase("Link to its document"), key="governance.exempt.link", max_chars=500)
        with right:
            reason = st.text_area(
                phrase("Reason"), key="governance.exempt.reason", max_chars=2000, height=120
            )
            two = stated.system.settings.four_eyes
            approver = signature(
                "exempt", phrase("Your name: a second person approves it") if two else phrase("Approved by")
            )
        saved = permissions.submit(phrase("Exempt"), permissions.OWNER, type=cards.leading_type())
    if not saved or not isinstance(until, date):
        return None
    sign(approver)
    return Exemption(
        system=stated.system.key,
        control=str(control),
        reason=reason.strip(),
        approver=approver.strip(),
        until=until,
        at=today(),
        link=(link or "").strip(),
    )


def _control(label: str, controls: dict[str, Control], form: str) -> str | None:
    return st.selectbox(
        label,
        list(controls),
        format_func=lambda i: f"{i}  {control_title(i, controls[i].title)}",
        key=f"governance.{form}.control",
    )
