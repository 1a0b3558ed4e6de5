"""Makes ``logs/values/calendar_names.py`` from CLDR: ``python -m tests.logs.make_calendar`` where Babel is installed.

Babel is needed for this alone and is no part of what Plumbline is installed with.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import plumbline

#: the official languages of the European Union
LANGUAGES = ["bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr", "hu", "it", "lt", "lv", "mt", "nl",
             "pl", "pt", "ro", "sk", "sl", "sv"]  # fmt: skip
TARGET = Path(plumbline.__file__).parent / "logs" / "values" / "calendar_names.py"
HEAD = '''"""Names of months and weekdays in the official languages of the European Union: made, not written.

From Unicode CLDR {version} by ``tests/logs/make_calendar.py``. In small letters, without a full stop at the end, and
once more without accents; the twelve months and the seven weekdays (Monday first) are apart by commas, the spellings of
each by blanks.
``IDLE``: words that a written date holds beside them.
"""

from __future__ import annotations

'''


def spellings(name: str) -> list[str]:
    """How a name is looked for: in small letters, without stops, also without accents."""
    plain = name.lower().strip().rstrip(".")
    bare = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return [word for word in dict.fromkeys((plain, bare)) if word and not re.search(r"[\d\s]", word)]


def names(table: dict[str, dict[str, dict[int, str]]], places: range) -> str:
    """Every spelling of each place, comma after comma."""
    told = []
    for place in places:
        found: dict[str, None] = {}
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                found |= dict.fromkeys(spellings(table[context][width][place]))
        told.append(" ".join(found))
    return ",".join(told)


def idle(locale: object) -> str:
    """The words that CLDR's long dates and times hold beside names and numbers."""
    tables = (locale.date_formats, locale.datetime_formats)  # type: ignore[attr-defined]
    texts = [
        text for table in tables for form in table.values() for text in re.findall(r"'([^']+)'", str(form))
    ]
    words = [word for text in texts for word in re.split(r"[\s.,]+", text)]
    return " ".join(dict.fromkeys(s for w in words for s in spellings(w)))


def made() -> str:
    """The text of the module."""
    from babel import Locale, core

    lines = {"MONTHS": [], "WEEKDAYS": [], "IDLE": []}  # type: dict[str, list[str]]
    for language in LANGUAGES:
        locale = Locale(language)
        lines["MONTHS"].append(f'    "{language}": "{names(locale.months, range(1, 13))}",')
        lines["WEEKDAYS"].append(f'    "{language}": "{names(locale.days, range(7))}",')
        lines["IDLE"].append(f'    "{language}": "{idle(locale)}",')
    version = core.get_cldr_version() if hasattr(core, "get_cldr_version") else "45"
    body = "\n".join(f"{name} = {{\n" + "\n".join(rows) + "\n}" for name, rows in lines.items())
    return HEAD.format(version=version) + body + "\n"


if __name__ == "__main__":
    TARGET.write_text(made(), "utf-8")
