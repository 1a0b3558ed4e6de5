"""The facts that the outlines of documents are filled with: each as text with its source, or not there at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from plumbline.domain import EvidenceKind, Status
from plumbline.governance.context import BY_KEY, NUMBER
from plumbline.report.language import Language
from plumbline.report.material import Material
from plumbline.report.translation import Translator
from plumbline.store.cache.samples import sample_of, without_sample
from plumbline.wording.quantities import decimal

FROM = {
    EvidenceKind.MEASURED: "from_log", EvidenceKind.PROBED: "from_probe", EvidenceKind.ATTESTED: "from_statement",
}  # fmt: skip
NAMED = 40  # columns listed by name
_LOADS = 12  # loads listed by number
#: facts that rest on all decisions; performance rests on labelled ones, drift and releases on windows of their own,
#: reasons and controls on what each says
WHOLE_LOG = frozenset({"share", "task", "features", "protected", "subject", "log", "frequency"})


@dataclass(frozen=True, slots=True)
class DocumentFact:
    """One fact: its text, and a key of the language's words for where it comes from.

    ``whole_log``: whether it rests on all decisions. What rests on some of them, or on a register, says so in its text.
    """

    text: str
    source: str
    whole_log: bool = False


def fact(material: Material, name: str, speech: Language) -> DocumentFact | None:
    """A fact by its name in ``documents.toml``; None where it is not known.

    Raises:
        KeyError: there is no such fact (a test asks for each).
    """
    kind, _, key = name.partition(":")
    if kind == "control":
        return _evidence(material, key, speech)
    if kind == "context":
        words = material.statements.context.get(key, "")
        return DocumentFact(_answer(key, words, speech), "from_context") if words else None
    text, source = FACTS[name]
    fact_text = text(material, speech)
    return DocumentFact(fact_text, source, name in WHOLE_LOG) if fact_text else None


def _evidence(material: Material, key: str, speech: Language) -> DocumentFact | None:
    found = next(c for c in material.answer.card.controls if c.id == key)
    source = FROM.get(found.evidence.kind)
    if source is None or found.evidence.status is Status.UNKNOWN:
        return None
    return DocumentFact(Translator(speech).text(found.evidence.sentence), source)


def _answer(key: str, value: str, speech: Language) -> str:
    """An answer to a question of the context, which are words of ours or a number."""
    if speech.code == "en":
        return value
    if NUMBER in BY_KEY[key].values and value.replace(".", "", 1).isdigit():
        return speech.numeral(decimal(float(value), ",.15g"))
    return speech.title("answer", value, value)


def _columns(material: Material, role: str) -> str:
    names = [c.role.name for c in material.columns if c.role.role == role]
    more = f" (+{len(names) - NAMED})" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _log(material: Material, speech: Language) -> str:
    facts = material.answer.measured.facts
    if facts.first_decision is None or facts.last_decision is None:
        return ""
    span = f"{speech.day(facts.first_decision)} – {speech.day(facts.last_decision)}"
    sample = [Translator(speech).text(words) for words in sample_of(material.answer.measured.cautions)]
    return " ".join((f"{span}, n = {speech.number(facts.decisions)}", *sample))


def _reference(material: Material, speech: Language) -> str:
    span = material.answer.system.reference
    cautions = without_sample(material.answer.measured.cautions)
    notes = [Translator(speech).text(words) for words in cautions]
    return " ".join((f"{speech.day(span[0])} – {speech.day(span[1])}", *notes)) if span else ""


def _versions(material: Material, speech: Language) -> str:
    found = material.releases
    if found is None:
        return ""
    spans = [f"{s.version} ({speech.day(s.start)})" for s in found.releases.spans if s.version]
    return ", ".join(spans[-NAMED:])


def _task(material: Material, speech: Language) -> str:
    system = material.answer.system
    if system.task is None:
        return ""
    classes = f": {', '.join(system.classes[:NAMED])}" if system.classes else ""
    return f"{speech.title('task', system.task.value, system.task.value)}{classes}"


def _share(material: Material, speech: Language) -> str:
    share = material.answer.share
    return speech.share(share) if share is not None else ""


def _retention(material: Material, speech: Language) -> str:
    days = material.answer.measured.facts.retention_days
    return f"{speech.number(days)} {speech.word('days')}" if days else ""


def _subject(material: Material, speech: Language) -> str:
    return speech.say("subject_held" if material.proof.named else "subject_absent", "document")


def _reasons(material: Material, speech: Language) -> str:
    return " ".join(Translator(speech).text(text) for text in material.answer.card.reasons[:3])


def _headline(material: Material, speech: Language) -> str:
    found = material.performance
    return Translator(speech).metric(found.headline) if found else ""


def _limits(material: Material, speech: Language) -> str:
    """Floors of metrics, and the stricter limits of controls, as the owner set them."""
    settings, translator = material.answer.system.settings, Translator(speech)
    floors = [
        f"{translator.metric(name)}: {speech.numeral(decimal(value, ',.15g'))}"
        for name, value in sorted(settings.floors.items())
    ]
    limits = [
        f"{control} {name}: {speech.numeral(decimal(value, ',.15g'))}"
        for control, bounds in sorted(settings.limits.items())
        for name, value in sorted(bounds.items())
    ]
    return ", ".join([*floors, *limits])


def _schedule(material: Material, speech: Language) -> str:
    """When a server checks by itself, as it was set; a command line's own timetable is not known here."""
    held = material.schedule
    return f"{held.check} ({held.zone})" if held.check else ""


