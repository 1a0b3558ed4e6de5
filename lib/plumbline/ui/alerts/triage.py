"""What can be done about one finding, on its row: acknowledge, give it to somebody, mute, comment, open an incident."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from plumbline.answers.alerts.findings import acknowledge
from plumbline.answers.alerts.incidents import open_incident
from plumbline.answers.notes.decision_comments import LONGEST_TEXT
from plumbline.answers.respond import triage as acts
from plumbline.answers.respond.triage import LONGEST_MUTE, TriagedFinding
from plumbline.domain import Finding
from plumbline.governance.incident_deadlines import Incident
from plumbline.ui.frame import drill_down, permissions, sign_in, signed_forms
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import escape
from plumbline.ui.parts.page_names import page_name
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import phrase

PAGES = ("accuracy", "drift", "releases", "fairness", "decisions", "logs")
#: of these, the ones that show a window
DATED = ("accuracy", "drift", "fairness", "decisions")
#: comments that stand on the row; older ones are in the form
LATEST = 2


def state(handled: TriagedFinding, incident: Incident | None) -> list[str]:
    """Lines of Markdown: who saw it, who has it until when, until when it is muted, its incident, the last comments."""
    record, triage, today = handled.record, handled.triage, signed_forms.today()
    lines = []
    if record.acknowledged_by and record.acknowledged_at:
        lines.append(
            phrase(
                "Acknowledged by {acknowledged_by}, {acknowledged_at}.",
                acknowledged_by=escape(record.acknowledged_by, 60),
                acknowledged_at=numbers.moment(record.acknowledged_at),
            )
        )
    elif record.open:
        lines.append(f"{cards.word('watch', phrase('not acknowledged'))}")
    if triage.owner:
        late = cards.word("fail", phrase("overdue")) if record.open and triage.is_overdue(today) else ""
        lines.append(
            phrase(
                "Assigned to {owner}, due {spoken}. {late}",
                owner=escape(triage.owner, 60),
                spoken=_day_text(triage.due),
                late=late,
            )
        )
    if triage.is_muted(today) and record.open:
        lines.append(
            phrase(
                "Snoozed by {muted_by} until {spoken}: {muted_why}.",
                muted_by=escape(triage.muted_by, 60),
                spoken=_day_text(triage.muted_until),
                muted_why=escape(triage.muted_why, 200),
            )
        )
    if incident is not None:
        lines.append(_incident(incident))
    lines += [
        f"{escape(c.by, 60)}, {numbers.moment(c.at)}: {escape(c.text, 400)}"
        for c in handled.comments[-LATEST:]
    ]
    return lines


def _incident(incident: Incident) -> str:
    if incident.closed_at:
        return phrase("Incident {id} is closed.", id=incident.id)
    if incident.planned_day and incident.planned_day < signed_forms.today():
        overdue = phrase(
            "Incident {id} was to be closed by {planned}",
            id=incident.id,
            planned=numbers.day(incident.planned_day),
        )
        return phrase(
            "{overdue} and counts for nothing any more. {word}",
            overdue=overdue,
            word=cards.word("fail", phrase("overdue")),
        )
    if incident.planned_day:
        return phrase(
            "Incident {id}: {owner} closes it by {planned}.",
            id=incident.id,
            owner=escape(incident.owner, 60),
            planned=numbers.day(incident.planned_day),
        )
    missing = phrase("classify it, and say its cause, who deals with it and by when")
    return phrase(
        "Incident {id} is open and counts for nothing yet: {missing}.", id=incident.id, missing=missing
    )


def buttons(view: View, handled: TriagedFinding, incident: Incident | None, by: str) -> None:
    """The row of buttons under a finding."""
    record, key = handled.record, f"alerts.{handled.record.id}"
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        may = sign_in.may(permissions.ANALYST)
        if (
            record.open
            and not record.acknowledged_by
            and st.button(phrase("Acknowledge"), key=f"{key}.saw", disabled=not may)
        ):
            if not _require_name(by):
                return
            acknowledge(view.ws, record.id, by=by.strip(), system=record.finding.system)
            st.rerun()
        with st.popover(phrase("Handle"), disabled=not may):
            _form(view, handled, by)
        if incident is None:
            if st.button(phrase("Open an incident"), key=f"{key}.incident", disabled=not may):
                if not _require_name(by):
                    return
                open_incident(view.ws, record.finding.system, "", by=by.strip(), finding=record.id)
                st.rerun()
        elif not incident.closed_at:
            empty_states.link(
                empty_states.NextPage("governance", phrase("Incident {id}", id=incident.id)),
                {session.SECTION.name: "Incidents", session.SYSTEM.name: record.finding.system},
            )
        if record.finding.page in PAGES:
            empty_states.link(
                empty_states.NextPage(
                    record.finding.page, phrase("See it on {page}", page=page_name(record.finding.page))
                ),
                place(record.finding),
            )


def place(finding: Finding) -> dict[str, str]:
    """The query of a link to what a finding is about: its days, all decisions in them, and on Drift the feature."""
    query = drill_down.whole_log_query(finding.system)
    if finding.page in DATED and finding.since:
        until = finding.until and max(finding.until, finding.since + timedelta(microseconds=1))
        query |= drill_down.dates(finding.system, finding.since, until)
    feature = finding.figures.get("feature")
    if finding.page == "drift" and feature:
        query[session.FEATURE.name] = str(feature)
    return query


def _require_name(by: str) -> bool:
    """Whether somebody signs; the page says so where nobody does."""
    if not by.strip():
        st.error(phrase("This needs a name. Say who you are, above the findings."))
    return bool(by.strip())


def _form(view: View, handled: TriagedFinding, by: str) -> None:
    """Give it to somebody, mute it, write something: whatever is filled in is done."""
    record, triage, key, today = (
        handled.record,
        handled.triage,
        f"alerts.{handled.record.id}",
        signed_forms.today(),
    )
    for comment in handled.comments[:-LATEST]:
        cards.note(f"{comment.by}, {numbers.moment(comment.at)}: {comment.text}")
    with st.form(f"{key}.form", border=False, width=360):
        owner = st.text_input(phrase("Assign to"), value=triage.owner, key=f"{key}.owner", max_chars=120)
        due = st.date_input(
            phrase("Due"),
            value=triage.due or None,
            min_value=min(today, _day(triage.due, today)),
            format="YYYY-MM-DD",
            key=f"{key}.due",
        )
        muted = st.date_input(
            phrase("Snooze reminders until"),
            value=None,
            format="YYYY-MM-DD",
            key=f"{key}.mute",
            min_value=today + timedelta(days=1),
            max_value=today + timedelta(days=LONGEST_MUTE),
            help=phrase("Reminders rest; the all-clear, legal clocks and the verdict go on."),
        )
        why = st.text_input(phrase("Reason for snoozing"), key=f"{key}.why", max_chars=300)
        text = st.text_area(phrase("Comment"), key=f"{key}.comment", max_chars=LONGEST_TEXT, height=80)
        saved = permissions.submit(phrase("Save"), permissions.ANALYST, type=cards.leading_type())
    if not saved or not _require_name(by):
        return
    system, name = record.finding.system, by.strip()
    if owner and due and (owner.strip(), due.isoformat()) != (triage.owner, triage.due):
        acts.assign(view.ws, system, record.id, to=owner, due=due, by=name)
    elif owner and not due:
        st.error(phrase("Set a due date as well."))
        return
    if muted:
        acts.snooze(view.ws, system, record.id, until=muted, reason=why or "", by=name)
    if text and text.strip():
        acts.comment(view.ws, system, record.id, text, by=name)
    st.rerun()


def _day_text(text: str) -> str:
    return numbers.day(date.fromisoformat(text))


def _day(text: str, otherwise: date) -> date:
    return date.fromisoformat(text) if text else otherwise
