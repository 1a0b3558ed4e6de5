"""Whose outcomes are known against the rules written out slowly: pair by pair, day by day, and each sentence."""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from plumbline.domain import DelayProfile
from plumbline.monitor.performance.label_delay import delay_curve, positive_curve, usual_delay
from plumbline.monitor.performance.selective_labels import (
    LabelledShare,
    Selection,
    _mantel_haenszel,
    decisions_for,
    selection,
    unknown_metrics,
)
from plumbline.monitor.performance.weights import WeightedMetric, weighted_metrics
from tests.monitor.outcomes import at, classified, day

Side = tuple[str, int, int]


def drawn(seed: int) -> dict[str, Any]:
    """Decisions of a few days in two or three classes, with scores or without, labelled by answer or score or alike."""
    rng = np.random.default_rng(seed)
    size, days = int(rng.choice([40, 400, 1500])), int(rng.choice([1, 5, 20]))
    made = rng.integers(0, days, size)
    classes = ("no", "yes") if seed % 3 else ("a", "b", "c")
    score = rng.integers(0, 20, size)
    by_score = seed % 5 < 2
    predicted = (score >= rng.choice([5, 10])).astype(int) if seed % 3 else rng.integers(0, 3, size)
    if by_score and seed % 3:
        predicted = rng.integers(0, 2, size)
    true = np.where(rng.random(size) < 0.8, predicted, rng.integers(0, len(classes), size))
    low = rng.choice([0.0, 0.005, 0.3, 0.5, 0.66, 0.8])
    chance = np.where(predicted == rng.integers(len(classes)), low, 0.8)
    if by_score:
        chance = np.clip(0.5 + rng.choice([-0.03, -0.012, 0.012, 0.03]) * (score - 9.5), 0, 1)
    labelled = rng.random(size) < chance
    labelled[made >= days - 1] &= bool(seed % 2) or days < 3  # nothing is known of the last day
    return {
        "made": made, "classes": classes, "score": score if seed % 3 and seed % 7 else None,
        "predicted": predicted, "true": true, "labelled": labelled,
    }  # fmt: skip


def order_of(rows: dict[str, Any], ripe: np.ndarray) -> tuple[float | None, float]:
    """How often a labelled decision has the higher score of two of its day (ties count half), and its standard errors:
    van Elteren's test, each day weighed by its pairs."""
    above = pairs = variance = 0.0
    if rows["score"] is None:
        return None, 0.0
    for one in sorted(set(rows["made"][ripe].tolist())):
        own = ripe & (rows["made"] == one)
        known, none = rows["score"][own & rows["labelled"]], rows["score"][own & ~rows["labelled"]]
        a, b = len(known), len(none)
        if not a * b:
            continue
        above += sum((x > none).sum() + (x == none).sum() / 2 for x in known)
        pairs += a * b
        n = a + b
        tied = sum(t**3 - t for t in Counter(rows["score"][own].tolist()).values())
        variance += a * b * (n + 1) / 12 * (1 - tied / (n**3 - n))
    if not pairs:
        return None, 0.0
    return above / pairs, abs(above - pairs / 2) / math.sqrt(variance) if variance > 0 else 0.0


def mantel_haenszel(rows: dict[str, Any], ripe: np.ndarray, k: int) -> float:
    apart = variance = 0.0
    for one in set(rows["made"][ripe].tolist()):
        own = ripe & (rows["made"] == one)
        n, hits = int(own.sum()), int((own & rows["labelled"]).sum())
        of_class = int((own & (rows["predicted"] == k)).sum())
        apart += int((own & rows["labelled"] & (rows["predicted"] == k)).sum()) - of_class * hits / n
        if n > 1:
            variance += of_class * (n - of_class) * hits * (n - hits) / (n**2 * (n - 1))
    return abs(apart) / math.sqrt(variance) if variance > 0 else 0.0