def _frequency(material: Material, speech: Language) -> str:
    facts = material.answer.measured.facts
    days = facts.span_days
    if not facts.decisions or not days or days < 1:
        return ""
    return speech.say("a_day", "document", n=speech.number(facts.decisions / days))


def window(material: Material, speech: Language) -> str:
    """The loads, the span and the number of all decisions; empty where nothing is loaded."""
    facts = material.answer.measured.facts
    loads = [load.load_id for load in material.proof.loads if load.rows_loaded]
    if not loads or facts.first_decision is None or facts.last_decision is None:
        return ""
    named = ", ".join(str(load) for load in loads) if len(loads) <= _LOADS else f"{loads[0]} … {loads[-1]}"
    return speech.say(
        "window",
        "document",
        loads=named,
        first=speech.day(facts.first_decision),
        last=speech.day(facts.last_decision),
        n=speech.number(facts.decisions),
    )


Text = Callable[[Material, Language], str]
FACTS: dict[str, tuple[Text, str]] = {
    "title": (lambda m, s: m.answer.system.title, "from_workspace"),
    "share": (_share, "from_log"),
    "task": (_task, "from_log"),
    "versions": (_versions, "from_log"),
    "features": (lambda m, s: _columns(m, "feature"), "from_log"),
    "protected": (lambda m, s: _columns(m, "protected"), "from_log"),
    "subject": (_subject, "from_log"),
    "log": (_log, "from_log"),
    "reference": (_reference, "from_workspace"),
    "performance": (
        lambda m, s: Translator(s).text(m.performance.sentence) if m.performance else "",
        "from_log",
    ),
    "drift": (lambda m, s: Translator(s).text(m.drift.sentence) if m.drift else "", "from_log"),
    "releases": (
        lambda m, s: Translator(s).text(m.releases.releases.sentence) if m.releases else "",
        "from_log",
    ),
    "reasons": (_reasons, "from_log"),
    "retention": (_retention, "from_workspace"),
    "headline": (_headline, "from_workspace"),
    "limits": (_limits, "from_workspace"),
    "schedule": (_schedule, "from_workspace"),
    "frequency": (_frequency, "from_log"),
    "contest": (lambda m, s: m.answer.system.settings.contest, "from_workspace"),
}
