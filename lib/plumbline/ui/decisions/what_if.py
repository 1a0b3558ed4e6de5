"""What would have changed a decision, and other values tried on the registered model itself."""

from __future__ import annotations

from typing import Any

import streamlit as st

from plumbline.answers.decisions.context import DecisionContext, FeaturePosition
from plumbline.answers.decisions.counterfactual import (
    Counterfactual,
    Counterfactuals,
    WhatIfResult,
    find_counterfactuals,
    try_values,
)
from plumbline.domain import PlumblineError, magnitude_order
from plumbline.explain.counterfactual.actionable import changeable_features
from plumbline.ui.decisions import context
from plumbline.ui.parts import cards, empty_states, tables
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text
from plumbline.wording.quantities import count

MOST = 12  # inputs that can be tried at once
SPACES = {"logit": "log-odds", "softmax": "log-odds", "log": screen_text("log of the value")}


def counterfactual_section(view: View, context: DecisionContext, decision_id: str) -> None:
    """The least that would have led to the other outcome, or why there is nothing to say."""
    key = context.system.key
    try:
        counterfactuals = ask(view, find_counterfactuals, key, decision_id)
    except PlumblineError as error:
        cards.section(
            phrase("What would have changed it"),
            phrase("Not looked for. {error}", error=empty_states.error_sentence(error)),
        )
        _comparable_case(context)
        return
    cards.section(phrase("What would have changed it"), _sentence(counterfactuals))
    for number, way in enumerate(counterfactuals.ways, 1):
        with st.container(border=True, gap="xsmall"):
            _counterfactual(number, way, counterfactuals.outcome)
    if counterfactuals.ways:
        cards.note(
            phrase(
                "Scored by the registered model itself: {scored} combinations of the inputs declared "
                "changeable, fewest changes first. It says what the model would have given. It is no "
                "promise and not what causes what.",
                scored=count(counterfactuals.scored),
            )
        )
        return
    if not changeable_features(context.system.settings.changeable):
        cards.note(phrase("Say which inputs may change under Settings of explanations below."))
    _comparable_case(context)


def _sentence(counterfactuals: Counterfactuals) -> str:
    if not counterfactuals.ways:
        return counterfactuals.why
    first = counterfactuals.ways[0]
    what = phrase(" and ").join(f"{c.feature} = {context.value(c.then)}" for c in first.changes)
    score = numbers.significant(first.score)
    return phrase(
        "With {what} the model's output would have been {score}: {outcome}.",
        what=what,
        score=score,
        outcome=counterfactuals.outcome,
    )


def _counterfactual(number: int, way: Counterfactual, outcome: str) -> None:
    parts = [
        phrase(
            "**{feature}** {value} instead of {former}",
            feature=escape(c.feature, 60),
            value=escape(context.value(c.then)),
            former=escape(context.value(c.was)),
        )
        for c in way.changes
    ]
    st.markdown(
        phrase(
            "{number}. {changes}: output {score}, {outcome}",
            number=number,
            changes=phrase(" and ").join(parts),
            score=escape(numbers.significant(way.score)),
            outcome=escape(outcome),
        )
    )
    near = "within" if way.is_plausible else "beyond"
    words = phrase(
        "The nearest logged {outcome} decision is {distance} away, {near} what is usual ({usual}).",
        outcome=outcome,
        distance=numbers.significant(way.distance, 2),
        near=near,
        usual=numbers.significant(way.usual, 2),
    )
    if way.is_plausible:
        cards.note(words)
    else:
        st.markdown(cards.chip("partial", phrase("unusual: may not occur in practice")))
        cards.note(words)


def _comparable_case(decision_context: DecisionContext) -> None:
    near = decision_context.comparable
    if near is None:
        return
    cards.note(
        phrase(
            "A comparable case: the nearest real decision of this version with another outcome, "
            "among {sampled_other}. It shows what differed, not what to change.",
            sampled_other=count(decision_context.sampled_other),
        )
    )
    mine, theirs = decision_context.decision.features, near.decision.features
    pairs = [("outcome", decision_context.decision.prediction, near.decision.prediction)]
    pairs += [
        (one_line(name), mine[name], theirs.get(name)) for name in mine if theirs.get(name) != mine[name]
    ]
    rows = [
        {"Input": name, "This decision": context.value(input_value), "Comparable case": context.value(other)}
        for name, input_value, other in pairs
    ]
    tables.grid(rows, alt=phrase("Comparable case: outcome and inputs that differ"))
    context.choose([near])


