"""The four default conditions and the six triggers, from the statuses of their controls."""

from __future__ import annotations

from collections.abc import Sequence

from plumbline.domain import Condition, ControlResult, Requirement, Status, Tier
from plumbline.domain.messages import Day, Message, enumeration, message, sequence, word
from plumbline.governance.catalogue import catalogue
from plumbline.governance.context import IMPACT_WORDS, TIER_WORDS, ContextReading
from plumbline.wording.quantities import count

GATE = "affects_outcomes"
MET, FAILED, OPEN, CLEARED, NOT_APPLICABLE = "met", "fail", "open", "cleared", "not applicable"


def default_conditions(results: Sequence[ControlResult], reading: ContextReading) -> tuple[Condition, ...]:
    """The gate from the context, the other three from their families.

    Met (bad): a mandatory control of the family fails, or none of them passes. Open: some are unknown,
    partial or exempt. Cleared: all pass. Not applicable: none of them is mandatory.
    """
    conditions = [gate(reading)]
    for key, title in catalogue().conditions.items():
        if key == GATE:
            continue
        ids = {control.id for control in catalogue().controls if control.condition == key}
        state, sentence = _state([r for r in results if r.id in ids], MET)
        mine = tuple(r.id for r in results if r.id in ids)
        conditions.append(Condition(key=key, title=title, state=state, controls=mine, sentence=sentence))
    return tuple(conditions)


def triggers(results: Sequence[ControlResult]) -> tuple[Condition, ...]:
    """The six triggers, counted as the conditions are.

    Not applicable where the context makes none of its controls mandatory; open where all are exempt.
    """
    triggers_met = []
    for trigger in catalogue().triggers:
        ids = {control.id for control in catalogue().controls if trigger.number in control.triggers}
        mine = [r for r in results if r.id in ids]
        state, sentence = _state(mine, FAILED)
        triggers_met.append(
            Condition(
                key=trigger.key,
                title=trigger.title,
                state=state,
                controls=tuple(r.id for r in mine),
                sentence=sentence,
                number=trigger.number,
            )
        )
    return tuple(triggers_met)


def gate(reading: ContextReading) -> Condition:
    """Condition 1: whether it affects business outcomes, as the context says."""
    title = catalogue().conditions[GATE]
    if reading.tier is Tier.EXEMPT:
        sentence = message("A sandbox that affects nothing, as stated; nothing in the log contradicts it.")
        return Condition(key=GATE, title=title, state=CLEARED, controls=(), sentence=sentence)
    if reading.open:
        open_ones = len(set(reading.unanswered) - {"exemption"})
        sentence = message(
            "Not settled: unanswered questions about its use: {questions}. Read as {tier}.",
            questions=count(open_ones),
            tier=TIER_WORDS[reading.tier],
        )
        return Condition(key=GATE, title=title, state=OPEN, controls=(), sentence=sentence)
    impact = reading.answers["impact"]
    return Condition(
        key=GATE,
        title=title,
        state=MET,
        controls=(),
        sentence=message(
            "{impact:capital}, tier {tier}.", impact=IMPACT_WORDS[impact], tier=TIER_WORDS[reading.tier]
        ),
    )


def _state(results: list[ControlResult], bad: str) -> tuple[str, Message]:
    """One state for a group of controls, and the sentence that gives the controls behind it."""
    control_results = [r for r in results if r.requirement is Requirement.MANDATORY]
    if not control_results:
        return NOT_APPLICABLE, message("None of its controls is mandatory here.")

    def ids_by_status(*statuses: Status) -> list[str]:
        return [r.id for r in control_results if r.status in statuses]

    failing, passing = ids_by_status(Status.FAIL), ids_by_status(Status.PASS)
    exempt = ids_by_status(Status.EXEMPT)
    parts = [
        message(
            "{passing} of {all} mandatory controls pass",
            passing=count(len(passing)),
            all=count(len(control_results)),
        )
    ]
    for words, ids in (
        (word("fails"), failing),
        (word("unknown"), ids_by_status(Status.UNKNOWN)),
        (word("partial"), ids_by_status(Status.PARTIAL)),
    ):
        if ids:
            parts.append(message("{state}: {controls}", state=words, controls=enumeration(ids)))
    ends = sorted(
        {r.evidence.until for r in control_results if r.status is Status.EXEMPT and r.evidence.until}
    )
    if exempt:
        until = Day(ends[0]) if ends else word("a date")
        parts.append(message("exempt until {day}: {controls}", day=until, controls=enumeration(exempt)))
    sentence = message("{parts}.", parts=sequence(parts, "; "))
    if failing:
        return bad, sentence
    if not passing and not (bad == FAILED and len(exempt) == len(control_results)):
        return bad, sentence
    return (CLEARED if len(passing) == len(control_results) else OPEN), sentence
