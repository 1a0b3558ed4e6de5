"""What a target of a retraining is told: dates, names of columns and versions, counts; never a value of a column."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from plumbline.answers.releases.history import system_releases
from plumbline.domain import PlumblineError, System
from plumbline.domain.respond import RetrainingTrigger, TriggerRun
from plumbline.respond import targets
from plumbline.store import findings
from plumbline.store.cache.samples import sample_share
from plumbline.store.workspace import Cursor, Workspace

#: signals of inputs that were not what they should have been: a training leaves their days out
BROKEN = (
    "missing.",
    "out_of_range.",
    "consistency.",
    "quality.gap",
    "quality.duplicates",
    "quality.features",
)
#: the slices that hurt most, of which a payload tells
MOST_SEGMENTS = 3


def payload(ws: Workspace, system: System, item: RetrainingTrigger, run: TriggerRun) -> dict[str, Any]:
    """The data of a fire; to a webhook in a CloudEvents envelope."""
    with ws.read() as cursor:
        moved, without = drifting_features(cursor, system.key), windows_to_exclude(cursor, system, run)
        share = sample_share(cursor, system.key)
    data: dict[str, Any] = {
        "run": run.id, "system": system.key, "trigger": item.name, "when": item.when.value, "test": run.test,
        "sentence": run.sentence, "onset": _iso(run.onset), "version": run.version, "features_moved": moved,
        "reference": [_iso(t) for t in system.reference] if system.reference else [],
        "train_on": {"from": _iso(run.onset), "to": _iso(run.fired_at)} if run.onset else {},
        "leave_out": without, "segments": _worst_segments(ws, system.key),
    }  # fmt: skip
    if share:
        data["sample"] = share.figures | {"of": ["segments"]}  # all else is counted where the decisions lie
    if targets.target(item.url).kind != "webhook":
        return data
    return {
        "specversion": "1.0", "id": run.id, "type": "plumbline.retraining.requested.v1", "source": "/plumbline",
        "subject": f"{system.key}/trigger/{item.name}", "time": _iso(run.fired_at or datetime.now(UTC)),
        "datacontenttype": "application/json", "data": data,
    }  # fmt: skip


def drifting_features(cursor: Cursor, key: str) -> list[str]:
    """The features whose drift is open."""
    return sorted(
        r.finding.signal.partition(".")[2]
        for r in findings.problems_by_themselves(cursor, key)
        if r.open and r.finding.signal.startswith("drift.")
    )


def windows_to_exclude(cursor: Cursor, system: System, run: TriggerRun) -> list[dict[str, str]]:
    """Windows that a training should not learn from: inputs that were broken, and releases that were taken back."""
    end = run.fired_at or datetime.now(UTC)
    windows = [
        {"from": _iso(r.finding.since), "to": _iso(r.finding.until or end), "because": r.finding.signal}
        for r in findings.problems_by_themselves(cursor, system.key)
        if r.finding.signal.startswith(BROKEN) and r.finding.since is not None
    ]
    windows += [
        {
            "from": _iso(back.start),
            "to": _iso(back.end),
            "because": f"version {back.bad_version} was taken back",
        }
        for back in system_releases(cursor, system).releases.rollbacks
    ]
    return sorted(windows, key=lambda window: (window["from"], window["because"]))


def _worst_segments(ws: Workspace, key: str) -> list[dict[str, Any]]:
    """The slices that hurt most since the reference: their columns and figures, without the values that name them."""
    from plumbline.answers.performance.segments import segments

    try:
        search = segments(ws, key, pairs=False).search
    except PlumblineError:
        return []  # no outcomes, or nothing to compare with
    return [
        {
            "columns": [column.partition(":")[2] or column for column, _ in segment.where],
            "metric": search.metric,
            "value": segment.value,
            "expected": segment.against,
            "n": segment.n,
        }
        for segment in search.segments[:MOST_SEGMENTS]
    ]


def _iso(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""
