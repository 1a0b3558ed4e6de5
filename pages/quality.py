"""What the log itself is worth: what is on record, personal data, same input same answer, and age."""

from plumbline.answers.quality import quality
from plumbline.ui import cards, qualities, sentences, shell
from plumbline.ui.ask import ask

view = shell.view()
system = shell.chosen(view)

answer = ask(view, quality, system.key, window=(view.start, view.end))
cards.opening(answer.sentence, sentences.window(view))
qualities.age(answer)
qualities.same_answer(answer)
qualities.record(answer)
qualities.columns(answer)
