"""The small distributions in a row of the Drift page are those of the page of one feature."""

from __future__ import annotations

import numpy as np
import pytest

from plumbline.answers.drift.feature import feature
from plumbline.answers.drift.features import drift
from plumbline.answers.drift.shapes import FEW

from ..conftest import Held


def test_levels_are_the_shares_of_the_page_of_one_feature(held: Held) -> None:
    answer = drift(held.ws, "loans")
    one = feature(held.ws, "loans", "prediction")
    shape = next(shape for shape in answer.shapes if shape.feature == "prediction")
    assert shape.then == pytest.approx(one.then)
    assert shape.now == pytest.approx(one.now)


def test_numbers_are_counted_once_in_even_steps(held: Held) -> None:
    answer = drift(held.ws, "loans")
    assert [shape.feature for shape in answer.shapes] == list(
        dict.fromkeys(f.feature for f in answer.features)
    )
    shape = next(shape for shape in answer.shapes if shape.feature == "x")
    assert 5 <= len(shape.then) == len(shape.now) <= FEW
    assert np.sum(shape.then) == pytest.approx(1)
    assert np.sum(shape.now) == pytest.approx(1)
    assert np.argmax(shape.then) in range(
        len(shape.then) // 2 - 2, len(shape.then) // 2 + 2
    )  # a normal input


def test_what_is_not_there_has_no_shape(held: Held) -> None:
    shapes = drift(held.ws, "loans", version="3").shapes  # it was not there in the reference
    assert {(shape.then, shape.now) for shape in shapes} == {((), ())}
