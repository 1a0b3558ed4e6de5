"""Explaining every decision of a version by its registered model file, in batches that are kept as they are made."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plumbline.answers.decisions import explain
from plumbline.domain import FloatArray, PlumblineError, Slice, System
from plumbline.domain.acts import Act
from plumbline.explain.explanation import SPACES, method_words
from plumbline.explain.registered_model import ModelCheck, RegisteredModel, explain_with_model, model_parts
from plumbline.profile.scan import attributions, decisions
from plumbline.profile.scan.attributions import AttributionSet, BoolArray
from plumbline.store import systems, trail
from plumbline.store.models import model_files
from plumbline.store.workspace import Workspace
from plumbline.wording.quantities import count

if TYPE_CHECKING:
    import pandas as pd

BATCH = 20_000
SECONDS = 15.0  # of a batch, where a model takes long over each decision
#: called with a phrase and the share that is done, 0 to 1; may raise to stop: what is kept stays
Say = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionRun:
    """What a full pass did: decisions explained now, those that had been before, and how many add up."""

    system: str
    versions: tuple[str, ...]
    explained: int
    before: int
    adds_up: int
    skipped: tuple[str, ...]  # why a version was left out
    sentence: str


def attribute_all(
    ws: Workspace,
    key: str,
    *,
    version: str | None = None,
    actor: str,
    say: Say | None = None,
    batch: int = BATCH,
) -> AttributionRun:
    """Explain all decisions of the versions whose model file passed its check, and keep the attributions.

    Each batch is one transaction. After a kill the next call goes on with what is missing. Stored attributions
    of a file that was replaced are dropped.

    Raises:
        PlumblineError: no such system, or no version with a file that reproduces the log.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        with_models = [
            m.version for m in model_files.model_files(cursor, key) if version in (None, m.version)
        ]
    jobs, skipped = [], []
    for name in with_models:
        job_or_reason = _job(ws, system, name)
        if isinstance(job_or_reason, str):
            skipped.append(job_or_reason)
        else:
            jobs.append(job_or_reason)
    if not jobs:
        raise PlumblineError(
            " ".join(skipped)
            or "No model file is registered" + (f" for version {version}" if version else ""),
            todo="Register the file of a version: plumbline model FILE --system S --version V.",
        )
    with ws.read() as cursor:
        left = [attributions.count_unattributed(cursor, system, job.made.version) for job in jobs]
        before = sum(s.n for s in attributions.attribution_coverage(cursor, system))
    total, explained, good = sum(left), 0, 0
    for job in jobs:
        for n, fit in _run(ws, system, job, min(batch, job.most)):
            explained, good = explained + n, good + fit
            if say:
                say(
                    f"Explained {count(explained)} of {count(total)} decisions",
                    explained / max(total, 1),
                )
    with ws.read() as cursor:
        coverages = attributions.attribution_coverage(cursor, system)
    versions = tuple(job.made.version for job in jobs)
    sentence = (
        f"Attributions of {count(sum(s.n for s in coverages))} decisions are stored, "
        f"{count(explained)} of them new; "
        f"base + sum meets the logged score for {count(sum(s.adds_up for s in coverages))}."
    )
    with ws.write() as cursor:
        detail = {
            "versions": list(versions),
            "explained": explained,
            "sha256": [job.made.sha256 for job in jobs],
        }
        trail.append(cursor, actor=actor, action=Act.ATTRIBUTIONS_STORED, system=key, detail=detail)
    return AttributionRun(
        system=key,
        versions=versions,
        explained=explained,
        before=before,
        adds_up=good,
        skipped=tuple(skipped),
        sentence=sentence,
    )


@dataclass(frozen=True, slots=True)
class _Job:
    made: AttributionSet
    model: RegisteredModel
    check: ModelCheck
    most: int  # decisions a batch


def _job(ws: Workspace, system: System, version: str) -> _Job | str:
    """What explains a version, or why nothing does."""
    with ws.read() as cursor:
        sources = explain.sources(ws, cursor, system, version, surrogate=False)
        if sources.model is None or sources.model_check is None or not sources.model_check.passed:
            return f"Version {version}: {sources.sentence}"
        frame = decisions.sample(cursor, system, Slice(version=version), 1, 0)
    model, check = sources.model, sources.model_check
    features = explain.feature_frame(frame)
    _, base, _ = explain_with_model(model, check, features)
    names = tuple(explain.log_names(model, check, features))
    # of several classes the one that was predicted is explained; the base kept is the first class's
    of = ", each decision's predicted class before softmax" if check.info.outputs > 1 else ""
    kept_set = AttributionSet(
        version=version,
        sha256=model.sha256,
        features=names,
        space=SPACES[check.info.link],
        base=base,
        method=method_words(check, "") + of,
    )
    with ws.write() as cursor:
        attributions.begin_pass(cursor, system, kept_set)
    most = BATCH
    if check.info.asked and len(features):  # a batch has to end within a child's life
        begin = time.perf_counter()
        explain_with_model(model, check, features)
        most = max(1, min(most, int(SECONDS / (time.perf_counter() - begin))))
    return _Job(kept_set, model, check, most)


def _run(ws: Workspace, system: System, job: _Job, batch: int) -> Iterator[tuple[int, int]]:
    """Explain batch after batch, one child process a core; yields (decisions, of them adding up) as they are kept."""
    workers = max(1, min(4, os.cpu_count() or 1))
    after = (0, -1)
    queue: list[tuple[pd.DataFrame, Future[tuple[FloatArray, BoolArray]]]] = []
    with ThreadPoolExecutor(workers) as pool:
        while True:
            while len(queue) < workers + 1:
                with ws.read() as cursor:
                    frame = attributions.next_unattributed(cursor, system, job.made.version, after, batch)
                if frame.empty:
                    break
                after = int(frame["_load_id"].iloc[-1]), int(frame["_line"].iloc[-1])
                queue.append((frame, pool.submit(_attributions, job, system, frame)))
            if not queue:
                return
            frame, future = queue.pop(0)
            parts, fits = future.result()
            with ws.write() as cursor:
                attributions.keep(cursor, system, job.made, frame, parts, fits)
            yield len(frame), int(fits.sum())


def _attributions(job: _Job, system: System, frame: pd.DataFrame) -> tuple[FloatArray, BoolArray]:
    features, outputs = explain.feature_frame(frame), explain.outputs_of(system, frame)
    which = np.broadcast_to(outputs, (len(frame),))
    parts, score = np.empty((len(frame), len(job.made.features))), np.empty(len(frame))
    for output in np.unique(which).tolist():
        mine = np.flatnonzero(which == output)
        parts_of_model = model_parts(job.model, job.check, features.iloc[mine], output=output, alone=True)
        parts[mine], score[mine] = parts_of_model.parts, parts_of_model.score
    near = np.abs(score - explain.scores_of(system, frame)) <= job.check.tolerance
    return parts, near & np.isfinite(parts).all(axis=1)
