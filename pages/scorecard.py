"""Is this model a liability, and what is the proof: for a leader who has one minute."""

import streamlit as st

from plumbline.answers.scorecard import scorecard_answer
from plumbline.ui import scorecards, shell
from plumbline.ui.ask import ask

view = shell.view()
system = shell.chosen(view)

answer = ask(view, scorecard_answer, system.key)
card = answer.card

scorecards.verdict(card, system, view)
why, money = st.columns([5, 2], gap="large")
with why:
    scorecards.reasons(card)
with money:
    scorecards.stake(card)
scorecards.actions(card, answer.actions)
scorecards.conditions(card.conditions)
scorecards.triggers(card.triggers)
scorecards.controls(card.controls)
scorecards.history(answer.history, view.mode)
