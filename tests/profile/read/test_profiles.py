"""Outcome, completeness, hour and delay profiles against pandas and scikit-learn."""

from __future__ import annotations

from datetime import timedelta
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, confusion_matrix, log_loss, roc_auc_score

from plumbline.domain import REGRESSION_MOMENTS, SCORE_CELLS, Slice, Task
from plumbline.domain.score_cells import SCORE_EDGES
from plumbline.monitor.drift.exact import exact_auc
from plumbline.profile import build
from plumbline.profile.read import profiles
from plumbline.profile.scan import exact
from tests.factory.decision_tables import START, binary_log, insert, make_system, workspace


def _load(tmp_path: Path, log: pd.DataFrame, task: Task = Task.BINARY):
    ws = workspace(tmp_path)
    with ws.write() as cursor:
        system = make_system(cursor, task)
        insert(cursor, system, log, 1)
        build.on_load(cursor, system, 1)
    return ws, system


@pytest.fixture
def binary(tmp_path: Path):
    log = binary_log(np.random.default_rng(11))
    ws, system = _load(tmp_path, log)
    with ws.read() as cursor:
        yield cursor, system, log[log["arm"] != "shadow"]
    ws.close()


def test_confusion_is_that_of_scikit_learn(binary) -> None:
    cursor, system, log = binary
    profile = profiles.outcome_profile(cursor, system)
    known = log.dropna(subset="label")
    expected = confusion_matrix(known["label"], known["prediction"], labels=list(profile.classes)).T
    np.testing.assert_array_equal(profile.confusion.sum(axis=0)[:, :-1], expected)
    assert profile.confusion[:, :, -1].sum() == log["label"].isna().sum()
    assert profile.n.sum() == len(log)
    assert profile.n_labelled.sum() == len(known)


def test_sums_of_losses_are_exact_by_day(binary) -> None:
    cursor, system, log = binary
    profile = profiles.outcome_profile(cursor, system)
    known = log.dropna(subset=["label", "score"])
    for i, day in enumerate(profile.days):
        part = known[known["timestamp"].dt.date == day]
        true = part["label"] == "yes"
        assert profile.n_scored[i] == len(part)
        assert profile.sum_log_loss[i] == pytest.approx(
            log_loss(true, part["score"], labels=[False, True]) * len(part), rel=1e-12
        )
        assert profile.sum_brier[i] == pytest.approx(
            brier_score_loss(true, part["score"], labels=[False, True]) * len(part), rel=1e-12
        )


def test_score_cells_hold_every_score_once(binary) -> None:
    cursor, system, log = binary
    profile = profiles.outcome_profile(cursor, system)
    scored = log.dropna(subset="score")
    place = np.searchsorted(SCORE_EDGES, scored["score"].to_numpy())
    for k, name in enumerate(("no", "yes")):
        expected = np.bincount(place[(scored["label"] == name).to_numpy()], minlength=SCORE_CELLS)
        np.testing.assert_array_equal(profile.score_cells[:, k].sum(axis=0), expected)
    expected = np.bincount(place[scored["label"].isna().to_numpy()], minlength=SCORE_CELLS)
    np.testing.assert_array_equal(profile.score_unlabelled.sum(axis=0), expected)


def test_the_extreme_scores_fall_in_the_first_and_last_cell(tmp_path: Path) -> None:
    log = pd.DataFrame(
        {
            "timestamp": [START.replace(tzinfo=None)] * 4,
            "score": [0.0, 1.0, 0.0, 1.0],
            "label": ["no", "yes", "yes", "no"],
        }
    )
    ws, system = _load(tmp_path, log)
    with ws.read() as cursor:
        profile = profiles.outcome_profile(cursor, system)
    assert profile.score_cells[0, :, [0, -1]].tolist() == [[1, 1], [1, 1]]
    # two right answers at (almost) no loss, two wrong ones at the clipped one
    assert profile.sum_log_loss[0] == pytest.approx(-2 * np.log(1e-15), rel=1e-3)
    assert profile.confusion.sum() == 0  # no prediction was logged
    ws.close()


