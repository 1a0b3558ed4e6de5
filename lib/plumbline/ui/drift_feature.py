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
from plumbline.ui.state import session
from plumbline.wording import numbers


def choose(answer: DriftAnswer) -> str | None:
    """One feature to look at; the worst unless the link says otherwise."""
    ranked = [r.feature for r in answer.ranking]
    options = list(dict.fromkeys([*ranked, *(f.feature for f in answer.features)]))
    if not options:
        return None
    return st.selectbox("Feature", options, key=session.FEATURE.name, bind="query-params", width=316)


def one(system: str, found: FeatureAnswer, mode: Mode) -> None:
    """Its two distributions, what moved, every measure, and the way to the rows behind a bar."""
    words = (
        f"Missing {numbers.share(found.missing_now)} now, {numbers.share(found.missing_then)} in the reference. "
        + (
            "The end cells hold what lies beyond as well. "
            if found.kind is Kind.NUMERIC and not found.labels
            else ""
        )
        + "Select a bar to go to its rows."
    )
    cards.note(words)
    then, now = [float(x) for x in found.then], [float(x) for x in found.now]
    numeric = found.kind is Kind.NUMERIC
    if numeric and not found.labels:
        figure = histogram(
            [float(x) for x in found.edges],
            then,
            now,
            found.n_then,
            found.n_now,
            mode,
            what=one_line(found.feature, 60),
        )
    else:
        figure = distribution(found.labels, then, now, found.n_then, found.n_now, mode, ordered=numeric)
    event = charts.show(
        figure,
        key="drift.one",
        name=f"{one_line(found.feature, 40)} then and now",
        alt=f"Distribution of {one_line(found.feature)} in the reference and in the window. {words}",
        rows=_data(found),
        select=True,
    )
    _rows_behind(system, found, drill_down.picked(event))
    _moved(found)
    tables.grid(
        [
            {
                "Measure": numbers.name(d.method),
                "Value": _value(d.method, d.value),
                "95 % limits": _limits(d),
                "Matters from": _value(d.method, d.threshold) if d.threshold else numbers.DASH,
                "p": numbers.p_value(d.p_value),
                "Status": cards.glyph("drifted" if d.drifted else d.status.value),
                "What it says": METHODS[d.method].says,
                "Note": one_line(d.note, 120),
            }
            for d in found.by_method
        ],
        alt="Distances of the feature by measure",
    )


def _value(method: str, value: float | None) -> str:
    """A distance as a number, a change of a share in per cent."""
    return numbers.share(value) if method in OF_THEIR_OWN else numbers.figure(value)


def _limits(d: FeatureDrift) -> str:
    if d.low is None or d.high is None:
        return numbers.DASH
    return f"{_value(d.method, d.low)} to {_value(d.method, d.high)}"


def _data(found: FeatureAnswer) -> list[dict[str, object]]:
    cells = [
        {"level": label} if found.labels else {"from": low, "to": high}
        for label, low, high in zip(
            found.labels or [""] * len(found.then),
            list(found.edges[:-1]) or [None] * len(found.then),
            list(found.edges[1:]) or [None] * len(found.then),
            strict=False,
        )
    ]
    return [
        {
            **cell,
            "share_reference": float(a),
            "share_window": float(b),
            "n_reference": found.n_then,
            "n_window": found.n_now,
        }
        for cell, a, b in zip(cells, found.then, found.now, strict=False)
    ]


def _rows_behind(system: str, found: FeatureAnswer, mark: object) -> None:
    """The link to the rows of the bar that was selected."""
    if not isinstance(mark, list) or not mark:
        return
    if found.kind is Kind.NUMERIC and not found.labels:
        place = int(mark[0])
    else:
        place = found.labels.index(str(mark[0])) if str(mark[0]) in found.labels else -1
    value = found.where[place] if 0 <= place < len(found.where) else None
    if value is None:
        cards.note("This bar gathers several levels; choose one of them in the sidebar's filter.")
        return
    n = round(float(found.now[place]) * found.n_now)
    words = f"The {numbers.count(n)} decisions of the window with {one_line(found.feature, 40)} "
    drill_down.to_rows(system, *found.window, (found.column, value), words + drill_down.short(value))


def _moved(found: FeatureAnswer) -> None:
    """Quantiles of a number, or the levels that grew and shrank."""
    if found.quantiles:
        tables.grid(
            [
                {
                    "Quantile": f"{100 * q.share:.0f} %",
                    "Reference": _held(q.then),
                    "Window": _held(q.now),
                    "Change": _change(q.then, q.now),
                }
                for q in found.quantiles
            ],
            alt="Quantiles in the reference and in the window; a dash lies outside the reference's range",
        )
    elif found.levels:
        tables.grid(
            [
                {
                    "Level": one_line(level.level, 60),
                    "Reference": numbers.share(level.then),
                    "Window": numbers.share(level.now),
                    "Change (points)": numbers.signed(100 * level.change),
                    "95 % interval": f"{numbers.signed(100 * level.low)} to {numbers.signed(100 * level.high)}",
                }
                for level in found.levels
            ],
            alt="Levels that grew and shrank most, with 95 % limits of the change",
        )
    if found.new_levels:
        cards.note("Not seen before: " + ", ".join(one_line(level, 30) for level in found.new_levels) + ".")


def _change(then: float | None, now: float | None) -> str:
    """The difference; what is only rounding is none."""
    if then is None or now is None:
        return numbers.DASH
    change = now - then
    return "0" if abs(change) < 1e-9 * max(abs(then), abs(now)) else numbers.signed(change)


def _held(value: float | None) -> str:
    return numbers.DASH if value is None else numbers.figure(value)
