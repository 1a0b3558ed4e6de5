"""Tables on paper. A scrolling table is a canvas, of which a printer gets the rows that happen to be visible: the same
rows stand beside it as plain HTML, which the screen hides and print shows instead (``frame/page.css``)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from plumbline.wording import numbers
from plumbline.wording.language import phrase
from plumbline.wording.times import iso_second

if TYPE_CHECKING:
    import pandas as pd

#: the class by which the style knows such a table
CLASS = "plumbline-paper"
#: rows and columns of a table that are printed; what is left out is said below it
ROWS, COLUMNS = 200, 12


def printed_table(frame: pd.DataFrame) -> None:
    """The rows of a scrolling table for the printer; call it right after the table, in one container with it."""
    st.html(_html(frame))


def _html(frame: pd.DataFrame) -> str:
    """The first rows and columns as an HTML table in which every cell is quoted."""
    shown = frame.iloc[:ROWS, :COLUMNS]
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in shown.columns)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in shown.itertuples(index=False, name=None))
    left_out = _left_out(*frame.shape)
    note = f"<p>{escape(left_out)}</p>" if left_out else ""
    return (
        f'<div class="{CLASS}"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}</div>'
    )


def _cells(row: Iterable[object]) -> str:
    return "".join(f"<td>{escape(_text(value))}</td>" for value in row)


def _text(value: object) -> str:
    """A cell in words, its number as the reader's language writes it."""
    import pandas as pd

    if isinstance(value, list) or pd.isna(value):  # type: ignore[call-overload]
        return ""
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, datetime):
        return iso_second(value)
    if isinstance(value, int):
        return numbers.count(value)
    if isinstance(value, float) and math.isfinite(value):
        return numbers.cell_value(value)
    return str(value)


def _left_out(rows: int, columns: int) -> str:
    """What of the table is not on the paper; empty where all of it is."""
    parts = []
    if rows > ROWS:
        parts.append(
            phrase("the first {shown} of {all} rows", shown=numbers.count(ROWS), all=numbers.count(rows))
        )
    if columns > COLUMNS:
        parts.append(
            phrase(
                "the first {shown} of {all} columns",
                shown=numbers.count(COLUMNS),
                all=numbers.count(columns),
            )
        )
    return phrase("Printed: {parts}.", parts=", ".join(parts)) if parts else ""
