"""The first ten rows as they will be loaded, and what the mapping makes possible."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from plumbline.answers.data.load import preview_file
from plumbline.domain import Mapping, PlumblineError
from plumbline.logs.load.preview import Preview
from plumbline.ui.logs.role_words import gains
from plumbline.ui.parts import cards, empty_states, tables
from plumbline.ui.parts.escape import one_line, plain
from plumbline.ui.state import session
from plumbline.ui.state.view import View

_NONE = "–"


def rows(
    view: View,
    token: str,
    path: Path,
    mapping: Mapping,
    *,
    labels: bool,
    system: str,
    sheet: str | None = None,
) -> bool:
    """Draw the preview under the mapping as it now stands; False where it cannot be loaded so."""
    key = (token, mapping, labels, system, view.ws.path)
    held = session.PREVIEW.get()
    try:
        if held and held[0] == key:
            seen: Preview = held[1]
        else:
            seen = preview_file(view.ws, path, mapping, labels=labels, system=system, sheet=sheet)
            session.PREVIEW.set((key, seen))
    except PlumblineError as error:
        empty_states.failed(error)
        return False
    total = len(seen.rows) + len(seen.unparsed)
    bad = f", {seen.bad} of them would go to quarantine" if seen.bad else ""
    cards.section("As they will be loaded", f"The first {total} rows{bad}. Times are shown in UTC.")
    table = [
        {"": f"▲ {_words(row.reason)}" if row.reason else "● loads"}
        | {
            _head(role, column): one_line(_NONE if cell is None else cell, 60)
            for (role, column), cell in zip(seen.columns, row.cells, strict=True)
        }
        for row in seen.rows
    ]
    table += [{"": f"▲ {_words(reason)}: {one_line(raw, 120)}"} for reason, raw in seen.unparsed]
    tables.grid(
        [{name: line.get(name, "") for name in table[0]} for line in table] if table else [],
        alt="The first rows as they will be loaded: whether each loads, then a column a role",
    )
    return True


def _head(role: str, column: str) -> str:
    base, _, name = role.partition(":")
    return one_line(role, 60) if not column or column in (base, name) else one_line(f"{role} ← {column}", 80)


def _words(reason: str) -> str:
    return one_line(reason.replace("_", " "))


def worth(mapping: Mapping) -> None:
    """What each role makes possible, and what the absence of one costs."""
    told = gains(column.role.role for column in mapping.columns)
    there = [f"{cards.word('pass', role)} {plain(words)}" for role, words, has in told if has]
    lacking = [
        f"{cards.word('unknown', f'no {role}')} {plain(words)}" for role, words, has in told if not has
    ]
    cards.note("What each role makes possible, and what the absence of one costs:")
    left, right = st.columns(2, gap="large")
    left.markdown("  \n".join(there) or "Nothing yet.")
    right.markdown("  \n".join(lacking) or "Nothing is lacking.")
