"""Filters in words and back."""

from __future__ import annotations

import pytest

from plumbline.answers.decisions.find import ASKED, COMPARISONS
from plumbline.ui.parts.filters import NO_VALUE, filter_text, understood

OFFERED = (
    "timestamp",
    "decision_id",
    "score",
    "feature:age",
    "feature:age = old",
    "segment:region",
    "protected:sex",
)


@pytest.mark.parametrize("column", OFFERED)
@pytest.mark.parametrize("operator", COMPARISONS)
def test_what_is_spelled_is_understood(column: str, operator: str) -> None:
    item = (column, operator, "" if operator in NO_VALUE else "a = b")
    assert understood(filter_text(item), OFFERED) == item


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("age>=30", ("feature:age", ">=", "30")),
        ("Score between 0.4..0.6", ("score", "between", "0.4..0.6")),
        ("segment:region = north = south", ("segment:region", "=", "north = south")),
        *[(mark, ("decision", "is", mark)) for mark in ASKED],
        ("age", None), ("age =", None), ("label is missing now", None), ("nothing = 1", None), ("", None),
    ],
)  # fmt: skip
def test_what_is_typed_is_understood_or_refused(text: str, item: object) -> None:
    assert understood(text, OFFERED) == item
