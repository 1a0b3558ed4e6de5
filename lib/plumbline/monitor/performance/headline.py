"""The metric that a system is judged by first: accuracy, unless a class is so rare that accuracy cannot tell.

Where one in two hundred is positive a model that never says so is right in 99.5 of 100 (Saito and Rehmsmeier 2015;
Chicco and Jurman 2020). There the headline is what the decisions are worth, where the owner stated it; else average
precision, where scores order the outcomes (Davis and Goadrich 2006); else recall at the cut-off that was used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plumbline.domain import OutcomeProfile, Task
from plumbline.domain.messages import NOTHING, Message, message, word
from plumbline.monitor.chunks import ENOUGH
from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.metrics.intervals import interval
from plumbline.monitor.metrics.metrics import HEADLINE, METRICS, RARE
from plumbline.monitor.performance.weights import NONE
from plumbline.wording.quantities import percent

#: labels of the rare class below which no metric of it says anything
FEWEST = 10
#: share of the labelled decisions that must carry a score
SCORED = 0.9


@dataclass(frozen=True, slots=True)
class Headline:
    """The metric, and why it is not the task's usual one, in a sentence; empty where it is, or the owner chose it."""

    metric: str
    reason: Message = NOTHING
    chosen: bool = False  # by the owner


def is_rare(labels: dict[str, int]) -> bool:
    """Whether all classes but the commonest have under a tenth of the labels together."""
    total = sum(labels.values())
    return total > 0 and total - max(labels.values()) < RARE * total


def has_one_sided_labels(reference: OutcomeProfile) -> bool:
    """Whether only some answers ever have outcomes, so that what needs both cannot be known (``selection``)."""
    answers = reference.confusion.sum((0, 2))
    labelled = reference.confusion[:, :, :-1].sum((0, 2))
    often = answers >= ENOUGH
    return bool((labelled[often] < NONE * answers[often]).any() and labelled.any())


def headline(
    task: Task, labels: dict[str, int], reference: OutcomeProfile | None, *, valued: bool
) -> Headline:
    """The headline by what the reference holds.

    Args:
        labels: how often each class is true in the reference.
        reference: its outcomes; needed only where ``is_rare``.
        valued: whether the owner has stated what decisions are worth.
    """
    usual = Headline(HEADLINE[task])
    if task is Task.REGRESSION or reference is None or not is_rare(labels) or has_one_sided_labels(reference):
        return usual
    common = max(labels, key=lambda name: labels[name])
    total, rare = sum(labels.values()), sum(labels.values()) - labels[common]
    if rare < FEWEST:
        return usual
    name = "value" if valued else _rare_class_metric(task, reference, common)
    others = [label for label in labels if label != common]
    values = {
        "share": percent(rare / total, ".2g"),
        "common": common,
        "right": percent(labels[common] / total, ".4g"),
        "metric": SPOKEN[name],
    }
    if len(others) == 1:
        reason = message(
            "{share} of the reference's labels are {rare}, so a model that always says {common} is right in {right}: "
            "the headline is {metric:within} instead of accuracy.",
            **values,
            rare=others[0],
        )
    else:
        reason = message(
            "{share} of the reference's labels are not {common}, so a model that always says {common} is right in "
            "{right}: the headline is {metric:within} instead of accuracy.",
            **values,
        )
    return Headline(name, reason)


SPOKEN = {
    "value": word("The value of a decision", "metric"),
    "average_precision": word("Average precision", "metric"),
    "recall": word("Recall", "metric"),
    "roc_auc": word("ROC AUC", "metric"),
    "specificity": word("Specificity", "metric"),
    "f1_macro": word("The mean F1 of the classes", "metric"),
}


def _rare_class_metric(task: Task, reference: OutcomeProfile, common: str) -> str:
    if task is Task.MULTICLASS:
        return "f1_macro"
    orders = _scores_order(reference)
    if common == reference.positive:  # average precision and recall speak of the positive class
        return "roc_auc" if orders else "specificity"
    return "average_precision" if orders else "recall"


def _scores_order(reference: OutcomeProfile) -> bool:
    """Whether nearly every label has a score beside it, and scores order outcomes by more than chance."""
    counts = counts_of(reference).pool()
    if counts.scored[0] < SCORED * counts.labelled[0]:
        return False
    auc = METRICS["roc_auc"]
    low = float(interval(auc, counts).low[0])
    return bool(np.isfinite(low)) and low > 0.5
