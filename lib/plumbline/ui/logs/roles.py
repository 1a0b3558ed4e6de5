"""The roles of a loaded system's columns on the Logs page: what they are, and changing them in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from plumbline.answers.data.roles import change_roles, roles_of, undo_roles
from plumbline.ui.frame import jobs, permissions, sign_in
from plumbline.ui.logs.role_words import say_role
from plumbline.ui.parts import cards, tables
from plumbline.ui.parts.escape import one_line
from plumbline.ui.state.view import View
from plumbline.wording.language import phrase

#: roles that a loaded column can be given in place
CHANGEABLE = (
    "feature", "segment", "protected", "prediction", "score", "label", "version", "arm", "override",
    "decision_id", "ignore",
)  # fmt: skip
NONE = "–"


def section(view: View) -> None:
    """Give loaded columns other roles in place, and take that back; the work shows how far it is."""
    system = view.system
    roles = roles_of(view.ws, system.key) if system else {}
    if system is None or not roles:
        return
    cards.section(
        phrase("What the loaded columns mean"),
        phrase(
            "Give a column another role here, e.g. to make a model input a protected attribute. "
            "The rows stay as they are, everything is counted anew, and the change can be undone."
        ),
    )
    left, middle, right = st.columns(3, gap="medium")
    column = str(
        left.selectbox(
            phrase("Column"), list(roles), format_func=lambda c: one_line(c, 60), key="logs.roles.column"
        )
    )
    now = ", ".join(_words(roles.get(column, ())))
    role = middle.selectbox(
        phrase("Role"),
        CHANGEABLE,
        index=None,
        placeholder=one_line(phrase("Now: {now}", now=now), 60),
        key="logs.roles.role",
        format_func=say_role,
    )
    also = right.selectbox(
        phrase("Second role"), [NONE, "segment", "protected"], key="logs.roles.also", format_func=say_role
    )
    asked = [f"{column}={role}", *([f"{column}={also}"] if also != NONE else [])] if role else []
    with st.container(horizontal=True, vertical_alignment="center"):
        change = permissions.button(
            phrase("Change it"), permissions.ANALYST, disabled=not asked or jobs.is_load_running()
        )
        back = permissions.button(
            phrase("Undo the last change"), permissions.ANALYST, disabled=jobs.is_load_running()
        )
    if change or back:
        who, ws = sign_in.actor(), view.ws
        jobs.start(
            ws,
            phrase("Roles of {title}", title=system.title),
            lambda say: (
                change_roles(ws, system.key, asked, actor=who, progress=say)
                if change
                else undo_roles(ws, system.key, actor=who, progress=say)
            ),
            what="change",
        )
        st.rerun()
    _table(roles)


def _words(roles: Sequence[str]) -> list[str]:
    """The roles in words, a name only where it is not the column's."""
    return [say_role(role.partition(":")[0]) for role in roles]


def _table(held: Mapping[str, Sequence[str]]) -> None:
    tables.grid(
        [
            {
                "Column": one_line(column, 80),
                "Roles": ", ".join(_words(roles)),
                "Name": one_line(next((r.partition(":")[2] for r in roles if ":" in r), NONE), 80),
            }
            for column, roles in held.items()
        ],
        alt=phrase("Columns of the log: name in the file, roles, name in Plumbline"),
        height=420 if len(held) > 11 else None,
    )
