"""What would have changed a decision, and what other values would give: by the registered model alone.

A surrogate never answers either: it imitates scores, and nothing is known of it away from the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from plumbline.answers.decisions import explain
from plumbline.answers.decisions.context import neighbour_distance, surroundings
from plumbline.answers.decisions.cutoff import SampledCutOff, sampled_cut_off
from plumbline.answers.decisions.samples import cached_decision
from plumbline.domain import FloatArray, PlumblineError, System, Task, deviation
from plumbline.domain.decisions import Decision
from plumbline.domain.messages import message
from plumbline.explain.counterfactual import neighbors
from plumbline.explain.counterfactual.actionable import changeable_features, move_for
from plumbline.explain.counterfactual.search import SECONDS, Move, Option, search
from plumbline.explain.registered_model import (
    VIEWS,
    ModelCheck,
    RegisteredModel,
    align_features,
    background_rows,
    match_columns,
)
from plumbline.explain.sandbox.call import ModelOutput
from plumbline.explain.sandbox.pool import explain_warm, score_warm
from plumbline.store import systems
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.quantities import count

#: why there is no other outcome to look for
NO_TARGET = {
    "regression": "This system gives a number, so there is no other outcome to look for. Try values instead.",
    "classes": "The model's classes are not those of the log, so no other outcome can be looked for.",
    "no_border": "No one score parts the decisions of this version, so the other outcome has no border.",
}
ACCEPTED = 5_000  # decisions with the wanted outcome whose quantiles are tried


@dataclass(frozen=True, slots=True)
class InputChange:
    """One input that would have to be otherwise: as logged and as tried."""

    feature: str
    was: Any
    then: Any


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """One way to the other outcome, verified by scoring: the model's output with these values.

    ``distance``: to the nearest logged decision with that outcome; ``usual``: what 95 % of those stay within.
    """

    changes: tuple[InputChange, ...]
    score: float
    distance: float
    usual: float

    @property
    def is_plausible(self) -> bool:
        return not self.distance > self.usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactuals:
    """What would have led to ``outcome``; ``why`` says why there is nothing, where there is not.

    ``ended``: found, none, time, already; or why nothing was looked for: fixed (nothing is declared changeable),
    regression, classes, no_border, or problem.
    """

    outcome: str
    ways: tuple[Counterfactual, ...]
    why: str
    scored: int = 0
    seconds: float = 0.0
    ended: str = "found"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfResult:
    """The model's answer to values that a person tried; contributions where the file gives them."""

    score: float
    logged: float | None
    outcome: str
    attributions: dict[str, float]
    before: dict[str, float]
    space: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    system: System
    decision: Decision
    values: dict[str, Any]
    model: RegisteredModel
    check: ModelCheck
    cut: SampledCutOff | None
    output: int


def _model(ws: Workspace, cursor: Cursor, key: str, decision_id: str) -> _Model:
    system = systems.get_system(cursor, key)
    decision = cached_decision(ws, cursor, system, decision_id)
    version = decision.version
    sources = explain.sources(ws, cursor, system, version, surrogate=False)
    if sources.model is None or sources.model_check is None or not sources.model_check.passed:
        raise PlumblineError(
            message(
                "No model file that reproduces the log is registered for version {version}",
                version=version or "(none logged)",
            ),
            todo="Register it: plumbline model FILE --system S --version V. An approximation is never asked.",
        )
    cut = sampled_cut_off(ws, cursor, system, version)
    return _Model(
        system=system,
        decision=decision,
        values=decision.features,
        model=sources.model,
        check=sources.model_check,
        cut=cut,
        output=explain.output_of(system, decision),
    )


def _frame(values: Mapping[str, Any]) -> Any:
    import pandas as pd

    return pd.DataFrame({name: [value] for name, value in values.items()})


def find_counterfactuals(
    ws: Workspace, key: str, decision_id: str, *, seconds: float = SECONDS
) -> Counterfactuals:
    """The least that would have had to be otherwise, of what the owner declared changeable.

    Raises:
        PlumblineError: no such system or decision, or no model file that reproduces the log.
    """
    with ws.read() as cursor:
        model = _model(ws, cursor, key, decision_id)
        around = surroundings(ws, cursor, model.system, model.decision.version)
    target = _target(model)
    if isinstance(target, str):
        return Counterfactuals(outcome="", ways=(), why=NO_TARGET[target], ended=target)
    outcome, gap_of = target
    may = changeable_features(model.system.settings.changeable)
    if not may:
        why = "The owner has not said which inputs may change, so all of them are taken as fixed."
        return Counterfactuals(outcome=outcome, ways=(), why=why, ended="fixed")
    there = around.frame["prediction"] == outcome
    accepted = explain.feature_frame(around.frame[there].head(ACCEPTED))
    columns = match_columns(model.check.info, list(model.values), model.model.feature_map)
    start = align_features(model.check.info, _frame(model.values), model.model.feature_map).rows[0]
    coded = align_features(model.check.info, accepted, model.model.feature_map).rows
    everyone = align_features(
        model.check.info, explain.feature_frame(around.frame.head(ACCEPTED)), model.model.feature_map
    ).rows
    moves: list[Move] = []
    names = {columns.get(f.name, f.name): i for i, f in enumerate(model.check.info.features)}
    for item in may:
        if item.feature in names:
            i = names[item.feature]
            info = model.check.info.features[i]
            moves.append(move_for(item, i, info, float(start[i]), coded[:, i], _scale(everyone[:, i])))
    result = search(
        lambda rows: gap_of(score_warm(model.model.body, rows, best=model.check.best)),
        start,
        moves,
        seconds=seconds,
    )
    if not result.options:
        why = {
            "time": f"None was found within {seconds:g} s; {count(result.scored)} combinations were scored.",
            "already": "The registered model already gives that outcome for the logged values.",
        }.get(
            result.ended,
            f"None within the limits that the owner set; {count(result.scored)} combinations were scored.",
        )
        return Counterfactuals(
            outcome=outcome,
            ways=(),
            why=why,
            scored=result.scored,
            seconds=result.seconds,
            ended=result.ended,
        )
    mask = there.to_numpy(bool)
    usual = neighbour_distance(ws, model.system, model.decision.version, around, outcome)
    ways = []
    for option in result.options:
        changes = _changes(model, option, names)
        moved = model.values | {c.feature: c.then for c in changes}
        apart = neighbors.distances(around.place(moved), around.rows[mask], around.categorical)
        score = _scores(model, start, option)
        ways.append(Counterfactual(changes, score, float(apart.min()) if len(apart) else float("nan"), usual))
    return Counterfactuals(
        outcome=outcome, ways=tuple(ways), why="", scored=result.scored, seconds=result.seconds
    )


