"""The sentences of evidence in a document's language.

A scorecard keeps its evidence as sentences, in English, so that one of any past date is the same to the byte. A
document in another language reads each by its form (``texts/evidence.<code>.toml``): the places give the values,
and the other language's form takes them in its own way of writing numbers and dates. What people said stays in
their own words. A sentence without a form is not guessed at: it is quoted as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import resources
from typing import Any

from plumbline.domain import PlumblineError
from plumbline.governance.catalogue import catalogue
from plumbline.governance.wording import MONTHS
from plumbline.monitor.performance.money import money
from plumbline.report.language import Language
from plumbline.wording.names import say_metric

PLACE = re.compile(r"\{([a-z]+)(\d+)(?::([a-z]+))?\}")
_DAY = rf"\d{{1,2}} (?:{'|'.join(MONTHS)}) \d{{4}}"
_N = r"[-+−]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?"
_SPAN = rf"{_DAY} to {_DAY}|since {_DAY}|before {_DAY}|the whole log"
_MONEY = rf"[A-Z]{{3}} {_N}(?: million| billion)?"
_FREE, _WITHIN = ".+?", r"(?:(?!\w{4}[.] |[)%][.] ).)+?"
#: kind of place -> what can stand there
SHAPES = {
    "n": _N, "val": rf"(?:about )?{_N}(?: %| [^\s,;()]{{1,24}})?|unknown", "span": _SPAN, "money": _MONEY,
    "share": rf"(?:under |over )?{_N} %", "day": _DAY,
    "q": rf"{_N} [a-z]+(?: [a-z]+)?", "window": rf"{_N} decisions?(?:, {_DAY} to {_DAY})?",
    "read": rf"(?: \(.+, read on {_DAY}\))?", "more": r"(?:, and .+?)?", "by": r"(?: by .+?)?",  # may be empty
    "gap": r"(?:, error rates [^();]+?(?: \(\d+ to \d+\))?)?", "few": r"(?:, too few rows to tell)?",
    "rare": r"(?:, the other outcome .+? times as often \(.+?; at most .+?\))?",
}  # fmt: skip
#: a verdict's reason by a control: id, title, status, evidence
REASON = re.compile(r"^([A-Z]{2,4}-\d+) (.*?): (pass|partial|fail|unknown|exempt)\. (.+)$", re.DOTALL)
BREAK = re.compile(r"(?<=[.!?]) (?=\S)")


@dataclass(frozen=True, slots=True)
class Form:
    """One sentence in both languages. ``kind``: where it may stand; empty: anywhere, as a sentence."""

    english: re.Pattern[str]
    own: str


@dataclass(slots=True)
class Teller:
    """Tells sentences in one language, and remembers those that it had to quote."""

    speech: Language
    quoted: list[str] = field(default_factory=list)

    def tell(self, text: str) -> str:
        """The sentences in the language; what has no form there stays as it is, and is remembered."""
        if self.speech.code == "en" or not text.strip():
            return text
        found = told(text, self.speech)
        if found is None:
            self.quoted.append(text)
        return found if found is not None else text

    def reason(self, text: str) -> str:
        """A reason of a verdict, the control it names included."""
        found = REASON.match(text)
        if not found or self.speech.code == "en":
            return self.tell(text)
        title = self.speech.title("control", found[1], found[2])
        return f"{found[1]} {title}: {self.speech.word(found[3])}. {self.tell(found[4])}"

    def money(self, amount: float, currency: str) -> str:
        """An amount as the sentences round it."""
        text = money(amount, currency)
        return text if self.speech.code == "en" or not currency else _money(text, self.speech)

    def metric(self, name: str) -> str:
        """A metric as sentences name it."""
        own = say_metric(name)
        return own if self.speech.code == "en" else str(_metric(own, self.speech))

    def action(self, control: str, words: str) -> str:
        """What to do next for a control."""
        return self.speech.title("action", control, words)


def told(text: str, speech: Language) -> str | None:
    """Sentences in another language; None: at least one has no form in it.

    Raises:
        PlumblineError: there are no sentences in that language.
    """
    return _sentences(text.strip(), speech, 0)


def _sentences(text: str, speech: Language, depth: int) -> str | None:
    if depth > 12:
        return None
    whole = _by_form(text, "", speech, depth)
    if whole is not None:
        return whole
    for edge in BREAK.finditer(text):
        head = _by_form(text[: edge.start()], "", speech, depth)
        rest = _sentences(text[edge.end() :], speech, depth + 1) if head is not None else None
        if head is not None and rest is not None:
            return f"{head} {rest}"
    return None


def _by_form(text: str, kind: str, speech: Language, depth: int) -> str | None:
    if depth > 12:
        return None
    for form in _forms(speech.code).get(kind, ()):
        found = form.english.fullmatch(text)
        if found is None:
            continue
        values = {name: _value(name, value, speech, depth) for name, value in found.groupdict().items()}
        if all(value is not None for value in values.values()):
            return PLACE.sub(partial(_put, found, values, speech), form.own)
    return None


def _put(
    match: re.Match[str], values: Mapping[str, str | None], speech: Language, place: re.Match[str]
) -> str:
    name = place[1] + place[2]
    if place[3] == "dat":
        return _quantity(match[name], speech, dative=True) or ""
    return values[name] or ""


def _value(name: str, text: str, speech: Language, depth: int) -> str | None:
    kind = name.rstrip("0123456789")
    if kind == "text":
        return text
    if kind == "form":
        return _sentences(text, speech, depth + 1)
    if kind in _TELL:
        return _TELL[kind](text, speech)
    if kind == "parts":
        told_parts = [_part(part, speech, depth + 1) for part in text.split("; ")]
        return None if None in told_parts else "; ".join(part for part in told_parts if part)
    return _by_form(text, kind, speech, depth + 1)


def _part(text: str, speech: Language, depth: int) -> str | None:
    found = _by_form(text, "part", speech, depth)
    if found is None and text[:1].isupper():
        found = _by_form(text[0].lower() + text[1:], "part", speech, depth)
        found = found[:1].upper() + found[1:] if found else None
    return found


def _number(text: str, speech: Language) -> str:
    swap = {",": str(speech.texts["thousands"]), ".": str(speech.texts["decimal"])}
    return "".join(swap.get(mark, mark) for mark in text)


def _share(text: str, speech: Language) -> str:
    words = {"under": "unter", "over": "über"} if speech.code == "de" else {}
    head, _, rest = text.rpartition(" ")[0].rpartition(" ")
    return " ".join(filter(None, (words.get(head, head), _number(rest, speech), "%")))


def _day(text: str, speech: Language) -> str:
    number, month, year = text.split(" ")
    return f"{number}. {speech.texts['months'][MONTHS.index(month)]} {year}"


def _window(text: str, speech: Language) -> str | None:
    amount, found, span = text.partition(", ") if ", " in text else (text, "", "")
    days = [_day(day, speech) for day in span.split(" to ")] if found else []
    return ", ".join(filter(None, (_quantity(amount, speech), " bis ".join(days))))


def _quantity(text: str, speech: Language, *, dative: bool = False) -> str | None:
    amount, _, noun = text.partition(" ")
    nouns = _data(speech.code)["nouns"]
    forms = nouns.get(noun) or nouns.get(noun.removesuffix("s"))
    if forms is None:
        return None
    one = amount == "1"
    return f"{_number(amount, speech)} {forms[0 if one else 2 if dative else 1]}"


def _list(text: str, speech: Language) -> str:
    *most, last = text.split(" and ")
    if not most:
        return text
    if last == "others" or re.fullmatch(r"\d+ more", last):
        last = last.replace("others", "weitere").replace("more", "weitere")
    return f"{' and '.join(most)} und {last}"


def _word(text: str, speech: Language) -> str | None:
    words = _data(speech.code)["words"]
    found = words.get(text) or words.get(text[:1].lower() + text[1:])
    return str(found) if found else None


def _metric(text: str, speech: Language) -> str | None:
    return str(_data(speech.code)["metrics"].get(text, text)) if len(text) < 60 else None


def _metrics(text: str, speech: Language) -> str | None:
    """Metrics as they stand within a sentence; None where the text is more than their names."""
    if ". " in text:
        return None
    said = []
    for name in re.split(r", | and ", text):
        own = str(_metric(name[:1].upper() + name[1:], speech))
        said.append(own[:1].lower() + own[1:] if name.startswith("the ") else own)
    *most, last = said
    return f"{', '.join(most)} und {last}" if most else last


def _value_of(text: str, speech: Language) -> str | None:
    if text == "unknown":
        return _word(text, speech)
    about, number, unit = re.fullmatch(rf"(about )?({_N})(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    return (
        f"{_word('about', speech)} {_number(number, speech)}{unit}"
        if about
        else _number(number, speech) + unit
    )


def _span(text: str, speech: Language) -> str | None:
    if text == "the whole log":
        return _word(text, speech)
    lead, _, rest = text.partition(" ") if text.startswith(("since ", "before ")) else ("", "", text)
    days = " bis ".join(_day(day, speech) for day in rest.split(" to "))
    return f"{_word(lead, speech)} {days}" if lead else days


def _money(text: str, speech: Language) -> str:
    currency, amount, *size = text.split(" ")
    words = [str(_word(word, speech)) for word in size]
    return " ".join((currency, _number(amount, speech), *words))


def _title(text: str, speech: Language) -> str | None:
    held = catalogue()
    own = {**{title: ("condition", key) for key, title in held.conditions.items()},
           **{t.title: ("trigger", t.key) for t in held.triggers},
           **{c.title: ("control", c.id) for c in held.controls}}  # fmt: skip
    return speech.title(*own[text], text) if text in own else None


_TELL: dict[str, Callable[[str, Language], str | None]] = {
    "n": _number, "val": _value_of, "share": _share, "day": _day, "q": _quantity, "window": _window,
    "span": _span, "money": _money, "list": _list, "word": _word, "metric": _metric,
    "metrics": _metrics, "title": _title,
}  # fmt: skip


@cache
def _data(code: str) -> dict[str, Any]:
    file = resources.files("plumbline.report") / "texts" / f"evidence.{code}.toml"
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise PlumblineError(f"There are no sentences of evidence in {code!r}") from error


@cache
def _forms(code: str) -> dict[str, tuple[Form, ...]]:
    found: dict[str, list[Form]] = {}
    for entry in _data(code)["form"]:
        found.setdefault(entry.get("kind", ""), []).append(Form(_pattern(entry["en"]), entry["de"]))
    return {kind: tuple(forms) for kind, forms in found.items()}


def _pattern(english: str) -> re.Pattern[str]:
    made, at = "", 0
    for place in PLACE.finditer(english):
        made += re.escape(english[at : place.start()])
        free = _FREE if place.start() else _WITHIN  # what a sentence begins with ends before the next one
        made += f"(?P<{place[1]}{place[2]}>{SHAPES.get(place[1], free)})"
        at = place.end()
    return re.compile(made + re.escape(english[at:]), re.DOTALL)
