"""Which source explains an instance, and its explanation in the one form everything downstream reads.

Best first: attributions recorded at decision time, a registered model that reproduces the log, a surrogate
that imitates it well enough. Callers pass what they have; the choice is made here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from plumbline.domain import AttributionSource, Explanation, magnitude_order
from plumbline.domain.messages import NOTHING, Message, Number, message, sequence, word
from plumbline.explain.reasons.logged_attributions import LoggedCheck
from plumbline.explain.reasons.sentences import OTHER, ReasonWording, reasons_for
from plumbline.explain.registered_model import (
    ModelCheck,
    ModelParts,
    RegisteredModel,
    match_columns,
    model_parts,
)
from plumbline.explain.surrogate import TOP_FACTORS, Surrogate, surrogate_contributions
from plumbline.wording.quantities import count, decimal

#: a model's link -> the space its contributions add up in, in words
SPACES = {
    "probability": "probability",
    "logit": "log-odds",
    "softmax": "log-odds",
    "log": "log of the value",
    "identity": "value",
}

#: kinds of surrogate -> the words for them
_SURROGATES = {
    "ridge": word("ridge", "surrogate"),
    "gradient boosting": word("gradient boosting", "surrogate"),
    "none": word("none", "surrogate"),
}
UNCHECKED = message("Recorded attributions, not yet checked.")
#: baselines that are no average of anything that can be named
RECORDED = message("as recorded")
REMAINDER = message("the one constant that score less attributions leaves")
UNKNOWN = word("unknown", "baseline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One logged instance. ``values``: feature to logged value, by the log's feature names.

    ``score`` is the logged score (for several classes the predicted class's probability, whose position
    among the model's outputs is ``output``). ``recorded``: its logged attributions, with ``recorded_base``
    where logged.
    """

    decision_id: str
    values: Mapping[str, Any]
    score: float | None
    output: int = 0
    recorded: Mapping[str, float] = field(default_factory=dict)
    recorded_base: float | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The source that is used, or None, and why the better ones were not."""

    source: AttributionSource | None
    sentence: Message


def choose_source(
    *,
    recorded: bool = False,
    logged: LoggedCheck | None = None,
    model: ModelCheck | None = None,
    surrogate: Surrogate | None = None,
) -> Choice:
    """The best source that passes its own check.

    ``recorded``: whether this decision has logged attributions. Recorded attributions that do not add up
    are used only if no model passes: they are then shown with their gap.
    """
    adds_up = logged is not None and logged.passed
    if recorded and (adds_up or not (model is not None and model.passed)):
        return Choice(AttributionSource.LOGGED, logged.sentence if logged else UNCHECKED)
    if model is not None and model.passed:
        before = logged.sentence if recorded and logged else NOTHING
        return Choice(AttributionSource.MODEL, sequence([before, model.sentence]))
    before = message("No model file is registered for this version.") if model is None else model.sentence
    why = message("no surrogate has been fitted") if surrogate is None else surrogate.sentence
    usable = surrogate is not None and surrogate.grade != "refused"
    return Choice(AttributionSource.SURROGATE if usable else None, sequence([before, _full_sentence(why)]))


def _full_sentence(words: Message) -> Message:
    """A sentence of words that stand within one elsewhere."""
    return message("{words:capital}.", words=words)


def explain_row(
    instance: Instance,
    *,
    logged: LoggedCheck | None = None,
    model: RegisteredModel | None = None,
    model_check: ModelCheck | None = None,
    surrogate: Surrogate | None = None,
    wording: ReasonWording | None = None,
    space: str = "",
) -> Explanation:
    """Explain one decision by the best source there is; refusals come back as an Explanation that says why.

    ``space="probability"``: a registered model's contributions to the probability itself, where it has one.

    Without ``wording`` the reasons are those that moved the score the way it went from the base.
    Raises PlumblineError where a registered model file cannot be read or its inputs are not in the log.
    """
    choice = choose_source(
        recorded=bool(instance.recorded),
        logged=logged,
        model=model_check if model is not None else None,
        surrogate=surrogate,
    )
    if choice.source is AttributionSource.LOGGED:
        explanation = _from_log(instance, logged)
    elif choice.source is AttributionSource.MODEL and model is not None and model_check is not None:
        explanation = _from_model(instance, model, model_check, space)
    elif choice.source is AttributionSource.SURROGATE and surrogate is not None:
        explanation = _from_surrogate(instance, surrogate)
    else:
        explanation = _refusal(instance, AttributionSource.SURROGATE, choice.sentence)
    if wording is None:  # no one has said what is adverse: explain the way this decision went
        wording = ReasonWording(adverse="low" if sum(explanation.attributions.values()) < 0 else "high")
    reasons = reasons_for(explanation, wording)
    return replace(explanation, reasons=reasons.reasons, alerts=reasons.alerts)


def _from_log(instance: Instance, check: LoggedCheck | None) -> Explanation:
    attributions = {str(k): float(v) for k, v in instance.recorded.items() if v == v}
    base = instance.recorded_base if instance.recorded_base is not None else check.base if check else None
    link = check.link if check else None
    error, verdict = None, check.sentence if check else UNCHECKED
    fits = bool(check and check.passed)
    if link is not None and base is not None and instance.score is not None and check is not None:
        error = _link_value(link.back, base + sum(attributions.values())) - instance.score
        fits = fits and abs(error) <= check.tolerance
        verdict = sequence([_verdict(error, check.tolerance), verdict])
    return Explanation(
        decision_id=instance.decision_id,
        source=AttributionSource.LOGGED,
        output_space=link.space if link else "value",
        base_value=base if base is not None else 0.0,
        score=instance.score,
        attributions=attributions,
        additivity_error=error,
        fidelity=check.share if check else None,
        method=message("as recorded at decision time"),
        baseline=UNKNOWN if base is None else REMAINDER if instance.recorded_base is None else RECORDED,
        check=verdict,
        values=dict(instance.values),
        exportable=fits,
    )


def _from_model(instance: Instance, model: RegisteredModel, check: ModelCheck, space: str) -> Explanation:
    import pandas as pd

    frame = pd.DataFrame({name: [value] for name, value in instance.values.items()})
    asked = space if check.info.link in ("logit", "softmax") else ""
    model_side = model_parts(model, check, frame, output=instance.output, space=asked)
    parts, base, score = model_side.parts, model_side.base, model_side.score
    columns = match_columns(check.info, list(instance.values), model.feature_map)
    names = [columns.get(f.name, f.name) for f in check.info.features]
    error = None if instance.score is None else float(score[0]) - instance.score
    if not np.isfinite(score[0]) or not np.isfinite(parts[0]).all():
        why = message(
            "The registered model gives no score for this decision: it lacks a value that the model needs."
        )
        return _refusal(instance, AttributionSource.MODEL, why)
    if error is not None and abs(error) > check.tolerance:
        why = message(
            "The registered model gives {score} for this decision, the log says {logged}: "
            "it is not what decided here.",
            score=decimal(score[0], ".4g"),
            logged=decimal(instance.score or 0.0, ".4g"),
        )
        return _refusal(instance, AttributionSource.MODEL, why, error)
    verdict = message("This decision has no logged score to check against.")
    if error is not None:
        verdict = _verdict(error, check.tolerance)
    method = message(
        "{method} from {model}, sha256 {sha}",
        method=method_words(check, asked, model_side),
        model=model.name or message("model {version}", version=model.version),
        sha=model.sha256[:12],
    )
    if check.info.outputs != 1:
        method = message(
            "{method}, raw score of class {n} before softmax", method=method, n=count(instance.output + 1)
        )
    return Explanation(
        decision_id=instance.decision_id,
        source=AttributionSource.MODEL,
        output_space=asked or SPACES[check.info.link],
        base_value=base,
        score=instance.score,
        attributions=dict(zip(names, parts[0].tolist(), strict=True)),
        additivity_error=error,
        fidelity=check.share,
        method=method,
        baseline=_baseline(model, check, asked),
        check=sequence([verdict, check.sentence]),
        values=dict(instance.values),
        errors={}
        if model_side.errors is None
        else dict(zip(names, model_side.errors[0].tolist(), strict=True)),
    )


def method_words(check: ModelCheck, space: str, parts: ModelParts | None = None) -> Message:
    """How a registered model's contributions are made, in words; of ``parts`` with what is not exact about them."""
    if (parts is None and check.info.asked and check.info.orders) or (
        parts is not None and parts.errors is not None
    ):
        what = message("contributions to the probability") if space else message("Shapley values")
        n = decimal(parts.orders if parts else check.info.orders, "d")
        if parts is None or parts.errors is None or parts.seeds is None:
            return message(
                "{what} estimated from {n} random orders and their reverses (interventional)", what=what, n=n
            )
        return message(
            "{what} estimated from {n} random orders and their reverses "
            "(interventional; standard error at most {error}; seed {seed})",
            what=what,
            n=n,
            error=decimal(np.nanmax(parts.errors), ".2g"),
            seed=f"{int(parts.seeds[0]):012x}",
        )
    if check.info.asked and not space:
        return message("exact Shapley values over all combinations of inputs (interventional)")
    if space:
        return message("exact contributions to the probability (interventional)")
    if not check.info.needs_background:
        return message("exact tree contributions (path-dependent)")
    if check.info.trees:
        return message("exact tree contributions (interventional)")
    return message("exact contributions of a linear model")


