"""The pieces of the Accuracy page that follow one metric over time: choice, figures, picture, chunk, values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from plumbline.answers.performance.series import PerformanceAnswer
from plumbline.charts.trend import MARGIN, trend
from plumbline.domain import Point
from plumbline.domain.decisions import bare_name
from plumbline.monitor.figures import say_value
from plumbline.ui.frame import bar_filter, drill_down
from plumbline.ui.notes import marks, strip
from plumbline.ui.parts import cards, charts, tables
from plumbline.ui.parts.cards import Figure
from plumbline.ui.parts.escape import one_line
from plumbline.ui.parts.glossary import help_for, help_for_metric
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text
from plumbline.wording.names import metric_unit

BESIDE = 4  # small pictures: more are slow to draw and harder to read
QUIET: dict[str, Any] = {"displayModeBar": False, "displaylogo": False}
ONE, VERSIONS = screen_text("one line"), screen_text("each version")
#: how a value is known
HOW = (screen_text("estimated"), screen_text("provisional"), screen_text("realised"))
#: the chunk that a closer look at one is cut into
FINER = {"month": "day", "week": "day", "day": "day"}


def bar() -> Any:
    """The row of the page's own controls."""
    return st.container(horizontal=True, gap="medium", vertical_alignment="bottom")


def lines(columns: Sequence[str], row: Any) -> tuple[bool, str | None, bool]:
    """Whether each version has its own line, the column whose levels have one, and whether estimates are shown."""
    with row:
        choice = st.selectbox(
            phrase("Split by"),
            [ONE, VERSIONS, *columns],
            format_func=lambda c: (
                localise(c)
                if c in (ONE, VERSIONS)
                else phrase("each {bare}", bare=one_line(_column_name(c), 40))
            ),
            key=session.LINES.name,
            bind="query-params",
            width=200,
        )
        estimated = st.toggle(
            phrase("Estimates"),
            key=session.ESTIMATED.name,
            bind="query-params",
            help=phrase("What scores or inputs alone lead one to expect, before outcomes are known."),
        )
    column = None if choice in (None, ONE, VERSIONS) else str(choice)
    return choice == VERSIONS, column, bool(estimated)


def _column_name(column: str) -> str:
    return bare_name(column) or column


def choose(answer: PerformanceAnswer, row: Any) -> str:
    """The metric that is drawn large; the link carries it."""
    options = [answer.headline, *(name for name in answer.metrics if name != answer.headline)]
    choice = row.selectbox(
        phrase("Metric"),
        options,
        format_func=numbers.name,
        key=session.METRIC.name,
        bind="query-params",
        width=280,
        help=help_for_metric(str(st.session_state.get(session.METRIC.name) or answer.headline)),
    )
    return str(choice or answer.headline)


def figures(answer: PerformanceAnswer, metric: str) -> None:
    """The latest value, the reference's, the labelled share, and what is open."""
    judged = [p for p in answer.points if p.metric == metric and p.value is not None and not p.estimated]
    band = answer.bands.get(metric)
    items = []
    last = answer.latest(metric)
    if last is not None:
        sure = numbers.interval(last.low, last.high, metric)
        items.append(
            Figure(
                name=phrase("Latest complete, {span}", span=numbers.span(last.start, last.end)),
                value=say_value(metric, last.value, metric_unit(answer.system, metric)),
                note=f"{sure + ', ' if sure else ''}n = {numbers.count(last.n)}",
                status=last.status.value,
                help=help_for_metric(metric),
            )
        )
    if band is not None and band.mean is not None:
        items.append(
            Figure(
                name=phrase("Reference"),
                value=say_value(metric, band.mean, metric_unit(answer.system, metric)),
                note=phrase(
                    "n = {n} in {chunks} chunks; limit from the {source}",
                    n=numbers.count(band.n),
                    chunks=band.chunks,
                    source=localise(band.source, "limit"),
                ),
                help=help_for("Reference"),
            )
        )
    share = answer.labelled / answer.decisions if answer.decisions else None
    items.append(
        Figure(
            name=phrase("Outcomes known"),
            value=numbers.share(share),
            note=phrase(
                "{some} of {all}",
                some=numbers.count(answer.labelled),
                all=numbers.count(answer.decisions),
            ),
            help=help_for("Outcomes known"),
        )
    )
    breaches = sum(p.status == "breach" for p in judged)
    items.append(
        Figure(
            name=phrase("Chunks in breach"),
            value=phrase("{some} of {all}", some=breaches, all=len(judged)),
            note=phrase("by {by}", by=localise(answer.by)),
            help=help_for("Chunks in breach"),
        )
    )
    cards.figures(items)


def warning(answer: PerformanceAnswer) -> None:
    """The early warning on the headline metric, in one line."""
    warned = answer.warned
    if warned is None:
        return
    name = numbers.name(warned.metric)
    healthy = (
        phrase("A healthy system whose days follow each other")
        if warned.dependent
        else phrase("A healthy system")
    )
    stated = phrase(
        "{healthy} sets this off about once in {years} years.",
        healthy=healthy,
        years=f"{warned.run_length / 365:.0f}",
    )
    if warned.at is None or warned.since is None:
        cards.note(
            phrase("Early warning on {name}: quiet. {stated}", name=name, stated=stated),
            help_for("Early warning"),
        )
        return
    cards.note(
        phrase(
            "Early warning on {name}: small deviations add up since {since}; it was certain "
            "enough on {at}. {stated}",
            name=name,
            since=numbers.day(warned.since),
            at=numbers.day(warned.at - timedelta(microseconds=1)),
            stated=stated,
        ),
        help_for("Early warning"),
    )


