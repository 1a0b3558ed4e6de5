"""Who could do what with a system over a period, as rows of a table in the language of a pack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plumbline.answers.governance.period import AccessChange, AccessRecord
from plumbline.report.csv_tables import Row
from plumbline.report.language import Language


def access_rows(access: Iterable[AccessRecord], speech: Language) -> Iterator[Row]:
    """Who, the roles at both ends, and a row a change: when, by whom, from what to what."""
    for person in access:
        who = _who(person.who, speech)
        if not person.changes:
            yield who, person.at_start, person.at_end, None, "", ""
        for change in person.changes:
            yield who, person.at_start, person.at_end, change.at, change.by, change_words(change, speech)


def change_words(change: AccessChange, speech: Language) -> str:
    """``viewer to none, expired``, in the language of the pack."""
    roles = (
        speech.title("cell", role or "no_role", role or "none") for role in (change.before, change.after)
    )
    words = speech.title("cell", "access_change", "{} to {}").format(*roles)
    return f"{words}, {speech.title('cell', 'expired', 'expired')}" if change.expired else words


def _who(who: str, speech: Language) -> str:
    """An address as it is; a token, and signing in as such, in the language of the pack."""
    kind, _, name = who.partition(" ")
    return f"{speech.title('cell', kind, kind)} {name}" if name else speech.title("cell", who, who)