def test_a_raw_score_has_no_losses_and_no_cells(tmp_path: Path) -> None:
    log = binary_log(np.random.default_rng(3), n=50).assign(score=lambda d: d["score"] * 10 - 5)
    ws, system = _load(tmp_path, log)
    with ws.read() as cursor:
        profile = profiles.outcome_profile(cursor, system)
        scores, labels = exact.scores_and_labels(cursor, system)
    assert profile.score_cells.shape[-1] == 0
    assert profile.n_scored.sum() == 0
    assert exact_auc(scores, labels)[0] == pytest.approx(roc_auc_score(labels, scores))
    ws.close()


def test_one_impossible_score_after_the_reference_only_drops_out(tmp_path: Path) -> None:
    log = binary_log(np.random.default_rng(3), n=200)
    log.loc[log["timestamp"].idxmax(), ["score", "arm"]] = [1.5, "champion"]
    ws, system = _load(tmp_path, log)
    with ws.read() as cursor:
        profile = profiles.outcome_profile(cursor, system)
    kept = log[(log["arm"] != "shadow") & log["score"].between(0, 1)]
    assert profile.n_scored.sum() == kept["label"].notna().sum()
    assert profile.score_cells.sum() + profile.score_unlabelled.sum() == len(kept)
    ws.close()


def test_groups_by_version_and_arm_add_up(binary) -> None:
    cursor, system, log = binary
    profile = profiles.outcome_profile(cursor, system, by_version=True, by_arm=True)
    keys = list(zip(profile.days, profile.versions, profile.arms, strict=True))
    assert keys == sorted(set(keys))
    expected = log.groupby([log["timestamp"].dt.date, "version", "arm"]).size()
    assert dict(zip(keys, profile.n.tolist(), strict=True)) == expected.to_dict()
    shadow = profiles.outcome_profile(cursor, system, Slice(arm="shadow"))
    assert shadow.n.sum() > 0


