"""All systems in one picture, worst first."""

from plumbline.answers.governance.portfolio import overview, totals
from plumbline.ui import portfolio, shell
from plumbline.ui.parts import cards, openings
from plumbline.ui.state.cache import ask

view = shell.view()
shell.chosen(view)

systems = ask(view, overview if view.scratch else portfolio.kept_overview)
cards.opening(*openings.portfolio(systems.rows))
portfolio.total(totals(systems.rows), systems.rows)
portfolio.faults(systems.faults)
portfolio.table(portfolio.order(systems.rows), view.mode)
