"""What has shifted since the reference, and how likely it is to hurt."""

import streamlit as st

from plumbline.answers.drift.feature import feature
from plumbline.answers.drift.features import drift
from plumbline.answers.drift.multivariate import row_shift
from plumbline.ui import drift as drifts
from plumbline.ui import drift_feature, shell
from plumbline.ui.language import phrase
from plumbline.ui.parts import cards, empty_states, openings
from plumbline.ui.parts.sample_note import sample_note
from plumbline.ui.state.cache import ask

view = shell.view()
system = shell.chosen(view)

if system.reference is None:
    empty_states.show_empty_state(
        phrase("There is no healthy span to compare with yet."),
        phrase("Load more decisions, or mark a log as the reference when you load it."),
        empty_states.LOAD_A_LOG,
    )
    st.stop()

top = st.container()
method, reference = drifts.choices(view)
window = (view.start, view.end)
answer = ask(
    view,
    drift,
    system.key,
    reference=reference,
    window=window,
    methods=(method,),
    by=view.chunk,
    version=view.version,
    where=view.where,
    over_time=method,
)
with top:
    cards.opening(answer.sentence, openings.drift(answer, view))
    sample_note(view, filtered=True)

whole = None
if drifts.whole_row_toggle():
    whole = ask(
        view,
        row_shift,
        system.key,
        reference=reference,
        window=window,
        by=view.chunk,
        version=view.version,
        where=view.where,
    )
drifts.drift_over_time(answer, method, whole, view)
if whole is not None:
    sample_note(view)
    drifts.row_shift_section(whole)
drifts.ranking(answer)

cards.section(phrase("One feature, then and now"))
chosen = drift_feature.choose(answer)
if chosen is not None:
    found = ask(
        view,
        feature,
        system.key,
        chosen,
        reference=reference,
        window=answer.window,
        version=view.version,
        where=view.where,
    )
    drift_feature.feature_section(system.key, found, view.mode)
