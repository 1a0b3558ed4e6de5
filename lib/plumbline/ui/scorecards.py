"""The pieces of the Scorecard page, for a leader who has one minute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from plumbline.charts import numbers
from plumbline.charts.strip import strip
from plumbline.charts.style import Mode, mark
from plumbline.domain import Condition, ControlResult, EvidenceKind, Requirement, Scorecard, Status, System
from plumbline.ui import cards, states
from plumbline.ui.plain import plain, prose
from plumbline.ui.view import View

#: what a verdict means, in the words of a sentence about the system
MEANS = {
    "LIABILITY": "is a liability",
    "EXPOSED": "is exposed: nothing fails, but not all is proven",
    "MANAGED": "is managed: everything mandatory passes",
    "MATURE": "is mature: everything mandatory passes by evidence",
    "EXEMPT": "is exempt: a sandbox that affects nothing",
}
MANY, TALL = 12, 620  # rows from which a table scrolls inside itself, at that many pixels
PAGES = {"accuracy", "drift", "decisions", "logs", "governance", "trail", "portfolio"}


def verdict(card: Scorecard, system: System, view: View) -> None:
    """The word, what it means, and since when."""
    look = mark(card.verdict.value)
    since = f", since {numbers.day(card.since)}" if card.since else ""
    st.markdown(f"# :{look.markdown}[{look.glyph} {card.verdict.value}]", anchors=False)
    cards.opening(
        f"{system.title} {MEANS[card.verdict.value]}{since}.",
        f"Judged {numbers.moment(card.at)} as tier {card.tier.value}"
        + ("." if card.context_complete else ", the stricter reading of open questions.")
        + (
            " A scorecard speaks of the whole log; the sidebar's window is not used." if view.narrowed else ""
        ),
    )


def reasons(card: Scorecard) -> None:
    """The three reasons that weigh most: the finding first, then the control that it breaks."""
    cards.section("Why")
    st.markdown("\n".join(f"{i}. {cards.reason(words)}" for i, words in enumerate(card.reasons[:3], 1)))


def stake(card: Scorecard) -> None:
    """Money at stake, or how to make it known."""
    cards.section("At stake")
    amount = card.at_stake.get("amount")
    if amount is None:
        st.markdown(cards.word("unknown", "not known"))
        cards.note("Say on the Governance page what decisions are worth, to see it in money.")
        return
    amount_said = numbers.money(amount, str(card.at_stake.get("currency", "")))
    st.markdown(f"## {plain(amount_said)}", anchors=False)
    reason = str(card.at_stake.get("reason") or "")
    cards.note(" ".join(filter(None, (str(card.at_stake.get("sentence", "")), reason))))


def actions(card: Scorecard, found: Sequence[str]) -> None:
    """The three things to do next, each with the page to do it on."""
    cards.section("Do next")
    if not found:
        st.markdown("Nothing is open. Keep the checks running.")
        return
    page = {control.id: control.evidence.page for control in card.controls}
    for i, (place, action) in enumerate(zip(cards.row(3, border=True), found, strict=False), 1):
        head, _, words = action.partition(": ")
        with place:
            st.markdown(f"**{i}** :gray[{plain(head)}]")
            st.markdown(prose(words[:1].upper() + words[1:]))
            where = "governance" if head == "Context" else page.get(head.partition(" ")[0], "")
            if where in PAGES:
                states.link(states.Step(where, where.capitalize()))


def conditions(items: Sequence[Condition]) -> None:
    """The four default conditions side by side."""
    cards.section("Four conditions of a liability", "Met means that it holds against the system.")
    for place, item in zip(cards.row(len(items), border=True), items, strict=True):
        with place:
            st.markdown(cards.chip(item.state))
            st.markdown(f"**{plain(item.title)}**")
            cards.note(item.sentence)


def triggers(items: Sequence[Condition]) -> None:
    """The six triggers as a table."""
    cards.section(
        "Six triggers", "What would turn a weakness into a case, and whether the system would stand it."
    )
    cards.table(
        [
            {
                "": cards.word(item.state),
                "Event": plain(item.title),
                "Evidence": prose(item.sentence),
            }
            for item in items
        ],
        alt="The six triggers: state, event, evidence",
    )


OPEN_ONES, MANDATORY, ALL = "To do", "Mandatory", "All"


def controls(items: Sequence[ControlResult]) -> None:
    """Every control with its evidence, by family; the reader chooses how many."""
    cards.section("Controls and their evidence")
    shown = st.segmented_control(
        "Show", (OPEN_ONES, MANDATORY, ALL), default=OPEN_ONES, required=True, key="scorecard.controls",
        label_visibility="collapsed",
    )  # fmt: skip
    kept = [item for item in items if _wanted(item, str(shown))]
    if not kept:
        st.markdown("None. Choose another list above.")
        return
    cards.table(
        [
            {
                "Control": f"**{plain(item.id)}** {plain(item.title)}",
                "Status": cards.word(item.status.value),
                "Asked": plain(item.requirement.value),
                "Evidence": _evidence(item),
            }
            for item in kept
        ],
        alt="Controls: id and title, status, requirement, evidence",
        height=TALL if len(kept) > MANY else None,
    )


def _wanted(item: ControlResult, shown: str) -> bool:
    if shown == ALL:
        return True
    if item.requirement is Requirement.NOT_ASKED:
        return False
    done = item.status in (Status.PASS, Status.NOT_APPLICABLE)
    return item.requirement is Requirement.MANDATORY if shown == MANDATORY else not done


def _evidence(item: ControlResult) -> str:
    known = item.evidence.kind is not EvidenceKind.NONE
    parts = [f":gray[{plain(item.evidence.kind.value)}]"] if known else []
    parts.append(prose(item.evidence.sentence))
    if item.evidence.by:
        parts.append(f"By {plain(item.evidence.by)}.")
    if item.evidence.until:
        parts.append(f"Until {item.evidence.until:%-d %b %Y}.")
    if item.contradiction:
        parts.append(f"{cards.word('fail', 'contradiction')} {prose(item.contradiction)}")
    return " ".join(parts)


def history(entries: Sequence[tuple[datetime, str]], mode: Mode) -> None:
    """How the verdict moved over time."""
    cards.section("History")
    if len(entries) < 2:
        cards.note("The strip grows each time the verdict's inputs change.")
        return
    st.plotly_chart(
        strip([(at, word, f"{word}, judged {numbers.moment(at)}") for at, word in entries], mode),
        theme=None, config={"displayModeBar": False}, key="scorecard.history",
        alt="Verdicts over time: " + ", ".join(f"{word} {numbers.day(at)}" for at, word in entries[-6:]),
    )  # fmt: skip