def large_chart(answer: PerformanceAnswer, metric: str, view: View) -> tuple[datetime, datetime] | None:
    """The chosen metric with interval, threshold, reference, releases and events; the chunk that was clicked."""
    band, points, events = answer.bands.get(metric), answer.points_of(metric), marks.events(view)
    figure = trend(
        points,
        view.mode,
        reference=answer.system.reference,
        level=band.mean if band and not answer.parts else None,
        releases=marks.releases(view),
        events=events,
    )
    picked = charts.show(
        figure,
        key="accuracy.trend",
        name=f"{answer.system.key}-{metric}",
        rows=[_row(p) for p in points],
        alt=phrase("{sentence} The table below has every value.", sentence=answer.sentence),
        caption=phrase("Click a mark to look into its chunk."),
        select=True,
        events=events,
    )
    strip.strip(view, right=MARGIN["r"])
    return drill_down.clicked_span(picked)


def chunk(answer: PerformanceAnswer, metric: str, span: tuple[datetime, datetime] | None, view: View) -> None:
    """What a chunk holds, and the ways on: a closer look, and its decisions."""
    if span is None:
        return
    start, end = span
    points = [p for p in answer.points_of(metric) if p.start == start]
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{numbers.span(start, end)}**")
        for p in points:
            sure = numbers.interval(p.low, p.high, metric)
            who = (
                f"{one_line(p.version, 40)}: " if p.version else phrase("Estimated: ") if p.estimated else ""
            )
            cards.note(
                phrase(
                    "{who}{metric} {value}{sure}, n = {n}, threshold {threshold}. {note}",
                    who=who,
                    metric=numbers.name(metric),
                    value=numbers.figure(p.value, metric),
                    sure=f" ({sure})" if sure else "",
                    n=numbers.count(p.n),
                    threshold=numbers.figure(p.threshold, metric),
                    note=localise(p.note),
                )
            )
        query = drill_down.dates(answer.system.key, start, end) | link_query(view)
        closer = {session.METRIC.name: metric, session.CHUNK.name: FINER[answer.by]}
        drill_down.chunk_links("accuracy", query, closer)


def link_query(view: View) -> dict[str, str]:
    """What a link to a part of the log takes over from the bar: version and filters."""
    query = {session.VERSION.name: view.version} if view.version else {}
    return query | bar_filter.query(view.where)


def small_charts(answer: PerformanceAnswer, shown: str, view: View) -> None:
    """A few of the other metrics, two a row; each can be chosen to be drawn large."""
    others = [
        m for m in answer.metrics if m != shown and any(p.value is not None for p in answer.points_of(m))
    ]
    others = others[:BESIDE]
    for left in range(0, len(others), 2):
        for place, metric in zip(cards.row(2), others[left : left + 2], strict=False):
            with place:
                st.markdown(f"**{numbers.name(metric)}**", help=help_for_metric(metric))
                st.plotly_chart(
                    trend(
                        answer.points_of(metric),
                        view.mode,
                        reference=answer.system.reference,
                        events=marks.events(view),
                        height=190,
                    ),
                    theme=None,
                    config=QUIET,
                    key=f"accuracy.{metric}",
                    alt=phrase("{metric} over time", metric=numbers.name(metric)),
                )


def _row(p: Point) -> dict[str, object]:
    """A point as the file of the picture's data has it: plain numbers and ISO times."""
    return {
        "metric": p.metric, "start": p.start.isoformat(), "end": p.end.isoformat(), "line": p.version or "",
        "value": p.value, "low": p.low, "high": p.high, "bound": p.bound, "n": p.n,
        "threshold": p.threshold, "status": p.status.value, "how": _point_kind(p), "note": p.note,
    }  # fmt: skip


def _point_kind(p: Point) -> str:
    return HOW[0] if p.estimated else HOW[1] if p.provisional else HOW[2]


def table(points: Sequence[Point]) -> None:
    """Every value with its interval, sample, threshold and status."""
    named = any(p.version for p in points)
    tables.grid(
        [
            {
                "Chunk": numbers.span(p.start, p.end),
                **({"Line": one_line(p.version) if p.version else phrase("all")} if named else {}),
                "Value": numbers.figure(p.value, p.metric),
                "95 % interval": numbers.interval(p.low, p.high, p.metric) or numbers.DASH,
                "n": p.n,
                "Threshold": numbers.figure(p.threshold, p.metric),
                "Status": cards.glyph(p.status.value),
                "How": localise(_point_kind(p)),
                "Note": one_line(p.note, 160),
            }
            for p in sorted(points, key=lambda p: p.start, reverse=True)
        ],
        alt=phrase("Values by chunk: interval, n, threshold, status"),
        height=460 if len(points) > 11 else None,
    )
