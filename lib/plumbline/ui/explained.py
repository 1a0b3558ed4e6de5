"""The pieces that show why one decision came out as it did, and what counts overall."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.explain import Importance, explain
from plumbline.answers.reasoning import POPULATIONS, reasons_against
from plumbline.charts import numbers
from plumbline.charts.importance import importance
from plumbline.charts.style import Mode
from plumbline.charts.waterfall import waterfall
from plumbline.domain import Explanation, PlumblineError, Source
from plumbline.ui import cards, session, states
from plumbline.ui.ask import ask
from plumbline.ui.plain import one_line, prose
from plumbline.ui.series import QUIET
from plumbline.ui.view import View

PARTS = ("Why", "What would have changed it", "Try other values", "Similar decisions", "Record")
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


def part() -> str:
    """Which part of the decision is open; only that one is computed."""
    shown = st.segmented_control(
        "Part", PARTS, default=PARTS[0], required=True, key=session.PART.name, bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    return str(shown or PARTS[0])


def provenance(told: Explanation) -> None:
    """Source, output space, baseline and the verdict of our own check."""
    words, status = SOURCES[told.source]
    st.markdown(cards.chip("fail" if told.refused else status, "refused" if told.refused else words))
    lines = [
        f"{told.method[:1].upper()}{told.method[1:]}." if told.method else "",
        f"Space: {told.output_space}.",
        f"Baseline: {told.baseline}." if told.baseline else "",
    ]
    if told.fidelity is not None:
        lines.append(f"Fidelity {numbers.significant(told.fidelity)}.")
    lines.append(told.check)
    cards.note(" ".join(line for line in lines if line))


def decision(told: Explanation, mode: Mode) -> None:
    """The waterfall, the reasons, and what the owner has to know."""
    if not told.refused:
        st.plotly_chart(
            waterfall(told, mode), theme=None, config=QUIET, key="decisions.waterfall",
            alt=f"{sentence(told)} The table below has every contribution.",
        )  # fmt: skip


def reasons(view: View, key: str, told: Explanation) -> None:
    """At most four reasons in plain words, against the population that the reader chose."""
    if told.refused:
        return
    cards.section("Reasons against, in words")
    population = st.segmented_control(
        "Compared with", POPULATIONS, default="all", required=True, key="decisions.population",
        help="All: the explanation's own baseline. Just approved: those on the favourable side nearest the cut-off.",
    )  # fmt: skip
    found = ask(view, reasons_against, key, told, str(population))
    if found.reasons.reasons:
        st.markdown("\n".join(f"{i}. {prose(reason)}" for i, reason in enumerate(found.reasons.reasons, 1)))
    else:
        cards.note("No input weighed against the person.")
    for alert in found.reasons.alerts:
        st.markdown(f"{cards.chip('fail', 'protected attribute')} {prose(alert)}")
    cards.note(
        f"Contributions {found.population}. A low or a high score counts as adverse as the settings say."
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
