"""What was found, since when, how sure; who handles it; and whom it was told."""

import streamlit as st

from plumbline.answers.alerts.findings import findings
from plumbline.answers.alerts.incidents import incidents_by_finding
from plumbline.answers.respond.channels import channels as known_channels
from plumbline.answers.respond.outbox import messages
from plumbline.answers.respond.triage import triaged_findings
from plumbline.ui import shell
from plumbline.ui.alerts import channels, deliveries, link, register
from plumbline.ui.language import phrase, screen_text
from plumbline.ui.parts import cards, empty_states, sections
from plumbline.ui.state.cache import ask

view = shell.view()
system = shell.chosen(view)

link.acknowledgement(view)
found = ask(view, findings)
cards.opening(*register.opening(found, system))
missing = channels.setup_gap(ask(view, known_channels)) if not view.scratch else ""
if missing:
    st.markdown(cards.word("watch", missing))

open_tab, channel_tab, delivery_tab = sections.tabs(
    screen_text("Findings"),
    screen_text("Channels"),
    screen_text("Deliveries"),
)

with open_tab:
    everything = register.scope()
    shown = [record for record in found if everything or record.finding.system == system.key]
    if not shown:
        empty_states.show_empty_state(
            phrase("Nothing has been found.") if found else phrase("No check has found anything yet."),
            phrase("Every load runs the quick signals. Run plumbline check on a schedule for all of them."),
            empty_states.LOAD_A_LOG,
        )
    else:
        keys = {record.finding.system for record in shown}
        register.section(
            view,
            register.RegisterView(
                triaged_findings(view.ws, None if everything else system.key),
                incidents_by_finding(view.ws, keys),
                {s.key: s.title for s in view.systems},
            ),
        )
if channel_tab.open:
    with channel_tab:
        channels.section(view)
if delivery_tab.open:
    with delivery_tab:
        titles = {s.key: s.title for s in view.systems}
        deliveries.section(messages(view.ws, None if everything else system.key), titles)
