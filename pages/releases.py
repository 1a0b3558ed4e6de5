"""Which version decided when, what each release changed, and whether it should have been taken back."""

import streamlit as st

from plumbline.answers.releases.history import releases
from plumbline.ui import releases as versions
from plumbline.ui import releases_rollback, releases_switches, shell
from plumbline.ui.language import phrase, screen_text
from plumbline.ui.parts import cards, empty_states, openings
from plumbline.ui.parts.sample_note import sample_note
from plumbline.ui.parts.slow_section import slow_section
from plumbline.ui.state.cache import ask

view = shell.view()
system = shell.chosen(view)

top = st.container()
below = st.container()
side = st.empty()
with side.container():
    share = versions.split_choice()
answer = ask(view, releases, system.key, share=share, switches=False)
with top:
    cards.opening(answer.sentence, openings.whole_log_opening(system, answer.cautions))

if not any(version.version for version in answer.releases.versions):
    empty_states.show_empty_state(
        phrase("This log names no version."),
        phrase(
            "Map the column that holds the model's version on Logs, and load the log again: then "
            "releases, tests and rollbacks can be told."
        ),
        empty_states.NextPage("logs", phrase("Map a version column")),
    )
    side.empty()
    st.stop()

with below:
    versions.figures(answer)
    versions.history(answer, view)
    versions.guardrails(answer)
    releases_rollback.rollback(view, system.key)
    slow_section(
        lambda whole: releases_switches.switches(whole, view),
        screen_text("What each switch changed is being measured"),
        view,
        releases,
        system.key,
        share=share,
    )
versions.comparisons_section(answer, view.mode)
if answer.comparisons:
    sample_note(view)
versions.table(answer)
