"""Support vector machines, Gaussian processes and kernel ridge out of skops files, as functions of our own."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import erf
from typing import Any

import numpy as np

from plumbline.domain import FloatArray
from plumbline.explain.readers.scikit.arrays import class_count, floats, number, numbers, run_in_blocks, table
from plumbline.explain.readers.scikit.functions import ModelFunction, Reader
from plumbline.explain.readers.scikit.skops_file import SkopsObject
from plumbline.explain.shap.tree_path_dependent import to_score
from plumbline.explain.trees import refuse

#: rows (n, c) against rows (m, c): (n, m)
Kernel = Callable[[FloatArray, FloatArray], FloatArray]
MOST_NESTED = 40
#: the logistic function as a sum of error functions (Williams and Barber 1998, appendix A), as scikit-learn has it
_LAMBDAS = np.array([0.41, 0.4, 0.37, 0.44, 0.39])
_COEFFICIENTS = np.array([-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654])
_ERF = np.frompyfunc(erf, 1, 1)


def squared_distances(x: FloatArray, known: FloatArray) -> FloatArray:
    """Squared distances (n, m), never below nought."""
    found: FloatArray = (x * x).sum(axis=1)[:, None] - 2 * (x @ known.T) + (known * known).sum(axis=1)
    return np.maximum(found, 0.0)


def _kernel(name: Any, gamma: float, start: float, degree: float) -> Kernel:
    kinds: dict[str, Kernel] = {
        "linear": lambda x, k: x @ k.T,
        "rbf": lambda x, k: np.exp(-gamma * squared_distances(x, k)),
        "poly": lambda x, k: (gamma * (x @ k.T) + start) ** degree,
        "polynomial": lambda x, k: (gamma * (x @ k.T) + start) ** degree,
        "sigmoid": lambda x, k: np.tanh(gamma * (x @ k.T) + start),
        "laplacian": lambda x, k: np.exp(-gamma * np.abs(x[:, None, :] - k[None, :, :]).sum(axis=2)),
    }  # fmt: skip
    if not isinstance(name, str) or name not in kinds:
        raise refuse(f"its kernel {str(name)[:30]!r} is not known")
    return kinds[name]


def _support(node: SkopsObject, width: int) -> ModelFunction:
    """SVC and SVR: the value, the distance from the border, or where it was fitted so, libsvm's probabilities."""
    if node.get("_sparse"):
        raise refuse("it was fitted to sparse rows")
    known = table(node.need("support_vectors_"), (None, width), "support_vectors_")
    kernel = _kernel(
        node.get("kernel"),
        number(node.get("_gamma", 0.0), "_gamma"),
        number(node.get("coef0", 0.0), "coef0"),
        number(node.get("degree", 3), "degree"),
    )
    classes = class_count(node) if node.kind in ("SVC", "NuSVC") else 2
    pairs = list(combinations(range(classes), 2))
    weight = table(node.need("_dual_coef_"), (classes - 1, len(known)), "_dual_coef_")
    start = numbers(node.need("_intercept_"), len(pairs), "_intercept_")
    joined = np.zeros((len(known), len(pairs)))
    if classes == 2:
        joined[:, 0] = weight[0]
    else:  # the support vectors stand by class; a pair looks at those of its two
        ends = np.cumsum([0, *numbers(node.need("_n_support"), classes, "_n_support").astype(np.int64)])
        if ends[-1] != len(known) or (np.diff(ends) < 0).any():
            raise refuse("its _n_support does not fit its support vectors")
        for place, (i, j) in enumerate(pairs):
            joined[ends[i] : ends[i + 1], place] = weight[j - 1, ends[i] : ends[i + 1]]
            joined[ends[j] : ends[j + 1], place] = weight[i, ends[j] : ends[j + 1]]

    cost = float(len(known))

    def margin(x: FloatArray) -> FloatArray:
        margins: FloatArray = kernel(x, known) @ joined + start
        return margins

    if node.kind in ("SVR", "NuSVR"):
        return ModelFunction(run_in_blocks(margin, len(known)), "identity", 1, cost)
    if not node.get("probability") or not np.size(node.get("_probA", ())):
        if classes > 2:
            raise refuse("it tells more than two classes apart by votes, which gives no score")
        return ModelFunction(
            run_in_blocks(lambda x: -margin(x), len(known)), "identity", 1
        )  # libsvm's first class is ours at 0
    slope, shift = (numbers(node.need(name), len(pairs), name) for name in ("_probA", "_probB"))

    def shares(x: FloatArray) -> FloatArray:
        first = np.clip(1 - to_score("logit", slope * margin(x) + shift), 1e-7, 1 - 1e-7)
        margins = _couple_pairs(first, classes)
        return margins[:, 1:] if classes == 2 else margins

    return ModelFunction(
        run_in_blocks(shares, len(known)), "probability", 1 if classes == 2 else classes, cost
    )


