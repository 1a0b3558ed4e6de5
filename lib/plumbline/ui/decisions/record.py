"""Handing out a decision's record, and the owner's words for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from plumbline.answers import statements
from plumbline.answers.decisions.context import DecisionContext
from plumbline.answers.decisions.record import ROLES
from plumbline.domain import AttributionSource, Explanation
from plumbline.explain.counterfactual.actionable import DIRECTIONS, changeable_features
from plumbline.report.decision_record import RECORD_LANGUAGES, issue_record, record_language
from plumbline.ui.frame import permissions, sign_in
from plumbline.ui.parts import cards
from plumbline.ui.parts.document_language import document_language
from plumbline.ui.parts.escape import one_line
from plumbline.ui.state.view import View
from plumbline.wording.language import code, localise, phrase, screen_text

LABELS = {
    ".pdf": (screen_text("Record (PDF)"), "application/pdf"),
    ".json": (screen_text("Record (JSON)"), "application/json"),
}
ADVERSE = {"low": screen_text("A low score"), "high": screen_text("A high score")}
ROLE_WORDS = {
    "": screen_text("Not stated"),
    "decides": screen_text("Decides automatically"),
    "recommends": screen_text("Recommends; a person decides"),
    "informs": screen_text("Informs a person"),
}


def downloads(view: View, key: str, explanation: Explanation) -> None:
    """The record in the chosen language. It is made at the click; its hash goes on the trail."""
    words = phrase("For the person concerned, or an auditor. Each issue goes on the trail.")
    if explanation.source is AttributionSource.SURROGATE:
        words += phrase(" This explanation is an approximation, so the record gives no reasons.")
    cards.section(phrase("Record of this decision"), words)
    chosen = document_language(
        {c: str(record_language(c).texts["name"]) for c in RECORD_LANGUAGES},
        default=code(),
        key="decisions.language",
    )
    with st.container(horizontal=True, gap="small"):
        for ending, (label, mime) in LABELS.items():
            st.download_button(
                localise(label),
                data=_maker(view, key, explanation.decision_id, ending, str(chosen)),
                file_name=f"decision{ending}",
                mime=mime,
                on_click="ignore",
                key=f"decisions.download{ending}",
                icon=":material/download:",
            )


def _maker(view: View, key: str, decision_id: str, ending: str, language_code: str) -> Callable[[], bytes]:
    actor, today = sign_in.actor(), datetime.now(UTC).date()
    return lambda: (
        issue_record(
            view.ws, key, decision_id, ending, language_code=language_code, on=today, actor=actor
        ).content
    )


def settings(view: View, context: DecisionContext) -> None:
    """What the owner says once for all decisions: words for inputs, what may change, role, how to contest."""
    import pandas as pd

    system = context.system
    settings = system.settings
    with st.expander(phrase("Settings of explanations")), st.form("decisions.settings", border=False):
        cards.note(
            phrase("What is not declared changeable is taken as fixed. Words appear in reasons and records.")
        )
        may = {item.feature: item for item in changeable_features(settings.changeable)}
        names = list(context.decision.features)
        frame = pd.DataFrame(
            [
                {
                    "Input": one_line(n),
                    "In words": settings.reasons.get(n, ""),
                    "May change": n in may,
                    "Direction": may[n].direction if n in may else "any",
                    "From": may[n].low if n in may else None,
                    "To": may[n].high if n in may else None,
                    "Step": (may[n].step or None) if n in may else None,
                    "Categories": ", ".join(may[n].levels) if n in may else "",
                }
                for n in names
            ]
        ).astype({"From": "Float64", "To": "Float64", "Step": "Float64"})
        edited = st.data_editor(
            frame,
            hide_index=True,
            disabled=["Input"],
            key=f"decisions.settings.{system.key}",
            num_rows="fixed",
            column_config={
                "Input": st.column_config.TextColumn(phrase("Input")),
                "In words": st.column_config.TextColumn(phrase("In words")),
                "May change": st.column_config.CheckboxColumn(phrase("May change")),
                "From": st.column_config.NumberColumn(phrase("From")),
                "To": st.column_config.NumberColumn(phrase("To")),
                "Direction": st.column_config.SelectboxColumn(
                    phrase("Direction"),
                    options=list(DIRECTIONS),
                    required=True,
                    format_func=lambda way: localise(str(way), "direction"),
                ),
                "Step": st.column_config.NumberColumn(
                    phrase("Step"), min_value=0.0, help=phrase("Whole steps from the logged value only")
                ),
                "Categories": st.column_config.TextColumn(
                    phrase("Categories"), help=phrase("Those it may take, with commas; empty: all")
                ),
            },
            alt=phrase("Inputs: words, whether they may change, direction, range, step, categories"),
        )
        left, right = st.columns(2, gap="large")
        adverse = left.selectbox(
            phrase("What is to the person's disadvantage"),
            list(ADVERSE),
            format_func=lambda a: localise(ADVERSE[a]),
            index=list(ADVERSE).index(settings.adverse or "low"),
            key="decisions.adverse",
        )
        role = right.selectbox(
            phrase("Role in the procedure"),
            list(ROLE_WORDS),
            format_func=lambda r: localise(ROLE_WORDS[r]),
            key="decisions.role",
            index=list(ROLE_WORDS).index(settings.role if settings.role in ROLES else ""),
        )
        contest = left.text_area(
            phrase("How to contest a decision"), settings.contest, key="decisions.contest", max_chars=1500
        )
        contact = right.text_area(phrase("Contact"), settings.contact, key="decisions.contact", max_chars=300)
        saved = permissions.submit(phrase("Save"), permissions.OWNER)
    if saved:
        rows = dict(zip(names, edited.to_dict("records"), strict=True))
        changes: dict[str, Any] = {
            "reasons": {n: _words(r) for n, r in rows.items() if _words(r)} or None,
            "changeable": {n: _limits(r) for n, r in rows.items() if r["May change"]} or None,
            "adverse": adverse, "role": role or None, "contest": contest.strip() or None,
            "contact": contact.strip() or None,
        }  # fmt: skip
        changeable_features(changes["changeable"] or {})  # refused before it is kept
        statements.change_settings(view.ws, system.key, changes, by=sign_in.actor())
        st.rerun()


def _words(row: Mapping[Any, Any]) -> str:
    return str(row["In words"] or "").strip()


def _limits(row: Mapping[Any, Any]) -> dict[str, Any]:
    levels = [part.strip() for part in str(row["Categories"] or "").split(",") if part.strip()]
    numbers = {
        name: _number(row[column]) for name, column in (("low", "From"), ("high", "To"), ("step", "Step"))
    }
    return {"direction": row["Direction"], "levels": levels} | {
        k: v for k, v in numbers.items() if v is not None
    }


def _number(value: Any) -> float | None:
    import pandas as pd

    return None if value is None or pd.isna(value) else float(value)
