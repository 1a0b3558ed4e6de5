"""The pieces of the Portfolio page: every system in one picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from plumbline.answers.faults import SystemFault
from plumbline.answers.governance.portfolio import Overview, SystemRow, Total, overview
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.charts.sparkline import sparkline
from plumbline.charts.style import Mode
from plumbline.domain import PlumblineError, Point, Verdict
from plumbline.domain.messages import Quantity
from plumbline.monitor.performance.money_at_stake import StakeState, say_stake, stake_state
from plumbline.store.workspace import Workspace
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import escape, prose
from plumbline.ui.state.cache import ask_within
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text
from plumbline.wording.quantities import plural

TRENDS = {
    "better": ("pass", screen_text("better")),
    "worse": ("fail", screen_text("worse")),
    "same": ("", screen_text("unchanged")),
}
WIDTHS = (185, 180, 310, 165)  # of name, picture, reason and money, in pixels
NEVER = datetime.max.replace(tzinfo=UTC)

WORST, MONEY, OLDEST, NAME = (
    screen_text("Worst verdict"),
    screen_text("Money at stake"),
    screen_text("Broken longest"),
    screen_text("Name"),
)
#: the order that the reader chooses -> what sorts the rows; None: as they come, the worst first
ORDERS: dict[str, Callable[[SystemRow], Any] | None] = {
    WORST: None,
    MONEY: lambda row: -row.amount,
    OLDEST: lambda row: row.broke_at or NEVER,
    NAME: lambda row: row.title.casefold(),
}


def kept_overview(ws: Workspace) -> Overview:
    """All systems; the scorecards that pages keep are taken, so that a change in one system judges that one anew."""
    return overview(ws, lambda workspace, key: ask_within(workspace, scorecard_answer, key))


def faults(entries: Sequence[SystemFault]) -> None:
    """Name each system that could not be judged, and why; the others are listed all the same."""
    for fault in entries:
        empty_states.show_error(
            PlumblineError(phrase("{title} could not be judged", title=fault.title), todo=fault.sentence)
        )


def total(sums: Sequence[Total], rows: Sequence[SystemRow]) -> None:
    """Money at stake over all systems, and how many of them it does not know."""
    if not rows:
        return
    states = [stake_state(row.at_stake) for row in rows]
    words = [_total(each) for each in sums] or [phrase("No loss is proven or stated.")]
    unproven, unknown = states.count(StakeState.UNPROVEN), states.count(StakeState.UNKNOWN)
    if unproven:
        words.append(phrase("Chance could explain what {systems} lost.", systems=_systems(unproven)))
    if unknown:
        words.append(
            phrase(
                "Not known for {systems}: nobody stated what decisions are worth.",
                systems=_systems(unknown),
            )
        )
    st.markdown(phrase("**At stake:** {words}", words=escape(" ".join(words))))


def _total(each: Total) -> str:
    parts = []
    if each.systems:
        measured = phrase(
            "{money} lost in {systems}",
            money=numbers.money(each.measured, each.currency),
            systems=_systems(each.systems),
        )
        limits = phrase(
            "{low} to {high}",
            low=numbers.money(each.low, each.currency),
            high=numbers.money(each.high, each.currency),
        )
        parts.append(phrase("{measured} (95 % interval {limits})", measured=measured, limits=limits))
    if each.stated_systems:
        stated = numbers.money(each.stated, each.currency)
        parts.append(
            phrase(
                "{stated} stated by the owner of {systems}",
                stated=stated,
                systems=_systems(each.stated_systems),
            )
        )
    return f"{localise(screen_text(', and ')).join(parts)}."


def _systems(n: int) -> Quantity:
    return plural(n, "system")


def order(rows: Sequence[SystemRow]) -> Sequence[SystemRow]:
    """The rows as the reader wants them sorted."""
    if len(rows) < 3:
        return rows
    chosen = st.segmented_control(
        phrase("Sort by"),
        list(ORDERS),
        format_func=localise,
        default=WORST,
        required=True,
        key="portfolio.order",
        label_visibility="collapsed",
    )
    by = ORDERS[str(chosen)]
    return sorted(rows, key=by) if by else rows


def table(rows: Sequence[SystemRow], mode: Mode) -> None:
    """One card a system: verdict and since when, its headline metric, the first reason, money.

    The name leads to its scorecard.
    """
    for row in rows:
        with st.container(border=True):
            with st.container(horizontal=True, gap="medium"):  # wraps on a narrow screen; columns cut names
                head, picture, why, money = (st.container(width=width, gap="xsmall") for width in WIDTHS)
            with head:
                empty_states.link(empty_states.NextPage("scorecard", row.title[:60]), {"system": row.key})
                st.markdown(cards.chip(row.verdict.value, localise(row.verdict.words, "verdict")))
                cards.note(_verdict_start(row))
            with picture:
                _metric(row, mode)
            with why:
                st.markdown(cards.reason(row.reason, 140, clause=True))
                if row.sample:
                    cards.note(localise(row.sample))
                if row.trend in TRENDS:
                    status, words = TRENDS[row.trend]
                    moved = f"{localise(words)}: {localise(row.moved)}"
                    st.markdown(
                        f":small[{cards.word(status, moved) if status else f':gray[{escape(moved)}]'}]"
                    )
            with money:
                cards.note(phrase("At stake"))
                st.markdown(f"**{prose(say_stake(row.at_stake))}**")
                cards.note(_last_decision(row))


def _verdict_start(row: SystemRow) -> str:
    if row.verdict is Verdict.NOT_YET_JUDGED:
        return phrase("waits for what it is for")
    if row.since is None:
        return phrase("first judged now")
    if row.judged_at is not None and row.since < row.judged_at:
        return phrase("since {since}", since=numbers.day(row.since))
    return phrase("judged so since {since}", since=numbers.day(row.since))


def _metric(row: SystemRow, mode: Mode) -> None:
    """The headline metric's line over the whole log, then and now in words."""
    known = [p for p in row.points if p.value is not None and not p.estimated and not p.provisional]
    picture = sparkline(known, mode, since=row.broke_at)
    if not picture or not known:
        cards.note(phrase("No outcomes to follow") if not known else _newest_value(row.metric, known))
        return
    st.image(
        picture,
        alt=phrase(
            "{metric} over the whole log: {now}",
            metric=numbers.name(row.metric),
            now=_newest_value(row.metric, known),
        ),
    )
    broke = phrase(", broke {broke_at}", broke_at=numbers.day(row.broke_at)) if row.broke_at else ""
    cards.note(f"{_newest_value(row.metric, known)}{broke}")


def _newest_value(metric: str, known: Sequence[Point]) -> str:
    first, last = (numbers.figure(p.value, metric) for p in (known[0], known[-1]))
    values = last if len(known) == 1 else f"{first} → {last}"
    return f"{numbers.name(metric)} {values}"


def _last_decision(row: SystemRow) -> str:
    if row.last_decision is None:
        return phrase("no decision")
    return phrase("last decision {last_decision}", last_decision=numbers.day(row.last_decision))
