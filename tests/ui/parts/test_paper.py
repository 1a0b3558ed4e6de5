"""What a printer gets of a scrolling table: every row and cell as quoted HTML, and what is left out is said."""

from __future__ import annotations

import re

import pandas as pd

from plumbline.ui.language import reader
from plumbline.ui.parts import paper
from plumbline.ui.parts.paper import COLUMNS, ROWS, _html
from plumbline.wording.language import address


def cells(text: str) -> list[list[str]]:
    return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in re.findall(r"<tr>(.*?)</tr>", text)]


def test_every_cell_is_quoted_and_written_as_on_the_screen() -> None:
    frame = pd.DataFrame(
        {
            "<b>name": ["<script>x", None],
            "n": [12345, 1],
            "score": [0.25, float("nan")],
            "at": pd.to_datetime(["2026-03-01 10:00:00", None]),
        }
    )
    assert cells(_html(frame)) == [
        ["&lt;b&gt;name", "n", "score", "at"],
        ["&lt;script&gt;x", "12,345", "0.25", "2026-03-01 10:00:00"],
        ["", "1", "", ""],
    ]


def test_what_is_not_printed_is_said() -> None:
    few = pd.DataFrame({"a": range(ROWS)})
    assert len(cells(_html(few))) == 1 + ROWS
    assert "Printed" not in _html(few)
    many = pd.DataFrame({f"c{i}": range(ROWS + 1) for i in range(COLUMNS + 3)})
    assert len(cells(_html(many))) == 1 + ROWS
    assert {len(row) for row in cells(_html(many))} == {COLUMNS}
    assert "Printed: the first 200 of 201 rows, the first 12 of 15 columns." in _html(many)


def test_a_german_page_is_printed_in_german() -> None:
    address(reader("de"))
    try:
        text = _html(pd.DataFrame({"a": [1234.5] * (ROWS + 1)}))
    finally:
        address(None)
    assert cells(text)[1] == ["1.234"]
    assert "Gedruckt: die ersten 200 von 201 Zeilen." in text


def test_the_screen_hides_it_and_print_shows_it() -> None:
    """The class of the table is the one that the style speaks of, outside of print and inside."""
    from plumbline.ui.shell import STYLE

    screen, _, print_ = STYLE.read_text().partition("@media print")
    assert f".{paper.CLASS} {{ display: none; }}" in screen
    assert f".{paper.CLASS} {{ display: block; }}" in print_
