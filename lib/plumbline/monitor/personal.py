"""Personal data in free text: e-mail addresses, and bank account numbers whose check digits fit.

What is not recognised here may still be personal; a page says what was looked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

#: share of the values there are that must match, so that one odd cell does not name a column
LEAST_SHARE = 0.01
_EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b")


def personal_data(columns: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The columns in which personal data was recognised, by name.

    Args:
        columns: column -> a sample of its text values, missing ones left out.
    """
    found = []
    for name, values in columns.items():
        hits = sum(bool(_EMAIL.search(value)) or _has_iban(value) for value in values)
        if values and hits >= max(1, LEAST_SHARE * len(values)):
            found.append(name)
    return tuple(sorted(found))


def _has_iban(value: str) -> bool:
    return any(is_iban(found) for found in _IBAN.findall(value.replace(" ", "").upper()))


def is_iban(text: str) -> bool:
    """Whether the check digits fit: ISO 13616, the rearranged number modulo 97 is 1 (ISO 7064)."""
    moved = text[4:] + text[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1