def test_multiclass_losses_come_from_the_probabilities(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    n, names = 300, np.array(["a", "b", "c"])
    p = rng.dirichlet([1, 1, 1], n)
    true = names[[rng.choice(3, p=row) for row in p]]
    log = pd.DataFrame({f"proba:{name}": p[:, i] for i, name in enumerate(names)}).assign(
        timestamp=[START.replace(tzinfo=None) + timedelta(hours=i) for i in range(n)],
        prediction=names[p.argmax(axis=1)],
        label=true,
    )
    ws, system = _load(tmp_path, log, Task.MULTICLASS)
    with ws.read() as cursor:
        profile = profiles.outcome_profile(cursor, system)
    ws.close()
    assert profile.classes == ("a", "b", "c")
    assert profile.sum_log_loss.sum() / n == pytest.approx(log_loss(true, p, labels=names), rel=1e-12)
    assert profile.sum_brier.sum() / n == pytest.approx(
        brier_score_loss(true, p, labels=names, scale_by_half=False), rel=1e-12
    )
    assert profile.score_cells.shape[-1] == 0


def test_regression_moments_and_errors(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    n = 500
    y = np.round(rng.normal(10, 5, n))
    y[::17], y[:5] = np.nan, 0
    pred = y + rng.normal(0, 2, n)
    pred[::17] = 1.0
    log = pd.DataFrame(
        {
            "timestamp": [START.replace(tzinfo=None) + timedelta(minutes=30 * i) for i in range(n)],
            "prediction": pred,
            "label": y,
        }
    )
    ws, system = _load(tmp_path, log, Task.REGRESSION)
    with ws.read() as cursor:
        profile = profiles.outcome_profile(cursor, system)
        features = {f.bins.feature: f for f in profiles.feature_profiles(cursor, system)}
    ws.close()
    p, t = pred[~np.isnan(y)], y[~np.isnan(y)]
    e, full = p - t, np.abs(p) + np.abs(t)
    expected = {
        "err": e.sum(),
        "abs": np.abs(e).sum(),
        "sq": (e**2).sum(),
        "y": t.sum(),
        "y2": (t**2).sum(),
        "over": e[e > 0].sum(),
        "under": -e[e < 0].sum(),
        "ape": np.abs(e / np.where(t == 0, np.inf, t)).sum(),
        "n_nonzero": (t != 0).sum(),
        "smape": (2 * np.abs(e) / np.where(t == 0, np.inf, full)).sum(),
        "abs2": (e**2).sum(),
        "sq2": (e**4).sum(),
    }
    found = dict(zip(REGRESSION_MOMENTS, profile.moments.sum(axis=0), strict=True))
    assert found == pytest.approx(expected, rel=1e-9)
    assert profile.n_labelled.sum() == len(t)
    low, high = profile.error_ends
    inside = (np.abs(e)[:, None] >= low * (1 - 1e-9)) & (np.abs(e)[:, None] < high * (1 + 1e-9)) | (
        (e == 0)[:, None] & (high == 0)
    )
    np.testing.assert_array_equal(profile.error_cells.sum(axis=0), inside.sum(axis=0))
    assert features["prediction"].counts.sum() == n
    assert features["label"].missing.sum() == np.isnan(y).sum()


def test_a_migration_forgets_only_the_smape_of_counts_with_true_values_of_zero(tmp_path: Path) -> None:
    log = pd.DataFrame(
        {
            "timestamp": [START.replace(tzinfo=None) + timedelta(days=i // 5) for i in range(10)],
            "prediction": 2.0,
            "label": [0.0, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        }
    )
    ws, system = _load(tmp_path, log, Task.REGRESSION)
    with ws.write() as cursor:
        before = profiles.outcome_profile(cursor, system).moments
        cursor.execute((resources.files("plumbline.store") / "migrations/0016_smape.sql").read_text())
        after = profiles.outcome_profile(cursor, system).moments
    ws.close()
    place = REGRESSION_MOMENTS.index("smape")
    assert np.isnan(after[0, place])
    after[0, place] = before[0, place]
    np.testing.assert_array_equal(after, before)


def test_completeness_counts_what_is_there(binary) -> None:
    cursor, system, _ = binary
    profile = profiles.completeness(cursor, system, Slice(arm="champion"))
    log = binary_log(np.random.default_rng(11))
    log = log[log["arm"] == "champion"]
    keys = list(zip(profile.days, profile.versions, strict=True))
    by = log.groupby([log["timestamp"].dt.date, "version"])
    assert keys == list(by.groups)
    np.testing.assert_array_equal(profile.present["score"], by["score"].count())
    full = log[["feature:x", "feature:k", "feature:c"]].notna().all(axis=1)
    np.testing.assert_array_equal(
        profile.present["features"], full.groupby([log["timestamp"].dt.date, log["version"]]).sum()
    )
    assert "override" not in profile.present
    assert "explanation" not in profile.present
    hours = np.bincount(log["timestamp"].dt.hour, minlength=24)
    np.testing.assert_array_equal(profile.hours.sum(axis=0), hours)


def test_hours_know_exact_spans_and_counts(binary) -> None:
    cursor, system, _ = binary
    log = binary_log(np.random.default_rng(11))
    hours = profiles.version_hours(cursor, system)
    assert hours.n.sum() == len(log)
    second = np.array(hours.versions) == "2"
    assert hours.first[second].min() == log.loc[log["version"] == "2", "timestamp"].min()
    assert hours.last[second].max() == log.loc[log["version"] == "2", "timestamp"].max()
    assert hours.positives.sum() == (log["prediction"] == "yes").sum()
    assert hours.correct.sum() == (log["prediction"] == log["label"]).sum()
    assert np.isnat(hours.trained).all()


def test_delays_are_whole_days(tmp_path: Path) -> None:
    at = START.replace(tzinfo=None)
    late = [
        timedelta(hours=-1),
        timedelta(hours=23),
        timedelta(days=1),
        timedelta(days=90),
        timedelta(days=91),
    ]
    log = pd.DataFrame(
        {
            "timestamp": [at] * 7,
            "prediction": "yes",
            "label": ["yes"] * 6 + [None],
            "label_time": [at + d for d in late] + [pd.NaT, at],
        }
    )
    ws, system = _load(tmp_path, log)
    with ws.read() as cursor:
        profile = profiles.delays(cursor, system)
    ws.close()
    assert profile.n.tolist() == [7]
    assert {k: int(v) for k, v in enumerate(profile.counts[0]) if v} == {0: 2, 1: 1, 90: 1, 91: 1}
