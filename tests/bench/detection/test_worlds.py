"""The drawn logs have the properties that their names promise, and a change happens on its day and to its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.bench.detection.changes import CHANGES
from tests.bench.detection.fair import GROUPS, drawn
from tests.bench.detection.kinds import KINDS, STUDENT, wandering, yearly
from tests.bench.detection.worlds import DAY, INPUTS, LEVELS, NO, START, YES, Drawn, draw

SHORT = {"days": 40, "reference": 28}
PUT_ON = [(kind, key) for key, change in CHANGES.items() for kind in change.on]


def short(key: str, seed: int = 0, **more: float) -> Drawn:
    return draw(key, replace(KINDS[key], **{**SHORT, **more}), seed)  # type: ignore[arg-type]


def changed(kind: str, key: str, seed: int = 0) -> Drawn:
    return draw(kind, replace(KINDS[kind], **SHORT), seed, CHANGES[key], 30)  # type: ignore[arg-type]


@pytest.mark.parametrize("rho", [0.3, 0.5, 0.8])
def test_days_keep_the_asked_part_of_the_day_before(rho: float) -> None:
    levels = wandering(rho)(20_000, np.random.default_rng(1))
    for column in range(len(LEVELS)):
        assert np.corrcoef(levels[1:, column], levels[:-1, column])[0, 1] == pytest.approx(rho, abs=0.03)
    assert levels.std(0) == pytest.approx([0.15] * 5 + [0.25], rel=0.06)


def test_a_wandering_level_is_in_the_logged_inputs() -> None:
    """What is left of 0.8 beside the chance of 400 decisions a day: 0.8 x 0.15^2 / (0.15^2 + 1/400) = 0.72."""
    log = short("ar-0.8", days=600, per_day=400)
    daily = log.frame.groupby(log.frame["at"].dt.date)["income"].mean()
    assert daily.autocorr() == pytest.approx(0.72, abs=0.12)
    quiet = short("independent", days=600, per_day=400).frame
    assert quiet.groupby(quiet["at"].dt.date)["income"].mean().autocorr() == pytest.approx(0, abs=0.12)


@pytest.mark.parametrize(("key", "rate"), [("rare-0.3", 0.003), ("rare-0.5", 0.005), ("rare-1", 0.01)])
def test_a_rare_class_is_as_rare_as_it_says_and_most_of_it_is_found(key: str, rate: float) -> None:
    frame = short(key, per_day=5000).frame
    hit = frame["label"] == YES
    assert hit.mean() == pytest.approx(rate, abs=4 * np.sqrt(rate / len(frame)))
    assert 0.5 < (frame["prediction"] == YES)[hit].mean() < 0.9


@pytest.mark.parametrize(("key", "alike"), [("repeats-3", 3), ("repeats-5", 5), ("repeats-20", 20)])
def test_a_person_has_so_many_decisions_all_alike(key: str, alike: int) -> None:
    frame = short(key).frame
    own = frame.groupby("subject")
    assert own.size().max() == alike
    assert (own.size() == alike).mean() > 0.85  # the others' last ones are after the log's end
    assert (own[[*INPUTS, "label", "score"]].nunique(dropna=False) == 1).to_numpy().all()
    assert (own["at"].max() - own["at"].min()).max() < 3 * DAY


def test_outcomes_are_known_for_the_granted_alone() -> None:
    frame = short("selective").frame
    assert frame["known_at"].notna().groupby(frame["prediction"]).mean().to_dict() == {YES: 1.0, NO: 0.0}


def test_what_is_bad_is_known_later() -> None:
    frame = short("outcome-delay").frame
    waited = (frame["known_at"] - frame["at"]) / DAY
    bad = frame["label"] == YES
    assert waited[~bad].max() <= 5 <= waited[bad].min()
    assert 40 < waited[bad].max() <= 60


def test_seasons_come_back_every_year_and_begin_anywhere() -> None:
    one, other = (yearly(730, np.random.default_rng(seed)) for seed in (1, 2))
    assert one[:365] == pytest.approx(one[365:], abs=1e-9)
    assert np.ptp(one[:365, 0]) == pytest.approx(1.0, abs=0.01)
    assert abs(one - other).max() > 0.1


def test_errors_have_the_mean_that_the_law_says_and_heavy_tails() -> None:
    for key in ("lognormal", "student"):
        frame = short(key, per_day=5000).frame
        error = frame["label"] - frame["prediction"]
        law = KINDS[key].law
        assert law is not None
        assert error.abs().mean() == pytest.approx(law.mae, rel=0.06)
        assert ((error - error.mean()) ** 4).mean() / error.var() ** 2 > 20
    big = STUDENT.draw(2_000_000, np.random.default_rng(3))
    assert np.abs(big).mean() == pytest.approx(STUDENT.mae, rel=0.01)


@pytest.mark.parametrize(
    "key", [k for k, v in KINDS.items() if v.law is None and v.stationary and v.alike == 1]
)
def test_a_quiet_log_has_no_change_and_a_calibrated_score(key: str) -> None:
    log = short(key, seed=1, days=80)
    assert log.truth.what is None
    assert log.truth.since is None
    assert not log.truth.rows.any()
    hit = (log.outcome == YES).astype(float)
    score = log.frame["score"]
    loose = 0.03 if key.startswith("ar") else 0.0  # the level of eighty days is not that of all days
    assert hit.mean() == pytest.approx(score.mean(), abs=4 * np.sqrt(hit.var() / len(hit)) + loose)
    first = (log.frame["at"] < START + 40 * DAY).to_numpy()
    error = hit - score
    apart = abs(error[first].mean() - error[~first].mean())
    assert apart < 4 * np.sqrt(error.var() * (1 / first.sum() + 1 / (~first).sum())) + loose


@pytest.mark.parametrize(("kind", "key"), PUT_ON)
def test_a_change_begins_on_its_day_and_touches_its_own(kind: str, key: str) -> None:
    quiet, log = short(kind), changed(kind, key)
    change, begins = CHANGES[key], START + 30 * DAY
    assert (log.truth.since, log.truth.what, log.truth.whose) == (begins, change.said, change.whose)
    pd.testing.assert_series_equal(quiet.frame["at"], log.frame["at"])
    same = (quiet.frame == log.frame) | (quiet.frame.isna() & log.frame.isna())
    differs = (~same).any(axis=1).to_numpy()
    assert not differs[(log.frame["at"] < begins).to_numpy()].any()
    assert not differs[~log.truth.rows].any()
    assert differs[log.truth.rows].mean() > 0.02
    moved = {column for column in INPUTS if (~same[column]).any()}
    assert moved <= set(change.touched)
    assert bool(moved) == bool(change.touched)
    if change.stage != "world":
        assert (quiet.outcome == log.outcome).all()


def test_a_group_moves_alone() -> None:
    log = changed("independent", "group")
    own = log.frame[log.truth.rows]
    assert set(own["sex"]) == {"b"}
    assert 0.15 < log.truth.rows.sum() / (log.frame["at"] >= START + 30 * DAY).sum() < 0.25


def test_a_correlation_turns_and_each_input_stays_as_it_was() -> None:
    log = draw(
        "independent", replace(KINDS["independent"], days=60, per_day=2000), 0, CHANGES["correlation"], 30
    )
    own = log.frame[log.truth.rows], log.frame[~log.truth.rows]
    after, before = (part[["income", "debt"]].corr().iloc[0, 1] for part in own)
    assert (before, after) == (pytest.approx(0.6, abs=0.02), pytest.approx(-0.6, abs=0.02))
    assert own[0]["debt"].std() == pytest.approx(own[1]["debt"].std(), rel=0.02)


def test_nobody_is_flagged_once_the_score_is_noise() -> None:
    log = changed("rare-1", "recall")
    own = log.frame[log.truth.rows]
    assert (own["prediction"] == NO).all()
    assert own.groupby("label")["score"].median().pipe(lambda s: s[YES] / s[NO]) == pytest.approx(1, abs=0.5)


@pytest.mark.parametrize("key", ["ar-0.5", "repeats-5", "lognormal", "selective"])
def test_the_seed_is_the_log(key: str) -> None:
    pd.testing.assert_frame_equal(short(key, 3).frame, short(key, 3).frame)
    assert not short(key, 3).frame["income"].head(50).equals(short(key, 4).frame["income"].head(50))


def test_groups_have_the_rates_that_they_say() -> None:
    frame = pd.concat([drawn("fair-0.5", GROUPS["fair-0.5"], seed) for seed in range(30)])
    rates = (frame["prediction"] == YES).groupby(frame["group"]).mean()
    assert rates.to_dict() == {"g00": pytest.approx(0.3, abs=0.015), "g01": pytest.approx(0.15, abs=0.015)}
