"""Which class people want: as asked, as the owner states, as the names tell, or nobody knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from plumbline.domain import Mapping, PlumblineError, System
from plumbline.domain.messages import message
from plumbline.store import systems
from plumbline.store.workspace import Workspace

#: beginnings of words for what nobody wants of a decision, and for what people want; English and German
ADVERSE = re.compile(
    r"^(fraud|default|reject|refus|deny$|deni|declin|block|delinq|bankrupt|insolv|chargeback|arrear|suspicious|bad$|"
    r"betrug|betrueg|ausfall|ausgefallen|ablehn|abgelehnt|abgewiesen|gesperrt|sperr|zahlungsverzug)"
)
WANTED = re.compile(
    r"^(approv|grant|accept|admit|hire|good$|ok$|okay$|paid$|repaid|cleared?$|pass$|passed$|allow|genuine|legit|"
    r"genehmig|bewillig|angenommen|annahme|zusage|zugelassen|gut$|bezahlt|unauffaellig|freigegeben)"
)
NEGATION = {"no", "not", "non", "never", "nicht", "kein", "keine", "un"}
YES = {"yes", "y", "1", "1.0", "true", "t", "ja", "j", "oui", "si", "positive"}
NO = {"no", "n", "0", "0.0", "false", "f", "nein", "non", "negative"}


@dataclass(frozen=True, slots=True)
class FavourableClass:
    """The class that people are taken to want, and who says so.

    ``assumed``: nobody does; the positive class stands in, so that rates can be shown, and no group is called wronged.
    """

    wanted: str
    source: Literal["asked", "owner", "names", "assumed"]


def reading(system: System, mapping: Mapping | None, asked: str | None = None) -> FavourableClass:
    """How the outcomes of a system are read.

    Raises:
        PlumblineError: the class that was asked for is none of the system's.
    """
    favourable_class = system.settings.favourable
    wanted = asked or favourable_class
    if wanted and system.classes and wanted not in system.classes:
        raise PlumblineError(
            message("{key} has no class {wanted}", key=system.key, wanted=repr(wanted)),
            todo=message("It has: {names}.", names=", ".join(system.classes)),
        )
    if wanted:
        return FavourableClass(wanted, "asked" if asked else "owner")
    columns = [mapping.column_of(role) or "" for role in ("prediction", "label")] if mapping else []
    by_name = class_by_names(system.classes, columns)
    return FavourableClass(by_name, "names") if by_name else FavourableClass(system.positive or "", "assumed")


def reading_of(ws: Workspace, key: str) -> FavourableClass:
    """How a system's outcomes are read where nobody asks for a class."""
    with ws.read() as cursor:
        return reading(systems.get_system(cursor, key), systems.saved_mapping(cursor, key))


def class_by_names(classes: tuple[str, ...], columns: list[str]) -> str:
    """The class that people want, where the names of both classes or of the columns leave no doubt; else empty.

    ``grant`` beside ``refuse`` tells it, and so does yes beside no in columns ``is_fraud``; a column ``default``
    beside one ``approved`` does not.
    """
    if len(classes) != 2:
        return ""
    senses = [_sense(name) for name in classes]
    if None in senses:
        return ""
    if senses[0] != senses[1]:
        return classes[0] if (senses[0] or 0) > (senses[1] or 0) else classes[1]
    if senses != [0, 0]:
        return ""  # both wanted, or neither
    lower = [name.strip().lower() for name in classes]
    yes = [i for i in (0, 1) if lower[i] in YES and lower[1 - i] in NO]
    senses_named = {sense for column in columns if (sense := _sense(column)) != 0}
    if len(yes) != 1 or senses_named not in ({1}, {-1}):
        return ""
    return classes[yes[0]] if senses_named == {1} else classes[1 - yes[0]]


def _sense(name: str) -> int | None:
    """1: what people want; -1: what nobody wants; 0: it does not say; None: it says both."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name[:200])
    words = re.findall(r"[a-z]+", spaced.lower().translate(_UMLAUTS))
    senses = {1 for word in words if WANTED.match(word)} | {-1 for word in words if ADVERSE.match(word)}
    if len(senses) != 1:
        return None if senses else 0
    sense = senses.pop()
    return -sense if NEGATION & set(words) else sense


_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
