"""Whether groups are treated alike, and who has the last word."""

import streamlit as st

from plumbline.answers.fairness import fairness
from plumbline.ui import cards, fairnesses, sentences, shell, states
from plumbline.ui.ask import ask

view = shell.view()
system = shell.chosen(view)

top = st.container()
wanted = fairnesses.favourable(system) if system.positive is not None else None
answer = ask(view, fairness, system.key, window=view.slice, favourable=wanted)
with top:
    cards.opening(answer.sentence, sentences.window(view))

if answer.why_not:
    states.empty(
        "Nothing to compare",
        "Map a column as protected:NAME when you load the log (it may be a feature as well): rates and errors are then "
        "compared by its groups."
        if system.positive is not None
        else "Of numbers and of more than two classes, see errors by group under Segments on Accuracy.",
        states.Step("logs", "Map a protected attribute")
        if system.positive is not None
        else states.Step("accuracy", "Errors by segment"),
    )
else:
    fairnesses.figures(answer)
    fairnesses.groups(answer, view.mode)
    fairnesses.pairs(answer, view.mode)
    fairnesses.small(answer)
    fairnesses.over_time(answer, view.mode)
fairnesses.last_word(answer)
