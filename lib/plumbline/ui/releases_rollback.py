"""Rollback on the Releases page: how far it may go, what every interlock says, the acts, and what came of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from plumbline.answers.respond.freezes import LONGEST, Freeze, add_freeze, remove_freeze
from plumbline.answers.respond.rollback.act import approve, drill, propose, read_interlocks, roll_back
from plumbline.answers.respond.rollback.mode import set_mode
from plumbline.answers.respond.rollback.register import Rollbacks, rollbacks
from plumbline.domain import PlumblineError
from plumbline.domain.respond import Interlock, Mode, RollbackRun, RollbackState
from plumbline.store.times import now as clock
from plumbline.ui.frame import permissions, sign_in
from plumbline.ui.frame.sign_in import actor
from plumbline.ui.parts import cards, empty_states, tables
from plumbline.ui.parts.escape import escape, one_line, prose
from plumbline.ui.parts.openings import day_zone_note
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text

#: mode -> its name on screen, and what it does
MODES = {
    Mode.OFF: (screen_text("Off"), screen_text("Nothing is proposed and nothing moved.")),
    Mode.PROPOSE: (
        screen_text("Propose"),
        screen_text("A tripped guardrail is proposed as a rollback; a person decides."),
    ),
    Mode.DRY_RUN: (
        screen_text("Dry run"),
        screen_text("It decides and writes down what it would have done, and moves nothing."),
    ),
    Mode.AUTOMATIC: (
        screen_text("Automatic"),
        screen_text("It rolls back automatically where all eight interlocks hold."),
    ),
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
    eyes = phrase(" One person's word is enough to ask for it and to make it.")
    if answer.setting.four_eyes:
        eyes = phrase(" A second person approves what somebody asks for.")
    cards.section(phrase("Rollback"), f"{localise(name)}. {localise(words)} {_rollback_way(answer)}{eyes}")
    _message()
    now_locks = st.session_state.pop("rollback.locks", ())
    if now_locks:
        _locks(now_locks, phrase("Interlocks now"))
    real = next((run for run in answer.runs if run.state is not RollbackState.DRILLED), None)
    if real is not None:
        st.markdown(
            f"{cards.chip(_STATUS[real.state], localise(real.state.value, 'rollback'))} {prose(_run_sentence(real))}"
        )
        _locks(real.interlocks)
    _action_buttons(view, key, answer)
    if answer.runs:
        tables.grid([_row(run) for run in answer.runs], alt=phrase("Rollbacks, proposals and drills"))
    _freezes(view, key, answer.freezes)


def _rollback_way(answer: Rollbacks) -> str:
    if answer.setting.hand == "alias":
        return phrase(
            "It moves the alias {alias} of {model}.", alias=answer.setting.alias, model=answer.setting.model
        )
    if answer.setting.hand == "webhook":
        return phrase("It asks a webhook.")
    return phrase("Nothing is wired that could move the traffic: see `plumbline rollback mode --help`.")


def _run_sentence(run: RollbackRun) -> str:
    return phrase(
        "Version {version} to {target}. {sentence}",
        version=run.version,
        target=run.to or phrase("none"),
        sentence=localise(run.note or run.sentence),
    )


def _locks(locks: tuple[Interlock, ...], title: str = "") -> None:
    with st.expander(
        phrase(
            "{title}: {some} of {all} hold",
            title=title or phrase("Interlocks"),
            some=sum(bool(lock.holds) for lock in locks),
            all=len(locks),
        )
    ):
        for lock in locks:
            words = localise({True: "holds", False: "broken", None: "unknown"}[lock.holds], "lock")
            name = localise(lock.name, "lock")
            st.markdown(f"{cards.chip(_HOLDS[lock.holds], words)} **{prose(name)}** {prose(lock.sentence)}")


def _action_buttons(view: View, key: str, answer: Rollbacks) -> None:
    with st.container(horizontal=True, gap="small"):
        if permissions.button(phrase("Look at the interlocks"), permissions.ANALYST, key="rollback.look"):
            _do(lambda: _store_interlocks(read_interlocks(view.ws, key)))
        if permissions.button(phrase("Propose"), permissions.ANALYST, key="rollback.propose"):
            _do(lambda: _words(propose(view.ws, key, by=actor())))
        if answer.setting.hand and permissions.button(
            phrase("Drill"), permissions.ANALYST, key="rollback.drill"
        ):
            _do(lambda: _words(drill(view.ws, key, by=actor())))
        if sign_in.may(permissions.ANALYST):
            with st.popover(phrase("Mode")), st.form("rollback.mode", border=False):
                modes = list(MODES)
                chosen = st.radio(
                    phrase("How far it may go"), modes, index=modes.index(answer.setting.mode),
                    format_func=lambda mode: f"{localise(MODES[mode][0])}: {localise(MODES[mode][1])}",
                )  # fmt: skip
                cards.note(phrase("An analyst lowers it; only an owner raises it."))
                if permissions.submit(phrase("Set the mode"), permissions.ANALYST):
                    _do(
                        lambda: phrase(
                            "Rollback is {mode}.",
                            mode=localise(set_mode(view.ws, key, chosen, by=actor()).mode.value, "mode"),
                        )
                    )
        _four_eyes(view, key, answer)
        rollback_run = next(
            (run for run in answer.runs if run.asked_by and run.state is RollbackState.PROPOSED), None
        )
        if rollback_run is not None and permissions.button(
            phrase("Approve what {asked_by} asks for", asked_by=escape(rollback_run.asked_by, 60)),
            permissions.OWNER,
            key="rollback.approve",
        ):
            _do(lambda: _words(approve(view.ws, key, by=actor())))
        if answer.setting.hand and sign_in.may(permissions.OWNER):
            with st.popover(phrase("Roll back now")), st.form("rollback.now", border=False):
                sure = st.text_input(phrase("Type the system's key to confirm"), placeholder=key)
                if permissions.submit(phrase("Roll back"), permissions.OWNER):
                    if sure.strip() == key:
                        _do(lambda: _words(roll_back(view.ws, key, by=actor())))
                    else:
                        st.error(phrase("That is not the system's key."))


def _four_eyes(view: View, key: str, answer: Rollbacks) -> None:
    """Whether what one person asks for waits for a second: an owner's switch, said to everybody above."""
    if not sign_in.may(permissions.OWNER):
        return
    now = answer.setting.four_eyes
    with st.popover(phrase("Second person")), st.form("rollback.eyes", border=False):
        wanted = st.toggle(phrase("A second person approves what somebody asks for"), value=now)
        cards.note(
            phrase(
                "It then waits for an owner other than the one who asked, for one day. It goes on the trail."
            )
        )
        if permissions.submit(phrase("Save"), permissions.OWNER) and wanted != now:
            mode, hand = answer.setting.mode, {"four_eyes": wanted}
            sentence = (
                phrase("A second person approves rollbacks now.")
                if wanted
                else phrase("One person is enough now.")
            )
            _do(lambda: (set_mode(view.ws, key, mode, by=actor(), hand=hand), sentence)[1])


