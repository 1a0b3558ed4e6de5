"""Times that say the month in words, in the five languages of ``roles``: ``12. Januar 2026, 10:00 Uhr``,
``le 1er février 2026 à 10h30``, ``12 de enero de 2026``, ``Monday, January 12th, 2026 at 10:30 pm``.

Every spelling is first brought into one (``12 jan 2026 10:00``), by the same steps here and in SQL, and then read by
a pattern. A word that is not known stays, so that the cell is no time.
"""

from __future__ import annotations

import re

from plumbline.store.sql import literal

#: what a pattern begins with that is for such times
SPOKEN = "spoken:"
_MONTHS = {
    "jan": "january januar jänner janvier enero gennaio ene gen janv",
    "feb": "february februar feber février febrero febbraio févr fév febr",
    "mar": "march märz maerz mars marzo mär mrz",
    "apr": "april avril abril aprile avr abr",
    "may": "mai mayo maggio mag",
    "jun": "june juni juin junio giugno giu",
    "jul": "july juli juillet julio luglio juil lug",
    "aug": "august août aout agosto ago",
    "sep": "september septembre septiembre settembre sept set sett setiembre",
    "oct": "october oktober octobre octubre ottobre okt ott",
    "nov": "november novembre noviembre",
    "dec": "december dezember décembre diciembre dicembre dez déc dic",
}
_IDLE = (
    "uhr um on at of the den dem der le à heures de del a las el los il alle ore del h "
    "monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun "
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so "
    "lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves viernes sábado domingo "
    "lunedì martedì mercoledì giovedì venerdì sabato domenica"
)
_WORDS = (
    {month: month for month in _MONTHS}
    | {word: month for month, words in _MONTHS.items() for word in words.split()}
    | dict.fromkeys(_IDLE.split(), "")
    | {"a.m": "am", "p.m": "pm"}
)
#: (pattern, what it becomes), in order; both of Python's and DuckDB's dialect
_STEPS = (
    ("[,;\u00a0\u202f]", " "),
    (r"\.( |$)", " "),
    (r"([0-9])[-./]([a-zà-ÿ]+)[-./ ]", r"\1 \2 "),
    (r"([a-zà-ÿ])\.([0-9])", r"\1 \2"),
    (r"([0-9])(st|nd|rd|th|er|º|ª)( |$)", r"\1 "),
    (r"([0-9]) ?h ?([0-9][0-9])", r"\1:\2"),
)
_DATES = ("%d %b %Y", "%b %d %Y")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H.%M", " %H.%M.%S", " %I:%M %p", " %I:%M:%S %p")
PATTERNS = tuple(f"{SPOKEN}{date}{clock}" for date in _DATES for clock in _CLOCKS)


def said(text: str) -> str:
    """A time in the one spelling that the patterns read; any other text comes out as no time."""
    bare = text.strip().lower()
    for pattern, instead in _STEPS:
        bare = re.sub(pattern, instead, bare)
    return " ".join(w for w in (_WORDS.get(word, word) for word in bare.split(" ")) if w)


def names_month(text: str) -> bool:
    """Whether a text holds a month in words and a number."""
    return any(word in _MONTHS for word in said(text).split()) and any(c.isdigit() for c in text)


def said_sql(cell: str) -> str:
    """``said`` in SQL."""
    bare = f"lower(trim({cell}))"
    for pattern, instead in _STEPS:
        bare = f"regexp_replace({bare}, {literal(pattern)}, {literal(instead)}, 'g')"
    words = ", ".join(f"{literal(word)}: {literal(instead)}" for word, instead in _WORDS.items())
    each = f"list_transform(string_split({bare}, ' '), word -> coalesce(MAP {{{words}}}[word], word))"
    return f"array_to_string(list_filter({each}, word -> word <> ''), ' ')"
