"""Whose outcomes are known: whether a decision has a label may depend on the decision itself.

Where credit was refused nobody learns whether it would have been repaid. Figures over labelled decisions then speak
of those alone (Lakkaraju et al. 2017; Kleinberg et al. 2018; Crook and Banasik 2004). Two tests tell it, both within
days, so that neither a change of mix nor labels that are late count: the share labelled by predicted class (Cochran
1954; Mantel and Haenszel 1959), and whether labelled decisions rank higher by score (van Elteren 1960). What all
decisions would say is then weighted, or only bounded (``whole``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce

import numpy as np

from plumbline.domain import DelayProfile, FloatArray, OutcomeProfile, Task
from plumbline.domain.messages import NOTHING, Message, message, sequence, word
from plumbline.monitor.chunks import ENOUGH, midnight
from plumbline.monitor.metrics.counts import ratio
from plumbline.monitor.metrics.metrics import METRICS
from plumbline.monitor.metrics.status import Mask
from plumbline.monitor.performance.label_delay import delay_curve, positive_curve, usual_delay
from plumbline.monitor.performance.weights import NONE, WeightedMetric, weighted_metrics
from plumbline.wording.quantities import decimal, percent

#: standard errors that chance does not reach; decisions of one day are not always independent
BEYOND = 5.0
#: of the larger share labelled, what the smaller may fall short without mattering
ALIKE = 0.8
#: distance from 0.5 of the chance that a labelled decision has the higher score, from which that matters
ORDER = 0.1
#: share of the labels that ever come which a mature day has
MATURE = 0.999
#: what cannot be known where decisions for one class have no labels
UNKNOWN = (
    "recall", "specificity", "balanced_accuracy", "f1", "matthews_corrcoef", "roc_auc", "average_precision",
    "positive_rate", "f1_macro", "f1_weighted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabelledShare:
    """Decisions for one class on mature days, and how many of them are labelled."""

    name: str
    n: int
    labelled: int

    @property
    def share(self) -> float:
        """Of the decisions, the labelled ones."""
        return self.labelled / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True)
class Selection:
    """That being labelled depends on the decision or its score, by enough to matter and beyond chance.

    ``sides``: by predicted class, the best known first. ``order``: how often a labelled decision has the higher score
    of two; None where no score is logged. ``whole``: metrics over all decisions, by weights or with bounds, and
    ``effective`` rows that the weights are worth.
    """

    sides: tuple[LabelledShare, ...]
    order: float | None
    whole: tuple[WeightedMetric, ...] = ()
    effective: float = 0.0

    @property
    def is_one_sided(self) -> bool:
        """Whether decisions for some class have no labels at all."""
        return any(side.share < NONE for side in self.sides)

    @property
    def depends_on_answer(self) -> bool:
        """Whether decisions for some class have labels less often than those for another."""
        return self.sides[-1].share < ALIKE * self.sides[0].share

    @property
    def labelled_classes(self) -> tuple[str, ...]:
        """The classes whose decisions have labels."""
        return tuple(side.name for side in self.sides if side.share >= NONE)

    @property
    def least_labelled(self) -> LabelledShare:
        """The class whose decisions have labels least often."""
        return self.sides[-1]

    @property
    def population_note(self) -> Message:
        """Where only some decisions ever have an outcome, whom every figure speaks of; else empty."""
        return population_sentence(self.labelled_classes) if self.is_one_sided else NOTHING

    def weighted_metric(self, name: str) -> WeightedMetric | None:
        """A metric over all decisions; None where it cannot be told."""
        return next((one for one in self.whole if one.metric == name), None)

    @property
    def sentence(self) -> Message:
        """Who the figures speak of, and what all decisions would say, in words."""
        best, least = self.sides[0], self.sides[-1]
        if self.is_one_sided:
            known = message(
                "Outcomes are known for decisions {known} only ({best} of {best_n}, against {least} of "
                "{least_n} {name}): these figures speak of those.",
                known=list_classes(self.labelled_classes),
                best=percent(best.share),
                best_n=decimal(best.n, ","),
                least=percent(least.share),
                least_n=decimal(least.n, ","),
                name=least.name,
            )
            return sequence([known, self._accuracy_bounds_note()])
        known = self._selection_note()
        accuracy = self.weighted_metric("accuracy")
        if accuracy is None or accuracy.value is None:
            return sequence([known, self._accuracy_bounds_note()])
        metrics = sequence(
            [
                _weighted_figure(weighted_metric)
                for weighted_metric in self.whole
                if weighted_metric.value is not None
            ],
            "; ",
        )
        weighted = message("Weighted to all decisions: {metrics}.", metrics=metrics)
        if self.effective:
            weighted = message(
                "Weighted to all decisions: {metrics} (worth {labels} labels drawn at random).",
                metrics=metrics,
                labels=decimal(self.effective, ",.0f"),
            )
        return sequence([known, weighted])

    def _selection_note(self) -> Message:
        best, least = self.sides[0], self.sides[-1]
        if least.share < ALIKE * best.share:
            return message(
                "Outcomes are known for {best} of decisions {best_name} and {least} of {least_name}: "
                "these figures speak of those.",
                best=percent(best.share),
                best_name=best.name,
                least=percent(least.share),
                least_name=least.name,
            )
        if (self.order or 0.5) > 0.5:
            return message(
                "Outcomes are known for decisions with a higher score more often than for others: "
                "these figures speak of those."
            )
        return message(
            "Outcomes are known for decisions with a lower score more often than for others: "
            "these figures speak of those."
        )

    def _accuracy_bounds_note(self) -> Message:
        accuracy = self.weighted_metric("accuracy")
        if accuracy is None:
            return NOTHING
        limits = {"low": percent(accuracy.low), "high": percent(accuracy.high)}
        if accuracy.value is not None:
            return message(
                "Over all decisions accuracy is {value} ({low} to {high}).",
                value=percent(accuracy.value),
                **limits,
            )
        if accuracy.is_uninformative:
            return message(
                "Over all decisions accuracy is unknown: it could be anything from {low} to {high}.", **limits
            )
        return message("Over all decisions accuracy lies between {low} and {high}.", **limits)


def population_sentence(known: Sequence[str]) -> Message:
    """That a figure speaks of decisions of these classes alone, in one sentence for every page."""
    return message(
        "This speaks of decisions {known} alone, as no outcome of others is known.",
        known=list_classes(known),
    )


_NAMES = {
    "accuracy": word("Accuracy", "metric"),
    "recall": word("Recall", "metric"),
    "precision": word("Precision", "metric"),
    "roc_auc": word("ROC AUC", "metric"),
}


def list_classes(names: Sequence[str]) -> str:
    """``a and b and c``."""
    return reduce(lambda most, last: message("{most} and {last}", most=most, last=last), names)


def _weighted_figure(sample: WeightedMetric) -> Message:
    """A weighted figure with its interval."""
    scored = METRICS[sample.metric].unit == "score"
    value, low, high = (
        decimal(x, ".3f") if scored else percent(x) for x in (sample.value or 0.0, sample.low, sample.high)
    )
    return message(
        "{metric:within} {value} ({low} to {high})",
        metric=_NAMES[sample.metric],
        value=value,
        low=low,
        high=high,
    )


def selection(
    profile: OutcomeProfile, delay: DelayProfile | None = None, today: datetime | None = None
) -> Selection | None:
    """Whether being labelled depends on the decision; None where it does not, or nobody can say.

    Args:
        profile: outcomes by day.
        delay, today: label delays and when the log was last complete: younger days may only be waiting.
    """
    if profile.task is Task.REGRESSION or not profile.n_labelled.any():
        return None
    ripe = _mature_groups(profile, delay, today)
    predicted = profile.confusion[ripe].sum(2).astype(float)
    labelled = profile.confusion[ripe][:, :, :-1].sum(2).astype(float)
    sides = [
        LabelledShare(name, int(n), int(k))
        for name, n, k in zip(profile.classes, predicted.sum(0), labelled.sum(0), strict=True)
        if n >= ENOUGH
    ]
    sides.sort(key=lambda side: -side.share)
    if not sides or sum(side.labelled for side in sides) < ENOUGH:
        return None
    by_class = (
        len(sides) > 1
        and sides[-1].share < ALIKE * sides[0].share
        and _mantel_haenszel(predicted, labelled, profile.classes.index(sides[-1].name)) > BEYOND
    )
    order, sure = _order(profile, ripe)
    by_score = order is not None and abs(order - 0.5) >= ORDER and sure > BEYOND
    if not (by_class or by_score):
        return None
    return Selection(tuple(sides), order, *weighted_metrics(profile, ripe))


def unknown_metrics(selection: Selection | None) -> dict[str, Message]:
    """Metric -> why it cannot be known, where one kind of decision has no labels."""
    if selection is None or not selection.is_one_sided:
        return {}
    least = selection.least_labelled
    why = message("No outcome is known for decisions {name}, so this is unknown.", name=least.name)
    return dict.fromkeys(UNKNOWN, why)


def decisions_for(profile: OutcomeProfile, known: Sequence[str]) -> FloatArray:
    """Decisions for these classes in each group, (groups,)."""
    rows = [profile.classes.index(name) for name in known if name in profile.classes]
    return np.asarray(profile.confusion[:, rows].sum((1, 2)), dtype=float)


def _mature_groups(profile: OutcomeProfile, delay: DelayProfile | None, today: datetime | None) -> Mask:
    """Groups of days whose labels are in: nearly all that ever come have had the time."""
    if delay is not None and today is not None and len(delay.days) and delay.counts.any():
        waits = usual_delay(delay_curve(delay, today), MATURE)
        late = positive_curve(delay, today)
        if waits is not None and late is not None:
            waits = max(waits, usual_delay(late, MATURE) or 0)
        if waits is not None:
            return np.array([(today - midnight(day)).days - 1 >= waits for day in profile.days], dtype=bool)
    known = profile.n_labelled > 0
    last = max(
        (day for day, is_known in zip(profile.days, known.tolist(), strict=True) if is_known), default=None
    )
    return np.array([last is not None and day <= last for day in profile.days], dtype=bool)


def _mantel_haenszel(predicted: FloatArray, labelled: FloatArray, k: int) -> float:
    """Standard errors by which class ``k`` is labelled more or less often than the others of its day."""
    n, row_sums = predicted.sum(1), predicted[:, k]
    hits = labelled.sum(1)
    expected = ratio(row_sums * hits, n, 0.0)
    variance = ratio(row_sums * (n - row_sums) * hits * (n - hits), n**2 * np.maximum(n - 1, 1), 0.0).sum()
    return float(abs((labelled[:, k] - expected).sum()) / np.sqrt(variance)) if variance > 0 else 0.0


def _order(profile: OutcomeProfile, ripe: Mask) -> tuple[float | None, float]:
    """How often a labelled decision has the higher score of two of its day, and by how many standard errors."""
    if not profile.score_cells.shape[2]:
        return None, 0.0
    known = profile.score_cells[ripe].sum(1).astype(float)
    none = profile.score_unlabelled[ripe].astype(float)
    a, b = known.sum(1), none.sum(1)
    pairs = a * b
    if not pairs.sum():
        return None, 0.0
    above = (known * (np.cumsum(none, 1) - none / 2)).sum(1)
    n, tied = a + b, known + none
    ties = 1 - ratio((tied**3 - tied).sum(1), n**3 - n, 0.0)
    variance = float((pairs * (n + 1) / 12 * ties).sum())
    apart = float(abs((above - pairs / 2).sum()) / np.sqrt(variance)) if variance > 0 else 0.0
    return float(above.sum() / pairs.sum()), apart
