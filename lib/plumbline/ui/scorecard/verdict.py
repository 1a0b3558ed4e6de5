"""The pieces of the Scorecard page, for a leader who has one minute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from urllib.parse import quote

import streamlit as st

from plumbline.answers.governance import past_scorecards
from plumbline.answers.governance.scorecard import Answer, AssignedAction
from plumbline.charts.status_strip import strip
from plumbline.charts.style import Mode, mark
from plumbline.domain import Condition, ControlResult, EvidenceKind, Requirement, Scorecard, Status, Verdict
from plumbline.governance.conditions import GATE, MET
from plumbline.governance.history import Changes
from plumbline.governance.verdict import reason_of
from plumbline.monitor.performance.money_at_stake import StakeState, say_stake, stake_state
from plumbline.ui.frame import drill_down, permissions, signed_forms
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import plain, prose
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording import numbers

#: what a verdict means, in the words of a sentence about the system, and why it is so
MEANS = {
    "LIABILITY": ("is a liability", ""),
    "NOT_YET_JUDGED": ("is not yet judged", "nobody has said what it is for"),
    "EXPOSED": ("is exposed", "no mandatory control fails, but not all is proven"),
    "MANAGED": ("is managed", "every mandatory control passes, or is exempt until a date"),
    "MATURE": ("is mature", "every mandatory control passes by evidence"),
    "EXEMPT": ("is exempt", "a sandbox that affects nothing"),
}
#: a tier in the words of a sentence
KINDS = {
    "exempt": "an exempt system",
    "light": "a light system",
    "full": "a system in full production",
    "regulated": "a regulated system",
}
#: what a tier asks for, and of whom
TIERS = {
    "exempt": "Tier exempt: a sandbox that affects nothing. No control is asked for.",
    "light": "Tier light: it recommends, runs operations or affects nothing, is not critical, harms nobody, and a "
    "person looks at each decision. Few controls are mandatory.",
    "full": "Tier full: in production and affecting outcomes. Most controls are mandatory.",
    "regulated": "Tier regulated: as full, and buyers are regulated, it can harm, it is high risk under the AI Act, or "
    "the company is a financial entity. Nearly all controls are mandatory.",
}
MANY, TALL = 12, 620  # rows from which a table scrolls inside itself, at that many pixels
HEAD = 760  # width of the verdict beside the documents, in pixels
PAGES = {path.stem for path in empty_states.PAGES.glob("*.py")}


def verdict(answer: Answer, view: View) -> None:
    """The word, what it means, and since when by the log."""
    card, system = answer.card, answer.system
    look = mark(card.verdict.value)
    means, because = MEANS[card.verdict.value]
    in_log = card.since is not None and (card.judged_at is None or card.since < card.judged_at)
    if in_log and card.since:
        means = f"{means.replace('is', 'has been', 1)} since {numbers.day(card.since)}"
    judged = card.verdict is not Verdict.NOT_YET_JUDGED
    first = f"First judged so on {numbers.day(card.judged_at)}; " if card.judged_at and judged else ""
    if not judged and not answer.measured.facts.decisions:
        because = "there is no log"
    st.markdown(f"# :{look.markdown}[{look.glyph} {card.verdict.words}]", anchors=False)
    cards.opening(
        f"{system.title} {means}{f': {because}' if because else ''}.",
        f"{first}{'judged' if first else 'Judged'} {numbers.moment(card.at)} as {KINDS[card.tier.value]}"
        + ("." if card.context_complete else ", the stricter reading of open questions.")
        + "".join(f" {words}" for words in answer.measured.cautions),
        below=True,
        help=f"{TIERS[card.tier.value]} A question without an answer is read the stricter way.",
    )


def reasons(card: Scorecard) -> None:
    """The three reasons that weigh most: the finding first, then the control that it breaks, and where to see it."""
    cards.section("Why")
    places = {str(reason_of(control)): _where(control, card.system) for control in card.controls}
    lines = [f"{cards.reason(words)} {places.get(str(words), '')}".rstrip() for words in card.reasons[:3]]
    st.markdown("\n".join(f"{i}. {line}" for i, line in enumerate(lines, 1)))


def stake(answer: Answer) -> None:
    """Money at stake, or how to make it known."""
    cards.section("At stake")
    card = answer.card
    state, words = stake_state(card.at_stake), say_stake(card.at_stake)
    if state is StakeState.NONE:
        st.markdown(cards.word("pass", words))
        cards.note(
            "By the stated worth of decisions, none of the log's spans lost money against the reference."
        )
        return
    if state is StakeState.UNKNOWN:
        st.markdown(cards.word("unknown", words))
        cards.note("Say on the Governance page what decisions are worth, to see it in money.")
        return
    if state is StakeState.UNPROVEN:
        st.markdown(cards.word("unknown", words))
    else:
        st.markdown(f"## {plain(words)}", anchors=False)
    reason = str(card.at_stake.get("reason") or "")
    cards.note(" ".join(filter(None, (str(card.at_stake.get("sentence", "")), reason))))


def actions(answer: Answer) -> tuple[str, str, date | None, str] | None:
    """The three things to do next with who and by when; (control, owner, due, signer) when just assigned."""
    cards.section("Next steps")
    if not answer.actions:
        st.markdown("Nothing is open. Keep the checks running.")
        return None
    given = None
    for i, (place, item) in enumerate(
        zip(cards.row(len(answer.actions), border=True), answer.actions, strict=True), 1
    ):
        action = item.action
        with place:
            ends = f", exempt until {numbers.day(action.until)}" if action.until else ""
            st.markdown(f"**{i}** {prose(action.words)} :gray[{plain(action.control)}{plain(ends)}]")
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(_who(item, answer.card.at.date()))
                if action.page in PAGES:
                    empty_states.link(
                        empty_states.NextPage(action.page, action.page.capitalize()),
                        drill_down.whole_log(answer.card.system),
                    )
                given = _assign(item) or given
    return given


def _who(item: AssignedAction, today: date) -> str:
    if not item.owner:
        return cards.word("unknown", "nobody yet")
    if item.due is None:
        return f"**{plain(item.owner)}**, no date"
    when = f"by {numbers.day(item.due)}"
    return f"**{plain(item.owner)}**, {cards.word('fail', f'due {when}') if item.due < today else when}"


def _assign(item: AssignedAction) -> tuple[str, str, date | None, str] | None:
    key = f"scorecard.assign.{item.action.control}"
    with st.popover("Assign", type="tertiary"), st.form(key, border=False):
        owner = st.text_input("Who does it", value=item.owner, max_chars=120, key=f"{key}.owner")
        due = st.date_input("By when", value=item.due, format="YYYY-MM-DD", key=f"{key}.due")
        by = signed_forms.signature(f"assign.{item.action.control}", page="scorecard")
        saved = permissions.submit("Save", permissions.OWNER, type=cards.leading())
    if not saved:
        return None
    signed_forms.sign(by)
    return item.action.control, str(owner or ""), due if isinstance(due, date) else None, by


def changes(answer: Answer) -> None:
    """What is different from the scorecard before, control by control."""
    changes = answer.changes
    if changes is None or not (changes.controls or changes.context or changes.statements):
        return
    cards.section(f"What changed since {numbers.day(changes.before.at)}")
    _changed(changes)


def _changed(changes: Changes) -> None:
    was, now = changes.before.verdict.words, changes.after.verdict.words
    cards.note(f"The verdict: {f'still {now}' if was == now else f'{was} to {now}'}.")
    words = [f"{key}: {before or 'open'} to {after or 'open'}" for key, before, after in changes.context]
    words += [w[:1].upper() + w[1:] for w in changes.statements]
    if changes.catalogue_changed:
        words.append("The catalogue or its rules changed, so the two are not judged alike")
    if words:
        cards.note(". ".join(words) + ".")
    if not changes.controls:
        st.markdown("No control stands differently.")
        return
    cards.table(
        [
            {
                "Control": f"**{plain(item.id)}** {plain(item.title)}",
                "Was": cards.word(item.before) if item.before else numbers.DASH,
                "Is": cards.word(item.after) if item.after else numbers.DASH,
                "Evidence then": prose(item.was, 240),
                "Evidence now": prose(item.now, 240),
            }
            for item in changes.controls
        ],
        alt="What changed: control, status before, status now, evidence then, evidence now",
        height=TALL if len(changes.controls) > MANY else None,
    )


def compare(view: View, answer: Answer) -> None:
    """What changed between any two days on which a scorecard was kept."""
    days = sorted({at.date().isoformat() for at, _ in answer.history})
    if len(days) < 2:
        return
    with st.expander("Compare two days"):
        left, right = st.columns(2, gap="large")
        first = left.selectbox("From", days, index=len(days) - 2, key="scorecard.compare.from")
        second = right.selectbox("To", days, index=len(days) - 1, key="scorecard.compare.to")
        if first == second:
            cards.note("Choose two different days.")
            return
        _changed(ask(view, past_scorecards.changes, answer.system.key, *sorted((str(first), str(second)))))


def conditions(items: Sequence[Condition]) -> None:
    """The four default conditions side by side."""
    cards.section("Four conditions of a liability", "Met means that it holds against the system.")
    for place, item in zip(cards.row(len(items), border=True), items, strict=True):
        with place:
            matters = item.key == GATE and item.state == MET  # that it matters is no fault
            st.markdown(cards.word("not applicable", "at stake") if matters else cards.chip(item.state))
            st.markdown(f"**{plain(item.title)}**")
            cards.note(item.sentence)


def triggers(items: Sequence[Condition]) -> None:
    """The six triggers as a table."""
    cards.section(
        "Six triggers", "The events that change the answer, and whether the system would stand each."
    )
    cards.table(
        [
            {
                "": cards.word(item.state),
                "Trigger": f"**{item.number}** {plain(item.title)}",
                "Evidence": prose(item.sentence),
            }
            for item in items
        ],
        alt="The six triggers: state, number and title, evidence",
    )


OPEN_ONES, MANDATORY, ALL = "To do", "Mandatory", "All"


def controls(items: Sequence[ControlResult], system: str) -> None:
    """Every control with its evidence, by family; the reader chooses how many."""
    cards.section("Controls and their evidence", "What is asked, how it stands, and what shows it.")
    shown = st.segmented_control(
        "Show",
        (OPEN_ONES, MANDATORY, ALL),
        default=OPEN_ONES,
        required=True,
        key="scorecard.controls",
        label_visibility="collapsed",
    )
    results = [item for item in items if _wanted(item, str(shown))]
    if not results:
        st.markdown("None. Choose another list above.")
        return
    cards.table(
        [
            {
                "Control": f"**{plain(item.title)}** :gray[{plain(item.id)}]",
                "Status": f"{cards.word(item.status.value)} :gray[{plain(item.requirement.value)}]",
                "Evidence": f"{_evidence(item)} {_where(item, system)}".rstrip(),
            }
            for item in results
        ],
        alt="Controls: id and title, status and requirement, evidence and where to see it",
        height=TALL if len(results) > MANY else None,
    )


def _wanted(item: ControlResult, shown: str) -> bool:
    if shown == ALL:
        return True
    if item.requirement is Requirement.NOT_ASKED:
        return False
    done = item.status in (Status.PASS, Status.NOT_APPLICABLE)
    return item.requirement is Requirement.MANDATORY if shown == MANDATORY else not done


def _where(item: ControlResult, system: str) -> str:
    """A link to the page that shows the evidence, with the same system."""
    page = item.evidence.page
    return f"[{page.capitalize()}]({page}?system={quote(system)})" if page in PAGES else ""


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


def history(answer: Answer, mode: Mode) -> None:
    """How the verdict moved over time."""
    entries, changes = answer.history, answer.changes
    cards.section("History")
    moved = changes is not None and changes.catalogue_changed
    judged = (
        " The catalogue or its rules changed before the newest, so the last two are not judged alike."
        if moved
        else ""
    )
    if len({at.date() for at, _ in entries}) < 2:
        many = "The first scorecard is" if len(entries) < 2 else f"All {len(entries)} scorecards are"
        cards.note(
            f"{many} of {numbers.day(entries[0][0])}. The strip grows each time an input changes.{judged}"
        )
        return
    cards.note(
        f"{len(entries)} scorecards kept with all their inputs. `plumbline scorecard {answer.system.key} --at DATE` "
        f"shows the one of a day and computes it again.{judged}"
    )
    st.plotly_chart(
        strip([(at, word, f"{word}, judged {numbers.moment(at)}") for at, word in entries], mode),
        theme=None,
        config={"displayModeBar": False},
        key="scorecard.history",
        alt="Verdicts over time: " + ", ".join(f"{word} {numbers.day(at)}" for at, word in entries[-6:]),
    )