def _freezes(view: View, key: str, freezes: Sequence[Freeze]) -> None:
    """Times in which nothing is rolled back: those that hold or come, for everybody; an owner sets and ends them."""
    cards.section(
        phrase("Freezes"),
        phrase("Times in which nothing is rolled back, such as holidays. An owner sets and ends them."),
    )
    now = clock()
    ahead = [freeze for freeze in freezes if freeze.end > now]
    for freeze in ahead:
        word = cards.word("watch", phrase("frozen") if freeze.start <= now else phrase("to be frozen"))
        about = "" if freeze.system else phrase(", every system")
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            span = phrase(
                "{start} to {end}{about}",
                start=numbers.moment(freeze.start),
                end=numbers.moment(freeze.end),
                about=about,
            )
            st.markdown(
                phrase(
                    "{word} {span}: {reason}. :small[Set by {by}.]",
                    word=word,
                    span=span,
                    reason=escape(freeze.reason.rstrip("."), 200),
                    by=escape(freeze.by, 60),
                )
            )
            if sign_in.may(permissions.OWNER) and st.button(
                phrase("End it"), key=f"rollback.freeze.{freeze.number}"
            ):
                _do(lambda number=freeze.number: _end_note(remove_freeze(view.ws, number, by=actor())))  # type: ignore[misc]
    if not ahead:
        st.markdown(phrase("None is set. A rollback may be made whenever the interlocks hold."))
    if not sign_in.may(permissions.OWNER):
        return
    with st.popover(phrase("Freeze releases")), st.form("rollback.freeze", border=False, width=360):
        zone = view.system.timezone if view.system else "UTC"
        today, earliest = first_days(now, zone)
        first = _day(phrase("From"), "freeze.from", today, earliest)
        last = _day(phrase("Until and including"), "freeze.until", today, earliest)
        reason = st.text_input(phrase("Reason"), max_chars=200, key="freeze.reason")
        everyone = st.checkbox(phrase("Every system of this workspace"), key="freeze.all")
        days = day_zone_note(zone)
        others = "" if zone == "UTC" else phrase(" Of a freeze of every system they are UTC.")
        cards.note(
            phrase(
                "In that time nothing is rolled back. {days}{others} {most} days at most; it goes "
                "on the trail.",
                days=days,
                others=others,
                most=LONGEST.days,
            )
        )
        if permissions.submit(phrase("Freeze"), permissions.OWNER):
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
    return phrase(
        "Frozen from {start} to {end}: {reason}",
        start=numbers.moment(made.start),
        end=numbers.moment(made.end),
        reason=made.reason,
    )


