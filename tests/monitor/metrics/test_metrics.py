"""Every metric of the table against scikit-learn on the raw rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from plumbline.domain import PlumblineError, Task
from plumbline.monitor.metrics.counts import Counts, counts_of
from plumbline.monitor.metrics.metrics import TABLE, metric, metrics_for
from tests.monitor.outcomes import classified, regressed, scored

CLASSES = ("a", "b", "c")


def binary(seed: int, rows: int = 400) -> tuple[Counts, dict[str, Any]]:
    rng = np.random.default_rng(seed)
    days, predicted, true, score = scored(rng, 4, rows // 4)
    return counts_of(classified(days, predicted, true, score)).pool(), {
        "p": predicted,
        "y": true,
        "s": score,
    }


BINARY: dict[str, Callable[[Any], float]] = {
    "accuracy": lambda r: sk.accuracy_score(r["y"], r["p"]),
    "balanced_accuracy": lambda r: sk.balanced_accuracy_score(r["y"], r["p"]),
    "precision": lambda r: sk.precision_score(r["y"], r["p"]),
    "recall": lambda r: sk.recall_score(r["y"], r["p"]),
    "specificity": lambda r: sk.recall_score(r["y"], r["p"], pos_label=0),
    "f1": lambda r: sk.f1_score(r["y"], r["p"]),
    "matthews_corrcoef": lambda r: sk.matthews_corrcoef(r["y"], r["p"]),
    "roc_auc": lambda r: sk.roc_auc_score(r["y"], r["s"]),
    "average_precision": lambda r: sk.average_precision_score(r["y"], r["s"]),
    "log_loss": lambda r: sk.log_loss(r["y"], r["s"]),
    "brier": lambda r: sk.brier_score_loss(r["y"], r["s"]),
    "positive_rate": lambda r: r["p"].mean(),
}


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_binary_metric_is_scikit_learns_to_its_bound(name: str, seed: int) -> None:
    counts, rows = binary(seed)
    one = metric(name)
    bound = one.bound(counts)[0] if one.bound else 0.0
    assert one.compute(counts)[0] == pytest.approx(BINARY[name](rows), abs=bound + 1e-12)
    assert bound < 0.003


@given(rows=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=12))
@example(rows=[(True, True), (False, True)])
@example(rows=[(True, False), (False, False)])
@settings(max_examples=60, deadline=None)
@pytest.mark.filterwarnings("ignore")  # scikit-learn's, of classes that are absent
def test_a_few_rows_or_one_class_give_what_scikit_learn_gives(rows: list[tuple[bool, bool]]) -> None:
    p, y = (np.array(column, int) for column in zip(*rows, strict=True))
    counts = counts_of(classified(np.zeros(len(rows), int), p, y))
    truth = {
        "accuracy": sk.accuracy_score(y, p), "balanced_accuracy": sk.balanced_accuracy_score(y, p),
        "precision": sk.precision_score(y, p, zero_division=0), "recall": sk.recall_score(y, p, zero_division=0),
        "specificity": sk.recall_score(y, p, pos_label=0, zero_division=0),
        "f1": sk.f1_score(y, p, zero_division=0), "matthews_corrcoef": sk.matthews_corrcoef(y, p),
        "positive_rate": p.mean(),
    }  # fmt: skip
    assert {name: float(metric(name).compute(counts)[0]) for name in truth} == pytest.approx(truth, abs=1e-12)


@given(
    rows=st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=2, max_size=60),
    cells=st.sampled_from([1, 2, 5, 20]),
)
@settings(max_examples=50, deadline=None)
def test_however_coarse_the_grid_the_bounds_hold(rows: list[tuple[int, bool]], cells: int) -> None:
    score, true = np.array([s / 40 for s, _ in rows]), np.array([int(y) for _, y in rows])
    if true.min() == true.max():
        return
    profile = classified(np.zeros(len(rows), int), (score > 0.5).astype(int), true, score, cells=cells)
    counts = counts_of(profile)
    for name in ("roc_auc", "average_precision"):
        one = metric(name)
        assert one.bound is not None
        assert (
            abs(one.compute(counts)[0] - BINARY[name]({"y": true, "s": score})) <= one.bound(counts)[0] + 1e-9
        )


MULTICLASS: dict[str, Callable[[Any, Any], float]] = {
    "accuracy": sk.accuracy_score,
    "f1_macro": lambda y, p: sk.f1_score(y, p, average="macro"),
    "f1_weighted": lambda y, p: sk.f1_score(y, p, average="weighted"),
    "recall:a": lambda y, p: sk.recall_score(y, p, average=None)[0],
    "recall:b": lambda y, p: sk.recall_score(y, p, average=None)[1],
    "recall:c": lambda y, p: sk.recall_score(y, p, average=None)[2],
}


@pytest.mark.parametrize("name", MULTICLASS)
def test_a_multiclass_metric_is_scikit_learns(name: str) -> None:
    rng = np.random.default_rng(3)
    true = rng.choice(3, 300, p=[0.6, 0.3, 0.1])
    predicted = np.where(rng.random(300) < 0.7, true, rng.integers(0, 3, 300))
    profile = classified(np.arange(300) % 5, predicted, true, classes=CLASSES, positive=None)
    assert metric(name, CLASSES).compute(counts_of(profile).pool())[0] == pytest.approx(
        MULTICLASS[name](true, predicted)
    )


def test_macro_f1_counts_the_classes_that_occur_as_scikit_learn_does() -> None:
    true, predicted = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    profile = classified(np.zeros(4, int), predicted, true, classes=CLASSES, positive=None)
    assert metric("f1_macro").compute(counts_of(profile))[0] == pytest.approx(
        sk.f1_score(true, predicted, average="macro")
    )


REGRESSION: dict[str, Callable[[Any, Any], float]] = {
    "mae": sk.mean_absolute_error,
    "rmse": sk.root_mean_squared_error,
    "bias": lambda y, p: float(np.mean(p - y)),
    "median_absolute_error": sk.median_absolute_error,
    "mape": lambda y, p: sk.mean_absolute_percentage_error(y[y != 0], p[y != 0]),
    "smape": lambda y, p: float(np.mean(2 * abs(p - y)[y != 0] / (abs(p) + abs(y))[y != 0])),
    "r2": sk.r2_score,
}


@pytest.mark.parametrize("name", REGRESSION)
def test_a_regression_metric_is_scikit_learns_to_its_bound(name: str) -> None:
    rng = np.random.default_rng(4)
    true = rng.gamma(2, 50, 601)
    true[:7] = 0
    predicted = true + rng.normal(3, 20, 601)
    predicted[:3] = 0
    counts = counts_of(regressed(np.arange(601) % 3, predicted, true)).pool()
    one = metric(name)
    bound = one.bound(counts)[0] if one.bound else 0.0
    assert one.compute(counts)[0] == pytest.approx(REGRESSION[name](true, predicted), rel=1e-9, abs=bound)
    assert bound < 0.5
    if one.note:
        zeros = "7 rows with a true value of zero are left out." if name in ("mape", "smape") else ""
        assert one.note(counts) == [zeros]


@given(
    errors=st.lists(st.integers(-9, 9), min_size=1, max_size=30),
    edges=st.lists(st.integers(-10, 10), min_size=2, max_size=6, unique=True),
)
@settings(max_examples=50, deadline=None)
def test_the_median_lies_within_its_bound_on_any_grid(errors: list[int], edges: list[int]) -> None:
    error = np.array(errors, dtype=float)
    profile = regressed(
        np.zeros(len(error), int), error, np.zeros(len(error)), edges=np.sort(edges).astype(float)
    )
    counts, one = counts_of(profile), metric("median_absolute_error")
    assert one.bound is not None
    value = one.compute(counts)[0]
    if np.isfinite(value):
        assert abs(value - np.median(abs(error))) <= one.bound(counts)[0] + 1e-12


def test_value_is_the_mean_of_the_cost_matrix_over_rows() -> None:
    predicted, true = np.array([1, 1, 0, 0, 1]), np.array([1, 0, 0, 1, 1])
    cost = {"currency": "EUR", "matrix": {"yes|yes": 10, "yes|no": -4, "no|yes": -1}}
    counts = counts_of(classified(np.zeros(5, int), predicted, true), cost)
    assert metric("value").compute(counts)[0] == pytest.approx((10 - 4 + 0 - 1 + 10) / 5)


def test_value_of_a_regression_is_the_cost_of_over_and_under() -> None:
    counts = counts_of(
        regressed(np.zeros(2, int), np.array([5.0, 1.0]), np.array([2.0, 2.0])), {"over": 3, "under": 7}
    )
    assert metric("value").compute(counts)[0] == pytest.approx(-(3 * 3 + 1 * 7) / 2)


@pytest.mark.parametrize(
    "cost", [{"matrix": {"maybe|no": 1}}, {"matrix": {"yes|no": "much"}}, {"currency": "EUR"}]
)
def test_a_cost_matrix_that_does_not_fit_is_refused(cost: dict[str, Any]) -> None:
    with pytest.raises(PlumblineError, match="cost matrix"):
        counts_of(classified(np.zeros(1, int), np.zeros(1, int), np.zeros(1, int)), cost)


def test_nothing_predicted_positive_is_a_precision_of_nought_as_scikit_learn_has_it() -> None:
    zeros = np.zeros(40, int)
    counts = counts_of(classified(zeros, zeros, np.arange(40) % 2))
    assert [metric(n).compute(counts)[0] for n in ("precision", "f1", "matthews_corrcoef")] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("task", list(Task))
def test_no_label_at_all_is_no_value(task: Task) -> None:
    zeros = np.zeros(3, int)
    if task is Task.REGRESSION:
        counts = counts_of(regressed(zeros, zeros * 1.0, zeros * 1.0)).apply_weights(np.zeros((1, 1)))
    else:
        classes = CLASSES if task is Task.MULTICLASS else ("no", "yes")
        profile = classified(zeros, zeros, zeros, labelled=zeros > 0, classes=classes, positive=None)
        counts = counts_of(profile)
    for one in metrics_for(task, CLASSES):
        assert np.isnan(one.compute(counts)[0]), one.name


def test_metrics_without_scores_have_no_value() -> None:
    counts = counts_of(classified(np.zeros(4, int), np.array([0, 1, 0, 1]), np.array([0, 1, 1, 0])))
    for name in ("roc_auc", "average_precision", "log_loss", "brier"):
        assert np.isnan(metric(name).compute(counts)[0])


def test_every_metric_says_what_it_is() -> None:
    assert len({m.name for m in TABLE}) == len(TABLE)
    for one in TABLE:
        assert one.says.endswith(".")
        assert len(one.says) < 100


def test_an_unknown_metric_is_refused_by_name() -> None:
    with pytest.raises(PlumblineError, match="'acuracy' is not a metric"):
        metric("acuracy")
    with pytest.raises(PlumblineError, match="'z' is not a class"):
        metric("recall:z", CLASSES)
    assert metric("mcc").name == "matthews_corrcoef"


def test_a_positive_class_never_seen_is_not_mistaken_for_the_other() -> None:
    zeros = np.zeros(40, int)
    counts = counts_of(classified(zeros, zeros, zeros, classes=("no",), positive="yes", binary=True))
    assert counts.classes == ("no", "yes")
    assert metric("positive_rate").compute(counts)[0] == 0.0
    assert metric("specificity").compute(counts)[0] == 1.0
