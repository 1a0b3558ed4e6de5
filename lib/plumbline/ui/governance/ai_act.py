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
from plumbline.ui.parts.escape import plain, prose
from plumbline.ui.state.view import View
from plumbline.wording import numbers

LOOKS = {"prohibited": "fail", "high risk": "watch", "transparency": "ok", "minimal": "ok"}
GROUPS = (
    ("Does the Act reach it", ("minimal",)),
    ("Prohibited practices", ("prohibited",)),
    ("High risk", ("high risk", "not high risk")),
    ("Transparency", ("transparency",)),
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
            else "no day"
        )
        st.markdown(f"{cards.chip(LOOKS.get(name, 'unknown'), name)} reviewed on {reviewed}")
    else:
        st.markdown(cards.word("unknown", f"not worked out yet{f', so far {name}' if name else ''}"))
    answers, role = _questions(stated, stored_class)
    act_class = classify(answers, role)
    _comes_to(act_class, stated)
    borne = _duties(act_class, stored_class, {r.id: r for r in results})
    by = signed_forms.signature("act")
    if permissions.button(
        "Save class and duties", permissions.OWNER, type=cards.leading(), key="governance.act.save"
    ):
        signed_forms.sign(by)
        act = {"class": act_class.name, "reviewed": signed_forms.today().isoformat(), "by": by.strip(), "role": role,
               "answers": {k: v for k, v in answers.items() if v}, "open": list(act_class.open),
               "duties": borne}  # fmt: skip
        statements.change_settings(view.ws, stated.system.key, {"ai_act": act}, by=by)
        st.rerun()
    data = law()
    checked = "checked against the source" if data.confirmed else "to be checked against the source"
    cards.note(
        f"Questions and dates as of {numbers.day(data.as_of)}, {checked}. {data.source}. Not legal advice."
    )


def _questions(stated: Statements, stored: AiActClass) -> tuple[dict[str, str], str]:
    kept = stored.get("answers")
    before = dict(kept) if isinstance(kept, dict) else suggest_answers(stated.context.get("impact", ""))
    key = f"governance.{stated.system.key}.act"
    role = st.radio(
        "Our role",
        list(ROLES),
        format_func=ROLES.__getitem__,
        key=f"{key}.role",
        index=list(ROLES).index(str(stored.get("role"))) if stored.get("role") in ROLES else 1,
    )
    answers: dict[str, str] = {}
    if not kept and before:
        cards.note("The context suggests the first answers; correct them where they are wrong.")
    for title, classes in GROUPS:
        questions = [q for q in law().questions if q.leads_to in classes]
        left = sum(not before.get(q.key) for q in questions)
        with st.expander(
            f"{title} ({len(questions) - left} of {len(questions)} answered)", expanded=title == "High risk"
        ):
            if st.checkbox("No to all that is open here", key=f"{key}.{classes[0]}.none"):
                before = {q.key: before.get(q.key) or NO for q in questions} | {
                    k: v for k, v in before.items() if v
                }
            for question in questions:
                options = [OPEN, YES, NO]
                now = str(before.get(question.key) or OPEN)
                answer = st.segmented_control(
                    prose(question.asks),
                    options,
                    default=now,
                    required=True,
                    help=plain(question.source),
                    key=f"{key}.{question.key}.{now}",
                )
                answers[question.key] = "" if answer == OPEN else str(answer)
    return answers, str(role)


def _comes_to(act_class: ActClass, stated: Statements) -> None:
    cards.section(f"These answers come to: {act_class.name}")
    if act_class.because:
        st.markdown(f"By {plain(', '.join(act_class.because))}.")
    if act_class.open:
        graver = ", ".join(CLASSES[: CLASSES.index(act_class.name)])
        many = f"{len(act_class.open)} questions are" if len(act_class.open) > 1 else "1 question is"
        many = cards.word("unknown", f"{many} open")
        st.markdown(f"{many} that could lead to: {plain(graver)}. Until then the class counts as open.")
    if act_class.name == "prohibited":
        first = min(d.since for d in act_class.duties if d.classes == ("prohibited",))
        when = "" if first <= signed_forms.today() else f", from {numbers.day(first)} on"
        st.markdown(cards.word("fail", f"A prohibited practice may not be used at all{when}."))


def _since(duty: Duty) -> str:
    """Whether a duty applies today, else from when; of a system that is older than it, too."""
    text = "applies" if duty.since <= signed_forms.today() else f"from {numbers.day(duty.since)}"
    if duty.older and signed_forms.today() < duty.older[1]:
        before, then = duty.older
        text += f"; where it was on the market before {numbers.day(before)}, from {numbers.day(then)}"
    return text


def _duties(act_class: ActClass, stored: AiActClass, results: dict[str, ControlResult]) -> dict[str, str]:
    """Each duty with the controls that answer it, since when it applies, and who bears it."""
    kept = stored.get("duties")
    names = dict(kept) if isinstance(kept, dict) else {}
    borne: dict[str, str] = {}
    for duty in act_class.duties:
        words, who = st.columns([5, 2], gap="medium", vertical_alignment="center")
        since = _since(duty)
        shown = " ".join(cards.word(results[c].status.value, c) for c in duty.controls if c in results)
        words.markdown(f"{prose(duty.words)}  \n:small[:gray[{plain(duty.source)}, {plain(since)}]] {shown}")
        name = who.text_input(
            "Who bears it",
            value=str(names.get(duty.key, "")),
            max_chars=120,
            key=f"governance.duty.{duty.key}",
            placeholder="Who bears it",
            label_visibility="collapsed",
        )
        if (name or "").strip():
            borne[duty.key] = str(name).strip()
    return borne
