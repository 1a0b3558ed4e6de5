"""What is handed out for a spreadsheet: formulas defused, everything else as it was."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.wording.safe_csv import escape_formula, safe_csv


@pytest.mark.parametrize(
    ("cell", "safe"), [("=1+1", "'=1+1"), ("\tx", "'\tx"), ("-3", "'-3"), ("a=1", "a=1"), ("", "")]
)
def test_only_what_could_be_a_formula_is_marked(cell: str, safe: str) -> None:
    assert escape_formula(cell) == safe


@given(st.lists(st.text(), min_size=2, max_size=2))
def test_cells_read_back_as_they_were_but_for_the_mark(texts: list[str]) -> None:
    said = safe_csv(texts, [texts, (None, -0.5)])
    header, row, numbers = csv.reader(io.StringIO(said, newline=""))
    assert header == row == [escape_formula(text) for text in texts]
    assert numbers == ["", "-0.5"]