def _baseline(model: RegisteredModel, check: ModelCheck, space: str) -> Message:
    if model.background is None or not (space or check.info.needs_background):
        return message("the model's mean output over its training data")
    rows = model.background_words or message("{n} decisions", n=decimal(len(model.background), "d"))
    return message("the model's mean output over {decisions}", decisions=rows)


def _from_surrogate(instance: Instance, surrogate: Surrogate) -> Explanation:
    import pandas as pd

    frame = pd.DataFrame({code.name: [instance.values.get(code.name)] for code in surrogate.inputs})
    parts, base, score = surrogate_contributions(surrogate, frame)
    surrogate_score = float(score[0])
    gap = _link_value(surrogate.link.back, base + float(parts[0].sum())) - surrogate_score
    if abs(gap) > 1e-6 * max(1.0, abs(surrogate_score)):
        why = message(
            "The surrogate's own contributions miss its score by {gap}.", gap=decimal(abs(gap), ".2g")
        )
        return _refusal(instance, AttributionSource.SURROGATE, why)
    error = None if instance.score is None else surrogate_score - instance.score
    cutoff = surrogate.cutoff
    if (
        instance.score is not None
        and cutoff is not None
        and (surrogate_score >= cutoff) != (instance.score >= cutoff)
    ):
        why = message(
            "The surrogate puts this decision on the other side of the cut-off ({score}, logged {logged}, "
            "cut-off {cutoff}), so its reasons would not be this decision's.",
            score=decimal(surrogate_score, ".3g"),
            logged=decimal(instance.score, ".3g"),
            cutoff=decimal(cutoff, ".3g"),
        )
        return _refusal(instance, AttributionSource.SURROGATE, why, error)
    attributions = dict(zip((c.name for c in surrogate.inputs), parts[0].tolist(), strict=True))
    if surrogate.grade == "top factors":
        attributions = _largest_factors(attributions)
    off = NOTHING
    if error is not None:
        off = message(
            "For this decision it is {gap} off (95 % of decisions: within {usual}).",
            gap=_size(abs(error)),
            usual=_size(surrogate.residual),
        )
    return Explanation(
        decision_id=instance.decision_id,
        source=AttributionSource.SURROGATE,
        output_space=surrogate.link.space,
        base_value=base,
        score=instance.score,
        attributions=attributions,
        additivity_error=error,
        fidelity=surrogate.r2,
        method=message(
            "surrogate ({kind}) fitted to {n} decisions of version {version}",
            kind=_SURROGATES[surrogate.kind],
            n=count(surrogate.n),
            version=surrogate.version,
        ),
        baseline=message("the surrogate's mean output over the decisions it was fitted to"),
        check=sequence([_full_sentence(surrogate.sentence), off]),
        values=dict(instance.values),
        exportable=surrogate.grade == "shown",
    )


