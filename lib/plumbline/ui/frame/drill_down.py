"""Links from a picture to what lies behind it: a bar's rows, a chunk's rows, a feature in one chunk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from plumbline.domain import FeatureDrift
from plumbline.ui.frame import bar, bar_filter
from plumbline.ui.parts import empty_states
from plumbline.ui.parts.empty_states import NextPage
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.ui.state.windows import DATES
from plumbline.wording import numbers
from plumbline.wording.language import phrase


def clicked_mark(event: Any) -> Any:
    """The ``customdata`` of the one mark that was selected in a picture; None where none is."""
    points = (event or {}).get("selection", {}).get("points", [])
    held = points[0].get("customdata") if points else None
    return held if held is None or isinstance(held, (list, str)) else list(held)


def dates(system: str, start: datetime | None, end: datetime | None) -> dict[str, str]:
    """The query of a window of whole days, end not included."""
    query = {session.SYSTEM.name: system}
    if start or end:
        query[session.WINDOW.name] = DATES
    if start:
        query[session.FROM.name] = start.date().isoformat()
    if end:
        query[session.TO.name] = (end - timedelta(microseconds=1)).date().isoformat()
    return query


def whole_log_query(system: str) -> dict[str, str]:
    """The query of a link from a page that shows no window, version or filter: what other pages had goes."""
    return bar.WITHOUT | {session.SYSTEM.name: system}


def to_rows(
    system: str, start: datetime | None, end: datetime | None, where: tuple[str, str] | None, words: str = ""
) -> None:
    """To the decisions of a window, of one value or range where given."""
    query = dates(system, start, end)
    if where is not None:
        query |= {session.WHERE.name: where[0], session.LEVEL.name: where[1]}
    text = words or phrase("The decisions of {span}", span=numbers.span(start, end))
    empty_states.link(NextPage("decisions", escape(text)), query)


def narrower_query(view: View, system: str, where: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The query that narrows the bar to these values as well, in the same window and version."""
    asked = dates(system, view.start, view.end)
    if view.version:
        asked[session.VERSION.name] = view.version
    return asked | bar_filter.query((*view.where, *((column, value) for column, value in where)))


def clicked_span(event: Any) -> tuple[datetime, datetime] | None:
    """The chunk of the mark that was selected in a trend, UTC; None where none is."""
    mark = clicked_mark(event)
    if not isinstance(mark, list) or len(mark) != 2:
        return None
    start, end = (datetime.fromisoformat(str(at)) for at in mark)
    return (start.replace(tzinfo=start.tzinfo or UTC), end.replace(tzinfo=end.tzinfo or UTC))


def chunk_links(page: str, query: dict[str, str], closer: dict[str, str] | None = None) -> None:
    """From a chunk: this page over it alone, its decisions, and what shifted in it."""
    with st.container(horizontal=True, gap="medium"):
        empty_states.link(NextPage(page, phrase("Zoom to these days")), query | (closer or {}))
        empty_states.link(NextPage("decisions", phrase("See its decisions")), query)
        empty_states.link(NextPage("drift", phrase("What shifted in it")), query)


def two_windows_link(
    system: str, first: tuple[datetime, datetime], second: tuple[datetime, datetime]
) -> None:
    """To Accuracy with two spans of days of all decisions side by side, ends not included."""
    days = [d for start, end in (first, second) for d in (start, end - timedelta(microseconds=1))]
    query = {key.name: d.date().isoformat() for key, d in zip(session.TWO_WINDOWS, days, strict=True)}
    words = NextPage("accuracy", phrase("Compare both windows by every metric"))
    empty_states.link(words, whole_log_query(system) | query | {session.SECTION.name: "Two windows"})


def to_chunk(system: str, drift: FeatureDrift) -> None:
    """To this page with the chunk as its window and the feature chosen."""
    query = dates(system, drift.start, drift.end) | {session.FEATURE.name: drift.feature}
    empty_states.link(
        NextPage("drift", phrase("Only {span}", span=escape(numbers.span(drift.start, drift.end)))), query
    )


def short_value(value: str) -> str:
    """A value or range as a link says it: long decimals rounded."""
    low, start, high = value.partition("..")
    if not start:
        return one_line(value, 40)
    sides = [numbers.cell_value(float(f"{float(side):.6g}")) if side else "" for side in (low, high)]
    if not sides[0]:
        return phrase("below {high}", high=sides[1])
    return (
        phrase("{low} and above", low=sides[0])
        if not sides[1]
        else phrase("{low} to {high}", low=sides[0], high=sides[1])
    )