def _end_note(gone: Freeze) -> str:
    return phrase(
        "The freeze until {end} is over: rollbacks are possible again.", end=numbers.moment(gone.end)
    )


def _store_interlocks(run: RollbackRun) -> str:
    """Keep what the interlocks say for the next run of the page; nothing is recorded, and nobody is told."""
    st.session_state["rollback.locks"] = run.interlocks
    holding = sum(bool(lock.holds) for lock in run.interlocks)
    return phrase(
        "Version {version} to {target}: {holding} of {interlocks} interlocks hold now.",
        version=run.version,
        target=run.to or phrase("none"),
        holding=holding,
        interlocks=len(run.interlocks),
    )


def _words(run: RollbackRun) -> str:
    holding = sum(bool(lock.holds) for lock in run.interlocks)
    return phrase(
        "{state}: {said} {holding} of {interlocks} interlocks hold.",
        state=_state(run),
        said=_run_sentence(run),
        holding=holding,
        interlocks=len(run.interlocks),
    )


def _do(step: Callable[[], str]) -> None:
    """Act, and say on the next run what came of it."""
    try:
        with st.spinner(phrase("Asking")):
            st.session_state["rollback.told"] = ("ok", step())
    except PlumblineError as error:
        st.session_state["rollback.told"] = ("fail", empty_states.error_sentence(error))
    st.rerun()


def _message() -> None:
    told = st.session_state.pop("rollback.told", None)
    if told:
        (st.success if told[0] == "ok" else st.error)(prose(told[1]))


def _row(run: RollbackRun) -> dict[str, object]:
    return {
        "When": numbers.moment(run.known_at or run.at),
        "State": cards.glyph(_STATUS[run.state]).split(" ")[0] + " " + localise(run.state.value, "rollback"),
        "From": one_line(run.version),
        "To": one_line(run.to) or numbers.DASH,
        "Interlocks": phrase(
            "{some} of {all}",
            some=sum(bool(lock.holds) for lock in run.interlocks),
            all=len(run.interlocks),
        ),
        "Minutes": f"{run.minutes:.1f}" if run.minutes is not None else numbers.DASH,
        "What happened": one_line(run.note or run.sentence, 160),
        "By": one_line(run.by, 40) or numbers.DASH,
    }


def _state(run: RollbackRun) -> str:
    words = localise(run.state.value, "rollback")
    return words[:1].upper() + words[1:]
