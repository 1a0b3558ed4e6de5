"""Times that say the month in words, in the official languages of the European Union.

``12. Januar 2026, 10:00 Uhr``, ``le 1er février 2026 à 10h30``, ``12 de enero de 2026``, ``12 stycznia 2026`` or
``Monday, January 12th, 2026 at 10:30 pm``: every spelling is first brought into one (``12 jan 2026 10:00``), by the
same steps here and in SQL, and then read by a pattern. A word that is not known stays, so that the cell is no time.
English, German, French, Spanish and Italian are read together; of another language a format begins with its name:
``spoken:pl:%d %b %Y``.
"""

from __future__ import annotations

import re
from functools import cache

from plumbline.logs.values import calendar_names
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
#: words beside a date and a time of day, in any language
_BESIDE = "klo kl ob o u uur v ve r g h hod godz ura val год г ч den de d m"
LANGUAGES = tuple(calendar_names.MONTHS)
_LETTER = "a-zß-öø-ÿĀ-ɏͰ-Ͽἀ-῿Ѐ-ӿ"
#: (pattern, what it becomes), in order; both of Python's and DuckDB's dialect
_STEPS = (
    ("[,;\u00a0\u202f]", " "),
    (r"\.( |$)", " "),
    (rf"([0-9])[-./]([{_LETTER}]+)[-./ ]", r"\1 \2 "),
    (rf"([{_LETTER}])\.([0-9])", r"\1 \2"),
    (r"([0-9])(st|nd|rd|th|er|º|ª)( |$)", r"\1 "),
    (r"([0-9]) ?h ?([0-9][0-9])", r"\1:\2"),
)
_DATES = ("%d %b %Y", "%b %d %Y", "%Y %b %d")
_CLOCKS = (
    "",
    " %H:%M",
    " %H:%M:%S",
    " %H.%M",
    " %H.%M.%S",
    " %I:%M %p",
    " %I:%M:%S %p",
    " %H:%M:%S %z",
    " %H:%M %z",
)
#: as C's ``ctime`` writes, with and without an offset
_OTHERS = ("%b %d %H:%M:%S %Y", "%b %d %H:%M:%S %z %Y")
_CLOCK = r"[0-9:.+-]{1,12}|am|pm"
_SHAPE = re.compile(rf"(?:(?:{_CLOCK}) ){{0,2}}(?:{'|'.join(_MONTHS)})(?: (?:{_CLOCK})){{1,5}}")
PATTERNS = (*(f"{date}{clock}" for date in _DATES for clock in _CLOCKS), *_OTHERS)


@cache
def month_words(language: str) -> dict[str, str]:
    """Word -> what it becomes: the month's English name, or nothing; of the five languages where none is named."""
    if not language:
        return _WORDS
    months = list(_MONTHS)
    idle = f"{calendar_names.WEEKDAYS[language].replace(',', ' ')} {calendar_names.IDLE[language]} {_BESIDE}"
    named = {
        word: month
        for month, words in zip(months, calendar_names.MONTHS[language].split(","), strict=True)
        for word in words.split()
    }
    plain = {month: month for month in months if month not in named}
    return dict.fromkeys(idle.split(), "") | {"a.m": "am", "p.m": "pm"} | plain | named


def spell_time(text: str, language: str = "") -> str:
    """A time in the one spelling that the patterns read; any other text comes out as no time."""
    bare = text.strip().lower()
    for pattern, instead in _STEPS:
        bare = re.sub(pattern, instead, bare)
    words = month_words(language)
    return " ".join(w for w in (words.get(word, word) for word in bare.split(" ")) if w)


def has_spelled_month(text: str) -> bool:
    """Whether a text out of ``spell_time`` holds one month and otherwise numbers, a time of day and an offset: cheap to
    tell, where trying every pattern on any text is not."""
    return _SHAPE.fullmatch(text) is not None


def language_pattern(pattern: str, language: str) -> str:
    """A pattern as a format holds it."""
    return f"{SPOKEN}{language}:{pattern}" if language else f"{SPOKEN}{pattern}"


def format_language(form: str) -> str:
    """The language of a format, empty where it is read in the five."""
    head, found, _ = form.removeprefix(SPOKEN).partition(":")
    return head if found and head in LANGUAGES else ""


def format_pattern(form: str) -> str:
    """One pattern of a format without what stands before it."""
    language = format_language(form)
    return form.removeprefix(f"{SPOKEN}{language}:" if language else SPOKEN)


def spell_time_sql(cell: str, language: str = "") -> str:
    """``spell_time`` in SQL."""
    bare = f"lower(trim({cell}))"
    for pattern, instead in _STEPS:
        bare = f"regexp_replace({bare}, {literal(pattern)}, {literal(instead)}, 'g')"
    words = ", ".join(
        f"{literal(word)}: {literal(instead)}" for word, instead in month_words(language).items()
    )
    each = f"list_transform(string_split({bare}, ' '), word -> coalesce(MAP {{{words}}}[word], word))"
    return f"array_to_string(list_filter({each}, word -> word <> ''), ' ')"
