"""The register of findings: what is open, what was, and who saw it."""

from __future__ import annotations

from plumbline.answers.events import PREFIX
from plumbline.domain import PlumblineError
from plumbline.store import findings as register
from plumbline.store import systems, trail
from plumbline.store.findings import Recorded
from plumbline.store.workspace import Workspace, now


def findings(ws: Workspace, key: str | None = None) -> tuple[Recorded, ...]:
    """Recorded findings of a system or of all: open ones first, then the newest.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        if key:
            systems.get_system(cursor, key)
        return tuple(register.recorded(cursor, key))


def acknowledge(ws: Workspace, number: int, *, by: str) -> Recorded:
    """Say that a person saw a finding. That an alert reached somebody is not shown by it.

    Raises:
        PlumblineError: no such finding, no name, or somebody saw it already.
    """
    if not by.strip():
        raise PlumblineError("An acknowledgement needs a name", todo="Say who saw the finding.")
    with ws.write() as cursor:
        held = register.one(cursor, number)
        if held.acknowledged_by:
            raise PlumblineError(f"Finding {number} was acknowledged by {held.acknowledged_by} already")
        at = now()
        register.acknowledge(cursor, number, by.strip(), at)
        detail = {"at": at.isoformat(), "note": f"finding {number}: {held.finding.signal}"}
        trail.append(
            cursor, actor=by.strip(), action=f"{PREFIX}alert acknowledged", system=held.finding.system, detail=detail
        )  # fmt: skip
        return register.one(cursor, number)
