"""Decision records of a random sample, really made: does each answer, and does it come out the same again.

What is computed is held against the first time within ``RELATIVE``, as numbers in floating point differ by processor
and threads; all else has to be the same, and the document that the agreed numbers make to the byte.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from plumbline.answers.decisions import record_trials
from plumbline.answers.decisions.record import DecisionRecord, record
from plumbline.domain import RELATIVE, Explanation, PlumblineError, largest_difference
from plumbline.domain.acts import Act
from plumbline.report.decision_record import record_json, record_language, record_pdf
from plumbline.store import systems, trail
from plumbline.store.workspace import Workspace

AGAIN = 3  # records that are made a second time, and printed


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTrial:
    """A sample of records: ``built`` were made, ``complete`` of them answer, ``same`` of ``again`` came out the same.

    ``gap``: how far numbers that were computed again are off at most, relative to the largest of their decision.
    ``seconds``: the whole trial. ``problems``: why the others do not answer, at most three.
    """

    system: str
    sampled: int
    built: int
    complete: int
    again: int
    same: int
    printed: int
    gap: float
    seconds: float
    versions: tuple[str, ...]
    window: tuple[datetime, datetime]
    problems: tuple[str, ...]

    @property
    def sentence(self) -> str:
        return " ".join([record_trials.sentence(_detail(self, "")), *self.problems[:1]])


def try_records(ws: Workspace, key: str, *, actor: str) -> RecordTrial:
    """Make the records of the sample, the first three twice and as PDF, and keep the result on the trail.

    None are made where one of them could hold no reasons: the result says so. What would have changed a decision is
    not looked for; a record that is issued has that as well.

    Raises:
        PlumblineError: no such system, or it has no decisions.
    """
    begin = time.perf_counter()
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        sample = record_trials.trial_sample(cursor, system)
        if sample.empty:
            raise PlumblineError(f"{key} has no decisions to make records of", todo="Load a log first.")
        able, state = record_trials.has_reasons(cursor, system, sample), record_trials.state(cursor, system)
    names = [str(i) for i in sample["decision_id"].tolist()]  # without an id no record is possible
    built = complete = again = same = printed = 0
    gaps = [0.0]
    problems: list[str] = (
        [] if all(able) else ["Some of them have no id, no version or nothing that explains them."]
    )
    for place, name in enumerate(names if all(able) else ()):
        try:
            decision_record = record(ws, key, name, search=False)
            first = _documents(decision_record, print_it=place < AGAIN)
            built += 1
            complete += decision_record.complete
            if not decision_record.complete:
                problems.append(
                    f"{name}: {decision_record.explanation.refused or 'its reasons rest on an approximation'}"
                )
            if place < AGAIN:
                again += 1
                printed += 1
                gap, repeated = _compare_records(decision_record, record(ws, key, name, search=False))
                gaps.append(gap)
                same += gap <= RELATIVE and first == _documents(repeated, print_it=True)
        except PlumblineError as error:
            problems.append(f"{name}: {error}")
    window = sample["timestamp"].min().to_pydatetime(), sample["timestamp"].max().to_pydatetime()
    trial = RecordTrial(
        system=key,
        sampled=len(sample),
        built=built,
        complete=complete if all(able) else sum(able),
        again=again,
        same=same,
        printed=printed,
        gap=max(gaps),
        seconds=time.perf_counter() - begin,
        versions=tuple(sorted(set(sample["version"].dropna().astype(str)))),
        window=(window[0], window[1]),
        problems=tuple(problems[:3]),
    )
    with ws.write() as cursor:
        trail.append(cursor, actor=actor, action=Act.RECORDS_TRIED, system=key, detail=_detail(trial, state))
    return trial


def try_possible_records(
    ws: Workspace, key: str | None, *, actor: str, worded: bool = False
) -> tuple[RecordTrial, ...]:
    """Try the records of one system, or of all, where each of the sample could have one: elsewhere no trial is needed.

    Args:
        worded: only where every input has its words, so that the trial is all that a control waits for.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        chosen = [systems.get_system(cursor, key)] if key else systems.list_systems(cursor)
        worth = []
        for system in chosen:
            if worded and not record_trials.has_wording(cursor, system):
                continue
            sample = record_trials.trial_sample(cursor, system)
            if len(sample) and all(record_trials.has_reasons(cursor, system, sample)):
                worth.append(system.key)
    return tuple(try_records(ws, name, actor=actor) for name in worth)


def _compare_records(first: DecisionRecord, again: DecisionRecord) -> tuple[float, DecisionRecord]:
    """How far the numbers that were computed again are off, and the second record with the first's in their place."""
    recorded, anew = first.explanation, again.explanation
    if _shape(recorded) != _shape(anew) or len(first.reasons) != len(again.reasons):
        return float("inf"), again
    off = [_computed_numbers(explanation) for explanation in (recorded, anew)]
    scores = [
        [explanation.score or 0.0, (explanation.score or 0.0) + (explanation.additivity_error or 0.0)]
        for explanation in (recorded, anew)
    ]
    gap = max(largest_difference(off[0], off[1]), largest_difference(scores[0], scores[1]))
    explanation = replace(
        anew,
        base_value=recorded.base_value,
        attributions={name: recorded.attributions[name] for name in anew.attributions},
        errors={name: recorded.errors[name] for name in anew.errors},
        additivity_error=recorded.additivity_error,
    )
    reasons = tuple(
        replace(new, contribution=old.contribution)
        for old, new in zip(first.reasons, again.reasons, strict=True)
    )
    return gap, replace(again, explanation=explanation, reasons=reasons)


def _shape(explanation: Explanation) -> tuple[set[str], set[str], bool]:
    return set(explanation.attributions), set(explanation.errors), explanation.additivity_error is None


def _computed_numbers(explanation: Explanation) -> list[float]:
    """The numbers of an explanation that are in its space: base, contributions and their standard errors."""
    named = (explanation.attributions, explanation.errors)
    return [explanation.base_value, *(held[name] for held in named for name in sorted(held))]


def _documents(record: DecisionRecord, *, print_it: bool) -> tuple[bytes, bytes]:
    """The record as JSON and as PDF, dated the day of its decision so that the clock says nothing."""
    speech, on = record_language("en"), record.at.astimezone(UTC).date()
    return record_json(record, speech, on), record_pdf(record, speech, on) if print_it else b""


def _detail(trial: RecordTrial, state: str) -> dict[str, Any]:
    """What goes on the trail; a problem may name a person's decision, so only their number does."""
    return {
        "sampled": trial.sampled, "built": trial.built, "complete": trial.complete, "again": trial.again,
        "same": trial.same, "gap": trial.gap if math.isfinite(trial.gap) else None, "within": RELATIVE,
        "printed": trial.printed, "seconds": round(trial.seconds, 2),
        "versions": list(trial.versions), "window": [t.isoformat() for t in trial.window], "seed": record_trials.SEED,
        "problems": len(trial.problems), "state": state,
    }  # fmt: skip
