"""A model of any kind is asked and taken apart the same way; what it lacks has no answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.columns import InputCoding, InputColumn, identity_coding
from plumbline.explain.model import (
    BlackBoxModel,
    CodedModel,
    Weights,
    complete,
    contributions,
    linear_model,
    margins,
    tree_model,
)
from tests.explain.ensembles import random_ensemble

ROWS = np.random.default_rng(1).normal(size=(6, 3))
HOLED = ROWS.copy()
HOLED[1, 0] = HOLED[4, 2] = np.nan
BOX = CodedModel(
    coding=identity_coding(["a", "b", "c"], [None] * 3),
    core=BlackBoxModel(lambda x: np.stack([x.sum(axis=1), x[:, 0] * x[:, 1]], axis=1), 2),
    link="identity", objective="test", format="test", needs_background=True,
)  # fmt: skip


def linear() -> CodedModel:
    """Two outputs over a, twice c and a shifted a."""
    coding = InputCoding(
        ("a", "b", "c"), (None,) * 3,
        (InputColumn(feature=0), InputColumn(feature=2), InputColumn(feature=0, shift=1.0, scale=2.0)),
    )  # fmt: skip
    weight = np.array([[1.0, -1.0], [0.5, 2.0], [3.0, 0.0]])
    return linear_model(coding, Weights(weight, np.array([0.1, -0.2])), "identity", "test", "test")


def test_rows_that_lack_a_value_have_no_margin_and_the_others_keep_theirs() -> None:
    whole, holed = margins(BOX, ROWS), margins(BOX, HOLED)
    there = [0, 2, 3, 5]
    np.testing.assert_array_equal(holed[there], whole[there])
    assert np.isnan(holed[[1, 4]]).all()
    assert whole.shape == holed.shape == (6, 2)
    assert np.isnan(margins(BOX, HOLED[[1]])).all()
    assert complete(BOX, HOLED).tolist() == [True, False, True, True, False, True]
    takes = replace(BOX, core=replace(BOX.core, missing=True))  # type: ignore[type-var]
    assert complete(takes, HOLED).all()
    trees = tree_model(random_ensemble(np.random.default_rng(2), 3, 4, 3))
    assert complete(trees, HOLED).all()
    assert np.isfinite(margins(trees, HOLED)).all()


def test_weights_are_taken_apart_about_the_backgrounds_mean() -> None:
    model, background = linear(), np.random.default_rng(3).normal(size=(20, 3))
    background[4, 2] = np.nan  # such a row is no background
    known = np.delete(background, 4, axis=0)
    for output, (a, c, base) in enumerate(((1 + 6.0, 0.5, 0.1 - 6.0), (-1.0, 2.0, -0.2))):
        parts, start = contributions(model, ROWS, output=output, background=background)
        assert parts[:, 0] == pytest.approx(a * (ROWS[:, 0] - known[:, 0].mean()))
        assert not parts[:, 1].any()
        assert parts[:, 2] == pytest.approx(c * (ROWS[:, 2] - known[:, 2].mean()))
        assert start == pytest.approx(base + a * known[:, 0].mean() + c * known[:, 2].mean())
        assert start + parts.sum(axis=1) == pytest.approx(margins(model, ROWS)[:, output])
    with pytest.raises(PlumblineError, match="No row of the background"):
        contributions(model, ROWS, background=background[4:5])


def test_what_cannot_be_taken_apart_is_refused() -> None:
    for output in (-1, 2):
        with pytest.raises(PlumblineError, match=f"no output {output}"):
            contributions(linear(), ROWS, output=output, background=ROWS)
    with pytest.raises(PlumblineError, match="need a background"):
        contributions(linear(), ROWS)
    with pytest.raises(PlumblineError, match="can only be asked"):
        contributions(BOX, ROWS, background=ROWS)


@pytest.mark.parametrize(
    "weights",
    [
        Weights(np.zeros((2, 2)), np.zeros(2)), Weights(np.zeros((3, 2)), np.zeros(1)),
        Weights(np.array([[1.0], [np.inf], [0.0]]), np.zeros(1)), Weights(np.ones((3, 1)), np.array([np.nan])),
    ],
    ids=["columns", "outputs", "weight", "base"],
)  # fmt: skip
def test_weights_that_do_not_fit_are_refused(weights: Weights) -> None:
    with pytest.raises(PlumblineError, match="was refused"):
        linear_model(identity_coding(["a", "b", "c"], [None] * 3), weights, "identity", "test", "test")
