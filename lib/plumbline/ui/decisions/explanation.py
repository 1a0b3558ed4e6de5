"""The pieces that show why one decision came out as it did, from its source to its reasons."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.decisions.context import DecisionContext
from plumbline.answers.decisions.explain import explain
from plumbline.answers.decisions.reasons import POPULATIONS, reasons_against
from plumbline.charts.waterfall import waterfall
from plumbline.domain import AttributionSource, Explanation, PlumblineError, Task, magnitude_order
from plumbline.ui.accuracy.series import QUIET
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import prose
from plumbline.ui.state import session
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import capital, localise, phrase, screen_text

PARTS = (
    screen_text("Why"),
    screen_text("What would have changed it"),
    screen_text("Try other values"),
    screen_text("Similar decisions"),
    screen_text("Record"),
)
#: what a registered model's contributions can add up to
SPACES = ("log-odds", "probability")
#: what contributions are told in, for those who do not use it every day
IN = {
    "log-odds": screen_text(
        "The logarithm of the odds, in which contributions add up: +0.69 doubles the odds, -0.69 halves them."
    ),
    "probability": screen_text("Parts of the probability itself: +0.05 is five percentage points."),
    "log of the value": screen_text(
        "The logarithm of the predicted number: +0.1 is about ten per cent more."
    ),
}
#: how sure an explanation is, by its source, in words and a status
SOURCES = {
    AttributionSource.LOGGED: (screen_text("as recorded at decision time"), "pass"),
    AttributionSource.MODEL: (screen_text("computed from the registered model"), "pass"),
    AttributionSource.SURROGATE: (screen_text("approximate: imitates the logged scores"), "partial"),
}


def sentence(explanation: Explanation) -> str:
    """The finding: what moved this decision most, and which way."""
    if explanation.refused:
        return phrase("Decision {decision_id} cannot be explained.", decision_id=explanation.decision_id)
    ranked = magnitude_order(explanation.attributions)[:2]
    if not ranked:
        return phrase(
            "Decision {decision_id} has no contributions to show.", decision_id=explanation.decision_id
        )
    parts = [
        phrase("`{name}` raised it most", name=name)
        if value > 0
        else phrase("`{name}` lowered it most", name=name)
        for name, value in ranked[:1]
    ]
    parts += [
        phrase("then `{name}` raised it", name=name)
        if value > 0
        else phrase("then `{name}` lowered it", name=name)
        for name, value in ranked[1:]
    ]
    score = (
        ""
        if explanation.score is None
        else phrase(" scored {score}", score=numbers.significant(explanation.score))
    )
    return phrase(
        "Decision {decision_id}{score}: {parts}.",
        decision_id=explanation.decision_id,
        score=score,
        parts=", ".join(parts),
    )


def explanation(view: View, key: str, decision_id: str) -> Explanation | None:
    """The explanation of a decision; where there is none, the reason is on the page."""
    try:
        with st.spinner(
            phrase(
                "Explaining the decision. A version without contributions or model file takes some seconds."
            )
        ):
            return ask(view, explain, key, decision_id)
    except PlumblineError as error:
        empty_states.show_error(error)
        return None


def part() -> str:
    """Which part of the decision is open; only that one is computed."""
    shown = st.segmented_control(
        phrase("Part"),
        PARTS,
        format_func=localise,
        default=PARTS[0],
        required=True,
        key=session.PART.name,
        bind="query-params",
        label_visibility="collapsed",
    )
    return str(shown or PARTS[0])


def provenance(explanation: Explanation) -> None:
    """Source, output space, baseline and the verdict of our own check."""
    words, status = SOURCES[explanation.source]
    words = localise(words)
    words += phrase(", estimated") if explanation.errors else ""
    st.markdown(
        cards.chip(
            "fail" if explanation.refused else status, phrase("refused") if explanation.refused else words
        )
    )
    lines = [
        f"{capital(explanation.method)}." if explanation.method else "",
        phrase("In {unit}.", unit=numbers.unit(explanation.output_space)) if explanation.output_space else "",
        phrase("Baseline: {baseline}.", baseline=explanation.baseline) if explanation.baseline else "",
        localise(explanation.check),
    ]
    cards.note(
        " ".join(line for line in lines if line),
        help=localise(IN.get(explanation.output_space, "")) or None,
    )
    if explanation.refused:
        cards.note(
            phrase(
                "Register its version's model file on the Logs page, or log contributions with each decision."
            )
        )


def decision(view: View, key: str, explanation: Explanation) -> Explanation:
    """The waterfall, in log-odds or in probability as the reader chose; returns what it shows."""
    explanation = _rescale(view, key, explanation)
    if not explanation.refused:
        st.plotly_chart(
            waterfall(explanation, view.mode),
            theme=None,
            config=QUIET,
            key="decisions.waterfall",
            alt=phrase("{sentence} The table below has every contribution.", sentence=sentence(explanation)),
        )
    return explanation


def _rescale(view: View, key: str, explanation: Explanation) -> Explanation:
    """The same decision in the space that the reader chose, where a registered model offers both."""
    if (
        explanation.refused
        or explanation.source is not AttributionSource.MODEL
        or explanation.output_space != SPACES[0]
    ):
        return explanation
    chosen = st.segmented_control(
        phrase("Contributions in"),
        SPACES,
        format_func=lambda each: localise(each, "scale"),
        default=SPACES[0],
        required=True,
        key="decisions.space",
        help=phrase(
            "Log-odds: what the model adds up itself. Probability: how far each input moved the "
            "probability, measured against decisions of the reference that were fixed for this "
            "version. The reasons stay in log-odds."
        ),
    )
    if chosen != SPACES[1]:
        return explanation
    try:
        rescaled = ask(view, explain, key, explanation.decision_id, space=SPACES[1])
    except PlumblineError as error:
        cards.note(phrase("{error} Shown in log-odds.", error=empty_states.error_sentence(error)))
        return explanation
    if not rescaled.refused:
        cards.note(
            phrase(
                "{method}. Baseline: {baseline}. {check}",
                method=capital(rescaled.method),
                baseline=rescaled.baseline,
                check=rescaled.check,
            )
        )
    return rescaled


def reasons(view: View, explanation: Explanation, context: DecisionContext) -> None:
    """At most four reasons in plain words, against the population that the reader chose."""
    if explanation.refused:
        return
    system = context.system
    approximate = (
        phrase("An approximation, for analysts: no reason to give to the person.")
        if explanation.source is AttributionSource.SURROGATE
        else ""
    )
    cards.section(phrase("Reasons against, in words"), approximate)
    population = POPULATIONS[0]
    if (
        system.task is Task.BINARY
        and context.cut is not None
        and explanation.source is not AttributionSource.SURROGATE
    ):
        population = str(
            st.segmented_control(
                phrase("Compared with"),
                POPULATIONS,
                format_func=lambda each: localise(each, "population"),
                default=population,
                required=True,
                key="decisions.population",
                help=phrase(
                    "All: the explanation's own baseline. Just approved: those on the favourable side "
                    "nearest the cut-off."
                ),
            )
        )
    against = ask(view, reasons_against, system.key, explanation, population)
    if against.reasons.reasons:
        cards.ordered_list(against.reasons.reasons)
    else:
        cards.note(phrase("No input weighed against the person."))
    for alert in against.reasons.alerts:
        st.markdown(f"{cards.chip('fail', phrase('protected attribute'))} {prose(alert)}")
    stated = (
        phrase("as the owner stated")
        if system.settings.adverse
        else phrase("unless the owner states otherwise")
    )
    adverse = system.settings.adverse or "low"
    told_of = (
        phrase("Contributions {population}. ", population=against.population) if against.population else ""
    )
    values = {"told_of": told_of, "stated": stated}
    cards.note(
        phrase(
            "{told_of}A low score is to the person's disadvantage, {stated} in the settings below.", **values
        )
        if adverse == "low"
        else phrase(
            "{told_of}A high score is to the person's disadvantage, {stated} in the settings below.", **values
        )
    )
