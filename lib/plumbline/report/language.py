"""The languages of the documents: their words as data, and how each writes numbers and dates."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from typing import Any

from plumbline.domain import PlumblineError
from plumbline.domain.messages import Day, Number, in_form
from plumbline.wording.quantities import decimal
from plumbline.wording.times import clock_time

LANGUAGES = ("en", "de")
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True, slots=True)
class Language:
    """One language: ``texts`` by section and key, as its TOML file has them.

    ``catalogues``: the packages whose ``texts/<code>.po`` has its sentences, the first that has one counts.
    """

    code: str
    texts: Mapping[str, Any]
    catalogues: tuple[str, ...] = ("plumbline.report",)

    def say(self, key: str, section: str = "say", **values: object) -> str:
        """The text of a key, with its places filled in."""
        return str(self.texts[section][key]).format(**values)

    def word(self, status: str) -> str:
        """A status, state, tier or kind of evidence; one without a translation stays as it is."""
        return str(self.texts["status"].get(status, status))

    def title(self, section: str, key: str, text: str) -> str:
        """A title of the catalogue; where the language has none, its own."""
        return str(self.texts.get(section, {}).get(key, text))

    def number(self, value: float, digits: int = 0) -> str:
        """``12,345.6`` in English, ``12.345,6`` in German."""
        return self.numeral(decimal(value, f",.{digits}f"))

    def numeral(self, number: Number) -> str:
        """A number of a message with the digits that it has there, a power of ten spelt out."""
        from babel.numbers import format_decimal

        if not number.value.is_finite():
            return str(number)
        mantissa, _, power = str(number).partition("e")
        sign = mantissa[0] if mantissa[0] in "+-−" else ""
        digits = Number(mantissa.removeprefix(sign))
        places = len(digits.partition(".")[2])
        pattern = "#,##0" + ("." + "0" * places if places else "")
        written = format_decimal(digits.value, format=pattern, locale=self.code)
        raised = (
            f"\u00a0{'·' if self.code == 'de' else '×'}\u00a010{str(int(power)).translate(_RAISED)}"
            if power
            else ""
        )
        return f"{'−' if sign == '-' else sign}{written}{raised}"

    def apply_form(self, text: str, form: str) -> str:
        """A text in the form that a place asks for; within a German sentence a name's article alone becomes small."""
        if form == "within" and self.code == "de":
            return text[:1].lower() + text[1:] if text.startswith(("Der ", "Die ", "Das ")) else text
        return in_form(text, form)

    def share(self, value: float) -> str:
        """A share in per cent with one decimal."""
        return f"{self.number(100 * value, 1)}\u00a0%"

    def day(self, at: date | datetime) -> str:
        """``3 March 2026``, ``3. März 2026``, ``1er mars 2026``."""
        from babel.dates import format_date

        if self.code == "en":
            return Day(at)
        written = format_date(at, "long", locale=self.code)
        return f"1er{written[1:]}" if self.code == "fr" and at.day == 1 else written

    def moment(self, at: datetime, zone: str = "") -> str:
        """A time of day with its zone.

        Args:
            zone: whose clock shows it, of times that are a system's and stand for no moment; empty: a moment, in UTC.
        """
        shown = at if zone else at.astimezone(UTC)
        return f"{self.day(shown)}, {clock_time(shown)} {zone or 'UTC'}"


def typographic(text: str, code: str) -> str:
    """A text of a table with its language's own marks: apostrophes, and French spaces that never break."""
    if code == "de":
        return text
    text = text.replace("'", "’")
    if code == "fr":
        for mark in ":;?!":
            text = text.replace(f" {mark}", f"\u00a0{mark}")
    return text


@cache
def language(code: str) -> Language:
    """A language by its code.

    Raises:
        PlumblineError: there are no documents in it.
    """
    if code not in LANGUAGES:
        raise PlumblineError(
            f"There are no documents in {code!r}", todo=f"Use one of: {', '.join(LANGUAGES)}."
        )
    text = (resources.files("plumbline.report") / "texts" / f"{code}.toml").read_text("utf-8")
    return Language(code, tomllib.loads(text))


def language_names() -> dict[str, str]:
    """What each language of documents calls itself, by its code."""
    return {code: str(language(code).texts["name"]) for code in LANGUAGES}
