"""Buttons that a person without the right sees greyed out, with the sentence why.

What they would do is refused below the screens as well (``store.access.permissions``).
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from plumbline.domain.acts import Access
from plumbline.ui.frame import sign_in
from plumbline.ui.parts import cards
from plumbline.wording.language import localise, phrase

ANALYST, OWNER = Access.ANALYST, Access.OWNER


def submit(label: str, needed: Access, **options: Any) -> bool:
    """A form's button."""
    allowed = sign_in.may(needed)
    _role_note(needed, allowed)
    disabled = bool(options.pop("disabled", False)) or not allowed
    return st.form_submit_button(label, disabled=disabled, **options) and allowed


def button(label: str, needed: Access, **options: Any) -> bool:
    """A button outside of a form."""
    allowed = sign_in.may(needed)
    _role_note(needed, allowed)
    disabled = bool(options.pop("disabled", False)) or not allowed
    return st.button(label, disabled=disabled, **options) and allowed


def is_allowed(needed: Access) -> bool:
    """Whether the person may; if not, the page says who may."""
    may = sign_in.may(needed)
    _role_note(needed, may)
    return may


def _role_note(needed: Access, allowed: bool) -> None:
    if not allowed:
        cards.note(
            phrase(
                "Only {role} may do this. Ask an owner of this workspace for the role.",
                role=localise(article(needed), "role"),
            )
        )


def article(role: Access) -> str:
    """``a viewer``, ``an owner``."""
    return f"{'an' if role.value[0] in 'aeiou' else 'a'} {role.value}"