def what_if_section(view: View, context: DecisionContext, decision_id: str) -> None:
    """Sliders over the inputs; the registered model scores what they say."""
    cards.section(
        phrase("Try other values"),
        phrase("The registered model itself scores what you set. Nothing is stored."),
    )
    _trial_form(view, context, decision_id)


@st.fragment
def _trial_form(view: View, decision_context: DecisionContext, decision_id: str) -> None:
    key = decision_context.system.key
    changes: dict[str, Any] = {}
    places = st.columns(2, gap="large")
    for at, item in enumerate(decision_context.placed[:MOST]):
        with places[at % 2]:
            moved = _input(decision_context, item, f"decisions.try.{key}.{decision_id}.{item.feature}")
            if moved != item.value:
                changes[item.feature] = moved
    try:
        result = try_values(view.ws, key, decision_id, changes)
    except PlumblineError as error:
        empty_states.show_error(error)
        return
    logged = numbers.DASH if result.logged is None else numbers.significant(result.logged, 4)
    cards.figures(
        [
            cards.Figure(
                name=phrase("Score with these values"),
                value=numbers.significant(result.score, 4),
                note=phrase("logged {logged}", logged=logged),
            ),
            cards.Figure(
                name=phrase("Outcome"),
                value=result.outcome or numbers.DASH,
                note=phrase("logged {value}", value=context.value(decision_context.decision.prediction)),
            ),
            cards.Figure(
                name=phrase("Inputs changed"),
                value=str(len(changes)),
                note=phrase("of {n}", n=len(decision_context.placed)),
            ),
        ]
    )
    _contribution_changes(result)
    unused = [
        item.feature
        for item in decision_context.placed
        if result.before and item.feature not in result.before
    ]
    if unused:
        cards.note(
            phrase("The model does not use {names}: changing them changes nothing.", names=", ".join(unused))
        )


def _input(context: DecisionContext, item: FeaturePosition, key: str) -> Any:
    label = escape(item.feature, 60)
    if not item.numeric:
        levels = list(
            dict.fromkeys(str(value) for value in _values(context, item.feature) if value is not None)
        )
        options = list(dict.fromkeys([str(item.value), str(item.median), *levels]))
        picked = st.selectbox(
            label, options, key=key, format_func=lambda o: one_line(o, 60), accept_new_options=True
        )
        return item.value if picked == str(item.value) else picked
    if item.value is None:
        number = st.number_input(label, value=None, key=key, placeholder=phrase("missing"))
        return None if number is None else float(number)
    start = float(item.value)
    low, high = context.ranges.get(item.feature, (start, start))
    low, high = min(low, start), max(high, start)
    if low == high:
        low, high = start - 1, start + 1
    whole = start.is_integer() and low.is_integer() and high.is_integer()
    step = 1.0 if whole and high - low <= 2_000 else (high - low) / 200
    number = st.slider(label, low, high, start, step=step, key=key, format="%.4g")
    return float(number)


def _values(context: DecisionContext, feature: str) -> list[Any]:
    """What an input was in similar decisions."""
    return [alike.decision.features.get(feature) for alike in context.alike]


def _contribution_changes(trial: WhatIfResult) -> None:
    if not trial.attributions:
        cards.note(phrase("This model file gives scores only: contributions cannot be split by input here."))
        return
    rows = [
        {
            "Feature": one_line(name),
            "As logged": numbers.signed_number(trial.before[name]),
            "With these values": numbers.signed_number(trial.attributions[name]),
            "Change": numbers.signed_number(change),
        }
        for name, change in magnitude_order(
            {name: part - trial.before[name] for name, part in trial.attributions.items()}
        )
    ]
    tables.grid(rows, alt=phrase("Contributions as logged and with these values"))
    cards.note(
        phrase("Contributions in {unit}.", unit=localise(SPACES.get(trial.space, "units of the value")))
    )
