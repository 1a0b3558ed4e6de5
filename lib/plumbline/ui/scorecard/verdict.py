"""The pieces of the Scorecard page, for a leader who has one minute."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from plumbline.answers.governance import past_scorecards
from plumbline.answers.governance.scorecard import Answer
from plumbline.charts.style import mark, status_word
from plumbline.domain import Condition, ControlResult, EvidenceKind, Requirement, Scorecard, Status, Verdict
from plumbline.domain.messages import items_of
from plumbline.governance.conditions import GATE, MET
from plumbline.governance.history import Changes
from plumbline.governance.verdict import quarantine_reason, verdict_reason
from plumbline.monitor.performance.money_at_stake import StakeState, say_stake, stake_state
from plumbline.store.cache.samples import without_sample
from plumbline.ui.language import catalogue_title, control_title
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import escape, prose
from plumbline.ui.scorecard import evidence_links
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text

#: what a verdict means, in the words of a sentence about the system, and why it is so
MEANS = {
    "LIABILITY": (screen_text("is a liability"), ""),
    "NOT_YET_JUDGED": (screen_text("is not yet judged"), screen_text("nobody has said what it is for")),
    "EXPOSED": (screen_text("is exposed"), screen_text("no mandatory control fails, but not all is proven")),
    "MANAGED": (
        screen_text("is managed"),
        screen_text("every mandatory control passes, or is exempt until a date"),
    ),
    "MATURE": (screen_text("is mature"), screen_text("every mandatory control passes by evidence")),
    "EXEMPT": (screen_text("is exempt"), screen_text("a sandbox that affects nothing")),
}
#: the same of what lasts
LASTING = (
    screen_text("has been a liability"),
    screen_text("has been not yet judged"),
    screen_text("has been exposed"),
    screen_text("has been managed"),
    screen_text("has been mature"),
    screen_text("has been exempt"),
)
#: a tier in the words of a sentence
KINDS = {
    "exempt": screen_text("an exempt system"),
    "light": screen_text("a light system"),
    "full": screen_text("a system in full production"),
    "regulated": screen_text("a regulated system"),
}
#: what a tier asks for, and of whom
TIERS = {
    "exempt": screen_text("Tier exempt: a sandbox that affects nothing. No control is asked for."),
    "light": screen_text(
        "Tier light: it recommends, runs operations or affects nothing, is not critical, "
        "harms nobody, and a person looks at each decision. Few controls are mandatory."
    ),
    "full": screen_text("Tier full: in production and affecting outcomes. Most controls are mandatory."),
    "regulated": screen_text(
        "Tier regulated: as full, and buyers are regulated, it can harm, it is high risk "
        "under the AI Act, or the company is a financial entity. Nearly all controls are "
        "mandatory."
    ),
}
MANY, TALL = 12, 620  # rows from which a table scrolls inside itself, at that many pixels
REASONS = (
    736  # width of the reasons, in pixels; what is at stake stands beside them where the page is wide enough
)


def word(card: Scorecard) -> None:
    """The verdict in its one word."""
    look = mark(card.verdict.value)
    st.markdown(
        f"# :{look.markdown}[{look.glyph} {localise(card.verdict.words, 'verdict')}]",
        anchors=False,
        width="content",
    )


def opening(answer: Answer) -> None:
    """What the verdict means, and since when by the log."""
    card, system = answer.card, answer.system
    means, because = MEANS[card.verdict.value]
    in_log = card.since is not None and (card.judged_at is None or card.since < card.judged_at)
    if in_log and card.since:
        means = phrase(
            "{means} since {since}",
            means=localise(means.replace("is", "has been", 1)),
            since=numbers.day(card.since),
        )
    else:
        means = localise(means)
    judged = card.verdict is not Verdict.NOT_YET_JUDGED
    first = (
        phrase("First judged so on {day}; judged", day=numbers.day(card.judged_at))
        if card.judged_at and judged and card.judged_at.date() != card.at.date()
        else phrase("Judged")
    )
    cautions = without_sample(answer.measured.cautions)
    if not judged and not answer.measured.facts.decisions:
        because = phrase("there is no log")
    cards.opening(
        f"{system.title} {means}{f': {localise(because)}' if because else ''}.",
        phrase(
            "{first} {at} as {kind}",
            first=first,
            at=numbers.day(card.at),
            kind=localise(KINDS[card.tier.value]),
        )
        + ("." if card.context_complete else phrase(", the stricter reading of open questions."))
        + "".join(f" {cards.first_clause(words)}" for words in cautions),
        below=True,
        help=" ".join(
            (
                phrase(
                    "{tier} A question without an answer is read the stricter way.",
                    tier=localise(TIERS[card.tier.value]),
                ),
                *map(localise, cautions),
                phrase("Judged {at}.", at=numbers.moment(card.at)),
            )
        ),
    )


def reasons(answer: Answer, rows: evidence_links.Rows) -> None:
    """The three reasons that weigh most: the finding first, then the control that it breaks, and where to see it."""
    cards.section(phrase("Why"))
    card = answer.card
    places = {
        str(verdict_reason(control)): evidence_links.links(control, card.system, rows, only_rows=True)
        for control in card.controls
    } | {str(quarantine_reason(answer.measured.facts)): evidence_links.page_link("logs", card.system)}
    lines = [
        f"{cards.reason(words, clause=True)} {places.get(str(words), '')}".rstrip()
        for words in card.reasons[:3]
    ]
    st.markdown("\n".join(f"{i}. {line}" for i, line in enumerate(lines, 1)))


def stake(answer: Answer) -> None:
    """Money at stake, or how to make it known."""
    cards.section(phrase("At stake"))
    card = answer.card
    state, words = stake_state(card.at_stake), say_stake(card.at_stake)
    if state is StakeState.NONE:
        st.markdown(cards.word("pass", words))
        cards.note(
            phrase(
                "By the stated worth of decisions, none of the log's spans lost money against the reference."
            )
        )
        return
    if state is StakeState.UNKNOWN:
        st.markdown(cards.word("unknown", words))
        cards.note(phrase("Say on the Governance page what decisions are worth."))
        return
    if state is StakeState.UNPROVEN:  # the sentence has the interval
        st.markdown(cards.word("unknown", phrase("no loss proven")))
    else:
        st.markdown(f"## {escape(words)}", anchors=False)
    sentences = [*items_of(card.at_stake.get("sentence") or ""), *items_of(card.at_stake.get("reason") or "")]
    if sentences:
        cards.note(localise(sentences[0]), help=" ".join(map(localise, sentences[1:])) or None)


def changes(answer: Answer) -> None:
    """What is different from the scorecard before, control by control."""
    changes = answer.changes
    if changes is None or not (changes.controls or changes.context or changes.statements):
        return
    cards.section(phrase("What changed since {at}", at=numbers.day(changes.before.at)))
    _changes_section(changes)


def _changes_section(changes: Changes) -> None:
    was, now = (localise(card.verdict.words, "verdict") for card in (changes.before, changes.after))
    cards.note(
        phrase(
            "The verdict: {course}.",
            course=phrase("still {now}", now=now)
            if was == now
            else phrase("{was} to {now}", was=was, now=now),
        )
    )
    words = [
        phrase("{key}: {was} to {now}", key=key, was=before or phrase("open"), now=after or phrase("open"))
        for key, before, after in changes.context
    ]
    words += [w[:1].upper() + w[1:] for w in map(localise, changes.statements)]
    if changes.catalogue_changed:
        words.append(phrase("The catalogue or its rules changed, so the two are not judged alike"))
    if words:
        cards.note(". ".join(words) + ".")
    if not changes.controls:
        st.markdown(phrase("No control stands differently."))
        return
    cards.table(
        [
            {
                "Control": f"**{escape(item.id)}** {escape(control_title(item.id, item.title))}",
                "Was": cards.word(item.before) if item.before else numbers.DASH,
                "Is": cards.word(item.after) if item.after else numbers.DASH,
                "Evidence then": prose(item.was, 240),
                "Evidence now": prose(item.now, 240),
            }
            for item in changes.controls
        ],
        alt=phrase("What changed: control, status before, status now, evidence then, evidence now"),
        height=TALL if len(changes.controls) > MANY else None,
    )


def compare(view: View, answer: Answer) -> None:
    """What changed between any two days on which a scorecard was kept."""
    days = sorted({at.date().isoformat() for at, _ in answer.history})
    if len(days) < 2:
        return
    with st.expander(phrase("Compare two days")):
        left, right = st.columns(2, gap="large")
        first = left.selectbox(phrase("From"), days, index=len(days) - 2, key="scorecard.compare.from")
        second = right.selectbox(phrase("To"), days, index=len(days) - 1, key="scorecard.compare.to")
        if first == second:
            cards.note(phrase("Choose two different days."))
            return
        _changes_section(
            ask(view, past_scorecards.changes, answer.system.key, *sorted((str(first), str(second))))
        )


def conditions(items: Sequence[Condition]) -> None:
    """The four default conditions side by side."""
    cards.section(
        phrase("Four conditions of a liability"), phrase("Met means that it holds against the system.")
    )
    for place, item in zip(cards.row(len(items), border=True), items, strict=True):
        with place:
            matters = item.key == GATE and item.state == MET  # that it matters is no fault
            st.markdown(
                cards.word("not applicable", phrase("at stake")) if matters else cards.chip(item.state)
            )
            st.markdown(f"**{escape(catalogue_title('condition', item.key, item.title))}**")
            cards.note(item.sentence)


def triggers(items: Sequence[Condition]) -> None:
    """The six triggers as a table."""
    cards.section(
        phrase("Six triggers"),
        phrase("The events that change the answer, and whether the system would stand each."),
    )
    cards.table(
        [
            {
                "": cards.word(item.state),
                "Trigger": f"**{item.number}** {escape(catalogue_title('trigger', item.key, item.title))}",
                "Evidence": prose(item.sentence),
            }
            for item in items
        ],
        alt=phrase("The six triggers: state, number and title, evidence"),
    )


OPEN_ONES, MANDATORY, ALL = screen_text("To do"), screen_text("Mandatory"), screen_text("All")


def controls(items: Sequence[ControlResult], system: str, rows: evidence_links.Rows) -> None:
    """Every control with its evidence, by family; the reader chooses how many."""
    cards.section(
        phrase("Controls and their evidence"), phrase("What is asked, how it stands, and what shows it.")
    )
    shown = st.segmented_control(
        phrase("Show"),
        (OPEN_ONES, MANDATORY, ALL),
        format_func=localise,
        default=OPEN_ONES,
        required=True,
        key="scorecard.controls",
        label_visibility="collapsed",
    )
    results = [item for item in items if _is_shown(item, str(shown))]
    if not results:
        st.markdown(phrase("None. Choose another list above."))
        return
    cards.table(
        [
            {
                "Control": f"**{escape(control_title(item.id, item.title))}** :gray[{escape(item.id)}]",
                "Status": f"{cards.word(item.status.value)} :gray[{escape(status_word(item.requirement.value))}]",
                "Evidence": f"{_evidence(item)} {evidence_links.links(item, system, rows)}".rstrip(),
            }
            for item in results
        ],
        alt=phrase("Controls: id and title, status and requirement, evidence and where to see it"),
        height=TALL if len(results) > MANY else None,
    )


def _is_shown(item: ControlResult, shown: str) -> bool:
    if shown == ALL:
        return True
    if item.requirement is Requirement.NOT_ASKED:
        return False
    done = item.status in (Status.PASS, Status.NOT_APPLICABLE)
    return item.requirement is Requirement.MANDATORY if shown == MANDATORY else not done


def _evidence(item: ControlResult) -> str:
    known = item.evidence.kind is not EvidenceKind.NONE
    parts = [f":gray[{escape(status_word(item.evidence.kind.value))}]"] if known else []
    parts.append(prose(item.evidence.sentence))
    if item.evidence.by:
        parts.append(phrase("By {by}.", by=escape(item.evidence.by)))
    if item.evidence.until:
        parts.append(phrase("Until {until}.", until=numbers.day(item.evidence.until)))
    if item.contradiction:
        parts.append(f"{cards.word('fail', phrase('contradiction'))} {prose(item.contradiction)}")
    return " ".join(parts)
