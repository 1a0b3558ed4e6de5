"""The guessed mapping as a table that a person can change by hand: one row a column, one or two roles each."""

from __future__ import annotations

from collections.abc import Mapping as Names
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from plumbline.domain import IGNORE, NAMED_ROLES, SINGLE_ROLES, ColumnMap, Mapping
from plumbline.ui.logs.role_words import say_role
from plumbline.ui.parts.escape import one_line
from plumbline.ui.parts.tables import for_export
from plumbline.wording.language import localise, phrase
from plumbline.wording.quantities import percent
from plumbline.wording.safe_csv import escape_formula

OPTIONS = (*SINGLE_ROLES, *NAMED_ROLES, IGNORE)
#: a second role that a column can have beside its first
NONE = "–"
ALSO = (NONE, *NAMED_ROLES)
#: confidence below which a guess is marked as worth a look
SURE = 0.8


@dataclass(frozen=True, slots=True)
class MappingLine:
    """One row of the table: a column and the guesses that it shows, the second one only under the same name."""

    column: str
    maps: tuple[ColumnMap, ...]

    @property
    def first_role(self) -> str:
        return self.maps[0].role.role

    @property
    def second_role(self) -> str:
        return self.maps[1].role.role if len(self.maps) > 1 else NONE

    @property
    def name(self) -> str:
        return next((m.role.name for m in self.maps if m.role.name), "")

    @property
    def confidence(self) -> float:
        return min(m.confidence for m in self.maps)


def lines(maps: Sequence[ColumnMap]) -> list[MappingLine]:
    """The rows of the table: a second role joins its column's row where both go by one name."""
    lines: list[MappingLine] = []
    for item in maps:
        last = lines[-1] if lines else None
        if (
            last
            and last.column == item.column
            and len(last.maps) == 1
            and item.role.role in ALSO
            and last.name in ("", item.role.name)
        ):
            lines[-1] = MappingLine(item.column, (*last.maps, item))
        else:
            lines.append(MappingLine(item.column, (item,)))
    return lines


def doubtful_columns(maps: Sequence[ColumnMap], fresh: Sequence[str] = ()) -> tuple[str, ...]:
    """The columns worth a look, which come first: those of which the guess is not sure, and those that are new."""
    unsure = dict.fromkeys(m.column for m in maps if m.confidence < SURE)
    return tuple(dict.fromkeys((*unsure, *fresh)))


def editor(
    mapping: Mapping,
    samples: Names[str, Sequence[object]],
    key: str,
    fresh: Sequence[str] = (),
    *,
    first: Sequence[str] = (),
    bars: Names[str, Sequence[int]] | None = None,
) -> tuple[tuple[str, str], ...]:
    """Draw the mapping and return what the person changed.

    Args:
        samples: a few values of each column, to see what is meant.
        key: of the widget; a new file needs a new one.
        fresh: columns that the remembered mapping did not have.
        first: columns that come first, whatever becomes of them: a row must not move while it is corrected.
        bars: a histogram a column; without, none is shown.

    Returns:
        (column, role) for every role of every column of which one was changed.
    """
    import pandas as pd

    ahead = set(first)
    rows = sorted(lines(mapping.columns), key=lambda row: row.column not in ahead)
    frame = pd.DataFrame(
        {
            "Column": [one_line(row.column, 80) for row in rows],
            "Role": [row.first_role for row in rows],
            "Second role": [row.second_role for row in rows],
            "Values": [list((bars or {}).get(row.column, ())) for row in rows],
            "Examples": [", ".join(one_line(v, 24) for v in samples.get(row.column, ())[:3]) for row in rows],
            "Confidence": [_confidence_text(row, fresh) for row in rows],
            "Reason": [one_line("; ".join(localise(m.reason) for m in row.maps), 200) for row in rows],
            "Name": [one_line(row.name, 80) for row in rows],
        }
    )
    changed = st.data_editor(
        for_export(frame if bars else frame.drop(columns="Values")),
        key=key,
        hide_index=True,
        height="auto" if len(frame) <= 30 else 1100,
        disabled=["Column", "Values", "Examples", "Confidence", "Reason"],
        column_config={
            "Column": st.column_config.TextColumn(phrase("Column"), width=150),
            "Role": st.column_config.SelectboxColumn(
                phrase("Role"),
                options=list(OPTIONS),
                required=True,
                width=215,
                help=phrase("What the column holds. Double-click, or press Enter, to change it."),
                format_func=say_role,
            ),
            "Second role": st.column_config.SelectboxColumn(
                phrase("Second role"),
                options=list(ALSO),
                width=110,
                format_func=say_role,
                help=phrase("A second role, e.g. a model input that is a protected attribute as well."),
            ),
            "Values": st.column_config.BarChartColumn(
                phrase("Values"),
                width=110,
                help=phrase(
                    "How the first rows are spread: numbers and times from least to greatest, words by "
                    "how often each stands there. Nothing is drawn where nearly every cell differs."
                ),
            ),
            "Examples": st.column_config.TextColumn(phrase("Examples"), width=150),
            "Confidence": st.column_config.TextColumn(
                phrase("Confidence"),
                width=92,
                help=phrase("● sure, ▲ worth a look, ◆ new since the log before."),
            ),
            "Reason": st.column_config.TextColumn(phrase("Reason"), width="medium"),
            "Name": st.column_config.TextColumn(
                phrase("Name"),
                width="small",
                max_chars=80,
                help=phrase("The name of a model input, segment, class or protected attribute."),
            ),
        },
        alt=phrase(
            "Columns of the file, the role of each, a second role, values, examples, confidence, "
            "reason and name"
        ),
    )
    return changes(rows, list(changed["Role"]), list(changed["Second role"]), list(changed["Name"]))


