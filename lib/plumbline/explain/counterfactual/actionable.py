"""What the owner says may change, and the values that it allows from one logged value on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from plumbline.domain import ChangeLimits, FloatArray, PlumblineError
from plumbline.explain.counterfactual.search import Move
from plumbline.explain.sandbox.call import FeatureInfo

DIRECTIONS = ("any", "up", "down")
QUANTILES = 33


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionableFeature:
    """One feature that may change; what is not declared is fixed.

    ``direction``: any, up or down from the logged value; ``low`` and ``high`` bound it; ``step``: only whole
    steps from the logged value (0: any number); ``levels``: the categories it may take (empty: all known).
    """

    feature: str
    direction: str = "any"
    low: float | None = None
    high: float | None = None
    step: float = 0.0
    levels: tuple[str, ...] = ()


def changeable_features(changeable: Mapping[str, ChangeLimits]) -> tuple[ActionableFeature, ...]:
    """What the owner says that a person can change, checked.

    Raises:
        PlumblineError: a direction, range or step that is none.
    """
    changeables = []
    for feature, limits in sorted(changeable.items()):
        given = [limits.get(name) for name in ("low", "high", "step")]
        low, high, step = map(_number, given)
        item = ActionableFeature(
            feature=str(feature),
            direction=str(limits.get("direction") or "any"),
            low=low,
            high=high,
            step=step or 0.0,
            levels=tuple(map(str, limits.get("levels") or ())),
        )
        wrong = item.direction not in DIRECTIONS or item.step < 0 or any(map(_is_text, given))
        if wrong or (item.low is not None and item.high is not None and item.low > item.high):
            raise PlumblineError(
                f"What may change of {feature!r} cannot be read",
                todo="Give a direction (any, up, down), a range from low to high, and a step of 0 or more.",
            )
        changeables.append(item)
    return tuple(changeables)


def _number(value: Any) -> float | None:
    """The number that somebody typed; None for nothing, for a text and for what has no end."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _is_text(value: Any) -> bool:
    """Whether it is there and no number at all."""
    if value is None or value == "":
        return False
    try:
        float(value)
    except (TypeError, ValueError):
        return True
    return False


def move_for(
    item: ActionableFeature, index: int, info: FeatureInfo, value: float, accepted: FloatArray, scale: float
) -> Move:
    """The move of one model input from its coded ``value``.

    ``accepted`` (n,): coded values of decisions with the wanted outcome, whose quantiles are tried beside the
    model's own thresholds (the threshold itself and the next number above: a tree goes left up to it).
    """
    if info.categories is not None:
        names = [str(c) for c in info.categories]
        codes = [
            float(i) for i, c in enumerate(names) if (c in item.levels or not item.levels) and i != value
        ]
        return Move(index=index, values=np.array(codes), ordered=False)
    known = accepted[np.isfinite(accepted)]
    tried = [np.quantile(known, np.linspace(0, 1, QUANTILES))] if len(known) else []
    points = np.array(info.thresholds, float)
    tried += [points, np.nextafter(points, np.inf)]
    if item.levels:
        values = np.array([v for v in map(_number, item.levels) if v is not None])
    else:
        ends = [end for end in (item.low, item.high) if end is not None]
        values = np.concatenate([*tried, np.array(ends, float)])
    if item.step and math.isfinite(value):
        steps = (values - value) / item.step
        values = value + item.step * np.concatenate([np.floor(steps), np.ceil(steps)])
    values = np.unique(values[np.isfinite(values)])
    values = values[values != value]
    values = values[(values >= (item.low if item.low is not None else -np.inf))]
    values = values[(values <= (item.high if item.high is not None else np.inf))]
    if item.direction != "any":
        if not math.isfinite(value):  # from a missing value nothing is up or down
            return Move(index=index, values=np.zeros(0))
        values = values[values > value] if item.direction == "up" else values[values < value]
    inside = (item.low is None or value >= item.low) and (item.high is None or value <= item.high)
    free = not item.levels and inside and math.isfinite(value)
    return Move(index=index, values=values, scale=scale, free=free, step=item.step)
