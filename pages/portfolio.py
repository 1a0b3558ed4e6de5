"""All systems, worst first."""

from plumbline.answers.governance.portfolio import overview
from plumbline.ui import portfolio, shell
from plumbline.ui.parts import cards, openings
from plumbline.ui.state.cache import ask

view = shell.view()
shell.chosen(view)

found = ask(view, overview)
cards.opening(*openings.portfolio(found.rows))
portfolio.faults(found.faults)
portfolio.table(found.rows)
