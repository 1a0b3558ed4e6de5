"""Retraining on the Accuracy page: its triggers, their runs with what the log shows, and the replay of the past."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from plumbline.answers.respond.replay.answer import Replay
from plumbline.answers.respond.replay.play import replay
from plumbline.answers.respond.retraining.triggers import Triggers, add_trigger, approve, triggers
from plumbline.answers.respond.retraining.work import fire, send_test
from plumbline.demo import retraining as demo
from plumbline.domain import PlumblineError
from plumbline.domain.respond import RetrainingCondition, RetrainingTrigger, RunState, TriggerRun
from plumbline.respond.run_states import days_until
from plumbline.respond.targets import target
from plumbline.store.inbox_folder import drop_inbox, make_inbox
from plumbline.ui.frame import permissions
from plumbline.ui.frame.sign_in import actor
from plumbline.ui.parts import cards, tables
from plumbline.ui.parts.escape import one_line, prose
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording import numbers

#: what makes a retraining due, on screen
CONDITIONS = {
    RetrainingCondition.BREACH: "a breach of performance",
    RetrainingCondition.AGE: "the model's age",
    RetrainingCondition.SHELF_LIFE: "the end of its shelf life",
    RetrainingCondition.DRIFT: "drift",
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


def triggers_of(view: View, key: str) -> None:
    """Triggers, how the newest run stands and what holds it back, all runs, and the replay."""
    answer = ask(view, triggers, key)
    cards.section(
        "Triggers of retraining", "Plumbline trains nothing: it starts your pipeline and follows the log."
    )
    _message()
    for item in answer.items:
        _trigger(view, item, answer)
    if not answer.items:
        cards.note("No trigger is set. Set one below, then test it.")
    if key == demo.KEY and demo.waits(view.ws):
        cards.note(
            "This is the demo: what came after the shop's story can be played, which takes half a minute."
        )
        if permissions.button("Play the retraining", permissions.OWNER, key="trigger.play"):
            _do(lambda: _played(view))
    with st.popover("Set a trigger"):
        _form(view, key)
    if answer.runs:
        tables.grid([_row(run) for run in answer.runs], alt="Runs of the triggers, the newest first")
    _replay(view, key)


def _trigger(view: View, item: RetrainingTrigger, answer: Triggers) -> None:
    runs = [run for run in answer.runs if run.trigger == item.name]
    newest = next((run for run in runs if not run.test), None)
    where = target(item.url).where
    st.markdown(
        f"**{prose(item.name)}**: due by {CONDITIONS[item.when]}, started at `{where.replace('`', '')}`."
    )
    if newest is not None:
        status = _STATUS.get(newest.state, "watch")
        st.markdown(f"{cards.chip(status, newest.state.value)} {prose(newest.note or newest.sentence)}")
        with st.expander("What lets it fire"):
            for guard in newest.guards:
                mark = {True: "ok", False: "fail", None: "unknown"}[guard.holds]
                st.markdown(f"{cards.chip(mark, guard.name)} {prose(guard.sentence)}")
    with st.container(horizontal=True, gap="small"):
        name = item.name
        if permissions.button("Test", permissions.ANALYST, key=f"trigger.test.{name}"):
            _do(lambda: send_test(view.ws, item.system, name, by=actor()).note)
        due = newest is not None and newest.state is RunState.DUE
        if (
            due
            and item.approval
            and permissions.button("Approve", permissions.OWNER, key=f"trigger.yes.{name}")
        ):
            _do(lambda: f"Approved by {approve(view.ws, item.system, name, by=actor()).approved_by}.")
        if permissions.button("Fire now", permissions.OWNER, key=f"trigger.fire.{name}"):
            _do(lambda: fire(view.ws, item.system, name, by=actor()).note)


def _played(view: View) -> str:
    folder = make_inbox()
    try:
        return demo.play(view.ws, folder)[-1].note
    finally:
        drop_inbox(folder)


def _form(view: View, key: str) -> None:
    with st.form("trigger.add", border=False):
        name = st.text_input("Name", placeholder="retrain")
        url = st.text_input(
            "Where it is started", placeholder="https://..., github:OWNER/REPO, gitlab:PROJECT@REF"
        )
        when = st.selectbox("Due by", list(CONDITIONS), format_func=lambda each: CONDITIONS[each])
        secret = st.text_input("Variable with the key or token", placeholder="RETRAIN_KEY")
        approval = st.checkbox("An owner approves each fire")
        inner = st.checkbox("It is a host of our own network")
        if permissions.submit("Set it", permissions.OWNER):
            item = RetrainingTrigger(
                system=key,
                name=name.strip(),
                url=url.strip(),
                when=when,
                approval=approval,
                allow_inner=inner,
                secret_env=secret.strip(),
            )
            _do(lambda: f"{add_trigger(view.ws, item, by=actor()).name} is set. Test it next.")


def _row(run: TriggerRun) -> dict[str, object]:
    days = [days_until(run, at) for at in (run.fired_at, run.seen_at, run.cured_at)]
    lines = [f"{value:.0f}" if value is not None and not run.test else numbers.DASH for value in days]
    return {
        "Due": numbers.moment(run.due_at),
        "Trigger": one_line(run.trigger) + (" (test)" if run.test else ""),
        "State": cards.glyph(_STATUS.get(run.state, "watch")).split(" ")[0] + " " + run.state.value,
        "Days to fire": lines[0],
        "Days to seen": lines[1],
        "Days to cured": lines[2],
        "New version": one_line(run.seen_version) or numbers.DASH,
        "Started": one_line(run.receipt.run if run.receipt else "", 60) or numbers.DASH,
        "What happened": one_line(run.note or run.sentence, 160),
    }


def _replay(view: View, key: str) -> None:
    cards.section(
        "What the past would have sent",
        "The last twelve months, week by week, on a copy cut at each week's end.",
    )
    if permissions.button("Play them again", permissions.ANALYST, key="replay.go"):
        st.session_state["replay.of"] = key
    if st.session_state.get("replay.of") != key:
        cards.note("It takes about a second a week, more for long logs.")
        return
    with st.spinner("Playing the past again"):
        played: Replay = ask(view, replay, key)
    st.markdown(prose(played.sentence))
    if played.messages:
        tables.grid(
            [
                {
                    "When": numbers.moment(m.at),
                    "Message": m.event,
                    "Rule": one_line(m.rule),
                    "Severity": m.severity,
                    "With a loss": {"true": "yes", "false": "no"}.get(m.verdict, numbers.DASH),
                    "Days earlier": f"{m.earlier_days:.0f}" if m.earlier_days else numbers.DASH,
                    "Says": one_line(m.sentence, 160),
                }
                for m in played.messages
            ],
            alt="Messages that would have been sent",
        )


def _do(step: Callable[[], str]) -> None:
    """Act, and say on the next run what came of it."""
    try:
        with st.spinner("Asking"):
            st.session_state["trigger.told"] = ("ok", step())
    except PlumblineError as error:
        st.session_state["trigger.told"] = ("fail", str(error))
    st.rerun()


def _message() -> None:
    told = st.session_state.pop("trigger.told", None)
    if told:
        (st.success if told[0] == "ok" else st.error)(prose(told[1]))
