"""The guessed mapping as a table that a person can change by hand."""

from __future__ import annotations

from collections.abc import Mapping as Names
from collections.abc import Sequence

import streamlit as st

from plumbline.domain import IGNORE, NAMED_ROLES, SINGLE_ROLES, ColumnMap, Mapping
from plumbline.ui.plain import one_line

OPTIONS = (*SINGLE_ROLES, *NAMED_ROLES, IGNORE)
#: confidence below which a guess is marked as worth a look
SURE = 0.8


def editor(mapping: Mapping, samples: Names[str, Sequence[object]], key: str) -> tuple[tuple[str, str], ...]:
    """Draw the mapping, one row a column and role, and return what the person changed.

    Args:
        samples: a few values of each column, to see what is meant.
        key: of the widget; a new file needs a new one.

    Returns:
        (column, role) for every role of every column of which one was changed.
    """
    import pandas as pd

    maps = mapping.columns
    frame = pd.DataFrame(
        {
            "Column": [one_line(m.column, 80) for m in maps],
            "Means": [m.role.role for m in maps],
            "Named": [one_line(m.role.name, 80) for m in maps],
            "Examples": [", ".join(one_line(v, 24) for v in samples.get(m.column, ())[:3]) for m in maps],
            "Sure": [_sure(m) for m in maps],
            "Why": [one_line(m.reason, 160) for m in maps],
        }
    )
    changed = st.data_editor(
        frame,
        key=key,
        hide_index=True,
        height=min(38 + 35 * len(frame), 460),
        disabled=["Column", "Examples", "Sure", "Why"],
        column_config={
            "Column": st.column_config.TextColumn(width="medium"),
            "Means": st.column_config.SelectboxColumn(options=list(OPTIONS), required=True, width="small"),
            "Named": st.column_config.TextColumn(
                width="small",
                max_chars=80,
                help="The name of a feature, segment, class or protected attribute.",
            ),
            "Examples": st.column_config.TextColumn(width="medium"),
            "Sure": st.column_config.TextColumn(width="small"),
            "Why": st.column_config.TextColumn(width="large"),
        },
        alt="Columns of the file, what each means, its name, examples, confidence and reason",
    )
    return changes(maps, list(changed["Means"]), list(changed["Named"]))


def changes(
    maps: Sequence[ColumnMap], roles: Sequence[str], names: Sequence[object]
) -> tuple[tuple[str, str], ...]:
    """Every (column, role) of the columns of which a role or a name differs from the guess."""
    said: dict[str, list[str]] = {}
    touched = set()
    for guess, role, name in zip(maps, roles, names, strict=True):
        text = role
        if role in NAMED_ROLES:
            words = str(name).strip() if isinstance(name, str) else ""
            text = f"{role}:{words or guess.column}"
        said.setdefault(guess.column, []).append(text)
        if text != _spelt(guess):
            touched.add(guess.column)
    return tuple((column, role) for column, items in said.items() if column in touched for role in items)


def _spelt(guess: ColumnMap) -> str:
    """The role as the table spells it: a cut name that nobody touched is no change."""
    if guess.role.role in NAMED_ROLES:
        return f"{guess.role.role}:{one_line(guess.role.name, 80) or guess.column}"
    return guess.role.role


def _sure(guess: ColumnMap) -> str:
    mark = "●" if guess.confidence >= SURE else "▲"
    return f"{mark} {guess.confidence:.0%}"
