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
from plumbline.ui.parts.escape import code, escape
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text

#: what a person picks -> the kind of channel
KINDS = {
    screen_text("Webhook"): WEBHOOK,
    screen_text("E-mail"): MAIL,
    "PagerDuty": PAGER,
    screen_text("Slack, Teams and others (Apprise)"): SERVICE,
}
LEVELS = {
    screen_text("everything"): "low",
    screen_text("medium and high"): "medium",
    screen_text("high only"): "high",
}
_SAID = session.Key("alerts.channel.said", "")


def section(view: View) -> None:
    """The switch, every channel, and a form for another."""
    if view.scratch:
        st.markdown(phrase("A file that is only looked at tells nobody. Keep it to send what is found."))
        return
    known = register.channels(view.ws)
    _switch(view)
    by = signed_forms.signature("channels", phrase("Your name, for what you do below"), page="alerts")
    signed_forms.sign(by.strip())
    if text := _SAID.get():
        st.success(escape(text))
        _SAID.clear()
    if not known:
        empty_states.show_empty_state(
            phrase("Nothing leaves this machine yet."),
            phrase(
                "Add a channel below, send a test over it, and type the code back that it brings: "
                "from then on somebody hears of what is found."
            ),
        )
    for channel in known:
        _card(view, channel, by)
    with st.expander(phrase("Add a channel"), expanded=not known):
        _add(view, by)


def _switch(view: View) -> None:
    """Why nothing acts, where it does not."""
    with view.ws.read() as cursor:
        why = kill_switch.reason_to_stop(cursor)
    if why:
        st.warning(phrase("{why}. Messages wait.", why=escape(why)), icon=":material/notifications_off:")


def _card(view: View, channel: Channel, by: str) -> None:
    key, now = f"alerts.channel.{channel.name}", datetime.now(UTC)
    with st.container(border=True, gap="xsmall"):
        proved = register.is_proved(channel, now)
        mark = (
            cards.word("undone", phrase("off"))
            if channel.off
            else cards.word("pass", phrase("read"))
            if proved
            else cards.word("watch", phrase("not proved"))
        )
        st.markdown(f"{mark} **{escape(channel.name)}** {code(channel.address)}")
        cards.note(_facts(channel))
        if channel.off:
            cards.note(phrase("Nothing goes there: {off}.", off=channel.off))
        elif not channel.sends:
            cards.note(phrase("Nothing goes there: it led to the demo's own receiver, which has ended."))
        elif proved:
            cards.note(
                phrase(
                    "{confirmed_by} typed a code back on {day}: somebody reads it.",
                    confirmed_by=channel.confirmed_by,
                    day=_day(channel.confirmed_at),
                )
            )
        else:
            todo = (
                phrase("Type the code of the test back.")
                if channel.code
                else phrase("Send a test and type its code back.")
            )
            cards.note(phrase("Nothing shows yet that anybody reads it. {todo}", todo=todo))
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            _buttons(view, channel, by, key)
        if channel.code and not channel.off:
            _code(view, channel, by, key)


def _day(text: str) -> str:
    return numbers.day(datetime.fromisoformat(text))


def _facts(channel: Channel) -> str:
    level = next(words for words, rank in LEVELS.items() if rank == channel.severity.value)
    where = (
        phrase("of {systems}", systems=", ".join(channel.systems))
        if channel.systems
        else phrase("of every system")
    )
    secret = phrase("; its secret stands in {secret}", secret=channel.secret) if channel.secret else ""
    unset = "" if not channel.secret or os.environ.get(channel.secret) else phrase(", which is not set here")
    inner = phrase("; may reach inner hosts") if channel.allow_inner else ""
    family = (
        phrase(", about {families}", families=", ".join(localise(f, "signals") for f in channel.families))
        if channel.families
        else ""
    )
    hours = (
        phrase(
            ", from {low} to {high}",
            low=channel.hours.partition("-")[0],
            high=channel.hours.partition("-")[2],
        )
        if channel.hours
        else ""
    )
    return phrase(
        "Gets {level} {where}{family}{hours}{inner}{secret}{unset}.",
        level=localise(level),
        where=where,
        family=family,
        hours=hours,
        inner=inner,
        secret=secret,
        unset=unset,
    )


def _buttons(view: View, channel: Channel, by: str, key: str) -> None:
    may, owner = sign_in.may(permissions.ANALYST), sign_in.may(permissions.OWNER)
    if st.button(
        phrase("Send a test"), key=f"{key}.test", disabled=not may or bool(channel.off)
    ) and _require_name(by):
        with st.spinner(phrase("Sending.")):
            result = register.send_test(view.ws, channel.name, by=by.strip())
        _SAID.set(
            phrase("Sent: {receipt}.", receipt=result.receipt)
            if result.sent
            else phrase("Not sent. {reason}", reason=result.reason)
        )
        st.rerun()
    words = phrase("Switch on") if channel.off else phrase("Switch off")
    if st.button(
        words, key=f"{key}.turn", disabled=not owner, help=phrase("An owner does this.")
    ) and _require_name(by):
        register.turn(view.ws, channel.name, on=bool(channel.off), by=by.strip())
        st.rerun()
    if st.button(
        phrase("Remove"), key=f"{key}.remove", disabled=not owner, help=phrase("An owner does this.")
    ) and _require_name(by):
        register.remove(view.ws, channel.name, by=by.strip())
        st.rerun()


