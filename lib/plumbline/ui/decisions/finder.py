"""The pieces of the Decisions page that find one: filters, a page of the log, the chosen row."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import randbelow
from typing import TYPE_CHECKING, Any

import streamlit as st

from plumbline.answers.decisions.find import (
    NEAR,
    PAGE,
    DecisionPage,
    Filter,
    count_decisions,
    find,
    random_decision,
)
from plumbline.domain import DecisionColumn
from plumbline.domain.decisions import Decision, bare_name, columns_of_role, role_of
from plumbline.profile.scope import number_range
from plumbline.store import systems
from plumbline.ui.parts import cards, empty_states, filters
from plumbline.ui.parts.escape import one_line
from plumbline.ui.parts.filters import title
from plumbline.ui.parts.paper import printed_table
from plumbline.ui.parts.tables import for_export
from plumbline.ui.state import session
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text
from plumbline.wording.quantities import count
from plumbline.wording.times import moment

if TYPE_CHECKING:
    import pandas as pd

FIRST = ("timestamp", "decision_id", "version", "arm", "prediction", "score", "label", "override", "subject")
TIMES = ("timestamp", "label_time", "trained_at")
#: named columns that are read unless asked for: each one costs time where the log is long
SHOWN = 10


def columns(view: View, key: str) -> list[str]:
    """What can be filtered and sorted by, the fixed columns first."""
    with view.ws.read() as cursor:
        named: list[DecisionColumn] = systems.decision_columns(cursor, key)
    return [*FIRST, *(column.name for column in named)]


def chosen(view: View, offered: Sequence[str]) -> tuple[tuple[Filter, ...], str, tuple[str, ...]]:
    """The bar's filters and the page's own; the order (a minus: descending); the columns to read."""
    conditions = filters.choose(offered)
    named = [c for c in offered if c not in FIRST]
    default = _default(named)
    session.SORT.set(session.SORT.get() if session.SORT.get() in offered else "timestamp")
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        order = st.selectbox(
            phrase("Sort by"),
            list(offered),
            key=session.SORT.name,
            bind="query-params",
            width=220,
            format_func=lambda c: one_line(_title(c), 60),
        )
        falling = st.toggle(
            phrase("largest or newest first"), value=True, key=session.FALLING.name, bind="query-params"
        )
        with st.popover(phrase("Columns"), icon=":material/view_column:"):
            wanted = st.multiselect(
                phrase("Columns beside the fixed ones"),
                named,
                default=default,
                key="decisions.columns",
                format_func=lambda c: one_line(_title(c), 60),
                help=phrase("The record of a decision always has all."),
            )
    asked = [column for column, _, _ in conditions if column in named]
    extra_columns = tuple(dict.fromkeys([*wanted, *asked]))
    return (
        (*_bar_filters(view), *conditions),
        f"{'-' if falling else ''}{order or 'timestamp'}",
        extra_columns,
    )


def _default(named: Sequence[str]) -> list[str]:
    """Inputs first; a column that is an input too is shown once."""
    inputs = columns_of_role(named, "feature")
    twins = {bare_name(c) for c in inputs}
    beside = [
        c
        for c in named
        if role_of(c) not in ("feature", "attribution", "proba") and bare_name(c) not in twins
    ]
    return [*inputs, *beside][:SHOWN]


def _bar_filters(view: View) -> list[Filter]:
    triples: list[Filter] = []
    for column, value in view.where:
        low, high = number_range(value) or (None, None)
        if value == "":
            triples.append((column, "is missing", ""))
        elif low is None and high is None:
            triples.append((column, "=", value))
        if low is not None:
            triples.append((column, ">=", repr(low)))
        if high is not None:
            triples.append((column, "<", repr(high)))
    if view.version:
        triples.append(("version", "=", view.version))
    zone = view.system.timezone if view.system else "UTC"
    if view.start:
        triples.append(("timestamp", ">=", moment(view.start, zone).isoformat()))
    if view.end:
        triples.append(("timestamp", "<", moment(view.end, zone).isoformat()))
    return triples


#: words of a button -> the one filter that it sets
PICKS = {
    screen_text("Wrong"): "wrong",
    screen_text("Near the cut-off"): NEAR,
    screen_text("Overruled by a person"): "overridden",
    screen_text("Not labelled yet"): "not labelled",
}


def quick_filters(view: View, key: str) -> None:
    """One click to the decisions that people look at first; each takes the place of the filters that were set."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button(
            phrase("One at random"),
            icon=":material/casino:",
            on_click=_draw,
            args=(view, key),
            help=phrase("Of the window, the version and the filter above the page."),
        )
        for label, words in PICKS.items():
            chosen = list(session.FILTERS.get() or []) == [words]
            st.button(
                localise(label),
                icon=":material/check:" if chosen else None,
                on_click=session.FILTERS.set,
                args=([] if chosen else [words],),
                key=f"decisions.pick.{words}",
            )


def _draw(view: View, key: str) -> None:
    held = random_decision(view.ws, key, view.slice, seed=randbelow(2**31))
    if held is not None:
        session.DECISION.set(held)


