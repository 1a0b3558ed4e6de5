"""From evidence, statements and exemptions to the one status of a control.

Measured outvotes probed, probed outvotes attested; what is outvoted is shown as a contradiction. A statement
fills a gap only where the catalogue accepts one, and only until it expires. An exemption covers what does not
pass, until its date. The day after, both are as if they had never been.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from plumbline.domain import Attestation, Evidence, EvidenceKind, Exemption, Status
from plumbline.domain.messages import NOTHING, Day, Message, message, sequence, word
from plumbline.governance.catalogue import Control

#: From best to worst, as far as a single answer goes.
RANK = {Status.PASS: 0, Status.PARTIAL: 1, Status.UNKNOWN: 2, Status.FAIL: 3}
STRONG = (EvidenceKind.MEASURED, EvidenceKind.PROBED)
STATUS_WORDS = {
    Status.PASS: word("pass"),
    Status.PARTIAL: word("partial"),
    Status.FAIL: word("fail"),
    Status.UNKNOWN: word("unknown"),
    Status.EXEMPT: word("exempt"),
    Status.NOT_APPLICABLE: word("not applicable"),
}


@dataclass(frozen=True, slots=True)
class ResolvedEvidence:
    """One control's evidence after every claim was heard."""

    evidence: Evidence
    contradiction: Message = NOTHING


def last_day(statement: Attestation) -> date:
    """The last day a statement holds: its own expiry, and twelve months at most."""
    return min(statement.expires, add_year(statement.at))


def exemption_end(exemption: Exemption, commercial_from: date | None = None) -> date:
    """The last day an exemption holds: its own end, twelve months at most, and never into commercial use."""
    ends = min(exemption.until, add_year(exemption.at))
    return ends if commercial_from is None else min(ends, commercial_from - timedelta(days=1))


def add_year(at: date) -> date:
    """The same day of the next year; 28 February for a leap day."""
    return date(at.year + 1, 2, 28) if (at.month, at.day) == (2, 29) else at.replace(year=at.year + 1)


def needs_approval(statement: Attestation | Exemption) -> bool:
    """Whether a second person has yet to approve it; to say that a control does not hold, one is enough."""
    if isinstance(statement, Exemption):
        return not (statement.proposer and statement.approver)
    return not statement.approved_by and statement.status is not Status.FAIL


def requester(exemption: Exemption) -> str:
    """Who wants a control exempted: who proposed it, or who alone granted it."""
    return exemption.proposer or exemption.approver


def resolve(
    control: Control,
    evidence: Evidence,
    attestations: Iterable[Attestation],
    exemptions: Iterable[Exemption],
    today: date,
    *,
    four_eyes: bool = False,
    commercial_from: date | None = None,
) -> ResolvedEvidence:
    """Combine what was found with what is claimed about one control of one system.

    Args:
        control: the catalogue's entry.
        evidence: what log and workspace show.
        attestations: of this system, any control, any date; the newest one counts, and of one day the first
            in the list (the workspace gives the newest first).
        exemptions: likewise.
        today: the day it is asked for.
        commercial_from: the day from which the system is in commercial use; exemptions end before it.
        four_eyes: a claim that it holds, or an exemption, counts only once a second person approved it.
    """
    mine = [a for a in attestations if a.control == control.id and a.at <= today]
    waiting = [a for a in mine if four_eyes and needs_approval(a) and today <= last_day(a)]
    heard = _resolve_claim(
        control, evidence, [a for a in mine if not (four_eyes and needs_approval(a))], today
    )
    if waiting and heard.evidence.status is not Status.PASS and control.attested != "none":
        note = message(
            "A statement by {who} ({day}) waits for a second person's approval.",
            who=waiting[0].owner,
            day=Day(waiting[0].at),
        )
        heard = replace(heard, evidence=_add(heard.evidence, note))
    given = [
        replace(e, until=exemption_end(e, commercial_from))
        for e in exemptions
        if e.control == control.id and e.at <= today
    ]
    given, bare = [e for e in given if e.link], [e for e in given if not e.link and today <= e.until]
    approved = [e for e in given if e.approver and not (four_eyes and needs_approval(e))]
    exemption = max(approved, key=lambda e: e.at, default=None)
    if heard.evidence.status is Status.PASS:
        return heard
    if bare and (exemption is None or today > exemption.until):
        note = message("An exemption of {day} names no document, and so does not count.", day=Day(bare[0].at))
        heard = replace(heard, evidence=_add(heard.evidence, note))
    open_ones = [e for e in given if e not in approved and today <= e.until]
    if open_ones and (exemption is None or today > exemption.until):
        note = message(
            "An exemption asked for by {who} ({day}) waits for a second person's approval.",
            who=requester(open_ones[0]),
            day=Day(open_ones[0].at),
        )
        heard = replace(heard, evidence=_add(heard.evidence, note))
    if exemption is None:
        return heard
    if today <= exemption.until:
        return replace(heard, evidence=_exempt(heard.evidence, exemption))
    ended = message("The exemption ended on {day}.", day=Day(exemption.until))
    return replace(heard, evidence=_add(heard.evidence, ended))


