"""All systems, worst first."""

from plumbline.answers.portfolio import overview
from plumbline.ui import cards, portfolios, sentences, shell
from plumbline.ui.ask import ask

view = shell.view()
shell.chosen(view)

found = ask(view, overview)
cards.opening(*sentences.portfolio(found.rows))
portfolios.faults(found.faults)
portfolios.table(found.rows)
