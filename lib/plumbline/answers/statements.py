"""What people state about a system: reading it for a form, and recording it with its signature."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from plumbline.answers.signer import signer
from plumbline.domain import Attestation, Exemption, PlumblineError, System
from plumbline.domain.acts import Act
from plumbline.domain.messages import Day, message
from plumbline.governance.catalogue import check_limits
from plumbline.governance.resolution import (
    add_year,
    exemption_end,
    last_day,
    needs_approval,
    requester,
)
from plumbline.store import statements as promises
from plumbline.store import systems, trail
from plumbline.store.backup import register_digest
from plumbline.store.workspace import Cursor, Workspace

LARGEST_FILE = 5_000_000  # bytes of a file kept with a statement
REMIND_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """Everything stated about one system."""

    system: System
    context: dict[str, str]
    signatures: dict[str, tuple[str, datetime]]
    alone: dict[str, str]  # questions whose answer no second person has approved, with who gave it
    attestations: tuple[Attestation, ...]
    exemptions: tuple[Exemption, ...]


def statements(ws: Workspace, key: str) -> Statements:
    """Context answers with who and when, attestations and exemptions, newest first."""
    with ws.read() as cursor:
        return Statements(
            system=systems.get_system(cursor, key),
            context=promises.context_answers(cursor, key),
            signatures=promises.context_signatures(cursor, key),
            alone=promises.unapproved_answers(cursor, key),
            attestations=tuple(promises.attestations(cursor, key)),
            exemptions=tuple(promises.exemptions(cursor, key)),
        )


def save_context(ws: Workspace, key: str, answers: dict[str, str], *, by: str) -> None:
    """Record context answers; an empty one withdraws the answer.

    Who gives an answer that somebody else has given before approves it; who repeats their own changes nothing.
    """
    name = signer(by, "An answer", "Say who answers.")
    with ws.write() as cursor:
        systems.get_system(cursor, key)
        before, alone = promises.context_answers(cursor, key), promises.unapproved_answers(cursor, key)
        new = {k: v for k, v in answers.items() if v != before.get(k, "")}
        seconded = [k for k in answers if k in alone and k not in new and not _is_same_person(alone[k], name)]
        begun = register_digest.begin(cursor, key)
        promises.save_context(cursor, key, new, name)
        detail = dict(answers) | register_digest.seal(cursor, key, begun)
        trail.append(cursor, actor=name, action=Act.CONTEXT_ANSWERED, system=key, detail=detail)
        _approve_answers(cursor, key, seconded, name)


def approve_context(ws: Workspace, key: str, *, by: str) -> tuple[str, ...]:
    """A second person's approval of the context answers that others gave; the questions.

    Raises:
        PlumblineError: no name, no such system, nothing waits, or all that waits are answers of their own.
    """
    name = _approver(by)
    with ws.write() as cursor:
        systems.get_system(cursor, key)
        alone = promises.unapproved_answers(cursor, key)
        if not alone:
            raise PlumblineError("No answer waits for a second person", where=key)
        others = [question for question, giver in alone.items() if not _is_same_person(giver, name)]
        if not others:
            _require_second_person(name, name, "answers of their own")
        _approve_answers(cursor, key, others, name)
    return tuple(others)


def _approve_answers(cursor: Cursor, key: str, questions: list[str], name: str) -> None:
    begun = register_digest.begin(cursor, key)
    for question in questions:
        promises.approve_context(cursor, key, question, name)
    if questions:
        detail = {"questions": questions, **register_digest.seal(cursor, key, begun)}
        trail.append(cursor, actor=name, action=Act.CONTEXT_APPROVED, system=key, detail=detail)


def attest(ws: Workspace, item: Attestation, *, file: tuple[str, bytes] | None = None) -> None:
    """Record a named person's dated statement about one control, with the file that backs it.

    Args:
        file: name and content; kept in the workspace by its SHA-256.

    Raises:
        PlumblineError: no owner or statement, it would hold for more than twelve months, or the file is too large.
    """
    if not item.owner.strip() or not item.statement.strip():
        raise PlumblineError("An attestation needs an owner and a statement", todo="Fill in both.")
    if item.expires <= item.at:
        raise PlumblineError("The attestation expires before it starts", todo="Choose a later end date.")
    if item.expires > add_year(item.at):
        raise PlumblineError(
            "An attestation holds for twelve months at most", todo="Choose an earlier end date."
        )
    if file is not None:
        if len(file[1]) > LARGEST_FILE:
            many = LARGEST_FILE // 1_000_000
            raise PlumblineError(
                message("The file is larger than {many} MB", many=str(many)),
                where=file[0],
                todo="Give a link to it.",
            )
        item = replace(item, evidence=hashlib.sha256(file[1]).hexdigest(), evidence_name=file[0][:200])
    with ws.write() as cursor:
        systems.get_system(cursor, item.system)
        if file is not None:
            promises.keep_file(cursor, item.evidence, item.evidence_name, file[1], item.owner)
        begun = register_digest.begin(cursor, item.system)
        promises.add_attestation(cursor, item)
        detail = {
            "control": item.control,
            "status": item.status.value,
            "statement": item.statement,
            "expires": item.expires.isoformat(),
            "link": item.link,
            "evidence": item.evidence,
            **register_digest.seal(cursor, item.system, begun),
        }
        trail.append(cursor, actor=item.owner, action=Act.CONTROL_ATTESTED, system=item.system, detail=detail)


def approve(ws: Workspace, key: str, attestation_id: int, *, by: str, on: date) -> None:
    """A second person's approval of a statement.

    Raises:
        PlumblineError: no name, no such statement, approved already, or by the one who made it.
    """
    name = _approver(by)
    with ws.write() as cursor:
        attestation = next((a for a in promises.attestations(cursor, key) if a.id == attestation_id), None)
        if attestation is None:
            raise PlumblineError("There is no such statement", where=key)
        if attestation.approved_by:
            raise PlumblineError(
                message(
                    "This statement was approved by {approved_by} already",
                    approved_by=attestation.approved_by,
                )
            )
        _require_second_person(name, attestation.owner, "a statement of their own")
        begun = register_digest.begin(cursor, key)
        promises.approve_attestation(cursor, attestation_id, name, on)
        detail = {
            "control": attestation.control,
            "statement": attestation_id,
            "owner": attestation.owner,
            **register_digest.seal(cursor, key, begun),
        }
        trail.append(cursor, actor=name, action=Act.ATTESTATION_APPROVED, system=key, detail=detail)


def approve_exemption(ws: Workspace, key: str, exemption_id: int, *, by: str, on: date) -> None:
    """A second person's approval of an exemption.

    Raises:
        PlumblineError: no name, no such exemption, approved already, or by the one who asked for it.
    """
    name = _approver(by)
    with ws.write() as cursor:
        exemption = next((e for e in promises.exemptions(cursor, key) if e.id == exemption_id), None)
        if exemption is None:
            raise PlumblineError("There is no such exemption", where=key)
        if not needs_approval(exemption):
            raise PlumblineError(
                message("This exemption was approved by {approver} already", approver=exemption.approver)
            )
        asked = requester(exemption)
        _require_second_person(name, asked, "an exemption that they asked for")
        begun = register_digest.begin(cursor, key)
        promises.approve_exemption(cursor, exemption_id, proposer=asked, by=name, on=on)
        detail = {
            "control": exemption.control,
            "exemption": exemption_id,
            "proposer": asked,
            **register_digest.seal(cursor, key, begun),
        }
        trail.append(cursor, actor=name, action=Act.EXEMPTION_APPROVED, system=key, detail=detail)


def _approver(by: str) -> str:
    name = " ".join(by.split())
    if not name:
        raise PlumblineError("An approval needs a name", todo="Say who approves.")
    return name


def _is_same_person(one: str, other: str) -> bool:
    """Whether two names are one person's, as far as names tell."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _require_second_person(name: str, first: str, what: str) -> None:
    """Four eyes are two people."""
    if _is_same_person(name, first):
        raise PlumblineError(
            message("Nobody approves {what}", what=what), todo="Have a second person approve it."
        )


