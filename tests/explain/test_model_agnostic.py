"""Models that can only be asked: scores as scikit-learn's, contributions as shap's and as brute force says."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    BaggingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import VarianceThreshold
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    DotProduct,
    Matern,
    RationalQuadratic,
    WhiteKernel,
)
from sklearn.impute import SimpleImputer
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC
from sklearn.tree import DecisionTreeRegressor
from skops.io import dumps

from plumbline.domain import PlumblineError
from plumbline.explain.model import BlackBoxModel, margins
from plumbline.explain.model_agnostic import sampled_contributions
from plumbline.explain.readers.formats import read_model
from plumbline.explain.registered_model import align_features
from plumbline.explain.sandbox.call import explain_rows
from plumbline.explain.shap import permutation
from plumbline.explain.shap.tree_path_dependent import to_score
from tests.explain.ensembles import brute_force

pytestmark = [
    pytest.mark.filterwarnings("ignore:The `probability` parameter"),
    pytest.mark.filterwarnings("ignore:Stochastic Optimizer"),
]


@pytest.fixture(scope="module")
def people() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(3)
    n = 240
    frame = pd.DataFrame(rng.normal(size=(n, 4)), columns=["rate", "age", "sum", "years"])
    frame["town"] = pd.Series(rng.choice(["Ulm", "Bonn", "Kiel"], n)).astype(object)
    y = frame["rate"] + 0.5 * frame["age"] * (frame["town"] == "Ulm") - np.abs(frame["sum"])
    return frame, (y - y.median() + rng.normal(0, 0.3, n)).to_numpy()


NUMBERS = ["rate", "age", "sum", "years"]
NETWORK = {"hidden_layer_sizes": (8, 5), "max_iter": 30, "random_state": 0}


def _mixed(*numeric):
    return make_column_transformer(
        (make_pipeline(*numeric), NUMBERS), (OneHotEncoder(sparse_output=False), ["town"])
    )


CLASSIFIERS = {
    "network": MLPClassifier(**NETWORK),
    "network of tanh": MLPClassifier(activation="tanh", **NETWORK),
    "network of logistics": MLPClassifier(activation="logistic", **NETWORK),
    "gaussian": GaussianNB(),
    "bernoulli": BernoulliNB(binarize=0.2),
    "multinomial": make_pipeline(MinMaxScaler(clip=True), MultinomialNB()),
    "complement": make_pipeline(MinMaxScaler(), ComplementNB()),
    "neighbours": KNeighborsClassifier(7),
    "neighbours by distance": KNeighborsClassifier(4, weights="distance", p=1),
    "support vectors": SVC(probability=True, random_state=0),
    "nu": NuSVC(kernel="poly", degree=2, probability=True, random_state=0),
    "gaussian process": GaussianProcessClassifier(ConstantKernel(2.0) * RBF(1.2), optimizer=None),
    "quadratic": QuadraticDiscriminantAnalysis(),
    "discriminant": LinearDiscriminantAnalysis(),
    "voting": VotingClassifier(
        [("a", LogisticRegression()), ("b", GaussianNB()), ("c", RandomForestClassifier(4, max_depth=3))],
        voting="soft", weights=[1, 2, 3],
    ),
    "stacking": StackingClassifier([("a", LinearSVC()), ("b", GaussianNB())], cv=2, passthrough=True),
    "bagging": BaggingClassifier(LogisticRegression(), n_estimators=3, max_features=0.8, random_state=0),
    "adaboost": AdaBoostClassifier(n_estimators=5, random_state=0),
    "calibrated": CalibratedClassifierCV(LinearSVC(), cv=2),
    "isotonic": CalibratedClassifierCV(RandomForestClassifier(4, max_depth=3, random_state=0), cv=2, method="isotonic"),
    "searched": GridSearchCV(make_pipeline(StandardScaler(), KNeighborsClassifier()), {}, cv=2),
}  # fmt: skip
REGRESSORS = {
    "network": MLPRegressor(**NETWORK),
    "network of counts": MLPRegressor(loss="poisson", **NETWORK),
    "neighbours": KNeighborsRegressor(5, metric="chebyshev", weights="distance"),
    "support vectors": SVR(),
    "sigmoid": SVR(kernel="sigmoid", gamma=0.1),
    "ridge": KernelRidge(kernel="rbf", gamma=0.3),
    "ridge of differences": KernelRidge(kernel="laplacian"),
    "process": GaussianProcessRegressor(
        RBF(np.ones(4)) + 0.5 * Matern(nu=1.5) + WhiteKernel(0.1), normalize_y=True, optimizer=None
    ),
    "process of lines": GaussianProcessRegressor(
        (DotProduct() ** 2) + Matern(nu=2.5) * RationalQuadratic(alpha=0.7) + Matern(nu=0.5) + WhiteKernel(1.0),
        optimizer=None,
    ),
    "voting": VotingRegressor([("a", LinearRegression()), ("b", DecisionTreeRegressor(max_depth=3))]),
    "stacking": StackingRegressor([("a", LinearRegression()), ("b", KNeighborsRegressor())], cv=2),
    "bagging": BaggingRegressor(DecisionTreeRegressor(max_depth=3), n_estimators=3, random_state=0),
}  # fmt: skip
PIPELINES = {
    "axes": lambda: make_pipeline(_mixed(StandardScaler(), PCA(2, whiten=True)), LogisticRegression()),
    "polynomials": lambda: make_pipeline(
        _mixed(PolynomialFeatures(2, include_bias=False), StandardScaler()), LogisticRegression()
    ),
    "bins": lambda: make_pipeline(_mixed(SimpleImputer(), KBinsDiscretizer(4)), LogisticRegression()),
    "quantiles": lambda: make_pipeline(_mixed(QuantileTransformer(n_quantiles=20)), MLPClassifier(**NETWORK)),
    "power": lambda: make_pipeline(_mixed(PowerTransformer(), Normalizer()), KNeighborsClassifier()),
    "named function": lambda: make_pipeline(
        _mixed(FunctionTransformer(np.abs), MinMaxScaler(clip=True)), RandomForestClassifier(4, max_depth=3)
    ),
    "union": lambda: make_pipeline(
        _mixed(FeatureUnion([("a", PCA(2)), ("b", TruncatedSVD(2)), ("c", VarianceThreshold())])), GaussianNB()
    ),
    "scaled voting": lambda: make_pipeline(
        _mixed(StandardScaler()),
        VotingClassifier(
            [("a", SVC(probability=True)), ("b", HistGradientBoostingClassifier(max_iter=4))], voting="soft"
        ),
    ),
    "voting of pipelines": lambda: VotingClassifier(
        [("a", make_pipeline(_mixed(StandardScaler(), PCA(2)), LogisticRegression())),
         ("b", make_pipeline(_mixed(MinMaxScaler()), MLPClassifier(**NETWORK)))], voting="soft",
    ),
}  # fmt: skip


def _holds(model, frame) -> None:
    """Same scores as scikit-learn, also of rows that it never saw, and contributions that add up to the margin."""
    ours = read_model(dumps(model))
    rows = align_features(describe_by(ours), frame, {}).rows
    other = frame.sample(len(frame), random_state=1).reset_index(drop=True)
    mixed = frame.assign(**{name: other[name] for name in frame.columns[:2]})
    for part in (frame, mixed):
        held = align_features(describe_by(ours), part, {}).rows
        found = to_score(ours.link, margins(ours, held))
        np.testing.assert_allclose(found, _expected(model, part), atol=2e-7, rtol=1e-7)
    if isinstance(ours.core, BlackBoxModel):
        for k in range(ours.outputs):
            made = sampled_contributions(ours, rows[:3], rows[100:120], output=k)
            whole = made.base + made.parts.sum(axis=1)
            np.testing.assert_allclose(whole, margins(ours, rows[:3])[:, k], atol=1e-9)
            assert made.errors is None


def describe_by(model):
    """What the child would say of it, without a child."""
    from plumbline.explain.sandbox.call import info_from
    from plumbline.explain.sandbox.child import describe

    return info_from(describe(model))


def _expected(model, frame) -> np.ndarray:
    if hasattr(model, "predict_proba"):
        proba = model.predict_proba(frame)
        return proba[:, 1:] if proba.shape[1] == 2 else proba
    return np.asarray(model.predict(frame), float).reshape(len(frame), -1)


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_classifiers_score_as_scikit_learn_does_and_add_up(people, kind) -> None:
    frame, y = people
    _holds(CLASSIFIERS[kind].fit(frame[NUMBERS], y > 0), frame[NUMBERS])


SEVERAL = (
    "network", "gaussian", "neighbours", "quadratic", "discriminant", "voting", "bagging", "adaboost", "isotonic",
    "multinomial", "bernoulli", "support vectors",
)  # fmt: skip


@pytest.mark.parametrize("kind", SEVERAL)
def test_several_classes_too(people, kind) -> None:
    frame, y = people
    _holds(CLASSIFIERS[kind].fit(frame[NUMBERS], np.digitize(y, [-0.5, 0.5])), frame[NUMBERS])


@pytest.mark.parametrize("kind", REGRESSORS)
def test_regressors_predict_as_scikit_learn_does_and_add_up(people, kind) -> None:
    frame, y = people
    target = np.round(np.exp(y / 2)) if kind == "network of counts" else y
    _holds(REGRESSORS[kind].fit(frame[NUMBERS], target), frame[NUMBERS])


@pytest.mark.parametrize("kind", PIPELINES)
def test_steps_that_mix_columns_score_as_scikit_learn_does_and_add_up(people, kind) -> None:
    frame, y = people
    model = PIPELINES[kind]().fit(frame, y > 0)
    assert isinstance(read_model(dumps(model)).core, BlackBoxModel)
    _holds(model, frame)


def _network(width: int, rows: int = 150) -> tuple[MLPClassifier, np.ndarray]:
    rng = np.random.default_rng(width)
    x = rng.normal(size=(rows, width))
    y = x[:, 0] * x[:, 1] + np.abs(x[:, 2]) - 0.5 * x[:, 3] > 0.5
    return MLPClassifier((12,), max_iter=60, random_state=1).fit(x, y), x


SHAP = """
import sys, numpy as np, shap, skops.io
body, rows, background = sys.argv[1:]
model = skops.io.load(body, trusted=skops.io.get_untrusted_types(file=body))
def log_odds(x):
    share = model.predict_proba(x)[:, 1]
    return np.log(share / (1 - share))
