"""Filters as a person writes and reads them: ``income_k >= 30``, ``wrong``; several at once, in the query string."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from plumbline.answers.decisions.find import ASKED, BETWEEN, COMPARISONS, Filter
from plumbline.domain import TEXT
from plumbline.profile.scan.decisions import MARK_OPERATOR, MARKED
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import one_line
from plumbline.ui.state import session
from plumbline.wording.language import localise, phrase, screen_text

NO_VALUE = ("is missing", "is there")
#: the longest first, so that "<=" is not read as "<"
_SIGNS = sorted(COMPARISONS, key=len, reverse=True)
HELP = screen_text(
    "Type a filter and press Enter: a column, a comparison, a value. For example score "
    "between 0.4..0.6, region = north, label is missing, wrong."
)

#: roles of which what is kept as text goes by the role's own words
_BESIDE = ("label_time", "trained_at", "override", "proba", "attribution")


def title(column: str) -> str:
    """A column as its reader knows it: features by their bare name, the rest with their role."""
    role, _, name = column.partition(":")
    if not name:
        return {"decision_id": "id", "timestamp": "time"}.get(role, role.replace("_", " "))
    if role == "proba":
        return f"probability of {name}"
    if role == TEXT:
        return f"{title(name) if name.partition(':')[0] in _BESIDE else name} (text)"
    return name if role == "feature" else f"{role} {name}"


def filter_text(item: Filter) -> str:
    """A filter in words, as ``understood`` reads it."""
    column, operator, value = item
    if (column, operator) == (MARKED, MARK_OPERATOR):
        return value
    return f"{title(column)} {operator} {value}".strip()


def understood(text: str, offered: Sequence[str]) -> Filter | None:
    """The filter that a text means; None where it means none."""
    words = text.strip()
    if words in ASKED:
        return (MARKED, MARK_OPERATOR, words)
    names = [(name, column) for column in offered for name in (column, title(column))]
    for name, column in sorted(names, key=lambda item: -len(item[0])):
        if not words.casefold().startswith(name.casefold()):
            continue
        rest = words[len(name) :].lstrip()
        for sign in _SIGNS:
            if not rest.casefold().startswith(sign):
                continue
            value = rest[len(sign) :].strip()
            if bool(value) != (sign in NO_VALUE):
                return (column, sign, value)
    return None


def choose(offered: Sequence[str]) -> tuple[Filter, ...]:
    """The filters of this page; what cannot be read is said and left out."""
    filters = list(session.FILTERS.get() or [])
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        texts = st.multiselect(
            phrase("Only decisions where all of this holds"),
            list(dict.fromkeys([*filters, *ASKED])),
            key=session.FILTERS.name,
            bind="query-params",
            accept_new_options=True,
            help=localise(HELP),
            placeholder=phrase("wrong, or type e.g. score >= 0.5"),
            width="stretch",
        )
        with st.popover(phrase("Add a filter"), icon=":material/filter_alt:"):
            _form(offered)
    filters_read = []
    for text in texts:
        item = understood(str(text), offered)
        if item is None:
            cards.note(
                phrase(
                    "Not understood, so left out: {text}. {help}",
                    text=one_line(text, 120),
                    help=localise(HELP),
                )
            )
        else:
            filters_read.append(item)
    return tuple(filters_read)


def _form(offered: Sequence[str]) -> None:
    column = st.selectbox(
        phrase("Column"), list(offered), key="decisions.column", format_func=lambda c: one_line(title(c), 60)
    )
    operator = str(
        st.selectbox(phrase("Comparison"), list(COMPARISONS), format_func=localise, key="decisions.operator")
    )
    value = ""
    if operator not in NO_VALUE:
        hint = "30..40" if operator == BETWEEN else ""
        value = str(st.text_input(phrase("Value"), key="decisions.value", placeholder=hint) or "").strip()
    ready = bool(column) and (bool(value) or operator in NO_VALUE)
    st.button(
        phrase("Add"),
        disabled=not ready,
        on_click=_add,
        args=((str(column), operator, value),),
        key="decisions.add",
    )


def _add(item: Filter) -> None:
    held = list(session.FILTERS.get() or [])
    session.FILTERS.set([*held, filter_text(item)])
