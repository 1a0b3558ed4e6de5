"""A registered model file: its inputs matched to the log, its scores checked, its explanations.

Nothing is explained with a file before it reproduces the logged scores: otherwise it is not the model that
decided.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.domain import FloatArray, IntArray, PlumblineError, Task
from plumbline.domain.messages import NOTHING, Message, message, sequence, word
from plumbline.explain.link_functions import score_range, tolerance
from plumbline.explain.sandbox.call import (
    FeatureInfo,
    ModelInfo,
    ModelOutput,
    describe_model,
    explain_rows,
    info_from,
    score_rows,
)
from plumbline.explain.sandbox.pool import describe_warm, explain_warm, score_warm
from plumbline.wording.quantities import count, decimal, percent

if TYPE_CHECKING:
    import pandas as pd

#: the share of checked decisions a file must reproduce
REPRODUCES = 0.99
CHECKED_ROWS = 1_000
ADDS_UP = 1e-6  # base + sum against the model's own output
FEWEST = 20
FEW_ROWS = 500
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d{0,15})(\.\d{1,17})?([eE][+-]?\d{1,3})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModel:
    """A model file tied to a version; ``feature_map``: the model's feature names to the log's columns.

    ``background``: logged rows (a column a feature) that contributions are measured against where the file holds
    no training counts, or where they are asked for in probability.
    """

    body: bytes
    sha256: str
    version: str
    feature_map: Mapping[str, str]
    name: str = ""
    background: pd.DataFrame | None = None
    background_words: Message = NOTHING  # which rows these are


@dataclass(frozen=True, slots=True)
class Alignment:
    """Logged rows in the model's order and coding: ``rows`` (n, d) float64, NaN for missing.

    ``columns``: model feature to log column; ``unseen``: feature to the number of rows whose category the
    model was not trained on (they are passed on as missing, as the native libraries do).
    """

    rows: FloatArray
    columns: dict[str, str]
    unseen: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCheck:
    """Whether a file reproduces the logged scores, and how its output relates to them.

    ``view``: how the model's output becomes the logged score (one of ``VIEWS``); ``best``: whether only the
    trees up to the best iteration count.
    """

    share: float
    n: int
    tolerance: float
    sentence: Message
    passed: bool
    info: ModelInfo
    view: str = "score"
    best: bool = False


def check_from_json(stored: Mapping[str, Any], version: str) -> ModelCheck:
    """A check of a version as it was kept: its fields as JSON, and its sentence worded from them again."""
    sentence = _sentence(version, stored["share"], stored["n"], stored["tolerance"], stored["view"])
    return ModelCheck(**{**stored, "info": info_from(stored["info"]), "sentence": sentence})


def align_features(info: ModelInfo, frame: pd.DataFrame, feature_map: Mapping[str, str]) -> Alignment:
    """Match a model's features to columns of ``frame`` (one column a logged feature) and code the values.

    A feature is matched by the given map where it names it, else by its own name, else without regard to
    case. Features no split looks at may be absent. Raises PlumblineError naming the features that are not
    found.
    """
    columns = match_columns(info, [str(c) for c in frame.columns], feature_map)
    lost = [f.name for f in info.features if f.used and f.name not in columns]
    if lost:
        raise PlumblineError(
            "The log has no column for these inputs of the model: " + ", ".join(lost[:8]),
            todo="Say which column holds each, or register the model with a map of names.",
        )
    rows = np.full((len(frame), len(info.features)), np.nan)
    unseen = {}
    for i, feature in enumerate(info.features):
        if feature.name in columns:
            rows[:, i], strange = _code_column(feature, frame[columns[feature.name]])
            if strange:
                unseen[feature.name] = strange
    return Alignment(rows, columns, unseen)


def match_columns(info: ModelInfo, columns: list[str], feature_map: Mapping[str, str]) -> dict[str, str]:
    """Model feature to log column, for those that can be matched by map or name."""
    folded: dict[str, str] = {}
    for column in columns:
        folded.setdefault(column.casefold(), column)
    matched = {}
    for feature in info.features:
        wanted = feature_map.get(feature.name)
        if wanted is not None and wanted in columns:
            matched[feature.name] = wanted
        elif feature.name in columns:
            matched[feature.name] = feature.name
        elif feature.name.casefold() in folded:
            matched[feature.name] = folded[feature.name.casefold()]
    return matched


def _code_column(feature: FeatureInfo, column: pd.Series[Any]) -> tuple[FloatArray, int]:
    """The column as the model codes it, and how many values it does not know."""
    import pandas as pd

    if feature.categories is not None:
        places = {_spelling(c): float(i) for i, c in enumerate(feature.categories)}
        absent = column.isna().to_numpy(bool)
        codes = np.array([places.get(_spelling(v), np.nan) for v in column.tolist()], np.float64)
        codes[absent] = np.nan
        return codes, int((np.isnan(codes) & ~absent).sum())
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    strange = np.isnan(numbers) & ~column.isna().to_numpy(bool)
    if feature.used and strange.any():
        raise PlumblineError(
            message(
                "The model reads {name} as a number, but the log's column {column} holds text",
                name=repr(feature.name),
                column=repr(column.name),
            ),
            todo="Register the model in a format that keeps its categories, or map another column.",
        )
    return numbers, 0


def _spelling(value: Any) -> str:
    """One spelling for 3, 3.0 and "3", so that codes match however the log typed them."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower()
    text = str(value)
    if _PLAIN_NUMBER.fullmatch(text):
        return repr(float(text))
    return text.lower() if text in {"True", "False"} else text


