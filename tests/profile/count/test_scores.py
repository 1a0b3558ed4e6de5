"""ROC AUC, average precision and median error from profiles, against scikit-learn and NumPy on the rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from plumbline.domain import EQUAL_CELLS, SCORE_CELLS, OutcomeProfile, Slice, Task
from plumbline.monitor.drift.exact import exact_auc
from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.metrics.intervals import FEW, interval, newcombe_auc
from plumbline.monitor.metrics.metrics import METRICS
from plumbline.monitor.statistics.proportions import Z
from plumbline.profile import build
from plumbline.profile.count import scores, stream
from plumbline.profile.read import profiles
from plumbline.profile.scan.slices import slicer
from plumbline.store.workspace import Cursor
from tests.factory.decision_tables import START, insert, make_system, workspace

Drawn = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]
NEAR = 1e-6  # scores of odds that agree to a third of a millionth count as tied


def _log(score: np.ndarray, hit: np.ndarray, day: np.ndarray, **more: Any) -> pd.DataFrame:
    return pd.DataFrame({
        "timestamp": [(START + timedelta(days=int(d))).replace(tzinfo=None) for d in day],
        "prediction": np.where(score > 0.5, "yes", "no"), "score": score,
        "label": np.where(hit == 1, "yes", "no"), **more,
    })  # fmt: skip


def _spread(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    score = 1 / (1 + np.exp(-rng.normal(0, 1.5, n)))
    return score, rng.random(n) < score


def _rounded(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    score, hit = _spread(rng, n)
    return np.round(score, 2), hit


def _leaves(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """A tree's scores: few values, close together, none of them round."""
    leaves = 0.4 + rng.random(30) / 50
    at = rng.integers(0, 30, n)
    return leaves[at], rng.random(n) < (at + 1) / 31


