"""Who did what, and whether the record was altered."""

from plumbline.answers.governance.trail import trail
from plumbline.ui import shell
from plumbline.ui.language import phrase
from plumbline.ui.parts import cards, empty_states, openings, tables

view = shell.view()

answer = trail(view.ws, limit=500)
cards.opening(*openings.trail(answer))

if answer.entries:
    cards.section(phrase("Everything done here"), phrase("Newest first, at most 500 entries. Times are UTC."))
    tables.trail(answer.entries)
    cards.note(
        phrase("Each entry holds the SHA-256 of the one before it: none can be changed or removed unnoticed.")
    )
else:
    empty_states.show_empty_state(
        phrase("Nothing to show yet."), phrase("The first load begins the trail."), empty_states.LOAD_A_LOG
    )
