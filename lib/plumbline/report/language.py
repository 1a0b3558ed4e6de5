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

LANGUAGES = ("en", "de")


@dataclass(frozen=True, slots=True)
class Language:
    """One language: ``texts`` by section and key, as its TOML file has them."""

    code: str
    texts: Mapping[str, Any]

    def say(self, key: str, section: str = "say", **values: object) -> str:
        """The text of a key, with its places filled in."""
        return str(self.texts[section][key]).format(**values)

    def word(self, status: str) -> str:
        """A status, state, tier or kind of evidence; one without a translation stays as it is."""
        return str(self.texts["status"].get(status, status))

    def title(self, section: str, key: str, own: str) -> str:
        """A title of the catalogue; where the language has none, its own."""
        return str(self.texts.get(section, {}).get(key, own))

    def number(self, value: float, digits: int = 0) -> str:
        """``12,345.6`` in English, ``12.345,6`` in German."""
        swap = {",": str(self.texts["thousands"]), ".": str(self.texts["decimal"]), "-": "−"}
        return "".join(swap.get(mark, mark) for mark in f"{value:,.{digits}f}")

    def share(self, value: float) -> str:
        """A share in per cent with one decimal."""
        return f"{self.number(100 * value, 1)}\u00a0%"

    def day(self, at: date | datetime) -> str:
        """``3 March 2026``, ``3. März 2026``, ``1er mars 2026``."""
        dot = "." if self.code == "de" else "er" if self.code == "fr" and at.day == 1 else ""
        return f"{at.day}{dot} {self.texts['months'][at.month - 1]} {at.year}"

    def moment(self, at: datetime) -> str:
        """A time of day with its zone, always UTC."""
        utc = at.astimezone(UTC)
        return f"{self.day(utc)}, {utc:%H:%M} UTC"


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
