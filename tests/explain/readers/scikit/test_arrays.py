"""What is read out of a skops file is checked to its last number, and steps are put together as they stand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.columns import InputColumn
from plumbline.explain.readers.scikit import arrays
from plumbline.explain.readers.scikit.arrays import (
    ModelInputs,
    TransformedColumns,
    class_count,
    concatenate,
    floats,
    number,
    numbers,
    numpy_function,
    read_list,
    table,
)
from plumbline.explain.readers.scikit.skops_file import SkopsObject

X = np.arange(12.0).reshape(3, 4)
FOUR = TransformedColumns(tuple(InputColumn(feature=i) for i in range(4)))


def held(**attributes: Any) -> SkopsObject:
    return SkopsObject("sklearn.some", "Model", attributes)


def test_columns_are_picked_and_functions_follow_each_other() -> None:
    assert FOUR.width == 4
    assert [c.feature for c in FOUR.select([3, 1]).columns] == [3, 1]
    np.testing.assert_array_equal(FOUR.run(X), X)
    two = FOUR.append(lambda x: x[:, :3] * 10, 3).append(lambda x: x + 1, 3)
    assert (two.width, len(two.columns)) == (3, 4)
    np.testing.assert_array_equal(two.run(X), X[:, :3] * 10 + 1)
    one = two.select([2, 0])
    assert one.width == 2
    np.testing.assert_array_equal(one.run(X), (X[:, :3] * 10 + 1)[:, [2, 0]])


def test_results_stand_beside_one_another_each_with_its_own_columns() -> None:
    sums = FOUR.select([0, 1]).append(lambda x: x.sum(axis=1, keepdims=True), 1)
    both = concatenate([sums, FOUR.select([2]), sums])
    assert (both.width, [c.feature for c in both.columns]) == (3, [0, 1, 2, 0, 1])
    rows = X[:, [0, 1, 2, 0, 1]]
    np.testing.assert_array_equal(
        both.run(rows), np.stack([X[:, 0] + X[:, 1], X[:, 2], X[:, 0] + X[:, 1]], 1)
    )
    plain = concatenate([FOUR.select([1]), FOUR.select([0])])
    assert plain.then is None
    assert [c.feature for c in plain.columns] == [1, 0]


def test_no_columns_and_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "MAX_FEATURES", 4)
    assert FOUR.append(lambda x: x, 4).width == 4
    assert FOUR.append(lambda x: x, 1).width == 1
    assert concatenate([FOUR]).width == 4
    for width in (0, 5):
        with pytest.raises(PlumblineError, match="makes no columns, or too many"):
            FOUR.append(lambda x: x, width)
    with pytest.raises(PlumblineError, match="too many columns"):
        concatenate([FOUR, FOUR.select([0])])
    wide = TransformedColumns(tuple(InputColumn(feature=i) for i in range(5)))
    with pytest.raises(PlumblineError, match="too many"):
        wide.append(lambda x: x, 1)
    monkeypatch.setattr(arrays, "MOST_PARTS", 3)
    inputs = ModelInputs(("a",), [None])
    for _ in range(3):
        inputs.count()
    with pytest.raises(PlumblineError, match="more than 3 models"):
        inputs.count()


@pytest.mark.parametrize(
    "stored", ["x", [1, "y"], np.array([1j]), [[1, 2], [3]], None, [np.nan], [np.inf], [1.0, 2]]
)
def test_what_is_no_finite_number_is_refused(stored: Any) -> None:
    with pytest.raises(PlumblineError, match="refused"):
        number(stored, "gamma")


def test_arrays_have_the_shape_that_is_asked_for() -> None:
    assert number(np.array([[2]]), "n") == 2.0
    assert numbers([[1, 2], [3, 4]], 4, "n").tolist() == [1, 2, 3, 4]
    assert floats([[1, np.nan]], "n").shape == (1, 2)
    assert table(X, (None, 4), "t").shape == (3, 4)
    for shape in ((4, 4), (None, 3), (12,), (None, 4, None)):
        with pytest.raises(PlumblineError, match="its t does not fit"):
            table(X, shape, "t")
    for wrong in (np.zeros((0, 4)), np.full((1, 4), np.inf)):
        with pytest.raises(PlumblineError, match="its t does not fit"):
            table(wrong, (None, 4), "t")
    with pytest.raises(PlumblineError, match="its n does not fit"):
        numbers([1, 2], 3, "n")


def test_lists_functions_and_classes_are_checked() -> None:
    node = held(steps=[1, 2], empty=[], flat=np.array([[3, 4]]), text="ab")
    assert read_list(node, "steps") == read_list(node, "steps", 2) == [1, 2]
    assert read_list(node, "flat") == [3, 4]
    for name, length in (("empty", None), ("text", None), ("steps", 3), ("steps", 1)):
        with pytest.raises(PlumblineError, match=f"its {name} is damaged"):
            read_list(node, name, length)
    np.testing.assert_array_equal(numpy_function(None, "f")(X), X)
    np.testing.assert_allclose(numpy_function(SkopsObject("numpy", "log1p", {}), "f")(X), np.log1p(X))
    np.testing.assert_array_equal(numpy_function(SkopsObject("numpy.core", "square", {}), "f")(X), X**2)
    for strange in (SkopsObject("os", "abs", {}), SkopsObject("numpy", "load", {}), "abs"):
        with pytest.raises(PlumblineError, match="which is not known"):
            numpy_function(strange, "f")
    assert class_count(held(classes_=np.array(["a", "b"]))) == 2
    assert class_count(held(classes_=np.arange(1000))) == 1000
    for classes in (np.arange(1001), np.array([1]), np.zeros((2, 2)), [1, 2]):
        with pytest.raises(PlumblineError, match="fewer than two classes"):
            class_count(held(classes_=classes))
