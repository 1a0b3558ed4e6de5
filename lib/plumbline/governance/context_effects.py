"""What each answer of the context switches on: the tier, and the controls that become mandatory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plumbline.domain import PlumblineError, Requirement, Tier
from plumbline.domain.messages import NOTHING, Message, enumeration, message, sequence, word
from plumbline.governance.catalogue import catalogue
from plumbline.governance.context import (
    BY_KEY,
    HIGH_RISK_IMPACTS,
    NUMBER,
    SHARE_LIMIT,
    TIER_QUESTIONS,
    ContextReading,
    check_answer,
    read_context,
    requirement,
)
from plumbline.governance.facts import Facts
from plumbline.wording.quantities import count, plural, share

#: why the tier is what it is, in words
TIERS = {
    Tier.EXEMPT: message("A sandbox that affects nothing: no control is mandatory."),
    Tier.LIGHT: message("Not critical, no harm, and a person reviews everything: the least is asked."),
    Tier.FULL: message("In production and acted upon: monitoring and governance are mandatory."),
    Tier.REGULATED: message(
        "A regulator, a buyer or a person harmed may ask: explanations and records are mandatory too."
    ),
}


@dataclass(frozen=True, slots=True)
class LawApplicability:
    """Whether a law applies, and why, as far as the answers and the log say."""

    law: Message
    applies: bool | None  # None: not known yet
    because: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What a set of answers comes to."""

    tier: Tier
    because: Message
    mandatory: tuple[str, ...]
    added: tuple[str, ...]  # beyond what the other set of answers makes mandatory
    dropped: tuple[str, ...]
    by_answer: Mapping[str, Message]  # question -> what its answer switches on, in words
    laws: tuple[LawApplicability, ...]


def effects(
    answers: Mapping[str, str], facts: Facts, *, instead_of: Mapping[str, str] | None = None
) -> Effects:
    """What these answers switch on, against another set (by default none answered).

    An answer that cannot be read, as while a number is being typed, is taken as not given.
    """
    given = _valid_answers(answers)
    reading = read_context(given, facts)
    now = mandatory(reading)
    before = mandatory(read_context(_valid_answers(instead_of or {}), facts))
    return Effects(
        tier=reading.tier,
        because=TIERS[reading.tier],
        mandatory=now,
        added=tuple(i for i in now if i not in before),
        dropped=tuple(i for i in before if i not in now),
        by_answer={question.key: _switches(question.key, given, facts) for question in TIER_QUESTIONS}
        | {"interactions_per_month": _share_sentence(reading)},
        laws=laws(given, facts),
    )


def mandatory(reading: ContextReading) -> tuple[str, ...]:
    """The controls that are mandatory under a reading."""
    return tuple(c.id for c in catalogue().controls if requirement(c, reading) is Requirement.MANDATORY)


def laws(answers: Mapping[str, str], facts: Facts) -> tuple[LawApplicability, ...]:
    """Which laws apply. An indication from the answers, not legal advice."""
    dora = {"yes": True, "no": False}.get(answers.get("financial_entity", ""))
    dora_words = {
        True: message("a financial entity is involved, as stated: major incidents run on its clock."),
        False: message("no financial entity is involved, as stated."),
        None: message("whether a financial entity is involved is open."),
    }
    personal = sorted({*(facts.personal_detected or ()), *facts.personal_declared})
    gdpr: bool | None = True if personal else False if facts.personal_detected is not None else None
    if (
        gdpr is False and answers.get("impact") in HIGH_RISK_IMPACTS
    ):  # they decide about people, whatever is logged
        gdpr = None
    gdpr_words = {
        True: message("the log holds personal data ({columns}).", columns=enumeration(personal[:3])),
        False: message("no personal data was found or declared."),
        None: message("the decisions may concern people; declare the personal data of the log."),
    }
    known = facts.ai_act_class
    act = message("its class is not worked out yet; until then it is read from its impact.")
    buyers = {"yes": True, "no": False}.get(answers.get("regulated_buyers", ""))
    buyers_words = {
        True: message("buyers ask for vendor security reviews, as stated: they ask for this by name."),
        False: message("no buyer asks for vendor security reviews, as stated."),
        None: message("whether buyers ask for vendor security reviews is open."),
    }
    return (
        LawApplicability(word("GDPR"), gdpr, gdpr_words[gdpr]),
        LawApplicability(
            word("AI Act"),
            None if known is None else known != "minimal",
            message("its class is {known}.", known=known) if known else act,
        ),
        LawApplicability(word("DORA"), dora, dora_words[dora]),
        LawApplicability(word("ISO 27001 and SOC 2"), buyers, buyers_words[buyers]),
    )


def _valid_answers(answers: Mapping[str, str]) -> dict[str, str]:
    given = {}
    for key, value in answers.items():
        try:
            text = check_answer(key, value)
        except PlumblineError:
            continue
        if text:
            given[key] = text
    return given


def _switches(key: str, given: Mapping[str, str], facts: Facts) -> Message:
    """What one answer makes mandatory that the mildest other answer would not, all else as it is."""
    now = read_context(given, facts)
    answer = given.get(key, "")
    others = [value for value in BY_KEY[key].values if value not in (NUMBER, answer)]
    fewest: tuple[str, ...] | None = None
    mildest = ""
    for value in others:
        there = mandatory(read_context({**given, key: value}, facts))
        if fewest is None or len(there) < len(fewest):
            fewest, mildest = there, value
    more = [i for i in mandatory(now) if i not in (fewest or ())]
    if not more:
        strict = answer in ("", BY_KEY[key].strictest)
        same = message("As the rest stands, no other answer here makes fewer controls mandatory.")
        return same if strict else NOTHING
    shown: Message = sequence(more[:6], ", ")
    if len(more) > 6:
        shown = message(
            "{most} and {last}", most=shown, last=message("{count} more", count=count(len(more) - 6))
        )
    controls = plural(len(more), "control")
    if answer:
        return message(
            "This answer makes {controls} mandatory that '{other}' would not: {names}.",
            controls=controls,
            other=mildest,
            names=shown,
        )
    return message(
        "Read as '{strictest}' while open: it makes {controls} mandatory that '{other}' would not: {names}.",
        strictest=BY_KEY[key].strictest,
        controls=controls,
        other=mildest,
        names=shown,
    )


def _share_sentence(reading: ContextReading) -> Message:
    if reading.tier is Tier.EXEMPT:
        return NOTHING
    limit = share(SHARE_LIMIT)
    if reading.share is None or reading.share_together is None:
        return message(
            "Unknown, and read as above {limit}: monitoring and rollback are mandatory.", limit=limit
        )
    words = message("The log's decisions are {share} of these", share=share(reading.share))
    if reading.share_together > reading.share:
        together = share(reading.share_together)
        words = message("{words}, {share} with the other systems in production", words=words, share=together)
    if reading.share_together > SHARE_LIMIT:
        return message(
            "{words}, above {limit}: monitoring and rollback are mandatory whatever else is said.",
            words=words,
            limit=limit,
        )
    return message(
        "{words}, not above {limit}: it adds nothing. {n} controls are mandatory.",
        words=words,
        limit=limit,
        n=count(len(mandatory(reading))),
    )