def decision_list(view: View, key: str) -> None:
    """The page of decisions that the reader has turned to; a new filter goes back to the first.

    Where nothing passes, the page says what to do. The rows come first, then how many there are in all.
    """
    quick_filters(view, key)
    wanted, order, extra_columns = chosen(view, columns(view, key))
    at = session.PAGE_AFTER.get()
    question = (key, wanted, order)
    after, before = (at[1], at[2]) if at and at[0] == question else (None, 0)
    page = ask(view, find, key, wanted, order=order, after=after, columns=extra_columns, count=False)
    if page.total == 0:
        empty_states.show_empty_state(
            phrase("No decision passes all of these filters."),
            phrase("Take one away here, or widen the window, the version or the filter above the page."),
        )
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button(phrase("First page"), disabled=after is None, on_click=session.PAGE_AFTER.clear)
        st.button(
            phrase("Next page"),
            disabled=page.next is None,
            on_click=session.PAGE_AFTER.set,
            args=((question, page.next, before + PAGE),),
        )
        place = st.empty()
    _count(place, page, before, phrase("not counted yet"))
    _table(page, order)
    if page.total is None:
        with place, st.spinner(phrase("Counting.")):
            total, more = ask(view, count_decisions, key, wanted)
        _count(
            place,
            page,
            before,
            phrase("more than {total}", total=count(total)) if more else count(total),
        )


def _count(place: Any, page: DecisionPage, before: int, total: str) -> None:
    """Which decisions these are, of how many."""
    of = (
        phrase("of {total}", total=total)
        if page.total is None
        else phrase("of {total}", total=count(page.total))
    )
    words = phrase(
        "Decisions {before} to {before_2} {of}. Times are UTC.",
        before=count(before + 1),
        before_2=count(before + len(page.rows)),
        of=of,
    )
    if page.near is not None:
        low, high = page.near.score - page.near.near, page.near.score + page.near.near
        words += phrase(
            " Near the cut-off of {score} means a score from {low} to {high}: the nearest 5 %.",
            score=numbers.significant(page.near.score),
            low=numbers.significant(low),
            high=numbers.significant(high),
        )
    with place:
        cards.note(words)


def _table(page: DecisionPage, order: str) -> None:
    """One page of the log; a click on a row makes it the decision that is explained."""
    frame = page.rows
    rows = frame[["decision_id", "_load_id", "_line"]].to_dict("records")
    ids = [Decision({str(name): value for name, value in row.items()}).id for row in rows]
    shown = _arrange_columns(frame, order.removeprefix("-"))
    with st.container(gap=None):
        st.dataframe(
            for_export(shown),
            key="decisions.table",
            hide_index=True,
            height=min(38 + 35 * max(len(shown), 1), 420),
            on_select=_choose,
            selection_mode="single-row",
            placeholder=numbers.DASH,
            column_config={str(c): _column(str(c)) for c in shown.columns},
            alt=phrase(
                "Decisions: time, id, version, prediction, score, label and inputs; select a row to explain it"
            ),
        )
        printed_table(shown.rename(columns=_heading))
    session.PAGE_IDS.set(tuple(ids))


def _heading(column: str) -> str:
    words = one_line(_title(column), 40)
    return words[:1].upper() + words[1:] if ":" not in column else words


def _column(column: str) -> Any:
    words = _heading(column)
    if column in TIMES:
        return st.column_config.DatetimeColumn(words, format="YYYY-MM-DD HH:mm:ss")
    if column == "score" or role_of(column) == "proba":
        return st.column_config.NumberColumn(words, format="%.4g")
    return st.column_config.Column(words)


def _title(column: str) -> str:
    return localise(title(column), "column") if column in FIRST else title(column)


def _choose() -> None:
    picked = st.session_state["decisions.table"]["selection"]["rows"]
    ids = session.PAGE_IDS.get()
    if picked and picked[0] < len(ids):
        session.DECISION.set(ids[picked[0]])


def _arrange_columns(frame: pd.DataFrame, order: str) -> pd.DataFrame:
    """Without our own columns and those that hold nothing here; fixed ones first, then inputs; pseudonyms cut.

    Times other than the decision's are in its record; here where they are what it is ordered by.
    """
    hidden = {name for name in TIMES[1:] if name != order}
    shown_columns = [
        c
        for c in frame.columns
        if not str(c).startswith("_") and c not in hidden and not frame[c].isna().all()
    ]
    place = {column: i for i, column in enumerate(FIRST)}
    last = len(place)

    def position(column: Any) -> int:
        beside = 0 if role_of(str(column)) == "feature" else 1
        return last + 2 if column == "subject" else place.get(str(column), last + beside)

    shown = frame[sorted(shown_columns, key=position)].copy()
    # pyarrow reads aware times by a road that pandas 4 closes
    for name in shown.columns.intersection([*TIMES]):
        shown[name] = shown[name].dt.tz_convert("UTC").dt.tz_localize(None)
    if "subject" in shown.columns:
        shown["subject"] = [
            f"{subject[:8]}…" if isinstance(subject, str) else None for subject in shown["subject"]
        ]
    return shown


def selected_id() -> str:
    """The decision to explain: typed, chosen in the table, or named by the link."""
    return str(
        st.text_input(
            phrase("Decision"),
            key=session.DECISION.name,
            bind="query-params",
            width=316,
            max_chars=200,
            placeholder=phrase("an id, or select a row below"),
        )
        or ""
    ).strip()
