"""XGBoost's JSON and UBJSON are read as XGBoost reads them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.readers import xgboost
from plumbline.explain.readers.ubjson import read_ubjson
from plumbline.explain.readers.xgboost import read_xgboost
from plumbline.explain.shap.tree_path_dependent import contributions, margins, to_score
from tests.explain.readers.test_lightgbm import data

xgb = pytest.importorskip("xgboost")


def train(params, x, y, rounds=20, **more):
    return xgb.train({"nthread": 1, "max_depth": 4, "seed": 1} | params, xgb.DMatrix(x, y, **more), rounds)


def raw(booster, kind="json") -> bytes:
    return bytes(booster.save_raw(kind))


@pytest.mark.parametrize("kind", ["json", "ubj"])
@pytest.mark.parametrize(
    "params",
    [
        {"objective": "binary:logistic"},
        {"objective": "binary:logistic", "base_score": 0.2},
        {"objective": "binary:logitraw"},
        {"objective": "reg:squarederror"},
        {"objective": "count:poisson"},
        {"objective": "reg:tweedie"},
        {"objective": "multi:softprob", "num_class": 3},
        {"objective": "reg:squarederror", "booster": "dart", "rate_drop": 0.5},
        {"objective": "binary:logistic", "num_parallel_tree": 3, "subsample": 0.5},
        {"objective": "binary:logistic", "max_leaves": 12, "grow_policy": "lossguide", "gamma": 1.0},
        {"objective": "reg:squarederror", "tree_method": "exact", "gamma": 5.0},
    ],
    ids=str,
)
def test_scores_and_contributions_are_the_native_ones(params, kind) -> None:
    x, y = data()
    target = y > 0 if params["objective"].startswith("binary") else y
    if "num_class" in params:
        target = np.digitize(y, [-0.5, 0.5])
    elif params["objective"] in {"count:poisson", "reg:tweedie"}:
        target = np.abs(y).round()
    booster = train(params, x, target)
    ensemble = read_xgboost(raw(booster, kind), ubjson=kind == "ubj")
    rows = xgb.DMatrix(x)
    margin = margins(ensemble, x)
    assert margin == pytest.approx(booster.predict(rows, output_margin=True).reshape(len(x), -1), abs=1e-5)
    native = booster.predict(rows).reshape(len(x), -1)
    assert to_score(ensemble.link, margin) == pytest.approx(native, rel=1e-5, abs=1e-5)
    native = booster.predict(rows, pred_contribs=True).reshape(len(x), ensemble.outputs, -1)
    for k in range(ensemble.outputs):
        found, base = contributions(ensemble, x, output=k)
        assert found == pytest.approx(native[:, k, :-1], abs=5e-6)
        assert base == pytest.approx(native[0, k, -1], abs=5e-6)


def test_native_categories_are_exact_and_their_list_is_kept() -> None:
    x, y = data(seed=2)
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(x, columns=list("abcdef"))
    frame["town"] = pd.Categorical(rng.choice(["Ulm", "Bonn", "Trier", "Kiel", "Jürgenstadt"], len(x)))
    y = y + frame["town"].isin(["Ulm", "Kiel"]).to_numpy() * 2
    booster = train(
        {"objective": "reg:squarederror", "max_cat_to_onehot": 1}, frame, y, enable_categorical=True
    )
    ensemble = read_xgboost(raw(booster))
    assert ensemble.categories[6] == ("Bonn", "Jürgenstadt", "Kiel", "Trier", "Ul")  # XGBoost's own cut
    frame.loc[:9, "town"] = None
    native = booster.predict(xgb.DMatrix(frame, enable_categorical=True), pred_contribs=True)
    codes = frame["town"].cat.codes.to_numpy(float)
    coded = np.column_stack([x, np.where(codes < 0, np.nan, codes)])
    found, base = contributions(ensemble, coded)
    assert (ensemble.category_start >= 0).any()
    assert found == pytest.approx(native[:, :-1], abs=5e-6)
    assert base == pytest.approx(native[0, -1], abs=5e-6)


def test_early_stopping_is_remembered() -> None:
    x, y = data()
    model = xgb.XGBClassifier(n_estimators=60, early_stopping_rounds=2, learning_rate=1.0, n_jobs=1)
    model.fit(x[:300], y[:300] > 0, eval_set=[(x[300:], y[300:] > 0)], verbose=0)
    ensemble = read_xgboost(raw(model.get_booster()))
    assert ensemble.best_trees == model.best_iteration + 1 < len(ensemble.roots)
    ours = to_score("logit", margins(ensemble, x, ensemble.best_trees))[:, 0]
    assert ours == pytest.approx(model.predict_proba(x)[:, 1], abs=1e-6)
    found, base = contributions(ensemble, x, trees=ensemble.best_trees)
    assert base + found.sum(axis=1) == pytest.approx(margins(ensemble, x, ensemble.best_trees)[:, 0])


def test_a_value_on_the_threshold_goes_right_as_xgboost_sends_it() -> None:
    x = np.repeat([[0.1], [0.2], [0.3], [0.4]], 50, axis=0)
    booster = train({"objective": "reg:squarederror", "tree_method": "exact"}, x, x[:, 0] > 0.25)
    ensemble = read_xgboost(raw(booster))
    cuts = np.float32(booster.trees_to_dataframe()["Split"].dropna().unique())
    rows = np.concatenate([cuts, np.nextafter(cuts, np.float32(-9)), np.nextafter(cuts, np.float32(9))])
    rows = rows[:, None].astype(float)
    native = booster.predict(xgb.DMatrix(rows), output_margin=True)
    assert margins(ensemble, rows)[:, 0] == pytest.approx(native, abs=1e-6)


def test_ubjson_holds_what_json_holds() -> None:
    x, y = data()
    booster = train({"objective": "binary:logistic"}, x, y > 0, rounds=3)
    a, b = json.loads(raw(booster)), read_ubjson(raw(booster, "ubj"))
    assert a["learner"]["learner_model_param"] == b["learner"]["learner_model_param"]
    one, two = (m["learner"]["gradient_booster"]["model"]["trees"][0] for m in (a, b))
    assert one["left_children"] == two["left_children"]
    assert one["sum_hessian"] == pytest.approx(two["sum_hessian"], rel=1e-6)


def test_a_linear_booster_is_refused() -> None:
    x, y = data(missing=0)
    with pytest.raises(PlumblineError, match="only tree boosters"):
        read_xgboost(raw(train({"booster": "gblinear"}, x, y)))


def test_vector_leaves_are_refused() -> None:
    x, y = data(missing=0)
    booster = train({"multi_strategy": "multi_output_tree"}, x, np.column_stack([y, -y]))
    with pytest.raises(PlumblineError, match="several targets"):
        read_xgboost(raw(booster))


def _lists(node, seen=()):
    """Where a list of numbers stands in the document: what holds it, under which name."""
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        if isinstance(value, list) and value and isinstance(value[0], (int, float)):
            yield node, key
        elif isinstance(value, (dict, list)):
            yield from _lists(value)


@pytest.mark.parametrize("dart", [False, True])
def test_a_list_that_is_damaged_is_refused_or_not_read(dart: bool) -> None:
    x, y = data(n=200)
    frame = pd.DataFrame(x, columns=list("abcdef"))
    frame["town"] = pd.Categorical(np.random.default_rng(2).choice(["Ulm", "Bonn", "Trier"], len(x)))
    more = {"booster": "dart", "rate_drop": 0.5} if dart else {}
    params = {"objective": "binary:logistic", "max_cat_to_onehot": 1, "max_depth": 2} | more
    document = json.loads(raw(train(params, frame, y > 0, rounds=2, enable_categorical=True)))
    rows = np.column_stack([x[:9], np.arange(9) % 4])

    def scores():
        return margins(read_xgboost(json.dumps(document).encode()), rows)

    healthy, refused, wrong = scores(), 0, []
    for holder, key in list(_lists(document)):
        value = holder[key]
        if key in ("values", "offsets", "iteration_indptr"):
            continue  # what categories are called, and where early stopping ended
        for broken in (
            value[:-1],
            [*value, value[-1]],
            [None, *value[1:]],
            [1e300, *value[1:]],
            [0.5, *value[1:]],
            None,
        ):
            holder[key] = broken
            try:
                if (
                    not np.allclose(scores(), healthy)
                    and broken is not None
                    and broken[0] not in (0.5, 1e300)
                ):
                    wrong.append((key, broken))
            except PlumblineError:
                refused += 1
        holder[key] = value
    assert not wrong
    assert refused > 30


@pytest.mark.parametrize(
    ("text", "link", "outputs", "expected"),
    [
        ("0.2", "logit", 1, [np.log(0.25)]), ("[0.2]", "logit", 1, [np.log(0.25)]),
        ("[1E0,2E0]", "identity", 2, [1, 2]),
        ("5E-1", "log", 1, [np.log(0.5)]), ("0.5", "identity", 3, [0.5] * 3),
        ("0", "logit", 1, None), ("1", "logit", 1, None), ("0", "log", 1, None), ("nan", "identity", 1, None),
        ("[1,2]", "identity", 3, None), ("1" * 41, "identity", 1, None), ("x", "identity", 1, None),
    ],
)  # fmt: skip
def test_a_base_score_is_taken_to_the_margin(text, link, outputs, expected) -> None:
    if expected is None:
        with pytest.raises((PlumblineError, ValueError)):
            xgboost._base(text, link, outputs)
    else:
        assert xgboost._base(text, link, outputs) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("best", "starts", "trees", "expected"),
    [
        ("1", [0, 2, 4, 6], 6, 4), ("2", [0, 2, 4, 6], 6, 0), ("3", [0, 2, 4, 6], 6, 0), ("0", [0, 1, 2], 2, 1),
        ("", [0, 2, 4], 4, 0), ("-1", [0, 2, 4], 4, 0), ("x", [0, 2, 4], 4, 0), ("0", [0, 0, 4], 4, 0),
        ("0", None, 4, 0), ("123456789", [0, 1, 2], 2, 0),
    ],
)  # fmt: skip
def test_trees_up_to_the_best_iteration(best, starts, trees, expected) -> None:
    held = {} if starts is None else {"iteration_indptr": starts}
    assert xgboost._best_tree_count({"best_iteration": best}, held, trees) == expected
