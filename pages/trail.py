"""Who did what, and whether the record was altered."""

from plumbline.answers.trail import trail
from plumbline.ui import cards, sentences, shell, states, tables

view = shell.view()

answer = trail(view.ws, limit=500)
cards.opening(*sentences.trail(answer))

if answer.entries:
    cards.section("Everything done here", "Newest first, at most 500 entries. Times are UTC.")
    tables.trail(answer.entries)
    cards.note("Each entry holds the SHA-256 of the one before it: none can be changed or removed unnoticed.")
else:
    states.empty("Nothing to show yet.", "The first load begins the trail.", states.LOAD_A_LOG)
