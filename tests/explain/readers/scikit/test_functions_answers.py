"""Estimators as functions of their columns, from attributes that are written out: what each reader makes of a
fitted model is held against scikit-learn's own answer by ``test_functions.py`` and ``test_same_answer.py``,
here every branch is asked; formulas were read against the sources that the modules name."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.readers.scikit.functions import ASKED
from plumbline.explain.readers.scikit.kernels import KERNELS, _couple_pairs
from plumbline.explain.readers.scikit.skops_file import SkopsObject
from tests.known_answers import Table, differences

READERS = {**ASKED, **KERNELS}
WIDTH = 3


def _x(n: int = 5, seed: int = 181) -> Any:
    return np.random.default_rng(seed).integers(-4, 5, (n, WIDTH)) / 2.0


def _said(kind: str, rows: Any = None, width: int = WIDTH, **state: Any) -> Any:
    """The margins of some rows, or why the model is refused."""
    try:
        with np.errstate(all="ignore"):
            model = READERS[kind](SkopsObject("sklearn", kind, state), width)
            return (model.run(_x() if rows is None else rows), model.link, model.outputs, model.cost)
    except PlumblineError as error:
        return str(error)


def _networks() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(182)

    def layers(*sizes: int) -> dict[str, Any]:
        return {
            "coefs_": [rng.integers(-4, 5, (a, b)) / 4.0 for a, b in pairwise(sizes)],
            "intercepts_": [rng.integers(-4, 5, b) / 4.0 for b in sizes[1:]],
        }

    for activation in ("identity", "relu", "tanh", "logistic", "cubic"):
        for out, last in (("identity", 1), ("logistic", 1), ("softmax", 4), ("identity", 2), ("exp", 1)):
            state = layers(WIDTH, 4, 2, last) | {"activation": activation, "out_activation_": out}
            yield f"{activation}, {out} of {last}", _said("MLPClassifier", **state)
    state = layers(WIDTH, 2, 1) | {"activation": "relu", "out_activation_": "identity"}
    yield "layers", _said("MLPRegressor", **(state | {"intercepts_": state["intercepts_"][:1]}))
    yield "other width", _said("MLPRegressor", width=2, **state)
    yield "nothing", _said("MLPRegressor")


def _bayes() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(183)
    for classes in (2, 3):
        names = np.arange(classes)
        prior = np.full(classes, 1 / classes) if classes == 3 else np.array([0.25, 0.75])
        theta, spread = (
            rng.integers(-4, 5, (classes, WIDTH)) / 2.0,
            rng.integers(1, 9, (classes, WIDTH)) / 4.0,
        )
        gauss = {"classes_": names, "theta_": theta, "var_": spread, "class_prior_": prior}
        yield f"normal, {classes}", _said("GaussianNB", **gauss)
        yield f"normal without spread, {classes}", _said("GaussianNB", **(gauss | {"var_": 0 * spread}))
        yield f"normal without prior, {classes}", _said("GaussianNB", **(gauss | {"class_prior_": 0 * prior}))
        share = rng.integers(1, 9, (classes, WIDTH)) / 10.0
        counts = {"classes_": names, "feature_log_prob_": np.log(share), "class_log_prior_": np.log(prior)}
        for kind in ("MultinomialNB", "ComplementNB", "BernoulliNB"):
            for cut in (None, 0.0, 0.5):
                yield f"{kind}, {classes}, cut {cut}", _said(kind, binarize=cut, **counts)
        axes = [np.eye(WIDTH)[:, :2] * 2 for _ in range(classes)]
        wide = [np.array([0.5, 2.0]) * (c + 1) for c in range(classes)]
        turned = {"classes_": names, "means_": theta, "priors_": prior, "rotations_": axes, "scalings_": wide}
        yield f"quadratic, {classes}", _said("QuadraticDiscriminantAnalysis", **turned)
        yield (
            f"quadratic without spread, {classes}",
            _said(
                "QuadraticDiscriminantAnalysis", **(turned | {"scalings_": [np.array([0.0, 1.0])] * classes})
            ),
        )


def _neighbours() -> Iterator[tuple[str, Any]]:
    known = _x(24, 184)
    rng = np.random.default_rng(185)
    codes, values = rng.integers(0, 3, 24), rng.integers(-9, 10, 24) / 2.0
    rows = np.vstack([_x(4, 186), known[:2]])
    for metric in ("euclidean", "l2", "manhattan", "chebyshev", "minkowski", "cosine"):
        for how in ("uniform", "distance", "mine"):
            for k in (1, 3, 16, 24, 25, 0):
                if (k in (1, 3) or metric == "euclidean") and (how != "mine" or k == 3):
                    base = {
                        "_fit_X": known,
                        "n_neighbors": k,
                        "weights": how,
                        "effective_metric_": metric,
                        "p": 3,
                    }
                    yield f"{metric}, {how}, {k}", _said("KNeighborsRegressor", rows, **base, _y=values)
                    if k == 3:
                        for classes in (2, 3):
                            yield (
                                f"{metric}, {how}, {classes} classes",
                                _said(
                                    "KNeighborsClassifier",
                                    rows,
                                    **base,
                                    _y=codes % classes,
                                    classes_=np.arange(classes),
                                ),
                            )
    base = {"_fit_X": known, "n_neighbors": 3, "weights": "uniform", "effective_metric_": "minkowski"}
    yield (
        "power one",
        _said("KNeighborsRegressor", rows, **base, effective_metric_params_={"p": 1}, _y=values),
    )
    yield "power a half", _said("KNeighborsRegressor", rows, **base, p=0.5, _y=values)
    yield "a label beyond", _said("KNeighborsClassifier", rows, **base, _y=codes, classes_=np.arange(2))
    yield (
        "two outputs",
        _said("KNeighborsClassifier", rows, **base, _y=codes, classes_=np.arange(3), outputs_2d_=True),
    )
    ties = np.repeat(np.arange(3.0), 20)[:, None] * np.ones(WIDTH)
    tied = {"_fit_X": ties, "n_neighbors": 5, "weights": "uniform", "effective_metric_": "euclidean"}
    yield (
        "equals",
        _said("KNeighborsRegressor", np.array([[0.5] * WIDTH, [1.0] * WIDTH]), **tied, _y=np.arange(60.0)),
    )


def _kernels() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(187)
    known = _x(6, 188)
    names = ("linear", "rbf", "poly", "polynomial", "sigmoid", "laplacian", "chi2", 5)
    for name in names:
        own = {"support_vectors_": known, "kernel": name, "_gamma": 0.25, "coef0": 0.5, "degree": 3}
        dual, start = rng.integers(-4, 5, (1, 6)) / 4.0, np.array([0.25])
        for kind in ("SVR", "NuSVR", "SVC"):
            yield (
                f"{kind}, {name}",
                _said(kind, **own, _dual_coef_=dual, _intercept_=start, classes_=np.arange(2)),
            )
        yield (
            f"ridge, {name}",
            _said("KernelRidge", X_fit_=known, dual_coef_=dual[0], kernel=name, gamma=None),
        )
        yield (
            f"ridge, {name}, its own",
            _said(
                "KernelRidge", X_fit_=known, dual_coef_=dual[0], kernel=name, gamma=0.5, coef0=-1.0, degree=2
            ),
        )
    own = {"support_vectors_": known, "kernel": "rbf", "_gamma": 0.25}
    two = {
        **own,
        "_dual_coef_": rng.integers(-4, 5, (1, 6)) / 4.0,
        "_intercept_": np.array([0.25]),
        "classes_": np.arange(2),
    }
    yield (
        "two classes, probabilities",
        _said("SVC", **two, probability=True, _probA=np.array([-1.5]), _probB=np.array([0.25])),
    )
    yield (
        "two classes, none fitted",
        _said("SVC", **two, probability=True, _probA=np.empty(0), _probB=np.empty(0)),
    )
    yield "sparse", _said("SVC", **two, _sparse=True)
    three = {
        **own,
        "_dual_coef_": rng.integers(-4, 5, (2, 6)) / 4.0,
        "_intercept_": np.array([0.25, -0.5, 0.0]),
        "classes_": np.arange(3),
        "_n_support": np.array([2, 3, 1]),
    }
    slopes = {
        "probability": True,
        "_probA": np.array([-1.5, -1.0, -2.0]),
        "_probB": np.array([0.25, 0.0, -0.5]),
    }
    yield "three classes", _said("SVC", **three, **slopes)
    yield "three classes, votes", _said("SVC", **three)
    for support in ([2, 3, 2], [2, 5, -1]):
        yield f"support {support}", _said("SVC", **(three | slopes | {"_n_support": np.array(support)}))


def _pairs() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(189)
    for classes in (2, 3, 4, 7):
        first = np.clip(rng.integers(0, 21, (6, classes * (classes - 1) // 2)) / 20.0, 1e-7, 1 - 1e-7)
        yield f"{classes} classes", _couple_pairs(first, classes)


def _node(kind: str, **state: Any) -> SkopsObject:
    return SkopsObject("sklearn.gaussian_process.kernels", kind, state)


def _processes() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(190)
    known, weight = _x(6, 191), rng.integers(-4, 5, 6) / 4.0
    rbf = _node("RBF", length_scale=1.5)
    kernels = {
        "rbf": rbf,
        "a scale a column": _node("RBF", length_scale=np.array([0.5, 1.0, 4.0])),
        "no scale": _node("RBF", length_scale=0.0),
        "rational": _node("RationalQuadratic", length_scale=2.0, alpha=0.75),
        "matern a half": _node("Matern", length_scale=2.0, nu=0.5),
        "matern one and a half": _node("Matern", length_scale=2.0, nu=1.5),
        "matern two and a half": _node("Matern", length_scale=2.0, nu=2.5),
        "matern three": _node("Matern", length_scale=2.0, nu=3.0),
        "constant": _node("ConstantKernel", constant_value=2.5),
        "white": _node("WhiteKernel", noise_level=0.5),
        "dot": _node("DotProduct", sigma_0=1.5),
        "sum": _node("Sum", k1=rbf, k2=_node("WhiteKernel", noise_level=0.5)),
        "product": _node("Product", k1=rbf, k2=_node("DotProduct", sigma_0=0.5)),
        "power": _node("Exponentiation", kernel=_node("DotProduct", sigma_0=1.0), exponent=2),
        "periodic": _node("ExpSineSquared", length_scale=1.0, periodicity=2.0),
        "damaged": 5,
    }
    nested: Any = rbf
    for _ in range(41):
        nested = _node("Sum", k1=nested, k2=rbf)
    kernels["nested too deep"] = nested
    lower = np.tril(rng.integers(1, 5, (6, 6)) / 4.0) + 2 * np.eye(6)
    for name, kernel in kernels.items():
        fitted = {
            "X_train_": known,
            "alpha_": weight,
            "_y_train_mean": 3.0,
            "_y_train_std": 2.0,
            "kernel_": kernel,
        }
        yield name, _said("GaussianProcessRegressor", **fitted)
        inner = _node(
            "_BinaryGaussianProcessClassifierLaplace",
            X_train_=known,
            W_sr_=np.full(6, 0.5),
            pi_=np.full(6, 0.4),
            L_=lower,
            y_train_=np.array([0, 1, 0, 1, 1, 0]),
            kernel_=kernel,
        )
        if name != "nested too deep":
            yield (
                f"{name}, two classes",
                _said("GaussianProcessClassifier", classes_=np.arange(2), base_estimator_=inner),
            )
    yield "three classes", _said("GaussianProcessClassifier", classes_=np.arange(3), base_estimator_=inner)
    flat = _node("x", **(inner.state | {"L_": np.zeros((6, 6)), "kernel_": rbf}))
    yield "no inverse", _said("GaussianProcessClassifier", classes_=np.arange(2), base_estimator_=flat)


TABLES: dict[str, Table] = {
    "networks": _networks,
    "bayes": _bayes,
    "neighbours": _neighbours,
    "kernels": _kernels,
    "pairs": _pairs,
    "processes": _processes,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
