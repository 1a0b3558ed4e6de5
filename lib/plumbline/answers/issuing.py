"""Whether a person who asks about a decision could be given its record, tried on decisions drawn at random."""

from __future__ import annotations

from typing import Any

from plumbline.answers.explain import logged_explanation
from plumbline.domain import Slice, System
from plumbline.profile import decisions
from plumbline.store import model_files, systems
from plumbline.store.workspace import Cursor

SAMPLED = 20


def record_facts(cursor: Cursor, system: System) -> dict[str, Any]:
    """The fields of ``Facts`` on decision records (control EXP-3).

    A record needs the decision's id, its version, and reasons: from its logged attributions where those of
    its version add up, or from the version's registered model file where that reproduced the logged scores
    when it was registered. A surrogate's approximation is no reasoned answer.
    """
    passed = {m.version for m in model_files.model_files(cursor, system.key) if m.passed}
    drawn = decisions.sample(cursor, system, Slice(), SAMPLED, seed=3)
    if drawn.empty:
        return {}
    logged = logged_explanation(cursor, system, drawn)
    issued = sum(
        bool(row["decision_id"]) and bool(row["version"]) and (row["version"] in passed or explained)
        for row, explained in zip(drawn[["decision_id", "version"]].to_dict("records"), logged, strict=True)
    )
    inputs = {c.role.name for c in systems.decision_columns(cursor, system.key) if c.role.role == "feature"}
    worded = set(system.settings.get("reasons", {}))
    return {"records_sampled": len(drawn), "records_issued": issued, "reasons_complete": inputs <= worded}
