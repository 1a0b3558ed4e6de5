"""The Deliveries tab: every message, where it went and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from plumbline.respond.events import TYPES
from plumbline.store.respond.deliveries import INSIDE, Delivery
from plumbline.ui.parts import cards, empty_states, tables
from plumbline.ui.parts.escape import one_line
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text
from plumbline.wording.times import iso_minute

#: state -> what it means, and the status whose look it has
STATES = {
    "queued": screen_text("waits"),
    "sent": screen_text("taken"),
    "failed": screen_text("to be tried again"),
    "dead": screen_text("given up"),
    "suppressed": screen_text("not sent by itself"),
}
LOOKS = {"queued": "open", "sent": "pass", "failed": "watch", "dead": "fail", "suppressed": "undone"}


def section(deliveries: Sequence[Delivery], titles: dict[str, str]) -> None:
    """How it went in one line, and a table with the newest first."""
    if not deliveries:
        empty_states.show_empty_state(
            phrase("No message was written yet."),
            phrase(
                "A message is written for each channel when a check finds something. The tab "
                "Channels sets them up."
            ),
        )
        return
    tally = {state: sum(d.state == state for d in deliveries) for state in STATES}
    st.markdown(
        "  ".join(
            cards.word(LOOKS[state], f"{n} {localise(STATES[state])}") for state, n in tally.items() if n
        )
    )
    tables.grid(
        [_row(d, titles) for d in deliveries],
        alt=phrase(
            "Messages, newest first: time, event, about, channel, state, attempts, receipt or reason, id"
        ),
        height=560 if len(deliveries) > 14 else None,
        widths={"Receipt, or why not": 340},
    )
    cards.note(
        phrase(
            "Taken: the receiver answered for it. That a person read it is shown by a code that "
            "came back, or by an acknowledgement."
        )
    )


def _row(d: Delivery, titles: dict[str, str]) -> dict[str, object]:
    about = one_line(titles.get(d.system, d.system), 40)
    return {
        "Written (UTC)": f"{iso_minute(d.made_at)}",
        "What": localise(TYPES.get(d.event, d.event)),
        "About": phrase("{about}, no. {finding}", about=about, finding=d.finding)
        if d.finding is not None
        else about or numbers.DASH,
        "Channel": one_line(d.channel, 40),
        "State": cards.glyph(LOOKS[d.state]).partition(" ")[0] + " " + localise(STATES[d.state]),
        "Tries": d.attempts,
        "Due (UTC)": f"{iso_minute(d.due_at)}" if d.state in ("queued", "failed") else numbers.DASH,
        "Receipt, or why not": one_line(_delivery_note(d), 300) or numbers.DASH,
        "Id": d.id,
    }


def _delivery_note(d: Delivery) -> str:
    return d.receipt or d.reason.replace(INSIDE, phrase("its words stand in "))