def column_form(mapping: Mapping, key: str, first: Sequence[str] = ()) -> tuple[tuple[str, str], ...]:
    """The same for one column in three plain boxes, for whoever uses no mouse or cannot see the table.

    Returns:
        as ``editor``; nothing until a role is chosen that the column does not have.
    """
    rows = sorted(lines(mapping.columns), key=lambda row: row.column not in set(first))
    mapping_lines = {row.column: row for row in reversed(rows)}
    left, middle, right = st.columns(3, gap="medium")
    column = left.selectbox(
        phrase("Column"),
        list(dict.fromkeys(row.column for row in rows)),
        format_func=lambda name: one_line(name, 60),
        key=f"{key}.column",
    )
    if column is None:
        return ()
    row = mapping_lines[column]
    role = middle.selectbox(
        phrase("Role"),
        OPTIONS,
        index=OPTIONS.index(row.first_role),
        format_func=say_role,
        key=f"{key}.role.{column}",
    )
    also = right.selectbox(
        phrase("Second role"),
        ALSO,
        index=ALSO.index(row.second_role),
        format_func=say_role,
        key=f"{key}.also.{column}",
    )
    return changes([row], [str(role)], [also], [row.name])


def changes(
    rows: Sequence[MappingLine], means: Sequence[str], also: Sequence[object], names: Sequence[object]
) -> tuple[tuple[str, str], ...]:
    """Every (column, role) of the columns of which a role or a name differs from the guess."""
    roles_by_column: dict[str, list[str]] = {}
    touched = set()
    for row, first, second, name in zip(rows, means, also, names, strict=True):
        words = str(name).strip() if isinstance(name, str) else ""
        if words == escape_formula(one_line(row.name, 80)):  # a cut name that nobody touched is no change
            words = row.name
        roles = [first, *([second] if second in NAMED_ROLES and second != first else [])]
        spelt = [f"{role}:{words or row.column}" if role in NAMED_ROLES else role for role in roles]
        roles_by_column.setdefault(row.column, []).extend(spelt)
        if spelt != [str(m.role) for m in row.maps]:
            touched.add(row.column)
    return tuple(
        (column, role) for column, items in roles_by_column.items() if column in touched for role in items
    )


def _confidence_text(row: MappingLine, fresh: Sequence[str]) -> str:
    mark = phrase("◆ new,") if row.column in fresh else "●" if row.confidence >= SURE else "▲"
    return f"{mark} {localise(percent(row.confidence, '.0f'))}"
