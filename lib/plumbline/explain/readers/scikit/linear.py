"""scikit-learn's linear models out of skops files, as weights."""

from __future__ import annotations

import numpy as np

from plumbline.explain.model import Weights
from plumbline.explain.readers.scikit.arrays import floats
from plumbline.explain.readers.scikit.skops_file import SkopsObject
from plumbline.explain.trees import refuse

_IDENTITY = {
    "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "SGDRegressor",
    "HuberRegressor", "BayesianRidge", "ARDRegression", "Lars", "LassoLars", "LassoLarsIC", "QuantileRegressor",
    "TheilSenRegressor", "PassiveAggressiveRegressor", "LinearSVR",
}  # fmt: skip
#: no probability: what they say is how far a row lies from the border
_BORDER = {"LinearSVC", "RidgeClassifier", "RidgeClassifierCV", "Perceptron", "PassiveAggressiveClassifier"}
_LOGIT = {"LogisticRegression", "LogisticRegressionCV", "SGDClassifier", "LinearDiscriminantAnalysis"}
_LOG = {"PoissonRegressor", "GammaRegressor"}
LINEAR = _IDENTITY | _BORDER | _LOGIT | _LOG


def read_linear(node: SkopsObject, width: int) -> tuple[Weights, str]:
    """A linear model's weights and its link; raises PlumblineError where its numbers cannot be used."""
    if node.kind == "SGDClassifier" and node.get("loss") not in ("log_loss", "log"):
        raise refuse(f"an SGDClassifier with the loss {str(node.get('loss'))[:20]!r} gives no probability")
    weight = np.atleast_2d(floats(node.need("coef_"), "coef_"))
    base = np.atleast_1d(floats(node.get("intercept_", 0.0), "intercept_")).ravel()
    if weight.ndim != 2 or weight.shape[1] != width or not 1 <= weight.shape[0] <= 1_000:
        raise refuse("its weights do not fit its columns")
    base = np.broadcast_to(base, (len(weight),)) if len(base) == 1 else base
    link = "logit" if node.kind in _LOGIT else "log" if node.kind in _LOG else "identity"
    if link == "logit" and len(weight) > 1:
        if node.kind == "SGDClassifier" or node.get("multi_class") == "ovr":
            raise refuse("its classes are scored one against the rest, which is not read")
        link = "softmax"
    elif len(weight) > 1:
        raise refuse("it predicts several values at once")
    if len(base) != len(weight):
        raise refuse("its weights do not fit its columns")
    if not (np.isfinite(weight).all() and np.isfinite(base).all()):
        raise refuse("a weight is not a number")
    return Weights(weight.T.copy(), base.copy()), link
