"""Whose outcomes are known: whether a decision has a label may depend on the decision itself.

Where credit was refused nobody learns whether it would have been repaid. Figures over labelled decisions then speak
of those alone (Lakkaraju et al. 2017; Kleinberg et al. 2018; Crook and Banasik 2004). Two tests tell it, both within
days, so that neither a change of mix nor labels that are late count: the share labelled by predicted class (Cochran
1954; Mantel and Haenszel 1959), and whether labelled decisions rank higher by score (van Elteren 1960). Where every
kind of decision has some labels figures are weighted by one over the chance of having one (Horvitz and Thompson
1952); where one has none only bounds are left (Manski 1990).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from plumbline.domain import DelayProfile, FloatArray, OutcomeProfile, Task
from plumbline.monitor.chunks import ENOUGH, midnight
from plumbline.monitor.counts import Counts, counts_of
from plumbline.monitor.delay import delay_curve, positive_curve, usual_delay
from plumbline.monitor.metrics import METRICS, ratio
from plumbline.monitor.statuses import Mask

#: standard errors that chance does not reach; decisions of one day are not always independent
BEYOND = 5.0
#: of the larger share labelled, what the smaller may fall short without mattering
ALIKE = 0.8
#: distance from 0.5 of the chance that a labelled decision has the higher score, from which that matters
ORDER = 0.1
#: share labelled under which a class is taken to have no labels
NONE = 0.01
#: share of the labels that ever come which a mature day has
MATURE = 0.999
#: score cells are joined for weights until they hold so many labelled decisions
JOINED = 50
#: what cannot be known where decisions for one class have no labels
UNKNOWN = (
    "recall", "specificity", "balanced_accuracy", "f1", "matthews_corrcoef", "roc_auc", "average_precision",
    "positive_rate", "f1_macro", "f1_weighted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
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
    of two; None where no score is logged. ``weighted``: metrics as if every decision had had the same chance of a
    label, with ``effective`` rows (Kish 1965); empty where a side has none. ``bounds``: of accuracy over all.
    """

    sides: tuple[Side, ...]
    order: float | None
    weighted: dict[str, float]
    effective: float
    bounds: tuple[float, float] | None

    @property
    def one_sided(self) -> bool:
        """Whether decisions for some class have no labels at all."""
        return any(side.share < NONE for side in self.sides)

    @property
    def sentence(self) -> str:
        """Who the figures speak of, in words."""
        best, least = self.sides[0], self.sides[-1]
        if self.one_sided:
            known = [side.name for side in self.sides if side.share >= NONE]
            low, high = self.bounds or (0.0, 1.0)
            return (
                f"Outcomes are known for decisions {' and '.join(known)} only ({_share(best.share)} of {best.n:,}, "
                f"against {_share(least.share)} of {least.n:,} {least.name}): these figures speak of those. "
                f"Over all decisions accuracy lies between {_share(low)} and {_share(high)}."
            )
        what = f"{_share(best.share)} of decisions {best.name} and {_share(least.share)} of {least.name}"
        if least.share >= ALIKE * best.share:
            which = "higher" if (self.order or 0.5) > 0.5 else "lower"
            what = f"decisions with a {which} score more often than for others"
        said = ", ".join(f"{_NAMES[name]} {_figure(name, value)}" for name, value in self.weighted.items())
        weighted = f" Weighted to all decisions: {said} (worth {self.effective:,.0f} labels drawn at random)."
        return f"Outcomes are known for {what}: these figures speak of those.{weighted if said else ''}"


