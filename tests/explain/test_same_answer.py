"""The same answer again: alone and in company, in any order, with any threads, and where products round otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import BernoulliNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from skops.io import dumps
from threadpoolctl import threadpool_limits

import plumbline
from plumbline.domain import (
    RELATIVE,
    FloatArray,
    PlumblineError,
    agree,
    direction,
    largest_difference,
    magnitude_order,
)
from plumbline.explain import surrogate
from plumbline.explain.model import BlackBoxModel, CodedModel, Weights, contributions, margins, tree_model
from plumbline.explain.model_agnostic import probability_contributions, sampled_contributions
from plumbline.explain.readers.formats import read_model
from plumbline.explain.readers.scikit import arrays
from plumbline.explain.readers.scikit.functions import _neighbours
from plumbline.explain.reasons.global_importance import importance
from plumbline.explain.reasons.sentences import adverse_order
from plumbline.explain.shap import leaf_tables
from plumbline.explain.shap.tree_path_dependent import PATTERN_ROWS
from plumbline.explain.surrogate import fit_surrogate, surrogate_contributions
from tests.explain.ensembles import random_ensemble

pytestmark = [
    pytest.mark.filterwarnings("ignore:The `probability` parameter"),
    pytest.mark.filterwarnings("ignore:Stochastic Optimizer"),
]
ROWS = np.random.default_rng(5).normal(size=(400, 6))
TARGET = ROWS[:, 0] * ROWS[:, 1] + np.abs(ROWS[:, 2]) - 0.5 * ROWS[:, 3]
NETWORK = MLPClassifier((12, 7), max_iter=40, random_state=1)
MODELS: dict[str, Any] = {
    "linear": LinearRegression(),
    "forest": RandomForestClassifier(8, max_depth=5, random_state=0),
    "network": NETWORK,
    "neighbours": KNeighborsClassifier(7, weights="distance"),
    "support vectors": SVC(probability=True, random_state=0),
    "process": GaussianProcessRegressor(RBF(1.2) + WhiteKernel(0.1), optimizer=None),
    "counts": make_pipeline(MinMaxScaler(), MultinomialNB()),
    "yes and no": BernoulliNB(binarize=0.2),
    "axes": make_pipeline(StandardScaler(), PCA(3, whiten=True), LogisticRegression()),
}
KINDS = [*MODELS, "trees", "estimate"]


@cache
def body_of(kind: str) -> bytes:
    """A model file; ``estimate`` has more inputs than all coalitions are evaluated of."""
    if kind == "estimate":
        wide = np.random.default_rng(12).normal(size=(150, 12))
        return dumps(MLPClassifier((12,), max_iter=60, random_state=1).fit(wide, wide[:, 0] > wide[:, 1]))
    numeric = kind in ("linear", "process")
    return dumps(MODELS[kind].fit(ROWS, TARGET if numeric else TARGET > 0.2))


def model_of(kind: str) -> CodedModel:
    if kind == "trees":
        return tree_model(random_ensemble(np.random.default_rng(2), 6, 20, 6))
    return read_model(body_of(kind))


def rows_of(kind: str) -> FloatArray:
    return np.random.default_rng(12).normal(size=(150, 12)) if kind == "estimate" else ROWS


def answer(model: CodedModel, rows: FloatArray, background: FloatArray) -> FloatArray:
    """Base, contributions and, where they are estimates, their standard errors of each row, and its margin."""
    margin = margins(model, rows)[:, :1]
    if isinstance(model.core, BlackBoxModel):
        made = sampled_contributions(model, rows, background)
        parts, base, errors = made.parts, made.base, made.errors
        return np.hstack([margin, np.full_like(margin, base), parts, *([] if errors is None else [errors])])
    found, base = contributions(model, rows, background=background if model.needs_background else None)
    return np.hstack([margin, np.full_like(margin, base), found])


@pytest.mark.parametrize("kind", KINDS)
def test_alone_in_company_and_in_any_order(kind: str) -> None:
    model, rows = model_of(kind), rows_of(kind)
    background, many = (
        rows[50:62],
        rows[:5] if isinstance(model.core, BlackBoxModel) else rows[: PATTERN_ROWS + 9],
    )
    together = answer(model, many, background)
    turned = np.random.default_rng(1).permutation(len(many))
    assert agree(answer(model, many[turned], background), together[turned])
    for size in (1, 2, 3):
        assert agree(answer(model, many[2 : 2 + size], background), together[2 : 2 + size])


ASKED = [kind for kind in KINDS if kind not in ("linear", "forest", "trees")]


@pytest.mark.parametrize("kind", ASKED)
def test_what_is_asked_one_by_one_is_the_same_to_the_last_bit_in_any_company(kind: str) -> None:
    model, rows = model_of(kind), rows_of(kind)
    together, alone = (
        sampled_contributions(model, rows[at], rows[50:62]) for at in (slice(0, 5), slice(3, 4))
    )
    np.testing.assert_array_equal(alone.parts[0], together.parts[3])


class Rounded(np.ndarray):
    """An array whose matrix products end in other last bits, as on another processor."""

    noise = np.random.default_rng(0)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **more: Any
    ) -> Any:
        bare = [np.asarray(x) if isinstance(x, Rounded) else x for x in inputs]
        if out is not None:
            more["out"] = tuple(np.asarray(x) for x in out)
        made = getattr(ufunc, method)(*bare, **more)
        if ufunc is np.matmul:
            size = np.matmul(*(np.abs(x) for x in bare)) * np.finfo(float).eps
            made = made + size * self.noise.uniform(-4, 4, np.shape(size))
        return made.view(Rounded) if isinstance(made, np.ndarray) else made


def rounded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, with arrays that round otherwise."""

    def made(*args: Any, **more: Any) -> Any:
        found = function(*args, **more)
        if isinstance(found, tuple):
            return found[0].view(Rounded), *found[1:]
        return found.view(Rounded)

    return made


