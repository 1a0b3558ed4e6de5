"""What the owner states about the log itself, and rehearsals put on the trail."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import streamlit as st

from plumbline.answers import events, statements
from plumbline.answers.governance.scorecard import Answer
from plumbline.domain import System
from plumbline.governance.catalogue import catalogue
from plumbline.ui.frame import permissions, signed_forms
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import escape
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text

LAUNCH = {screen_text("not stated"): None, screen_text("yes"): True, screen_text("no"): False}
#: of the events that can be recorded, those that a person does
REHEARSALS = (
    screen_text("rollback rehearsed"),
    screen_text("restore rehearsed"),
    screen_text("automatic rollback tested"),
    screen_text("retraining tested"),
    screen_text("alert tested"),
)
#: what is recorded by the number that a register of its own gave it
COMPLAINTS = (screen_text("complaint received"), screen_text("complaint answered"))


def section(view: View, system: System, answer: Answer) -> None:
    """How long the log is kept, what personal data it holds, and what was rehearsed."""
    facts, settings = answer.measured.facts, system.settings
    columns_with_data = tuple(facts.personal_detected or ())
    declared = settings.personal_data
    with st.form("governance.log", border=False):
        cards.section(
            phrase("The log and the model's age"),
            phrase("Answers AUD-4 and SEC-4; MON-3 by stricter limits."),
        )
        left, right = st.columns(2, gap="large")
        goes_back = next(word for word, value in LAUNCH.items() if value is settings.covers_launch)
        launch = left.selectbox(
            phrase("Does the log go back to the launch?"),
            list(LAUNCH),
            format_func=localise,
            index=list(LAUNCH).index(goes_back),
            key=f"governance.{system.key}.launch",
        )
        retention = right.number_input(
            phrase("Personal data is kept for, in days"),
            value=settings.retention_days,
            min_value=1,
            step=1,
            placeholder=phrase("not stated"),
            key=f"governance.{system.key}.retention",
        )
        personal = st.multiselect(
            phrase("Columns that hold personal data"),
            sorted({*columns_with_data, *declared}),
            default=list(declared),
            accept_new_options=True,
            key=f"governance.{system.key}.personal",
            help=phrase("What was found in the log is offered; what is found and not declared fails SEC-4."),
        )
        commercial = st.date_input(
            phrase("In commercial use from"),
            value=settings.commercial_from,
            format="YYYY-MM-DD",
            key=f"governance.{system.key}.commercial",
            help=phrase(
                "Exemptions end the day before. Leave it empty where the system is in no commercial "
                "use yet, or was never exempted from anything."
            ),
        )
        ages = _ages(system)
        by = signed_forms.signature("log")
        saved = permissions.submit(phrase("Save"), permissions.OWNER, type=cards.leading_type())
    if saved:
        signed_forms.sign(by)
        changes = {"covers_launch": LAUNCH[str(launch)], "retention_days": int(retention) if retention else None,
                   "personal_data": list(personal) or None,
                   "commercial_from": commercial.isoformat() if isinstance(commercial, date) else None}  # fmt: skip
        statements.change_settings(view.ws, system.key, changes | ages, by=by or session.LOCAL)
        st.rerun()
    _rehearsals(view, system, answer)


def _ages(system: System) -> dict[str, Any]:
    """The ages from which the model counts as ageing and as too old, as settings to keep; only ever stricter."""
    limits = dict(system.settings.limits)
    age_limits = limits.pop("MON-3", {})
    usual = {name: int(limit.value) for name, limit in catalogue().control("MON-3").limits.items()}
    asked = {}
    columns = st.columns(2, gap="large")
    for column, name, words in zip(
        columns, ("watch_days", "age_days"), (phrase("is watched"), phrase("is too old")), strict=True
    ):
        given = column.number_input(
            phrase("The model {words} after, in days", words=words),
            min_value=1,
            max_value=usual[name],
            step=1,
            value=min(int(age_limits[name]), usual[name]) if name in age_limits else None,
            placeholder=phrase("{usual}, as everywhere", usual=usual[name]),
            key=f"governance.{system.key}.{name}",
            help=phrase(
                "Counted from training, or from the version's first decision. A stricter limit than "
                "usual holds for MON-3, the Log quality page and findings; a looser one cannot be "
                "set."
            ),
        )
        if given is not None:
            asked[name] = float(given)
    if asked:
        limits["MON-3"] = asked
    return {"limits": limits or None}


def _rehearsals(view: View, system: System, answer: Answer) -> None:
    cards.section(
        phrase("Rehearsals and complaints"),
        phrase(
            "A complaint and its answer are recorded by the complaint's number, and are counted by CMP-10. Of "
            "rehearsals, what is recorded is a statement: within 12 months it makes REL-3, REL-6, MON-6, MON-7 and "
            "CMP-5 partial, never pass. A rollback that the log shows passes REL-3. Pipelines use "
            "`plumbline record`."
        ),
    )
    records = [r for r in answer.measured.records if r.event in (*REHEARSALS, *COMPLAINTS)]
    if records:
        cards.table(
            [
                {
                    "What": escape(r.event),
                    "When": numbers.day(r.at),
                    "By": escape(r.by),
                    "Note": escape(r.note, 160) or numbers.DASH,
                }
                for r in records[:12]
            ],
            alt=phrase("Rehearsals and complaints: what, when, by whom, note"),
        )
    with st.form("governance.record", border=False, clear_on_submit=True):
        left, right = st.columns(2, gap="large")
        event = left.selectbox(
            phrase("What was done"),
            (*REHEARSALS, *COMPLAINTS),
            format_func=_rehearsal,
            key="governance.record.event",
        )
        day = right.date_input(
            phrase("When"),
            value=signed_forms.today(),
            max_value=signed_forms.today(),
            format="YYYY-MM-DD",
            key="governance.record.day",
        )
        note = left.text_input(
            phrase("How it went, or the complaint's number"), key="governance.record.note", max_chars=300
        )
        with right:
            by = signed_forms.signature("record")
        saved = permissions.submit(phrase("Put it on the trail"), permissions.ANALYST)
    if saved and isinstance(day, date):
        signed_forms.sign(by)
        at = min(datetime.combine(day, time(12), UTC), datetime.now(UTC))
        events.record(view.ws, system.key, str(event), by=by, at=at, note=note or "")
        st.rerun()


def _rehearsal(event: str) -> str:
    words = localise(event)
    return words[:1].upper() + words[1:]
