"""What was said of one decision's label, load by load, and which of it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.logs.load import label_history as claims
from plumbline.store import loads, systems
from plumbline.store.sql import system_key
from plumbline.store.workspace import Workspace, aware


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRecord:
    """One label that a decision was given: when it came true, by which load and file, and whether it holds."""

    label: str
    label_time: datetime | None
    load_id: int
    file: str
    loaded_at: datetime
    holds: bool


@dataclass(frozen=True, slots=True)
class LabelHistory:
    """``told``: every label given to the decision, in order of load; empty where it has none yet."""

    system: str
    decision_id: str
    told: tuple[LabelRecord, ...]


def label_history(ws: Workspace, key: str, decision_id: str) -> LabelHistory:
    """Every label that a decision was given, the former ones included.

    Raises:
        PlumblineError: there is no such system, or no decision of that id.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, system_key(key))
        label_claims = claims.history(cursor, system, decision_id)
        if label_claims is None:
            raise PlumblineError(
                message("{key} has no decision {decision_id}", key=system.key, decision_id=repr(decision_id)),
                todo="Check the id.",
            )
        by_load = {load.load_id: load for load in loads.list_loads(cursor, system.key)}
    records = tuple(
        LabelRecord(
            label=claim.label,
            label_time=aware(claim.label_time) if claim.label_time else None,
            load_id=claim.load_id,
            file=by_load[claim.load_id].file,
            loaded_at=by_load[claim.load_id].at,
            holds=claim.holds,
        )
        for claim in label_claims
    )
    return LabelHistory(system.key, decision_id, records)
