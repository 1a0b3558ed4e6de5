"""How the verdict moved over time, on the Scorecard page."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from plumbline.answers.governance.scorecard import Answer
from plumbline.charts.status_strip import strip
from plumbline.charts.style import Mode
from plumbline.ui.parts import cards
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase


def history(answer: Answer, mode: Mode) -> None:
    """How the verdict moved over time."""
    entries, changes = answer.history, answer.changes
    cards.section(phrase("History"))
    moved = changes is not None and changes.catalogue_changed
    judged = (
        phrase(" The catalogue or its rules changed before the newest, so the last two are not judged alike.")
        if moved
        else ""
    )
    if len({at.date() for at, _ in entries}) < 2:
        first = numbers.day(entries[0][0])
        words = (
            phrase("The first scorecard is of {day}.", day=first)
            if len(entries) < 2
            else phrase("All {n} scorecards are of {day}.", n=len(entries), day=first)
        )
        cards.note(f"{words} {phrase('The strip grows each time an input changes.')}{judged}")
        return
    cards.note(
        phrase(
            "{n} scorecards kept with all their inputs. `plumbline scorecard {key} --at "
            "DATE` shows the one of a day and computes it again.{judged}",
            n=len(entries),
            key=answer.system.key,
            judged=judged,
        )
    )
    st.plotly_chart(
        strip([(at, word, _judgement_text(at, word)) for at, word in entries], mode),
        theme=None,
        config={"displayModeBar": False},
        key="scorecard.history",
        alt=phrase("Verdicts over time: ")
        + ", ".join(f"{localise(word, 'verdict')} {numbers.day(at)}" for at, word in entries[-6:]),
    )


def _judgement_text(at: datetime, verdict: str) -> str:
    return phrase(
        "{verdict}, judged {moment}", verdict=localise(verdict, "verdict"), moment=numbers.moment(at)
    )