_NAMES = {"accuracy": "accuracy", "recall": "recall", "precision": "precision", "roc_auc": "ROC AUC"}


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _figure(name: str, value: float) -> str:
    return f"{value:.3f}" if METRICS[name].unit == "score" else _share(value)


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
    ripe = _mature(profile, delay, today)
    predicted = profile.confusion[ripe].sum(2).astype(float)
    labelled = profile.confusion[ripe][:, :, :-1].sum(2).astype(float)
    sides = [
        Side(name, int(n), int(k))
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
    counts = counts_of(profile).taken(ripe).pooled()
    found = Selection(tuple(sides), order, {}, 0.0, None)
    if found.one_sided:
        return replace(found, bounds=_bounds(counts))
    weighted, effective = _weighted(profile, ripe, counts)
    return replace(found, weighted=weighted, effective=effective)


def unknown_metrics(found: Selection | None) -> dict[str, str]:
    """Metric -> why it cannot be known, where one kind of decision has no labels."""
    if found is None or not found.one_sided:
        return {}
    least = found.sides[-1]
    return dict.fromkeys(UNKNOWN, f"No outcome is known for decisions {least.name}, so this is unknown.")


def _mature(profile: OutcomeProfile, delay: DelayProfile | None, today: datetime | None) -> Mask:
    """Groups of days whose labels are in: nearly all that ever come have had the time."""
    if delay is not None and today is not None and len(delay.days) and delay.counts.any():
        waits = usual_delay(delay_curve(delay, today), MATURE)
        late = positive_curve(delay, today)
        if waits is not None and late is not None:
            waits = max(waits, usual_delay(late, MATURE) or 0)
        if waits is not None:
            return np.array([(today - midnight(day)).days - 1 >= waits for day in profile.days], dtype=bool)
    known = profile.n_labelled > 0
    last = max((day for day, one in zip(profile.days, known.tolist(), strict=True) if one), default=None)
    return np.array([last is not None and day <= last for day in profile.days], dtype=bool)


def _mantel_haenszel(predicted: FloatArray, labelled: FloatArray, k: int) -> float:
    """Standard errors by which class ``k`` is labelled more or less often than the others of its day."""
    n, own = predicted.sum(1), predicted[:, k]
    hits = labelled.sum(1)
    expected = ratio(own * hits, n, 0.0)
    variance = ratio(own * (n - own) * hits * (n - hits), n**2 * np.maximum(n - 1, 1), 0.0).sum()
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


def _bounds(counts: Counts) -> tuple[float, float]:
    """Accuracy over all decisions if every unlabelled one was wrong, and if every one was right (Manski 1990)."""
    right, n = float(np.trace(counts.confusion[0])), float(counts.n[0])
    return right / n, (right + n - float(counts.labelled[0])) / n


def _weighted(profile: OutcomeProfile, ripe: Mask, counts: Counts) -> tuple[dict[str, float], float]:
    """Metrics over the labelled decisions, each weighted by one over the share labelled of its kind, and what the
    weights leave of the sample: of predicted classes for counts of answers, of score cells for the order of scores."""
    confusion = profile.confusion[ripe].sum(0).astype(float)
    weight = ratio(confusion.sum(1), confusion[:, :-1].sum(1), 0.0)
    labelled = confusion[:, :-1].sum(1)
    table = np.zeros_like(counts.confusion)
    size = len(profile.classes)
    table[0, :size, :size] = confusion[:, :-1] * weight[:, None]
    parts: dict[str, Any] = {"confusion": table}
    names = ["accuracy"]
    if profile.task is Task.BINARY:
        names += ["recall", "precision"]
    if counts.cells.any():
        group = _joined(counts.cells[0].sum(0))
        everyone = profile.score_cells[ripe].sum((0, 1)) + profile.score_unlabelled[ripe].sum(0)
        all_of, known_of = (
            np.asarray(np.bincount(group, one), dtype=float) for one in (everyone, counts.cells[0].sum(0))
        )
        joint = ratio(all_of, known_of, 0.0)
        parts["cells"] = counts.cells * joint[group]
        names.append("roc_auc")
    whole = replace(counts, **parts)
    found = {name: float(METRICS[name].compute(whole)[0]) for name in names}
    effective = float((weight * labelled).sum() ** 2 / max((weight**2 * labelled).sum(), 1e-12))
    return {name: value for name, value in found.items() if np.isfinite(value)}, effective


def _joined(rows: FloatArray) -> np.ndarray:
    """Neighbouring cells joined until each group holds ``JOINED`` rows, the rest with the last."""
    number = np.floor((np.cumsum(rows) - rows) / JOINED).astype(np.int64)
    _, group = np.unique(np.minimum(number, max(int(rows.sum() // JOINED) - 1, 0)), return_inverse=True)
    return np.asarray(group)
