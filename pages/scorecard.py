"""Is this model a liability, and what is the proof: for a leader who has one minute."""

import streamlit as st

from plumbline.answers.scorecard import assign, scorecard_answer
from plumbline.ui import frameworks, reports, scorecards, shell
from plumbline.ui.ask import ask

view = shell.view()
system = shell.chosen(view)

answer = ask(view, scorecard_answer, system.key)
card = answer.card

scorecards.verdict(answer, view)
why, money = st.columns([5, 2], gap="large")
with why:
    scorecards.reasons(card)
with money:
    scorecards.stake(answer)
assigned = scorecards.actions(answer)
if assigned is not None:
    control, owner, due, by = assigned
    assign(view.ws, system.key, control, owner=owner, due=due, by=by)
    st.rerun()

scorecards.changes(answer)
scorecards.conditions(card.conditions)
scorecards.triggers(card.triggers)
frameworks.section(card.controls)
scorecards.controls(card.controls, system.key)
scorecards.history(answer, view.mode)
scorecards.compare(view, answer)
reports.downloads(view, system.key)
