"""How sentences name metrics, methods and levels."""

from __future__ import annotations

from plumbline.domain import System
from plumbline.domain.messages import Message, message, word
from plumbline.wording.language import digits, phrase

_SPOKEN = {
    "mae": word("The mean absolute error", "metric"), "rmse": word("The root mean squared error", "metric"),
    "roc_auc": word("ROC AUC", "metric"), "r2": word("R²", "metric"), "f1": word("F1", "metric"),
    "mape": word("MAPE", "metric"), "smape": word("sMAPE", "metric"), "bias": word("The mean error (bias)", "metric"),
    "median_absolute_error": word("The median absolute error", "metric"),
    "value": word("The value of a decision", "metric"), "brier": word("The Brier score", "metric"),
    "accuracy": word("Accuracy", "metric"), "balanced_accuracy": word("Balanced accuracy", "metric"),
    "precision": word("Precision", "metric"), "recall": word("Recall", "metric"),
    "specificity": word("Specificity", "metric"), "log_loss": word("Log loss", "metric"),
    "average_precision": word("Average precision", "metric"),
    "f1_macro": word("Macro F1", "metric"), "f1_weighted": word("Weighted F1", "metric"),
}  # fmt: skip

#: drift methods whose spelling is not their name
METHOD_NAMES = {
    "js": word("Jensen-Shannon distance", "method"),
    "psi": word("PSI", "method"),
    "ks": word("Kolmogorov-Smirnov", "method"),
    "hellinger": word("Hellinger distance", "method"),
    "wasserstein": word("Wasserstein distance", "method"),
    "chi2": word("Chi-square", "method"),
    "cramers_v": word("Cramér's V", "method"),
    "linf": word("Largest change of a level", "method"),
    "missing": word("Missing values", "method"),
    "new_levels": word("Levels not seen before", "method"),
    "out_of_range": word("Values out of range", "method"),
    "whole_row": word("Whole-row AUC", "method"),
}


def say_metric(name: str) -> Message:
    """A metric's name as sentences begin with it."""
    return _SPOKEN.get(name) or message("{name}", name=name.replace("_", " ").capitalize())


def metric_unit(system: System, name: str) -> str:
    """What a metric of this system counts: its money for ``value``, else what it predicts so many of."""
    if name == "value":
        return (system.settings.cost_matrix or {}).get("currency") or ""
    return system.unit


def say_level(value: str) -> str:
    """A filter's value in words: a level as it is, ``10..20`` as ``10 to below 20``."""
    low, start, high = value.partition("..")
    if value == "":
        return phrase("missing")
    try:
        sides = [digits(f"{float(side):.4g}") if side else "" for side in (low, high)] if start else []
    except ValueError:
        sides = []
    if not any(sides):
        return value
    if not sides[0]:
        return phrase("below {high}", high=sides[1])
    if not sides[1]:
        return phrase("{low} or more", low=sides[0])
    return phrase("{low} to below {high}", low=sides[0], high=sides[1])
