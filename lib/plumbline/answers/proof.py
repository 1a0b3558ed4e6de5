"""What stands behind a scorecard: its kept inputs and hashes, the loads, and the trail's chain."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plumbline.domain import DecisionColumn, Load, PlumblineError, Slice, TrailEntry
from plumbline.domain.acts import Act
from plumbline.governance import history
from plumbline.profile.read import profiles
from plumbline.store import loads, scorecards, systems, trail
from plumbline.store.sql import system_key
from plumbline.store.trail import TrailCheck
from plumbline.store.workspace import Workspace, naive


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardProof:
    """Everything that an auditor needs to follow a scorecard back.

    ``inputs`` and ``card`` are canonical JSON as kept; ``loads`` those that were not undone, the oldest first;
    ``links`` the whole chain in order: of other systems only number and digests, so that it can be followed
    without their content.
    """

    inputs: str
    card: str
    card_sha256: str
    catalogue_sha256: str
    rules_sha256: str
    loads: tuple[Load, ...]
    columns: tuple[DecisionColumn, ...]
    named: int  # decisions that name the person concerned
    chain: TrailCheck
    links: tuple[dict[str, Any], ...]

    @property
    def inputs_sha256(self) -> str:
        return history.sha256(self.inputs)


def proof(ws: Workspace, key: str) -> ScorecardProof:
    """The proof of a system's newest scorecard.

    Raises:
        PlumblineError: no such system, or no scorecard was computed yet.
    """
    with ws.read_consistently() as cursor:
        system = systems.get_system(cursor, key)
        scorecard, _ = scorecards.newest_pair(cursor, key)
        if scorecard is None:
            raise PlumblineError(f"No scorecard of {key} was computed yet", todo="Compute one first.")
        active_loads = sorted(
            (load for load in loads.list_loads(cursor, key) if load.undone_at is None),
            key=lambda load: load.load_id,
        )
        chain = trail.verify(cursor)
        entries = trail.entries(cursor, limit=chain.entries, before=chain.entries + 1)
        columns = tuple(systems.decision_columns(cursor, key))
        persons = profiles.completeness(cursor, system, Slice()).present.get("subject")
        named = int(persons.sum()) if persons is not None else 0
    return ScorecardProof(
        inputs=scorecard.given,
        card=scorecard.card,
        card_sha256=scorecard.card_sha256,
        catalogue_sha256=scorecard.catalogue,
        rules_sha256=scorecard.rules,
        loads=tuple(active_loads),
        columns=columns,
        named=named,
        chain=chain,
        links=tuple(_link(entry, key) for entry in reversed(entries)),
    )


def disclosure(ws: Workspace, numbers: Sequence[int], *, system: str | None = None) -> bytes:
    """Whole entries as JSON, one a line, for somebody whose pack withholds them: ``verify.py --disclosed`` compares
    them with what the pack holds of them.

    Args:
        system: whose entries they have to be; None: anybody's.

    Raises:
        PlumblineError: there is no entry of a number, or none of that system.
    """
    key = system_key(system) if system else None
    with ws.read() as cursor:
        entries = [e for e in trail.entries_by_number(cursor, numbers) if key is None or e.system == key]
    missing = sorted(set(numbers) - {entry.seq for entry in entries})
    if missing:
        raise PlumblineError(f"The trail has no entry {missing[0]}", todo="plumbline trail lists them.")
    return "".join(json.dumps(_digest_content(entry)) + "\n" for entry in entries).encode()


def note_issue(
    ws: Workspace, key: str, *, kind: str, sha256: str, actor: str, language: str, time: str = ""
) -> None:
    """Put on the trail that a document was issued, with the hash of its bytes and what it says of its time."""
    with ws.write() as cursor:
        systems.get_system(cursor, key)
        detail = {"kind": kind, "sha256": sha256, "language": language} | ({"time": time} if time else {})
        trail.append(cursor, actor=actor, action=Act.DOCUMENT_ISSUED, system=key, detail=detail)


def _link(entry: TrailEntry, key: str) -> dict[str, Any]:
    if entry.system not in ("", key):
        return {"seq": entry.seq, "withheld": True, "previous": entry.previous, "digest": entry.digest}
    return _digest_content(entry)


def _digest_content(entry: TrailEntry) -> dict[str, Any]:
    """An entry with all that its digest is of."""
    detail = entry.detail | ({trail.SALT: entry.salt} if entry.salt else {})
    return {
        "seq": entry.seq, "at": naive(entry.at).isoformat(timespec="microseconds"), "actor": entry.actor,
        "action": entry.action, "system": entry.system,
        "detail": json.dumps(detail, ensure_ascii=True, sort_keys=True, separators=(",", ":")),
        "previous": entry.previous, "digest": entry.digest,
    }  # fmt: skip