def slowly(rows: dict[str, Any], ripe: np.ndarray) -> tuple[list[Side], float | None] | None:
    sides: list[Side] = []
    for k, name in enumerate(rows["classes"]):
        own = ripe & (rows["predicted"] == k)
        if own.sum() >= 30:
            sides.append((name, int(own.sum()), int((own & rows["labelled"]).sum())))
    sides.sort(key=lambda side: -side[2] / side[1])
    if not sides or sum(side[2] for side in sides) < 30:
        return None
    share = [side[2] / side[1] for side in sides]
    by_class = len(sides) > 1 and share[-1] < 0.8 * share[0]
    by_class = by_class and mantel_haenszel(rows, ripe, rows["classes"].index(sides[-1][0])) > 5
    order, sure = order_of(rows, ripe)
    by_score = order is not None and abs(order - 0.5) >= 0.1 and sure > 5
    return (sides, order) if by_class or by_score else None


def test_who_is_labelled_is_what_the_rules_written_out_slowly_give() -> None:
    seen = Counter[str]()
    for seed in range(120):
        rows = drawn(seed)
        score = None if rows["score"] is None else (rows["score"] + 0.5) / 20
        binary = len(rows["classes"]) == 2
        profile = classified(
            rows["made"], rows["predicted"], rows["true"], score, labelled=rows["labelled"], cells=20,
            classes=rows["classes"], positive="yes" if binary else None, binary=binary,
        )  # fmt: skip
        last = max(rows["made"][rows["labelled"]].tolist(), default=-1)
        found, expected = selection(profile), slowly(rows, rows["made"] <= last)
        assert (found is None) == (expected is None), seed
        seen["none" if found is None else "one-sided" if found.is_one_sided else "less"] += 1
        if found is None or expected is None:
            continue
        sides, order = expected
        assert [(s.name, s.n, s.labelled) for s in found.sides] == sides
        assert found.order == (None if order is None else pytest.approx(order))
        share = [k / n for _, n, k in sides]
        assert found.is_one_sided == (min(share) < 0.01)
        assert found.depends_on_answer == (share[-1] < 0.8 * share[0])
        assert found.labelled_classes == tuple(name for name, n, k in sides if k / n >= 0.01)
        assert found.least_labelled.name == sides[-1][0]
        assert bool(found.population_note) == found.is_one_sided
        assert set(unknown_metrics(found)) >= ({"recall"} if found.is_one_sided else set())
        assert bool(unknown_metrics(found)) == found.is_one_sided
        mask = np.array([d <= day(last) for d in profile.days])
        assert (found.whole, found.effective) == weighted_metrics(profile, mask)
        seen["by score"] += order is not None and not found.depends_on_answer
        known = [rows["classes"].index(name) for name in found.labelled_classes]
        assert (
            decisions_for(profile, [*found.labelled_classes, "unheard"]).sum()
            == np.isin(rows["predicted"], known).sum()
        )
    assert min(seen[key] for key in ("none", "one-sided", "less", "by score")) >= 4, seen
    assert unknown_metrics(None) == {}


def test_days_whose_labels_may_still_come_are_no_part_of_it() -> None:
    """Young days, whose labels for one answer come later, would look like a selection."""
    rng = np.random.default_rng(0)
    made = np.repeat(np.arange(60), 60)
    predicted = rng.integers(0, 2, len(made))
    wait = np.where(predicted == 1, rng.integers(0, 30, len(made)), 0)
    labelled = made + wait + 1 < 60
    counts, positives = np.zeros((2, 60, 92), np.int64)
    np.add.at(counts, (made[labelled], wait[labelled]), 1)
    np.add.at(positives, (made[labelled & (predicted == 1)], wait[labelled & (predicted == 1)]), 1)
    days = tuple(day(i) for i in range(60))
    profile = classified(made, predicted, predicted, labelled=labelled)
    assert selection(profile) is not None
    for delay in (
        DelayProfile(days, counts, np.full(60, 60), positives),
        DelayProfile(days, counts, np.full(60, 60)),
    ):
        assert selection(profile, delay, at(60)) is None
        longest = usual_delay(delay_curve(delay, at(60)), 0.999)
        late = positive_curve(delay, at(60))
        assert longest is not None
        waits = longest if late is None else max(longest, usual_delay(late, 0.999) or 0)
        never = labelled & ~(
            (made == 60 - 1 - waits) & (predicted == 1)
        )  # the youngest day that counts has none
        gone = classified(made, predicted, predicted, labelled=never)
        found = selection(gone, delay, at(60) + timedelta(hours=5))
        assert found is None or found.sides[0].n <= int((made <= 59 - waits).sum())


