"""Rollback on the Releases page: how far it may go, what every interlock says, the acts, and what came of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from plumbline.answers.respond.freezes import LONGEST, Freeze, add_freeze, remove_freeze
from plumbline.answers.respond.rollback.act import approve, drill, look, now, propose
from plumbline.answers.respond.rollback.mode import set_mode
from plumbline.answers.respond.rollback.register import Rollbacks, rollbacks
from plumbline.domain import PlumblineError
from plumbline.domain.respond import Interlock, Mode, RollbackRun, RollbackState
from plumbline.store.times import now as clock
from plumbline.ui.frame import permissions, sign_in
from plumbline.ui.frame.sign_in import actor
from plumbline.ui.parts import cards, tables
from plumbline.ui.parts.escape import one_line, plain, prose
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.times import say_clock

#: mode -> its name on screen, and what it does
MODES = {
    Mode.OFF: ("Off", "Nothing is proposed and nothing moved."),
    Mode.PROPOSE: ("Propose", "A tripped guardrail is proposed as a rollback; a person decides."),
    Mode.DRY_RUN: ("Dry run", "It decides and writes down what it would have done, and moves nothing."),
    Mode.AUTOMATIC: ("Automatic", "It rolls back automatically where all eight interlocks hold."),
}
_STATUS = {
    RollbackState.PROPOSED: "watch", RollbackState.REFUSED: "unknown", RollbackState.DRY: "watch",
    RollbackState.ACTING: "watch", RollbackState.ACTED: "watch", RollbackState.SEEN: "ok",
    RollbackState.FAILED: "fail", RollbackState.DRILLED: "ok",
}  # fmt: skip
_HOLDS = {True: "ok", False: "fail", None: "unknown"}


def rollback(view: View, key: str) -> None:
    """The section: mode, newest run with its interlocks, the acts, all runs."""
    answer = ask(view, rollbacks, key)
    name, words = MODES[answer.setting.mode]
    eyes = " One person's word is enough to ask for it and to make it."
    if answer.setting.four_eyes:
        eyes = " A second person approves what somebody asks for."
    cards.section("Rollback", f"{name}. {words} {_hand(answer)}{eyes}")
    _message()
    now_locks = st.session_state.pop("rollback.locks", ())
    if now_locks:
        _locks(now_locks, "Interlocks now")
    real = next((run for run in answer.runs if run.state is not RollbackState.DRILLED), None)
    if real is not None:
        st.markdown(f"{cards.chip(_STATUS[real.state], real.state.value)} {prose(_said(real))}")
        _locks(real.interlocks)
    _acts(view, key, answer)
    if answer.runs:
        tables.grid([_row(run) for run in answer.runs], alt="Rollbacks, proposals and drills")
    _freezes(view, key, answer.freezes)


def _hand(answer: Rollbacks) -> str:
    if answer.setting.hand == "alias":
        return f"It moves the alias {answer.setting.alias} of {answer.setting.model}."
    if answer.setting.hand == "webhook":
        return "It asks a webhook."
    return "Nothing is wired that could move the traffic: see `plumbline rollback mode --help`."


def _said(run: RollbackRun) -> str:
    return f"Version {run.version} to {run.to or 'none'}. {run.note or run.sentence}"


def _locks(locks: tuple[Interlock, ...], title: str = "Interlocks") -> None:
    with st.expander(f"{title}: {sum(bool(lock.holds) for lock in locks)} of {len(locks)} hold"):
        for lock in locks:
            words = {True: "holds", False: "broken", None: "unknown"}[lock.holds]
            st.markdown(
                f"{cards.chip(_HOLDS[lock.holds], words)} **{prose(lock.name)}** {prose(lock.sentence)}"
            )


def _acts(view: View, key: str, answer: Rollbacks) -> None:
    with st.container(horizontal=True, gap="small"):
        if permissions.button("Look at the interlocks", permissions.ANALYST, key="rollback.look"):
            _do(lambda: _looked(look(view.ws, key)))
        if permissions.button("Propose", permissions.ANALYST, key="rollback.propose"):
            _do(lambda: _words(propose(view.ws, key, by=actor())))
        if answer.setting.hand and permissions.button("Drill", permissions.ANALYST, key="rollback.drill"):
            _do(lambda: _words(drill(view.ws, key, by=actor())))
        if sign_in.may(permissions.ANALYST):
            with st.popover("Mode"), st.form("rollback.mode", border=False):
                modes = list(MODES)
                chosen = st.radio(
                    "How far it may go", modes, index=modes.index(answer.setting.mode),
                    format_func=lambda mode: f"{MODES[mode][0]}: {MODES[mode][1]}",
                )  # fmt: skip
                cards.note("An analyst lowers it; only an owner raises it.")
                if permissions.submit("Set the mode", permissions.ANALYST):
                    _do(lambda: f"Rollback is {set_mode(view.ws, key, chosen, by=actor()).mode.value}.")
        _four_eyes(view, key, answer)
        rollback_run = next(
            (run for run in answer.runs if run.asked_by and run.state is RollbackState.PROPOSED), None
        )
        if rollback_run is not None and permissions.button(
            f"Approve what {plain(rollback_run.asked_by, 60)} asks for",
            permissions.OWNER,
            key="rollback.approve",
        ):
            _do(lambda: _words(approve(view.ws, key, by=actor())))
        if answer.setting.hand and sign_in.may(permissions.OWNER):
            with st.popover("Roll back now"), st.form("rollback.now", border=False):
                sure = st.text_input("Type the system's key to confirm", placeholder=key)
                if permissions.submit("Roll back", permissions.OWNER):
                    if sure.strip() == key:
                        _do(lambda: _words(now(view.ws, key, by=actor())))
                    else:
                        st.error("That is not the system's key.")


def _four_eyes(view: View, key: str, answer: Rollbacks) -> None:
    """Whether what one person asks for waits for a second: an owner's switch, said to everybody above."""
    if not sign_in.may(permissions.OWNER):
        return
    now = answer.setting.four_eyes
    with st.popover("Second person"), st.form("rollback.eyes", border=False):
        wanted = st.toggle("A second person approves what somebody asks for", value=now)
        cards.note(
            "It then waits for an owner other than the one who asked, for one day. It goes on the trail."
        )
        if permissions.submit("Save", permissions.OWNER) and wanted != now:
            mode, hand = answer.setting.mode, {"four_eyes": wanted}
            said = "A second person approves rollbacks now." if wanted else "One person is enough now."
            _do(lambda: (set_mode(view.ws, key, mode, by=actor(), hand=hand), said)[1])


