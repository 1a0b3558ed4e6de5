"""The catalogue of controls, read from ``catalogue.toml`` into frozen dataclasses."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from plumbline.domain import EvidenceKind, PlumblineError, Requirement, Tier
from plumbline.domain.messages import message

FILE = Path(__file__).with_name("catalogue.toml")
LETTERS = {"M": Requirement.MANDATORY, "r": Requirement.RECOMMENDED, "-": Requirement.NOT_ASKED}
ASKED_TIERS = (Tier.LIGHT, Tier.FULL, Tier.REGULATED)
#: What makes a control mandatory in every tier of production, beside its letter.
PULLS = ("share", "personal data")
#: How far a statement goes for a control.
ATTESTED = ("none", "partial", "full")


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold. ``least``: the measured value has to reach it; otherwise it has to stay at or below it."""

    value: float
    least: bool
    light: float | None = None  # the value in tier light, where it differs

    def stricter_value(self, a: float, b: float) -> float:
        """The harder of two values of this limit."""
        return max(a, b) if self.least else min(a, b)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One entry of the catalogue: what is asked, how it is answered, what to do to pass."""

    id: str
    family: str
    title: str
    question: str
    tooltip: str
    rule: str
    requirements: Mapping[Tier, Requirement]
    mandatory_with: tuple[str, ...]  # what makes it mandatory in every tier of production: of PULLS
    evidence: tuple[EvidenceKind, ...]
    attested: str  # none | partial | full
    document: bool  # a statement counts in full only with a link to its document
    limits: Mapping[str, Limit]
    references: tuple[str, ...]
    triggers: tuple[int, ...]
    condition: str  # key of one of the default conditions, or empty
    page: str  # that shows the evidence
    next_action: str
    next_page: str = ""  # where the next action is done, where that is another page


@dataclass(frozen=True, slots=True)
class Trigger:
    """One of the six events that change the answer, by the number and title that customers know."""

    number: int
    key: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """A law or standard that references point to."""

    key: str
    title: str
    unit: str
    as_of: date
    confirmed: bool  # False: the source's own wording was not read for this catalogue
    note: str = ""
    subjects: Mapping[str, str] = field(default_factory=dict)  # article -> what it is about


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All controls in their order, the conditions and triggers they count under, and the frameworks."""

    as_of: date
    families: Mapping[str, str]
    conditions: Mapping[str, str]  # key -> title
    triggers: tuple[Trigger, ...]
    controls: tuple[Control, ...]
    frameworks: Mapping[str, Framework]

    def control(self, control_id: str) -> Control:
        """One control by its id.

        Raises:
            PlumblineError: there is no such control.
        """
        control = next((c for c in self.controls if c.id == control_id), None)
        if control is None:
            raise PlumblineError(
                message("There is no control {control_id}", control_id=repr(control_id)),
                todo="Use an id of the catalogue.",
            )
        return control


@cache
def catalogue() -> Catalogue:
    """The catalogue, read once.

    Raises:
        PlumblineError: the data file is not consistent; names the entry.
    """
    data = tomllib.loads(FILE.read_text("utf-8"))
    frameworks = {
        key: Framework(key=key, subjects=data["subjects"].get(key, {}), **entry)
        for key, entry in data["frameworks"].items()
    }
    catalogue = Catalogue(
        as_of=data["as_of"],
        families=data["families"],
        conditions={entry["key"]: entry["title"] for entry in data["condition"]},
        triggers=tuple(Trigger(**entry) for entry in data["trigger"]),
        controls=tuple(_control(entry) for entry in data["control"]),
        frameworks=frameworks,
    )
    _check(catalogue)
    return catalogue


def limits(control: Control, tier: Tier, tightened: Mapping[str, float] | None = None) -> dict[str, float]:
    """The limits that hold in a tier, with the owner's where they are stricter than the catalogue's."""
    values = {}
    for name, limit in control.limits.items():
        value = limit.light if tier is Tier.LIGHT and limit.light is not None else limit.value
        given = (tightened or {}).get(name)
        values[name] = value if given is None else limit.stricter_value(value, given)
    return values


def check_limits(control_id: str, tightened: Mapping[str, float]) -> None:
    """Refuse an owner's limits that would loosen or switch off a control.

    Raises:
        PlumblineError: an unknown limit, or one looser than the catalogue's.
    """
    control = catalogue().control(control_id)
    for name, given in tightened.items():
        limit = control.limits.get(name)
        if limit is None:
            raise PlumblineError(
                message("{control_id} has no limit {name}", control_id=control_id, name=repr(name)),
                todo=message("It has: {names}.", names=", ".join(control.limits) or "none"),
            )
        loosest = limit.value if limit.light is None else limit.light
        if limit.stricter_value(loosest, given) != given:
            side = "at least" if limit.least else "at most"
            raise PlumblineError(
                message(
                    "{given} would loosen {control_id} ({name})",
                    given=f"{given:g}",
                    control_id=control_id,
                    name=name,
                ),
                todo=message(
                    "A limit can only be tightened: give {side} {loosest}.", side=side, loosest=f"{loosest:g}"
                ),
            )


def _control(entry: dict[str, Any]) -> Control:
    names = ("id", "title", "question", "tooltip", "rule", "page", "next_action")
    missing = [name for name in (*names, "tiers", "evidence", "references", "triggers") if name not in entry]
    if missing:
        raise PlumblineError(
            message(
                "The catalogue's entry {entry} lacks {names}",
                entry=str(entry.get("id")),
                names=", ".join(missing),
            )
        )
    return Control(
        **{name: entry[name] for name in names},
        family=entry["id"].partition("-")[0],
        requirements={
            tier: LETTERS[letter] for tier, letter in zip(ASKED_TIERS, entry["tiers"], strict=True)
        },
        mandatory_with=tuple(entry.get("mandatory_with", ())),
        evidence=tuple(EvidenceKind(kind) for kind in entry["evidence"]),
        attested=entry.get("attested", "none"),
        document=entry.get("document", False),
        limits={name: _limit(limit) for name, limit in entry.get("limits", {}).items()},
        references=tuple(entry["references"]),
        triggers=tuple(entry["triggers"]),
        condition=entry.get("condition", ""),
        next_page=entry.get("next_page", ""),
    )


def _limit(entry: dict[str, float]) -> Limit:
    least = "least" in entry
    return Limit(float(entry["least" if least else "most"]), least, entry.get("light"))


def _check(book: Catalogue) -> None:
    """Whatever the entries point to has to exist."""
    numbers = {trigger.number for trigger in book.triggers}
    ids = [control.id for control in book.controls]
    for control in book.controls:
        wrong = [
            control.family not in book.families,
            ids.count(control.id) > 1,
            bool(set(control.triggers) - numbers),
            control.condition not in ("", *book.conditions),
            control.attested not in ATTESTED,
            bool(set(control.mandatory_with) - set(PULLS)),
            (control.attested != "none") != (EvidenceKind.ATTESTED in control.evidence),
            any(not any(ref.startswith(key) for key in book.frameworks) for ref in control.references),
        ]
        if any(wrong):
            raise PlumblineError(message("The catalogue's entry {id} is not consistent", id=control.id))
