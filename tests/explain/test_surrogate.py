"""A surrogate is shown only as far as it imitates the log."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from plumbline.domain import Kind, Task
from plumbline.explain.link_functions import LOGIT
from plumbline.explain.surrogate import (
    LinearFit,
    Surrogate,
    _fit_ridge,
    _r2,
    fit_surrogate,
    grade_fidelity,
    infer_cutoff,
    surrogate_contributions,
)
from plumbline.explain.surrogate_inputs import InputCode


def applicants(n=4000, seed=0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 4)), columns=["age", "income", "debt", "years"])
    frame["town"] = rng.choice(["Ulm", "Bonn", "Trier"], n)
    return frame


def linear_score(frame: pd.DataFrame) -> np.ndarray:
    return expit(frame.age - 2 * frame.income + 0.5 * frame.debt + (frame.town == "Ulm")).to_numpy()


@pytest.fixture(scope="module")
def boosted():
    """A smooth black box of few trees, so that the surrogate can follow it, and its surrogate."""
    frame = applicants(9000)
    y = frame.age * frame.income + 2 * frame.debt + 2 * (frame.town == "Bonn")
    model = lgb.LGBMRegressor(n_estimators=40, num_leaves=6, verbose=-1, n_jobs=1)
    score = expit(model.fit(frame[["age", "income", "debt"]], y).predict(frame[["age", "income", "debt"]]))
    return frame, score, fit_surrogate(frame, score, version="1", positive=score > 0.6)


def test_a_linear_systems_surrogate_is_exact() -> None:
    frame = applicants()
    score = linear_score(frame)
    found = fit_surrogate(frame, score.round(6), version="1", positive=score > 0.5)
    assert (found.kind, found.grade) == ("ridge", "shown")
    assert found.r2 > 0.9999
    assert found.agreement == pytest.approx(1.0, abs=2e-3)
    assert found.cutoff == pytest.approx(0.5, abs=0.01)
    parts, base, own = surrogate_contributions(found, frame.iloc[:50])
    assert expit(base + parts.sum(axis=1)) == pytest.approx(own, abs=1e-12)
    assert own == pytest.approx(score[:50], abs=1e-3)
    spread = parts[:, 0] - frame.age.iloc[:50].to_numpy()
    assert np.ptp(spread) < 1e-2  # weight 1 on age, up to its mean


def test_the_ridge_is_scikit_learns() -> None:
    frame = applicants()[["age", "income", "debt", "years"]]
    target = frame.age**2 + frame.income
    found = fit_surrogate(frame, target.to_numpy(), version="1", task=Task.REGRESSION)
    x = frame.to_numpy()
    fitted = _fit_ridge(x, target.to_numpy())
    other = Ridge(alpha=1e-6 * len(x)).fit(x, target)
    assert fitted.weights == pytest.approx(other.coef_, abs=1e-9)
    assert fitted.intercept == pytest.approx(other.intercept_, abs=1e-9)
    assert found.kind == "gradient boosting"


def test_closed_form_contributions_are_the_ones_worked_out_by_hand() -> None:
    inputs = tuple(InputCode(name=n, kind=Kind.NUMERIC) for n in ("a", "b", "c"))
    fitted = LinearFit(np.array([2.0, -1.0, 0.5]), 1.0, np.array([1.0, 2.0, 4.0]))
    held = Surrogate(
        version="1",
        kind="ridge",
        link=LOGIT,
        inputs=inputs,
        fitted=fitted,
        r2=1.0,
        agreement=1.0,
        cutoff=0.5,
        residual=0.0,
        n=1000,
        grade="shown",
        sentence="",
    )
    parts, base, own = surrogate_contributions(held, pd.DataFrame({"a": [3.0], "b": [0.0], "c": [4.0]}))
    assert base == pytest.approx(3.0)
    assert parts[0] == pytest.approx([4.0, 2.0, 0.0])
    assert own[0] == pytest.approx(expit(9.0))


def test_a_boosted_system_is_imitated_and_the_sum_is_exact(boosted) -> None:
    frame, score, found = boosted
    assert (found.kind, found.grade) == ("gradient boosting", "shown")
    assert found.r2 >= 0.97
    parts, base, own = surrogate_contributions(found, frame.iloc[:40])
    assert expit(base + parts.sum(axis=1)) == pytest.approx(own, abs=1e-9)
    assert np.abs(own - score[:40]).mean() < 0.05
    weight = np.abs(parts).mean(axis=0)
    assert weight[2] > weight[3]  # debt decides, years are noise


def test_categories_decide_through_their_codes() -> None:
    frame = applicants(5000)
    score = expit(2.0 * (frame.town == "Ulm") * np.sign(frame.age) + frame.income).to_numpy()
    found = fit_surrogate(frame, score, version="1", positive=score > 0.5)
    assert found.grade == "shown"
    frame.loc[frame.index[0], "town"] = "Köln"  # never seen
    frame.loc[frame.index[1], "age"] = np.nan
    parts, base, own = surrogate_contributions(found, frame.iloc[:10])
    assert np.isfinite(parts).all()
    assert expit(base + parts.sum(axis=1)) == pytest.approx(own, abs=1e-9)


def test_a_log_that_lacks_the_main_input_is_refused_with_the_reason() -> None:
    frame = applicants()
    found = fit_surrogate(
        frame.drop(columns="income"), linear_score(frame), version="1", positive=linear_score(frame) > 0.5
    )
    assert found.grade == "refused"
    assert "the logged inputs do not determine the logged score" in found.sentence


def test_too_few_decisions_are_refused() -> None:
    frame = applicants(999)
    found = fit_surrogate(frame, linear_score(frame), version="1")
    assert (found.grade, found.kind) == ("refused", "none")
    assert "999" in found.sentence


def test_one_score_for_all_is_refused() -> None:
    found = fit_surrogate(applicants(1500), np.full(1500, 0.4), version="1")
    assert found.grade == "refused"


@pytest.mark.parametrize(
    ("r2", "agreement", "grade"),
    [
        (0.97, 0.95, "shown"),
        (0.999, None, "shown"),
        (0.969, 0.99, "top factors"),
        (0.99, 0.949, "top factors"),
        (0.90, 0.90, "top factors"),
        (0.899, 0.99, "refused"),
        (0.99, 0.899, "refused"),
        (0.5, None, "refused"),
    ],
)
def test_the_gates(r2, agreement, grade) -> None:
    assert grade_fidelity(r2, agreement)[0] == grade


def test_the_fit_is_the_same_every_time(boosted) -> None:
    frame, score, found = boosted
    again = fit_surrogate(frame, score, version="1", positive=score > 0.6)
    assert (again.r2, again.agreement, again.residual) == (found.r2, found.agreement, found.residual)


def test_a_regression_has_no_cutoff() -> None:
    frame = applicants()
    price = (30_000 + 4000 * frame.income + 1500 * frame.age).round(2).to_numpy()
    found = fit_surrogate(frame, price, version="1", task=Task.REGRESSION)
    assert (found.kind, found.grade, found.agreement, found.cutoff) == ("ridge", "shown", None, None)
    parts, base, own = surrogate_contributions(found, frame.iloc[:3])
    assert base + parts.sum(axis=1) == pytest.approx(own)
    assert own == pytest.approx(price[:3], abs=1.0)


def test_the_cutoff_is_the_one_with_the_fewest_exceptions() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(500).round(2)
    assert infer_cutoff(scores, scores >= 0.37) == pytest.approx(0.365)
    noisy = (scores >= 0.37) ^ (rng.random(500) < 0.1)
    errors = [np.sum((scores >= c) != noisy) for c in np.unique(scores)]
    found = infer_cutoff(scores, noisy)
    assert np.sum((scores >= found) != noisy) == min(errors)
    assert infer_cutoff(scores, np.ones(500, bool)) is None


def test_r2_is_scikit_learns_and_nought_where_nothing_varies() -> None:
    truth = np.array([1.0, 2.0, 4.0, 8.0])
    for predicted in (truth, truth + 1, truth[::-1], np.full(4, truth.mean())):
        assert _r2(truth, predicted) == pytest.approx(r2_score(truth, predicted), abs=1e-12)
    assert _r2(np.ones(4), np.zeros(4)) == 0
    assert _r2(np.ones(4), np.ones(4)) == 0


def test_a_score_in_percent_is_explained_as_the_same_score_from_nought_to_one() -> None:
    """Rounded as logs have it, so that some scores are exactly 0 or 1, whose log-odds are infinite."""
    frame = applicants(1500)
    share = linear_score(frame).round(2)
    assert (share == 0).any()
    assert (share == 1).any()
    found = [
        fit_surrogate(frame, score, version="1", positive=share > 0.5)
        for score in (share, (100 * share).round())
    ]
    assert [one.link.space for one in found] == ["log-odds"] * 2
    assert found[0].kind == found[1].kind
    assert found[0].r2 == pytest.approx(found[1].r2, abs=1e-6)
    (parts, base, own), (parts_100, base_100, own_100) = (
        surrogate_contributions(one, frame) for one in found
    )
    assert parts_100 == pytest.approx(parts, abs=1e-6)
    assert base_100 == pytest.approx(base, abs=1e-6)
    assert own_100 == pytest.approx(100 * own, abs=1e-6)
    assert r2_score(share, own) > 0.97
