"""What is told of the calendar in a log's columns: days of the week, and names of columns that a time was cut into."""

from __future__ import annotations

import re

from plumbline.logs.mapping.column_facts import ColumnFacts
from plumbline.logs.mapping.role_names import normalise
from plumbline.logs.values.calendar_names import MONTHS, WEEKDAYS

#: names of columns that hold a part of a time
CALENDAR = re.compile(
    r"(^|_)(year|half|halfyear|halbjahr|semester|month|week|weekday|day|dow|doy|quarter|season|hour|jahr|monat|woche|wochentag|tag|quartal|saison|stunde|annee|"
    r"mois|semaine|jour|trimestre|heure|ano|mes|semana|dia|anno|mese|settimana|giorno|jaar|maand|rok|miesiac|tydzien|dzien)(_|$)"
    r"|dayofweek|weekofyear|monthofyear|dayofyear"
)
_WEEKDAY_NAME = re.compile(
    r"(^|_)(weekday|dow|wochentag|weekdag|veckodag|jour_semaine|dia_semana)(_|$)|day_?of_?week|dayofweek"
)
_WEEKDAYS = frozenset(w for days in WEEKDAYS.values() for w in days.replace(",", " ").split())
_MONTHS = frozenset(w for months in MONTHS.values() for w in months.replace(",", " ").split())


def is_calendar_column(column: ColumnFacts) -> bool:
    """Whether a column holds days of the week or months, by their names or by its own and small whole numbers."""
    words = {level.lower().rstrip(".") for level in column.levels}
    if not words or column.distinct > 12:
        return False
    if len(words) >= 3 and (words <= _WEEKDAYS or words <= _MONTHS):
        return True
    named = bool(_WEEKDAY_NAME.search(normalise(column.name)))
    return named and (words <= _WEEKDAYS or (column.numeric and column.is_whole and column.distinct <= 8))
