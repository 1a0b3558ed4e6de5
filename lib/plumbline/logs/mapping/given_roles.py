"""The roles that a person gave, with the kind and the format of the columns' own content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.domain import SINGLE_ROLES, Kind, PlumblineError, RoleName
from plumbline.domain.messages import message, word
from plumbline.logs.mapping.column_facts import ColumnFacts, is_percent

if TYPE_CHECKING:
    from plumbline.logs.mapping.draft import Draft

SAID, TAKEN = word("said by a person"), word("another column has this role")
_TIMES = ("timestamp", "label_time", "trained_at")


def take(draft: Draft) -> None:
    """Give each column the roles that a person said.

    Raises:
        PlumblineError: the file has no such column, two columns have a single role, or a column is to be a time and
            cannot be read as one.
    """
    columns = {c.name: c for c in draft.columns}
    holder: dict[str, str] = {}
    for name, spelt in draft.stated.maps:
        if name not in columns:
            raise PlumblineError(
                message("The file has no column {name}", name=repr(name)),
                todo=message("It has: {names}.", names=", ".join(columns)),
            )
        role = RoleName.parse(spelt, name)
        if role.role in SINGLE_ROLES and holder.setdefault(role.role, name) != name:
            raise two_columns_error(role.role, holder[role.role], name)
        _give(draft, columns[name], role)


def two_columns_error(role: str, first: str, second: str) -> PlumblineError:
    """Two columns of a role that only one can have."""
    return PlumblineError(
        message(
            "{first} and {second} both have the role {role}, which only one column can have",
            first=repr(first),
            second=repr(second),
            role=role,
        ),
        todo="Give one of them another role.",
    )


def _give(draft: Draft, column: ColumnFacts, role: RoleName) -> None:
    kind, form = None, ""
    if role.role in _TIMES:
        form = _time(draft, column, role.role)
    elif role.role in (
        "score",
        "proba",
        "prediction",
        "label",
        "override",
        "feature",
        "segment",
        "protected",
        "attribution",
        "weight",
    ):
        kind, form = content(column)
        if role.role == "score" and "percent" not in form.split() and percents(column):
            form = f"percent {form}".strip()
        if role.role in ("segment", "protected") and column.distinct <= 50:
            kind, form = Kind.CATEGORICAL, ""
    draft.give(column, role.role, 1.0, SAID, kind=kind, form=form, name=role.name)


def content(column: ColumnFacts) -> tuple[Kind, str]:
    """The kind of a column's content and the format of its numbers."""
    bare = column.without_percent() if not column.numeric and is_percent(column) else column
    if not bare.numeric:
        return Kind.CATEGORICAL, ""
    return (
        Kind.NUMERIC,
        f"percent {bare.numerals.format}".strip() if bare is not column else bare.numerals.format,
    )


def percents(column: ColumnFacts) -> bool:
    """Numbers from 0 to 100 of which some are above 1, as a score in per cent is; a few whole ones are grades."""
    values = [v for v in column.numerals.values if v == v]  # NaN is no number of them
    grades = column.is_whole and column.distinct <= 20
    return bool(values) and min(values) >= 0 and 1 < max(values) <= 100 and not grades


def _time(draft: Draft, column: ColumnFacts, role: str) -> str:
    """The format of a column that a person called a time."""
    from plumbline.logs.mapping import times

    if column.times is None:
        some = f"it holds {column.present[0][:60]!r}" if column.present else "it is empty"
        raise PlumblineError(
            message(
                "{name} was given the role {role} and cannot be read as a time: {some}",
                name=repr(column.name),
                role=role,
                some=some,
            ),
            todo="Write times as 2026-12-31 23:59:59, or give another column that role.",
        )
    times.ask_about_times(draft, column, role)
    return column.times.format