#: how the model's output may appear in the log: name and the output as the log writes it
VIEWS: dict[str, Callable[[ModelOutput, int | IntArray], FloatArray]] = {
    "score": lambda scored, which: _output(scored.score, which),
    "percent": lambda scored, which: 100.0 * _output(scored.score, which),
    "margin": lambda scored, which: _output(scored.margin, which),
    "complement": lambda scored, which: 1.0 - _output(scored.score, which),
    "percent of complement": lambda scored, which: 100.0 - 100.0 * _output(scored.score, which),
}


def _output(values: FloatArray, which: int | IntArray) -> FloatArray:
    """One output of each row: the same for all, or one a row."""
    picked: FloatArray = values[np.arange(len(values)), np.broadcast_to(which, (len(values),))]
    return picked


def candidate_views(info: ModelInfo, scores: FloatArray) -> list[str]:
    """The views worth trying for these scores."""
    if info.link not in ("logit", "probability"):
        return ["score"] if info.link == "softmax" else ["score", "margin"]
    if info.outputs > 1:
        return ["percent" if score_range(scores) == "percent" else "score"]
    by_range = {"unit": ["score", "complement"], "percent": ["percent", "percent of complement"]}
    return [*by_range.get(score_range(scores), []), *(["margin"] if info.link == "logit" else [])] or [
        "score"
    ]


def check_model(
    model: RegisteredModel,
    frame: pd.DataFrame,
    scores: FloatArray,
    *,
    task: Task = Task.BINARY,
    output: int | IntArray = 0,
    info: ModelInfo | None = None,
    warm: bool = False,
) -> ModelCheck:
    """Score up to 1,000 logged decisions of the model's version and compare with the logged scores (n,).

    ``output``: the position of the class whose probability is logged, one for all or one a row (n,). ``warm``: in the
    process that is kept for this file, which the explanations after it need anyway. Raises
    PlumblineError where the file is refused or its inputs are not in the log.
    """
    info = info or (describe_warm if warm else describe_model)(model.body)
    usable = np.flatnonzero(np.isfinite(scores))
    if len(usable) < FEWEST:
        raise PlumblineError(
            message(
                "Only {usable} decisions of version {version} have a score: too few for a check",
                usable=str(len(usable)),
                version=model.version,
            ),
            todo=message("At least {fewest} are needed.", fewest=str(FEWEST)),
        )
    if len(usable) > CHECKED_ROWS:
        usable = np.sort(np.random.default_rng(0).choice(usable, CHECKED_ROWS, replace=False))
    logged, near = scores[usable], tolerance(scores, task)
    which = output if isinstance(output, int) else output[usable]
    rows = align_features(info, frame.iloc[usable], model.feature_map).rows
    best = (-1.0, "score", False)
    for early in [False, True] if info.best_trees else [False]:
        scored = (score_warm if warm else score_rows)(model.body, rows, best=early)
        for view in candidate_views(info, scores):
            share = float(np.mean(np.abs(VIEWS[view](scored, which) - logged) <= near))
            best = max(best, (share, view, early), key=lambda found: found[0])
    share, view, early = best
    passed = share >= REPRODUCES
    sentence = _sentence(model.version, share, len(usable), near, view)
    return ModelCheck(
        share=share,
        n=len(usable),
        tolerance=near,
        sentence=sentence,
        passed=passed,
        info=info,
        view=view,
        best=early,
    )


