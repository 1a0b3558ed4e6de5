"""One decision beside others: where its values lie, decisions like it, and its inputs answered otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from plumbline.answers.decisions.context import DecisionContext, SimilarDecision
from plumbline.domain import Explanation, Task, direction, magnitude_order
from plumbline.domain.decisions import Decision
from plumbline.explain.shap.permutation import WITHIN
from plumbline.ui.parts import cards, tables
from plumbline.ui.parts.escape import escape as escaped
from plumbline.ui.parts.escape import one_line
from plumbline.ui.parts.filters import title
from plumbline.ui.state import session
from plumbline.wording import numbers
from plumbline.wording.language import digits, phrase
from plumbline.wording.quantities import count

LOG_ODDS = "log-odds"
THIS = "this one"  # in the place of an id
#: what few logs hold: not listed as missing where it is
SELDOM = ("label_time", "arm", "trained_at", "subject", "override")


def outcome(context: DecisionContext) -> None:
    """What was decided, by whom in the end, and what turned out to be true."""
    decision = context.decision
    override, predicted = decision.override, decision.prediction
    text = (
        phrase("none logged")
        if override is None
        else phrase("confirmed")
        if override == predicted
        else phrase("overruled")
    )
    score, scored, near = decision.score, phrase("Score"), ""
    if score is None and predicted in decision.probabilities:
        score, scored = decision.probabilities[predicted], phrase("Its probability")
    if context.cut is not None:
        agreement = numbers.share(context.cut.agrees)
        near = phrase(
            "cut-off {score}, which {kept} of decisions keep to",
            score=numbers.significant(context.cut.score),
            kept=agreement,
        )
    label = decision.label
    wrong = label is not None and label != predicted and isinstance(label, str)
    figures = [
        cards.Figure(
            name=scored, value=numbers.DASH if score is None else numbers.significant(score, 4), note=near
        )
    ]
    if score is None and context.system.task is Task.REGRESSION:
        guess = predicted  # what was predicted is the outcome
        off = None if label is None or guess is None else float(guess) - float(label)
        figures = [
            cards.Figure(
                name=phrase("Off by"),
                value=numbers.DASH if off is None else numbers.signed_number(off),
                note=phrase("predicted less true"),
            )
        ]
    cards.figures(
        [
            cards.Figure(name=phrase("Outcome"), value=value(predicted), note=numbers.moment(decision.time)),
            *figures,
            cards.Figure(
                name=phrase("Human decision"), value="–" if override is None else value(override), note=text
            ),
            cards.Figure(
                name=phrase("Turned out to be"),
                value="–" if label is None else value(label),
                note=_label_note(decision),
                status="fail" if wrong else "",
                word=phrase("wrong"),
            ),
        ]
    )
    if context.contradictions:
        answers = sorted({value(r.prediction) for r in context.contradictions})
        st.markdown(
            cards.chip(
                "fail", phrase("The same inputs got other answers: {answers}", answers=", ".join(answers))
            )
        )


def _label_note(decision: Decision) -> str:
    if decision.label is None:
        return phrase("no label yet")
    at = decision.label_time
    return (
        phrase("known on {at}", at=numbers.moment(at))
        if at is not None
        else phrase("when it was known is not logged")
    )


def contributions(explanation: Explanation, context: DecisionContext) -> None:
    """Each input: its value, the reference's middle and where the value lies in it, its contribution."""
    placed = {p.feature: p for p in context.placed}
    odds = explanation.output_space == LOG_ODDS
    rows: list[dict[str, object]] = []
    if not explanation.attributions:  # nothing explains it: its inputs are told all the same
        rows = [
            {
                "Feature": one_line(p.feature),
                "Value": value(p.value),
                "Reference median": value(p.median),
                "Percentile": _position_text(p.share, p.numeric),
            }
            for p in context.placed
        ]
        if rows:
            tables.grid(rows, alt=phrase("Inputs: feature, value, middle and place in the reference"))
            cards.note(
                phrase("Percentile: share of the reference at or below the value, or with the same category.")
            )
        return
    largest = max(abs(part) for part in explanation.attributions.values())
    for name, part in magnitude_order(explanation.attributions):
        position = placed.get(name)
        line: dict[str, object] = {
            "Feature": one_line(name),
            "Value": value(explanation.values.get(name)) if name in explanation.values else numbers.DASH,
            "Reference median": value(position.median) if position else numbers.DASH,
            "Percentile": _position_text(position.share, position.numeric) if position else numbers.DASH,
            "Contribution": numbers.signed_number(part),
        }
        if name in explanation.errors:
            line["Standard error"] = numbers.significant(explanation.errors[name])
        if odds:
            line["Odds ratio"] = numbers.significant(_times(part))
        line["It"] = (phrase("does nothing"), phrase("raises"), phrase("lowers"))[direction(part, largest)]
        rows.append(line)
    tables.grid(
        rows, alt=phrase("Contributions: feature, value, middle and place in the reference, contribution")
    )
    units = phrase("Contributions in {unit}", unit=numbers.unit(explanation.output_space))
    if odds:
        units += phrase("; odds times says what each multiplies the odds by")
    if explanation.errors:
        many, few = WITHIN
        units += phrase(
            "; they are estimates, 19 times in 20 within {many} standard errors of the exact "
            "value, or {few} where a costly model allowed only four pairs of orders",
            many=digits(f"{many:.1f}"),
            few=digits(f"{few:.1f}"),
        )
    cards.note(
        phrase(
            "{units}. Percentile: share of the reference at or below the value, or with the same category.",
            units=units,
        )
    )


