"""How a surrogate reads logged features, against pandas and scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from plumbline.domain import Kind
from plumbline.explain.surrogate_inputs import code_matrix, design_matrix, learn_inputs

FRAME = pd.DataFrame(
    {
        "age": [20.0, 40.0, np.nan, 60.0, 100.0, 40.0],
        "one": [7, 7, 7, 7, 7, 7],
        "town": ["Ulm", "Bonn", None, "Ulm", "Kiel", "Ulm"],
        "none": [None] * 6,
        "flag": [1, 0, 1, 0, 1, 1],
    }
)
TARGET = np.array([0.9, 0.1, 0.5, 0.7, 0.3, 0.8])
KINDS = {"flag": Kind.CATEGORICAL, "none": Kind.NUMERIC}


def test_each_input_is_learnt_from_the_rows() -> None:
    age, one, town, none, flag = learn_inputs(FRAME, TARGET, KINDS)
    assert (age.name, age.kind, age.missing, age.codes) == ("age", Kind.NUMERIC, True, None)
    assert (age.fill, age.scale) == (40.0, pytest.approx(FRAME["age"].std(ddof=0), rel=0.15))
    assert (one.fill, one.scale, one.missing) == (7.0, 1.0, False)
    assert (none.fill, none.scale, none.missing) == (0.0, 1.0, True)
    # in the order of the mean target: Bonn 0.1, Kiel 0.3, missing 0.5, Ulm 0.8
    assert town.codes == {"Bonn": 0.0, "Kiel": 1.0, "": 2.0, "Ulm": 3.0}
    assert town.levels[0] == "Ulm"
    assert set(town.levels) == {"Ulm", "Bonn", "Kiel", ""}
    assert (flag.kind, flag.codes) == (Kind.CATEGORICAL, {"0": 0.0, "1": 1.0})


def test_the_design_has_a_column_a_number_one_where_it_is_missing_and_one_a_level() -> None:
    inputs = learn_inputs(FRAME, TARGET, KINDS)
    other = FRAME.assign(
        town=["Ulm", "new", None, "Kiel", "Ulm", "Bonn"], age=[40.0, np.inf, 20, 60, np.nan, 40]
    )
    design, owner = design_matrix(inputs, other)
    age, town = inputs[0], inputs[2]
    assert owner.tolist() == [0, 0, 1, 2, 2, 2, 2, 3, 3, 4, 4]
    assert design.shape == (6, 11)
    assert design[:, 0] == pytest.approx(np.array([0, 0, -20, 20, 0, 0]) / age.scale)
    assert design[:, 1].tolist() == [0, 1, 0, 0, 1, 0]
    assert not design[:, 2].any()
    for column, level in enumerate(town.levels):
        assert design[:, 3 + column].tolist() == [
            float(v == level) for v in ("Ulm", "new", "", "Kiel", "Ulm", "Bonn")
        ]
    assert not design[:, 7].any()
    assert design[:, 8].all()


def test_codes_leave_numbers_as_they_are_and_what_is_unknown_missing() -> None:
    inputs = learn_inputs(FRAME, TARGET, KINDS)
    other = FRAME.assign(
        town=["Ulm", "new", None, "Kiel", "Ulm", "Bonn"], age=["40", "x", 20, np.inf, None, 1]
    )
    codes = code_matrix(inputs, other)
    assert codes[:, 0] == pytest.approx([40, np.nan, 20, np.nan, np.nan, 1], nan_ok=True)
    assert codes[:, 2] == pytest.approx([3, np.nan, 2, 1, 3, 0], nan_ok=True)
    assert np.isnan(codes[:, 3]).all()
    assert codes[:, 4].tolist() == FRAME["flag"].tolist()


def test_only_the_fifty_commonest_levels_have_a_column() -> None:
    names = [f"l{i:02}" for i in range(60) for _ in range(i + 1)]
    (code,) = learn_inputs(pd.DataFrame({"l": names}), np.arange(len(names), dtype=float), {})
    assert set(code.levels) == {f"l{i:02}" for i in range(10, 60)}
    assert code.codes is not None
    assert len(code.codes) == 60