def _largest_factors(attributions: dict[str, float]) -> dict[str, float]:
    """The strongest few by name and the rest in one sum, so that the bars still end at the output."""
    ranked = magnitude_order(attributions)
    rest = ranked[TOP_FACTORS:]
    return dict(ranked[:TOP_FACTORS]) | ({OTHER: sum(v for _, v in rest)} if rest else {})


def _refusal(
    instance: Instance, source: AttributionSource, why: Message, error: float | None = None
) -> Explanation:
    return Explanation(
        decision_id=instance.decision_id,
        source=source,
        output_space="",
        base_value=0.0,
        score=instance.score,
        attributions={},
        additivity_error=error,
        fidelity=None,
        method=NOTHING,
        baseline=NOTHING,
        check=why,
        values=dict(instance.values),
        exportable=False,
        refused=why,
    )


def _verdict(error: float, near: float) -> Message:
    if abs(error) <= near:
        return message("Base + sum meets the logged score within {near}.", near=_size(near))
    return message(
        "Base + sum misses the logged score by {gap}, more than the {near} allowed.",
        gap=_size(abs(error)),
        near=_size(near),
    )


def _size(share: float) -> Number:
    """Two digits, without an exponent where the number is large."""
    two = decimal(share, ".2g")
    return decimal(float(two), ".0f") if share >= 100 else two


def _link_value(link: Any, margin: float) -> float:
    return float(link(np.array([margin]))[0])