def _code(view: View, channel: Channel, by: str, key: str) -> None:
    with st.form(f"{key}.code", border=False):
        left, right = st.columns([2, 3], vertical_alignment="bottom")
        digits = left.text_input(
            phrase("Code from the test"), key=f"{key}.digits", max_chars=12, placeholder=phrase("six digits")
        )
        with right:
            sent = permissions.submit(phrase("That is it"), permissions.ANALYST)
    if sent and _require_name(by):
        register.confirm(view.ws, channel.name, digits or "", by=by.strip())
        _SAID.set(phrase("{name} is read by {by}.", name=channel.name, by=by.strip()))
        st.rerun()


def _require_name(by: str) -> bool:
    if not by.strip():
        st.error(phrase("This needs a name. Say who you are, above the channels."))
    return bool(by.strip())


def _add(view: View, by: str) -> None:
    chosen = str(
        st.segmented_control(
            phrase("Kind"),
            list(KINDS),
            default="Webhook",
            format_func=localise,
            required=True,
            key="alerts.channel.kind",
        )
    )
    kind = KINDS[chosen]
    with st.form("alerts.channel.add", border=False):
        left, right = st.columns(2, gap="large")
        name = left.text_input(phrase("Name"), key="alerts.channel.name", max_chars=40, placeholder="on-call")
        address = left.text_input(**_address(kind)) if kind in (WEBHOOK, MAIL) else ""
        secret = ""
        if kind != MAIL:
            secret = str(left.text_input(**_secret(kind)) or "")
        elif not os.environ.get(HOST):
            left.warning(
                phrase("No mail server is named: `{host}` is not set where Plumbline runs.", host=HOST)
            )
        level = str(
            right.selectbox(
                phrase("What goes there"), list(LEVELS), format_func=localise, key="alerts.channel.level"
            )
        )
        titles = {s.key: s.title for s in view.systems}
        keys = right.multiselect(
            phrase("Of these systems"),
            list(titles),
            format_func=titles.__getitem__,
            key="alerts.channel.systems",
            placeholder=phrase("every system"),
        )
        families = right.multiselect(
            phrase("About"),
            list(FAMILIES),
            format_func=lambda family: localise(family, "signals"),
            key="alerts.channel.families",
            placeholder=phrase("everything"),
        )
        hours = right.text_input(
            phrase("Only from to"),
            key="alerts.channel.hours",
            placeholder="08:00-18:00",
            help=phrase("On each system's clock."),
        )
        inner = kind == WEBHOOK and right.checkbox(
            phrase("It may reach hosts inside this network"),
            key="alerts.channel.inner",
            help=phrase("Needed for http:// addresses and for hosts that are not on the public internet."),
        )
        sent = permissions.submit(phrase("Add"), permissions.OWNER, type=cards.leading_type())
    if sent and _require_name(by):
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
        _SAID.set(phrase("{name} is there. Send a test over it now.", name=name))
        st.rerun()
    cards.note(phrase("Only the names of variables are kept, never a secret."))


def _address(kind: str) -> dict[str, Any]:
    if kind == MAIL:
        return {
            "label": phrase("Addresses, apart by commas"),
            "placeholder": "ana@example.com",
            "key": "alerts.channel.mail",
        }
    return {
        "label": phrase("Address, or env:VARIABLE where it is secret itself"),
        "placeholder": "https://hooks.example.com/plumbline",
        "key": "alerts.channel.address",
    }


def _secret(kind: str) -> dict[str, Any]:
    words = {
        WEBHOOK: phrase("Variable with its signing secret (whsec_), if it has one"),
        PAGER: phrase("Variable with the routing key"),
        SERVICE: phrase("Variable with Apprise's address"),
    }
    return {"label": words[kind], "placeholder": "NAME_OF_VARIABLE", "key": f"alerts.channel.secret.{kind}"}


def setup_gap(known: tuple[Channel, ...]) -> str:
    """What is still to be done before somebody hears of a finding; empty: nothing."""
    if not any(channel.sends for channel in known):
        return phrase("No channel is set up: nobody hears of what is found. Add one under Channels.")
    now = datetime.now(UTC)
    if not any(register.is_proved(channel, now) for channel in known if channel.sends):
        return phrase(
            "Nothing shows that anybody reads a channel. Send a test under Channels and type its code back."
        )
    return ""
