"""The first sentence of a page, and the note below it: a person who reads only these gets the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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
from plumbline.store.cache.samples import without_sample
from plumbline.ui.parts.escape import one_line
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase
from plumbline.wording.names import say_level
from plumbline.wording.quantities import plural

Opening = tuple[str, str]


def window(view: View, *more: str) -> str:
    """What the page speaks of: window, version, filter, zone."""
    span = phrase("the whole log") if not (view.start or view.end) else numbers.span(view.start, view.end)
    return _with_clock(view, (span, *_narrowing(view), *more))


def _narrowing(view: View) -> list[str]:
    """Version and filters."""
    lines = [phrase("version {version}", version=view.version)] if view.version else []
    return lines + [
        f"{column.partition(':')[2] or column} = {say_level(value)}" for column, value in view.where
    ]


def _with_clock(view: View, lines: Sequence[str]) -> str:
    """One sentence of these, whose clock days are of, and what is to be known of the reference."""
    words = ", ".join(lines)
    zone = view.system.timezone if view.system else "UTC"
    notes = (day_zone_note(zone), *map(localise, reference_cautions(view)))
    return " ".join((f"{words[:1].upper()}{words[1:]}.", *notes) if words else notes)


def whole_log_opening(system: System, cautions: Sequence[str]) -> str:
    """Of a page that speaks of a whole log: so, whose clock its times are of, and what is to be known first."""
    return " ".join(
        (phrase("The whole log."), time_zone_note(system.timezone), *map(localise, without_sample(cautions)))
    )


def day_zone_note(zone: str) -> str:
    """On whose clock days are: ``Days are UTC.``"""
    return phrase("Days are UTC.") if zone == "UTC" else phrase("Days are those of {zone}.", zone=zone)


def time_zone_note(zone: str) -> str:
    """On whose clock times are."""
    return phrase("Times are UTC.") if zone == "UTC" else phrase("Times are those of {zone}.", zone=zone)


def reference_cautions(view: View) -> tuple[str, ...]:
    """What is to be known of the chosen system's reference first, on every page that rests on it."""
    return without_sample(ask(view, cautions, view.system.key)) if view.system else ()


def drift(answer: DriftAnswer, view: View) -> str:
    """What narrows the two spans, which the title names, and what is to be known of them."""
    text = _with_clock(view, _narrowing(view))
    cautions = (localise(caution) for caution in without_sample(answer.cautions))
    return " ".join((text, *(caution for caution in cautions if caution not in text)))


def portfolio(rows: Sequence[SystemRow]) -> Opening:
    """How many systems stand how badly."""
    tally = Counter(row.verdict.words for row in rows)
    worst, waiting = tally.get("LIABILITY", 0), tally.pop(Verdict.NOT_YET_JUDGED.words, 0)
    judged = len(rows) - waiting
    systems = plural(judged, "judged system") if waiting else plural(judged, "system")
    aside = (
        ""
        if not waiting
        else phrase(" 1 waits for an answer to what it is for.")
        if waiting == 1
        else phrase(" {waiting} wait for an answer to what they are for.", waiting=waiting)
    )
    if not judged:
        return (
            phrase("No system is judged yet:{aside}", aside=aside),
            phrase("Open a system, and answer eight questions about it."),
        )
    if worst:
        sentence = (
            phrase("1 of {systems} is a liability.", systems=systems)
            if worst == 1
            else phrase("{worst} of {systems} are liabilities.", worst=worst, systems=systems)
        )
    elif tally.get("EXPOSED"):
        sentence = phrase(
            "None of {systems} is a liability; {exposed} cannot prove all that is asked.",
            systems=systems,
            exposed=tally["EXPOSED"],
        )
    else:
        sentence = phrase("None of {systems} is a liability.", systems=systems)
    others = ", ".join(f"{n} {localise(word, 'verdict')}" for word, n in tally.items() if word != "LIABILITY")
    return (
        f"{sentence}{aside}",
        phrase(
            "Worst first{others}. Open a system for its scorecard.", others=f"; {others}" if others else ""
        ),
    )


