"""All systems, worst first."""

from plumbline.answers.portfolio import portfolio
from plumbline.ui import cards, portfolios, sentences, shell
from plumbline.ui.ask import ask

view = shell.view()
shell.chosen(view)

rows = ask(view, portfolio)
cards.opening(*sentences.portfolio(rows))
portfolios.table(rows)
