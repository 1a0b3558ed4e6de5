"""The context as a short guided form: each answer with who and when, and what it switches on, shown as it is given."""

from __future__ import annotations

import streamlit as st

from plumbline.answers import statements
from plumbline.answers.governance.scorecard import Answer
from plumbline.answers.statements import Statements
from plumbline.domain import PlumblineError
from plumbline.governance.catalogue import catalogue
from plumbline.governance.context import BY_KEY, NUMBER, ContextQuestion, check_answer, spoken
from plumbline.governance.context_effects import Effects, effects
from plumbline.ui.frame import permissions, signed_forms
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import plain, prose
from plumbline.ui.state.view import View

NOT_ANSWERED = "not answered"
#: the questions in the order of a conversation
STEPS = (
    ("What it is for", ("environment", "impact", "interactions_per_month")),
    ("What can go wrong", ("harm", "oversight", "critical")),
    ("Who may ask", ("regulated_buyers", "financial_entity", "exemption")),
)


def section(view: View, stated: Statements, answer: Answer) -> None:
    """The questions on the left, what they come to on the right; saved with a name."""
    with st.container(horizontal=True, gap="large"):  # the second wraps below on a narrow screen
        asked, comes_to = st.container(width=600), st.container(width=340)
    facts = answer.measured.facts
    with asked:
        chosen = {key: str(st.session_state.get(_key(stated, key), "") or "") for key in BY_KEY}
        answers = {key: "" if value == NOT_ANSWERED else value for key, value in chosen.items()}
        known = any(_key(stated, key) in st.session_state for key in BY_KEY)
        consequences = effects(answers if known else stated.context, facts, instead_of=stated.context)
        given: dict[str, str] = {}
        for title, keys in STEPS:
            st.markdown(f"**{plain(title)}**")
            for key in keys:
                given[key] = _answer(BY_KEY[key], stated, consequences.by_answer.get(key, ""))
        changed = {key: value for key, value in given.items() if value != stated.context.get(key, "")}
        by = signed_forms.signature("context")
        saved = permissions.button(
            "Save answers",
            permissions.OWNER,
            type=cards.leading(),
            key="governance.context.save",
            disabled=not changed,
        )
    with comes_to:
        with st.container(border=True):
            _comes_to(consequences, bool(changed))
        _waits(view, stated, answer)
    if saved:
        signed_forms.sign(by)
        statements.save_context(view.ws, stated.system.key, changed, by=by)
        st.rerun()


def _waits(view: View, stated: Statements, answer: Answer) -> None:
    """Answers that would lower what is asked, and that a second person has yet to approve."""
    waiting = answer.card.waiting
    if not waiting:
        return
    with st.container(border=True):
        st.markdown(cards.word("watch", "waits for a second person"))
        given = "; ".join(
            f"{plain(key)}: {plain(stated.context[key])}, by {plain(stated.alone[key])}"
            for key in waiting
            if key in stated.context and key in stated.alone
        )
        st.markdown(
            f"{given}. These answers lower what is asked, so one person alone is not enough: until somebody else "
            "approves them, as in a workspace of one person, the stricter reading stands."
        )
        by = signed_forms.signature("context.approve")
        approved = permissions.button("Approve answers", permissions.OWNER, key="governance.context.approve")
    if approved:
        signed_forms.sign(by)
        statements.approve_context(view.ws, stated.system.key, by=by)
        st.rerun()


def _key(stated: Statements, key: str) -> str:
    return f"governance.{stated.system.key}.{key}"


def _as_kept(key: str, typed: str) -> str:
    """What is typed in the form in which it is kept; what is no answer stays, to be refused when it is saved."""
    try:
        return check_answer(key, typed)
    except PlumblineError:
        return typed.strip()


def _answer(question: ContextQuestion, stated: Statements, effect: str) -> str:
    now = stated.context.get(question.key, "")
    key, label = _key(stated, question.key), plain(question.question)
    if NUMBER in question.values:
        typed = st.text_input(
            label,
            value=spoken(question.key, now),
            key=key,
            help=plain(question.help),
            placeholder="a number, or unknown",
        )
        answer = _as_kept(question.key, str(typed or ""))
    else:
        options = [NOT_ANSWERED, *question.values]
        at = options.index(now) if now in options else 0
        choice = st.selectbox(label, options, index=at, key=key, help=plain(question.help))
        answer = "" if choice in (None, NOT_ANSWERED) else str(choice)
    who = stated.signatures.get(question.key)
    signed = f"{who[0]}, {who[1]:%-d %b %Y}. " if who and now else ""
    if signed or effect:
        cards.note(f"{signed}{effect}")
    return answer


def _comes_to(effects: Effects, changed: bool) -> None:
    """The tier, how many controls are mandatory, what saving would change, and which laws apply."""
    cards.note("These answers come to")
    st.markdown(f"## {plain(effects.tier.value.capitalize())}", anchors=False)
    st.markdown(prose(effects.because))
    st.markdown(f"**{len(effects.mandatory)}** of {len(catalogue().controls)} controls are mandatory.")
    if changed:
        for words, ids in (("Saving adds", effects.added), ("Saving drops", effects.dropped)):
            if ids:
                titles = ", ".join(f"{name} {catalogue().control(name).title}" for name in ids[:8])
                st.markdown(
                    f"**{words}** {plain(titles)}{f' and {len(ids) - 8} more' if len(ids) > 8 else ''}."
                )
    states = {
        True: ("watch", "applies"),
        False: ("not applicable", "does not apply"),
        None: ("unknown", "open"),
    }
    for law in effects.laws:
        state, word = states[law.applies]
        st.markdown(f"**{plain(law.law)}** {cards.word(state, word)}: {prose(law.because)}")
    cards.note("An indication from the answers and the log, not legal advice.")
