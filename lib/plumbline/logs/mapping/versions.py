"""Which column is the version of the model that decided."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from plumbline.domain.messages import message
from plumbline.logs.mapping.calendar import CALENDAR
from plumbline.logs.mapping.column_facts import ColumnFacts
from plumbline.logs.mapping.role_names import name_strength, normalise

if TYPE_CHECKING:
    from plumbline.logs.mapping.draft import Draft

#: what nothing but a version looks like
_SEMVER = re.compile(r"v?\d{1,6}\.\d{1,6}\.\d{1,6}([.-].*)?")
#: what versions look like, and other codes as well: otp-3, v2, 2011-H1, 2010.1
_SHAPE = re.compile(
    r"v?\d{1,4}(\.\d{1,6}){1,3}([-+.]?\w{1,20})?|[a-zA-Z]{1,12}[-_ .]?v?\d{1,4}(\.\d{1,4}){0,3}|"
    r"(19|20)\d\d[-_ .]?[HQhq]?\d{1,2}"
)
#: a number that counts releases of a year: 2010.1
_YEARLY = re.compile(r"(19|20)\d\d\.\d{1,2}")
_MOST = 200


def find(draft: Draft) -> ColumnFacts | None:
    """The column whose name is a version's; one that says so before the name of a model, one that varies first."""
    if draft.has("version"):
        return None
    named = [
        c
        for c in draft.unmapped_columns()
        if name_strength(c.name).get("version", 0) == 1 and 1 <= c.distinct <= _MOST
    ]
    version_names = ("ver", "release", "tag")
    best = max(
        named,
        key=lambda c: (any(w in normalise(c.name) for w in version_names), c.distinct > 1),
        default=None,
    )
    if best is None or best.distinct > 1 or any(w in normalise(best.name) for w in version_names):
        return best
    # the name of a model, the same in every row: what tells its releases apart is another column, if any
    usable = (c for c in draft.unmapped_columns() if not CALENDAR.search(normalise(c.name)))
    return next((c for c in usable if c.distinct <= 50 and looks_like_versions(c) and stretches(c)), best)


def guess_version(draft: Draft) -> None:
    """Where no column is called a version: by values that each hold for a stretch of the log; or a question."""
    if draft.has("version"):
        return
    usable = [c for c in draft.unmapped_columns() if c.present and not CALENDAR.search(normalise(c.name))]
    for column in usable:
        if column.distinct <= 50 and all(_SEMVER.fullmatch(level) for level in column.levels):
            draft.give(column, "version", 0.8, message("values such as {example}", example=column.present[0]))
            return
    for column in usable:
        half = name_strength(column.name).get("version", 0) > 0
        if half and column.distinct <= 50 and (looks_like_versions(column) or stretches(column)):
            why = message("its name, and values such as {example}", example=column.present[0])
            draft.give(column, "version", 0.85, why)
            return
    for column in usable:
        if 2 <= column.distinct <= 50 and looks_like_versions(column) and stretches(column):
            why = message(
                "values such as {example}, each for a stretch of the log", example=column.present[0]
            )
            draft.give(column, "version", 0.8, why)
            return
    for column in usable:
        if 2 <= column.distinct <= 20 and stretches(column) and not _is_fractional(column):
            some = ", ".join(level for level, _ in column.levels.most_common(3))
            draft.ask(
                message(
                    "Is {column} (such as {examples}) the model's version? It was taken for a feature.",
                    column=repr(column.name),
                    examples=some,
                ),
                column,
            )
            return


def looks_like_versions(column: ColumnFacts) -> bool:
    """Whether all values look like versions. Numbers do as years with the number of a release, such as 2010.1."""
    shape = _YEARLY if column.numeric else _SHAPE
    return all(shape.fullmatch(level) for level in column.levels)


def stretches(column: ColumnFacts) -> bool:
    """Whether each of several values holds for a stretch of the log."""
    runs = 1 + sum(a != b for a, b in pairwise(column.present))
    return column.distinct > 1 and len(column.present) > 50 and runs <= 3 * column.distinct


def _is_fractional(column: ColumnFacts) -> bool:
    """Numbers with fractions: a rate that changes seldom rather than a version."""
    return column.numeric and not column.is_whole