def metric_of(value: float | None, low: float, high: float, name: str = "accuracy") -> WeightedMetric:
    return WeightedMetric(name, value, low, high)


@pytest.mark.parametrize(("shares", "order", "figures", "effective", "sentence"), [
    ((900, 0), None, [metric_of(None, 0.41, 0.83)], 0.0,
     "Outcomes are known for decisions yes only (90.0 % of 1,000, against 0.0 % of 1,000 no): these figures speak of "
     "those. Over all decisions accuracy lies between 41.0 % and 83.0 %."),
    ((900, 0), None, [metric_of(None, 0.2, 0.83)], 0.0,
     "Outcomes are known for decisions yes only (90.0 % of 1,000, against 0.0 % of 1,000 no): these figures speak of "
     "those. Over all decisions accuracy is unknown: it could be anything from 20.0 % to 83.0 %."),
    ((900, 9), None, [metric_of(0.7, 0.6, 0.8)], 0.0,
     "Outcomes are known for decisions yes only (90.0 % of 1,000, against 0.9 % of 1,000 no): these figures speak of "
     "those. Over all decisions accuracy is 70.0 % (60.0 % to 80.0 %)."),
    ((900, 0), None, [], 0.0,
     "Outcomes are known for decisions yes only (90.0 % of 1,000, against 0.0 % of 1,000 no): these figures speak of "
     "those."),
    ((900, 600), None, [metric_of(0.7, 0.6, 0.8), metric_of(0.812, 0.7, 0.9, "roc_auc"),
                              metric_of(None, 0, 1, "recall")], 1234.4,
     "Outcomes are known for 90.0 % of decisions yes and 60.0 % of no: these figures speak of those. Weighted to all "
     "decisions: accuracy 70.0 % (60.0 % to 80.0 %); ROC AUC 0.812 (0.700 to 0.900) (worth 1,234 labels drawn at "
     "random)."),
    ((900, 600), None, [metric_of(0.7, 0.6, 0.8)], 0.0,
     "Outcomes are known for 90.0 % of decisions yes and 60.0 % of no: these figures speak of those. Weighted to all "
     "decisions: accuracy 70.0 % (60.0 % to 80.0 %)."),
    ((900, 730), 0.7, [metric_of(None, 0.6, 0.8)], 0.0,
     "Outcomes are known for decisions with a higher score more often than for others: these figures speak of those. "
     "Over all decisions accuracy lies between 60.0 % and 80.0 %."),
    ((900, 730), 0.3, [], 0.0,
     "Outcomes are known for decisions with a lower score more often than for others: these figures speak of those."),
])  # fmt: skip
def test_the_sentence_says_of_whom_figures_speak(
    shares: tuple[int, int],
    order: float | None,
    figures: list[WeightedMetric],
    effective: float,
    sentence: str,
) -> None:
    sides = (LabelledShare("yes", 1000, shares[0]), LabelledShare("no", 1000, shares[1]))
    found = Selection(sides, order, tuple(figures), effective)
    assert str(found.sentence).strip() == sentence
    assert LabelledShare("x", 0, 0).share == 0


def test_a_day_without_a_prediction_tells_nothing() -> None:
    predicted, labelled = np.array([[60.0, 40.0], [0.0, 0.0]]), np.array([[30.0, 35.0], [0.0, 0.0]])
    assert _mantel_haenszel(predicted, labelled, 1) == _mantel_haenszel(predicted[:1], labelled[:1], 1) > 0
