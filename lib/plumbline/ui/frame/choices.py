"""What the bar can offer for a system: versions, filters and their levels, and the span of its log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import streamlit as st

from plumbline.domain import Kind
from plumbline.profile.read import profiles
from plumbline.profile.scan import group_outcomes
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from plumbline.ui.parts.escape import escape
from plumbline.ui.state import links, session
from plumbline.wording.language import localise, phrase

#: roles whose columns are offered as filters, in this order; features only where they are categorical
FILTERS = ("segment", "protected", "feature")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """``versions`` in order of first sight; ``columns`` to filter by a level, ``numeric`` ones by a range."""

    versions: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    first: datetime | None = None
    last: datetime | None = None


@st.cache_data(max_entries=64, show_spinner=False)
def choices(_ws: Workspace, path: str, key: str, change: int) -> Choices:
    """The choices of a system; ``path`` and ``change`` are the key of the cache."""
    with _ws.read() as cursor:
        system = systems.get_system(cursor, key)
        hours = profiles.version_hours(cursor, system)
        decision_columns = systems.decision_columns(cursor, key)
    columns = tuple(
        c.name
        for role in FILTERS
        for c in decision_columns
        if c.role.role == role and (role != "feature" or c.kind is Kind.CATEGORICAL)
    )
    numeric = tuple(c.name for c in decision_columns if c.role.role == "feature" and c.kind is Kind.NUMERIC)
    if not len(hours.hours):
        return Choices(columns=columns, numeric=numeric)
    order = np.argsort(hours.first, kind="stable")
    versions = dict.fromkeys(hours.versions[i] for i in order if hours.versions[i])
    return Choices(
        versions=tuple(versions),
        columns=columns,
        numeric=numeric,
        first=_time(hours.first.min()),
        last=_time(hours.last.max()),
    )


@st.cache_data(max_entries=256, show_spinner=False)
def levels(_ws: Workspace, path: str, key: str, column: str, change: int) -> tuple[str, ...]:
    """The values of a column, the most frequent first, at most 200."""
    with _ws.read() as cursor:
        sizes = group_outcomes.group_sizes(cursor, systems.get_system(cursor, key), column)
    return tuple(str(name) for name, _, _ in sizes)


def _time(at: np.datetime64) -> datetime:
    seconds: datetime = at.astype("datetime64[us]").item()
    return seconds.replace(tzinfo=UTC)


def note_absent_choice(name: str, options: Sequence[str], what: str, absent: list[str]) -> None:
    """Add to ``absent`` what a link asks for that is not here, instead of quietly showing another."""
    if st.session_state.get(name) not in (None, *options):
        st.session_state.pop(name)
    wanted = links.link_value(name) or (st.query_params.get(name) if name == session.SYSTEM.name else None)
    if wanted and wanted not in options:
        absent.append(
            phrase(
                "The link asked for {what} {wanted}, which is not here.",
                what=localise(what, "link"),
                wanted=escape(wanted, 60),
            )
        )
