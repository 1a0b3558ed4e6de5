"""What people state about a system: reading it for a form, and recording it with its signature."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from plumbline.domain import Attestation, Exemption, PlumblineError, System
from plumbline.store import promises, systems, trail
from plumbline.store.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Statements:
    """Everything stated about one system."""

    system: System
    context: dict[str, str]
    signatures: dict[str, tuple[str, datetime]]
    attestations: tuple[Attestation, ...]
    exemptions: tuple[Exemption, ...]


def statements(ws: Workspace, key: str) -> Statements:
    """Context answers with who and when, attestations and exemptions, newest first."""
    with ws.read() as cursor:
        return Statements(
            systems.get_system(cursor, key),
            promises.context_answers(cursor, key),
            promises.context_signatures(cursor, key),
            tuple(promises.attestations(cursor, key)),
            tuple(promises.exemptions(cursor, key)),
        )


def save_context(ws: Workspace, key: str, answers: dict[str, str], *, by: str) -> None:
    """Record context answers; an empty one withdraws the answer."""
    if not by.strip():
        raise PlumblineError("An answer needs a name", todo="Say who answers.")
    with ws.write() as cursor:
        systems.get_system(cursor, key)
        promises.save_context(cursor, key, answers, by.strip())
        trail.append(cursor, actor=by.strip(), action="context answered", system=key, detail=dict(answers))


def attest(ws: Workspace, item: Attestation) -> None:
    """Record a named person's dated statement about one control.

    Raises:
        PlumblineError: no owner or statement, or it would hold for more than twelve months.
    """
    if not item.owner.strip() or not item.statement.strip():
        raise PlumblineError("An attestation needs an owner and a statement", todo="Fill in both.")
    if item.expires <= item.at:
        raise PlumblineError("The attestation expires before it starts", todo="Choose a later end date.")
    if item.expires > _a_year_after(item.at):
        raise PlumblineError(
            "An attestation holds for twelve months at most", todo="Choose an earlier end date."
        )
    with ws.write() as cursor:
        systems.get_system(cursor, item.system)
        promises.add_attestation(cursor, item)
        detail = {"control": item.control, "status": item.status.value, "statement": item.statement,
                  "expires": item.expires.isoformat(), "link": item.link}  # fmt: skip
        trail.append(cursor, actor=item.owner, action="control attested", system=item.system, detail=detail)


def exempt(ws: Workspace, item: Exemption) -> None:
    """Record an exemption of one control until a date, with its reason and approver."""
    if not item.approver.strip() or not item.reason.strip():
        raise PlumblineError("An exemption needs a reason and an approver", todo="Fill in both.")
    if item.until <= item.at:
        raise PlumblineError("The exemption ends before it starts", todo="Choose a later end date.")
    with ws.write() as cursor:
        systems.get_system(cursor, item.system)
        promises.add_exemption(cursor, item)
        detail = {"control": item.control, "reason": item.reason, "until": item.until.isoformat()}
        trail.append(
            cursor, actor=item.approver, action="control exempted", system=item.system, detail=detail
        )


def change_settings(ws: Workspace, key: str, changes: dict[str, Any], *, by: str, title: str = "") -> System:
    """Change the owner's settings (costs, floors, limits), and the title; a None takes a setting away."""
    with ws.write() as cursor:
        system = systems.get_system(cursor, key)
        merged = {name: value for name, value in {**system.settings, **changes}.items() if value is not None}
        changed = replace(system, settings=merged, title=title or system.title)
        systems.update_system(cursor, changed)
        trail.append(cursor, actor=by, action="settings changed", system=key, detail=changes)
    return changed


def _a_year_after(day: date) -> date:
    return day.replace(year=day.year + 1) if (day.month, day.day) != (2, 29) else date(day.year + 1, 3, 1)
