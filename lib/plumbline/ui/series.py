"""The pieces of the Accuracy page: one metric large, the others small, and the numbers behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from plumbline.answers.performance import PerformanceAnswer
from plumbline.answers.releases import ReleasesAnswer
from plumbline.charts import numbers
from plumbline.charts.style import Mode
from plumbline.charts.trend import Release, trend
from plumbline.domain import Point
from plumbline.ui import cards, session, tables
from plumbline.ui.cards import Figure
from plumbline.ui.plain import one_line

BESIDE = 4  # small pictures: more are slow to draw and harder to read
QUIET: dict[str, Any] = {"displayModeBar": False, "displaylogo": False}


def bar() -> Any:
    """The row of the page's own controls."""
    return st.container(horizontal=True, gap="medium", vertical_alignment="bottom")


def split(row: Any) -> tuple[bool, bool]:
    """Whether each version has its own line, and whether estimates fill in for labels that are not there."""
    with row:
        versions = st.toggle("A line a version", key=session.SPLIT.name, bind="query-params")
        estimated = st.toggle("Estimate where labels lag", key=session.ESTIMATED.name, bind="query-params")
    return bool(versions), bool(estimated)


def choose(answer: PerformanceAnswer, row: Any) -> str:
    """The metric that is drawn large; the link carries it."""
    options = [answer.headline, *(name for name in answer.metrics if name != answer.headline)]
    choice = row.selectbox(
        "Metric",
        options,
        format_func=numbers.name,
        key=session.METRIC.name,
        bind="query-params",
        width=316,
    )
    return str(choice or answer.headline)


def figures(answer: PerformanceAnswer, metric: str) -> None:
    """The latest value, the reference's, the labelled share, and what is open."""
    judged = [p for p in answer.of(metric) if p.value is not None and not p.estimated]
    band = answer.bands.get(metric)
    items = []
    if judged:
        last = judged[-1]
        sure = numbers.interval(last.low, last.high, metric)
        items.append(
            Figure(
                f"Latest, {numbers.span(last.start, last.end)}",
                numbers.figure(last.value, metric),
                f"{sure + ', ' if sure else ''}n = {numbers.count(last.n)}",
                last.status.value,
            )
        )
    if band is not None and band.mean is not None:
        items.append(
            Figure(
                "Reference",
                numbers.figure(band.mean, metric),
                f"n = {numbers.count(band.n)} in {band.chunks} chunks; limit from the {band.source}",
            )
        )
    share = answer.labelled / answer.decisions if answer.decisions else None
    items.append(
        Figure(
            "Outcomes known",
            numbers.share(share),
            f"{numbers.count(answer.labelled)} of {numbers.count(answer.decisions)}",
        )
    )
    breaches = sum(p.status == "breach" for p in judged)
    items.append(Figure("Chunks in breach", f"{breaches} of {len(judged)}", f"by {answer.by}"))
    cards.figures(items)


def large(answer: PerformanceAnswer, metric: str, mode: Mode, found: ReleasesAnswer) -> None:
    """The chosen metric with interval, threshold, reference band and releases."""
    band = answer.bands.get(metric)
    figure = trend(
        answer.of(metric), mode, reference=answer.system.reference, level=band.mean if band else None,
        releases=[Release(span.version or "no version", span.start) for span in found.releases.spans],
    )  # fmt: skip
    words = f"{answer.sentence} The table below has every value."
    st.plotly_chart(figure, theme=None, config=QUIET, key="accuracy.trend", alt=words)


def small(answer: PerformanceAnswer, shown: str, mode: Mode) -> None:
    """A few of the other metrics, two a row; each can be chosen to be drawn large."""
    others = [m for m in answer.metrics if m != shown and any(p.value is not None for p in answer.of(m))]
    others = others[:BESIDE]
    for left in range(0, len(others), 2):
        for place, metric in zip(cards.row(2), others[left : left + 2], strict=False):
            with place:
                st.markdown(f"**{numbers.name(metric)}**")
                st.plotly_chart(
                    trend(answer.of(metric), mode, reference=answer.system.reference, height=190),
                    theme=None, config=QUIET, key=f"accuracy.{metric}",
                    alt=f"{numbers.name(metric)} over time",
                )  # fmt: skip


def table(points: Sequence[Point]) -> None:
    """Every value with its interval, sample, threshold and status."""
    tables.grid(
        [
            {
                "Chunk": numbers.span(p.start, p.end),
                "Version": one_line(p.version) if p.version else "all",
                "Value": numbers.figure(p.value, p.metric),
                "95 % interval": numbers.interval(p.low, p.high, p.metric) or numbers.DASH,
                "n": p.n,
                "Threshold": numbers.figure(p.threshold, p.metric),
                "Status": cards.glyph(p.status.value),
                "How": "estimated" if p.estimated else "provisional" if p.provisional else "realised",
                "Note": one_line(p.note, 160),
            }
            for p in sorted(points, key=lambda p: p.start, reverse=True)
        ],
        alt="Values by chunk: interval, n, threshold, status",
        height=460 if len(points) > 11 else None,
    )
