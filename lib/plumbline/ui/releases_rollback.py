"""Rollback on the Releases page: how far it may go, what every interlock says, the acts, and what came of each."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from plumbline.answers.respond.rollback.act import approve, drill, now, propose
from plumbline.answers.respond.rollback.mode import set_mode
from plumbline.answers.respond.rollback.register import Rollbacks, rollbacks
from plumbline.domain import PlumblineError
from plumbline.domain.respond import Interlock, Mode, RollbackRun, RollbackState
from plumbline.ui.frame import permissions, sign_in
from plumbline.ui.logs.upload import actor
from plumbline.ui.parts import cards, tables
from plumbline.ui.parts.escape import one_line, prose
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording import numbers

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
    eyes = " A second person approves what somebody asks for." if answer.setting.four_eyes else ""
    cards.section("Rollback", f"{name}. {words} {_hand(answer)}{eyes}")
    _message()
    real = next((run for run in answer.runs if run.state is not RollbackState.DRILLED), None)
    if real is not None:
        st.markdown(f"{cards.chip(_STATUS[real.state], real.state.value)} {prose(_said(real))}")
        _locks(real.interlocks)
    _acts(view, key, answer)
    if answer.runs:
        tables.grid([_row(run) for run in answer.runs], alt="Rollbacks, proposals and drills")


def _hand(answer: Rollbacks) -> str:
    if answer.setting.hand == "alias":
        return f"It moves the alias {answer.setting.alias} of {answer.setting.model}."
    if answer.setting.hand == "webhook":
        return "It asks a webhook."
    return "Nothing is wired that could move the traffic: see `plumbline rollback mode --help`."


def _said(run: RollbackRun) -> str:
    return f"Version {run.version} to {run.to or 'none'}. {run.note or run.sentence}"


def _locks(locks: tuple[Interlock, ...]) -> None:
    with st.expander(f"Interlocks: {sum(bool(lock.holds) for lock in locks)} of {len(locks)} hold"):
        for lock in locks:
            words = {True: "holds", False: "broken", None: "unknown"}[lock.holds]
            st.markdown(
                f"{cards.chip(_HOLDS[lock.holds], words)} **{prose(lock.name)}** {prose(lock.sentence)}"
            )


def _acts(view: View, key: str, answer: Rollbacks) -> None:
    with st.container(horizontal=True, gap="small"):
        if permissions.button("Look at the interlocks", permissions.ANALYST, key="rollback.propose"):
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
                cards.note("Only an owner raises it.")
                if permissions.submit("Set the mode", permissions.ANALYST):
                    _do(lambda: f"Rollback is {set_mode(view.ws, key, chosen, by=actor()).mode.value}.")
        asked = next(
            (run for run in answer.runs if run.asked_by and run.state is RollbackState.PROPOSED), None
        )
        if asked is not None and permissions.button(
            f"Approve what {asked.asked_by} asks for", permissions.OWNER, key="rollback.approve"
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
