"""A surrogate: a model of ours that imitates logged scores where neither attributions nor model are there.

Ridge on the link-transformed score first: if it explains 0.999 of a held-out quarter the system is
(generalised) linear and is explained in closed form. Otherwise gradient boosting with categories as codes
(never as native categories, which shap gets wrong in silence). One surrogate a version, frozen on the
reference, held in memory only. Its fidelity decides what may be shown; a low R2 is itself a finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.domain import FloatArray, Kind, Task
from plumbline.domain.messages import Message, message
from plumbline.explain.link_functions import (
    IDENTITY,
    LinkFunction,
    rounding_step,
    score_range,
    surrogate_link,
)
from plumbline.explain.surrogate_inputs import InputCode, code_matrix, design_matrix, learn_inputs
from plumbline.explain.trees import BoolArray
from plumbline.wording.quantities import count, decimal, percent

if TYPE_CHECKING:
    import pandas as pd

FEWEST_ROWS = 1_000
MOST_ROWS = 20_000
HELD_OUT = 0.25
LINEAR_R2 = 0.999
SHOWN_R2, SHOWN_AGREEMENT = 0.97, 0.95
LEAST_R2, LEAST_AGREEMENT = 0.90, 0.90
TOP_FACTORS = 5


@dataclass(frozen=True, slots=True)
class LinearFit:
    """A fitted ridge: ``weights`` (p,) on a design matrix whose column means are ``means`` (p,)."""

    weights: FloatArray
    intercept: float
    means: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Surrogate:
    """One version's surrogate and its fidelity on decisions it was not fitted to.

    ``r2`` in the link's space; ``agreement`` with the logged decision (None for regression or without a
    cut-off); ``residual`` is the 95th percentile of its error in score units. ``grade``: shown, top factors
    or refused. ``fitted`` lives in this process only and is never written.
    """

    version: str
    kind: str  # ridge | gradient boosting | none
    link: LinkFunction
    inputs: tuple[InputCode, ...]
    fitted: Any
    r2: float
    agreement: float | None
    cutoff: float | None
    residual: float
    n: int
    grade: str
    sentence: Message


def infer_cutoff(scores: FloatArray, positive: BoolArray) -> float | None:
    """The score from which decisions are positive, with the fewest exceptions; None where all are alike."""
    known = np.isfinite(scores)
    order = np.argsort(scores[known], kind="stable")
    score, yes = scores[known][order], positive[known][order].astype(np.int64)
    if not len(yes) or yes.min() == yes.max():
        return None
    # wrong with a cut before position i: positives below it plus negatives from it on
    wrong = np.concatenate([[0], np.cumsum(yes)]) + np.concatenate([np.cumsum((1 - yes)[::-1])[::-1], [0]])
    allowed = np.concatenate([[True], np.diff(score) > 0, [True]])
    at = int(np.argmin(np.where(allowed, wrong, len(yes) + 1)))
    if at in (0, len(score)):
        return float(score[0] if at == 0 else np.nextafter(score[-1], np.inf))
    return float((score[at - 1] + score[at]) / 2)


def fit_surrogate(
    frame: pd.DataFrame,
    scores: FloatArray,
    *,
    version: str,
    task: Task = Task.BINARY,
    positive: BoolArray | None = None,
    cutoff: float | None = None,
    kinds: Mapping[str, Kind] | None = None,
    seed: int = 0,
) -> Surrogate:
    """Fit one version's surrogate to its reference: features (n, d) and logged scores (n,).

    ``positive`` (n,): whether the logged decision was the class the score speaks for; for several classes
    fit one surrogate a class, to that class's probability. The decisions must be of one version. Never
    raises for a poor fit: the grade and the sentence say why nothing is shown.
    """
    known = np.flatnonzero(np.isfinite(scores))
    if len(known) < FEWEST_ROWS:
        few = message(
            "no surrogate: only {n} decisions have a score, {needed} are needed",
            n=count(len(known)),
            needed=count(FEWEST_ROWS),
        )
        return _no_surrogate(version, len(known), few)
    if frame.shape[1] == 0:
        return _no_surrogate(version, len(known), message("no surrogate: the log has no features"))
    if np.ptp(scores[known]) == 0:
        return _no_surrogate(version, len(known), message("no surrogate: all logged scores are the same"))
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(known)[:MOST_ROWS]
    test, train = np.split(chosen, [int(len(chosen) * HELD_OUT)])
    link = surrogate_link(scores[known], task)
    target = link.forward(_clip_scores(scores, link))
    inputs = learn_inputs(frame.iloc[train], target[train], kinds or {})
    kind, fitted = "ridge", _fit_ridge(design_matrix(inputs, frame.iloc[train])[0], target[train])
    predicted = _predict_linear(fitted, design_matrix(inputs, frame.iloc[test])[0])
    r2 = _r2(target[test], predicted)
    if r2 < LINEAR_R2:
        boosted = _fit_boosting(code_matrix(inputs, frame.iloc[train]), target[train], seed)
        again = _predict_boosted(boosted, code_matrix(inputs, frame.iloc[test]))
        if (better := _r2(target[test], again)) > r2:
            kind, fitted, predicted, r2 = "gradient boosting", boosted, again, better
    if positive is not None and cutoff is None and task is not Task.REGRESSION:
        cutoff = infer_cutoff(scores, positive)
    imitated = link.back(predicted)
    agreement = None
    if cutoff is not None:
        logged = scores[test] >= cutoff if positive is None else positive[test]
        agreement = float(np.mean((imitated >= cutoff) == logged))
    grade, sentence = grade_fidelity(r2, agreement)
    residual = float(np.quantile(np.abs(imitated - scores[test]), 0.95))
    return Surrogate(
        version=version,
        kind=kind,
        link=link,
        inputs=inputs,
        fitted=fitted,
        r2=r2,
        agreement=agreement,
        cutoff=cutoff,
        residual=residual,
        n=len(chosen),
        grade=grade,
        sentence=sentence,
    )


def grade_fidelity(r2: float, agreement: float | None) -> tuple[str, Message]:
    """``shown``, ``top factors`` or ``refused``, and why. Without a cut-off R2 alone decides."""
    measured = message("held-out R2 {r2}", r2=decimal(r2, ".3f"))
    if agreement is not None:
        measured = message(
            "held-out R2 {r2} and agrees with {share} of the logged decisions",
            r2=decimal(r2, ".3f"),
            share=percent(agreement),
        )
    level = 1.0 if agreement is None else agreement
    if r2 >= SHOWN_R2 and level >= SHOWN_AGREEMENT:
        return "shown", message("approximate: imitates the logged scores, {measured}", measured=measured)
    if r2 >= LEAST_R2 and level >= LEAST_AGREEMENT:
        return "top factors", message(
            "rough: only the strongest factors are shown and nothing is exported, {measured}",
            measured=measured,
        )
    return "refused", message(
        "the surrogate does not imitate the logged scores well enough ({measured}): "
        "the logged inputs do not determine the logged score",
        measured=measured,
    )


def surrogate_contributions(
    surrogate: Surrogate, frame: pd.DataFrame
) -> tuple[FloatArray, float, FloatArray]:
    """Contributions (n, d) in the link's space, base, and the surrogate's own score (n,) in score units.

    Ridge: weight times (value less mean), the columns of one feature added up. Boosting: shap's
    path-dependent tree explainer (imported here: it takes over a second).
    """
    if surrogate.kind == "ridge":
        fitted: LinearFit = surrogate.fitted
        design, owner = design_matrix(surrogate.inputs, frame)
        parts = (design - fitted.means) * fitted.weights
        totals = np.zeros((len(frame), len(surrogate.inputs)))
        np.add.at(totals.T, owner, parts.T)
        base = float(fitted.means @ fitted.weights + fitted.intercept)
        return totals, base, surrogate.link.back(_predict_linear(fitted, design))
    import shap

    codes = code_matrix(surrogate.inputs, frame)
    explainer = shap.TreeExplainer(surrogate.fitted)
    totals = np.asarray(explainer.shap_values(codes), np.float64)
    base = float(np.ravel(explainer.expected_value)[0])
    return totals, base, surrogate.link.back(_predict_boosted(surrogate.fitted, codes))


def _no_surrogate(version: str, n: int, why: Message) -> Surrogate:
    return Surrogate(
        version=version,
        kind="none",
        link=IDENTITY,
        inputs=(),
        fitted=None,
        r2=np.nan,
        agreement=None,
        cutoff=None,
        residual=np.nan,
        n=n,
        grade="refused",
        sentence=why,
    )


def _clip_scores(scores: FloatArray, link: LinkFunction) -> FloatArray:
    """Scores of exactly 0 or 1 moved in by half a rounding step, so that their logit is finite."""
    if link.space != "log-odds":
        return scores
    unit = 1.0 if score_range(scores) == "unit" else 100.0
    edge = max(rounding_step(scores) / 2, 1e-6 * unit)
    return np.clip(scores, edge, unit - edge)


def _r2(truth: FloatArray, predicted: FloatArray) -> float:
    spread = float(np.sum((truth - truth.mean()) ** 2))
    return 1.0 - float(np.sum((truth - predicted) ** 2)) / spread if spread > 0 else 0.0


def _fit_ridge(design: FloatArray, target: FloatArray) -> LinearFit:
    """Ridge with a penalty of 1e-6 a row on centred columns: enough to be solvable, too little to bend."""
    means = design.mean(axis=0)
    centred = design - means
    gram = centred.T @ centred + 1e-6 * len(design) * np.eye(design.shape[1])
    weights = np.linalg.solve(gram, centred.T @ (target - target.mean()))
    return LinearFit(weights, float(target.mean() - means @ weights), means)


def _predict_linear(fitted: LinearFit, design: FloatArray) -> FloatArray:
    result: FloatArray = design @ fitted.weights + fitted.intercept
    return result


def _predict_boosted(model: Any, codes: FloatArray) -> FloatArray:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "openmp"):
        return np.asarray(model.predict(codes), np.float64)


def _fit_boosting(codes: FloatArray, target: FloatArray, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    model = HistGradientBoostingRegressor(
        max_iter=300, learning_rate=0.1, min_samples_leaf=10, early_stopping=False, random_state=seed
    )
    with threadpool_limits(
        1, "openmp"
    ):  # beside other work, threads wait for each other longer than they learn
        return model.fit(codes, target)
