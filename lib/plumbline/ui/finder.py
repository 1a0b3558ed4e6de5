"""The pieces of the Decisions page that find one: filters, a page of the log, the chosen row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from plumbline.answers.decisions import PAGE, DecisionPage, find
from plumbline.domain import DecisionColumn
from plumbline.profile.decisions import OPERATORS
from plumbline.profile.scope import number_range
from plumbline.store import systems
from plumbline.ui import cards, session
from plumbline.ui.ask import ask
from plumbline.ui.plain import one_line
from plumbline.ui.view import View

if TYPE_CHECKING:
    import pandas as pd

Triple = tuple[str, str, str]
FIRST = ("timestamp", "decision_id", "version", "arm", "prediction", "score", "label", "override")
TIMES = ("timestamp", "label_time", "trained_at")
NO_VALUE = ("is missing", "is there")
ANYTHING = "anything"


def columns(view: View, key: str) -> list[str]:
    """What can be filtered and sorted by, the fixed columns first."""
    with view.ws.read() as cursor:
        named: list[DecisionColumn] = systems.decision_columns(cursor, key)
    return [*FIRST, *(column.name for column in named)]


def title(column: str) -> str:
    """A column as its reader knows it: features by their bare name, the rest with their role."""
    role, _, name = column.partition(":")
    if not name:
        return role.replace("_", " ")
    return name if role == "feature" else f"{role} {name}"


def filters(view: View, offered: Sequence[str]) -> tuple[tuple[Triple, ...], str]:
    """The sidebar's choice and one filter of the page's own; and the order, a column with a minus if descending."""
    own: list[Triple] = []
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        column = st.selectbox(
            "Where",
            [ANYTHING, *offered],
            format_func=lambda c: one_line(title(c), 60),
            key="decisions.column",
            width=220,
        )
        if column not in (None, ANYTHING):
            operator = str(st.selectbox("is", list(OPERATORS), key="decisions.operator", width=120))
            value = ""
            if operator not in NO_VALUE:
                value = str(st.text_input("Value", key="decisions.value", width=160) or "").strip()
            if value or operator in NO_VALUE:
                own.append((str(column), operator, value))
        order = st.selectbox(
            "Sort by",
            list(offered),
            format_func=lambda c: one_line(title(c), 60),
            key="decisions.order",
            width=220,
        )
        falling = st.toggle("largest or newest first", value=True, key="decisions.falling")
    return (*_sidebar(view), *own), f"{'-' if falling else ''}{order or 'timestamp'}"


def _sidebar(view: View) -> list[Triple]:
    triples: list[Triple] = []
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
    if view.start:
        triples.append(("timestamp", ">=", view.start.isoformat()))
    if view.end:
        triples.append(("timestamp", "<", view.end.isoformat()))
    return triples


def page(view: View, key: str, chosen: tuple[Triple, ...], order: str) -> DecisionPage:
    """The page of decisions that the reader has turned to; a new filter goes back to the first."""
    at = session.PAGE_AFTER.get()
    question = (key, chosen, order)
    after = at[1] if at and at[0] == question else None
    found = ask(view, find, key, chosen, order=order, after=after)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button("First page", disabled=after is None, on_click=session.PAGE_AFTER.clear)
        st.button(
            "Next page",
            disabled=found.next is None,
            on_click=session.PAGE_AFTER.set,
            args=((question, found.next),),
        )
        more = " and more follow" if found.next else ""
        cards.note(f"{len(found.rows)} decisions on this page{more}, at most {PAGE}. Times are UTC.")
    return found


def table(found: DecisionPage) -> None:
    """One page of the log; a click on a row makes it the decision that is explained."""
    frame = found.rows
    ids = [name(row) for row in frame[["decision_id", "_load_id", "_line"]].to_dict("records")]
    shown = _ordered(frame)
    st.dataframe(
        shown, key="decisions.table", hide_index=True, height=min(38 + 35 * max(len(shown), 1), 420),
        on_select=_choose, selection_mode="single-row",
        column_config={str(c): _column(str(c)) for c in shown.columns},
        alt="Decisions: time, id, version, prediction, score, label and inputs; select a row to explain it",
    )  # fmt: skip
    session.PAGE_IDS.set(tuple(ids))


def _column(column: str) -> Any:
    words = one_line(title(column), 40)
    if column in TIMES:
        return st.column_config.DatetimeColumn(words, format="YYYY-MM-DD HH:mm:ss", timezone="UTC")
    return st.column_config.Column(words)


def name(row: Mapping[Any, Any]) -> str:
    """What a decision is looked up by: its id, or load and line where the log has no ids."""
    held = row["decision_id"]
    return str(held) if isinstance(held, str) and held else f"#{int(row['_load_id'])}:{int(row['_line'])}"


def _choose() -> None:
    picked = st.session_state["decisions.table"]["selection"]["rows"]
    ids = session.PAGE_IDS.get()
    if picked and picked[0] < len(ids):
        session.DECISION.set(ids[picked[0]])


def _ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Without our own columns and without those that this page has nothing in; fixed columns first."""
    kept = [c for c in frame.columns if not str(c).startswith("_") and not frame[c].isna().all()]
    place = {column: i for i, column in enumerate(FIRST)}
    return frame[sorted(kept, key=lambda c: place.get(str(c), len(place)))]


def asked() -> str:
    """The decision to explain: typed, chosen in the table, or named by the link."""
    return str(
        st.text_input(
            "Decision", key=session.DECISION.name, bind="query-params", width=316, max_chars=200,
            placeholder="an id, or select a row below",
        )
        or ""
    ).strip()  # fmt: skip