def _resolve_claim(
    control: Control, evidence: Evidence, mine: list[Attestation], today: date
) -> ResolvedEvidence:
    claim = max(mine, key=lambda a: a.at, default=None)
    if claim is None:
        return ResolvedEvidence(evidence)
    decided = evidence.kind in STRONG and evidence.status is not Status.UNKNOWN
    if today > last_day(claim):
        if decided or control.attested == "none":
            return ResolvedEvidence(evidence)
        expired = message(
            "The statement by {who} expired on {day}.", who=claim.owner, day=Day(last_day(claim))
        )
        return ResolvedEvidence(_add(evidence, expired))
    if decided:
        return ResolvedEvidence(evidence, _contradiction(control, claim, evidence))
    if control.attested == "none":
        note = message(
            "{who} states {status}, but this control counts only what is shown.",
            who=claim.owner,
            status=STATUS_WORDS[claim.status],
        )
        return ResolvedEvidence(_add(evidence, note))
    return ResolvedEvidence(_attested_evidence(control, claim, evidence))


def _attested_evidence(control: Control, claim: Attestation, evidence: Evidence) -> Evidence:
    status = claim.status if claim.status in RANK else Status.UNKNOWN
    limited = control.attested == "partial" or (control.document and not (claim.link or claim.evidence))
    if limited and status is Status.PASS:
        status = Status.PARTIAL
    sentence = message(
        "{who} states: {statement} ({day}, holds until {until}).",
        who=claim.owner,
        statement=claim.statement.strip().rstrip("."),
        day=Day(claim.at),
        until=Day(last_day(claim)),
    )
    if control.attested == "partial":
        sentence = sequence([sentence, message("A statement alone is partial."), evidence.sentence])
    elif limited:
        sentence = sequence([sentence, message("The link to the document is missing.")])
    elif evidence.kind is EvidenceKind.PROBED:
        sentence = sequence([sentence, evidence.sentence])
    return Evidence(
        status=status,
        kind=EvidenceKind.ATTESTED,
        sentence=sentence,
        page=evidence.page,
        until=last_day(claim),
        by=claim.owner,
    )


def _contradiction(control: Control, claim: Attestation, evidence: Evidence) -> Message:
    """What a stronger kind of evidence outvotes; nothing when both say the same."""
    if claim.status is evidence.status:
        return NOTHING
    values = {
        "control": control.id,
        "who": claim.owner,
        "claimed": STATUS_WORDS[claim.status],
        "day": Day(claim.at),
        "status": STATUS_WORDS[evidence.status],
        "evidence": evidence.sentence,
    }
    if evidence.kind is EvidenceKind.MEASURED:
        return message(
            "{control}: {who} states {claimed} ({day}), but the log shows {status}: {evidence}", **values
        )
    return message(
        "{control}: {who} states {claimed} ({day}), but what was found shows {status}: {evidence}", **values
    )


def _exempt(without: Evidence, exemption: Exemption) -> Evidence:
    values = {
        "day": Day(exemption.until),
        "approver": exemption.approver,
        "reason": exemption.reason.strip().rstrip("."),
    }
    exempt = message("Exempt until {day} (approved by {approver}: {reason}).", **values)
    if exemption.proposer:
        exempt = message(
            "Exempt until {day} (asked for by {proposer}, approved by {approver}: {reason}).",
            **values,
            proposer=exemption.proposer,
        )
    otherwise = message("Without it: {status}.", status=STATUS_WORDS[without.status])
    sentence = sequence([exempt, otherwise, without.sentence])
    return replace(
        without, status=Status.EXEMPT, sentence=sentence, until=exemption.until, by=exemption.approver
    )


def _add(evidence: Evidence, note: Message) -> Evidence:
    return replace(evidence, sentence=sequence([evidence.sentence, note]))
