"""The pieces that show why one decision came out as it did, and what counts overall."""

from __future__ import annotations

import json

import streamlit as st

from plumbline.answers.decisions import one
from plumbline.answers.explain import Importance, explain
from plumbline.charts import numbers
from plumbline.charts.importance import importance
from plumbline.charts.style import Mode
from plumbline.charts.waterfall import waterfall
from plumbline.domain import Explanation, PlumblineError, Source
from plumbline.report.plain import plain
from plumbline.ui import cards, states, tables
from plumbline.ui.ask import ask
from plumbline.ui.plain import one_line, prose
from plumbline.ui.series import QUIET
from plumbline.ui.view import View

#: how sure an explanation is, by its source, in words and a status
SOURCES = {
    Source.LOGGED: ("as recorded at decision time", "pass"),
    Source.MODEL: ("computed from the registered model", "pass"),
    Source.SURROGATE: ("approximate: imitates the logged scores", "partial"),
}


def sentence(told: Explanation) -> str:
    """The finding: what moved this decision most, and which way."""
    if told.refused:
        return f"Decision {told.decision_id} cannot be explained: {told.refused}"
    ranked = sorted(told.attributions.items(), key=lambda item: -abs(item[1]))[:2]
    if not ranked:
        return f"Decision {told.decision_id} has no contributions to show."
    parts = [f"`{name}` {'raised' if value > 0 else 'lowered'} it most" for name, value in ranked[:1]]
    parts += [f"then `{name}` {'raised' if value > 0 else 'lowered'} it" for name, value in ranked[1:]]
    score = "" if told.score is None else f" scored {numbers.significant(told.score)}"
    return f"Decision {told.decision_id}{score}: {', '.join(parts)}."


def explanation(view: View, key: str, decision_id: str) -> Explanation | None:
    """The explanation of a decision; where there is none, the reason is on the page."""
    try:
        with st.spinner(
            "Explaining the decision. A version without contributions or model file takes some seconds."
        ):
            return ask(view, explain, key, decision_id)
    except PlumblineError as error:
        states.failed(error)
        return None


def record(view: View, key: str, told: Explanation) -> None:
    """Everything logged and computed about one decision, to download."""

    def build() -> str:
        logged = one(view.ws, key, told.decision_id)
        return json.dumps(
            plain({"system": key, "logged": logged, "explanation": told}), indent=2, ensure_ascii=False
        )

    st.download_button(
        "Download the record", build, file_name="decision.json", mime="application/json", on_click="ignore",
        icon=":material/download:", disabled=not told.exportable,
        help=None if told.exportable else "An approximation of this quality is not exported.",
    )  # fmt: skip


def provenance(told: Explanation) -> None:
    """Source, output space, baseline and the verdict of our own check."""
    words, status = SOURCES[told.source]
    st.markdown(cards.chip("fail" if told.refused else status, "refused" if told.refused else words))
    lines = [
        told.method,
        f"Space: {told.output_space}.",
        f"Baseline: {told.baseline}." if told.baseline else "",
    ]
    if told.fidelity is not None:
        lines.append(f"Fidelity {numbers.significant(told.fidelity)}.")
    lines.append(told.check)
    cards.note(" ".join(line for line in lines if line))


def decision(told: Explanation, mode: Mode) -> None:
    """The waterfall, the reasons, and the table behind both."""
    if not told.refused:
        st.plotly_chart(
            waterfall(told, mode), theme=None, config=QUIET, key="decisions.waterfall",
            alt=f"{sentence(told)} The table below has every contribution.",
        )  # fmt: skip
    if told.reasons:
        cards.section("Reasons against, in words")
        st.markdown("\n".join(f"{i}. {prose(reason)}" for i, reason in enumerate(told.reasons, 1)))
    tables.grid(
        [
            {
                "Feature": one_line(name),
                "Value": _value(told.values.get(name)),
                "Contribution": numbers.signed(value),
                "It": "raises" if value > 0 else "lowers" if value < 0 else "does nothing",
            }
            for name, value in sorted(told.attributions.items(), key=lambda item: -abs(item[1]))
        ],
        alt="Contributions: feature, its value, contribution, direction",
    )


def overall(found: Importance, mode: Mode) -> None:
    """Mean absolute contributions over a stated sample."""
    cards.section("What the model uses most", found.sentence)
    if not found.features:
        return
    most = ", ".join(f"{one_line(f.feature)} {numbers.significant(f.value)}" for f in found.features[:5])
    figure = importance({f.feature: f.value for f in found.features}, found.n, mode)
    st.plotly_chart(
        figure,
        theme=None,
        config=QUIET,
        key="decisions.importance",
        alt=f"Mean absolute contribution: {most}",
    )


def _value(value: object) -> str:
    if value is None:
        return "missing"
    return numbers.held(value) if isinstance(value, float) else one_line(value, 80)
