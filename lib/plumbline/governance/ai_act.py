"""The AI Act's class of a system and the duties that follow, from ``law.toml``. A helper, not legal advice."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from plumbline.domain import PlumblineError

FILE = Path(__file__).with_name("law.toml")
CLASSES = ("prohibited", "high risk", "transparency", "minimal")  # the gravest first
EXCEPTED = "excepted"  # a use of Annex III that is held not to be high risk has duties of its own
INFRASTRUCTURE = "infrastructure"  # point 2 of Annex III, of which nobody can ask for an explanation
ROLES = {
    "provider": "Provider: it was developed, or put on the market, under our own name",
    "deployer": "Deployer: we use it under our own authority",
}
YES = "yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActQuestion:
    """One question; a yes leads to a class. ``impacts``: context answers that suggest a yes.

    ``since``: from when a prohibition of its own applies, where that is not the class's date.
    """

    key: str
    asks: str
    leads_to: str
    source: str
    impacts: tuple[str, ...] = ()
    point: bool = False  # a use of Annex III: a narrow task may be excepted from it
    decides: bool = False
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One duty, since when it applies, and the controls that answer it.

    ``older``: where a system was on the market before the first day, it applies from the second.
    """

    key: str
    words: str
    classes: tuple[str, ...]
    roles: tuple[str, ...]
    source: str
    controls: tuple[str, ...]
    since: date
    older: tuple[date, date] | None = None
    annex_iii_only: bool = False  # asked of uses of Annex III alone, and not of its point 2


@dataclass(frozen=True, slots=True)
class ActClass:
    """What the answers come to. ``open``: questions of a graver class that are not answered."""

    name: str
    because: tuple[str, ...]  # sources of the answers that decided
    open: tuple[str, ...]
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AiActTable:
    """The data of ``law.toml``."""

    as_of: date
    confirmed: bool
    read: date  # when each entry was read in a copy of its source
    questions: tuple[ActQuestion, ...]
    duties: tuple[Duty, ...]
    annex_i: date
    source: str
    clocks: tuple[Mapping[str, Any], ...]
    criteria: tuple[Mapping[str, Any], ...]
    criteria_needed: int
    criteria_source: str


@cache
def law() -> AiActTable:
    """The data, read once."""
    data = tomllib.loads(FILE.read_text("utf-8"))
    questions = tuple(
        ActQuestion(
            **{k: v for k, v in entry.items() if k != "from"}
            | {"impacts": tuple(entry.get("impacts", ())), "since": entry.get("from")}
        )
        for entry in data["question"]
    )
    duties = tuple(_duty(entry) for entry in data["duty"])
    return AiActTable(
        as_of=data["as_of"],
        confirmed=data["confirmed"],
        read=data["read"],
        questions=questions,
        duties=duties,
        annex_i=data["dates"]["annex_i"],
        source=data["dates"]["source"],
        clocks=tuple(data["clock"]),
        criteria=tuple(data["criterion"]),
        criteria_needed=data["major"]["needed"],
        criteria_source=data["major"]["source"],
    )


def _duty(entry: Mapping[str, Any]) -> Duty:
    older = entry.get("on_market_before")
    return Duty(
        key=entry["key"],
        words=entry["words"],
        classes=tuple(entry["classes"]),
        roles=tuple(entry["roles"]),
        source=entry["source"],
        controls=tuple(entry["controls"]),
        since=entry["from"],
        older=(older["day"], older["from"]) if older else None,
        annex_iii_only=entry.get("annex_iii_only", False),
    )


def classify(answers: Mapping[str, str], role: str) -> ActClass:
    """The class by answers (question key -> yes or no) and the duties of the role.

    A question without an answer leaves the class open: it is named as far as it is known, and what is open is
    listed. A narrow task lifts only the uses of Annex III, not a product's safety component, and nothing where people
    are profiled or nobody says that they are not. Duties of transparency add to those of a graver class.

    Raises:
        PlumblineError: an unknown question, answer or role.
    """
    table = law()
    known = {question.key for question in table.questions}
    wrong = [key for key, value in answers.items() if key not in known or value not in ("", YES, "no")]
    if wrong or role not in ROLES:
        raise PlumblineError(f"{(wrong or [role])[0]!r} is no question, answer or role of the AI Act helper")
    questions = [question for question in table.questions if answers.get(question.key) == YES]
    outside = [question for question in questions if question.decides]
    claimed = any(question.leads_to == "not high risk" for question in questions)
    narrow = claimed and answers.get("profiling") == "no"
    counted = outside or [q for q in questions if q.leads_to in CLASSES and not (narrow and q.point)]
    name = min((q.leads_to for q in counted), key=CLASSES.index, default="minimal")
    because = tuple(q.source for q in counted if q.leads_to == name)
    if not outside and narrow and any(q.point for q in questions) and name != "high risk":
        because += tuple(q.source for q in questions if q.leads_to == "not high risk")
    graver = CLASSES[: CLASSES.index(name)]
    open_ones = (
        ()
        if outside
        else tuple(
            q.key
            for q in table.questions
            if not answers.get(q.key)
            and (
                (q.leads_to in graver and not (narrow and q.point))
                or (claimed and q.leads_to == "no exception")
            )
        )
    )
    product = any(q.key == "safety_component" for q in counted) and not any(q.point for q in counted)
    duties = tuple(
        replace(d, since=max(d.since, table.annex_i)) if product and d.since.year >= 2027 else d
        for d in _duties(
            name, counted, role, excepted=narrow and any(q.point for q in questions) and not outside
        )
    )
    if name == "prohibited":  # of several practices the first to be prohibited counts
        dates = [q.since for q in counted if q.leads_to == name]
        later = min((day for day in dates if day), default=None) if all(dates) else None
        duties = tuple(replace(d, since=later) if later and d.classes == (name,) else d for d in duties)
    return ActClass(name, because, open_ones, duties)


def _duties(name: str, counted: list[ActQuestion], role: str, *, excepted: bool) -> tuple[Duty, ...]:
    """The duties of the class, of transparency beside it, and of a use that is held not to be high risk."""
    classes = {name}
    if name == "high risk" and any(q.leads_to == "transparency" for q in counted):
        classes.add("transparency")
    if excepted:
        classes.add(EXCEPTED)
    uses = any(q.point and q.key != INFRASTRUCTURE for q in counted)
    return tuple(
        duty
        for duty in law().duties
        if classes & set(duty.classes) and role in duty.roles and (uses or not duty.annex_iii_only)
    )


def act_duties(name: str, role: str) -> tuple[Duty, ...]:
    """The duties of a class and role."""
    return tuple(d for d in law().duties if name in d.classes and role in d.roles)


def suggest_answers(impact: str) -> dict[str, str]:
    """The answers that the context's impact suggests, to begin with."""
    return {q.key: YES for q in law().questions if impact in q.impacts}
