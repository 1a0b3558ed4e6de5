"""Columns made of inputs: scaling upon scaling, filling in, tables of codes, and what is added up by input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import PlumblineError
from plumbline.explain.columns import InputCoding, InputColumn, identity_coding

X = np.array([-2.0, 0.0, 1.0, 7.5, np.nan])


@given(
    st.lists(
        st.tuples(st.floats(-9, 9), st.floats(-9, 9).filter(lambda s: s == 0 or abs(s) > 0.01)), max_size=4
    )
)
@settings(max_examples=60, deadline=None)
def test_steps_upon_steps_are_one_column(steps: list[tuple[float, float]]) -> None:
    column, expected = InputColumn(feature=0), X
    for shift, scale in steps:
        column, expected = column.rescale(shift, scale), (expected - shift) * scale
    if any(scale == 0 for _, scale in steps):
        last = max(i for i, (_, scale) in enumerate(steps) if scale == 0)
        if last < len(steps) - 1:  # what comes after a nought only shifts it: not read as more
            return
        assert column.scale == 0.0
    assert column.values(X)[:4] == pytest.approx(expected[:4], rel=1e-6, abs=1e-6)
    assert np.isnan(column.values(X)[4])


def test_a_missing_number_is_filled_in_before_it_is_scaled() -> None:
    column = InputColumn(feature=0, fill=3.0).rescale(1.0, 2.0)
    assert column.values(X).tolist() == [-6.0, -2.0, 0.0, 13.0, 4.0]
    assert InputColumn(feature=0).is_raw
    assert replace(InputColumn(feature=0), fill=3.0).is_raw
    assert not column.is_raw
    assert not InputColumn(feature=0, table=(1.0, 0.0)).is_raw
    assert not InputColumn(feature=0, shift=1.0).is_raw


def test_a_code_is_looked_up_and_what_is_none_has_the_last_entry() -> None:
    column = InputColumn(feature=0, table=(10.0, 20.0, 30.0, -1.0))
    codes = np.array([0.0, 1, 2, 3, 9, -1, np.nan])
    assert column.values(codes).tolist() == [10, 20, 30, -1, -1, -1, -1]
    assert column.rescale(10.0, 0.5).values(codes).tolist() == [0, 5, 10, -5.5, -5.5, -5.5, -5.5]


def test_contributions_of_columns_are_added_up_by_input() -> None:
    coding = InputCoding(
        ("a", "b", "c"), (None, None, None),
        (InputColumn(feature=2), InputColumn(feature=0), InputColumn(feature=2, shift=1.0, scale=3.0)),
    )  # fmt: skip
    assert coding.owners.tolist() == [2, 0, 2]
    rows = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert coding.code(rows).tolist() == [[3, 1, 6], [6, 4, 15]]
    assert coding.sum_by_input(np.array([[1.0, 10, 100]])).tolist() == [[10, 0, 101]]
    assert coding.used_inputs(np.array([True, False, False])).tolist() == [False, False, True]
    assert coding.used_inputs(np.array([False, True, True])).tolist() == [True, False, True]
    for wrong in (rows[:, :2], rows[0], np.zeros((1, 4))):
        with pytest.raises(PlumblineError, match="The model takes 3 features"):
            coding.code(wrong)
    plain = identity_coding(["a", "b"], [None, ("x",)])
    assert plain.code(rows[:, :2]).tolist() == rows[:, :2].tolist()
    assert (plain.names, plain.categories) == (("a", "b"), (None, ("x",)))
