"""Whether a person who asks about a decision would get its record: what a sample of really built ones showed.

Building takes seconds, so it is done by a command (``report.record_trials``) and its result kept on the trail. It
counts for the log and the model files that it was done with, and for no others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from plumbline.answers.decisions.explain import has_attributions
from plumbline.domain import Slice, System, TrailEntry
from plumbline.domain.acts import Act
from plumbline.profile.scan import decisions
from plumbline.store import loads, systems, trail
from plumbline.store.models import model_files
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.times import iso_day

if TYPE_CHECKING:
    import pandas as pd

SAMPLED, DRAWN, SEED = 20, 400, 3


def trial_sample(cursor: Cursor, system: System) -> pd.DataFrame:
    """The sample: of 400 decisions drawn at random 20, by turns from each version and outcome."""
    parts = [c.name for c in systems.decision_columns(cursor, system.key) if c.role.role == "attribution"]
    frame = decisions.sample(cursor, system, Slice(), DRAWN, SEED, parts)
    if frame.empty:
        return frame
    mixed = frame.sample(frac=1.0, random_state=SEED)
    columns = [c for c in ("version", "prediction") if c in mixed.columns and mixed[c].nunique() <= SAMPLED]
    turn = (
        mixed.fillna(dict.fromkeys(columns, "")).groupby(columns, sort=True).cumcount() if columns else None
    )
    if turn is not None:
        mixed = mixed.loc[turn.sort_values(kind="stable").index]
    return mixed.head(SAMPLED).sort_values(["_load_id", "_line"])


def state(cursor: Cursor, system: System) -> str:
    """A hash of the loads that stand and the model files: what records are built from."""
    made = [[x.load_id, x.sha256] for x in loads.list_loads(cursor, system.key) if x.undone_at is None]
    files = [[m.version, m.sha256, m.passed] for m in model_files.model_files(cursor, system.key)]
    return hashlib.sha256(json.dumps([made, files], default=str).encode()).hexdigest()[:16]


def has_reasons(cursor: Cursor, system: System, sample: pd.DataFrame) -> list[bool]:
    """Of each decision, whether a record could hold reasons at all; what cannot be need not be built.

    It needs an id, a version, and reasons: from its logged attributions where those of its version add up, or from
    the version's registered model file where that reproduced the logged scores when it was registered. A surrogate's
    approximation is no reasoned answer.
    """
    passed = {m.version for m in model_files.model_files(cursor, system.key) if m.passed}
    logged = has_attributions(cursor, system, sample)
    return [
        bool(row["decision_id"]) and bool(row["version"]) and (row["version"] in passed or explained)
        for row, explained in zip(sample[["decision_id", "version"]].to_dict("records"), logged, strict=True)
    ]


def has_wording(cursor: Cursor, system: System) -> bool:
    """Whether every input has its words in the dictionary of reasons."""
    inputs = {c.role.name for c in systems.decision_columns(cursor, system.key) if c.role.role == "feature"}
    return inputs <= set(system.settings.reasons)


def newest_trial(cursor: Cursor, system: System) -> TrailEntry | None:
    """The newest trial of this log with these model files, or None."""
    now = state(cursor, system)
    found = trail.entries(cursor, system=system.key, action=Act.RECORDS_TRIED, limit=1)
    return found[0] if found and found[0].detail.get("state") == now else None


def trial_sentence(ws: Workspace, key: str) -> str:
    """What the newest trial showed, in a sentence; empty where this log was never tried.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        entry = newest_trial(cursor, systems.get_system(cursor, key))
    return f"Tried on {iso_day(entry.at)} (UTC): {sentence(entry.detail)}" if entry else ""


def sentence(detail: Mapping[str, Any]) -> str:
    """A trial with its sample and window, as the trail keeps it."""
    first, last = (str(moment)[:10] for moment in detail["window"])
    return (
        f"{detail['complete']} of {detail['sampled']} sampled decisions ({first} to {last}) got a record with reasons; "
        f"{detail['same']} of {detail['again']} came out the same again{_tolerance_note(detail)}, "
        f"{detail['printed']} of them as PDF; "
        f"{detail['seconds']:.1f} s."
    )


def _tolerance_note(detail: Mapping[str, Any]) -> str:
    """What the same means for numbers; trials before this was noted held them to the last bit."""
    return (
        f" (numbers within {detail['within']:g} of the largest)".replace("e-0", "e-")
        if "within" in detail
        else ""
    )


def record_facts(cursor: Cursor, system: System) -> dict[str, Any]:
    """The fields of ``Facts`` on decision records (control EXP-3).

    Where some of the sample cannot have a record, that is known without building any. Where all could, only a trial
    shows that they can: issued are those that were built, answer, and came out the same again. Never tried: unknown.
    """
    sample = trial_sample(cursor, system)
    if sample.empty:
        return {}
    known: dict[str, Any] = {"reasons_complete": has_wording(cursor, system)}
    able = has_reasons(cursor, system, sample)
    if not all(able):
        return known | {"records_sampled": len(sample), "records_issued": sum(able)}
    tried = newest_trial(cursor, system)
    if tried is None:
        return known
    detail = tried.detail
    issued = int(detail["complete"]) - (int(detail["again"]) - int(detail["same"]))
    return known | {"records_sampled": int(detail["sampled"]), "records_issued": max(issued, 0)}
