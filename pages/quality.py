"""What the log itself is worth: what is on record, personal data, same input same answer, and age."""

from plumbline.answers.data.quality import quality
from plumbline.ui import quality as qualities
from plumbline.ui import shell
from plumbline.ui.parts import cards, openings
from plumbline.ui.state.cache import ask

view = shell.view()
system = shell.chosen(view)

answer = ask(view, quality, system.key, window=(view.start, view.end))
cards.opening(answer.sentence, openings.window(view))
qualities.age_section(answer)
qualities.repeats_section(answer)
qualities.record(answer)
qualities.columns(answer)
