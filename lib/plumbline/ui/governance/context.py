"""The context as a short guided form: each answer with who and when, and what it switches on, shown as it is given."""

from __future__ import annotations

import streamlit as st

from plumbline.answers import statements
from plumbline.answers.governance.scorecard import Answer
from plumbline.answers.statements import Statements
from plumbline.domain import PlumblineError
from plumbline.governance.catalogue import catalogue
from plumbline.governance.context import BY_KEY, NUMBER, ContextQuestion, answer_text, check_answer
from plumbline.governance.context_effects import Effects, effects
from plumbline.ui.frame import permissions, signed_forms
from plumbline.ui.language import control_title
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import escape, prose
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text

NOT_ANSWERED = screen_text("not answered")
#: the questions in the order of a conversation
STEPS = (
    (screen_text("What it is for"), ("environment", "impact", "interactions_per_month")),
    (screen_text("What can go wrong"), ("harm", "oversight", "critical")),
    (screen_text("Who may ask"), ("regulated_buyers", "financial_entity", "exemption")),
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
            st.markdown(f"**{escape(localise(title))}**")
            for key in keys:
                given[key] = _answer(BY_KEY[key], stated, consequences.by_answer.get(key, ""))
        changed = {key: value for key, value in given.items() if value != stated.context.get(key, "")}
        by = signed_forms.signature("context")
        saved = permissions.button(
            phrase("Save answers"),
            permissions.OWNER,
            type=cards.leading_type(),
            key="governance.context.save",
            disabled=not changed,
        )
    with comes_to:
        with st.container(border=True):
            _tier_result(consequences, bool(changed))
        _pending_answers(view, stated, answer)
    if saved:
        signed_forms.sign(by)
        statements.save_context(view.ws, stated.system.key, changed, by=by)
        st.rerun()


def _pending_answers(view: View, stated: Statements, answer: Answer) -> None:
    """Answers that would lower what is asked, and that a second person has yet to approve."""
    waiting = answer.card.waiting
    if not waiting:
        return
    with st.container(border=True):
        st.markdown(cards.word("watch", phrase("waits for a second person")))
        given = "; ".join(
            phrase(
                "{key}: {context}, by {alone}",
                key=escape(key),
                context=escape(localise(stated.context[key], "answer")),
                alone=escape(stated.alone[key]),
            )
            for key in waiting
            if key in stated.context and key in stated.alone
        )
        st.markdown(
            phrase(
                "{given}. These answers lower what is asked, so one person alone is not enough: "
                "until somebody else approves them, as in a workspace of one person, the stricter "
                "reading stands.",
                given=given,
            )
        )
        by = signed_forms.signature("context.approve")
        approved = permissions.button(
            phrase("Approve answers"), permissions.OWNER, key="governance.context.approve"
        )
    if approved:
        signed_forms.sign(by)
        statements.approve_context(view.ws, stated.system.key, by=by)
        st.rerun()


def _key(stated: Statements, key: str) -> str:
    return f"governance.{stated.system.key}.{key}"


def _stored_form(key: str, typed: str) -> str:
    """What is typed in the form in which it is kept; what is no answer stays, to be refused when it is saved."""
    try:
        return check_answer(key, typed)
    except PlumblineError:
        return typed.strip()


def _answer(question: ContextQuestion, stated: Statements, effect: str) -> str:
    now = stated.context.get(question.key, "")
    key, label = _key(stated, question.key), escape(localise(question.question))
    if NUMBER in question.values:
        typed = st.text_input(
            label,
            value=answer_text(question.key, now),
            key=key,
            help=escape(localise(question.help)),
            placeholder=phrase("a number, or unknown"),
        )
        answer = _stored_form(question.key, str(typed or ""))
    else:
        options = [NOT_ANSWERED, *question.values]
        at = options.index(now) if now in options else 0
        choice = st.selectbox(
            label,
            options,
            format_func=lambda value: localise(value, "" if value == NOT_ANSWERED else "answer"),
            index=at,
            key=key,
            help=escape(localise(question.help)),
        )
        answer = "" if choice in (None, NOT_ANSWERED) else str(choice)
    who = stated.signatures.get(question.key)
    signed = f"{who[0]}, {numbers.day(who[1])}. " if who and now else ""
    if signed or effect:
        cards.note(f"{signed}{localise(effect)}")
    return answer


def _tier_result(effects: Effects, changed: bool) -> None:
    """The tier, how many controls are mandatory, what saving would change, and which laws apply."""
    cards.note(phrase("These answers come to"))
    st.markdown(f"## {escape(localise(effects.tier.value.capitalize(), 'tier'))}", anchors=False)
    st.markdown(prose(effects.because))
    st.markdown(
        phrase(
            "**{mandatory}** of {all} controls are mandatory.",
            mandatory=len(effects.mandatory),
            all=len(catalogue().controls),
        )
    )
    if changed:
        for words, ids in ((phrase("Saving adds"), effects.added), (phrase("Saving drops"), effects.dropped)):
            if ids:
                titles = ", ".join(
                    f"{name} {control_title(name, catalogue().control(name).title)}" for name in ids[:8]
                )
                more = phrase(" and {n} more", n=len(ids) - 8) if len(ids) > 8 else ""
                st.markdown(f"**{words}** {escape(titles)}{more}.")
    states = {
        True: ("watch", phrase("applies")),
        False: ("not applicable", phrase("does not apply")),
        None: ("unknown", phrase("open")),
    }
    for law in effects.laws:
        state, word = states[law.applies]
        st.markdown(f"**{escape(localise(law.law))}** {cards.word(state, word)}: {prose(law.because)}")
    cards.note(phrase("An indication from the answers and the log, not legal advice."))
