"""A registered model must reproduce the log before it explains anything."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.domain import PlumblineError, Task
from plumbline.explain.column_match import propose_feature_map
from plumbline.explain.registered_model import (
    RegisteredModel,
    align_features,
    check_from_json,
    check_model,
    explain_with_model,
    match_columns,
)
from plumbline.explain.sandbox.call import describe_model
from plumbline.explain.sandbox.pool import explain_warm
from tests.explain.readers.test_lightgbm import data, train

REAL = Path(__file__).parents[2].parent / "shared" / "data"


def registered(booster, **feature_map) -> RegisteredModel:
    return RegisteredModel(
        body=booster.model_to_string().encode(), sha256="0" * 64, version="1.0", feature_map=feature_map
    )


@pytest.fixture(scope="module")
def trained():
    x, y = data()
    frame = pd.DataFrame(x, columns=["Age", "income", "debt", "years", "rate", "limit"])
    booster = train({"objective": "binary"}, frame, y > 0)
    return booster, frame, booster.predict(frame)


def test_names_match_without_regard_to_case_and_by_the_given_map(trained) -> None:
    booster, frame, _ = trained
    info = describe_model(booster.model_to_string().encode())
    columns = match_columns(info, ["AGE", "Income", "debt", "years", "rate", "l"], {"limit": "l"})
    assert columns == {
        "Age": "AGE", "income": "Income", "debt": "debt", "years": "years", "rate": "rate", "limit": "l",
    }  # fmt: skip
    with pytest.raises(PlumblineError, match="no column for these inputs of the model: limit"):
        align_features(info, frame.drop(columns="limit"), {})


def test_a_model_that_decided_passes_and_explains(trained) -> None:
    booster, frame, scores = trained
    model = registered(booster)
    check = check_model(model, frame, scores)
    assert check.passed
    assert (check.share, check.n, check.view) == (1.0, 600, "score")
    parts, base, score = explain_with_model(model, check, frame.iloc[:5])
    native = booster.predict(frame.iloc[:5], pred_contrib=True)
    assert parts == pytest.approx(native[:, :-1], abs=1e-9)
    assert base == pytest.approx(native[0, -1])
    assert score == pytest.approx(scores[:5])


@pytest.mark.parametrize("lost", ["parts", "base", "one number"])
def test_contributions_that_are_no_number_are_not_shown(trained, monkeypatch, lost) -> None:
    booster, frame, scores = trained
    model = registered(booster)
    check = check_model(model, frame, scores)

    def damaged(*args, **more):
        found = explain_warm(*args, **more)
        if lost == "parts":
            return replace(found, contributions=np.full_like(found.contributions, np.nan))
        if lost == "base":
            return replace(found, base=float("nan"))
        found.contributions[2, 1] = np.nan
        return found

    monkeypatch.setattr("plumbline.explain.registered_model.explain_warm", damaged)
    with pytest.raises(PlumblineError, match="do not add up to the model's own output, so none is shown"):
        explain_with_model(model, check, frame.iloc[:5])


def test_another_model_is_not_the_one_that_decided(trained) -> None:
    _, frame, scores = trained
    x, y = data(seed=5)
    other = registered(train({"objective": "binary"}, pd.DataFrame(x, columns=frame.columns), y > 0))
    check = check_model(other, frame, scores)
    assert not check.passed
    assert "not the model that decided" in check.sentence
    with pytest.raises(PlumblineError, match="not the model that decided"):
        explain_with_model(other, check, frame.iloc[:1])


def test_a_check_that_was_kept_is_worded_from_its_figures_again(trained) -> None:
    booster, frame, scores = trained
    model = registered(booster)
    for check in (check_model(model, frame, scores), check_model(model, frame, 1 - scores)):
        stored = json.loads(json.dumps(asdict(check)))
        again = check_from_json(stored, model.version)
        assert again == check
        assert again.sentence.template == check.sentence.template
        assert (
            check_from_json({**stored, "sentence": "as it was kept"}, model.version).sentence
            == check.sentence
        )


@pytest.mark.parametrize(
    ("logged", "view"),
    [
        (lambda s, m: 100 * s, "percent"),
        (lambda s, m: m, "margin"),
        (lambda s, m: 1 - s, "complement"),
        (lambda s, m: s.round(2), "score"),
        (lambda s, m: s.round(4), "score"),
        (lambda s, m: (100 * s).round(1), "percent"),
    ],
)
def test_scores_logged_another_way_are_recognised(trained, logged, view) -> None:
    booster, frame, scores = trained
    written = logged(scores, booster.predict(frame, raw_score=True))
    check = check_model(registered(booster), frame, written)
    assert (check.passed, check.view) == (True, view)
    parts, base, score = explain_with_model(registered(booster), check, frame.iloc[:3])
    assert score == pytest.approx(written[:3], abs=check.tolerance)
    margin = base + parts.sum(axis=1)
    turned = -1 if view == "complement" else 1
    assert margin == pytest.approx(turned * booster.predict(frame.iloc[:3], raw_score=True))


def test_categories_are_coded_by_the_models_own_list_and_strangers_are_counted() -> None:
    x, y = data(seed=1)
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(x, columns=list("abcdef"))
    frame["town"] = pd.Categorical(rng.choice(["Ulm", "Bonn", "Trier"], len(x)))
    frame["grade"] = pd.Categorical(rng.choice([3, 1, 2], len(x)))
    frame["member"] = pd.Categorical(rng.choice([True, False], len(x)))
    y = y + (frame["town"] == "Ulm") * 2 + (frame["grade"] == 3) - (frame["member"] == True)  # noqa: E712
    booster = train({"objective": "regression"}, frame, y)
    scores = booster.predict(frame)
    logged = frame.astype({"town": "str", "grade": "int64", "member": "bool"})
    logged["grade"] = logged["grade"].astype(float).astype(str)
    assert check_model(registered(booster), logged, scores, task=Task.REGRESSION).share == 1.0
    logged.loc[:9, "town"] = "Köln"
    info = describe_model(booster.model_to_string().encode())
    assert align_features(info, logged, {}).unseen == {"town": 10}


def test_text_where_the_model_reads_numbers_is_said(trained) -> None:
    booster, frame, _ = trained
    info = describe_model(booster.model_to_string().encode())
    with pytest.raises(PlumblineError, match="'rate' as a number, but the log's column 'rate' holds text"):
        align_features(info, frame.assign(rate="high"), {})


def test_several_classes_are_checked_by_each_rows_predicted_class() -> None:
    x, y = data()
    frame = pd.DataFrame(x, columns=list("abcdef"))
    booster = train({"objective": "multiclass", "num_class": 3}, frame, np.digitize(y, [-0.5, 0.5]))
    proba = booster.predict(frame)
    best = proba.argmax(axis=1)
    check = check_model(
        registered(booster), frame, proba.max(axis=1), task=Task.MULTICLASS, output=best.astype(np.int64)
    )
    assert check.share == 1.0
    k = int(best[0])
    parts, base, score = explain_with_model(registered(booster), check, frame.iloc[:1], output=k)
    assert score[0] == pytest.approx(proba[0, k])
    assert base + parts.sum() == pytest.approx(booster.predict(frame.iloc[:1], raw_score=True)[0, k])


def test_early_stopping_is_found_out_from_the_log() -> None:
    xgb = pytest.importorskip("xgboost")
    x, y = data()
    model = xgb.XGBClassifier(n_estimators=60, early_stopping_rounds=2, learning_rate=1.0, n_jobs=1)
    model.fit(x[:300], y[:300] > 0, eval_set=[(x[300:], y[300:] > 0)], verbose=0)
    body = bytes(model.get_booster().save_raw("ubj"))
    frame = pd.DataFrame(x, columns=[f"f{i}" for i in range(6)])
    check = check_model(
        RegisteredModel(body=body, sha256="0", version="1", feature_map={}),
        frame,
        model.predict_proba(x)[:, 1],
    )
    assert (check.passed, check.best) == (True, True)


def test_a_map_of_names_is_proposed_by_content_and_only_if_it_reproduces_the_log(trained) -> None:
    booster, frame, scores = trained
    rng = np.random.default_rng(0)
    renamed = frame.rename(columns={c: f"Spalte {i}" for i, c in enumerate(frame.columns)})
    renamed = renamed[rng.permutation(renamed.columns)].assign(extra=rng.normal(size=len(frame)))
    proposed = propose_feature_map(registered(booster), renamed, scores)
    assert proposed is not None
    assert proposed[0] == {c: f"Spalte {i}" for i, c in enumerate(frame.columns)}
    assert proposed[1].passed
    assert propose_feature_map(registered(booster), renamed, rng.permutation(scores)) is None


@pytest.mark.reallogs
@pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])
def test_the_electricity_models_reproduce_their_own_versions_only(version) -> None:
    if not (REAL / "electricity").exists():
        pytest.skip("the real logs are not here")
    log = pd.read_csv(REAL / "electricity" / "electricity.csv")
    body = (REAL / "electricity" / f"model-{version}.txt").read_bytes()
    model = RegisteredModel(body=body, sha256="0", version=version, feature_map={})
    own, other = log[log.model_ver == version], log[log.model_ver != version]
    check = check_model(model, own, own.price_up_prob.to_numpy())
    assert (check.share, check.n) == (1.0, 1000)
    assert not check_model(model, other, other.price_up_prob.to_numpy()).passed


@pytest.mark.reallogs
def test_the_credit_models_names_are_found_by_content() -> None:
    if not (REAL / "income-credit").exists():
        pytest.skip("the real logs are not here")
    log = pd.read_csv(REAL / "income-credit" / "kredit_export.csv", sep=";", decimal=",", encoding="cp1252")
    log = log[log.Modellversion.astype(str) == "3.1"]
    features = log[[
        "Alter", "Bildungsjahre", "Kapitalertrag", "Kapitalverlust", "Wochenstunden", "Geschlecht",
    ]]  # fmt: skip
    body = (REAL / "income-credit" / "model-3.1.txt").read_bytes()
    proposed = propose_feature_map(
        RegisteredModel(body=body, sha256="0", version="3.1", feature_map={}), features, log.Score.to_numpy()
    )
    assert proposed is not None
    assert proposed[0] == {
        "age": "Alter", "education_num": "Bildungsjahre", "capital_gain": "Kapitalertrag",
        "capital_loss": "Kapitalverlust", "hours": "Wochenstunden",
    }  # fmt: skip
    assert proposed[1].share == 1.0
