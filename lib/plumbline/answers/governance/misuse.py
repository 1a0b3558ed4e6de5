"""What the catalogue asks of model files, of callers and of complaints, from the log, the registers and the trail."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from plumbline.answers.decisions.callers import callers_answer
from plumbline.answers.events import EventRecord
from plumbline.domain import Probe, System
from plumbline.domain.acts import Act
from plumbline.domain.messages import NOTHING, Message
from plumbline.governance.evidence.case import VALID_DAYS
from plumbline.governance.evidence.registry import match_registries
from plumbline.governance.facts import ProbingCaller
from plumbline.probe.saved_models import RUNS_CODE, RUNS_NO_CODE
from plumbline.profile.scan.weights import sample_reason
from plumbline.store import trail
from plumbline.store.models.model_files import ModelFile
from plumbline.store.workspace import Cursor

_SHA256 = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_REFUSALS = 1_000  # the newest refused files that are looked at
_DAY = timedelta(days=1)
_RECEIVED, _ANSWERED = "complaint received", "complaint answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerFacts:
    """The fields of ``Facts`` about who asks."""

    caller_share: float | None = None
    callers: int | None = None
    callers_busy: int = 0
    callers_sample: int = 0
    callers_untold: int = 0
    probing: tuple[ProbingCaller, ...] = ()
    inputs: int | None = None
    sample_reason: Message = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFileFacts:
    """The fields of ``Facts`` about model files."""

    model_formats_known: int | None
    model_unsafe: tuple[str, ...]
    model_other: tuple[str, ...]
    model_served: int


@dataclass(frozen=True, slots=True)
class Complaint:
    """When a complaint came first and last, and when it was answered; None: it waits."""

    receipt: datetime
    newest: datetime
    answer: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintFacts:
    """The fields of ``Facts`` about complaints."""

    complaints: int | None = None
    complaints_open: int = 0
    complaints_open_days: float | None = None
    complaint_days: float | None = None
    complaint_usual_days: float | None = None
    complaint_keeper: str = ""
    complaints_logged: bool = False
    complaint_gap: str = ""


def caller_facts(cursor: Cursor, system: System, end: datetime) -> CallerFacts:
    """Who asks, and who feels the model out; unknown where no column names the caller."""
    sampled = sample_reason(cursor, system)
    answer = callers_answer(cursor, system, end)
    if answer is None:
        return CallerFacts(sample_reason=sampled)
    if sampled:  # a sample holds too few of a caller's requests, and not those that follow each other
        return CallerFacts(caller_share=answer.named_share, sample_reason=sampled)
    return CallerFacts(
        caller_share=answer.named_share,
        callers=answer.callers,
        callers_busy=answer.busy,
        callers_sample=answer.sample,
        callers_untold=answer.unjudged_callers,
        inputs=answer.inputs,
        probing=tuple(
            ProbingCaller(caller=q.caller, n=q.n, share=q.share, usual=q.usual_share, enumerates=q.enumerates)
            for q in answer.probing
        ),
    )


def model_file_facts(
    cursor: Cursor, key: str, seen: Collection[str], files: Sequence[ModelFile], probes: Sequence[Probe]
) -> ModelFileFacts:
    """In what format the model file of each version is kept, and whether the registered one is shown to decide."""
    refused = _refusals(cursor, key)
    registered = {file.version: file for file in files}
    kept_elsewhere = {
        match.version: {entry.saved_as for entry in match.fixed}
        for match in match_registries(seen, (), probes)
    }
    known, unsafe, other, served = 0, [], [], 0
    for version in sorted(seen):
        file, refusal = registered.get(version), refused.get(version)
        newest_refused = refusal is not None and (file is None or refusal > file.at)
        formats = kept_elsewhere.get(version, set())
        known += bool(file or newest_refused or formats & {*RUNS_CODE, *RUNS_NO_CODE})
        if newest_refused or formats & set(RUNS_CODE):
            unsafe.append(version)
        named = _SHA256.findall(version.lower())
        # whoever writes the log can write any hash into it: the scores have to agree
        if file is not None and named and not (file.passed and file.sha256 in named):
            other.append(version)
        elif file is not None and file.passed:
            served += 1
    return ModelFileFacts(
        model_formats_known=known or None,
        model_unsafe=tuple(unsafe),
        model_other=tuple(other),
        model_served=served,
    )


def _refusals(cursor: Cursor, key: str) -> Mapping[str, datetime]:
    """When a file that can run code was last refused for each version."""
    entries = trail.entries(cursor, system=key, action=Act.MODEL_REFUSED, limit=_REFUSALS)
    return {str(entry.detail.get("version", "")): entry.at for entry in reversed(entries)}


def _complaints(records: Iterable[EventRecord]) -> list[Complaint]:
    """Each complaint with the first answer at or after its receipt.

    A number that is received once more while it waits is the same complaint; after its answer it is a new one.
    """
    complaints: list[Complaint] = []
    waiting: dict[str, Complaint] = {}
    for record in sorted(records, key=lambda r: (r.at, r.event == _ANSWERED, r.seq)):
        earlier = waiting.pop(record.complaint, None)
        if record.event == _RECEIVED:
            receipt = earlier.receipt if earlier else record.at
            waiting[record.complaint] = Complaint(receipt, record.at)
        elif earlier is not None:
            complaints.append(replace(earlier, answer=record.at))
    return [*complaints, *waiting.values()]


def complaint_facts(noted: Sequence[EventRecord], moment: datetime) -> ComplaintFacts:
    """Complaints of the twelve months before a moment and the days to their answers; unknown where none is recorded."""
    records = [r for r in noted if r.event in (_RECEIVED, _ANSWERED) and r.at <= moment]
    recent = [c for c in _complaints(records) if moment - c.newest <= VALID_DAYS * _DAY]
    if not recent:
        return ComplaintFacts()
    took = [(c.answer - c.receipt) / _DAY for c in recent if c.answer is not None]
    waiting = [(moment - c.receipt) / _DAY for c in recent if c.answer is None]
    newest = max(records, key=lambda r: (r.at, r.seq))
    return ComplaintFacts(
        complaints=len(recent),
        complaints_open=len(waiting),
        complaints_open_days=max(waiting, default=None),
        complaint_days=max(took, default=None),
        complaint_usual_days=median(took) if took else None,
        complaint_keeper=newest.by,
    )
