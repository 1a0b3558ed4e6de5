"""The pieces of the Drift page: every feature over time, the ranking, one feature then and now."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.drift import DriftAnswer, FeatureAnswer
from plumbline.charts import numbers
from plumbline.charts.distribution import distribution, histogram
from plumbline.charts.heatmap import heatmap
from plumbline.charts.style import Mode
from plumbline.domain import FeatureDrift, Kind
from plumbline.monitor.distances import METHODS
from plumbline.ui import cards, session, tables
from plumbline.ui.plain import one_line
from plumbline.ui.series import QUIET

MOST = 40  # features drawn; the table has them all


def method() -> str:
    """The measure of distance; the link carries it."""
    choice = st.selectbox(
        "Measure", list(METHODS), index=list(METHODS).index("js"), format_func=numbers.name,
        key=session.METHOD.name, bind="query-params", width=316, 
        help="Decides the ranking. The picture over time is always drawn by Jensen-Shannon distance.",
    )  # fmt: skip
    return str(choice or "js")


def over_time(answer: DriftAnswer, mode: Mode) -> None:
    """Feature by chunk, the most drifted first."""
    order = [r.feature for r in answer.ranking]
    place = {name: i for i, name in enumerate(order)}
    shown = sorted(answer.chunks, key=lambda d: place.get(d.feature, len(order)))
    keep = set(list(dict.fromkeys(d.feature for d in shown))[:MOST])
    cards.section(
        "Every feature, over time",
        f"Jensen-Shannon distance by {answer.by}, over its threshold. A square marks a chunk that drifted: "
        "large enough to matter and more than chance. A cross has too few values to judge.",
    )
    st.plotly_chart(
        heatmap([d for d in shown if d.feature in keep], mode), theme=None, config=QUIET, key="drift.map",
        alt=f"{answer.sentence} The ranking below names every feature.",
    )  # fmt: skip


def ranking(answer: DriftAnswer) -> None:
    """Drift times importance, the window against the reference."""
    weighed = any(r.importance is not None for r in answer.ranking)
    cards.section(
        "Ranked by what is likely to hurt",
        "Drift times importance."
        if weighed
        else "By drift alone: no contributions are logged to weigh it with.",
    )
    found = {f.feature: f for f in answer.features}
    order = [r.feature for r in answer.ranking]
    outputs = [f.feature for f in answer.features if f.feature not in set(order)]
    weights = {r.feature: r.importance for r in answer.ranking}
    rows = [
        _row(found[name], weights.get(name)) for name in dict.fromkeys([*order, *outputs]) if name in found
    ]
    tables.grid(
        rows,
        alt="Features by drift: value, threshold, status, sample, missing",
        height=460 if len(rows) > 11 else None,
    )


def _row(found: FeatureDrift, weight: float | None) -> dict[str, object]:
    return {
        "Feature": one_line(found.feature, 80),
        "Drift": numbers.figure(found.value),
        "Threshold": numbers.figure(found.threshold),
        "Status": cards.glyph("drifted" if found.drifted else found.status.value),
        "Corrected p": numbers.figure(found.q_value),
        "Importance": numbers.figure(weight),
        "n": found.n,
        "n reference": found.n_reference,
        "Missing": numbers.share(found.missing_share),
        "Missing before": numbers.share(found.missing_share_reference),
        "New levels": one_line(", ".join(found.new_levels), 80) or numbers.DASH,
        "Note": one_line(found.note, 160),
    }


def choose(answer: DriftAnswer) -> str | None:
    """One feature to look at; the worst unless the link says otherwise."""
    ranked = [r.feature for r in answer.ranking]
    options = list(dict.fromkeys([*ranked, *(f.feature for f in answer.features)]))
    if not options:
        return None
    return st.selectbox("Feature", options, key=session.FEATURE.name, bind="query-params", width=316)


def one(found: FeatureAnswer, mode: Mode) -> None:
    """Its two distributions on the same cells, and every measure of the distance between them."""
    words = (
        f"Missing {numbers.share(found.missing_now)} now, {numbers.share(found.missing_then)} in the reference. "
        + ("Cells at the ends hold what lies beyond." if found.kind is Kind.NUMERIC else "")
    )
    cards.note(words)
    if found.kind is Kind.NUMERIC:
        figure = histogram(
            list(found.edges), list(found.then), list(found.now), found.n_then, found.n_now, mode
        )
    else:
        figure = distribution(
            found.labels, list(found.then), list(found.now), found.n_then, found.n_now, mode, ordered=False
        )
    st.plotly_chart(
        figure, theme=None, config=QUIET, key="drift.one",
        alt=f"Distribution of {one_line(found.feature)} in the reference and in the window. {words}",
    )  # fmt: skip
    tables.grid(
        [
            {
                "Measure": numbers.name(d.method),
                "Value": numbers.figure(d.value),
                "Matters from": numbers.figure(d.threshold),
                "p": numbers.figure(d.p_value),
                "Status": cards.glyph("drifted" if d.drifted else d.status.value),
                "What it says": METHODS[d.method].says,
            }
            for d in found.by_method
        ],
        alt="Distances of the feature by measure",
    )
