"""A decision's record: everything that answers for it, as plain values; the documents are made from these.

Serves GDPR Articles 15(1)(h) and 22 and AI Act Article 86. The same decision in the same log gives the same record, but
for what people wrote beneath it: no clock is read and nothing else of the workspace's running state goes in. Numbers
that are computed for it come out again within ``domain.RELATIVE``; what was handed out is what its hash on the trail is
of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plumbline import __version__
from plumbline.answers.decisions import explain
from plumbline.answers.decisions.context import FeaturePosition, SimilarDecision, context
from plumbline.answers.decisions.counterfactual import Counterfactuals, find_counterfactuals
from plumbline.domain import AttributionSource, Explanation, PlumblineError, System, Task
from plumbline.domain.acts import Act
from plumbline.domain.decisions import Decision
from plumbline.domain.messages import NOTHING, Message
from plumbline.domain.notes import Comment
from plumbline.explain.reasons.sentences import reasons_for
from plumbline.store import loads, systems, trail
from plumbline.store.cache.samples import sample_sentence
from plumbline.store.models import model_files
from plumbline.store.notes import decision_comments
from plumbline.store.workspace import Workspace

#: how the system takes part in the procedure: what the owner may choose
ROLES = ("decides", "recommends", "informs")
SEARCH_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One principal reason: the input or group, the owner's words for it, its value, and its contribution."""

    feature: str
    words: str
    value: Any
    contribution: float
    members: tuple[tuple[str, Any], ...] = ()  # of a group of columns: each with its value


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """Everything that answers for one decision. Absent is None, and the document says so."""

    system: str
    title: str
    task: str
    decision_id: str
    at: datetime
    version: str
    arm: str
    role: str
    outcome: Any
    score: float | None
    cut_off: float | None
    override: Any
    label: Any
    label_time: datetime | None
    model_name: str
    model_sha256: str
    model_reproduces: float | None
    inputs: tuple[FeaturePosition, ...]
    explanation: Explanation
    approximate: bool
    reasons: tuple[Reason, ...]
    alerts: tuple[str, ...]
    changed: Counterfactuals | None
    comparable: SimilarDecision | None
    same_inputs: int
    answered_otherwise: int
    contest: str
    contact: str
    file: str
    file_sha256: str
    row: str  # load and record number in the file
    words: dict[str, str]  # the owner's words for inputs
    plumbline: str
    comments: tuple[Comment, ...] = ()  # what people wrote beneath it, the oldest first
    sample: Message = NOTHING  # where only a sample of the system's rows is here: what is from it

    @property
    def complete(self) -> bool:
        """Whether it answers: id, version, and reasons that do not rest on an approximation."""
        named = not self.decision_id.startswith("#") and bool(self.version)
        return named and not self.approximate and not self.explanation.refused and self.explanation.exportable


def record(ws: Workspace, key: str, decision_id: str, *, search: bool = True) -> DecisionRecord:
    """Gather a decision's record.

    Args:
        search: look for what would have changed it (where a model file allows).

    Raises:
        PlumblineError: no such system or decision.
    """
    decision_context = context(ws, key, decision_id)
    system, decision = decision_context.system, decision_context.decision
    explanation = explain.explain(ws, key, decision_id)
    approximate = explanation.source is AttributionSource.SURROGATE
    version = decision.version
    with ws.read() as cursor:
        load = next((x for x in loads.list_loads(cursor, key) if x.load_id == decision.load_id), None)
        model = next((m for m in model_files.model_files(cursor, key) if m.version == version), None)
        comments = decision_comments.comments_on_decision(cursor, key, explanation.decision_id)
        sample = sample_sentence(cursor, key)
    # an approximation may be shown to an analyst; it is no reason that a person is given
    reasons, alerts = (
        ((), ()) if approximate or explanation.refused else _reasons(system, decision, explanation)
    )
    settings = system.settings
    return DecisionRecord(
        system=system.key,
        title=system.title,
        task=system.task.value if system.task else "",
        decision_id=explanation.decision_id,
        at=decision.time,
        version=version,
        arm=decision.arm,
        role=settings.role,
        outcome=decision.prediction,
        score=explanation.score,
        cut_off=decision_context.cut.score if decision_context.cut and system.task is Task.BINARY else None,
        override=decision.override,
        label=decision.label,
        label_time=decision.label_time,
        model_name=model.name if model else "",
        model_sha256=model.sha256 if model else "",
        model_reproduces=model.share if model else None,
        inputs=decision_context.placed,
        explanation=explanation,
        approximate=approximate,
        reasons=reasons,
        alerts=alerts,
        changed=_find_counterfactuals(ws, key, decision_id) if search and model and not approximate else None,
        comparable=None if model and model.passed else decision_context.comparable,
        same_inputs=len(decision_context.repeats),
        answered_otherwise=len(decision_context.contradictions),
        contest=settings.contest,
        contact=settings.contact,
        file=load.file if load else "",
        file_sha256=load.sha256 if load else "",
        row=f"{decision.load_id}:{decision.line}",
        words=dict(settings.reasons),
        plumbline=__version__,
        comments=comments,
        sample=sample,
    )


def _reasons(
    system: System, decision: Decision, explanation: Explanation
) -> tuple[tuple[Reason, ...], tuple[str, ...]]:
    wording = explain.wording(system, decision)
    selection = reasons_for(explanation, wording)
    reasons = tuple(
        Reason(
            feature=name,
            words=str(wording.phrases.get(name) or name),
            value=explanation.values.get(name),
            contribution=value,
            members=tuple(
                (m, explanation.values.get(m)) for m, group in wording.groups.items() if group == name != m
            ),
        )
        for name, value in selection.picked
    )
    return reasons, selection.alerts


def _find_counterfactuals(ws: Workspace, key: str, decision_id: str) -> Counterfactuals | None:
    try:
        return find_counterfactuals(ws, key, decision_id, seconds=SEARCH_SECONDS)
    except PlumblineError as error:
        return Counterfactuals(outcome="", ways=(), why=str(error), ended="problem")


def note_record(
    ws: Workspace, record: DecisionRecord, *, kind: str, sha256: str, actor: str, language: str
) -> None:
    """Put on the trail that a record was issued: which row's, by load and line, as its id may name a person."""
    with ws.write() as cursor:
        systems.get_system(cursor, record.system)
        detail = {"kind": kind, "sha256": sha256, "language": language, "row": record.row}
        trail.append(cursor, actor=actor, action=Act.DOCUMENT_ISSUED, system=record.system, detail=detail)
