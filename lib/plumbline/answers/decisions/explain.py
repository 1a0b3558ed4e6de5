"""Why one decision came out as it did, by the best source that there is."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.answers.cache import Memory, memoise
from plumbline.answers.decisions.background import background
from plumbline.answers.decisions.samples import cached_decision, draw
from plumbline.domain import (
    AttributionSource,
    Explanation,
    FloatArray,
    IntArray,
    PlumblineError,
    Slice,
    System,
    Task,
)
from plumbline.domain.decisions import Decision, bare_name, columns_of_role
from plumbline.domain.messages import Message, as_message, sequence, word
from plumbline.explain.explanation import SPACES, Instance, choose_source, explain_row
from plumbline.explain.model_agnostic import MOST_ROWS
from plumbline.explain.reasons.global_importance import sample_rows
from plumbline.explain.reasons.logged_attributions import LoggedCheck, check_logged
from plumbline.explain.reasons.sentences import ReasonWording
from plumbline.explain.registered_model import (
    ModelCheck,
    RegisteredModel,
    check_from_json,
    check_model,
    explain_with_model,
    match_columns,
)
from plumbline.explain.surrogate import Surrogate, fit_surrogate, surrogate_contributions
from plumbline.profile.scan import decisions
from plumbline.store import systems
from plumbline.store.cache.fingerprint import fingerprint
from plumbline.store.cache.samples import keep_check, read_check
from plumbline.store.models import model_files
from plumbline.store.models.model_files import ModelFile
from plumbline.store.workspace import BusyWriter, Cursor, FullDisk, Workspace

if TYPE_CHECKING:
    import pandas as pd

LOG = logging.getLogger("plumbline")

CHECKED = 2_000  # decisions of a version that its sources are checked on
FITTED = 20_000  # decisions that a surrogate is fitted to
ASKED = 60  # decisions explained at once by a model that can only be asked, where that is quick
SLOW = 0.25  # seconds a decision, above which it is not
KEPT = 24  # versions whose sources stay in memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What there is to explain one version's decisions with, each already checked against the log."""

    version: str
    logged: LoggedCheck | None
    model: RegisteredModel | None
    model_check: ModelCheck | None
    surrogate: Surrogate | None
    sentence: Message  # why what is used is used

    @property
    def source(self) -> AttributionSource | None:
        return choose_source(
            recorded=self.logged is not None,
            logged=self.logged,
            model=self.model_check,
            surrogate=self.surrogate,
        ).source

    @property
    def space(self) -> str:
        """What the contributions of the best source add up to."""
        if (
            self.source is AttributionSource.LOGGED
            and self.logged is not None
            and self.logged.link is not None
        ):
            return self.logged.link.space
        if self.source is AttributionSource.MODEL and self.model_check is not None:
            return SPACES[self.model_check.info.link]
        return (
            self.surrogate.link.space if self.source is AttributionSource.SURROGATE and self.surrogate else ""
        )


_MEMORY: Memory[Sources] = Memory(2 * KEPT)
#: fitting one takes seconds
_SURROGATES: Memory[Surrogate | None] = Memory(24, once=True, settings=False)


