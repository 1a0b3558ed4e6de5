"""Amounts with their currency: ``12 €``, ``1.234,50 EUR``, ``$1,200``. The mark is taken away where all have the same.

Amounts of several currencies are no numbers of one column: they stay text, and it is said why.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache

from plumbline.store.sql import literal

#: word of a column's format that says which mark is taken away: ``currency:EUR``
WORD = "currency:"
#: currency -> how it is written beside a number, in lower case; ``$`` alone does not say whose
MARKS = {
    "EUR": ("€", "eur", "euro", "euros"), "USD": ("us$", "usd"), "$": ("$",), "GBP": ("£", "gbp"),
    "CHF": ("chf", "sfr.", "fr."), "JPY": ("¥", "jpy"), "INR": ("₹", "inr"), "PLN": ("zł", "pln"),
    "CZK": ("kč", "czk"), "HUF": ("ft", "huf"), "SEK": ("sek",), "NOK": ("nok",), "DKK": ("dkk",), "kr": ("kr", "kr."),
    "CAD": ("ca$", "cad"), "AUD": ("a$", "aud"), "BRL": ("r$", "brl"), "CNY": ("cny", "rmb"), "TRY": ("₺", "try"),
}  # fmt: skip
_CODES = {spelt: code for code, spellings in MARKS.items() for spelt in spellings}
_BLANKS = " \u00a0\u202f"
_BLANK = f"[{_BLANKS}]*"
_NUMBER = r"[-+]?\d[\d.,'’ \u00a0\u202f]*"
_ANY = "|".join(re.escape(mark) for mark in sorted(_CODES, key=len, reverse=True))
# Python's own patterns give nothing back that they read (possessive), so that no cell takes more than linear time
_BEFORE = re.compile(f"[-+]?{_BLANK}+({_ANY}){_BLANK}+{_NUMBER}+", re.IGNORECASE)
_BEHIND = re.compile(f"[-+]?{_BLANK}+{_NUMBER}+({_ANY})", re.IGNORECASE)
_ENOUGH = 0.95


def _marks(cells: Sequence[str]) -> Counter[str]:
    """Currency -> cells that are amounts of it."""
    found = (_BEFORE.fullmatch(cell) or _BEHIND.fullmatch(cell) for cell in cells)
    return Counter(_CODES[m[1].lower()] for m in found if m)


def detect_currency(cells: Sequence[str]) -> str:
    """The one currency that nearly all cells are marked with; empty where there is none, or more than one."""
    marks = _marks(cells)
    (code, n), *others = marks.most_common() or [("", 0)]
    return code if n > 0 and n >= _ENOUGH * len(cells) and not others else ""


def unread_currencies(cells: Sequence[str]) -> tuple[str, ...]:
    """The currencies of a column that mostly holds amounts, but not of one and the same: several, or one beside plain
    numbers; the most frequent first. Empty for any other column."""
    marks = _marks(cells)
    mixed = marks.total() >= 0.5 * max(len(cells), 1) and not detect_currency(cells)
    return tuple(code for code, _ in marks.most_common()) if mixed else ()


def format_currency(form: str) -> str:
    """The currency in a column's format; empty where it has none."""
    return next((word.removeprefix(WORD) for word in form.split() if word.startswith(WORD)), "")


@cache
def _currency_pattern(code: str) -> str:
    spelt = "|".join(re.escape(mark) for mark in sorted(MARKS[code], key=len, reverse=True))
    return f"^([-+]?){_BLANK}(?:{spelt})?{_BLANK}([-+]?.*?){_BLANK}(?:{spelt})?{_BLANK}$"


def strip_currency(cell: str, code: str) -> str:
    """A cell without the currency's mark; a mark of another currency stays, so that the cell is no number.

    The same as ``strip_currency_sql``, whose pattern Python's own engine would take more than linear time for.
    """
    text = cell.strip()
    if "\n" in text:
        return text
    sign = text[:1] if text[:1] in ("-", "+") else ""
    bare = text[len(sign) :].lstrip(_BLANKS)
    spellings = sorted(MARKS[code], key=len, reverse=True)
    front = next((mark for mark in spellings if bare[: len(mark)].lower() == mark), "")
    bare = bare[len(front) :].strip(_BLANKS)
    back = next((mark for mark in spellings if bare[-len(mark) :].lower() == mark), "")
    return sign + bare[: len(bare) - len(back)].rstrip(_BLANKS)


def strip_currency_sql(cell: str, code: str) -> str:
    """The same in SQL. A format that names a currency that is not known takes nothing away."""
    if code not in MARKS:
        return cell
    return f"regexp_replace(trim({cell}), {literal(_currency_pattern(code))}, '\\1\\2', 'i')"
