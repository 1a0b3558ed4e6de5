"""Which system a file belongs to: that whose logs had its columns, or whose decisions its labels are for."""

from __future__ import annotations

from collections.abc import Collection

from plumbline.logs.inspect import Inspection
from plumbline.logs.load.labels import count_known_ids
from plumbline.store import systems
from plumbline.store.workspace import Workspace

#: share of the columns of both that they have in common, beyond which a log is taken for one of a system's
_ALIKE = 0.7


def is_alike(columns: Collection[str], others: Collection[str]) -> bool:
    """Whether two files have so many columns in common that they are logs of one system."""
    return share_of_columns(columns, others) >= _ALIKE


def share_of_columns(columns: Collection[str], others: Collection[str]) -> float:
    """The columns that two files have in common, as a share of those of both."""
    here, there = set(columns), set(others)
    return len(here & there) / max(len(here | there), 1)


def match_system(ws: Workspace, inspection: Inspection) -> str | None:
    """The key of the system that a file looked at without one most likely belongs to; None where no system fits, or
    two fit alike."""
    with ws.read() as cursor:
        known = systems.list_systems(cursor)
        if inspection.kind == "labels":
            column = inspection.mapping.column_of("decision_id")
            ids = [cell for cell in inspection.samples().get(column or "", ()) if cell]
            fits = {
                system.key: count_known_ids(cursor, system.key, ids) / max(len(ids), 1) for system in known
            }
            least = 0.5
        else:
            here = {c.column for c in inspection.mapping.columns}
            fits = {}
            for system in known:
                saved = systems.saved_mapping(cursor, system.key)
                there = {c.column for c in saved.columns} if saved else set()
                fits[system.key] = share_of_columns(here, there)
            least = _ALIKE
    best = max(fits.values(), default=0.0)
    likely = [key for key, fit in fits.items() if fit == best]
    return likely[0] if best >= least and len(likely) == 1 else None
