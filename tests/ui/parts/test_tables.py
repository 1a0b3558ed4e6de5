"""What a grid shows can be saved and copied by Streamlit as it is."""

from __future__ import annotations

from unittest.mock import patch

import pandas as pd
import streamlit as st

from plumbline.ui.language import reader
from plumbline.ui.parts.tables import for_export, grid
from plumbline.wording.language import address
from plumbline.wording.quantities import plural


def test_no_cell_or_name_of_a_grid_is_a_formula_where_it_is_saved() -> None:
    frame = pd.DataFrame(
        {
            "=cmd": ["=1+1", "@SUM(A1)", None],
            "text": ["-2+3|x", "-2.5", "+3 %"],
            "n": [1, -2, 3],
            "cut": ["a", "b", "-"],
        }
    ).astype({"cut": "category"})
    safe = for_export(frame)
    assert list(safe.columns) == ["'=cmd", "text", "n", "cut"]
    assert safe["'=cmd"].tolist()[:2] == ["'=1+1", "'@SUM(A1)"]
    assert safe["text"].tolist() == ["'-2+3|x", "-2.5", "+3 %"]
    assert safe["n"].tolist() == [1, -2, 3]
    assert safe["cut"].tolist() == ["a", "b", "'-"]


def test_a_count_with_its_noun_is_said_in_the_reader_s_language() -> None:
    address(reader("de"))
    try:
        with patch.object(st, "dataframe") as drawn:
            grid([{"Name": "x", "In charge for": plural(54, "hour")}], alt="x")
    finally:
        address(None)
    assert drawn.call_args.args[0].iloc[0].tolist() == ["x", "54 Stunden"]


def test_differences_and_ranges_stay_as_they_are_written_and_nothing_hides_behind_one() -> None:
    ours = ["+10.3 points", "+1.2 to +3.4", "−0.5 points to +2 points", "-1.2 %"]
    hostile = ["+1+HYPERLINK()", "+5 to =A1", "-1 points|x", "+1 %\n=2"]
    safe = for_export(pd.DataFrame({"ours": ours, "hostile": hostile}))
    assert safe["ours"].tolist() == ours
    assert safe["hostile"].tolist() == [f"'{cell}" for cell in hostile]
