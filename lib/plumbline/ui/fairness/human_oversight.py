"""Human override: how often people look and overrule, and how far decisions reach."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.fairness.groups import FairnessAnswer
from plumbline.answers.fairness.sentence import say_oversight
from plumbline.monitor.fairness.groups import GroupRate
from plumbline.monitor.fairness.human_oversight import Oversight
from plumbline.ui.parts import cards, tables
from plumbline.ui.parts.escape import one_line, prose
from plumbline.wording import numbers
from plumbline.wording.language import digits, phrase


def override_section(answer: FairnessAnswer) -> None:
    """How often people look and overrule, whether they were right, and how far the decisions reach."""
    cards.section(phrase("Human override"))
    if answer.oversight is None:
        cards.note(
            phrase(
                "The log does not show what people decided in the end. Log the human's final "
                "decision beside the model's, and map that column as override."
            )
        )
    else:
        st.markdown(prose(say_oversight(answer.oversight)))
        oversights = (*answer.oversight_by_version, *answer.oversight_by_month)
        tables.grid(
            [
                _overseen(o)
                for o in (oversights if len(answer.oversight_by_version) > 1 else answer.oversight_by_month)
            ],
            alt=phrase("Oversight by version and month: override rate, automation rate, right to overrule"),
            height=460 if len(oversights) > 11 else None,
        )
    if answer.reach is not None:
        cards.note(phrase("Reach: {sentence}", sentence=answer.reach.sentence))


def _overseen(o: Oversight) -> dict[str, object]:
    return {
        "Version or month": one_line(o.label) or phrase("no version"),
        "n": o.n,
        "Overruled": o.overruled,
        "Override rate": _rate_text(o.override_rate),
        "Automation rate": _rate_text(o.automation_rate),
        "Right to overrule": _rate_text(o.right_to_overrule),
        "Outcomes known": o.right_to_overrule.n if o.right_to_overrule else 0,
    }


def _rate_text(rate: GroupRate | None) -> str:
    if rate is None:
        return numbers.DASH
    return phrase(
        "{rate} ({low} to {high})",
        rate=numbers.share(rate.value),
        low=digits(f"{100 * rate.low:.1f}"),
        high=digits(f"{100 * rate.high:.1f}"),
    )