def _couple_pairs(first: FloatArray, k: int) -> FloatArray:
    """Probabilities (n, k) of classes from those of pairs (n, pairs) (Wu, Lin and Weng 2004, algorithm 2).

    libsvm stops as soon as it is near: so does this, or the scores would not be the logged ones.
    """
    n = len(first)
    r = np.zeros((n, k, k))
    for place, (i, j) in enumerate(combinations(range(k), 2)):
        r[:, i, j], r[:, j, i] = first[:, place], 1 - first[:, place]
    q = -r * r.transpose(0, 2, 1)
    q[:, np.arange(k), np.arange(k)] = (r * r).sum(axis=1)
    p, busy = np.full((n, k), 1 / k), np.arange(n)
    for _ in range(max(100, k)):
        mine, busy_pair = q[busy], p[busy]
        qp = (mine @ busy_pair[:, :, None])[:, :, 0]
        pqp = (busy_pair * qp).sum(axis=1)
        far = np.abs(qp - pqp[:, None]).max(axis=1) >= 0.005 / k
        busy, mine, busy_pair, qp, pqp = busy[far], mine[far], busy_pair[far], qp[far], pqp[far]
        if not len(busy):
            break
        for t in range(k):
            diagonal = mine[:, t, t]
            step = (pqp - qp[:, t]) / diagonal
            busy_pair[:, t] += step
            whole = 1 + step
            pqp = (pqp + step * (step * diagonal + 2 * qp[:, t])) / whole / whole
            qp = (qp + step[:, None] * mine[:, t, :]) / whole[:, None]
            busy_pair = busy_pair / whole[:, None]
        p[busy] = busy_pair
    return p


def _ridge(node: SkopsObject, width: int) -> ModelFunction:
    known = table(node.need("X_fit_"), (None, width), "X_fit_")
    weight = numbers(node.need("dual_coef_"), len(known), "dual_coef_")
    gamma = node.get("gamma")
    lap = node.get("kernel") == "laplacian"  # holds a difference a column
    kernel = _kernel(
        node.get("kernel"),
        1 / width if gamma is None else number(gamma, "gamma"),
        number(node.get("coef0", 1.0), "coef0"),
        number(node.get("degree", 3), "degree"),
    )
    wide = len(known) * (width if lap else 1)
    return ModelFunction(
        run_in_blocks(lambda x: (kernel(x, known) @ weight)[:, None], wide), "identity", 1, float(len(known))
    )


def _process_kernel(
    kernel: Any, width: int, depth: int = 0
) -> tuple[Kernel, Callable[[FloatArray], FloatArray]]:
    """A Gaussian process's kernel between rows, and of a row with itself (where noise is added)."""
    if not isinstance(kernel, SkopsObject) or depth > MOST_NESTED:
        raise refuse("its kernel is damaged")
    kind = kernel.kind
    if kind in ("Sum", "Product"):
        (a, own_a), (b, own_b) = (_process_kernel(kernel.get(k), width, depth + 1) for k in ("k1", "k2"))
        if kind == "Sum":
            return lambda x, k: a(x, k) + b(x, k), lambda x: own_a(x) + own_b(x)
        return lambda x, k: a(x, k) * b(x, k), lambda x: own_a(x) * own_b(x)
    if kind == "Exponentiation":
        inner, inner_kernel = _process_kernel(kernel.get("kernel"), width, depth + 1)
        power = number(kernel.need("exponent"), "exponent")
        return lambda x, k: inner(x, k) ** power, lambda x: inner_kernel(x) ** power
    if kind in ("ConstantKernel", "WhiteKernel"):
        level = number(kernel.need("constant_value" if kind == "ConstantKernel" else "noise_level"), kind)
        between = level if kind == "ConstantKernel" else 0.0
        return lambda x, k: np.full((len(x), len(k)), between), lambda x: np.full(len(x), level)
    if kind == "DotProduct":
        start = number(kernel.need("sigma_0"), "sigma_0") ** 2
        return lambda x, k: x @ k.T + start, lambda x: (x * x).sum(axis=1) + start
    length = floats(kernel.get("length_scale"), "length_scale")
    scale = np.broadcast_to(numbers(length, width if length.ndim else 1, "length_scale"), (width,))
    if (scale <= 0).any():
        raise refuse("its length_scale is not above nought")
    bend = _stationary(kernel)
    return lambda x, k: bend(squared_distances(x / scale, k / scale)), lambda x: np.ones(len(x))


