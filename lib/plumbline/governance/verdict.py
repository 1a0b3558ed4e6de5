"""The verdict and the scorecard: what all controls of one system add up to, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plumbline.domain import (
    Attestation,
    Condition,
    ControlResult,
    Evidence,
    EvidenceKind,
    Exemption,
    Requirement,
    Scorecard,
    Status,
    Tier,
    Verdict,
)
from plumbline.domain.messages import NOTHING, Day, Message, Title, enumeration, message, sequence
from plumbline.governance.catalogue import Control, catalogue, limits
from plumbline.governance.conditions import MET, default_conditions, triggers
from plumbline.governance.context import (
    SHARE_LIMIT,
    TIER_QUESTIONS,
    ContextReading,
    reach_sentence,
    read_context,
    requirement,
)
from plumbline.governance.evidence.people import AUDIT_FRAMEWORKS
from plumbline.governance.evidence.rules import gather
from plumbline.governance.facts import Facts
from plumbline.governance.frameworks import limit_by_gaps
from plumbline.governance.resolution import STATUS_WORDS, resolve
from plumbline.wording.quantities import count, plural, share

#: Observability, drift handling and automated retraining: for MATURE they pass by evidence, not by statement.
MATURE_BY_EVIDENCE = frozenset(("MON-1", "MON-2", "MON-3", "MON-4", "MON-5", "MON-6", "MON-7"))
MATURE_SHARE = 0.9
#: From best to worst.
ORDER = (
    Verdict.EXEMPT, Verdict.MATURE, Verdict.MANAGED, Verdict.EXPOSED, Verdict.NOT_YET_JUDGED, Verdict.LIABILITY,
)  # fmt: skip
#: What the log proves to go wrong, whatever the system is for.
BREACHES = frozenset(("MON-4", "MON-5", "REL-5", "REL-8", "FAIR-1"))
#: judged after all others, by what they leave open
AUDIT_MAP = "CMP-6"
#: Worst first, for reasons and next actions.
URGENCY = (Status.FAIL, Status.UNKNOWN, Status.PARTIAL)


def scorecard(
    system: str,
    facts: Facts,
    context: Mapping[str, str],
    attestations: Iterable[Attestation],
    exemptions: Iterable[Exemption],
    at: datetime,
    at_stake: Mapping[str, Any] | None = None,
    *,
    tightened: Mapping[str, Mapping[str, float]] | None = None,
    four_eyes: bool = False,
    alone: Collection[str] = (),
) -> Scorecard:
    """Answer every control for one system and say what that adds up to.

    Args:
        system: its key.
        facts: what was measured and probed.
        context: answers by question key; an absent or empty one is unanswered.
        attestations: all of the system's, any date.
        exemptions: all of the system's, any date.
        at: the moment of the scorecard, with a zone; its day decides what has expired.
        at_stake: the money at stake, passed through.
        tightened: the owner's stricter limits, control -> limit -> value; looser ones have no effect.
        four_eyes: attestations count only once a second person approved them.
        alone: questions whose answer one person alone has given so far.

    Raises:
        PlumblineError: a context answer that is none of the question's values.
    """
    reading = read_context(context, facts, alone)
    statements_all, freed = tuple(attestations), tuple(exemptions)
    claims = _Claims(attestations=statements_all, exemptions=freed, four_eyes=four_eyes)
    results: tuple[ControlResult, ...] = ()
    for control in catalogue().controls:
        if control.id == AUDIT_MAP:
            continue
        given = {key: value for key, value in reading.answers.items() if key not in reading.unanswered}
        in_force = limits(control, reading.tier, (tightened or {}).get(control.id))
        evidence = gather(control, facts, in_force, given, at.date())
        results += (_answer(control, evidence, facts, reading, claims, at),)
    results = _add_audit_map(results, facts, reading, claims, at)
    conditions = default_conditions(results, reading)
    contradictions = (*reading.contradictions, *(r.contradiction for r in results if r.contradiction))
    verdict = decide(results, reading, conditions, facts)
    return Scorecard(
        system=system,
        at=at,
        tier=reading.tier,
        verdict=verdict,
        reasons=_reasons(verdict, results, reading, conditions, facts, contradictions, at),
        conditions=conditions,
        triggers=triggers(results),
        controls=results,
        contradictions=contradictions,
        at_stake=dict(at_stake or {}),
        context_complete=not set(reading.unanswered) - {"exemption"},
        waiting=reading.waiting,
    )


def decide(
    results: Sequence[ControlResult], reading: ContextReading, conditions: Sequence[Condition], facts: Facts
) -> Verdict:
    """The first verdict that fits, from the table of verdicts."""
    if reading.purpose_unknown:
        return Verdict.NOT_YET_JUDGED
    if reading.tier is Tier.EXEMPT:
        return Verdict.EXEMPT
    if reading.sandbox and not facts.decisions:
        return Verdict.NOT_YET_JUDGED
    mandatory = [r for r in results if r.requirement is Requirement.MANDATORY]
    statuses = {r.status for r in mandatory}
    bad = any(condition.state == MET for condition in conditions[1:])
    if bad or Status.FAIL in statuses or not facts.decisions:
        return Verdict.LIABILITY
    if reading.open or statuses - {Status.PASS, Status.EXEMPT}:
        return Verdict.EXPOSED
    return Verdict.MATURE if not _maturity_gaps(results) else Verdict.MANAGED


def breaches(results: Iterable[ControlResult]) -> list[ControlResult]:
    """What the log itself proves to go wrong: the part of a verdict that waits for no answer."""
    return [
        r
        for r in results
        if r.id in BREACHES and r.status is Status.FAIL and r.evidence.kind is EvidenceKind.MEASURED
    ]


def pipeline_verdict(card: Scorecard) -> Verdict:
    """The verdict that a pipeline is stopped by: a breach is one, though nobody has said what the system is for."""
    waits = card.verdict is Verdict.NOT_YET_JUDGED
    return Verdict.LIABILITY if waits and breaches(card.controls) else card.verdict


def is_as_bad_as(verdict: Verdict, limit: Verdict) -> bool:
    """Whether a verdict is as bad as the limit, or worse. EXEMPT is as bad as nothing but itself."""
    return ORDER.index(verdict) >= ORDER.index(limit)


#: what harms comes first, in this order: people wronged, then what costs money, then what nobody can trust or explain
LEADING = ("FAIR-1", "MON-4", "REL-5", "REL-8", "AUD-1", "EXP-1")
#: of these, what the log itself shows is said first even where the control is only recommended
HARMS = frozenset(("FAIR-1", "MON-4", "REL-5", "REL-8"))


def rank_open_controls(results: Sequence[ControlResult]) -> list[ControlResult]:
    """Asked controls that do not pass, worst first.

    Mandatory before recommended; fail, then unknown, then partial; what already hurts (LEADING) before all
    others of its kind; then the order of the catalogue.
    """
    control_results = [
        r for r in results if r.status in URGENCY and r.requirement is not Requirement.NOT_ASKED
    ]
    return sorted(
        control_results,
        key=lambda r: (
            r.requirement is not Requirement.MANDATORY,
            URGENCY.index(r.status),
            LEADING.index(r.id) if r.id in LEADING else len(LEADING),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Claims:
    """What people claim of a system, and whether that takes two of them."""

    attestations: tuple[Attestation, ...]
    exemptions: tuple[Exemption, ...]
    four_eyes: bool


def _add_audit_map(
    results: tuple[ControlResult, ...], facts: Facts, reading: ContextReading, claims: _Claims, at: datetime
) -> tuple[ControlResult, ...]:
    """The results with the control that asks whether the others answer an audit, in the catalogue's order."""
    control = catalogue().control(AUDIT_MAP)
    evidence = gather(control, facts, {}, {}, at.date())
    evidence = limit_by_gaps(evidence, results, AUDIT_FRAMEWORKS)
    mapped = _answer(control, evidence, facts, reading, claims, at)
    order = {item.id: place for place, item in enumerate(catalogue().controls)}
    return tuple(sorted((*results, mapped), key=lambda result: order[result.id]))


