"""Is this model a liability, and what is the proof: for a leader who has one minute."""

import streamlit as st

from plumbline.answers import statements
from plumbline.answers.alerts.findings import findings
from plumbline.answers.governance.scorecard import assign, scorecard_answer
from plumbline.domain import Verdict
from plumbline.ui import shell
from plumbline.ui.governance import context as contexts
from plumbline.ui.language import phrase, screen_text
from plumbline.ui.parts import cards, sections
from plumbline.ui.scorecard import downloads, evidence_links, frameworks, history, verdict
from plumbline.ui.scorecard.control_map import control_map
from plumbline.ui.scorecard.next_steps import next_steps
from plumbline.ui.scorecard.story import story
from plumbline.ui.state.cache import ask

view = shell.view()
system = shell.chosen(view)

answer = ask(view, scorecard_answer, system.key)
card = answer.card
rows = evidence_links.reason_rows(view, system.key, answer)

with st.container(gap=None):
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        verdict.word(card)
        downloads.downloads(view, system.key)
    verdict.opening(answer)

with st.container(gap=None):
    story(answer, ask(view, findings), view)
with st.container(horizontal=True, gap="medium"):  # columns would stay side by side at 800 px, a word a line
    with st.container(width=verdict.REASONS):
        verdict.reasons(answer, rows)
    with st.container():  # it fills the line that it has alone on a narrow page
        verdict.stake(answer)
assigned = next_steps(answer)
if assigned is not None:
    control, owner, due, by = assigned
    assign(view.ws, system.key, control, owner=owner, due=due, by=by)
    st.rerun()
if card.verdict is Verdict.NOT_YET_JUDGED:
    cards.section(
        phrase("What is it for?"),
        phrase("Eight questions, two minutes."),
    )
    contexts.section(view, statements.statements(view.ws, system.key), answer)

conditions, controls, laws, past = sections.tabs(
    screen_text("Conditions and triggers"),
    screen_text("Controls"),
    screen_text("Laws and standards"),
    screen_text("History"),
)
if conditions.open:
    with conditions:
        verdict.conditions(card.conditions)
        verdict.triggers(card.triggers)
if controls.open:
    with controls:
        control_map(card.controls)
        verdict.controls(card.controls, system.key, rows)
if laws.open:
    with laws:
        frameworks.section(card.controls)
if past.open:
    with past:
        verdict.changes(answer)
        history.history(answer, view.mode)
        verdict.compare(view, answer)
