"""The pieces of the Portfolio page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from plumbline.answers.portfolio import SystemRow
from plumbline.charts import numbers
from plumbline.ui import cards, states
from plumbline.ui.plain import plain


def table(rows: Sequence[SystemRow]) -> None:
    """One line a system: verdict, first reason, money, reach, last decision, and the way to its scorecard."""
    for row in rows:
        with st.container(border=True):
            head, why, figures = st.columns([5, 8, 5], gap="medium")
            with head, st.container(gap="xsmall"):
                st.markdown(f"**{plain(row.title, 60)}**")
                st.markdown(cards.chip(row.verdict.value, row.verdict.value))
                states.link(states.Step("scorecard", "Scorecard"), {"system": row.key})
            with why, st.container(gap="xsmall"):
                st.markdown(cards.reason(row.reason, 220))
                if row.since:
                    cards.note(f"{row.verdict.value} since {numbers.day(row.since)}")
            with figures:
                lines = (f":gray[{plain(name)}] {plain(value)}" for name, value in _figures(row))
                st.markdown("  \n".join(lines))


def _figures(row: SystemRow) -> list[tuple[str, str]]:
    amount = row.at_stake.get("amount")
    lines = []
    if amount is not None:
        lines.append(("At stake", numbers.money(float(amount), str(row.at_stake.get("currency", "")))))
    lines.append(("Share of interactions", numbers.share(row.share) if row.share is not None else "unknown"))
    lines.append(("Decisions", numbers.count(row.decisions)))
    if row.last_decision:
        lines.append(("Last decision", numbers.day(row.last_decision)))
    return lines