def _answer(
    control: Control, found: Evidence, facts: Facts, reading: ContextReading, claims: _Claims, at: datetime
) -> ControlResult:
    asked = requirement(control, reading)
    resolved = resolve(
        control,
        found,
        claims.attestations,
        claims.exemptions,
        at.date(),
        four_eyes=claims.four_eyes,
        commercial_from=facts.commercial_from,
    )
    status = resolved.evidence.status if asked is not Requirement.NOT_ASKED else Status.NOT_APPLICABLE
    return ControlResult(
        id=control.id,
        title=control.title,
        question=control.question,
        family=control.family,
        requirement=asked,
        status=status,
        evidence=resolved.evidence,
        contradiction=resolved.contradiction if asked is not Requirement.NOT_ASKED else NOTHING,
        references=control.references,
        next_action="" if status in (Status.PASS, Status.NOT_APPLICABLE) else control.next_action,
    )


def _maturity_gaps(results: Sequence[ControlResult]) -> list[Message]:
    """What keeps a system without open mandatory controls from MATURE, in words; empty when nothing does."""
    short = []
    exempt = [r.id for r in results if r.status is Status.EXEMPT and r.requirement is Requirement.MANDATORY]
    if exempt:
        short.append(message("{controls} exempt", controls=enumeration(exempt)))
    evident = (EvidenceKind.MEASURED, EvidenceKind.PROBED)
    unproven = [
        r.id
        for r in results
        if r.id in MATURE_BY_EVIDENCE and not (r.status is Status.PASS and r.evidence.kind in evident)
    ]
    if unproven:
        short.append(message("{controls} not proven by evidence", controls=enumeration(unproven)))
    recommended = [r for r in results if r.requirement is Requirement.RECOMMENDED]
    passing = sum(r.status is Status.PASS for r in recommended)
    if recommended and passing / len(recommended) < MATURE_SHARE:
        short.append(
            message(
                "{passing} of {all} recommended controls pass, 90 % needed",
                passing=count(passing),
                all=count(len(recommended)),
            )
        )
    return short


