"""Recorded attributions: the space and base they add up in, and whether they do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from plumbline.domain import Task
from plumbline.explain.link_functions import rounding_step, tolerance
from plumbline.explain.reasons.logged_attributions import check_logged, check_versions


def record(n=2000, seed=0, spread=1.0):
    rng = np.random.default_rng(seed)
    parts = rng.normal(scale=spread, size=(n, 5))
    return parts, expit(-0.7 + parts.sum(axis=1))


def test_log_odds_are_inferred_with_their_base() -> None:
    parts, score = record()
    check = check_logged(parts, score)
    assert check.passed
    assert check.link is not None
    assert check.link.space == "log-odds"
    assert check.base == pytest.approx(-0.7, abs=1e-10)
    assert check.share == 1.0


def test_probabilities_are_inferred_with_their_base() -> None:
    rng = np.random.default_rng(0)
    parts = rng.uniform(-0.09, 0.09, (500, 5))
    check = check_logged(parts, 0.5 + parts.sum(axis=1))
    assert check.link is not None
    assert (check.link.space, check.passed) == ("probability", True)
    assert check.base == pytest.approx(0.5)


@pytest.mark.parametrize("decimals", [2, 3, 4, 6])
def test_rounded_records_pass_with_the_tolerance_stated(decimals) -> None:
    parts, score = record()
    check = check_logged(parts.round(decimals + 1), score.round(decimals))
    assert check.passed
    assert check.tolerance == pytest.approx(max(1e-3, 5 * 10.0**-decimals))
    assert check.base == pytest.approx(-0.7, abs=0.01)


def test_scores_of_exactly_nought_and_one_are_checked_though_they_do_not_serve_the_inference() -> None:
    parts, _ = record(spread=40.0)
    score = expit(-0.7 + parts.sum(axis=1))
    assert ((score == 0) | (score == 1)).any()
    check = check_logged(parts, score)
    assert (check.passed, check.n) == (True, 2000)
    score[score == 1] = 0.0
    assert check_logged(parts, score).share < 0.9


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_a_percentage_keeps_its_meaning(scale) -> None:
    parts, score = record()
    check = check_logged(parts, (100 * score).round(3))
    assert check.link is not None
    assert (check.link.name, check.passed) == ("logit of percent", True)
    assert check.tolerance == pytest.approx(0.1)


def test_attributions_that_do_not_add_up_are_told_apart_from_a_few_that_do_not() -> None:
    parts, score = record()
    none = check_logged(np.random.default_rng(1).permutation(parts), score)
    assert (none.link, none.passed) == (None, False)
    assert "do not add up" in none.sentence
    few = score.copy()
    few[:120] = expit(parts[:120].sum(axis=1) + 1.5)  # one in sixteen, as once seen in production
    check = check_logged(parts, few)
    assert check.share == pytest.approx(0.94, abs=0.005)
    assert not check.passed
    assert "94.0 %" in check.sentence


def test_each_version_has_its_own_base() -> None:
    parts, score = record()
    later = expit(0.4 + parts.sum(axis=1))
    checks = check_versions(
        np.concatenate([parts, parts]), np.concatenate([score, later]), ["1"] * 2000 + ["2"] * 2000
    )
    assert [checks[v].base for v in ("1", "2")] == pytest.approx([-0.7, 0.4])
    assert all(c.passed for c in checks.values())
    mixed = check_logged(np.concatenate([parts, parts]), np.concatenate([score, later]))
    assert not mixed.passed


def test_two_logged_bases_in_one_version_are_a_finding() -> None:
    parts, score = record()
    base = np.full(2000, -0.7)
    assert check_logged(parts, score, base=base).passed
    score[:500] = expit(parts[:500].sum(axis=1))
    base[:500] = 0.0
    check = check_logged(parts, score, base=base)
    assert (check.share, check.bases, check.passed) == (1.0, 2, False)
    assert "2 different base values" in check.sentence


def test_a_logged_base_is_used_where_there_is_one_and_its_middle_elsewhere() -> None:
    parts, score = record()
    base = np.full(len(score), -0.7)
    assert check_logged(parts, score, base=base).bases == 1
    base[::3] = np.nan
    check = check_logged(parts, score, base=base)
    assert (check.passed, check.bases, check.base) == (True, 1, -0.7)
    assert check.worst == pytest.approx(0, abs=1e-9)
    assert not check_logged(
        parts, score, base=base + 0.4
    ).passed  # it is the log's own word, not what would fit
    several = check_logged(parts, score, base=np.where(np.arange(len(score)) % 9, base, -0.7000001))
    assert (several.bases, several.passed) == (2, False)
    assert "2 different base values" in several.sentence


def test_a_regressions_values_add_up_as_they_are() -> None:
    rng = np.random.default_rng(0)
    parts = rng.normal(scale=2000, size=(400, 4))
    price = 30_000 + parts.sum(axis=1)
    check = check_logged(parts, price.round(2), task=Task.REGRESSION)
    assert check.link is not None
    assert (check.link.name, check.passed) == ("identity", True)
    assert check.base == pytest.approx(30_000, abs=0.1)


def test_missing_and_too_few_are_said() -> None:
    parts, score = record()
    parts[:1985, 0] = np.nan
    check = check_logged(parts, score)
    assert (check.n, check.passed) == (15, False)
    assert "too few" in check.sentence


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 8), st.integers(0, 2**32 - 1))
def test_the_rounding_step_is_the_one_scores_were_rounded_to(decimals, seed) -> None:
    scores = np.random.default_rng(seed).uniform(0, 1000, 2000)
    assert rounding_step(scores) == 0.0
    assert rounding_step(scores.round(decimals)) == pytest.approx(10.0**-decimals)


def test_the_tolerance_follows_the_scale_of_the_score() -> None:
    rng = np.random.default_rng(0)
    assert tolerance(rng.random(100), Task.BINARY) == 1e-3
    assert tolerance(100 * rng.random(100), Task.BINARY) == pytest.approx(0.1)
    values = rng.normal(scale=5000, size=1000)
    assert tolerance(values, Task.REGRESSION) == pytest.approx(values.std() / 1000)


def test_our_check_fails_what_shaps_own_check_lets_pass() -> None:
    """shap reads native categories of scikit-learn's boosting wrongly, with its own check on and silent."""
    shap = pytest.importorskip("shap")
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(0)
    codes = rng.integers(0, 12, (2000, 3)).astype(float)
    chosen = np.isin(codes[:, 0], [1, 4, 7, 10]).astype(float) * 3 + np.isin(codes[:, 1], [0, 5, 6]) * 2
    y = rng.random(2000) < expit(chosen - 2)
    model = HistGradientBoostingClassifier(categorical_features=[0, 1, 2], max_iter=60, random_state=0)
    model.fit(codes, y)
    parts = np.asarray(shap.TreeExplainer(model).shap_values(codes, check_additivity=True))
    check = check_logged(parts, model.predict_proba(codes)[:, 1])
    assert not check.passed
    assert check.share < 0.5
