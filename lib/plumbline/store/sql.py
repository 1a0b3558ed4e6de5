"""Composing SQL safely: every identifier passes through ``ident``, every value is a parameter."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class Statement(NamedTuple):
    """SQL, or a part of it, with the parameters that it names."""

    sql: str
    params: dict[str, Any]


def ident(name: str) -> str:
    """Quote an identifier for DuckDB.

    Raises:
        PlumblineError: the name holds a NUL character, which no identifier may.
    """
    if "\x00" in name:
        raise PlumblineError("A column name holds a NUL character", todo="Rename the column and load again.")
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a string constant, for the few places where DuckDB takes no parameter (reader options)."""
    return "'" + text.replace("'", "''") + "'"


def system_key(title: str) -> str:
    """The key of a system made from its title: lower case, letters, digits and dashes.

    Raises:
        PlumblineError: nothing usable is left.
    """
    key = re.sub(r"[^a-z0-9_-]+", "-", title.strip().lower()).strip("-_")[:63]
    if not _KEY.fullmatch(key):
        raise PlumblineError(
            message("{title} cannot name a system", title=repr(title)),
            todo="Use letters, digits and dashes, e.g. credit-limits.",
        )
    return key


def decision_table(key: str) -> str:
    """The quoted name of a system's decision table; the key was checked when the system was made."""
    if not _KEY.fullmatch(key):
        raise PlumblineError(
            message("There is no system {key}", key=repr(key)), todo="See the list: plumbline systems."
        )
    return ident(f"decision_{key}")