def _reasons(
    verdict: Verdict,
    results: Sequence[ControlResult],
    reading: ContextReading,
    conditions: Sequence[Condition],
    facts: Facts,
    contradictions: tuple[Message, ...],
    at: datetime,
) -> tuple[Message, ...]:
    """Why, by harm: contradictions, no decisions, people wronged, money lost, what else fails, what was assumed."""
    if verdict is Verdict.EXEMPT:
        return (sequence([_exempt(at), _sandbox_share_note(reading.share)]),)
    if verdict is Verdict.NOT_YET_JUDGED:
        return _unjudged_reasons(results, reading, facts)
    reasons = list(contradictions)
    if not facts.decisions:
        reasons.append(message("There is no log: no decision is loaded, so nothing can be shown."))
    mandatory = [r for r in results if r.requirement is Requirement.MANDATORY]
    harms = [r for r in rank_open_controls(results) if r.id in HARMS and r.status is Status.FAIL]
    reasons += [verdict_reason(r) for r in sorted(harms, key=lambda r: LEADING.index(r.id))]
    open_ones = [r for r in rank_open_controls(mandatory) if r not in harms]
    reasons += [verdict_reason(r) for r in open_ones if r.status is Status.FAIL]
    reasons += _left_out(facts)
    reasons += [
        message("{title}: {sentence}", title=Title("condition", c.key, c.title), sentence=c.sentence)
        for c in conditions[1:]
        if c.state == MET and not any(r.status is Status.FAIL for r in mandatory if r.id in c.controls)
    ]
    reasons += [verdict_reason(r) for r in open_ones if r.status is not Status.FAIL]
    reasons += [verdict_reason(r) for r in mandatory if r.status is Status.EXEMPT]
    reasons += reading.notes
    if verdict in (Verdict.MANAGED, Verdict.MATURE):
        reasons.append(_compliant_reasons(verdict, mandatory, _maturity_gaps(results)))
    if reading.share_together is not None and reading.share_together > SHARE_LIMIT:
        mandatory_by_share = message("Monitoring and rollback are mandatory.")
        reasons.append(sequence([reach_sentence(reading, facts), mandatory_by_share]))
    return tuple(reasons)