x, masker = np.load(rows), shap.maskers.Independent(np.load(background))
exact = shap.ExactExplainer(log_odds, masker)(x)
orders = shap.PermutationExplainer(log_odds, masker, seed=0)(x, max_evals=600, silent=True)
np.save(body + ".npy", np.stack([exact.values, orders.values]))
np.save(body + ".base.npy", exact.base_values)
"""


def test_up_to_ten_inputs_are_exact_by_the_definition_and_as_shap_says(tmp_path) -> None:
    model, x = _network(5)
    ours, background = read_model(dumps(model)), x[50:62]
    asked = sampled_contributions(ours, x[:4], background)
    for row, found in zip(x[:4], asked.parts, strict=True):
        expected = brute_force(lambda rows: margins(ours, rows)[:, 0], row, background)
        np.testing.assert_allclose(found, expected, atol=1e-9)
    body = tmp_path / "model.skops"
    body.write_bytes(dumps(model))
    np.save(tmp_path / "rows.npy", x[:4])
    np.save(tmp_path / "background.npy", background)
    done = subprocess.run(  # compiling shap's explainers takes a minute; they run without just as well
        [sys.executable, "-c", SHAP, body, tmp_path / "rows.npy", tmp_path / "background.npy"],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-600:]
    exact, by_orders = np.load(f"{body}.npy")
    np.testing.assert_allclose(asked.parts, exact, atol=1e-6)
    np.testing.assert_allclose(asked.base, np.load(f"{body}.base.npy"), atol=1e-6)
    np.testing.assert_allclose(asked.parts, by_orders, atol=0.1)


def test_beyond_ten_the_stated_error_is_what_the_estimate_is_off_by(monkeypatch) -> None:
    model, x = _network(11)
    ours, background = read_model(dumps(model)), x[50:60]
    found = sampled_contributions(ours, x[:8], background)
    assert found.errors is not None
    whole = found.base + found.parts.sum(axis=1)
    np.testing.assert_allclose(whole, margins(ours, x[:8])[:, 0], atol=1e-9)
    monkeypatch.setattr(permutation, "MOST_EXACT", 11)
    exact = sampled_contributions(ours, x[:8], background)
    assert exact.errors is None
    off = (found.parts - exact.parts) / np.maximum(found.errors, 1e-12)
    assert 0.6 < off.std() < 1.5  # standard errors: about one, over 88 contributions
    assert np.abs(off).max() < 6


def test_the_same_decision_gets_the_same_estimate_in_any_company() -> None:
    model, x = _network(12)
    ours, background = read_model(dumps(model)), x[50:60]
    together = sampled_contributions(ours, x[:5], background)
    alone = sampled_contributions(ours, x[3:4], background)
    assert together.seeds is not None
    assert alone.seeds is not None
    np.testing.assert_array_equal(alone.parts[0], together.parts[3])
    assert alone.seeds[0] == together.seeds[3]
    assert len(set(together.seeds.tolist())) == 5


@pytest.mark.parametrize("width", [6, 12])
def test_the_order_of_the_columns_changes_nothing(width) -> None:
    x = pd.DataFrame(_network(width)[1], columns=[f"input {i}" for i in range(width)])
    model = GaussianNB().fit(x, x["input 0"] > 0)
    turned = x.columns[np.random.default_rng(2).permutation(width)]
    again = GaussianNB().fit(x[turned], x["input 0"] > 0)
    first = sampled_contributions(read_model(dumps(model)), x[:3].to_numpy(), x[50:60].to_numpy())
    second = sampled_contributions(
        read_model(dumps(again)), x[turned][:3].to_numpy(), x[turned][50:60].to_numpy()
    )
    np.testing.assert_allclose(first.parts, pd.DataFrame(second.parts, columns=turned)[x.columns], atol=1e-9)
    if first.errors is not None:
        np.testing.assert_allclose(
            first.errors, pd.DataFrame(second.errors, columns=turned)[x.columns], atol=1e-9
        )


def test_a_model_that_looks_at_many_rows_is_asked_less_often_and_says_so() -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(size=(30_000, 12))
    model = read_model(dumps(KNeighborsRegressor(5).fit(x, x[:, 0])))
    assert model.orders == 6  # by the model alone, not by the clock
    assert (permutation.orders(10), permutation.orders(11), permutation.orders(20, 1e6)) == (0, 32, 4)
    assert permutation.orders(10, 10_000) == 22


def test_a_row_without_a_value_gets_nothing_and_a_background_without_one_is_left_out() -> None:
    model, x = _network(4)
    rows, background = x[:3].copy(), x[50:56].copy()
    rows[1, 2] = background[0, 0] = np.nan
    found = sampled_contributions(read_model(dumps(model)), rows, background)
    assert np.isnan(found.parts[1]).all()
    kept = sampled_contributions(read_model(dumps(model)), x[:1], background[1:])
    np.testing.assert_allclose(found.parts[0], kept.parts[0], atol=1e-12)


def test_a_child_that_holds_no_scikit_learn_scores_and_explains() -> None:
    model, x = _network(11)
    told = explain_rows(dumps(model), x[:2], background=x[50:60])
    assert (told.info.asked, told.info.orders, told.info.needs_background) == (True, 32, True)
    np.testing.assert_allclose(told.score[:, 0], model.predict_proba(x[:2])[:, 1], atol=1e-12)
    assert told.errors is not None
    assert told.errors.shape == told.contributions.shape == (2, 11)


def test_models_without_a_score_are_refused_by_what_they_lack(people) -> None:
    frame, y = people
    x = frame[NUMBERS]
    hard = VotingClassifier([("a", GaussianNB()), ("b", LogisticRegression())]).fit(x, y > 0)
    votes = SVC().fit(x, np.digitize(y, [-0.5, 0.5]))
    for model, why in ((hard, "its members vote"), (votes, "by votes")):
        with pytest.raises(PlumblineError, match=why):
            read_model(dumps(model))
