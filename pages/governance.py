"""What only people can say, and what is read from registries: context, statements, class, incidents."""

import streamlit as st

from plumbline.answers import statements
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.ui import shell
from plumbline.ui.frame import signed_forms
from plumbline.ui.governance import ai_act, buyers, costs, documents, log_statements, registers
from plumbline.ui.governance import context as contexts
from plumbline.ui.language import screen_text
from plumbline.ui.parts import cards, openings, sections
from plumbline.ui.state.cache import ask

view = shell.view()
system = shell.chosen(view)

stated = statements.statements(view.ws, system.key)
answer = ask(view, scorecard_answer, system.key)
cards.opening(*openings.context(stated, signed_forms.today()))

context, attestations, exemptions, act, incidents, papers, outsiders, registries, log, money = sections.tabs(
    screen_text("Context"),
    screen_text("Attestations"),
    screen_text("Exemptions"),
    screen_text("AI Act"),
    screen_text("Incidents"),
    screen_text("Documents"),
    screen_text("For buyers"),
    screen_text("Registries"),
    screen_text("Log and rehearsals"),
    screen_text("Costs"),
)

with context:
    contexts.section(view, stated, answer)
with attestations:
    signed_forms.attestations(view, stated)
with exemptions:
    signed_forms.exemptions(view, stated)
with act:
    ai_act.section(view, stated, answer.card.controls)
with incidents:
    registers.incidents(view, system)
if papers.open:
    with papers:
        documents.section(view, system)
if outsiders.open:
    with outsiders:
        buyers.section(view, answer)
with registries:
    registers.registries(view, system)
with log:
    log_statements.section(view, system, answer)
with money:
    worth = costs.form(system)
    if worth is not None:
        settings, by = worth
        statements.change_settings(view.ws, system.key, settings, by=by)
        st.rerun()