#: a view of the model's output that is told -> the words for it
_VIEW_NAMES = {
    "complement": word("as one less the model's probability", "view"),
    "margin": word("as the model's raw output", "view"),
}


def _sentence(version: str, share: float, n: int, near: float, view: str) -> Message:
    values: dict[str, str] = {
        "version": version,
        "share": percent(share),
        "n": count(n),
        "near": decimal(near, ".2g"),
    }
    if view in _VIEW_NAMES:
        reproduced = message(
            "The model file registered for version {version} reproduces {share} of {n} logged scores "
            "within {near} ({view}).",
            **values,
            view=_VIEW_NAMES[view],
        )
    else:
        reproduced = message(
            "The model file registered for version {version} reproduces {share} of {n} logged scores within {near}.",
            **values,
        )
    other = message("This is not the model that decided, so nothing is explained with it.")
    return sequence([reproduced, other if share < REPRODUCES else NOTHING])


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelParts:
    """Contributions (n, d) in the model's feature order, the base, and the score as the log writes it (n,).

    ``errors`` (n, d) and ``seeds`` (n,): standard errors, and what the orders were drawn from, where contributions are
    estimates; None where they are exact.
    """

    parts: FloatArray
    base: float
    score: FloatArray
    errors: FloatArray | None = None
    seeds: FloatArray | None = None
    orders: int = 0  # pairs of random orders that estimates are made of


def model_parts(
    model: RegisteredModel,
    check: ModelCheck,
    frame: pd.DataFrame,
    *,
    output: int = 0,
    space: str = "",
    alone: bool = False,
) -> ModelParts:
    """Split the output of decisions (a column a logged feature).

    In log-odds for a logit link (turned round where the log keeps the complement), in the raw class score
    for softmax, in the logarithm for a log link; with ``space="probability"`` in the probability itself, against the
    model's background. NaN where the model gives no score for a row: it lacks a value. ``alone``: in a process of its
    own, however few rows. Raises PlumblineError where the check did not pass, a background is needed and there is
    none, or the contributions do not add up.
    """
    if not check.passed:
        raise PlumblineError(check.sentence)
    rows = align_features(check.info, frame, model.feature_map).rows
    background = background_rows(model, check, space)
    # a page's few rows go to the process that has read the file already; a batch gets a core of its own
    scored = (explain_warm if len(rows) <= FEW_ROWS and not alone else explain_rows)(
        model.body, rows, output=output, best=check.best, background=background, space=space
    )
    if scored.contributions is None or scored.base is None:
        raise PlumblineError("The model's process gave no contributions")
    parts, base = scored.contributions, scored.base
    predicted = (scored.score if space == "probability" else scored.margin)[:, output]
    _require_additivity(parts, base, predicted)
    parts = np.where(np.isnan(predicted)[:, None], np.nan, parts)
    if "complement" in check.view:
        turned = space == "probability" or check.info.link == "probability"
        parts, base = -parts, (1.0 - base if turned else -base)
    return ModelParts(
        parts=parts,
        base=base,
        score=VIEWS[check.view](scored, output),
        errors=scored.errors,
        seeds=scored.seeds,
        orders=scored.info.orders,
    )


def explain_with_model(
    model: RegisteredModel, check: ModelCheck, frame: pd.DataFrame, *, output: int = 0, space: str = ""
) -> tuple[FloatArray, float, FloatArray]:
    """Contributions, base and score of ``model_parts``, which says more. Raises as it does."""
    made = model_parts(model, check, frame, output=output, space=space)
    return made.parts, made.base, made.score


def background_rows(model: RegisteredModel, check: ModelCheck, space: str = "") -> FloatArray | None:
    """The background in the model's coding (b, d), where contributions are measured against one."""
    if model.background is None or not (check.info.needs_background or space == "probability"):
        return None
    return align_features(check.info, model.background, model.feature_map).rows


def _require_additivity(parts: FloatArray, base: float, outputs: FloatArray) -> None:
    """Raise PlumblineError unless base + sum meets the model's own output wherever it has one; NaN meets nothing."""
    with np.errstate(invalid="ignore"):
        near = np.abs(base + parts.sum(axis=1) - outputs) <= ADDS_UP * np.maximum(1.0, np.abs(outputs))
    if not np.all(near | np.isnan(outputs)) or not np.isfinite(base):
        raise PlumblineError("The contributions do not add up to the model's own output, so none is shown")