def explain(ws: Workspace, key: str, decision_id: str, *, space: str = "") -> Explanation:
    """Explain one decision; a refusal comes back as an explanation that says why.

    Args:
        space: ``probability`` for contributions to the probability itself, where a registered model has one.

    Raises:
        PlumblineError: no such system or decision, or a model file that cannot be read.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        decision = cached_decision(ws, cursor, system, decision_id)
        all_sources = sources(ws, cursor, system, decision.version, surrogate=not decision.attributions)
        instance = Instance(
            decision_id=decision_id,
            values=decision.features,
            score=_score(system, decision),
            output=output_of(system, decision),
            recorded=decision.attributions,
            recorded_base=None,
        )
    return explain_row(
        instance,
        logged=all_sources.logged,
        model=all_sources.model,
        model_check=all_sources.model_check,
        surrogate=all_sources.surrogate,
        wording=wording(system, decision),
        space=space,
    )


def sources(
    ws: Workspace, cursor: Cursor, system: System, version: str, *, surrogate: bool = True
) -> Sources:
    """The checked sources of one version, kept in memory as long as its loads, settings and model file stay.

    Args:
        surrogate: fit one where neither the log nor a model file explains the version (takes seconds).
    """
    model_file = next((m for m in model_files.model_files(cursor, system.key) if m.version == version), None)
    question = (version, model_file and (model_file.sha256, model_file.at))
    sources = _MEMORY.get(
        ws,
        cursor,
        system,
        (*question, surrogate),
        lambda: _check_sources(ws, cursor, system, version, model_file, surrogate),
    )
    if _needs_no_surrogate(
        sources.logged, sources.model_check
    ):  # then no surrogate is fitted, whether or not one may be
        _MEMORY.put(ws, cursor, system, (*question, not surrogate), sources)
    return sources


def _check_sources(
    ws: Workspace,
    cursor: Cursor,
    system: System,
    version: str,
    file: ModelFile | None,
    surrogate: bool,
) -> Sources:
    logged = None
    if any(c.role.role == "attribution" for c in systems.decision_columns(cursor, system.key)):
        logged = _check_logged(system, draw(ws, cursor, system, version, CHECKED), version)
    model, checked, problem = _check_model(ws, cursor, system, file) if file else (None, None, "")
    fitted = None
    if surrogate and not _needs_no_surrogate(logged, checked):
        fitted = _SURROGATES.get(ws, cursor, system, version, lambda: _fit(ws, cursor, system, version))
    why = choose_source(recorded=logged is not None, logged=logged, model=checked, surrogate=fitted).sentence
    return Sources(
        version=version,
        logged=logged,
        model=model,
        model_check=checked,
        surrogate=fitted,
        sentence=sequence([as_message(problem), why]),
    )


def _needs_no_surrogate(logged: LoggedCheck | None, model: ModelCheck | None) -> bool:
    """Whether the log or the model file explains the version, so that no surrogate is needed."""
    return (logged is not None and logged.passed) or (model is not None and model.passed)


def contributions_of(
    system: System, sources: Sources, frame: pd.DataFrame, space: str = ""
) -> tuple[FloatArray, list[str]]:
    """Contributions (n, d) of a frame of decisions by the best source of their version, and the features.

    Of several classes that of the one each decision was given. NaN for what is not explained: of a model that can only
    be asked about coalitions of inputs, and with ``space="probability"`` of any, all but a random sample, or everything
    where one decision takes it too long; ``attribute_all`` keeps those.
    """
    if sources.source is AttributionSource.LOGGED:
        columns = columns_of_role(frame.columns, "attribution")
        return frame[columns].to_numpy(float), [bare_name(c) for c in columns]
    features = feature_frame(frame)
    if sources.source is AttributionSource.MODEL and sources.model and sources.model_check:
        which = np.broadcast_to(outputs_of(system, frame), (len(frame),))
        parts = _model_contributions(sources.model, sources.model_check, features, which, space)
        return parts, log_names(sources.model, sources.model_check, features)
    if sources.source is AttributionSource.SURROGATE and sources.surrogate:
        parts, _, _ = surrogate_contributions(sources.surrogate, features)
        return parts, [code.name for code in sources.surrogate.inputs]
    return np.empty((0, 0)), []


def _model_contributions(
    model: RegisteredModel, check: ModelCheck, features: pd.DataFrame, which: IntArray, space: str
) -> FloatArray:
    few = check.info.asked or bool(space)
    parts = np.full((len(features), len(check.info.features)), np.nan)
    chosen = sample_rows(len(features), ASKED) if few else np.arange(len(features))
    # the first one starts the process, the second says how long one takes
    turns = np.split(chosen, [1, 2, *range(2 + MOST_ROWS, len(chosen), MOST_ROWS)]) if few else [chosen]
    for turn, rows in enumerate(turns):
        begin = time.perf_counter()
        for output in np.unique(which[rows]).tolist():
            mine = rows[which[rows] == output]
            parts[mine] = explain_with_model(model, check, features.iloc[mine], output=output, space=space)[0]
        if few and turn == 1 and time.perf_counter() - begin > SLOW:
            break
    return parts


def log_names(model: RegisteredModel, check: ModelCheck, features: pd.DataFrame) -> list[str]:
    """A model's inputs in its own order, by the names that the log gives them."""
    columns = match_columns(check.info, [str(c) for c in features.columns], model.feature_map)
    return [columns.get(f.name, f.name) for f in check.info.features]


def _check_logged(system: System, frame: pd.DataFrame, version: str) -> LoggedCheck | None:
    columns = columns_of_role(frame.columns, "attribution")
    if not columns or frame[columns].isna().all(axis=None):
        return None
    return check_logged(
        frame[columns].to_numpy(float),
        scores_of(system, frame),
        version=version,
        task=system.task or Task.BINARY,
    )


def _check_model(
    ws: Workspace, cursor: Cursor, system: System, file: ModelFile
) -> tuple[RegisteredModel | None, ModelCheck | None, str]:
    """A version's file and whether it reproduces the log: found once for these loads, and kept in the workspace."""
    version = file.version
    body = model_files.model_body(cursor, system.key, version)
    if body is None:
        return None, None, ""
    against = background(cursor, system, version)
    model = RegisteredModel(
        body=body,
        sha256=file.sha256,
        version=version,
        feature_map=file.feature_map,
        name=file.name,
        background=against.rows,
        background_words=against.words,
    )
    current = fingerprint(cursor, system)
    earlier = read_check(cursor, system.key, version, file.sha256, current)
    if earlier is not None:
        return model, check_from_json(earlier, version), ""
    frame = draw(ws, cursor, system, version, CHECKED)
    try:
        checked = check_model(
            model,
            feature_frame(frame),
            scores_of(system, frame),
            task=system.task or Task.BINARY,
            output=outputs_of(system, frame),
            warm=True,
        )
    except PlumblineError as error:
        return None, None, str(error)
    try:
        with ws.write(by_itself=True, wait=False) as writer:
            keep_check(writer, system.key, version, file.sha256, current, asdict(checked))
    except (BusyWriter, FullDisk) as error:
        LOG.info("the check of %s %s is not kept: %s", system.key, version, error.what)
    return model, checked, ""


