"""LightGBM's text is read as LightGBM reads it."""

from __future__ import annotations

import re

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.readers.lightgbm import read_lightgbm
from plumbline.explain.shap.tree_path_dependent import contributions, margins, to_score

QUIET = {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 5, "num_leaves": 15}


def data(n=600, d=6, missing=0.05, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)).round(2)
    y = x[:, 0] * x[:, 1] + x[:, 2] + rng.normal(scale=0.5, size=n)
    x[rng.random((n, d)) < missing] = np.nan
    return x, y


def train(params, x, y, rounds=25, **more):
    return lgb.train(QUIET | params, lgb.Dataset(x, y, **more), rounds)


def read(booster):
    return read_lightgbm(booster.model_to_string().encode())


@pytest.mark.parametrize(
    "params",
    [
        {"objective": "binary"},
        {"objective": "binary", "sigmoid": 2.0},
        {"objective": "binary", "zero_as_missing": True},
        {"objective": "binary", "use_missing": False},
        {"objective": "regression"},
        {"objective": "poisson"},
        {"objective": "regression", "boosting": "dart", "drop_rate": 0.5},
        {"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6},
        {"objective": "multiclass", "num_class": 3},
        {"objective": "multiclassova", "num_class": 3},
    ],
    ids=str,
)
def test_scores_and_contributions_are_the_native_ones(params) -> None:
    x, y = data()
    target = {"binary": y > 0, "poisson": np.abs(y).round()}.get(params["objective"], y)
    if "num_class" in params:
        target = np.digitize(y, [-0.5, 0.5])
    booster = train(params, x, target)
    ensemble = read(booster)
    # natively a forest's raw output is the sum of its trees, though its score comes from their mean
    scale = params.get("sigmoid", 1.0) / (25 if params.get("boosting") == "rf" else 1)
    margin = margins(ensemble, x)
    assert margin == pytest.approx(booster.predict(x, raw_score=True).reshape(len(x), -1) * scale, abs=1e-9)
    assert to_score(ensemble.link, margin) == pytest.approx(booster.predict(x).reshape(len(x), -1), abs=1e-9)
    native = booster.predict(x, pred_contrib=True).reshape(len(x), ensemble.outputs, -1)
    for k in range(ensemble.outputs):
        found, base = contributions(ensemble, x, output=k)
        assert found == pytest.approx(native[:, k, :-1] * scale, abs=1e-9)
        assert base == pytest.approx(native[0, k, -1] * scale, abs=1e-9)


def test_native_categories_are_exact_and_their_list_is_kept() -> None:
    x, y = data(seed=1)
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(x, columns=list("abcdef"))
    frame["town"] = pd.Categorical(rng.choice(["Ulm", "Bonn", "Trier", "Kiel", "Jena"], len(x)))
    frame["rank"] = pd.Categorical(rng.choice([3, 1, 2], len(x)))
    y = y + frame["town"].isin(["Ulm", "Kiel"]).to_numpy() * 2
    booster = train({"objective": "regression", "max_cat_to_onehot": 1, "cat_smooth": 1}, frame, y)
    ensemble = read(booster)
    assert ensemble.categories[6] == ("Bonn", "Jena", "Kiel", "Trier", "Ulm")
    assert ensemble.categories[7] == (1, 2, 3)
    coded = frame.assign(town=frame["town"].cat.codes, rank=frame["rank"].cat.codes).to_numpy(float)
    coded[0, 6] = np.nan  # a level the model was not trained on
    unseen = frame.copy()
    unseen.loc[0, "town"] = None
    native = booster.predict(unseen, pred_contrib=True)
    found, base = contributions(ensemble, coded)
    assert (ensemble.category_start >= 0).any()
    assert found == pytest.approx(native[:, :-1], abs=1e-9)
    assert base == pytest.approx(native[0, -1], abs=1e-9)


def test_a_tree_may_have_many_sets_of_categories_over_many_levels() -> None:
    rng = np.random.default_rng(2)
    n = 1500
    town, kind = rng.integers(0, 75, n), rng.integers(0, 40, n)
    y = np.sin(town * 1.7) + np.cos(kind * 2.3) * (town % 3) + rng.normal(0, 0.1, n)
    frame = pd.DataFrame({"x": rng.normal(size=n), "town": town, "kind": kind})
    booster = train(
        {"objective": "regression", "max_cat_to_onehot": 1, "cat_smooth": 1, "min_data_per_group": 5}, frame, y,
        rounds=8, categorical_feature=["town", "kind"],
    )  # fmt: skip
    text = booster.model_to_string()
    assert max(int(sets) for sets in re.findall(r"num_cat=(\d+)", text)) > 3
    shown = frame.assign(
        town=np.arange(n) % 90, kind=np.arange(n) % 50 - 1
    )  # with codes that were never seen
    ensemble = read(booster)
    assert margins(ensemble, shown.to_numpy(float))[:, 0] == pytest.approx(booster.predict(shown), abs=1e-9)


def test_a_model_that_never_split_is_a_constant() -> None:
    booster = train({"objective": "regression"}, np.zeros((50, 2)), np.full(50, 3.0), rounds=1)
    found, base = contributions(read(booster), np.zeros((1, 2)))
    assert found.tolist() == [[0.0, 0.0]]
    assert base == pytest.approx(3.0)


def test_training_ranges_and_unused_features_are_known() -> None:
    x, y = data(missing=0)
    x[:, 5] = 1.0
    ensemble = read(train({"objective": "regression"}, x, y))
    assert ensemble.ranges[0] == pytest.approx([x[:, 0].min(), x[:, 0].max()])
    assert not ensemble.used_features[5]


def test_linear_leaves_are_refused_with_the_way_out() -> None:
    x, y = data(missing=0)
    with pytest.raises(PlumblineError, match=r"linear_tree.*Train it with linear_tree=false"):
        read(train({"objective": "regression", "linear_tree": True}, x, y))


@pytest.mark.parametrize("objective", ["cross_entropy_lambda", "regression sqrt"])
def test_objectives_whose_score_we_cannot_rebuild_are_refused(objective) -> None:
    x, y = data()
    text = train({"objective": "binary"}, x, y > 0).model_to_string()
    with pytest.raises(PlumblineError, match="objective"):
        read_lightgbm(text.replace("objective=binary sigmoid:1", f"objective={objective}").encode())
