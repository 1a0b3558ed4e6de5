"""Direct loss estimation: it sees inputs grow harder before the labels do, and it says when it cannot know."""

from __future__ import annotations

import numpy as np
import pytest

from plumbline.domain import OutcomeProfile, PointStatus
from plumbline.monitor.estimate.dle import LossRows, estimate_losses
from plumbline.monitor.estimate.refusal import LEFT_THE_BAND
from tests.monitor.outcomes import at, day, regressed

REFERENCE = (at(0), at(56))
DAYS, ROWS = 112, 40


def _system(
    seed: int, *, harder: bool = False, shifted: float = 0.0
) -> tuple[OutcomeProfile, LossRows, LossRows]:
    """Errors grow with one input. ``harder``: that input is larger in the second half; ``shifted``: the
    target moves by so much there, whatever the inputs."""
    rng = np.random.default_rng(seed)
    days = np.repeat(np.arange(DAYS), ROWS)
    late = days >= 56
    x = rng.uniform(0, 1, len(days)) + np.where(late & harder, 1.0, 0.0) * rng.uniform(0, 1, len(days))
    x = np.clip(x, 0, 1)
    true = 10 + rng.normal(0, 0.5 + 2 * x) + np.where(late, shifted, 0.0)
    predicted = np.full(len(days), 10.0)
    calendar = np.array([np.datetime64(day(d), "D") for d in range(DAYS)])[days]
    rows = LossRows(calendar, np.column_stack([x, predicted]), predicted - true)
    healthy = LossRows(calendar[~late], rows.inputs[~late], rows.error[~late])
    return regressed(days, predicted, true), healthy, rows


def test_harder_inputs_are_seen_and_the_band_holds_the_labels_word() -> None:
    profile, healthy, rows = _system(0, harder=True)
    points = estimate_losses(profile, healthy, rows, reference=REFERENCE, by="week")
    error = rows.error
    inside = []
    for p in points:
        own = (rows.days >= np.datetime64(p.start.date())) & (rows.days < np.datetime64(p.end.date()))
        real = np.abs(error[own]).mean() if p.metric == "mae" else np.sqrt((error[own] ** 2).mean())
        assert p.value is not None
        assert p.low is not None
        assert p.high is not None
        inside.append(p.low <= real <= p.high)
        assert p.estimated
    assert np.mean(inside) >= 0.85
    late = [p for p in points if p.metric == "mae" and p.start >= at(56)]
    early = [p for p in points if p.metric == "mae" and p.start < at(56)]
    assert min(p.value or 0 for p in late) > max(p.value or 0 for p in early)
    assert {p.status for p in late} == {PointStatus.BREACH}


def test_a_relation_that_changed_is_refused_as_concept_drift() -> None:
    profile, healthy, rows = _system(1, shifted=4.0)
    points = estimate_losses(profile, healthy, rows, reference=REFERENCE, by="week", metrics=["mae"])
    late = [p for p in points if p.start >= at(56)]
    assert {p.status for p in late} == {PointStatus.UNKNOWN}
    assert LEFT_THE_BAND in late[0].note


def test_too_little_to_learn_from_is_refused() -> None:
    profile, healthy, rows = _system(2)
    few = LossRows(healthy.days[:299], healthy.inputs[:299], healthy.error[:299])
    for learnt, why in ((few, "299 labelled"), (None, "No inputs")):
        points = estimate_losses(profile, learnt, rows, reference=REFERENCE, by="month")
        assert {p.metric for p in points} == {"mae", "rmse"}
        assert all(p.value is None and why in p.note for p in points)
    assert estimate_losses(profile, healthy, rows, reference=REFERENCE, metrics=["r2"]) == ()


def test_the_estimate_is_the_mean_of_the_fitted_losses() -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor

    from plumbline.monitor.estimate import dle

    profile, healthy, rows = _system(3)
    found = estimate_losses(profile, healthy, rows, reference=REFERENCE, by="week", metrics=["mae"])
    model = HistGradientBoostingRegressor(
        max_iter=dle.TREES, max_leaf_nodes=dle.LEAVES, learning_rate=dle.RATE, early_stopping=False,
        random_state=dle.SEED,
    ).fit(healthy.inputs, np.abs(healthy.error))  # fmt: skip
    last = found[-1]
    own = rows.days >= np.datetime64(last.start.date())
    assert last.value == pytest.approx(model.predict(rows.inputs[own]).mean(), rel=1e-6)
