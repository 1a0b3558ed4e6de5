"""The panel by which events are noted and removed, beside every picture of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from plumbline.answers.notes import calendar_events
from plumbline.domain import PlumblineError
from plumbline.domain.notes import CalendarEvent, EventKind
from plumbline.ui.frame import permissions, sign_in, signed_forms
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import escape
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording.language import localise, phrase
from plumbline.wording.quantities import plural

SHOWN = 12  # of the newest events, in the panel; the rest are folded


def panel(view: View, events: Sequence[CalendarEvent]) -> None:
    """The events of the chosen system, and the form for another one."""
    many = f" ({len(events)})" if events else ""
    with st.popover(
        phrase("Events{many}", many=many), icon=":material/event_note:", type="tertiary", key="events"
    ):
        newest_first = list(events)[::-1]
        for event in newest_first[:SHOWN]:
            _line(view, event)
        earlier = newest_first[SHOWN:]
        if earlier:
            with st.expander(phrase("{events}", events=plural(len(earlier), "earlier event"))):
                for event in earlier:
                    _line(view, event)
        _form(view)


def _line(view: View, event: CalendarEvent) -> None:
    """One event, and the button that removes it."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(f"◆ {escape(calendar_events.say(event))}", width="stretch")
        gone = st.button(
            phrase("Remove"),
            key=f"events.remove.{event.id}",
            type="tertiary",
            help=phrase("Noted by {by}", by=escape(event.by, 60)),
            disabled=not sign_in.may(permissions.ANALYST),
        )
    if gone:
        by = sign_in.actor()
        calendar_events.remove(view.ws, event.system, event.id, by=by)
        st.rerun()


def _form(view: View) -> None:
    with st.form("events.add", border=False, clear_on_submit=True, width=320):
        st.markdown(phrase("**Note an event**"))
        kind = st.selectbox(
            phrase("Kind"),
            [kind.value for kind in EventKind],
            format_func=lambda kind: localise(kind, "event"),
            key="events.kind",
        )
        text = st.text_input(
            phrase("What happened"),
            key="events.text",
            max_chars=calendar_events.LONGEST_TEXT,
            placeholder=phrase("Summer sale"),
        )
        left, right = st.columns(2)
        first = left.date_input(phrase("First day"), value=None, format="YYYY-MM-DD", key="events.first")
        last = right.date_input(
            phrase("Last day"),
            value=None,
            format="YYYY-MM-DD",
            key="events.last",
            help=phrase("Left empty: one day."),
        )
        by = signed_forms.signature("add", page="events")
        saved = permissions.submit(phrase("Note it"), permissions.ANALYST, type=cards.leading_type())
    if not saved or view.system is None:
        return
    if not isinstance(first, date):
        st.error(phrase("Choose the day on which it happened."))
        return
    signed_forms.sign(by)
    try:
        calendar_events.add(
            view.ws,
            view.system.key,
            kind=str(kind),
            text=text or "",
            first=first,
            last=last if isinstance(last, date) else None,
            by=by or session.LOCAL,
        )
    except PlumblineError as error:
        empty_states.show_error(error)
        return
    st.rerun()
