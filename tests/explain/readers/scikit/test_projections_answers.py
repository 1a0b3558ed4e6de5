"""Every step that makes columns of columns, from attributes that are written out: held against scikit-learn's
own transformers as long as these are fitted here too (whole ones below), the rest are refusals, whose code was
read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
)

from plumbline.domain import PlumblineError
from plumbline.explain.readers.scikit.projections import MAPS
from plumbline.explain.readers.scikit.skops_file import SkopsObject
from tests.known_answers import Table, differences

ROWS = np.array([[0.5, 1.0, 2.0], [-1.5, 3.0, 0.25], [4.0, 0.0, -2.0], [0.0, 0.0, 0.0], [9.0, -7.0, 5.5]])


def node(value: Any) -> Any:
    """A fitted object of scikit-learn as the file's reader has it."""
    if type(value).__module__.startswith("sklearn"):
        return SkopsObject(
            type(value).__module__, type(value).__name__, {k: node(v) for k, v in vars(value).items()}
        )
    return value


def _said(kind: str, width: int = 3, **state: Any) -> Any:
    try:
        function, made = MAPS[kind](SkopsObject("sklearn", kind, state), width)
        with np.errstate(all="ignore"):
            return (made, function(ROWS.copy()))
    except PlumblineError as error:
        return str(error)


def _fitted() -> Any:
    rng = np.random.default_rng(311)
    x = rng.integers(-20, 21, (80, 3)) / 4.0
    for one in (
        PCA(2),
        PCA(3, whiten=True),
        TruncatedSVD(2, random_state=0),
        Normalizer("l1"),
        Normalizer("l2"),
        Normalizer("max"),
        MinMaxScaler(clip=True),
        MinMaxScaler((-2, 3), clip=True),
        PowerTransformer(),
        PowerTransformer(standardize=False),
        QuantileTransformer(n_quantiles=20),
        *(
            PolynomialFeatures((a, b), interaction_only=i, include_bias=c)
            for a, b in ((0, 2), (1, 3), (2, 2), (0, 0))
            for i in (True, False)
            for c in (True, False)
            if (b or c)
        ),
        *(
            KBinsDiscretizer(4, encode=e, strategy=s, quantile_method="linear")
            if s == "quantile"
            else KBinsDiscretizer(4, encode=e, strategy=s)
            for e in ("ordinal", "onehot-dense")
            for s in ("uniform", "quantile")
        ),
    ):
        yield one.fit(x), x
    positive = np.abs(x) + 0.25
    yield PowerTransformer("box-cox").fit(positive), positive


def test_each_step_makes_what_scikit_learn_makes() -> None:
    many = 0
    for own, x in _fitted():
        function, width = MAPS[type(own).__name__](node(own), 3)
        expected = own.transform(x)
        assert width == expected.shape[1]
        np.testing.assert_allclose(function(x.copy()), expected, rtol=1e-9, atol=1e-12, err_msg=str(own))
        many += 1
    assert many > 25