@pytest.fixture
def other_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((arrays, "floats"), (leaf_tables, "_products"), (surrogate, "design_matrix")):
        monkeypatch.setattr(module, name, rounded(getattr(module, name)))
    solve = np.linalg.solve
    monkeypatch.setattr(np.linalg, "solve", lambda *args: solve(*args) * (1 + 1e-13))


#: what holds no matrix product: nothing can be rounded otherwise in it
NO_PRODUCT = ("forest", "neighbours")


@pytest.mark.parametrize("kind", KINDS)
def test_products_that_round_otherwise(kind: str, request: pytest.FixtureRequest) -> None:
    rows = rows_of(kind)
    many = rows[: PATTERN_ROWS + 9] if kind in ("linear", "forest", "trees") else rows[:3]
    here = answer(model_of(kind), many, rows[50:62])
    request.getfixturevalue("other_processor")
    model = model_of(kind)
    if isinstance(model.core, Weights):
        model = replace(model, core=replace(model.core, weight=model.core.weight.view(Rounded)))
    there = answer(model, many, rows[50:62])
    assert agree(here, there)
    assert largest_difference(here, there) > 0 or kind in NO_PRODUCT


def test_contributions_to_a_probability_too(request: pytest.FixtureRequest) -> None:
    here = probability_contributions(model_of("axes"), ROWS[:4], ROWS[50:80])
    alone = probability_contributions(model_of("axes"), ROWS[2:3], ROWS[50:80])
    np.testing.assert_array_equal(alone.parts[0], here.parts[2])
    request.getfixturevalue("other_processor")
    there = probability_contributions(model_of("axes"), ROWS[:4], ROWS[50:80])
    assert 0 < largest_difference(here.parts, there.parts) <= RELATIVE


def test_a_linear_surrogate_too(request: pytest.FixtureRequest) -> None:
    x = np.random.default_rng(3).normal(size=(1_500, 4)) * [1.0, 30.0, 5e4, 0.01]
    frame = pd.DataFrame(x, columns=["rate", "age", "income", "share"])
    scores = 1 / (1 + np.exp(-(x @ [0.5, 0.02, -1e-5, 20.0])))

    def told() -> FloatArray:
        fitted = fit_surrogate(frame, scores, version="1")
        assert fitted.kind == "ridge"
        parts, base, score = surrogate_contributions(fitted, frame.iloc[:300])
        alone = surrogate_contributions(fitted, frame.iloc[7:8])
        assert agree(alone[0][0], parts[7])
        return np.column_stack([parts, np.full(300, base), score])

    here = told()
    request.getfixturevalue("other_processor")
    assert 0 < largest_difference(here, told()) <= RELATIVE


@pytest.mark.parametrize("power", [2.0, 1.0, np.inf])
def test_of_neighbours_that_are_as_near_the_first_in_the_file_count(power: float) -> None:
    rng = np.random.default_rng(4)
    known = rng.integers(0, 3, (300, 4)).astype(float)  # nearly every distance stands for dozens
    x = rng.integers(0, 3, (40, 4)).astype(float)
    gaps = np.abs(x[:, None] - known[None])
    apart = gaps.max(axis=2) if np.isinf(power) else (gaps**power).sum(axis=2)
    wanted = np.argsort(apart, axis=1, kind="stable")[:, :7]
    for table in (known, known.view(Rounded)):
        near, found = _neighbours(x, table, power, 7)
        np.testing.assert_array_equal(near, wanted)
        root = 1.0 if np.isinf(power) else 1 / power
        np.testing.assert_allclose(found, np.take_along_axis(apart, wanted, 1) ** root, rtol=1e-15)


@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_neighbours_are_the_nearest_where_products_lose_digits(shift: float) -> None:
    rng = np.random.default_rng(6)
    known, x = rng.normal(size=(200, 3)) + shift, rng.normal(size=(30, 3)) + shift
    near, _ = _neighbours(x, known, 2.0, 4)
    apart = ((x[:, None] - known[None]) ** 2).sum(axis=2)
    np.testing.assert_array_equal(near, np.argsort(apart, axis=1, kind="stable")[:, :4])


