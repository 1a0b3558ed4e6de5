"""Retraining on the Accuracy page: its triggers, their runs with what the log shows, and the replay of the past."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from plumbline.answers.respond.replay.answer import Replay
from plumbline.answers.respond.replay.play import replay
from plumbline.answers.respond.retraining.triggers import Triggers, add_trigger, approve, triggers
from plumbline.answers.respond.retraining.work import fire, send_test
from plumbline.charts.style import status_word
from plumbline.demo import retraining as demo
from plumbline.domain import PlumblineError
from plumbline.domain.respond import RetrainingCondition, RetrainingTrigger, RunState, TriggerRun
from plumbline.respond.run_states import days_from_breach
from plumbline.respond.targets import target
from plumbline.store.inbox_folder import drop_inbox, make_inbox
from plumbline.ui.frame import permissions
from plumbline.ui.frame.sign_in import actor
from plumbline.ui.parts import cards, empty_states, tables
from plumbline.ui.parts.escape import one_line, prose
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text

#: what makes a retraining due, on screen
CONDITIONS = {
    RetrainingCondition.BREACH: screen_text("a breach of performance"),
    RetrainingCondition.AGE: screen_text("the model's age"),
    RetrainingCondition.SHELF_LIFE: screen_text("the end of its shelf life"),
    RetrainingCondition.DRIFT: screen_text("drift"),
}
_STATUS = {
    RunState.CURED: "ok",
    RunState.SEEN: "ok",
    RunState.TESTED: "ok",
    RunState.FAILED: "fail",
    RunState.NOT_CURED: "fail",
    RunState.TIMED_OUT: "fail",
    RunState.WITHDRAWN: "unknown",
}


def triggers_section(view: View, key: str) -> None:
    """Triggers, how the newest run stands and what holds it back, all runs, and the replay."""
    answer = ask(view, triggers, key)
    cards.section(
        phrase("Triggers of retraining"),
        phrase("Plumbline trains nothing: it starts your pipeline and follows the log."),
    )
    _message()
    for item in answer.items:
        _trigger(view, item, answer)
    if not answer.items:
        cards.note(phrase("No trigger is set. Set one below, then test it."))
    if key == demo.KEY and demo.is_waiting(view.ws):
        cards.note(
            phrase(
                "This is the demo: what came after the shop's story can be played, which takes half a minute."
            )
        )
        if permissions.button(phrase("Play the retraining"), permissions.OWNER, key="trigger.play"):
            _do(lambda: _play_demo(view))
    with st.popover(phrase("Set a trigger")):
        _form(view, key)
    if answer.runs:
        tables.grid([_row(run) for run in answer.runs], alt=phrase("Runs of the triggers, the newest first"))
    _replay(view, key)


def _trigger(view: View, item: RetrainingTrigger, answer: Triggers) -> None:
    runs = [run for run in answer.runs if run.trigger == item.name]
    newest = next((run for run in runs if not run.test), None)
    where = target(item.url).public_address
    st.markdown(
        phrase(
            "**{name}**: due by {condition}, started at `{place}`.",
            name=prose(item.name),
            condition=localise(CONDITIONS[item.when]),
            place=where.replace("`", ""),
        )
    )
    if newest is not None:
        status = _STATUS.get(newest.state, "watch")
        st.markdown(
            f"{cards.chip(status, localise(newest.state.value, 'run'))} {prose(newest.note or newest.sentence)}"
        )
        with st.expander(phrase("What lets it fire")):
            for guard in newest.guards:
                mark = {True: "ok", False: "fail", None: "unknown"}[guard.holds]
                st.markdown(f"{cards.chip(mark, localise(guard.name, 'guard'))} {prose(guard.sentence)}")
    with st.container(horizontal=True, gap="small"):
        name = item.name
        if permissions.button(phrase("Test"), permissions.ANALYST, key=f"trigger.test.{name}"):
            _do(lambda: send_test(view.ws, item.system, name, by=actor()).note)
        due = newest is not None and newest.state is RunState.DUE
        if (
            due
            and item.approval
            and permissions.button(phrase("Approve"), permissions.OWNER, key=f"trigger.yes.{name}")
        ):
            _do(
                lambda: phrase(
                    "Approved by {approved_by}.",
                    approved_by=approve(view.ws, item.system, name, by=actor()).approved_by,
                )
            )
        if permissions.button(phrase("Fire now"), permissions.OWNER, key=f"trigger.fire.{name}"):
            _do(lambda: fire(view.ws, item.system, name, by=actor()).note)


def _play_demo(view: View) -> str:
    folder = make_inbox()
    try:
        return demo.play(view.ws, folder)[-1].note
    finally:
        drop_inbox(folder)


def _form(view: View, key: str) -> None:
    with st.form("trigger.add", border=False):
        name = st.text_input(phrase("Name"), placeholder="retrain")
        url = st.text_input(
            phrase("Where it is started"),
            placeholder="https://..., github:OWNER/REPO, gitlab:PROJECT@REF",
        )
        when = st.selectbox(
            phrase("Due by"), list(CONDITIONS), format_func=lambda each: localise(CONDITIONS[each])
        )
        secret = st.text_input(phrase("Variable with the key or token"), placeholder="RETRAIN_KEY")
        approval = st.checkbox(phrase("An owner approves each fire"))
        inner = st.checkbox(phrase("It is a host of our own network"))
        if permissions.submit(phrase("Set it"), permissions.OWNER):
            item = RetrainingTrigger(
                system=key,
                name=name.strip(),
                url=url.strip(),
                when=when,
                approval=approval,
                allow_inner=inner,
                secret_env=secret.strip(),
            )
            _do(
                lambda: phrase(
                    "{name} is set. Test it next.", name=add_trigger(view.ws, item, by=actor()).name
                )
            )


def _row(run: TriggerRun) -> dict[str, object]:
    days = [days_from_breach(run, at) for at in (run.fired_at, run.seen_at, run.cured_at)]
    lines = [f"{value:.0f}" if value is not None and not run.test else numbers.DASH for value in days]
    return {
        "Due": numbers.moment(run.due_at),
        "Trigger": one_line(run.trigger) + (phrase(" (test)") if run.test else ""),
        "State": cards.glyph(_STATUS.get(run.state, "watch")).split(" ")[0]
        + " "
        + localise(run.state.value, "run"),
        "Days to fire": lines[0],
        "Days to seen": lines[1],
        "Days to cured": lines[2],
        "New version": one_line(run.seen_version) or numbers.DASH,
        "Started": one_line(run.receipt.run if run.receipt else "", 60) or numbers.DASH,
        "What happened": one_line(run.note or run.sentence, 160),
    }


def _replay(view: View, key: str) -> None:
    cards.section(
        phrase("What the past would have sent"),
        phrase("The last twelve months, week by week, on a copy cut at each week's end."),
    )
    if permissions.button(phrase("Play them again"), permissions.ANALYST, key="replay.go"):
        st.session_state["replay.of"] = key
    if st.session_state.get("replay.of") != key:
        cards.note(phrase("It takes about a second a week, more for long logs."))
        return
    with st.spinner(phrase("Playing the past again")):
        played: Replay = ask(view, replay, key)
    st.markdown(prose(played.sentence))
    if played.messages:
        tables.grid(
            [
                {
                    "When": numbers.moment(m.at),
                    "Message": localise(m.event),
                    "Rule": one_line(m.rule),
                    "Severity": status_word(m.severity),
                    "With a loss": {"true": phrase("yes"), "false": phrase("no")}.get(
                        m.verdict, numbers.DASH
                    ),
                    "Days earlier": f"{m.earlier_days:.0f}" if m.earlier_days else numbers.DASH,
                    "Says": one_line(m.sentence, 160),
                }
                for m in played.messages
            ],
            alt=phrase("Messages that would have been sent"),
        )


def _do(step: Callable[[], str]) -> None:
    """Act, and say on the next run what came of it."""
    try:
        with st.spinner(phrase("Asking")):
            st.session_state["trigger.told"] = ("ok", step())
    except PlumblineError as error:
        st.session_state["trigger.told"] = ("fail", empty_states.error_sentence(error))
    st.rerun()


def _message() -> None:
    told = st.session_state.pop("trigger.told", None)
    if told:
        (st.success if told[0] == "ok" else st.error)(prose(told[1]))
