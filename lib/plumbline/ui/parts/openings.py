"""The first sentence of a page, and the note below it: a person who reads only these gets the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from plumbline.answers.data.load import SystemLoads
from plumbline.answers.drift.features import DriftAnswer
from plumbline.answers.governance.portfolio import SystemRow
from plumbline.answers.governance.trail import TrailAnswer
from plumbline.answers.performance.cautions import cautions
from plumbline.answers.statements import Statements
from plumbline.domain import System, Verdict
from plumbline.governance.context import QUESTIONS
from plumbline.logs.files.formats import SPOKEN
from plumbline.ui.parts.escape import one_line
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.names import say_level
from plumbline.wording.times import say_clock

Opening = tuple[str, str]


def window(view: View, *more: str) -> str:
    """What the page speaks of: window, version, filter, zone."""
    lines = ["the whole log" if not (view.start or view.end) else numbers.span(view.start, view.end)]
    if view.version:
        lines.append(f"version {view.version}")
    lines += [f"{column.partition(':')[2] or column} = {say_level(value)}" for column, value in view.where]
    words = ", ".join((*lines, *more))
    zone = view.system.timezone if view.system else "UTC"
    return " ".join((f"{words[:1].upper()}{words[1:]}.", say_clock("Days", zone), *of_the_reference(view)))


def whole_log(system: System, cautions: Sequence[str]) -> str:
    """Of a page that speaks of a whole log: so, whose clock its times are of, and what is to be known first."""
    return " ".join(("The whole log.", say_clock("Times", system.timezone), *cautions))


def of_the_reference(view: View) -> tuple[str, ...]:
    """What is to be known of the chosen system's reference first, on every page that rests on it."""
    return ask(view, cautions, view.system.key) if view.system else ()


def drift(answer: DriftAnswer, view: View) -> str:
    """The two spans that are compared, and what narrows them."""
    text = window(
        replace(view, start=answer.window[0], end=answer.window[1]),
        f"against {numbers.span(*answer.reference)}",
    )
    return " ".join((text, *(c for c in answer.cautions if c not in text)))


def portfolio(rows: Sequence[SystemRow]) -> Opening:
    """How many systems stand how badly."""
    tally = Counter(row.verdict.words for row in rows)
    worst, waiting = tally.get("LIABILITY", 0), tally.pop(Verdict.NOT_YET_JUDGED.words, 0)
    judged = len(rows) - waiting
    kind = "judged system" if waiting else "system"
    systems = f"1 {kind}" if judged == 1 else f"{judged} {kind}s"
    aside = (
        f" {waiting} {'waits' if waiting == 1 else 'wait'} for an answer to what it is for."
        if waiting
        else ""
    )
    if not judged:
        return (
            f"No system is judged yet:{aside.lower()}",
            "Open a system, and answer eight questions about it.",
        )
    if worst:
        are = "is a liability" if worst == 1 else "are liabilities"
        sentence = f"{worst} of {systems} {are}."
    elif tally.get("EXPOSED"):
        sentence = f"None of {systems} is a liability; {tally['EXPOSED']} cannot prove all that is asked."
    else:
        sentence = f"None of {systems} is a liability."
    others = ", ".join(f"{n} {word}" for word, n in tally.items() if word != "LIABILITY")
    return (
        f"{sentence}{aside}",
        f"Worst first{f'; {others}' if others else ''}. Open a system for its scorecard.",
    )


def waiting(rows: int) -> str:
    """How many rows wait, in words."""
    return "1 row waits" if rows == 1 else f"{numbers.count(rows)} rows wait"


def logs(view: View, answer: SystemLoads | None) -> Opening:
    """What has been loaded."""
    if view.system is None or answer is None:
        return (
            "Load a log, and see in minutes whether the model behind it is a liability.",
            f"An export of predictions as {SPOKEN} is enough; what its columns mean is guessed, and yours to correct.",
        )
    there = [load for load in answer.loads if load.undone_at is None]
    brought = sum(load.kind != "labels" and load.rows_loaded > 0 for load in there)
    loaded = "1 load" if brought == 1 else f"{brought} loads"
    sentence = f"{view.system.title} holds {numbers.count(answer.decisions)} decisions from {loaded}."
    aside = f"{waiting(answer.waiting)} in quarantine." if answer.waiting else "Nothing is in quarantine."
    return sentence, aside


def new_file(name: str) -> Opening:
    """A file that is open and not loaded yet."""
    return (
        f"{one_line(name, 60)} is open and not loaded yet.",
        "What its columns mean is guessed, and yours to correct.",
    )


def context(stated: Statements, today: date) -> Opening:
    """How far the questions about a system are answered."""
    asking = [
        q.key for q in QUESTIONS if q.key != "exemption"
    ]  # without an exemption there is nothing to say
    missing = [key for key in asking if not stated.context.get(key)]
    name, asked = stated.system.title, len(asking)
    if not missing:
        sentence = f"All {asked} questions about {name} are answered."
    elif len(missing) == asked:
        sentence = f"Nobody has said yet what {name} is for: it is judged as the strictest kind of system."
    else:
        are = "is" if len(missing) == 1 else "are"
        sentence = (
            f"{len(missing)} of {asked} questions about {name} {are} open, and read in the stricter way."
        )
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
        f"{answer.clock} Checked now. Newest entry {numbers.moment(answer.entries[0].at)}. Keep its digest elsewhere, "
        f"to prove later that nothing was cut off the end: {answer.head}".lstrip(),
    )
