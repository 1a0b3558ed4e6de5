"""The pieces of the Logs page about what was loaded: the last result, all loads, the quarantine."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from plumbline.answers.data.file_group import LoadBatch
from plumbline.answers.data.load import undo_load
from plumbline.answers.data.removal import is_removable, remove_system
from plumbline.domain import Load, PlumblineError
from plumbline.ui.frame import drill_down, permissions, sign_in
from plumbline.ui.logs import group, scroll
from plumbline.ui.logs.role_words import say_reason
from plumbline.ui.parts import cards, empty_states, tables
from plumbline.ui.parts.cards import Figure
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase
from plumbline.wording.times import iso_minute


def result() -> None:
    """What the last load did: rows read are loaded, duplicates or quarantined, always."""
    last: Load | LoadBatch | None = session.RESULT.get()
    if last is None:
        return
    with st.container(border=True):
        if isinstance(last, LoadBatch):
            group.result(last)
        else:
            _one_load(last)
        with st.container(horizontal=True, vertical_alignment="center"):
            empty_states.link(empty_states.NextPage("scorecard", phrase("See the verdict")))
            query = drill_down.whole_log_query(last.system)
            empty_states.link(empty_states.NextPage("accuracy", phrase("See the accuracy")), query)
            st.button(phrase("Close"), on_click=session.RESULT.clear, type="tertiary")
            scroll.to_top(session.UPLOAD_TURN.get())  # the button that was pressed is far below


def _one_load(load: Load) -> None:
    nothing = not load.rows_loaded and not load.labels_joined
    cards.section(
        phrase("{file} holds nothing that is new to {system}", file=load.file, system=load.system)
        if nothing
        else phrase("{file} is loaded into {system}", file=load.file, system=load.system)
    )
    items = [
        Figure(
            name=phrase("Rows read"),
            value=numbers.count(load.rows_read),
            note=phrase("the sum of the three beside it"),
        ),
        Figure(name=phrase("Loaded"), value=numbers.count(load.rows_loaded)),
        Figure(
            name=phrase("Duplicates"),
            value=numbers.count(load.rows_duplicate),
            note=phrase("already there, left out") if load.rows_duplicate else "",
        ),
        Figure(
            name=phrase("Quarantined"),
            value=numbers.count(load.rows_quarantined),
            note=phrase("kept below, with the reason") if load.rows_quarantined else "",
        ),
    ]
    if load.kind == "labels":
        items[1] = Figure(
            name=phrase("Labels joined"),
            value=numbers.count(load.labels_joined),
            note=phrase("{rows_loaded} rows", rows_loaded=numbers.count(load.rows_loaded)),
        )
    cards.figures(items, inside=True)
    for reason, n in load.reasons.items():
        st.markdown(f"{cards.word('watch', numbers.count(n))} {escape(say_reason(reason))}")
    for words in load.notes:
        cards.note(localise(words))
    group.unchecked(load)


def table(loads: Sequence[Load]) -> None:
    """All loads, newest first, those taken back included."""
    tables.grid(
        [
            {
                "Load": load.load_id,
                "When (UTC)": f"{iso_minute(load.at)}",
                "File": one_line(load.file, 60),
                "Holds": localise(load.kind, "load")
                if load.retry_of is None
                else phrase("rows of load {retry_of}", retry_of=load.retry_of),
                "Read": load.rows_read,
                "Loaded": load.rows_loaded,
                "Duplicates": load.rows_duplicate,
                "Quarantined": load.rows_quarantined,
                "Labels joined": load.labels_joined,
                "Reference": phrase("yes") if load.reference else phrase("no"),
                "By": one_line(load.actor, 40),
                "State": cards.glyph("undone") if load.undone_at else phrase("● loaded"),
                "SHA-256": load.sha256[:12],
            }
            for load in loads
        ],
        alt=phrase("Loads: number, time, file, rows read, loaded, duplicates, quarantined, labels joined"),
    )


def undo(view: View, loads: Sequence[Load]) -> None:
    """Take a load back, profiles included; its line in the register stays."""
    there = {load.load_id: load for load in loads if load.undone_at is None}
    if not there:
        return
    with st.expander(phrase("Undo a load")):
        chosen = st.selectbox(
            phrase("Load"),
            list(there),
            format_func=lambda i: f"{i}: {one_line(there[i].file, 60)}",
            key="logs.undo.load",
            width=489,
        )
        pushes = there[chosen].pushes if chosen is not None else 0
        sure = (
            st.checkbox(
                phrase(
                    "Remove the decisions, labels and counts of all its {pushes} pushes",
                    pushes=numbers.count(pushes),
                ),
                key=f"logs.undo.sure.{chosen}.{pushes}",  # a tick is for the pushes that were drawn with it
            )
            if pushes > 1
            else st.checkbox(phrase("Remove its decisions, labels and counts"), key="logs.undo.sure")
        )
        if (
            permissions.button(phrase("Undo it"), permissions.ANALYST, disabled=not sure or chosen is None)
            and chosen is not None
            and sure
        ):
            try:
                removed = undo_load(
                    view.ws, int(chosen), actor=sign_in.actor(), pushes=pushes if pushes > 1 else None
                )
            except PlumblineError as error:
                empty_states.show_error(error)
                return
            session.RESULT.clear()
            st.toast(
                phrase(
                    "Load {chosen} is undone: {removed} rows removed.",
                    chosen=chosen,
                    removed=numbers.count(removed),
                )
            )
            st.rerun()


def remove(view: View) -> None:
    """Delete a system that holds nothing."""
    if view.system is None or view.scratch or not is_removable(view.ws, view.system.key):
        return
    with st.expander(phrase("Remove this system")):
        cards.note(phrase("It holds no decision. What was stated of it goes; the trail keeps what was done."))
        sure = st.checkbox(phrase("Delete what was stated of it"), key="logs.remove.sure")
        if permissions.button(phrase("Remove it"), permissions.OWNER, disabled=not sure):
            try:
                remove_system(view.ws, view.system.key, actor=sign_in.actor())
            except PlumblineError as error:
                empty_states.show_error(error)
                return
            session.SYSTEM.clear()
            st.rerun()
