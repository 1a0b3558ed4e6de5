"""The register of findings: what is open, what was, and who saw it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plumbline.answers.signer import signer
from plumbline.domain import PlumblineError, Result, json_value
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.store import findings as register
from plumbline.store import systems, trail
from plumbline.store.findings import FindingRecord
from plumbline.store.workspace import Workspace, now


@dataclass(frozen=True, slots=True)
class Findings(Result):
    """Recorded findings: open ones first, then the newest."""

    COLUMNS = (
        "id",
        "signal",
        "sentence",
        "since",
        "until",
        "known_at",
        "severity",
        "open",
        "acknowledged_by",
    )

    items: tuple[FindingRecord, ...]

    @property
    def sentence(self) -> str:
        """How many are open, and the first of them."""
        waiting = [record.finding.sentence for record in self.items if record.open]
        if not waiting:
            return (
                f"No finding is open; {len(self.items)} are on record."
                if self.items
                else "Nothing was found."
            )
        return f"{len(waiting)} of {len(self.items)} findings are open; the first: {waiting[0]}"

    def rows(self) -> list[dict[str, Any]]:
        """One a finding, with times as they are."""
        return [
            {
                "id": record.id,
                "signal": record.finding.signal,
                "sentence": record.finding.sentence,
                "since": record.finding.since,
                "until": record.finding.until,
                "known_at": record.finding.known_at,
                "severity": record.finding.severity.value,
                "open": record.open,
                "acknowledged_by": record.acknowledged_by,
            }
            for record in self.items
        ]

    def _json_values(self) -> dict[str, Any]:
        """``findings``: as the command line prints them."""
        return {"sentence": self.sentence, "findings": json_value(self.rows())}

    def __iter__(self) -> Iterator[FindingRecord]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def findings(ws: Workspace, key: str | None = None) -> tuple[FindingRecord, ...]:
    """Recorded findings of a system or of all: open ones first, then the newest.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        if key:
            systems.get_system(cursor, key)
        return tuple(register.recorded_findings(cursor, key))


def acknowledge(ws: Workspace, number: int, *, by: str, system: str = "") -> FindingRecord:
    """Say that a person saw a finding. That an alert reached somebody is not shown by it.

    Args:
        system: whose finding it has to be; empty: anybody's.

    Raises:
        PlumblineError: no such finding, no name, or somebody saw it already.
    """
    signer(by, "An acknowledgement", "Say who saw the finding.")
    with ws.write() as cursor:
        record = (
            register.read_finding_of_system(cursor, system, number)
            if system
            else register.read_finding(cursor, number)
        )
        if record.acknowledged_by:
            raise PlumblineError(
                message(
                    "Finding {number} was acknowledged by {acknowledged_by} already",
                    number=str(number),
                    acknowledged_by=record.acknowledged_by,
                )
            )
        at = now()
        register.acknowledge(cursor, number, by.strip(), at)
        detail = {"at": at.isoformat(), "note": f"finding {number}: {record.finding.signal}"}
        trail.append(
            cursor,
            actor=by.strip(),
            action=Act.RECORDED.with_words("alert acknowledged"),
            system=record.finding.system,
            detail=detail,
        )
        return register.read_finding(cursor, number)
