"""The JSON that the command line prints: names and keys that pipelines may rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plumbline.domain import ControlResult, FeatureDrift, Point, PointStatus, Scorecard
from plumbline.domain.json_values import plain

if TYPE_CHECKING:
    from plumbline.answers.data.folders import Gathered
    from plumbline.answers.data.pull import Pulled
    from plumbline.answers.data.quality import QualityAnswer
    from plumbline.answers.drift.features import DriftAnswer
    from plumbline.answers.drift.multivariate import WholeRowAnswer
    from plumbline.answers.performance.segments import SegmentsAnswer
    from plumbline.answers.performance.series import PerformanceAnswer
    from plumbline.governance.history import Changes
    from plumbline.logs.inspect import Inspection


def inspection(found: Inspection) -> dict[str, Any]:
    """``mapping``: column -> role, several joined by a comma; ``confidence``: column -> 0 to 1."""
    roles: dict[str, list[str]] = {}
    for column in found.mapping.columns:
        roles.setdefault(column.column, []).append(str(column.role))
    return {
        "file": found.file, "format": found.format, "kind": found.kind, "encoding": found.encoding,
        "delimiter": found.delimiter, "task": plain(found.mapping.task), "positive": found.mapping.positive,
        "mapping": {column: ",".join(said) for column, said in roles.items()},
        "confidence": {c.column: round(c.confidence, 3) for c in found.mapping.columns},
        "reasons": {c.column: c.reason for c in found.mapping.columns},
        "questions": list(found.questions), "rows_sampled": found.rows_sampled,
        "unfit": found.trial.unfit, "sheets": list(found.sheets),
    }  # fmt: skip


_SUMS = ("rows_read", "rows_loaded", "rows_duplicate", "rows_quarantined", "labels_joined")


def pulled(found: Pulled) -> dict[str, Any]:
    """The keys of a load, summed where a source brought several; ``load_id`` is null where nothing was new."""
    return {
        "load_id": found.loads[-1].load_id if found.loads else None, "source": found.origin.location,
        "item": found.origin.item, "since": found.origin.since, "mark": found.mark,
        **{field: found.total(field) for field in _SUMS}, "reasons": found.reasons, "loads": plain(found.loads),
    }  # fmt: skip


def gathered(found: Gathered) -> dict[str, Any]:
    """``loads``: one a file; the figures are their sums; ``failed``: file -> reason."""
    return {
        "loads": plain(found.loads), **{field: found.total(field) for field in _SUMS}, "failed": dict(found.failed),
    }  # fmt: skip


def point(found: Point) -> dict[str, Any]:
    """One value of a series; ``breach`` is true where its status is."""
    return {**plain(found), "breach": found.status is PointStatus.BREACH}


def performance(found: PerformanceAnswer) -> dict[str, Any]:
    """``series``: one entry a metric, version and chunk."""
    return {
        "system": found.system.key, "sentence": found.sentence, "by": found.by, "metric": found.headline,
        "why_this_metric": found.reason, "family": list(found.family),
        "cautions": list(found.cautions), "whose_outcomes": found.selected, "over_all_decisions": plain(found.over_all),
        "decisions": found.decisions, "labelled": found.labelled, "change": plain(found.change),
        "series": [point(p) for p in found.points],
        "hindsight": plain(found.hindsight),
    }  # fmt: skip


def worst_segments(found: SegmentsAnswer) -> dict[str, Any]:
    """``segments``: those that hurt most, worst first; ``where`` as the option of that name takes it."""
    listed = [
        {**plain(one), "where": [f"{column}={value}" for column, value in one.where]}
        for one in found.search.segments
    ]
    return {
        "sentence": found.sentence, "window": plain((found.window.start, found.window.end)),
        **plain(found.search), "segments": listed,
    }  # fmt: skip


def drift(found: DriftAnswer, whole: WholeRowAnswer | None = None) -> dict[str, Any]:
    """``features``: one entry a feature and method; ``ranking``: most likely to hurt first.

    ``own``: missing values, levels not seen before and values out of range. ``whole_row``: only where asked.
    """
    more = {"whole_row": {**plain(whole.now), "sentence": whole.sentence}} if whole is not None else {}
    return {
        "system": found.system.key, "sentence": found.sentence, "reference": plain(found.reference),
        "window": plain(found.window), "features": [_drifted(f) for f in found.features],
        "ranking": plain(found.ranking), "own": [_drifted(f) for f in found.own],
        "cautions": list(found.cautions), **more,
    }  # fmt: skip


def quality(found: QualityAnswer) -> dict[str, Any]:
    """``personal``: counts and masked examples, never a value; ``consistency`` without its example rows."""
    return {
        "system": found.system.key, "sentence": found.sentence, "window": plain(found.window),
        "completeness": found.trail.shares, "statuses": plain(found.trail.statuses),
        "duplicate_share": found.trail.duplicate_share, "gaps": plain(found.trail.gaps),
        "own": [_drifted(f) for f in found.own], "constant": list(found.constant), "leaks": plain(found.leaks),
        "personal": plain(found.personal), "overdue": found.overdue, "consistency": plain(found.consistency),
        "staleness": plain(found.staleness), "shelf_life": plain(found.shelf),
        "last_decision": plain(found.decisions_beat), "last_label": plain(found.labels_beat),
    }  # fmt: skip


def _drifted(found: FeatureDrift) -> dict[str, Any]:
    return plain(found)  # type: ignore[no-any-return]


def control(found: ControlResult) -> dict[str, Any]:
    """One control with its evidence as a sentence and its kind beside it."""
    return {
        "id": found.id, "title": found.title, "status": found.status.value,
        "evidence_kind": found.evidence.kind.value, "evidence": found.evidence.sentence,
        "requirement": found.requirement.value, "until": plain(found.evidence.until),
        "contradiction": found.contradiction, "references": list(found.references),
        "next_action": found.next_action,
    }  # fmt: skip


def scorecard(found: Scorecard) -> dict[str, Any]:
    """The whole scorecard; every control of the catalogue, asked or not."""
    return {**plain(found), "controls": [control(c) for c in found.controls]}


def changes(found: Changes) -> dict[str, Any]:
    """Verdicts of two scorecards and every control that stands differently, what became worse first."""
    return {
        "system": found.after.system,
        "before": {"at": plain(found.before.at), "verdict": found.before.verdict.value},
        "after": {"at": plain(found.after.at), "verdict": found.after.verdict.value},
        "controls": [{**plain(c), "better": c.better} for c in found.controls],
        "context": [{"question": key, "before": was, "after": now} for key, was, now in found.context],
        "statements": list(found.statements), "catalogue_changed": found.catalogue_changed,
    }  # fmt: skip