def _unjudged_reasons(
    results: Sequence[ControlResult], reading: ContextReading, facts: Facts
) -> tuple[Message, ...]:
    """What is known before the verdict: what the log proves to go wrong, then what the verdict waits for."""
    reasons = [verdict_reason(r) for r in rank_open_controls(breaches(results))]
    if reading.purpose_unknown:
        reasons.append(
            message(
                "Nobody has said what this system is for: the verdict waits for {questions}.",
                questions=plural(len(TIER_QUESTIONS) + 1, "context question"),
            )
        )
    if not facts.decisions:
        reasons.append(message("There is no log: no decision is loaded, so nothing can be shown."))
    return (*reasons, *_left_out(facts))


def quarantine_reason(facts: Facts) -> Message:
    """How many of the rows read could not be loaded, so that no figure counts them; empty without any."""
    waiting = facts.rows_quarantined
    if not waiting:
        return NOTHING
    read = max(facts.rows_read or 0, waiting)
    return message(
        "{rows} of the {read} rows read ({share}) could not be loaded: no figure here counts what is in "
        "quarantine.",
        rows=count(waiting),
        read=count(read),
        share=share(waiting / read),
    )


def _left_out(facts: Facts) -> list[Message]:
    return [reason] if (reason := quarantine_reason(facts)) else []


def _exempt(at: datetime) -> Message:
    return message("Exempt as of {day}: a sandbox that affects nothing, as stated.", day=Day(at))


def _sandbox_share_note(reach: float | None) -> Message:
    if reach is None:
        return message("Nothing in the log contradicts it; its share of customer interactions is not known.")
    return message(
        "Nothing in the log contradicts it; it is {share} of customer interactions, below the boundary of 10 %.",
        share=share(reach),
    )


@dataclass(frozen=True, slots=True)
class ControlReason:
    """A control as a reason of the verdict, in its parts."""

    control: str
    status: str
    evidence: str


def control_reason(reason: str) -> ControlReason | None:
    """The parts of a reason that ``verdict_reason`` made; None where it is another one, or only its text was kept."""
    if not isinstance(reason, Message) or reason.template != _REASON_FORM:
        return None
    return ControlReason(reason.values["control"], str(reason.values["status"]), reason.values["evidence"])


_REASON_FORM = "{control} {title}: {status}. {evidence}"


def verdict_reason(result: ControlResult) -> Message:
    """A control as a reason of the verdict: its title and status, then its evidence."""
    return message(
        "{control} {title}: {status}. {evidence}",
        control=result.id,
        title=Title("control", result.id, result.title),
        status=STATUS_WORDS[result.status],
        evidence=result.evidence.sentence,
    )


def _compliant_reasons(verdict: Verdict, mandatory: Sequence[ControlResult], short: list[Message]) -> Message:
    passing = count(sum(r.status is Status.PASS for r in mandatory))
    controls = plural(len(mandatory), "mandatory control")
    if verdict is Verdict.MATURE:
        return message(
            "{passing} of {controls} pass, monitoring and retraining by evidence.",
            passing=passing,
            controls=controls,
        )
    tally = message("{passing} of {controls} pass.", passing=passing, controls=controls)
    return sequence([tally, message("Not yet MATURE: {parts}.", parts=sequence(short, "; "))])
