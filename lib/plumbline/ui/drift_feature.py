"""One feature on the Drift page: then and now on the same cells, quantiles, levels, measures, and its rows."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.drift.feature import FeatureAnswer
from plumbline.answers.drift.features import DriftAnswer
from plumbline.charts.distribution import distribution, histogram
from plumbline.charts.style import Mode
from plumbline.domain import FeatureDrift, Kind
from plumbline.monitor.drift.distances import METHODS, OF_THEIR_OWN
from plumbline.ui.frame import drill_down
from plumbline.ui.parts import cards, charts, tables
from plumbline.ui.parts.escape import one_line
from plumbline.ui.parts.glossary import help_for
from plumbline.ui.state import session
from plumbline.wording import numbers
from plumbline.wording.language import english_reader, localise, phrase


def choose(answer: DriftAnswer) -> str | None:
    """One feature to look at; the worst unless the link says otherwise."""
    ranked = [r.feature for r in answer.ranking]
    options = list(dict.fromkeys([*ranked, *(f.feature for f in answer.features)]))
    if not options:
        return None
    return st.selectbox(phrase("Feature"), options, key=session.FEATURE.name, bind="query-params", width=316)


def feature_section(system: str, answer: FeatureAnswer, mode: Mode) -> None:
    """Its two distributions, what moved, every measure, and the way to the rows behind a bar."""
    words = (
        phrase(
            "Missing {missing_now} now, {missing_then} in the reference. ",
            missing_now=numbers.share(answer.missing_now),
            missing_then=numbers.share(answer.missing_then),
        )
        + (
            phrase("The end cells hold what lies beyond as well. ")
            if answer.kind is Kind.NUMERIC and not answer.labels
            else ""
        )
        + phrase("Select a bar to go to its rows.")
    )
    cards.note(words)
    then, now = [float(x) for x in answer.then], [float(x) for x in answer.now]
    numeric = answer.kind is Kind.NUMERIC
    if numeric and not answer.labels:
        figure = histogram(
            [float(x) for x in answer.edges],
            then,
            now,
            answer.n_then,
            answer.n_now,
            mode,
            what=one_line(answer.feature, 60),
        )
    else:
        figure = distribution(answer.labels, then, now, answer.n_then, answer.n_now, mode, ordered=numeric)
    event = charts.show(
        figure,
        key="drift.one",
        name=f"{one_line(answer.feature, 40)} then and now",
        alt=phrase(
            "Distribution of {feature} in the reference and in the window. {words}",
            feature=one_line(answer.feature),
            words=words,
        ),
        rows=_data(answer),
        select=True,
    )
    _rows_behind(system, answer, drill_down.clicked_mark(event))
    _change_tables(answer)
    tables.grid(
        [
            {
                "Measure": numbers.name(d.method),
                "Value": _value(d.method, d.value),
                "95 % limits": _limits(d),
                "Matters from": _value(d.method, d.threshold) if d.threshold else numbers.DASH,
                "p": numbers.p_value(d.p_value),
                "Status": cards.glyph("drifted" if d.drifted else d.status.value),
                "What it says": method_sentence(d.method),
                "Note": one_line(d.note, 120),
            }
            for d in answer.by_method
        ],
        alt=phrase("Distances of the feature by measure"),
    )


def method_sentence(method: str) -> str:
    """What a measure of drift says, in a sentence."""
    with english_reader():
        name = numbers.name(method)
    return help_for(name) or localise(METHODS[method].says)


def _value(method: str, value: float | None) -> str:
    """A distance as a number, a change of a share in per cent."""
    return numbers.share(value) if method in OF_THEIR_OWN else numbers.figure(value)


def _limits(d: FeatureDrift) -> str:
    if d.low is None or d.high is None:
        return numbers.DASH
    return phrase("{low} to {high}", low=_value(d.method, d.low), high=_value(d.method, d.high))


def _data(answer: FeatureAnswer) -> list[dict[str, object]]:
    cells = [
        {"level": label} if answer.labels else {"from": low, "to": high}
        for label, low, high in zip(
            answer.labels or [""] * len(answer.then),
            list(answer.edges[:-1]) or [None] * len(answer.then),
            list(answer.edges[1:]) or [None] * len(answer.then),
            strict=False,
        )
    ]
    return [
        {
            **cell,
            "share_reference": float(a),
            "share_window": float(b),
            "n_reference": answer.n_then,
            "n_window": answer.n_now,
        }
        for cell, a, b in zip(cells, answer.then, answer.now, strict=False)
    ]


def _rows_behind(system: str, answer: FeatureAnswer, mark: object) -> None:
    """The link to the rows of the bar that was selected."""
    if not isinstance(mark, list) or not mark:
        return
    if answer.kind is Kind.NUMERIC and not answer.labels:
        place = int(mark[0])
    else:
        place = answer.labels.index(str(mark[0])) if str(mark[0]) in answer.labels else -1
    value = answer.where[place] if 0 <= place < len(answer.where) else None
    if value is None:
        cards.note(
            phrase("This bar gathers several levels; choose one of them in the filter above the page.")
        )
        return
    n = round(float(answer.now[place]) * answer.n_now)
    words = phrase(
        "The {n} decisions of the window with {feature} ",
        n=numbers.count(n),
        feature=one_line(answer.feature, 40),
    )
    drill_down.to_rows(system, *answer.window, (answer.column, value), words + drill_down.short_value(value))


def _change_tables(answer: FeatureAnswer) -> None:
    """Quantiles of a number, or the levels that grew and shrank."""
    if answer.quantiles:
        tables.grid(
            [
                {
                    "Quantile": f"{100 * q.share:.0f} %",
                    "Reference": _figure_or_dash(q.then),
                    "Window": _figure_or_dash(q.now),
                    "Change": _change(q.then, q.now),
                }
                for q in answer.quantiles
            ],
            alt=phrase(
                "Quantiles in the reference and in the window; a dash lies outside the reference's range"
            ),
        )
    elif answer.levels:
        tables.grid(
            [
                {
                    "Level": one_line(level.level, 60),
                    "Reference": numbers.share(level.then),
                    "Window": numbers.share(level.now),
                    "Change (points)": numbers.signed_number(100 * level.change),
                    "95 % interval": phrase(
                        "{low} to {high}",
                        low=numbers.signed_number(100 * level.low),
                        high=numbers.signed_number(100 * level.high),
                    ),
                }
                for level in answer.levels
            ],
            alt=phrase("Levels that grew and shrank most, with 95 % limits of the change"),
        )
    if answer.new_levels:
        cards.note(
            phrase("Not seen before: ") + ", ".join(one_line(level, 30) for level in answer.new_levels) + "."
        )


def _change(then: float | None, now: float | None) -> str:
    """The difference; what is only rounding is none."""
    if then is None or now is None:
        return numbers.DASH
    change = now - then
    return "0" if abs(change) < 1e-9 * max(abs(then), abs(now)) else numbers.signed_number(change)


def _figure_or_dash(value: float | None) -> str:
    return numbers.DASH if value is None else numbers.figure(value)
