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
        answer.why_not,
        "Map a column as protected:NAME when you load the log (it may be a feature as well): rates and errors are then "
        "compared by its groups."
        if system.positive is not None
        else "Load a log with two classes and the probability of one of them.",
        states.Step("logs", "Map a protected attribute"),
    )
else:
    fairnesses.figures(answer)
    fairnesses.groups(answer, view.mode)
    fairnesses.pairs(answer, view.mode)
    fairnesses.small(answer)
    fairnesses.over_time(answer, view.mode)
fairnesses.last_word(answer)
