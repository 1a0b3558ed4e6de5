"""Is this model a liability, and what is the proof: for a leader who has one minute."""

import streamlit as st

from plumbline.answers.governance.scorecard import assign, scorecard_answer
from plumbline.ui import shell
from plumbline.ui.scorecard import downloads, frameworks, verdict
from plumbline.ui.state.cache import ask

view = shell.view()
system = shell.chosen(view)

answer = ask(view, scorecard_answer, system.key)
card = answer.card

verdict.verdict(answer, view)
why, money = st.columns([5, 2], gap="large")
with why:
    verdict.reasons(card)
with money:
    verdict.stake(answer)
assigned = verdict.actions(answer)
if assigned is not None:
    control, owner, due, by = assigned
    assign(view.ws, system.key, control, owner=owner, due=due, by=by)
    st.rerun()

verdict.changes(answer)
verdict.conditions(card.conditions)
verdict.triggers(card.triggers)
frameworks.section(card.controls)
verdict.controls(card.controls, system.key)
verdict.history(answer, view.mode)
verdict.compare(view, answer)
downloads.downloads(view, system.key)