def _stationary(node: SkopsObject) -> Callable[[FloatArray], FloatArray]:
    """A kernel of the squared distance (Rasmussen and Williams 2006, section 4.2)."""
    if node.kind == "RBF":
        return lambda d: np.exp(-0.5 * d)
    if node.kind == "RationalQuadratic":
        mix = number(node.need("alpha"), "alpha")
        return lambda d: (1 + d / (2 * mix)) ** -mix
    nu = node.get("nu") if node.kind == "Matern" else None
    if nu == 0.5:
        return lambda d: np.exp(-np.sqrt(d))
    if nu == 1.5:
        return lambda d: (1 + np.sqrt(3 * d)) * np.exp(-np.sqrt(3 * d))
    if nu == 2.5:
        return lambda d: (1 + np.sqrt(5 * d) + 5 * d / 3) * np.exp(-np.sqrt(5 * d))
    raise refuse(f"its kernel {node.kind[:30]!r} is not known")


def _process(node: SkopsObject, width: int) -> ModelFunction:
    known = table(node.need("X_train_"), (None, width), "X_train_")
    weight = numbers(node.need("alpha_"), len(known), "alpha_")
    mean, spread = (number(node.need(name), name) for name in ("_y_train_mean", "_y_train_std"))
    between, _ = _process_kernel(node.need("kernel_"), width)
    run = run_in_blocks(lambda x: (between(x, known) @ weight * spread + mean)[:, None], len(known))
    return ModelFunction(run, "identity", 1, float(len(known)))


def _gaussian_classifier(node: SkopsObject, width: int) -> ModelFunction:
    """Laplace's approximation (Rasmussen and Williams 2006, algorithm 3.2)."""
    if class_count(node) != 2 or not isinstance(node.get("base_estimator_"), SkopsObject):
        raise refuse("it tells more than two classes apart one against the rest, which is not read")
    inner: SkopsObject = node.need("base_estimator_")
    known = table(inner.need("X_train_"), (None, width), "X_train_")
    n = len(known)
    root, share = numbers(inner.need("W_sr_"), n, "W_sr_"), numbers(inner.need("pi_"), n, "pi_")
    lower = table(inner.need("L_"), (n, n), "L_")
    gap = numbers(inner.need("y_train_"), n, "y_train_") - share
    between, inner_kernel = _process_kernel(inner.need("kernel_"), width)
    try:
        unfold = np.linalg.inv(np.tril(lower)) * root
    except np.linalg.LinAlgError as error:
        raise refuse("its L_ cannot be inverted") from error

    def run(x: FloatArray) -> FloatArray:
        cross = between(x, known)
        latent = cross @ gap
        spread = np.maximum(inner_kernel(x) - ((cross @ unfold.T) ** 2).sum(axis=1), 1e-300)
        alpha = 1 / (2 * spread)
        total = np.full(len(x), 0.5 * _COEFFICIENTS.sum())
        for rate, c in zip(_LAMBDAS.tolist(), _COEFFICIENTS.tolist(), strict=True):
            arch = _ERF(rate * latent * np.sqrt(alpha / (alpha + rate**2))).astype(np.float64)
            total += c * np.sqrt(np.pi / alpha) * arch / (2 * np.sqrt(spread * 2 * np.pi))
        return total[:, None]

    return ModelFunction(run_in_blocks(run, 2 * n), "probability", 1, float(n))


KERNELS: dict[str, Reader] = {
    "SVC": _support,
    "NuSVC": _support,
    "SVR": _support,
    "NuSVR": _support,
    "KernelRidge": _ridge,
    "GaussianProcessRegressor": _process,
    "GaussianProcessClassifier": _gaussian_classifier,
}
