"""Expected outcomes of several classes against pandas and scikit-learn, row by row as NannyML defines them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.isotonic import IsotonicRegression

from plumbline.domain import PointStatus, Slice, Task
from plumbline.monitor.estimate.cbpe_multiclass import class_curves, estimate_classes
from plumbline.monitor.estimate.isotonic import FOLDS
from plumbline.monitor.estimate.refusal import MISFIT
from plumbline.profile import build
from plumbline.profile.read.outcomes import outcome_profile
from plumbline.profile.read.probabilities import class_cells, expected_outcomes_by_day, probability_classes
from tests.factory.decision_tables import START, insert, make_system, workspace

CLASSES = ("a", "b", "c")
DAYS, ROWS = 60, 60
REFERENCE = (START, START + timedelta(days=30))


def _log(rng: np.random.Generator, *, follow: bool = True) -> pd.DataFrame:
    """Overconfident probabilities on cell middles; in the second half inputs are harder to tell apart."""
    day = np.repeat(np.arange(DAYS), ROWS)
    logits = rng.normal(0, np.where(day < 30, 2.0, 1.0)[:, None], (len(day), 3))
    true = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    said = np.exp(1.5 * logits) / np.exp(1.5 * logits).sum(1, keepdims=True)
    label = np.array(CLASSES)[(true.cumsum(1) < rng.random(len(day))[:, None]).sum(1)]
    best = np.array(CLASSES)[said.argmax(1)]
    return pd.DataFrame({
        "timestamp": [(START + timedelta(days=int(d), seconds=i % 80000)).replace(tzinfo=None)
                      for i, d in enumerate(day)],
        "prediction": best if follow else rng.permutation(best),
        "label": label.astype(object),
        **{f"proba:{name}": (np.floor(said[:, i] * 1000) + 0.5) / 1000 for i, name in enumerate(CLASSES)},
    })  # fmt: skip


def _held(folder: Path, log: pd.DataFrame):  # type: ignore[no-untyped-def]
    ws = workspace(folder)
    with ws.write() as cursor:
        system = make_system(cursor, Task.MULTICLASS, reference_days=30, classes=CLASSES)
        insert(cursor, system, log, 1)
        build.on_load(cursor, system, 1)
    return ws, system


def test_expected_confusion_is_that_of_normalised_isotonic_probabilities(tmp_path: Path) -> None:
    log = _log(np.random.default_rng(0))
    ws, system = _held(tmp_path, log)
    with ws.read() as cursor:
        names = probability_classes(cursor, system)
        cells = class_cells(cursor, system, Slice(*REFERENCE), names, FOLDS)
        found = expected_outcomes_by_day(cursor, system, Slice(), names, class_curves(cells), REFERENCE)
        profile = outcome_profile(cursor, system)
        healthy = expected_outcomes_by_day(
            cursor, system, Slice(*REFERENCE), names, class_curves(cells), REFERENCE
        )
    ws.close()
    late = (log["timestamp"] >= REFERENCE[1].replace(tzinfo=None)).to_numpy()
    fitted = np.column_stack([
        IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
        .fit(log[f"proba:{c}"][~late], log["label"][~late] == c).predict(log[f"proba:{c}"][late])
        for c in CLASSES
    ])  # fmt: skip
    fitted /= fitted.sum(1, keepdims=True)
    day = log["timestamp"][late].dt.date.to_numpy()
    predicted = log["prediction"][late].to_numpy()
    for wanted in (day[0], day[-1]):
        brute = np.array([fitted[(day == wanted) & (predicted == c)].sum(0) for c in CLASSES])
        assert found.confusion[found.days.index(wanted)] == pytest.approx(brute, abs=1e-9)

    asked = {"reference": REFERENCE, "by": "month", "metrics": ["accuracy", "f1_macro", "recall:b"]}
    points = estimate_classes(profile, found, healthy, **asked)  # type: ignore[arg-type]
    true = {month: rows for month, rows in log.groupby(log["timestamp"].dt.to_period("M"))}
    for point in points:
        rows = true[pd.Period(point.start.strftime("%Y-%m"))]
        assert point.estimated
        if point.metric == "accuracy":
            real = (rows["prediction"] == rows["label"]).mean()
            assert point.low is not None
            assert point.high is not None
            assert point.low <= real <= point.high


def test_predictions_that_do_not_follow_the_probabilities_have_no_estimate(tmp_path: Path) -> None:
    log = _log(np.random.default_rng(1))
    # a rule outside of the model overturns a third of the decisions, against the probabilities' word
    turned = np.random.default_rng(2).random(len(log)) < 0.3
    log.loc[turned, "prediction"] = log.loc[turned, "label"]
    ws, system = _held(tmp_path, log)
    with ws.read() as cursor:
        names = probability_classes(cursor, system)
        curves = class_curves(class_cells(cursor, system, Slice(*REFERENCE), names, FOLDS))
        shown = expected_outcomes_by_day(cursor, system, Slice(), names, curves, REFERENCE)
        profile = outcome_profile(cursor, system)
    ws.close()
    points = estimate_classes(profile, shown, shown, reference=REFERENCE, by="month", metrics=["accuracy"])
    assert points
    assert all(p.value is None and p.status is PointStatus.UNKNOWN and p.note == MISFIT for p in points)
    without = estimate_classes(profile, None, None, reference=REFERENCE, by="month")
    assert {p.note for p in without} == {"No class probabilities are logged, so nothing can be estimated."}