def _rare(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """0.3 % positive, and scores that say so."""
    hit = rng.random(n) < 0.003
    return 1 / (1 + np.exp(-rng.normal(np.where(hit, -4.0, -7.0), 1.0))), hit


def _extreme(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """A naive Bayes that is sure of itself: down to 1e-60, and exactly 0 and 1."""
    hit = rng.random(n) < 0.4
    odds = rng.normal(np.where(hit, 10, -10), 30)
    score = 1 / (1 + np.exp(-odds))
    return np.where(rng.random(n) < 0.1, np.round(score), score), hit


def _figures(profile: OutcomeProfile) -> dict[str, tuple[float, float, float]]:
    """Value, bound and standard error of the whole, by metric."""
    whole = counts_of(profile).pool()
    found = {}
    for name in ("roc_auc", "average_precision"):
        one = METRICS[name]
        assert one.bound is not None
        found[name] = (
            float(one.compute(whole)[0]),
            float(one.bound(whole)[0]),
            float(interval(one, whole).se[0]),
        )
    return found


def _profiled(tmp_path: Path, *logs: pd.DataFrame, part: Slice | None = None) -> OutcomeProfile:
    ws = workspace(tmp_path)
    try:
        with ws.write() as cursor:
            system = make_system(cursor)
            for i, log in enumerate(logs, start=1):
                insert(cursor, system, log, i)
                build.on_load(cursor, system, i)
            return profiles.outcome_profile(cursor, system, part or Slice())
    finally:
        ws.close()


@pytest.mark.parametrize("drawn", [_spread, _rounded, _leaves, _rare, _extreme])
def test_small_days_give_the_figures_of_scikit_learn(tmp_path: Path, drawn: Drawn) -> None:
    rng = np.random.default_rng(5)
    score, hit = drawn(rng, 9000)
    day = np.sort(rng.integers(0, 20, 9000))  # about 450 a day, several loads of them
    cut = 4000
    profile = _profiled(tmp_path, *(_log(score[s], hit[s], day[s]) for s in (slice(cut), slice(cut, None))))
    found = _figures(profile)
    auc, precision = roc_auc_score(hit, score), average_precision_score(hit, score)
    assert found["roc_auc"][:2] == (pytest.approx(auc, abs=NEAR), 0)
    assert found["average_precision"][:2] == (pytest.approx(precision, abs=NEAR), 0)
    rows = exact_auc(score, hit)
    assert rows is not None
    low, high = newcombe_auc(*(np.array([x], float) for x in (auc, (~hit).sum(), hit.sum())))
    few = min(hit.sum(), (~hit).sum()) < FEW
    assert few == (drawn is _rare)
    expected = float(high[0] - low[0]) / (2 * Z) if few else rows[1]
    assert found["roc_auc"][2] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("drawn", [_rounded, _leaves])
def test_few_different_scores_are_exact_on_large_days(tmp_path: Path, drawn: Drawn) -> None:
    score, hit = drawn(np.random.default_rng(6), 9000)
    found = _figures(_profiled(tmp_path, _log(score, hit, np.arange(9000) // 4500)))
    assert found["roc_auc"][:2] == (pytest.approx(roc_auc_score(hit, score), abs=NEAR), 0)
    assert found["average_precision"][1] == 0


@pytest.mark.parametrize("drawn", [_spread, _rare, _extreme])
def test_many_different_scores_keep_within_a_bound_of_two_thousandths(tmp_path: Path, drawn: Drawn) -> None:
    score, hit = drawn(np.random.default_rng(7), 60_000)
    found = _figures(_profiled(tmp_path, _log(score, hit, np.arange(60_000) // 20_000)))
    value, bound, _ = found["roc_auc"]
    assert 0 < bound < 0.002 or drawn is _extreme
    assert abs(value - roc_auc_score(hit, score)) <= bound
    value, bound, _ = found["average_precision"]
    assert abs(value - average_precision_score(hit, score)) <= bound


def test_a_bound_that_is_wide_covers_the_truth(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    hit = rng.random(20_000) < 0.5
    score = 0.3001 + 0.0005 * (rng.random(20_000) + hit * 0.5)  # all in one cell
    value, bound, _ = _figures(_profiled(tmp_path, _log(score, hit, np.zeros(20_000))))["roc_auc"]
    assert value == pytest.approx(0.5)
    assert bound == pytest.approx(0.5)


def test_a_chunk_of_one_class_has_no_figure_and_a_tiny_one_has(tmp_path: Path) -> None:
    log = _log(np.array([0.2, 0.7, 0.7]), np.array([0, 0, 1]), np.array([0, 1, 1]))
    counts = counts_of(_profiled(tmp_path, log))
    np.testing.assert_allclose(METRICS["roc_auc"].compute(counts), [np.nan, 0.5])
    np.testing.assert_allclose(METRICS["average_precision"].compute(counts), [np.nan, 0.5])
    made = interval(METRICS["roc_auc"], counts)
    assert np.isnan([made.low[0], made.high[0]]).all()
    assert 0 < made.low[1] < 0.1 < 0.9 < made.high[1] < 1  # one pair, a tie: next to nothing is known


def test_days_in_cells_and_days_by_number_add_up(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    score, hit = _spread(rng, 8000)
    day = np.r_[np.zeros(7500), np.ones(500)]
    counts = counts_of(_profiled(tmp_path, _log(score, hit, day)))
    auc, bound = METRICS["roc_auc"].compute(counts), METRICS["roc_auc"].bound
    assert bound is not None
    assert bound(counts)[0] > 0
    assert bound(counts)[1] == 0
    assert auc[1] == pytest.approx(roc_auc_score(hit[7500:], score[7500:]), abs=NEAR)
    whole = counts.pool()
    assert abs(METRICS["roc_auc"].compute(whole)[0] - roc_auc_score(hit, score)) <= bound(whole)[0]
    assert counts.cells.shape[2] == SCORE_CELLS
    assert counts.cells.sum() == 8000


def test_batches_and_filters_count_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(10)
    score, hit = _spread(rng, 6000)
    score[4000:] = np.round(score[4000:], 2)
    day = np.r_[rng.integers(0, 2, 4000), rng.integers(2, 4, 2000)]
    log = _log(score, hit, day, **{"segment:region": np.where(rng.random(6000) < 0.5, "n", "s")})
    log.loc[::7, "label"] = None
    log.loc[::11, "score"] = np.nan
    ws = workspace(tmp_path)
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log, 1)
        build.on_load(cursor, system, 1)
        whole = _stored(cursor)
        monkeypatch.setattr(stream, "BATCH_ROWS", 2048)
        monkeypatch.setattr(scores, "_WAITING", 500)
        build.rebuild(cursor, system)
        assert _stored(cursor) == whole
        stored = profiles.outcome_profile(cursor, system)
        one = slicer(cursor, system, "segment:region")
        assert one is not None
        split = profiles.outcome_profile(cursor, system, split=one)
        for name in ("n", "s"):
            part = profiles.outcome_profile(cursor, system, Slice(where=(("segment:region", name),)))
            own = np.array(split.versions) == name
            np.testing.assert_array_equal(part.score_cells, split.score_cells[own])
            rows = log[(log["segment:region"] == name) & (log.index < 10_000)].dropna(
                subset=["label", "score"]
            )
            few = rows[[d.day >= 3 for d in rows["timestamp"]]]
            counts = counts_of(part).select_rows(np.array([d.day >= 3 for d in part.days])).pool()
            assert METRICS["roc_auc"].compute(counts)[0] == pytest.approx(
                roc_auc_score(few["label"] == "yes", few["score"]), abs=NEAR
            )
        np.testing.assert_array_equal(stored.score_unlabelled.sum(axis=0), split.score_unlabelled.sum(axis=0))
        np.testing.assert_array_equal(stored.score_cells.sum(axis=0), split.score_cells.sum(axis=0))
    ws.close()


def _stored(cursor: Cursor) -> list[Any]:
    return cursor.execute(
        "SELECT * EXCLUDE (sum_log_loss, sum_brier) FROM profile_outcome ORDER BY ALL"
    ).fetchall()


@pytest.mark.parametrize("mixed", [False, True])
def test_counts_of_an_earlier_version_are_read_with_their_bound_until_the_next_load(
    tmp_path: Path, mixed: bool
) -> None:
    rng = np.random.default_rng(11)
    score, hit = _spread(rng, 2000)
    day = rng.integers(0, 4, 2000)
    ws = workspace(tmp_path)
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, _log(score, hit, day), 1)
        build.on_load(cursor, system, 1)
        cell = np.minimum((score * EQUAL_CELLS).astype(int), EQUAL_CELLS - 1)
        for d in range(4):
            lists = [
                np.bincount(cell[(day == d) & (hit == k)], minlength=EQUAL_CELLS).tolist() for k in (0, 1)
            ]
            cursor.execute(
                "UPDATE profile_outcome SET cells_negative = ?, cells_positive = ?, cells_unlabelled = ? WHERE day = ?",
                [*lists, [0] * EQUAL_CELLS, (START + timedelta(days=d)).date()],
            )
        if mixed:  # as no act leaves it
            insert(cursor, system, _log(*_spread(rng, 3000), np.full(3000, 7)), 8)
            insert(cursor, system, _log(*_spread(rng, 200), np.full(200, 8)), 9)
            build.build(cursor, system, 8)
            build.build(cursor, system, 9)
            score, hit = (
                cursor.execute("SELECT score, label = 'yes' AS hit FROM decision_test").fetchnumpy().values()
            )
            old = profiles.outcome_profile(cursor, system)
            cell = np.minimum((score * EQUAL_CELLS).astype(int), EQUAL_CELLS - 1)
            np.testing.assert_array_equal(
                old.score_cells.sum(axis=(0, 1)), np.bincount(cell, minlength=EQUAL_CELLS)
            )
            value, bound, _ = _figures(old)["roc_auc"]
            assert 0 < abs(value - roc_auc_score(hit, score)) <= bound < 0.002
            return
        cursor.execute("UPDATE profile_basis SET row_set = json_merge_patch(row_set, '{\"counting\": null}')")
        old = profiles.outcome_profile(cursor, system)
        assert old.score_cells.shape == (4, 2, EQUAL_CELLS)
        value, bound, _ = _figures(old)["roc_auc"]
        assert 0 < abs(value - roc_auc_score(hit, score)) <= bound < 0.002
        insert(cursor, system, _log(score[:300], hit[:300], np.full(300, 9)), 2)
        build.on_load(cursor, system, 2)
        value, bound, _ = _figures(profiles.outcome_profile(cursor, system))["roc_auc"]
        both = np.r_[score, score[:300]], np.r_[hit, hit[:300]]
        assert (value, bound) == (pytest.approx(roc_auc_score(both[1], both[0]), abs=NEAR), 0)
    ws.close()


@pytest.mark.parametrize("scale", [1e-7, 1.0, 1e6])
def test_a_median_error_follows_errors_wherever_they_go(tmp_path: Path, scale: float) -> None:
    rng = np.random.default_rng(12)
    day = np.repeat(np.arange(12), 250)
    error = rng.laplace(0, 1, len(day)) * scale * 3.0**day  # each day three times that of the day before
    error[::50] = 0
    ws = workspace(tmp_path)
    with ws.write() as cursor:
        system = make_system(cursor, Task.REGRESSION)
        at = [(START + timedelta(days=int(d))).replace(tzinfo=None) for d in day]
        log = pd.DataFrame(
            {"timestamp": at, "prediction": error, "label": 0.0, "segment:s": np.where(day < 6, "a", "b")}
        )
        insert(cursor, system, log, 1)
        build.on_load(cursor, system, 1)
        stored, sliced = (
            counts_of(profiles.outcome_profile(cursor, system, part))
            for part in (Slice(), Slice(where=(("segment:s", "b"),)))
        )
    ws.close()
    one = METRICS["median_absolute_error"]
    assert one.bound is not None
    for counts, first in ((stored, 0), (sliced, 6)):
        truth = np.array([np.median(np.abs(error[day == d])) for d in range(first, 12)])
        np.testing.assert_allclose(one.compute(counts), truth, rtol=0.002)
        assert (np.abs(one.compute(counts) - truth) <= one.bound(counts) * (1 + 1e-9)).all()
        assert (one.bound(counts) <= 0.002 * truth).all()
    np.testing.assert_allclose(one.compute(stored.pool()), np.median(np.abs(error)), rtol=0.002)


def test_a_median_error_of_mostly_none_is_none(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    with ws.write() as cursor:
        system = make_system(cursor, Task.REGRESSION)
        at = [START.replace(tzinfo=None)] * 4
        insert(
            cursor,
            system,
            pd.DataFrame({"timestamp": at, "prediction": [1.0, 2, 3, 9], "label": [1.0, 2, 3, None]}),
            1,
        )
        build.on_load(cursor, system, 1)
        counts = counts_of(profiles.outcome_profile(cursor, system))
    ws.close()
    one = METRICS["median_absolute_error"]
    assert one.bound is not None
    assert (one.compute(counts)[0], one.bound(counts)[0]) == (0, 0)
    assert counts.error_cells.sum() == 3