def waiting_rows(rows: int) -> str:
    """How many rows wait, in words."""
    return phrase("1 row waits") if rows == 1 else phrase("{rows} rows wait", rows=numbers.count(rows))


def logs(view: View, answer: SystemLoads | None) -> Opening:
    """What has been loaded."""
    if view.system is None or answer is None:
        return (
            phrase("Load a log, and see in minutes whether the model behind it is a liability."),
            phrase(
                "An export of predictions as {spoken} is enough; what its columns mean is guessed, "
                "and yours to correct.",
                spoken=localise(SPOKEN),
            ),
        )
    there = [load for load in answer.loads if load.undone_at is None]
    brought = sum(load.kind != "labels" and load.rows_loaded > 0 for load in there)
    loaded = phrase("1 load") if brought == 1 else phrase("{brought} loads", brought=brought)
    sentence = phrase(
        "{title} holds {decisions} decisions from {loaded}.",
        title=view.system.title,
        decisions=numbers.count(answer.decisions),
        loaded=loaded,
    )
    aside = (
        phrase("{waiting} in quarantine.", waiting=waiting_rows(answer.waiting))
        if answer.waiting
        else phrase("Nothing is in quarantine.")
    )
    return sentence, aside


def new_file_opening(name: str, others: int = 0) -> Opening:
    """A file that is open and not loaded yet, perhaps with others beside it."""
    return (
        phrase("{n} files are open and not loaded yet.", n=others + 1)
        if others
        else phrase("{name} is open and not loaded yet.", name=one_line(name, 60)),
        phrase("What its columns mean is guessed, and yours to correct."),
    )


def context(stated: Statements, today: date) -> Opening:
    """How far the questions about a system are answered."""
    asking = [
        q.key for q in QUESTIONS if q.key != "exemption"
    ]  # without an exemption there is nothing to say
    missing = [key for key in asking if not stated.context.get(key)]
    name, asked = stated.system.title, len(asking)
    if not missing:
        sentence = phrase("All {asked} questions about {name} are answered.", asked=asked, name=name)
    elif len(missing) == asked:
        sentence = phrase(
            "Nobody has said yet what {name} is for: until then it is read as the strictest kind of system.",
            name=name,
        )
    else:
        sentence = (
            phrase(
                "1 of {asked} questions about {name} is open, and read in the stricter way.",
                asked=asked,
                name=name,
            )
            if len(missing) == 1
            else phrase(
                "{missing} of {asked} questions about {name} are open, and read in the stricter way.",
                missing=len(missing),
                asked=asked,
                name=name,
            )
        )
    ended = [a for a in stated.attestations if a.expires < today]
    lapsed = [e for e in stated.exemptions if e.until < today]
    if ended or lapsed:
        return (
            sentence,
            phrase(
                "No longer counted, as their date has passed: {ended} statements.",
                ended=len(ended) + len(lapsed),
            ),
        )
    return sentence, phrase("Answers, attestations and exemptions are signed, dated and kept on the trail.")


def trail(answer: TrailAnswer) -> Opening:
    """Whether the record was altered."""
    if not answer.intact:
        return (
            phrase(
                "The trail was altered: entry {first_broken} does not fit the one before it.",
                first_broken=answer.first_broken,
            ),
            phrase(
                "Nothing from that entry on can be relied on. Compare with a backup; find out who "
                "had the file."
            ),
        )
    if not answer.entries:
        return phrase("The trail is empty: nothing has been done in this workspace yet."), ""
    return (
        phrase("The trail is intact: all {count} entries fit together.", count=numbers.count(answer.count)),
        phrase(
            "{clock} Checked now. Newest entry {at}. Keep its digest elsewhere, to prove later "
            "that nothing was cut off the end: {head}",
            clock=localise(answer.clock),
            at=numbers.moment(answer.entries[0].at),
            head=answer.head,
        ).lstrip(),
    )