def _fit(ws: Workspace, cursor: Cursor, system: System, version: str) -> Surrogate:
    """One surrogate a version, fitted to the reference where the version decided in it."""
    start, end = system.reference or (None, None)
    frame = decisions.sample(cursor, system, Slice(start, end, version or None), FITTED, 0)
    if len(frame) < 1_000:
        frame = draw(ws, cursor, system, version, FITTED)
    positive = None
    if system.task is Task.BINARY and system.positive is not None:
        positive = (frame["prediction"] == system.positive).to_numpy(bool)
    return fit_surrogate(
        feature_frame(frame),
        scores_of(system, frame),
        version=version or word("(none logged)", "version"),
        task=system.task or Task.BINARY,
        positive=positive,
    )


def recorded_share(cursor: Cursor, system: System) -> float:
    """Of recorded attributions, the share that adds up to the logged score; 0 where none are recorded."""
    if not any(c.role.role == "attribution" for c in systems.decision_columns(cursor, system.key)):
        return 0.0
    return memoise(cursor, system, "attributions add up", float, lambda: _measure_share(cursor, system))


def _measure_share(cursor: Cursor, system: System) -> float:
    frame = decisions.sample(cursor, system, Slice(), CHECKED, 0)
    shares = []
    for version, part in frame.groupby(frame["version"].fillna(""), sort=True):
        check = _check_logged(system, part, str(version))
        if check is not None and check.n:
            shares.append((check.share if check.link is not None else 0.0, check.n))
    total = sum(n for _, n in shares)
    return sum(share * n for share, n in shares) / total if total else 0.0


def has_attributions(cursor: Cursor, system: System, drawn: pd.DataFrame) -> list[bool]:
    """Of each drawn decision: whether it carries recorded attributions, of a version whose add up."""
    parts = columns_of_role(drawn.columns, "attribution")
    if not parts:
        return [False] * len(drawn)
    sound = {}
    for version in drawn["version"].dropna().unique().tolist():
        name = f"attributions of version {version} add up"
        sound[version] = memoise(cursor, system, name, bool, partial(_is_additive, cursor, system, version))
    there = drawn[parts].notna().all(axis=1).tolist()
    return [has and sound.get(version, False) for has, version in zip(there, drawn["version"], strict=True)]


def _is_additive(cursor: Cursor, system: System, version: str) -> bool:
    drawn = decisions.sample(cursor, system, Slice(version=version), CHECKED, 0)
    check = _check_logged(system, drawn, version)
    return check is not None and check.passed


def feature_frame(frame: pd.DataFrame) -> pd.DataFrame:
    columns = columns_of_role(frame.columns, "feature")
    return frame[columns].rename(columns=bare_name)


def scores_of(system: System, frame: pd.DataFrame) -> FloatArray:
    """What an explanation explains: the score, the number, or the predicted class's probability."""
    if system.task is Task.REGRESSION:
        return frame["prediction"].to_numpy(float)
    probabilities = columns_of_role(frame.columns, "proba")
    if system.task is Task.MULTICLASS and probabilities:
        names = [bare_name(c) for c in probabilities]
        table = frame[probabilities].to_numpy(float)
        place = [names.index(p) if p in names else -1 for p in frame["prediction"].tolist()]
        return np.array([table[i, j] if j >= 0 else np.nan for i, j in enumerate(place)])
    return frame["score"].to_numpy(float)


def outputs_of(system: System, frame: pd.DataFrame) -> Any:
    if system.task is not Task.MULTICLASS:
        return 0
    place = {name: i for i, name in enumerate(sorted(system.classes))}
    return np.array([place.get(p, 0) for p in frame["prediction"].tolist()], dtype=np.int64)


def _score(system: System, decision: Decision) -> float | None:
    if system.task is Task.REGRESSION:
        logged = decision.prediction
    elif system.task is Task.MULTICLASS:
        logged = decision.of_role("proba").get(decision.prediction, decision.score)
    else:
        logged = decision.score
    return None if logged is None else float(logged)


def output_of(system: System, decision: Decision) -> int:
    """The place of the decided class among several; 0 elsewhere."""
    if system.task is not Task.MULTICLASS or decision.prediction not in system.classes:
        return 0
    return sorted(system.classes).index(decision.prediction)


def wording(system: System, decision: Decision) -> ReasonWording:
    """What the owner says about reasons, and which inputs are protected attributes."""
    return ReasonWording(
        adverse=system.settings.adverse or "low",
        protected=frozenset(decision.protected),
        groups=groups_of(system),
        phrases=dict(system.settings.reasons),
    )


def groups_of(system: System) -> dict[str, str]:
    """The groups that the owner put columns into: column to group."""
    return {str(k): str(v) for k, v in system.settings.feature_groups.items()}
