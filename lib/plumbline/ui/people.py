"""The People page: everybody with a role, and the form by which an owner gives and takes them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from plumbline.answers.governance import access
from plumbline.domain.acts import MAY, Access, Person
from plumbline.store.workspace import Workspace
from plumbline.ui.frame import permissions, sign_in, signed_forms
from plumbline.ui.parts import cards, empty_states, tables
from plumbline.ui.parts.escape import escape, one_line
from plumbline.wording.language import localise, phrase, screen_text
from plumbline.wording.times import iso_minute

NONE = screen_text("no role", "role")


def real_workspace() -> Workspace:
    """The workspace that people have roles in, also while a file is only looked at."""
    return sign_in.workspace()


def opening(people: Sequence[Person]) -> None:
    """Whether anybody has to sign in, and how many may."""
    owners = sum(person.access is Access.OWNER for person in people)
    many = (
        phrase("{people} people have a role", people=len(people))
        if len(people) != 1
        else phrase("1 person has a role")
    )
    if sign_in.email():
        cards.opening(phrase("Everybody signs in; {many}, {owners} as owner.", many=many, owners=owners))
        return
    cards.opening(
        phrase("Nobody signs in: whoever reaches this address can see and change everything here."),
        phrase(
            "{many:capital}. Roles hold once sign-in is on; the README says how.",
            many=many,
        ),
    )


def register(people: Sequence[Person]) -> None:
    """Everybody with a role, or what to do first."""
    if not people:
        empty_states.show_empty_state(
            phrase("Nobody has a role yet."),
            phrase(
                "Give yourself the role of owner before sign-in is switched on: below, or in a "
                "terminal with `plumbline access ana@example.com owner`."
            ),
        )
    else:
        tables.grid(
            [
                {
                    "E-mail": one_line(p.email),
                    "Role": localise(p.access.value, "role"),
                    "Since (UTC)": f"{iso_minute(p.given_at)}",
                    "Given by": one_line(p.given_by),
                }
                for p in people
            ],
            alt=phrase("People: e-mail, role, since when, given by"),
        )
    st.markdown("\n".join(f"- **{_article(role)}** {escape(localise(MAY[role]))}." for role in Access))


def change(people: Sequence[Person]) -> None:
    """Give a role, change it or take it away."""
    cards.section(
        phrase("Give or take a role"),
        phrase("It holds from the next click. The trail keeps who gave and took it."),
    )
    with st.form("people.role", border=False, clear_on_submit=True):
        left, right = st.columns(2, gap="large")
        email = left.text_input("E-mail", key="people.email", max_chars=250, placeholder="ana@example.com")
        role = right.selectbox(
            phrase("Role"),
            [*(a.value for a in Access), NONE],
            format_func=lambda role: localise(role, "role"),
            key="people.role.value",
        )
        by = signed_forms.signature("role", page="people")
        saved = permissions.submit(phrase("Save"), permissions.OWNER, type=cards.leading_type())
    if not saved:
        return
    signed_forms.sign(by)
    if role == NONE:
        access.take(real_workspace(), email or "", by=by)
    else:
        access.give(real_workspace(), email or "", Access(str(role)), by=by)
    st.rerun()


def _article(role: Access) -> str:
    words = localise(permissions.article(role), "role")
    return words[:1].upper() + words[1:]
