"""What only people can say, and what is read from registries: context, statements, class, incidents."""

import streamlit as st

from plumbline.answers import promises
from plumbline.answers.scorecard import scorecard_answer
from plumbline.ui import (
    acts,
    cards,
    contexts,
    costs,
    documents,
    forms,
    registers,
    sentences,
    session,
    shell,
    upkeep,
)
from plumbline.ui.ask import ask

view = shell.view()
system = shell.chosen(view)

stated = promises.statements(view.ws, system.key)
answer = ask(view, scorecard_answer, system.key)
cards.opening(*sentences.context(stated, forms.today()))

context, attestations, exemptions, act, incidents, papers, registries, log, money = st.tabs(
    [
        "Context",
        "Attestations",
        "Exemptions",
        "AI Act",
        "Incidents",
        "Documents",
        "Registries",
        "Log and rehearsals",
        "Costs",
    ],
    key=session.SECTION.name,
    on_change="rerun",
    bind="query-params",
)

with context:
    contexts.section(view, stated, answer)
with attestations:
    forms.attestations(view, stated)
with exemptions:
    forms.exemptions(view, stated)
with act:
    acts.section(view, stated, answer.card.controls)
with incidents:
    registers.incidents(view, system)
if papers.open:
    with papers:
        documents.section(view, system)
with registries:
    registers.registries(view, system)
with log:
    upkeep.section(view, system, answer)
with money:
    worth = costs.form(system)
    if worth is not None:
        settings, by = worth
        promises.change_settings(view.ws, system.key, settings, by=by)
        st.rerun()
