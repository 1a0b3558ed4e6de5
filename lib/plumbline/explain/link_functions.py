"""Links between a logged score and the space its contributions add up in, and how close is close enough.

Our own check, everywhere: base + sum of contributions, taken to score space, must meet the logged score
within 1e-3 or five times the log's rounding step, whichever is larger. shap's own check is no substitute:
it is skipped for several models and passes wrong values for others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from plumbline.domain import FloatArray, Task, deviation
from plumbline.domain.messages import word

TOLERANCE = 1e-3
ROUNDING_STEPS = 5
MOST_DECIMALS = 12


def _logistic(x: FloatArray) -> FloatArray:
    x = np.clip(x, -700.0, 700.0)
    scaled: FloatArray = 1.0 / (1.0 + np.exp(-x))
    return scaled


def _logit(p: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        odds: FloatArray = np.log(p) - np.log1p(-p)
    return np.where(np.isfinite(odds), odds, np.nan)


def _identity(x: FloatArray) -> FloatArray:
    return np.asarray(x, np.float64)


@dataclass(frozen=True, slots=True)
class LinkFunction:
    """How a score becomes the space its contributions add up in, and back. ``space`` is said on screens.

    ``forward`` gives NaN where a score cannot be taken there (a probability of exactly 0 or 1).
    """

    name: str
    space: str  # probability | log-odds | value
    forward: Callable[[FloatArray], FloatArray]
    back: Callable[[FloatArray], FloatArray]


#: what contributions add up in -> the words for it
SPACE_NAMES = {
    "probability": word("probability", "space"),
    "log-odds": word("log-odds", "space"),
    "log of the value": word("log of the value", "space"),
    "value": word("value", "space"),
}

IDENTITY = LinkFunction("identity", "value", _identity, _identity)
PROBABILITY = LinkFunction("probability", "probability", _identity, _identity)
LOGIT = LinkFunction("logit", "log-odds", _logit, _logistic)
PERCENT_LOGIT = LinkFunction(
    "logit of percent", "log-odds", lambda s: _logit(s / 100.0), lambda m: 100.0 * _logistic(m)
)
PERCENT = LinkFunction("percent", "probability", lambda s: s / 100.0, lambda m: 100.0 * m)


def score_range(scores: FloatArray) -> str:
    """``unit``: all finite scores are in [0, 1]; ``percent``: in [0, 100], some above 1; else ``free``."""
    finite = scores[np.isfinite(scores)]
    if not len(finite) or finite.min() < 0:
        return "free"
    return "unit" if finite.max() <= 1 else "percent" if finite.max() <= 100 else "free"


def link_candidates(scores: FloatArray, task: Task) -> tuple[LinkFunction, ...]:
    """Links worth trying for these scores: a regression's value stays as it is."""
    kind = score_range(scores)
    if task is Task.REGRESSION or kind == "free":
        return (IDENTITY,)
    return (PROBABILITY, LOGIT) if kind == "unit" else (PERCENT, PERCENT_LOGIT, IDENTITY)


def surrogate_link(scores: FloatArray, task: Task) -> LinkFunction:
    """The link that makes a score additive for a model of our own: logit for probabilities and percents."""
    kind = score_range(scores)
    if task is Task.REGRESSION or kind == "free":
        return IDENTITY
    return LOGIT if kind == "unit" else PERCENT_LOGIT


def rounding_step(scores: FloatArray) -> float:
    """The step the log rounds scores to, e.g. 0.0001 for four decimals; 0 where none shows.

    The smallest number of decimals that keeps every score; needs 20 distinct values to tell rounding from
    luck.
    """
    finite = np.unique(scores[np.isfinite(scores)])
    if len(finite) < 20:
        return 0.0
    for decimals in range(MOST_DECIMALS):
        if np.all(np.abs(np.round(finite, decimals) - finite) <= 1e-9 * 10.0**-decimals + 1e-15):
            return float(10.0**-decimals)
    return 0.0


def tolerance(scores: FloatArray, task: Task) -> float:
    """How far base + sum may be from a logged score, in score units.

    1e-3 for probabilities, 0.1 for percents, 1e-3 standard deviations otherwise; at least five rounding
    steps.
    """
    kind = score_range(scores)
    unit = 1.0
    if task is Task.REGRESSION or kind == "free":
        finite = scores[np.isfinite(scores)]
        unit = (deviation(finite) if len(finite) > 1 else 0.0) or 1.0
    elif kind == "percent":
        unit = 100.0
    return max(TOLERANCE * unit, ROUNDING_STEPS * rounding_step(scores))
