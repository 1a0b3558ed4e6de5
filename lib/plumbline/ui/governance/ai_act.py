"""The AI Act helper: questions that lead to a class, the duties of the role, and who bears each."""

from __future__ import annotations

from datetime import date

import streamlit as st

from plumbline.answers import statements
from plumbline.answers.statements import Statements
from plumbline.domain import ControlResult
from plumbline.domain.settings import AiActClass
from plumbline.governance.ai_act import CLASSES, ROLES, YES, ActClass, Duty, classify, law, suggest_answers
from plumbline.ui.frame import permissions, signed_forms
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import escape, prose
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text

LOOKS = {"prohibited": "fail", "high risk": "watch", "transparency": "ok", "minimal": "ok"}
GROUPS = (
    (screen_text("Does the Act reach it"), ("minimal",)),
    (screen_text("Prohibited practices"), ("prohibited",)),
    (screen_text("High risk"), ("high risk", "not high risk")),
    (screen_text("Transparency"), ("transparency",)),
)
OPEN, NO = "open", "no"


def section(view: View, stated: Statements, results: tuple[ControlResult, ...]) -> None:
    """What the class is, the questions that lead to it, and its duties with names."""
    stored_class = stated.system.settings.ai_act or {}
    name = str(stored_class.get("class", ""))
    if name and not stored_class.get("open"):
        reviewed = (
            numbers.day(date.fromisoformat(str(stored_class["reviewed"])))
            if stored_class.get("reviewed")
            else phrase("no day")
        )
        st.markdown(
            phrase(
                "{chip} reviewed on {reviewed}",
                chip=cards.chip(LOOKS.get(name, "unknown"), localise(name, "class")),
                reviewed=reviewed,
            )
        )
    else:
        st.markdown(
            cards.word(
                "unknown",
                phrase("not worked out yet, so far {name}", name=localise(name, "class"))
                if name
                else phrase("not worked out yet"),
            )
        )
    answers, role = _questions(stated, stored_class)
    act_class = classify(answers, role)
    _class_result(act_class, stated)
    borne = _duties(act_class, stored_class, {r.id: r for r in results})
    by = signed_forms.signature("act")
    if permissions.button(
        phrase("Save class and duties"),
        permissions.OWNER,
        type=cards.leading_type(),
        key="governance.act.save",
    ):
        signed_forms.sign(by)
        act = {"class": act_class.name, "reviewed": signed_forms.today().isoformat(), "by": by.strip(), "role": role,
               "answers": {k: v for k, v in answers.items() if v}, "open": list(act_class.open),
               "duties": borne}  # fmt: skip
        statements.change_settings(view.ws, stated.system.key, {"ai_act": act}, by=by)
        st.rerun()
    data = law()
    checked = (
        phrase("checked against the source") if data.confirmed else phrase("to be checked against the source")
    )
    cards.note(
        phrase(
            "Questions and dates as of {as_of}, {checked}. {source}. Not legal advice.",
            as_of=numbers.day(data.as_of),
            checked=checked,
            source=data.source,
        )
    )


def _questions(stated: Statements, stored: AiActClass) -> tuple[dict[str, str], str]:
    stored_answers = stored.get("answers")
    before = (
        dict(stored_answers)
        if isinstance(stored_answers, dict)
        else suggest_answers(stated.context.get("impact", ""))
    )
    key = f"governance.{stated.system.key}.act"
    role = st.radio(
        phrase("Our role"),
        list(ROLES),
        format_func=lambda role: localise(ROLES[role]),
        key=f"{key}.role",
        index=list(ROLES).index(str(stored.get("role"))) if stored.get("role") in ROLES else 1,
    )
    answers: dict[str, str] = {}
    if not stored_answers and before:
        cards.note(phrase("The context suggests the first answers; correct them where they are wrong."))
    for title, classes in GROUPS:
        questions = [q for q in law().questions if q.leads_to in classes]
        left = sum(not before.get(q.key) for q in questions)
        with st.expander(
            phrase(
                "{title} ({some} of {all} answered)",
                title=localise(title),
                some=len(questions) - left,
                all=len(questions),
            ),
            expanded=title == "High risk",
        ):
            if st.checkbox(phrase("No to all that is open here"), key=f"{key}.{classes[0]}.none"):
                before = {q.key: before.get(q.key) or NO for q in questions} | {
                    k: v for k, v in before.items() if v
                }
            for question in questions:
                options = [OPEN, YES, NO]
                now = str(before.get(question.key) or OPEN)
                answer = st.segmented_control(
                    prose(localise(question.asks)),
                    options,
                    format_func=lambda answer: localise(answer, "answer"),
                    default=now,
                    required=True,
                    help=escape(question.source),
                    key=f"{key}.{question.key}.{now}",
                )
                answers[question.key] = "" if answer == OPEN else str(answer)
    return answers, str(role)


def _class_result(act_class: ActClass, stated: Statements) -> None:
    cards.section(phrase("These answers come to: {name}", name=localise(act_class.name, "class")))
    if act_class.because:
        st.markdown(phrase("By {reasons}.", reasons=escape(", ".join(act_class.because))))
    if act_class.open:
        graver = ", ".join(localise(name, "class") for name in CLASSES[: CLASSES.index(act_class.name)])
        many = cards.word(
            "unknown",
            phrase("{n} questions are open", n=len(act_class.open))
            if len(act_class.open) > 1
            else phrase("1 question is open"),
        )
        st.markdown(
            phrase(
                "{many} that could lead to: {graver}. Until then the class counts as open.",
                many=many,
                graver=escape(graver),
            )
        )
    if act_class.name == "prohibited":
        first = min(d.since for d in act_class.duties if d.classes == ("prohibited",))
        when = "" if first <= signed_forms.today() else phrase(", from {first} on", first=numbers.day(first))
        st.markdown(
            cards.word("fail", phrase("A prohibited practice may not be used at all{when}.", when=when))
        )


def _duty_start(duty: Duty) -> str:
    """Whether a duty applies today, else from when; of a system that is older than it, too."""
    text = (
        phrase("applies")
        if duty.since <= signed_forms.today()
        else phrase("from {since}", since=numbers.day(duty.since))
    )
    if duty.older and signed_forms.today() < duty.older[1]:
        before, then = duty.older
        text += phrase(
            "; where it was on the market before {before}, from {then}",
            before=numbers.day(before),
            then=numbers.day(then),
        )
    return text


def _duties(act_class: ActClass, stored: AiActClass, results: dict[str, ControlResult]) -> dict[str, str]:
    """Each duty with the controls that answer it, since when it applies, and who bears it."""
    stored_duties = stored.get("duties")
    names = dict(stored_duties) if isinstance(stored_duties, dict) else {}
    borne: dict[str, str] = {}
    for duty in act_class.duties:
        words, who = st.columns([5, 2], gap="medium", vertical_alignment="center")
        since = _duty_start(duty)
        shown = " ".join(cards.word(results[c].status.value, c) for c in duty.controls if c in results)
        words.markdown(
            f"{prose(localise(duty.words))}  \n:small[:gray[{escape(duty.source)}, {escape(since)}]] {shown}"
        )
        name = who.text_input(
            phrase("Who bears it"),
            value=str(names.get(duty.key, "")),
            max_chars=120,
            key=f"governance.duty.{duty.key}",
            placeholder=phrase("Who bears it"),
            label_visibility="collapsed",
        )
        if (name or "").strip():
            borne[duty.key] = str(name).strip()
    return borne