def pending_approvals(
    stated: Statements, today: date
) -> tuple[tuple[Attestation, ...], tuple[Exemption, ...]]:
    """Statements and exemptions that wait for a second person; nothing where one person is enough."""
    if not stated.system.settings.four_eyes:
        return (), ()
    return (
        tuple(a for a in stated.attestations if needs_approval(a) and today <= last_day(a)),
        tuple(e for e in stated.exemptions if needs_approval(e) and today <= e.until),
    )


def evidence_file(ws: Workspace, sha256: str) -> tuple[str, bytes]:
    """A file that backs a statement: its name and content, checked against its hash.

    Raises:
        PlumblineError: it is not kept here, or was altered.
    """
    with ws.read() as cursor:
        document = promises.read_file(cursor, sha256)
    if document is None:
        raise PlumblineError("This file is not kept here")
    if hashlib.sha256(document[1]).hexdigest() != sha256:
        raise PlumblineError("This file was altered since it was attached", where=document[0])
    return document


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """A statement or exemption that ends within 30 days, or has just ended and was not renewed."""

    kind: str  # attestation | exemption
    control: str
    who: str
    ends: date
    sentence: str = ""


def due_reminders(ws: Workspace, key: str | None, today: date) -> dict[str, tuple[Reminder, ...]]:
    """What has to be renewed, of one system or of all, by system; one with nothing to renew is left out."""
    with ws.read() as cursor:
        keys = [key] if key else [system.key for system in systems.list_systems(cursor)]
    found = {each: reminders(statements(ws, each), today) for each in keys}
    return {each: items for each, items in found.items() if items}


