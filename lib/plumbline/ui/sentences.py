"""The first sentence of a page, and the note below it: a person who reads only these gets the truth."""

from __future__ import annotations

from datetime import date

from plumbline.answers.promises import Statements
from plumbline.answers.trail import TrailAnswer
from plumbline.charts import numbers
from plumbline.governance.context import QUESTIONS

Opening = tuple[str, str]


def context(stated: Statements, today: date) -> Opening:
    """How far the questions about a system are answered."""
    missing = [q.key for q in QUESTIONS if not stated.context.get(q.key)]
    name, asked = stated.system.title, len(QUESTIONS)
    if not missing:
        sentence = f"All {asked} questions about {name} are answered."
    elif len(missing) == asked:
        sentence = f"Nobody has said yet what {name} is for: it is judged as the strictest kind of system."
    else:
        sentence = f"{len(missing)} of {asked} questions about {name} are open, and read in the stricter way."
    ended = [a for a in stated.attestations if a.expires < today]
    lapsed = [e for e in stated.exemptions if e.until < today]
    if ended or lapsed:
        return (
            sentence,
            f"No longer counted, as their date has passed: {len(ended) + len(lapsed)} statements.",
        )
    return sentence, "Answers, attestations and exemptions are signed, dated and kept on the trail."


def trail(answer: TrailAnswer) -> Opening:
    """Whether the record was altered."""
    if not answer.intact:
        return (
            f"The trail was altered: entry {answer.first_broken} does not fit the one before it.",
            "Nothing from that entry on can be relied on. Compare with a backup; find out who had the file.",
        )
    if not answer.entries:
        return "The trail is empty: nothing has been done in this workspace yet.", ""
    return (
        f"The trail is intact: all {numbers.count(answer.count)} entries fit together.",
        f"Checked now. Newest entry {numbers.moment(answer.entries[0].at)}. Keep its digest elsewhere, to "
        f"prove later that nothing was cut off the end: {answer.head}",
    )
