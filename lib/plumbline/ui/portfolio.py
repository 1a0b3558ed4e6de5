"""The pieces of the Portfolio page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from plumbline.answers.faults import Fault
from plumbline.answers.governance.portfolio import SystemRow
from plumbline.domain import PlumblineError
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import plain
from plumbline.wording import numbers

TRENDS = {"better": "better", "worse": "worse", "same": "unchanged"}

WIDTHS = (230, 450, 230)  # of name, reason and figures, in pixels


def faults(found: Sequence[Fault]) -> None:
    """Name each system that could not be judged, and why; the others are listed all the same."""
    for fault in found:
        empty_states.failed(PlumblineError(f"{fault.title} could not be judged", todo=fault.sentence))


def table(rows: Sequence[SystemRow]) -> None:
    """One line a system: verdict, trend, first reason, money, reach, last decision; its name leads to its scorecard."""
    for row in rows:
        with st.container(border=True):
            with st.container(
                horizontal=True, gap="medium"
            ):  # wraps on a narrow screen; columns would cut names
                head, why, figures = (st.container(width=width, gap=None) for width in WIDTHS)
            with head, st.container(gap=None):
                empty_states.link(empty_states.Step("scorecard", row.title[:60]), {"system": row.key})
                st.markdown(cards.chip(row.verdict.value, row.verdict.value))
            with why, st.container(gap="xsmall"):
                st.markdown(cards.reason(row.reason, 120, clause=True))
                cards.note(_since(row))
            with figures:
                lines = (f":gray[{plain(name)}] {plain(value)}" for name, value in _figures(row))
                st.markdown("  \n".join(lines))


def _since(row: SystemRow) -> str:
    since = f"{row.verdict.value} since {numbers.day(row.since)}" if row.since else row.verdict.value
    if row.trend not in TRENDS:
        return f"{since}, judged for the first time"
    return f"{since}; {TRENDS[row.trend]}: {row.moved}"


def _figures(row: SystemRow) -> list[tuple[str, str]]:
    share = numbers.share(row.share) if row.share is not None else "unknown"
    last = numbers.day(row.last_decision) if row.last_decision else "none"
    return [
        ("At stake", numbers.stake(row.at_stake)),
        ("Of all interactions", share),
        ("Last decision", last),
    ]