def test_inputs_with_the_same_effect_keep_their_places_whatever_the_last_bits() -> None:
    names = [f"input {i}" for i in range(6)]
    for seed in range(20):
        noise = 1 + np.random.default_rng(seed).uniform(-1, 1, 6) * 1e-13
        parts = dict(zip(names, (-np.array([2.0, 1.0, 1.0, 1.0, 3.0, 1e-17]) * noise).tolist(), strict=True))
        wanted = [names[i] for i in (4, 0, 1, 2, 3, 5)]
        assert [name for name, _ in magnitude_order(parts)] == wanted
        assert [name for name, _ in adverse_order(parts, {})] == wanted
        many = np.tile(list(parts.values()), (50, 1))
        assert [held.feature for held in importance(many, names)] == wanted
        assert direction(parts["input 5"], 3.0) == 0
        assert direction(parts["input 1"], 3.0) == -1


def test_what_agrees_is_measured_by_the_largest_of_the_row() -> None:
    first = np.array([[1.0, 1e-12, 0.0], [1e-6, 2e-6, np.nan]])
    assert agree(first, first + np.array([[1e-10, 1e-10, -1e-10], [1e-16, 0, 0]]))
    assert not agree(first, first + np.array([[0, 2e-9, 0], [0, 0, 0]]))
    assert not agree(
        first, first + np.array([[0, 0, 0], [1e-14, 0, 0]])
    )  # a small row has a small scale of its own
    assert not agree(first, np.nan_to_num(first))
    assert not agree(first, first[:1])
    assert not agree([np.inf, 1.0], [1.0, 1.0])
    assert agree([np.inf, 1.0], [np.inf, 1.0])
    assert agree([0.0, 0.0], [0.0, 0.0])
    assert agree([], [])


SCRIPT = """
import sys, numpy as np
from plumbline.explain.readers.formats import read_model
from plumbline.explain.model_agnostic import sampled_contributions
body, rows = open(sys.argv[1], "rb").read(), np.load(sys.argv[2])
made = sampled_contributions(read_model(body), rows[:2], rows[50:150])
np.save(sys.argv[3], np.hstack([made.parts, made.errors]) if made.errors is not None else made.parts)
"""


@pytest.mark.parametrize("kind", ["network", "estimate", "process"])
def test_any_number_of_threads(kind: str, tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(body_of(kind))
    np.save(tmp_path / "rows.npy", rows_of(kind))
    found = []
    for threads in ("1", "2", "3"):
        many = {f"{name}_NUM_THREADS": threads for name in ("OMP", "OPENBLAS", "MKL", "VECLIB")}
        out = tmp_path / f"{threads}.npy"
        subprocess.run(
            [sys.executable, "-c", SCRIPT, tmp_path / "model", tmp_path / "rows.npy", out], check=True,
            env=os.environ | many | {"PYTHONPATH": str(Path(plumbline.__file__).parents[1])},
        )  # fmt: skip
        found.append(np.load(out))
    model, rows = model_of(kind), rows_of(kind)
    for threads in (1, 2):
        with threadpool_limits(threads, "blas"):
            made = sampled_contributions(model, rows[:2], rows[50:150])
        found.append(made.parts if made.errors is None else np.hstack([made.parts, made.errors]))
    assert all(agree(found[0], again) for again in found[1:])


@pytest.mark.parametrize("rows", [0, 1, 3, 4, 10, 12])
def test_a_function_asked_block_by_block_answers_as_if_asked_at_once(
    monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(arrays, "BLOCK", 12)
    asked = []

    def function(x: FloatArray) -> FloatArray:
        asked.append(len(x))
        return np.stack([x.sum(1), x[:, 0]], axis=1)

    x = ROWS[:rows]
    found = arrays.run_in_blocks(function, 4)(x)
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, np.stack([x.sum(1), x[:, 0]], axis=1))
    assert max(asked) <= 3  # four numbers a row, twelve at once
    assert sum(asked) == rows
    assert arrays.run_in_blocks(function, 100)(ROWS[:2]).shape == (2, 2)  # a row at least


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize(
    "distance",
    [
        {"p": 1},
        {"p": 2},
        {"p": 3},
        {"p": 1.5},
        {"p": np.inf},
        {"metric": "euclidean"},
        {"metric": "l1", "p": 3},
        {"metric": "manhattan"},
        {"metric": "chebyshev"},
    ],
    ids=str,
)
def test_neighbours_by_any_distance_answer_as_scikit_learn_does(
    distance: dict[str, Any], weights: str
) -> None:
    one = KNeighborsRegressor(5, weights=weights, **distance).fit(ROWS[:200], TARGET[:200])
    model = read_model(dumps(one))
    assert margins(model, ROWS[200:260])[:, 0] == pytest.approx(one.predict(ROWS[200:260]), rel=1e-9)


@pytest.mark.parametrize(
    "distance", [{"metric": "cosine"}, {"metric": "canberra"}, {"metric": "minkowski", "p": 0.5}]
)
def test_neighbours_by_a_distance_that_is_not_read_are_refused(distance: dict[str, Any]) -> None:
    one = KNeighborsRegressor(5, algorithm="brute", **distance).fit(ROWS[:200], TARGET[:200])
    with pytest.raises(PlumblineError, match="was refused"):
        read_model(dumps(one))