def _times(part: float) -> float:
    import math

    return math.exp(min(max(part, -50.0), 50.0))


def _position_text(share: float | None, numeric: bool) -> str:
    if share is None:
        return numbers.DASH
    return f"{numbers.share(share)} {phrase('at or below') if numeric else phrase('have it')}"


def similar_decisions(context: DecisionContext) -> None:
    """The nearest decisions with their outcomes, the nearest with another one, and repeats."""
    others = [a for a in context.alike if a.decision.prediction != context.decision.prediction]
    text = phrase(
        "Of the {alike} most similar decisions {others} came out otherwise.",
        alike=len(context.alike),
        others=len(others),
    )
    cards.section(
        phrase("Similar decisions"), text if context.alike else phrase("There is no input to compare by.")
    )
    if context.alike:
        more = [context.comparable] if context.comparable and not others else []
        _table(context, [*context.alike, *more])
        cards.note(
            phrase(
                "Looked for among a random sample of {sampled} decisions of this version, and the "
                "nearest with another outcome among {sampled_other}. Distance 0 is the same inputs, "
                "1 as far as can be: numbers by their place in the reference, categories the same or "
                "not.",
                sampled=count(context.sampled),
                sampled_other=count(context.sampled_other),
            )
        )
    if context.repeats:
        differ = len(context.contradictions)
        cards.section(
            phrase("The same inputs again"),
            phrase(
                "{least}{repeats} other decisions have just these inputs and this version; {differ} "
                "got another answer.",
                least=phrase("At least ") if context.has_more_repeats else "",
                repeats=len(context.repeats),
                differ=differ,
            ),
        )
        _table(context, [SimilarDecision(r.id, r, 0.0) for r in context.repeats])


def _table(context: DecisionContext, items: Sequence[SimilarDecision]) -> None:
    inputs = list(context.decision.features)
    rows = []
    for item in [SimilarDecision(THIS, context.decision, 0.0), *items]:
        decision = item.decision
        line: dict[str, object] = {
            "Decision": phrase("this one") if item.decision_id == THIS else one_line(item.decision_id, 40),
            "Distance": numbers.DASH if item.decision_id == THIS else numbers.significant(item.distance, 2),
            "Outcome": value(decision.prediction),
            "Score": numbers.DASH if decision.score is None else numbers.significant(decision.score),
            "Human decision": numbers.DASH if decision.override is None else value(decision.override),
            "Turned out": numbers.DASH if decision.label is None else value(decision.label),
        }
        values = decision.features
        rows.append(
            line | {one_line(title(f"feature:{name}"), 40): value(values.get(name)) for name in inputs}
        )
    tables.grid(
        rows,
        alt=phrase("Decisions side by side: id, distance, outcome, score, human decision, label, inputs"),
    )


def logged_values(context: DecisionContext) -> None:
    """Everything that the log holds of the decision."""
    cards.section(phrase("As logged"), phrase("Everything that the log holds of it, as it was loaded."))
    rows = [
        {"Column": one_line(title(name), 80), "Value": _cell_text(name, cell)}
        for name, cell in context.decision.columns.items()
        if not name.startswith("_") and not (cell is None and name in SELDOM)
    ]
    rows.append(
        {"Column": phrase("load and line"), "Value": f"{context.decision.load_id}:{context.decision.line}"}
    )
    tables.grid(rows, alt=phrase("All columns of this decision and their values"))


def _cell_text(name: str, cell: Any) -> str:
    if hasattr(cell, "tzinfo"):
        return numbers.moment(cell)
    words = value(cell)
    return (
        phrase("{words}… (a keyed hash)", words=words[:8])
        if name == "subject" and cell is not None
        else words
    )


def value(cell: object) -> str:
    """A value as a cell shows it: one line, numbers short, missing said."""
    if cell is None or cell != cell:
        return "missing"
    return numbers.cell_value(float(cell)) if isinstance(cell, (int, float)) else one_line(cell, 80)


def choose(items: Sequence[SimilarDecision]) -> None:
    """Buttons that lead to these decisions."""
    with st.container(horizontal=True, gap="small"):
        for item in items:
            st.button(
                phrase("See {escaped}", escaped=escaped(item.decision_id, 30)),
                key=f"decisions.to.{item.decision_id}",
                on_click=session.DECISION.set,
                args=(item.decision_id,),
                type="tertiary",
            )
