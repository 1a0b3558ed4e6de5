"""Steps of scikit-learn that mix columns or bend them, out of skops files, as functions of our own."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, combinations, combinations_with_replacement
from math import comb

import numpy as np

from plumbline.domain import FloatArray
from plumbline.explain.readers.scikit.arrays import Function, number, numbers, numpy_function, table
from plumbline.explain.readers.scikit.skops_file import SkopsObject
from plumbline.explain.trees import MAX_FEATURES, refuse

#: a step and the number of columns that it reads -> a function of these, and the number of columns that it makes
Reader = Callable[[SkopsObject, int], tuple[Function, int]]


def _components(step: SkopsObject, width: int) -> tuple[Function, int]:
    """PCA and truncated SVD."""
    axes = table(step.need("components_"), (None, width), "components_")
    mean = numbers(step.need("mean_"), width, "mean_") if step.kind == "PCA" else np.zeros(width)
    scale = np.ones(len(axes))
    if step.kind == "PCA" and step.get("whiten"):
        spread = numbers(step.need("explained_variance_"), len(axes), "explained_variance_")
        scale = 1 / np.sqrt(np.maximum(spread, np.finfo(np.float64).eps))
    turned, shift = axes.T * scale, (mean @ axes.T) * scale
    return lambda x: x @ turned - shift, len(axes)


def _polynomial(step: SkopsObject, width: int) -> tuple[Function, int]:
    least, most = step.get("_min_degree", 0), step.get("_max_degree", step.get("degree"))
    if not isinstance(least, int) or not isinstance(most, int) or not 0 <= least <= most <= 20:
        raise refuse("the degree of its PolynomialFeatures is damaged")
    alone, bias = bool(step.get("interaction_only")), bool(step.get("include_bias", True))
    begin = max(1, least)
    many = sum(comb(width if alone else width + k - 1, k) for k in range(begin, most + 1)) + bias
    if not 1 <= many <= MAX_FEATURES:
        raise refuse("its PolynomialFeatures make too many columns")
    pick = combinations if alone else combinations_with_replacement
    terms = [list(t) for t in chain.from_iterable(pick(range(width), k) for k in range(begin, most + 1))]
    terms = [[], *terms] if bias else terms

    def run(x: FloatArray) -> FloatArray:
        return np.stack([x[:, term].prod(axis=1) for term in terms], axis=1)

    return run, many


def _bins(step: SkopsObject, width: int) -> tuple[Function, int]:
    """KBinsDiscretizer, ordinal or as one column a bin."""
    all_edges = step.need("bin_edges_")
    if not isinstance(all_edges, np.ndarray) or len(all_edges) != width:
        raise refuse("its bin_edges_ is damaged")
    edges = [table(e, (None,), "bin_edges_") for e in all_edges.tolist()]
    if any(len(e) < 2 or (np.diff(e) < 0).any() for e in edges):
        raise refuse("its bin_edges_ is damaged")

    def place(x: FloatArray) -> FloatArray:
        bin_numbers = [np.searchsorted(e[1:-1], x[:, i], side="right") for i, e in enumerate(edges)]
        return np.stack(bin_numbers, axis=1).astype(np.float64)

    if step.get("encode") == "ordinal":
        return place, width
    counts = [len(e) - 1 for e in edges]
    inner = step.get("_encoder")
    if inner is None or sum(counts) > MAX_FEATURES:
        raise refuse("its KBinsDiscretizer is damaged, or makes too many columns")
    owner = np.repeat(np.arange(width), counts)
    level = np.concatenate([np.arange(c) for c in counts]).astype(np.float64)
    return lambda x: (place(x)[:, owner] == level).astype(np.float64), len(level)


def _quantiles(step: SkopsObject, width: int) -> tuple[Function, int]:
    if step.get("output_distribution", "uniform") != "uniform":
        raise refuse("its QuantileTransformer makes a normal distribution, which is not read")
    at = table(step.need("references_"), (None,), "references_")
    quantiles = table(step.need("quantiles_"), (len(at), width), "quantiles_")

    def run(x: FloatArray) -> FloatArray:
        mapped = np.empty_like(x)
        for i in range(width):
            up = np.interp(x[:, i], quantiles[:, i], at)
            down = np.interp(-x[:, i], -quantiles[::-1, i], -at[::-1])
            mapped[:, i] = 0.5 * (up - down)
            mapped[x[:, i] == quantiles[-1, i], i] = 1.0
            mapped[x[:, i] == quantiles[0, i], i] = 0.0
        return mapped

    return run, width


def _power(step: SkopsObject, width: int) -> tuple[Function, int]:
    """Yeo-Johnson or Box-Cox, then scaled."""
    power = numbers(step.need("lambdas_"), width, "lambdas_")
    inner = step.get("_scaler") if step.get("standardize", True) else None
    mean, scale = np.zeros(width), np.ones(width)
    if isinstance(inner, SkopsObject):
        mean, scale = (numbers(inner.need(name), width, name) for name in ("mean_", "scale_"))
    if (scale == 0).any():
        raise refuse("its PowerTransformer divides by nought")
    bend = _box_cox if step.get("method") == "box-cox" else _yeo_johnson
    return lambda x: (bend(x, power) - mean) / scale, width


def _yeo_johnson(x: FloatArray, power: FloatArray) -> FloatArray:
    up, down = np.log1p(np.maximum(x, 0.0)), np.log1p(np.maximum(-x, 0.0))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        high = np.where(power == 0, up, np.expm1(up * power) / np.where(power == 0, 1, power))
        rest = 2 - power
        low = np.where(rest == 0, -down, -np.expm1(down * rest) / np.where(rest == 0, 1, rest))
    return np.where(x >= 0, high, low)


def _box_cox(x: FloatArray, power: FloatArray) -> FloatArray:
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        log = np.log(x)
        made: FloatArray = np.where(power == 0, log, np.expm1(log * power) / np.where(power == 0, 1, power))
    return made


def _norm(step: SkopsObject, width: int) -> tuple[Function, int]:
    sizes: dict[str, Function] = {
        "l1": lambda x: np.abs(x).sum(axis=1, keepdims=True),
        "l2": lambda x: np.sqrt((x * x).sum(axis=1, keepdims=True)),
        "max": lambda x: np.abs(x).max(axis=1, keepdims=True),
    }
    size = sizes.get(str(step.get("norm", "l2")))
    if size is None:
        raise refuse("its Normalizer has a norm that is not known")

    def run(x: FloatArray) -> FloatArray:
        by = size(x)
        return x / np.where(by == 0, 1.0, by)

    return run, width


def _min_max_clip(step: SkopsObject, width: int) -> tuple[Function, int]:
    """MinMaxScaler with clip."""
    scale, least = (numbers(step.need(name), width, name) for name in ("scale_", "min_"))
    low, high = (number(end, "feature_range") for end in step.get("feature_range", [0, 1]))
    return lambda x: np.clip(x * scale + least, low, high), width


def _function(step: SkopsObject, width: int) -> tuple[Function, int]:
    return numpy_function(step.get("func"), "FunctionTransformer"), width


MAPS: dict[str, Reader] = {
    "PCA": _components,
    "TruncatedSVD": _components,
    "PolynomialFeatures": _polynomial,
    "KBinsDiscretizer": _bins,
    "QuantileTransformer": _quantiles,
    "PowerTransformer": _power,
    "Normalizer": _norm,
    "MinMaxScaler": _min_max_clip,
    "FunctionTransformer": _function,
}
