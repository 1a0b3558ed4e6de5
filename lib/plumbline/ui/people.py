"""The People page: everybody with a role, and the form by which an owner gives and takes them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from plumbline.answers.governance import access
from plumbline.domain.acts import MAY, Access, Person
from plumbline.store.workspace import Workspace
from plumbline.ui.frame import permissions, sign_in, signed_forms
from plumbline.ui.parts import cards, empty_states, tables
from plumbline.ui.parts.escape import one_line, plain
from plumbline.wording.times import iso_minute

NONE = "no role"


def real() -> Workspace:
    """The workspace that people have roles in, also while a file is only looked at."""
    return sign_in.workspace()


def opening(people: Sequence[Person]) -> None:
    """Whether anybody has to sign in, and how many may."""
    owners = sum(person.access is Access.OWNER for person in people)
    many = f"{len(people)} people have a role" if len(people) != 1 else "1 person has a role"
    if sign_in.email():
        cards.opening(f"Everybody signs in; {many}, {owners} as owner.")
        return
    cards.opening(
        "Nobody signs in: whoever reaches this address can see and change everything here.",
        f"{many[0].upper()}{many[1:]}. Roles hold once sign-in is on; the README says how.",
    )


def register(people: Sequence[Person]) -> None:
    """Everybody with a role, or what to do first."""
    if not people:
        empty_states.empty(
            "Nobody has a role yet.",
            "Give yourself the role of owner before sign-in is switched on: below, or in a terminal with "
            "`plumbline access ana@example.com owner`.",
        )
    else:
        tables.grid(
            [
                {
                    "E-mail": one_line(p.email),
                    "Role": p.access.value,
                    "Since (UTC)": f"{iso_minute(p.given_at)}",
                    "Given by": one_line(p.given_by),
                }
                for p in people
            ],
            alt="People: e-mail, role, since when, given by",
        )
    st.markdown(
        "\n".join(f"- **{permissions.article(role).capitalize()}** {plain(MAY[role])}." for role in Access)
    )


def change(people: Sequence[Person]) -> None:
    """Give a role, change it or take it away."""
    cards.section(
        "Give or take a role", "It holds from the next click. The trail keeps who gave and took it."
    )
    with st.form("people.role", border=False, clear_on_submit=True):
        left, right = st.columns(2, gap="large")
        email = left.text_input("E-mail", key="people.email", max_chars=250, placeholder="ana@example.com")
        role = right.selectbox("Role", [*(a.value for a in Access), NONE], key="people.role.value")
        by = signed_forms.signature("role", page="people")
        saved = permissions.submit("Save", permissions.OWNER, type=cards.leading())
    if not saved:
        return
    signed_forms.sign(by)
    if role == NONE:
        access.take(real(), email or "", by=by)
    else:
        access.give(real(), email or "", Access(str(role)), by=by)
    st.rerun()
