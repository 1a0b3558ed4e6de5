"""Whole rows: a broken correlation is found where every feature looks the same; a quiet window is quiet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from plumbline.domain import Kind, PointStatus
from plumbline.monitor.drift import multivariate
from plumbline.monitor.drift.multivariate import (  # fmt: skip
    MATTERS,
    Column,
    auc_with_limits,
    classifier_auc,
    compare,
    components,
    encoder,
)

N = 700


def rows(correlation: float, seed: int, n: int = N) -> list[Column]:
    """Three numbers and a level; every feature's own distribution is the same whatever the correlation."""
    random = np.random.default_rng(seed)
    a, b, c = random.normal(size=(3, n))
    b = correlation * a + np.sqrt(1 - correlation**2) * b
    level = np.array(["x", "y", None], dtype=object)[random.choice(3, n, p=[0.5, 0.4, 0.1])]
    return [
        ("a", Kind.NUMERIC, a),
        ("b", Kind.NUMERIC, b),
        ("c", Kind.NUMERIC, c),
        ("l", Kind.CATEGORICAL, level),
    ]


REFERENCE = rows(0.9, 1)
ENCODER = encoder(REFERENCE)
FITTED = components(ENCODER.matrix(REFERENCE), np.arange(N) // 70)


def test_a_turned_correlation_is_found_although_no_feature_moved() -> None:
    turned = rows(-0.9, 2)
    for (_, kind, then), (_, _, now) in zip(REFERENCE, turned, strict=True):
        if kind is Kind.NUMERIC:
            assert stats.ks_2samp(then, now).pvalue > 0.01
    found = compare(ENCODER, REFERENCE, FITTED, turned, (None, None), strongest=True)
    assert found.status is PointStatus.BREACH
    assert found.auc is not None
    assert found.auc > 0.85
    assert set(found.strongest[:2]) == {"a", "b"}
    assert found.error is not None
    assert found.error > (found.error_high or 9)


@pytest.mark.parametrize("seed", [3, 4])
def test_a_quiet_window_is_quiet(seed: int) -> None:
    found = compare(ENCODER, REFERENCE, FITTED, rows(0.9, seed), (None, None))
    assert found.status is PointStatus.OK
    assert (found.low or 1) < 0.5 < (found.high or 0)
    assert (found.error_low or 9) < (found.error or 0) < (found.error_high or 0)


def test_rows_that_repeat_within_a_window_are_not_told_apart_by_heart() -> None:
    few = rows(0.9, 6, n=N // 4)
    repeated: list[Column] = [(name, kind, np.tile(values, 4)) for name, kind, values in few]
    found = compare(ENCODER, REFERENCE, FITTED, repeated, (None, None))
    assert (found.low or 1) < 0.53


def test_too_few_rows_are_unknown() -> None:
    found = compare(ENCODER, REFERENCE, FITTED, rows(0.9, 5, n=60), (None, None))
    assert (found.status, found.note) == (PointStatus.UNKNOWN, "60 rows; 100 are needed, 40 more.")


def test_the_auc_is_scikit_learns() -> None:
    random = np.random.default_rng(3)
    y = random.integers(0, 2, 400)
    scores = (random.normal(size=400) + y).round(1)
    auc, low, high = auc_with_limits(scores, y)
    assert auc == pytest.approx(roc_auc_score(y, scores))
    assert low < auc < high


def test_the_error_is_scikit_learns_components() -> None:
    from sklearn.decomposition import PCA

    matrix = ENCODER.matrix(REFERENCE)
    pca = PCA(n_components=0.65, svd_solver="full").fit(matrix)
    # our rows are standardised by the reference, so their mean is all but zero
    back = pca.inverse_transform(pca.transform(matrix))
    errors = np.sqrt(np.mean((matrix - back) ** 2, axis=1))
    expected = np.mean([errors[np.arange(N) // 70 == i].mean() for i in range(10)])
    assert FITTED.directions.shape[1] == pca.n_components_
    assert pytest.approx(expected, rel=1e-3) == FITTED.mean


def chance_alone(levels: list[int], half: int, repeats: int) -> np.ndarray:
    """AUC and limits of windows without drift, (repeats, 3): columns of a few levels, reference rows first."""
    y = np.r_[np.zeros(half), np.ones(half)].astype(int)
    found = []
    for seed in range(repeats):
        random = np.random.default_rng(seed)
        x = np.column_stack([random.integers(0, k, 2 * half) for k in levels]).astype(float)
        found.append(classifier_auc(x, y))
    return np.array(found)


@pytest.mark.parametrize("levels", [[3, 3], [2, 2, 2, 2], [3, 3, 3], [2, 2]])
def test_inputs_of_a_few_levels_without_drift_are_not_called_shifted(levels: list[int]) -> None:
    auc, low, high = chance_alone(levels, 300, 30).T
    assert abs(auc.mean() - 0.5) < 0.015
    assert not (low > MATTERS).any()
    assert (low > 0.5).sum() <= 4  # 5 % of 30: 5 or more once in 60
    assert ((low <= 0.5) & (high >= 0.5)).sum() >= 25


def test_tied_scores_take_their_mean_rank_where_rows_that_repeat_stay_in_one_fold() -> None:
    # 4^4 possible rows are too many for levels: the gradient-boosted classifier is asked, and its scores tie
    auc, low, high = chance_alone([4, 4, 4, 4], 300, 4).T
    assert abs(auc.mean() - 0.5) < 0.03
    assert (low < 0.5).all()
    assert (high > 0.5).sum() >= 3


def test_a_correlation_of_two_yes_no_columns_is_found() -> None:
    random = np.random.default_rng(1)
    a, b = random.integers(0, 2, (2, 500, 2))
    b[:, 1] = np.where(random.random(500) < 0.7, b[:, 0], b[:, 1])
    found = classifier_auc(np.r_[a, b].astype(float), np.r_[np.zeros(500), np.ones(500)].astype(int))
    assert found is not None
    assert found[1] > MATTERS


def test_a_few_customers_rows_again_and_again_are_no_certain_drift() -> None:
    y = np.r_[np.zeros(300), np.ones(300)].astype(int)
    beyond = 0
    for seed in range(6):
        random = np.random.default_rng(seed)
        people = random.normal(size=(10, 3))
        of = np.r_[random.integers(0, 5, 300), random.integers(5, 10, 300)]
        found = classifier_auc(people[of], y)
        assert found is not None
        assert found[2] - found[1] > 0.3  # ten people know less than 600 rows
        beyond += found[1] > 0.5
    assert beyond <= 1


def test_under_four_different_rows_nothing_is_said() -> None:
    same: list[Column] = [("a", Kind.NUMERIC, np.arange(400) % 3.0), ("b", Kind.NUMERIC, np.ones(400))]
    encode = encoder(same)
    found = compare(encode, same, components(encode.matrix(same), np.arange(400) // 40), same, (None, None))
    assert (found.status, found.auc) == (PointStatus.UNKNOWN, None)
    assert found.note == (
        "The 800 sampled rows hold fewer than 4 different ones; their features one by one tell more."
    )


def test_rows_become_numbers_by_the_reference_alone() -> None:
    random = np.random.default_rng(1)
    a, b = random.normal(50, 4, 400), np.full(400, 3.0)
    a[5], level = np.nan, np.array([*"xxyz", None] * 80, dtype=object)
    learnt: list[Column] = [("a", Kind.NUMERIC, a), ("b", Kind.NUMERIC, b), ("l", Kind.CATEGORICAL, level)]
    coded = encoder(learnt)
    shown: list[Column] = [
        ("a", Kind.NUMERIC, np.array([50.0, np.nan, 1e9, -1e9])), ("b", Kind.NUMERIC, np.array([3.0, 4, 2, np.inf])),
        ("l", Kind.CATEGORICAL, np.array(["x", "new", None, "z"], dtype=object)),
    ]  # fmt: skip
    matrix = coded.matrix(shown)
    mean, sd = np.nanmean(a), np.nanstd(a, ddof=1)
    assert matrix[:, 0] == pytest.approx([(50 - mean) / sd, 0, 8, -8], rel=2e-3)
    assert matrix[:, 1].tolist() == [0, 1, -1, 0]  # what never varies is scaled by one
    for column, (name, share) in enumerate((("x", 0.4), ("y", 0.2), ("z", 0.2))):
        is_it = np.array([name == v for v in ("x", "new", None, "z")], float)
        assert matrix[:, 2 + column] == pytest.approx((is_it - share) / np.sqrt(share * (1 - share)))
    codes = coded.codes(shown)
    assert codes[:, 2] == pytest.approx([0, -1, np.nan, 2], nan_ok=True)
    assert codes[:, 0] == pytest.approx([50, np.nan, 1e9, -1e9], nan_ok=True)
    many = np.array([f"{i:02}" for i in range(20)] * 3 + ["19"], dtype=object)
    wide = encoder([("m", Kind.CATEGORICAL, many)])
    assert wide.levels["m"][:2] == ("19", "00")  # the most frequent first, then by name
    assert wide.matrix([("m", Kind.CATEGORICAL, many)]).shape == (61, 12)
    assert encoder([("n", Kind.NUMERIC, np.full(3, np.nan))]).centre["n"] == (0.0, 1.0)


def test_limits_are_hanleys_and_mcneils() -> None:
    """Their table: an area of 0.893 of 51 abnormal and 58 normal has a standard error of 0.032 (1982)."""
    auc, low, high = multivariate._hanley_mcneil(0.893, 51, 58)
    assert (high - low) / 2 / 1.959964 == pytest.approx(0.0325, abs=5e-4)
    assert auc == 0.893
    assert multivariate._hanley_mcneil(0.99, 20, 20)[2] == 1.0
    assert multivariate._hanley_mcneil(0.01, 20, 20)[1] == 0.0
    one, more = (multivariate._hanley_mcneil(0.7, a, 30) for a in (1, 2))
    assert one[2] - one[1] > more[2] - more[1]


def test_shares_of_rows_alike_are_learnt_on_the_other_folds() -> None:
    rng = np.random.default_rng(2)
    n = rng.integers(1, 9, (5, 4)).astype(float)
    ones = np.floor(n * rng.random((5, 4)))
    wins = pairs = 0.0
    for fold in range(4):
        rest = [f for f in range(4) if f != fold]
        base = ones[:, rest].sum() / n[:, rest].sum()
        share = [(ones[r, rest].sum() + base) / (n[r, rest].sum() + 1) for r in range(5)]
        score = np.repeat(share, n[:, fold].astype(int))
        y = np.concatenate(
            [[1] * int(o) + [0] * int(m - o) for o, m in zip(ones[:, fold], n[:, fold], strict=True)]
        )
        size = y.sum() * (len(y) - y.sum())
        wins += roc_auc_score(y, score) * size
        pairs += size
    assert multivariate._levels_auc(n, ones) == pytest.approx(wins / pairs)
    assert multivariate._levels_auc(n, 0 * n) == 0.5


def test_rows_that_come_again_on_one_side_count_once() -> None:
    row = np.repeat(np.arange(60), 5)
    side = np.repeat(np.arange(60) % 2, 5)
    assert multivariate._copies(row, side) == pytest.approx(5 * 60 / 59)
    mixed = np.tile([0, 1], 150)
    assert multivariate._copies(np.repeat(np.arange(150), 2), mixed) == 1.0
    assert multivariate._count_possible_rows(np.array([[1.0, 2], [1, 3], [2, 2], [2, 4]])) == 6.0


@pytest.mark.parametrize(
    ("auc", "low", "moved", "status"),
    [
        (0.7, 0.61, False, "breach"), (0.7, 0.6, False, "watch"), (0.61, 0.51, False, "watch"),
        (0.61, 0.5, False, "ok"), (0.6, 0.51, False, "ok"), (0.55, 0.51, True, "watch"), (0.55, 0.5, True, "ok"),
    ],
)  # fmt: skip
def test_what_a_window_is_called(
    auc: float, low: float, moved: bool, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multivariate, "classifier_auc", lambda *_: (auc, low, 0.9))
    fitted = replace(FITTED, mean=FITTED.mean + 9) if moved else FITTED
    found = compare(ENCODER, REFERENCE, fitted, rows(0.9, 3), (None, None))
    assert found.status.value == status
    errors = multivariate._errors(ENCODER.matrix(rows(0.9, 3)), FITTED.directions)
    reach = 3 * max(FITTED.sd, errors.std(ddof=1) / np.sqrt(N))
    assert found.error == pytest.approx(errors.mean())
    assert (found.error_low, found.error_high) == pytest.approx((fitted.mean - reach, fitted.mean + reach))
    assert (
        compare(ENCODER, REFERENCE, FITTED, rows(0.9, 5, n=100), (None, None)).status
        is not PointStatus.UNKNOWN
    )


def test_a_level_or_number_that_never_varied_is_scaled_by_one() -> None:
    healthy: list[Column] = [
        ("l", Kind.CATEGORICAL, np.array(["x"] * 5, object)),
        ("n", Kind.NUMERIC, np.full(5, 3.0)),
    ]
    now: list[Column] = [
        ("l", Kind.CATEGORICAL, np.array(["y", "x", None], object)),
        ("n", Kind.NUMERIC, np.array([5.0, 3.0, np.nan])),
    ]
    assert encoder(healthy).matrix(now).tolist() == [[-1.0, 2.0], [0.0, 0.0], [-1.0, 0.0]]