def reminders(stated: Statements, today: date) -> tuple[Reminder, ...]:
    """What has to be renewed, the soonest first; a statement that a newer one replaces needs no renewal."""
    first: dict[tuple[str, str], Reminder] = {}
    for a in stated.attestations:  # the newest first
        first.setdefault(
            ("attestation", a.control),
            Reminder(kind="attestation", control=a.control, who=a.owner, ends=last_day(a)),
        )
    for e in stated.exemptions:
        first.setdefault(
            ("exemption", e.control),
            Reminder(
                kind="exemption",
                control=e.control,
                who=requester(e),
                ends=exemption_end(e, stated.system.settings.commercial_from),
            ),
        )
    near = [r for r in first.values() if abs((r.ends - today).days) <= REMIND_DAYS]
    near.sort(key=lambda r: (r.ends, r.control))
    return tuple(
        replace(r, sentence=f"{r.control}, {r.kind} by {r.who}: {_ends(r.ends, today)}.") for r in near
    )


def _ends(ends: date, today: date) -> str:
    left = (ends - today).days
    if left < 0:
        return f"ended on {Day(ends)}"
    return f"ends in {left} days" if left > 1 else "ends tomorrow" if left else "ends today"


def exempt(ws: Workspace, item: Exemption) -> Exemption:
    """Record an exemption of one control until a date, with its reason, its document and who signs it.

    With four eyes the one who signs asks for it, and it waits for ``approve_exemption`` by somebody else.

    Returns:
        it, as it was kept.

    Raises:
        PlumblineError: no reason, approver or document, it would hold for more than twelve months, or the system is
            in commercial use.
    """
    if not item.approver.strip() or not item.reason.strip():
        raise PlumblineError("An exemption needs a reason and an approver", todo="Fill in both.")
    if not item.link.strip():
        raise PlumblineError("An exemption needs a document", todo="Give a link to it.")
    if item.until <= item.at:
        raise PlumblineError("The exemption ends before it starts", todo="Choose a later end date.")
    if item.until > add_year(item.at):
        raise PlumblineError(
            "An exemption holds for twelve months at most", todo="Choose an earlier end date."
        )
    with ws.write() as cursor:
        system = systems.get_system(cursor, item.system)
        if system.settings.commercial_from and item.at >= system.settings.commercial_from:
            day_of_use = Day(system.settings.commercial_from)
            raise PlumblineError(
                message(
                    "The system is in commercial use since {day_of_use}: nothing of it is exempt any more",
                    day_of_use=day_of_use,
                ),
                todo="Do what the control asks.",
            )
        detail = {
            "control": item.control,
            "reason": item.reason,
            "until": item.until.isoformat(),
            "link": item.link,
        }
        signed, action = item.approver, Act.CONTROL_EXEMPTED
        if system.settings.four_eyes:
            item, action = replace(item, proposer=signed, approver=""), Act.EXEMPTION_ASKED
        begun = register_digest.begin(cursor, item.system)
        promises.add_exemption(cursor, item)
        detail |= register_digest.seal(cursor, item.system, begun)
        trail.append(cursor, actor=signed, action=action, system=item.system, detail=detail)
    return item


def change_settings(
    ws: Workspace, key: str, changes: Mapping[str, Any], *, by: str, title: str = ""
) -> System:
    """Change the owner's settings (costs, floors, limits), and the title; a None takes a setting away.

    Raises:
        PlumblineError: no such system, no such setting, or a limit that would loosen its control.
    """
    for control, tightened in (changes.get("limits") or {}).items():
        check_limits(control, tightened)
    with ws.write() as cursor:
        system = systems.get_system(cursor, key)
        changed = replace(system, settings=system.settings.with_changes(changes), title=title or system.title)
        systems.update_system(cursor, changed)
        trail.append(cursor, actor=by, action=Act.SETTINGS_CHANGED, system=key, detail=dict(changes))
    return changed
