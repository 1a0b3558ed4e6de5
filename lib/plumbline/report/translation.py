"""Messages in the language of a document, from its gettext catalogue (``texts/<code>.po``).

A scorecard keeps its evidence as English text, so that one of any past date is the same to the byte. A document in
another language renders each message anew from its template and values: Babel reads the catalogue and writes numbers
and dates. What people said stays in their own words. A text without a template, or a template without an entry, is
not guessed at: it is quoted as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from plumbline.domain import PlumblineError
from plumbline.domain.messages import PLACE, Day, Message, Number, Quantity, QuotedText, Title, fill
from plumbline.monitor.performance.money import money
from plumbline.report.language import Language, typographic
from plumbline.wording.names import say_metric

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

#: contexts whose entries are names: one that a language has no word of its own for keeps its name
NAMES = frozenset(("metric", "metric within"))


@dataclass(slots=True)
class Translator:
    """Renders messages in one language, and remembers those that it had to quote."""

    speech: Language
    printed: bool = False  # in English too with the marks of print; else its bytes are those that were kept
    quoted: list[str] = field(default_factory=list)

    def text(self, text: str) -> str:
        """The message in the language; what has no form there stays as it is, and is remembered."""
        if not text.strip() or (self.speech.code == "en" and not self.printed):
            return str(text)
        translation = translate(text, self.speech)
        if translation is None:
            self.quoted.append(str(text))
        return str(text) if translation is None else translation

    def error(self, error: PlumblineError) -> str:
        """Why something could not be measured: what a person sees in English, and no English in another language."""
        if self.speech.code == "en":
            return str(error)
        own = translate(error.what, self.speech)
        return self.speech.say("not_measured") if own is None else f"{own}."

    def money(self, amount: float, currency: str) -> str:
        """An amount as sentences round it."""
        return self.text(money(amount, currency))

    def metric(self, name: str) -> str:
        """A metric as sentences name it."""
        return self.text(say_metric(name))

    def catalogue_text(self, text: str, kind: str) -> str:
        """A text of the catalogue of controls, its ``question`` or next ``action``: what is kept of it is English."""
        return self.text(Message(text, None, kind)) if text else ""


def translate(text: str, speech: Language) -> str | None:
    """A message as a document in the language prints it; None: it, or a part of it, has no form there.

    In English it is what it says, with the marks of print; its catalogue holds what is printed otherwise.

    Raises:
        PlumblineError: there is no catalogue in that language.
    """
    if isinstance(text, QuotedText) or not isinstance(text, Message):
        return None
    entry = _entry(speech, text.template, text.context)
    if entry is None and not any(letter.isalpha() for letter in PLACE.sub("", text.template)):
        entry = text.template  # nothing but places and marks: the same in every language
    if entry is None and speech.code == "en":
        entry = typographic(text.template, "en")
    if entry is None:
        return text.template if text.context in NAMES else None
    parts: list[str | None] = []

    def value(name: str, form: str) -> str:
        parts.append(_value(text.values[name], form, speech))
        return parts[-1] or ""

    rendered = fill(entry, value)
    return None if None in parts else rendered


def _value(value: str, form: str, speech: Language) -> str | None:
    if isinstance(value, Quantity):
        return _quantity(value, form, speech)
    if isinstance(value, Message):
        translation = translate(value, speech) if value else ""
        return None if translation is None else speech.apply_form(translation, form)
    if isinstance(value, Number):
        return speech.numeral(value)
    if isinstance(value, Day):
        return speech.day(value.day)
    return speech.title(value.section, value.key, value) if isinstance(value, Title) else str(value)


def _quantity(value: Quantity, form: str, speech: Language) -> str | None:
    noun = f"{{n}} {value.noun}"
    for package in speech.catalogues:
        catalogue = _catalogue(package, speech.code)
        entry = (catalogue.get(noun, form) if form else None) or catalogue.get(noun)
        if entry is None or not isinstance(entry.string, (tuple, list)):
            continue
        plural = entry.string[_plural_form(catalogue, value.number)]
        if plural:
            return fill(plural, lambda name, place: speech.numeral(value.number))
    return None


def _plural_form(catalogue: Catalog, number: Number) -> int:
    """Which of a language's forms a number takes, by the rules of the CLDR; all of ours have two."""
    assert catalogue.locale is not None
    return 0 if catalogue.locale.plural_form(number.value) == "one" else 1


@cache
def _catalogue(package: str, code: str) -> Catalog:
    from babel.messages.pofile import read_po

    file = resources.files(package) / "texts" / f"{code}.po"
    try:
        with file.open("rb") as lines:
            return read_po(lines, locale=code)
    except FileNotFoundError as error:
        raise PlumblineError(f"There are no sentences in {code!r}") from error


def _entry(speech: Language, template: str, context: str) -> str | None:
    for package in speech.catalogues:
        entry = _catalogue(package, speech.code).get(template, context or None)
        if entry is not None and entry.string:
            return str(entry.string)
    return None
