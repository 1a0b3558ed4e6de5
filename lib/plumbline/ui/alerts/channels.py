"""The Channels tab: where messages go, proving that somebody reads them, adding and switching off."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from plumbline.answers.respond import channels as register
from plumbline.answers.respond import kill_switch
from plumbline.respond.channels import MAIL, PAGER, SERVICE, WEBHOOK, Channel
from plumbline.respond.mail import HOST
from plumbline.respond.routes import FAMILIES
from plumbline.ui.frame import permissions, sign_in, signed_forms
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import code, plain
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers

#: what a person picks -> the kind of channel
KINDS = {
    "Webhook": WEBHOOK, "E-mail": MAIL, "PagerDuty": PAGER, "Slack, Teams and others (Apprise)": SERVICE,
}  # fmt: skip
LEVELS = {"everything": "low", "medium and high": "medium", "high only": "high"}
_SAID = session.Key("alerts.channel.said", "")


def section(view: View) -> None:
    """The switch, every channel, and a form for another."""
    if view.scratch:
        st.markdown("A file that is only looked at tells nobody. Keep it to send what is found.")
        return
    known = register.channels(view.ws)
    _switch(view)
    by = signed_forms.signature("channels", "Your name, for what you do below", page="alerts")
    signed_forms.sign(by.strip())
    if text := _SAID.get():
        st.success(plain(text))
        _SAID.clear()
    if not known:
        empty_states.empty(
            "Nothing leaves this machine yet.",
            "Add a channel below, send a test over it, and type the code back that it brings: from then on somebody "
            "hears of what is found.",
        )
    for channel in known:
        _card(view, channel, by)
    with st.expander("Add a channel", expanded=not known):
        _add(view, by)


def _switch(view: View) -> None:
    """Why nothing acts, where it does not."""
    with view.ws.read() as cursor:
        why = kill_switch.reason_to_stop(cursor)
    if why:
        st.warning(f"{plain(why)}. Messages wait.", icon=":material/notifications_off:")


def _card(view: View, channel: Channel, by: str) -> None:
    key, now = f"alerts.channel.{channel.name}", datetime.now(UTC)
    with st.container(border=True, gap="xsmall"):
        proved = register.is_proved(channel, now)
        mark = (
            cards.word("undone", "off")
            if channel.off
            else cards.word("pass", "read")
            if proved
            else cards.word("watch", "not proved")
        )
        st.markdown(f"{mark} **{plain(channel.name)}** {code(channel.address)}")
        cards.note(_facts(channel))
        if channel.off:
            cards.note(f"Nothing goes there: {channel.off}.")
        elif not channel.sends:
            cards.note("Nothing goes there: it led to the demo's own receiver, which has ended.")
        elif proved:
            cards.note(
                f"{channel.confirmed_by} typed a code back on {_day(channel.confirmed_at)}: somebody reads it."
            )
        else:
            todo = (
                "Type the code of the test back." if channel.code else "Send a test and type its code back."
            )
            cards.note(f"Nothing shows yet that anybody reads it. {todo}")
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            _buttons(view, channel, by, key)
        if channel.code and not channel.off:
            _code(view, channel, by, key)


def _day(text: str) -> str:
    return numbers.day(datetime.fromisoformat(text))


def _facts(channel: Channel) -> str:
    level = next(words for words, rank in LEVELS.items() if rank == channel.severity.value)
    where = f"of {', '.join(channel.systems)}" if channel.systems else "of every system"
    secret = f"; its secret stands in {channel.secret}" if channel.secret else ""
    unset = "" if not channel.secret or os.environ.get(channel.secret) else ", which is not set here"
    inner = "; may reach inner hosts" if channel.allow_inner else ""
    family = f", about {', '.join(channel.families)}" if channel.families else ""
    hours = f", from {channel.hours.replace('-', ' to ')}" if channel.hours else ""
    return f"Gets {level} {where}{family}{hours}{inner}{secret}{unset}."


def _buttons(view: View, channel: Channel, by: str, key: str) -> None:
    may, owner = sign_in.may(permissions.ANALYST), sign_in.may(permissions.OWNER)
    if st.button("Send a test", key=f"{key}.test", disabled=not may or bool(channel.off)) and _named(by):
        with st.spinner("Sending."):
            result = register.send_test(view.ws, channel.name, by=by.strip())
        _SAID.set(f"Sent: {result.receipt}." if result.sent else f"Not sent. {result.reason}")
        st.rerun()
    words = "Switch on" if channel.off else "Switch off"
    if st.button(words, key=f"{key}.turn", disabled=not owner, help="An owner does this.") and _named(by):
        register.turn(view.ws, channel.name, on=bool(channel.off), by=by.strip())
        st.rerun()
    if st.button("Remove", key=f"{key}.remove", disabled=not owner, help="An owner does this.") and _named(
        by
    ):
        register.remove(view.ws, channel.name, by=by.strip())
        st.rerun()


def _code(view: View, channel: Channel, by: str, key: str) -> None:
    with st.form(f"{key}.code", border=False):
        left, right = st.columns([2, 3], vertical_alignment="bottom")
        digits = left.text_input(
            "Code from the test", key=f"{key}.digits", max_chars=12, placeholder="six digits"
        )
        with right:
            sent = permissions.submit("That is it", permissions.ANALYST)
    if sent and _named(by):
        register.confirm(view.ws, channel.name, digits or "", by=by.strip())
        _SAID.set(f"{channel.name} is read by {by.strip()}.")
        st.rerun()


def _named(by: str) -> bool:
    if not by.strip():
        st.error("This needs a name. Say who you are, above the channels.")
    return bool(by.strip())


def _add(view: View, by: str) -> None:
    chosen = str(
        st.segmented_control("Kind", list(KINDS), default="Webhook", required=True, key="alerts.channel.kind")
    )
    kind = KINDS[chosen]
    with st.form("alerts.channel.add", border=False):
        left, right = st.columns(2, gap="large")
        name = left.text_input("Name", key="alerts.channel.name", max_chars=40, placeholder="on-call")
        address = left.text_input(**_address(kind)) if kind in (WEBHOOK, MAIL) else ""
        secret = ""
        if kind != MAIL:
            secret = str(left.text_input(**_secret(kind)) or "")
        elif not os.environ.get(HOST):
            left.warning(f"No mail server is named: `{HOST}` is not set where Plumbline runs.")
        level = str(right.selectbox("What goes there", list(LEVELS), key="alerts.channel.level"))
        titles = {s.key: s.title for s in view.systems}
        keys = right.multiselect(
            "Of these systems",
            list(titles),
            format_func=titles.__getitem__,
            key="alerts.channel.systems",
            placeholder="every system",
        )
        families = right.multiselect(
            "About", list(FAMILIES), key="alerts.channel.families", placeholder="everything"
        )
        hours = right.text_input(
            "Only from to",
            key="alerts.channel.hours",
            placeholder="08:00-18:00",
            help="On each system's clock.",
        )
        inner = kind == WEBHOOK and right.checkbox(
            "It may reach hosts inside this network",
            key="alerts.channel.inner",
            help="Needed for http:// addresses and for hosts that are not on the public internet.",
        )
        sent = permissions.submit("Add", permissions.OWNER, type=cards.leading())
    if sent and _named(by):
        prefix = {MAIL: "mailto:", PAGER: "pagerduty:", SERVICE: "apprise:"}.get(kind, "")
        where = str(address or "").strip()
        register.add(
            view.ws,
            name or "",
            where if where.startswith(prefix) and prefix else prefix + where,
            by=by.strip(),
            secret=secret.strip(),
            severity=LEVELS[level],
            keys=tuple(keys),
            families=tuple(families),
            hours=hours or "",
            allow_inner=bool(inner),
        )
        _SAID.set(f"{name} is there. Send a test over it now.")
        st.rerun()
    cards.note("Only the names of variables are kept, never a secret.")


def _address(kind: str) -> dict[str, Any]:
    if kind == MAIL:
        return {
            "label": "Addresses, apart by commas",
            "placeholder": "ana@example.com",
            "key": "alerts.channel.mail",
        }
    return {
        "label": "Address, or env:VARIABLE where it is secret itself", "placeholder": "https://hooks.example.com/plumbline",
        "key": "alerts.channel.address",
    }  # fmt: skip


def _secret(kind: str) -> dict[str, Any]:
    words = {
        WEBHOOK: "Variable with its signing secret (whsec_), if it has one",
        PAGER: "Variable with the routing key",
        SERVICE: "Variable with Apprise's address",
    }
    return {"label": words[kind], "placeholder": "NAME_OF_VARIABLE", "key": f"alerts.channel.secret.{kind}"}


def missing(known: tuple[Channel, ...]) -> str:
    """What is still to be done before somebody hears of a finding; empty: nothing."""
    if not any(channel.sends for channel in known):
        return "No channel is set up: nobody hears of what is found. Add one under Channels."
    now = datetime.now(UTC)
    if not any(register.is_proved(channel, now) for channel in known if channel.sends):
        return (
            "Nothing shows that anybody reads a channel. Send a test under Channels and type its code back."
        )
    return ""