def _freezes(view: View, key: str, freezes: Sequence[Freeze]) -> None:
    """Times in which nothing is rolled back: those that hold or come, for everybody; an owner sets and ends them."""
    cards.section(
        "Freezes", "Times in which nothing is rolled back, such as holidays. An owner sets and ends them."
    )
    now = clock()
    ahead = [one for one in freezes if one.end > now]
    for one in ahead:
        word = cards.word("watch", "frozen" if one.start <= now else "to be frozen")
        about = "" if one.system else ", every system"
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            span = f"{numbers.moment(one.start)} to {numbers.moment(one.end)}{about}"
            st.markdown(
                f"{word} {span}: {plain(one.reason.rstrip('.'), 200)}. :small[Set by {plain(one.by, 60)}.]"
            )
            if sign_in.may(permissions.OWNER) and st.button("End it", key=f"rollback.freeze.{one.number}"):
                _do(lambda number=one.number: _ended(remove_freeze(view.ws, number, by=actor())))  # type: ignore[misc]
    if not ahead:
        st.markdown("None is set. A rollback may be made whenever the interlocks hold.")
    if not sign_in.may(permissions.OWNER):
        return
    with st.popover("Freeze releases"), st.form("rollback.freeze", border=False, width=360):
        zone = view.system.timezone if view.system else "UTC"
        today, earliest = first_days(now, zone)
        first = _day("From", "freeze.from", today, earliest)
        last = _day("Until and including", "freeze.until", today, earliest)
        reason = st.text_input("Reason", max_chars=200, key="freeze.reason")
        everyone = st.checkbox("Every system of this workspace", key="freeze.all")
        days = say_clock("Days", zone)
        others = "" if zone == "UTC" else " Of a freeze of every system they are UTC."
        cards.note(
            f"In that time nothing is rolled back. {days}{others} {LONGEST.days} days at most; it goes on the trail."
        )
        if permissions.submit("Freeze", permissions.OWNER):
            about = "" if everyone else key
            _do(lambda: _frozen(add_freeze(view.ws, about, f"{first}", f"{last}", reason or "", by=actor())))


def first_days(now: datetime, zone: str) -> tuple[date, date]:
    """Today on the clock of a zone, and the first day to choose from: a freeze of every system is of days of UTC."""
    today = now.astimezone(ZoneInfo(zone)).date()
    return today, min(today, now.astimezone(UTC).date())


def _day(label: str, key: str, today: date, earliest: date) -> date:
    """A day from the earliest one on, today unless another is chosen."""
    return st.date_input(label, value=today, min_value=earliest, format="YYYY-MM-DD", key=key)


def _frozen(made: Freeze) -> str:
    return f"Frozen from {numbers.moment(made.start)} to {numbers.moment(made.end)}: {made.reason}"


def _ended(gone: Freeze) -> str:
    return f"The freeze until {numbers.moment(gone.end)} is over: rollbacks are possible again."


def _looked(run: RollbackRun) -> str:
    """Keep what the interlocks say for the next run of the page; nothing is recorded, and nobody is told."""
    st.session_state["rollback.locks"] = run.interlocks
    holding = sum(bool(lock.holds) for lock in run.interlocks)
    return f"Version {run.version} to {run.to or 'none'}: {holding} of {len(run.interlocks)} interlocks hold now."


def _words(run: RollbackRun) -> str:
    holding = sum(bool(lock.holds) for lock in run.interlocks)
    return f"{run.state.value.capitalize()}: {_said(run)} {holding} of {len(run.interlocks)} interlocks hold."


def _do(step: Callable[[], str]) -> None:
    """Act, and say on the next run what came of it."""
    try:
        with st.spinner("Asking"):
            st.session_state["rollback.told"] = ("ok", step())
    except PlumblineError as error:
        st.session_state["rollback.told"] = ("fail", str(error))
    st.rerun()


def _message() -> None:
    told = st.session_state.pop("rollback.told", None)
    if told:
        (st.success if told[0] == "ok" else st.error)(prose(told[1]))


def _row(run: RollbackRun) -> dict[str, object]:
    return {
        "When": numbers.moment(run.known_at or run.at),
        "State": cards.glyph(_STATUS[run.state]).split(" ")[0] + " " + run.state.value,
        "From": one_line(run.version),
        "To": one_line(run.to) or numbers.DASH,
        "Interlocks": f"{sum(bool(lock.holds) for lock in run.interlocks)} of {len(run.interlocks)}",
        "Minutes": f"{run.minutes:.1f}" if run.minutes is not None else numbers.DASH,
        "What happened": one_line(run.note or run.sentence, 160),
        "By": one_line(run.by, 40) or numbers.DASH,
    }