def _mixes() -> Iterator[tuple[str, Any]]:
    axes = np.array([[1.0, 0.5, -0.25], [0.0, 2.0, 1.0]])
    for whiten in (True, False):
        for spread in ([4.0, 0.25], [0.0, 1.0]):
            yield (
                f"PCA, whitened {whiten} by {spread}",
                _said(
                    "PCA",
                    components_=axes,
                    mean_=np.array([1.0, 2.0, 3.0]),
                    whiten=whiten,
                    explained_variance_=np.array(spread),
                ),
            )
    yield "SVD", _said("TruncatedSVD", components_=axes)
    for least, most in ((0, 1), (0, 2), (1, 2), (2, 3), (0, 0), (3, 2), (-1, 2), (0, 20), (0, 21), (0.5, 2)):
        for alone in (True, False):
            for bias in (True, False):
                said = _said(
                    "PolynomialFeatures",
                    _min_degree=least,
                    _max_degree=most,
                    interaction_only=alone,
                    include_bias=bias,
                )
                yield (
                    f"degrees {least} to {most}, alone {alone}, bias {bias}",
                    said if isinstance(said, str) or said[0] < 40 else said[0],
                )
    yield "degree alone", _said("PolynomialFeatures", degree=2)
    edges = np.empty(3, object)
    edges[:] = [np.array([-2.0, 0.0, 0.5, 4.0]), np.array([0.0, 1.0]), np.array([-2.0, 0.25, 0.25, 5.5])]
    yield "bins, ordinal", _said("KBinsDiscretizer", bin_edges_=edges, encode="ordinal")
    yield "bins, a column each", _said("KBinsDiscretizer", bin_edges_=edges, encode="onehot", _encoder=5)
    yield "bins, no encoder", _said("KBinsDiscretizer", bin_edges_=edges, encode="onehot")
    for name, first in (("one edge", [1.0]), ("falling", [1.0, 0.0]), ("equal", [1.0, 1.0])):
        other = edges.copy()
        other[0] = np.array(first)
        yield f"bins, {name}", _said("KBinsDiscretizer", bin_edges_=other, encode="ordinal")
    yield "bins of two columns", _said("KBinsDiscretizer", bin_edges_=edges[:2], encode="ordinal")
    yield "bins in a list", _said("KBinsDiscretizer", bin_edges_=list(edges), encode="ordinal")


def _scales() -> Iterator[tuple[str, Any]]:
    at, quantiles = (
        np.linspace(0, 1, 4),
        np.array([[-2.0, 0.0, -2.0], [0.0, 0.0, 0.25], [0.5, 1.0, 0.25], [4.0, 3.0, 5.5]]),
    )
    yield "quantiles", _said("QuantileTransformer", references_=at, quantiles_=quantiles)
    yield (
        "quantiles, normal",
        _said("QuantileTransformer", references_=at, quantiles_=quantiles, output_distribution="normal"),
    )
    yield "quantiles, fewer", _said("QuantileTransformer", references_=at[:3], quantiles_=quantiles)
    inner = SkopsObject(
        "sklearn", "StandardScaler", {"mean_": np.array([0.5, 1.0, 0.0]), "scale_": np.array([2.0, 1.0, 0.5])}
    )
    still = SkopsObject(
        "sklearn", "StandardScaler", {"mean_": np.zeros(3), "scale_": np.array([2.0, 0.0, 0.5])}
    )
    for power in ([0.0, 1.0, 2.0], [0.5, -1.0, 3.0]):
        for method in ("yeo-johnson", "box-cox"):
            for name, scaler in (("none", None), ("scaled", inner), ("still", still)):
                for standardize in (True, False):
                    yield (
                        f"power {power}, {method}, {name}, {standardize}",
                        _said(
                            "PowerTransformer",
                            lambdas_=np.array(power),
                            method=method,
                            _scaler=scaler,
                            standardize=standardize,
                        ),
                    )
    for norm in ("l1", "l2", "max", "l3"):
        yield f"norm {norm}", _said("Normalizer", norm=norm)
    yield "norm unsaid", _said("Normalizer")
    for span in ([0, 1], [-1, 2], [0, float("nan")]):
        yield (
            f"clipped to {span}",
            _said(
                "MinMaxScaler",
                scale_=np.array([0.25, 1.0, 0.5]),
                min_=np.array([0.0, 0.5, -1.0]),
                feature_range=span,
            ),
        )
    yield "clipped", _said("MinMaxScaler", scale_=np.array([0.25, 1.0, 0.5]), min_=np.zeros(3))
    for name in ("log1p", "exp", "sqrt", "system"):
        yield f"function {name}", _said("FunctionTransformer", func=SkopsObject("numpy", name, {}))
    for kind in MAPS:
        yield (
            f"{kind}, nothing",
            _said(kind) if kind not in ("Normalizer", "FunctionTransformer") else "made above",
        )


TABLES: dict[str, Table] = {"mixes": _mixes, "scales": _scales}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
