"""Which columns of a log are about complaints: only where the name says so, the cells fit, and no other one does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from plumbline.domain import Kind
from plumbline.domain.messages import word
from plumbline.logs.mapping.column_facts import ColumnFacts
from plumbline.logs.mapping.draft import Draft
from plumbline.logs.mapping.role_names import normalise

_COMPLAINT = "complaint|beschwerde|reclamation|reclamacion|reclamo"
_DAY = r"(_(date|day|at|on|am|datum|fecha|data))?"
_NAMES = {
    "complaint_answer": re.compile(
        rf"({_COMPLAINT})_(answer|answered|response|responded|reply|replied|resolved|antwort|beantwortet|respuesta){_DAY}"
    ),
    "complaint": re.compile(
        rf"({_COMPLAINT})(_(received|opened|filed|made|eingang|eingegangen))?{_DAY}|has_complaint|complained{_DAY}|beschwerdedatum"
    ),
}
_FLAGS = {"0", "1", "yes", "no", "y", "n", "true", "false", "ja", "nein"}


def find(draft: Draft) -> None:
    """Give the columns that are about complaints their roles; before times are looked for, as a complaint's day is one
    that lies after its decision, as an outcome's."""
    free = draft.unmapped_columns()
    for name, role in complaint_roles(free).items():
        column = next(c for c in free if c.name == name)
        draft.give(column, role, 0.9, word("its name, and what it holds"), kind=Kind.CATEGORICAL, name=name)


def complaint_roles(columns: Sequence[ColumnFacts]) -> dict[str, str]:
    """Column to role: ``complaint`` and ``complaint_answer``; neither where two columns could be it."""
    roles: dict[str, str] = {}
    for role, names in _NAMES.items():
        fits = [
            c.name
            for c in columns
            if names.fullmatch(normalise(c.name))
            and (c.present or role == "complaint_answer")  # none may be answered yet
            and all(
                _is_date(cell) or (role == "complaint" and cell.strip().lower() in _FLAGS)
                for cell in c.present
            )
        ]
        if len(fits) == 1:
            roles[fits[0]] = role
    return roles if "complaint" in roles.values() else {}


def _is_date(cell: str) -> bool:
    try:
        datetime.fromisoformat(cell.strip().replace("Z", "+00:00"))
    except ValueError:
        return False
    return True