def _target(model: _Model) -> str | tuple[str, Any]:
    """The other outcome and how far rows are past its border; or why there is none: a key of ``NO_TARGET``."""
    system, prediction = model.system, model.decision.prediction
    view = VIEWS[model.check.view]
    if system.task is Task.REGRESSION:
        return "regression"
    if system.task is Task.MULTICLASS:
        places = {name: i for i, name in enumerate(sorted(system.classes))}
        others = sorted(
            (c for c in places if c != prediction),
            key=lambda c: -(model.decision.probabilities.get(c) or 0.0),
        )
        if not others or model.check.info.outputs != len(places):
            return "classes"
        wanted = places[others[0]]

        def margin(scored: ModelOutput) -> FloatArray:
            rest = np.delete(scored.score, wanted, axis=1).max(axis=1)
            return np.asarray(scored.score[:, wanted] - rest, np.float64)

        return others[0], margin
    if model.cut is None or system.positive is None:
        return "no_border"
    sign = -1.0 if prediction == system.positive else 1.0
    outcome = next(
        (c for c in system.classes if (c == system.positive) != (prediction == system.positive)), ""
    )
    border = model.cut.score

    def border_distance(scored: ModelOutput) -> FloatArray:
        far = sign * (view(scored, model.output) - border)
        return far if sign > 0 else np.where(far == 0, -1e-12, far)  # at the cut-off itself it is positive

    return outcome, border_distance


def _scale(values: FloatArray) -> float:
    """The median absolute deviation, or the standard deviation where that is 0, or 1."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 1.0
    spread = float(np.median(np.abs(known - np.median(known)))) or deviation(known)
    return spread if spread > 0 else 1.0


def _changes(model: _Model, option: Option, names: Mapping[str, int]) -> tuple[InputChange, ...]:
    by_index = {i: name for name, i in names.items()}
    changes = []
    for index, value in sorted(option.changes.items()):
        info, name = model.check.info.features[index], by_index[index]
        then = value if info.categories is None else info.categories[int(value)]
        changes.append(InputChange(name, model.values.get(name), then))
    return tuple(changes)


def _scores(model: _Model, start: FloatArray, option: Option) -> float:
    row = start.copy()
    row[list(option.changes)] = list(option.changes.values())
    scored = score_warm(model.model.body, row[None], best=model.check.best)
    return float(VIEWS[model.check.view](scored, model.output)[0])


def try_values(ws: Workspace, key: str, decision_id: str, changes: Mapping[str, Any]) -> WhatIfResult:
    """The registered model's real output where some inputs of a decision are otherwise.

    Raises:
        PlumblineError: no such system or decision, or no model file that reproduces the log.
    """
    with ws.read() as cursor:
        model = _model(ws, cursor, key, decision_id)
    inputs = model.values | {name: value for name, value in changes.items() if name in model.values}
    rows = np.concatenate(
        [
            align_features(model.check.info, _frame(values), model.model.feature_map).rows
            for values in (inputs, model.values)
        ]
    )
    columns = match_columns(model.check.info, list(model.values), model.model.feature_map)
    names = [columns.get(f.name, f.name) for f in model.check.info.features]
    parts: list[dict[str, float]] = [{}, {}]
    try:
        against = background_rows(model.model, model.check)
        scored = explain_warm(
            model.model.body, rows, output=model.output, best=model.check.best, background=against
        )
        turned = -1.0 if "complement" in model.check.view else 1.0
        if scored.contributions is not None:
            parts = [dict(zip(names, (turned * p).tolist(), strict=True)) for p in scored.contributions]
    except PlumblineError:  # a file without training counts scores, but does not explain by itself
        scored = score_warm(model.model.body, rows, best=model.check.best)
    score = float(VIEWS[model.check.view](scored, model.output)[0])
    logged = model.decision.prediction if model.system.task is Task.REGRESSION else model.decision.score
    if model.system.task is Task.MULTICLASS:
        logged = model.decision.probabilities.get(model.decision.prediction)
    return WhatIfResult(
        score=score,
        logged=logged,
        outcome=_outcome(model, scored, score),
        attributions=parts[0],
        before=parts[1],
        space=model.check.info.link,
    )


def _outcome(model: _Model, scored: ModelOutput, score: float) -> str:
    system = model.system
    if system.task is Task.MULTICLASS and model.check.info.outputs == len(system.classes):
        return sorted(system.classes)[int(np.argmax(scored.score[0]))]
    if model.cut is None or system.positive is None:
        return ""
    if score >= model.cut.score:
        return system.positive
    return next((c for c in system.classes if c != system.positive), "")
