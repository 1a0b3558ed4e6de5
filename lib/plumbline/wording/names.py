"""How sentences name a metric and write its value."""

from __future__ import annotations

from plumbline.domain import System
from plumbline.monitor.figures import say_figure
from plumbline.monitor.metrics.metrics import metric

_SPOKEN = {
    "mae": "The mean absolute error", "rmse": "The root mean squared error", "roc_auc": "ROC AUC", "r2": "R²",
    "f1": "F1", "mape": "MAPE", "smape": "sMAPE", "bias": "The mean error (bias)",
    "median_absolute_error": "The median absolute error", "value": "The value of a decision",
    "brier": "The Brier score",
}  # fmt: skip

#: drift methods whose spelling is not their name
METHOD_NAMES = {
    "js": "Jensen-Shannon distance", "psi": "PSI", "ks": "Kolmogorov-Smirnov",
    "hellinger": "Hellinger distance",
    "wasserstein": "Wasserstein distance", "chi2": "Chi-square", "cramers_v": "Cramér's V",
    "linf": "Largest change of a level", "missing": "Missing values", "new_levels": "Levels not seen before",
    "out_of_range": "Values out of range", "whole_row": "Whole-row AUC",
}  # fmt: skip


def say_metric(name: str) -> str:
    """A metric's name as sentences begin with it."""
    return _SPOKEN.get(name, name.replace("_", " ").capitalize())


def unit_of(system: System, name: str) -> str:
    """What a metric of this system counts: its money for ``value``, else what it predicts so many of."""
    if name == "value":
        return (system.settings.cost_matrix or {}).get("currency") or ""
    return system.unit


def say_value(name: str, value: float | None, unit: str = "") -> str:
    """A value in its unit, with the digits that mean something; ``unit``: what the system predicts so many of."""
    if value is None:
        return "unknown"
    return say_figure(metric("recall" if name.startswith("recall:") else name), value, unit)


def say_level(value: str) -> str:
    """A filter's value in words: a level as it is, ``10..20`` as ``10 to below 20``."""
    low, found, high = value.partition("..")
    if value == "":
        return "missing"
    try:
        sides = [f"{float(side):.4g}" if side else "" for side in (low, high)] if found else []
    except ValueError:
        sides = []
    if not any(sides):
        return value
    if not sides[0]:
        return f"below {sides[1]}"
    return f"{sides[0]} to below {sides[1]}" if sides[1] else f"{sides[0]} or more"
