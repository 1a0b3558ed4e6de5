"""The questions about a dropped file that a click answers, and the choices that are worth confirming."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from plumbline.answers.data.load import FileAnswers, open_questions
from plumbline.domain import Task
from plumbline.logs.inspect import Inspection
from plumbline.logs.mapping.questions import FileQuestion
from plumbline.logs.values.language_names import LANGUAGE_NAMES
from plumbline.logs.values.zone_names import time_zones
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import one_line, prose
from plumbline.wording.language import localise, phrase, screen_text

_UNSAID = screen_text("Please choose")
_ORDERS = {
    "dmy": screen_text("Day first: 31/12/2026"),
    "mdy": screen_text("Month first: 12/31/2026"),
    "excel": screen_text("Days since 1900, as Excel keeps dates"),
}
_TASKS = {
    "binary": screen_text("Two classes"),
    "multiclass": screen_text("Several classes"),
    "regression": screen_text("A number"),
}


def ask(inspection: Inspection, token: str, frozen: Task | None = None) -> FileAnswers:
    """Draw the questions and return what was said; the changed roles are not among it yet.

    ``frozen``: what the system predicts, where it holds decisions.
    """
    topics = {q.topic: q for q in inspection.asked}
    for question in inspection.asked:
        if question.topic == "role":
            mark = (
                cards.word("fail", phrase("needs an answer"))
                if question.must
                else cards.word("watch", phrase("to check"))
            )
            st.markdown(
                f"{mark}  {prose(localise(question.text))}"
                + (phrase(" Change it in the table below.") if question.must else "")
            )
    order = topics.get("date_order")
    said_order = (
        _choose(
            order,
            list(order.options),
            {order: localise(words) for order, words in _ORDERS.items()}
            | {la: phrase("Months in {language}", language=name) for la, name in LANGUAGE_NAMES.items()},
            f"logs.order.{token}",
        )
        if order
        else None
    )
    if inspection.kind == "labels":
        return FileAnswers(
            date_order=said_order, timezone=_zone(inspection, topics.get("timezone"), token, st)
        )
    said_task = _task(inspection, topics.get("task"), frozen, token)
    naive = bool(inspection.zone_notes) or "timezone" in topics
    left, right = st.columns(2, gap="medium")
    zone = _zone(inspection, topics.get("timezone"), token, left)
    positive = _positive(inspection, topics.get("positive"), token, right if naive else left)
    return FileAnswers(maps=(), timezone=zone, positive=positive, date_order=said_order, task=said_task)


def _task(
    inspection: Inspection, question: FileQuestion | None, frozen: Task | None, token: str
) -> str | None:
    """What the log predicts: always shown, and to be changed until the system holds decisions."""
    if frozen is not None:
        cards.note(phrase("The system predicts {task}.", task=localise(frozen.value, "task")))
        return None
    guessed = inspection.mapping.task
    # the widget's name holds the guess: other roles make another guess, which is then shown
    key = f"logs.task.{token}.{guessed}"
    if question:
        _mark(question, key)
    options = list(_TASKS)
    open_now = question is not None and question.must
    index = options.index(guessed) if guessed and not open_now else None
    chosen = st.radio(
        phrase("The log predicts"),
        options,
        index=index,
        key=key,
        horizontal=True,
        format_func=lambda task: localise(_TASKS[task]),
    )
    return str(chosen) if chosen and (question or chosen != guessed) else None


def _mark(question: FileQuestion, key: str) -> None:
    """The question, and whether it is answered."""
    if st.session_state.get(key):
        mark = cards.word("pass", phrase("answered"))
    else:
        mark = (
            cards.word("fail", phrase("needs an answer"))
            if question.must
            else cards.word("watch", phrase("to check"))
        )
    st.markdown(f"{mark}  {prose(localise(question.text))}")


def _choose(question: FileQuestion, options: Sequence[str], words: dict[str, str], key: str) -> str | None:
    _mark(question, key)
    index = options.index(question.taken) if question.taken in options else None
    chosen = st.radio(
        phrase("Answer"),
        options,
        index=index,
        key=key,
        horizontal=True,
        label_visibility="collapsed",
        format_func=lambda o: words.get(o, one_line(o)),
    )
    return str(chosen) if chosen else None


def _zone(inspection: Inspection, question: FileQuestion | None, token: str, place: object) -> str | None:
    """In which zone the times without one are written; nothing is asked where every time carries its own."""
    if not inspection.zone_notes and question is None:
        return None
    zones = [
        *(question.options if question else ()),
        inspection.mapping.timezone,
        "UTC",
        *sorted(time_zones()),
    ]
    offered = list(dict.fromkeys(zones))
    if question:
        _mark(question, f"logs.zone.{token}")
    chosen = place.selectbox(  # type: ignore[attr-defined]
        phrase("Times without a zone are written in"),
        offered,
        index=None if question else offered.index(inspection.mapping.timezone),
        placeholder=localise(_UNSAID),
        key=f"logs.zone.{token}",
        help=phrase("Remembered for the system. Times that carry their zone are not touched."),
    )
    return str(chosen) if chosen else None


def _positive(inspection: Inspection, question: FileQuestion | None, token: str, place: object) -> str | None:
    """Which class the score is the probability of."""
    mapping = inspection.mapping
    if mapping.task is not Task.BINARY or mapping.positive is None:
        return None
    column = mapping.column_of("prediction") or mapping.column_of("label")
    seen = [v.strip() for v in inspection.samples().get(column or "", ()) if v and v.strip()]
    options = list(
        dict.fromkeys([*(question.options if question else ()), mapping.positive, *sorted(set(seen))])
    )
    if question:
        st.markdown(f"{cards.word('watch', phrase('to check'))}  {prose(localise(question.text))}")
    chosen = place.selectbox(  # type: ignore[attr-defined]
        phrase("Positive class"),
        options,
        index=options.index(mapping.positive),
        format_func=lambda o: one_line(o, 60),
        key=f"logs.positive.{token}",
        help=phrase("The class whose probability the score is. Remembered for the system."),
    )
    return str(chosen) if chosen and (question or chosen != mapping.positive) else None


def required_questions(inspection: Inspection, answers: FileAnswers) -> tuple[FileQuestion, ...]:
    """What must be said before the file can be loaded."""
    return open_questions(inspection, answers)
