"""The guessed mapping as a table that a person can change by hand: one row a column, one or two roles each."""

from __future__ import annotations

from collections.abc import Mapping as Names
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from plumbline.domain import IGNORE, NAMED_ROLES, SINGLE_ROLES, ColumnMap, Mapping
from plumbline.ui.parts.escape import one_line
from plumbline.ui.parts.tables import for_export
from plumbline.wording.safe_csv import no_formula

OPTIONS = (*SINGLE_ROLES, *NAMED_ROLES, IGNORE)
#: a second role that a column can have beside its first
NONE = "–"
ALSO = (NONE, *NAMED_ROLES)
#: roles in words, where the spelling of the command line is no word
SPOKEN = {
    "decision_id": "decision id", "label": "outcome (label)", "label_time": "time of the outcome", "arm": "test arm",
    "trained_at": "time of training", "subject": "person or subject", "override": "human override",
    "protected": "protected attribute", "proba": "class probability", "attribution": "contribution (attribution)",
    "weight": "sample weight", IGNORE: "not used",
}  # fmt: skip
#: confidence below which a guess is marked as worth a look
SURE = 0.8


def say_role(role: object) -> str:
    """A role in words."""
    return SPOKEN.get(str(role), str(role))


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table: a column and the guesses that it shows, the second one only under the same name."""

    column: str
    maps: tuple[ColumnMap, ...]

    @property
    def means(self) -> str:
        return self.maps[0].role.role

    @property
    def also(self) -> str:
        return self.maps[1].role.role if len(self.maps) > 1 else NONE

    @property
    def name(self) -> str:
        return next((m.role.name for m in self.maps if m.role.name), "")


def lines(maps: Sequence[ColumnMap]) -> list[Line]:
    """The rows of the table: a second role joins its column's row where both go by one name."""
    made: list[Line] = []
    for item in maps:
        last = made[-1] if made else None
        if (
            last
            and last.column == item.column
            and len(last.maps) == 1
            and item.role.role in ALSO
            and last.name in ("", item.role.name)
        ):
            made[-1] = Line(item.column, (*last.maps, item))
        else:
            made.append(Line(item.column, (item,)))
    return made


def editor(
    mapping: Mapping, samples: Names[str, Sequence[object]], key: str, fresh: Sequence[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Draw the mapping and return what the person changed.

    Args:
        samples: a few values of each column, to see what is meant.
        key: of the widget; a new file needs a new one.
        fresh: columns that the remembered mapping did not have.

    Returns:
        (column, role) for every role of every column of which one was changed.
    """
    import pandas as pd

    rows = lines(mapping.columns)
    frame = pd.DataFrame(
        {
            "Column": [one_line(row.column, 80) for row in rows],
            "Role": [row.means for row in rows],
            "Second role": [row.also for row in rows],
            "Examples": [", ".join(one_line(v, 24) for v in samples.get(row.column, ())[:3]) for row in rows],
            "Confidence": [_sure(row, fresh) for row in rows],
            "Name": [one_line(row.name, 80) for row in rows],
            "Reason": [one_line("; ".join(m.reason for m in row.maps), 200) for row in rows],
        }
    )
    changed = st.data_editor(
        for_export(frame),
        key=key,
        hide_index=True,
        height="auto" if len(frame) <= 30 else 1100,
        disabled=["Column", "Examples", "Confidence", "Reason"],
        column_config={
            "Column": st.column_config.TextColumn(width="medium"),
            "Role": st.column_config.SelectboxColumn(
                options=list(OPTIONS),
                required=True,
                width="medium",
                help="What the column holds. Click to change it.",
                format_func=say_role,
            ),
            "Second role": st.column_config.SelectboxColumn(
                options=list(ALSO),
                width=130,
                format_func=say_role,
                help="A second role, e.g. a feature that is a protected attribute as well.",
            ),
            "Examples": st.column_config.TextColumn(width="medium"),
            "Confidence": st.column_config.TextColumn(
                width="small", help="● sure, ▲ worth a look, ◆ new since the log before."
            ),
            "Name": st.column_config.TextColumn(
                width="small",
                max_chars=80,
                help="The name of a feature, segment, class or protected attribute.",
            ),
            "Reason": st.column_config.TextColumn(width="large"),
        },
        alt="Columns of the file, the role of each, a second role, examples, confidence, name and reason",
    )
    return changes(
        mapping.columns, list(changed["Role"]), list(changed["Second role"]), list(changed["Name"])
    )


def changes(
    maps: Sequence[ColumnMap], means: Sequence[str], also: Sequence[object], names: Sequence[object]
) -> tuple[tuple[str, str], ...]:
    """Every (column, role) of the columns of which a role or a name differs from the guess."""
    said: dict[str, list[str]] = {}
    touched = set()
    for row, first, second, name in zip(lines(maps), means, also, names, strict=True):
        words = str(name).strip() if isinstance(name, str) else ""
        if words == no_formula(one_line(row.name, 80)):  # a cut name that nobody touched is no change
            words = row.name
        roles = [first, *([second] if second in NAMED_ROLES and second != first else [])]
        spelt = [f"{role}:{words or row.column}" if role in NAMED_ROLES else role for role in roles]
        said.setdefault(row.column, []).extend(spelt)
        if spelt != [str(m.role) for m in row.maps]:
            touched.add(row.column)
    return tuple((column, role) for column, items in said.items() if column in touched for role in items)


def _sure(row: Line, fresh: Sequence[str]) -> str:
    least = min(m.confidence for m in row.maps)
    mark = "◆ new," if row.column in fresh else "●" if least >= SURE else "▲"
    return f"{mark} {least:.0%}"
