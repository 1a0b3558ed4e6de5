"""A metric over time, with all that is needed to judge it: interval, threshold, reference, releases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from statistics import median

import plotly.graph_objects as go

from plumbline.charts.figure import Sketch
from plumbline.charts.marks import ROOM, Alert, Release, mark_alerts, mark_events, mark_releases
from plumbline.charts.share_axis import LOW_MOST, MOST, share_axis
from plumbline.charts.style import LOW, TOKENS, Mode, blank, colour, dates, mark, note, status_word, text
from plumbline.domain import Point, PointStatus
from plumbline.domain.notes import CalendarEvent
from plumbline.wording import numbers
from plumbline.wording.language import phrase

MARGIN = {"l": 8, "r": 120, "t": 30, "b": 8}  # the labels stand at the right


def trend(
    points: Sequence[Point],
    mode: Mode = "light",
    *,
    reference: tuple[datetime, datetime] | None = None,
    level: float | None = None,
    releases: Sequence[Release] = (),
    alerts: Sequence[Alert] = (),
    events: Sequence[CalendarEvent] = (),
    height: int = 300,
) -> go.Figure:
    """Draw one metric: a line a version, dashed where estimated or provisional.

    Args:
        points: chunks of one metric; several versions may be mixed. A chunk without a value is a gap.
        reference: the half-open span of healthy decisions, drawn as a band behind the line.
        level: the metric's mean over the reference, drawn as a thin line.
        releases: versions going live, labelled at the top.
        alerts: findings at their onsets, as marks on the lower edge.
        events: what happened outside of the log, as bands with their words above the plot.
        height: pixels.
    """
    drawn = [p for p in points if p.value is not None]
    if not drawn:
        words = phrase("No chunk of this window has enough labelled decisions for a value.")
        return note(blank(mode, height), mode, words)
    figure = Sketch(mode=mode, height=height)
    metric = drawn[0].metric
    t = TOKENS[mode]
    limited = [p for p in drawn if not p.estimated] or drawn
    labels = _limits(mode, limited, level)
    if reference:
        _reference(figure, mode, reference, drawn)
    if level is not None:
        _level(figure, mode, level, drawn)
    versions = list(dict.fromkeys(p.version for p in drawn))
    _guesses(figure, mode, sorted((p for p in points if p.estimated), key=lambda p: p.start))
    for i, version in enumerate(versions):
        version_points = sorted(
            (p for p in points if p.version == version and not p.estimated), key=lambda p: p.start
        )
        if not any(p.value is not None for p in version_points):
            continue
        line = t.accent if len(versions) == 1 else t.series[i % len(t.series)]
        _intervals(figure, mode, version_points, line)
        _line(figure, version_points, line)
        _statuses(figure, mode, version_points, line)
        if len(versions) > 1:
            last = next(p for p in reversed(version_points) if p.value is not None)
            labels.append(Label(float(last.value or 0.0), text(version or phrase("no version"), 18), line))
    _threshold(figure, mode, limited)
    span = (min(p.start for p in drawn), max(p.end for p in drawn))
    mark_events(figure, mode, events, span, right=MARGIN["r"])
    mark_releases(figure, mode, releases, span)
    _frame(figure, drawn, labels, level, height)
    if events:
        figure.update_layout(margin=MARGIN | {"t": ROOM})
    mark_alerts(figure, mode, alerts, span)
    if metric.partition(":")[0] in numbers.SHARES:
        figure.update_yaxes(
            **share_axis(*figure.layout["yaxis"]["range"], most=LOW_MOST if height < LOW else MOST)
        )
    return figure.figure()


def _guesses(figure: Sketch, mode: Mode, points: Sequence[Point]) -> None:
    """Estimates on a line of their own, dashed and hollow, behind what the labels say."""
    line = TOKENS[mode].series[1]
    if not any(p.value is not None for p in points):
        return
    _intervals(figure, mode, points, line)
    _line(figure, points, line)
    known = [p for p in points if p.value is not None]
    figure.add_scatter(
        x=[_midpoint(p) for p in known],
        y=[p.value for p in known],
        mode="markers",
        marker={
            "symbol": "circle-open",
            "size": 6,
            "color": [
                colour(p.status, mode) if p.status in (PointStatus.BREACH, PointStatus.WATCH) else line
                for p in known
            ],
        },
        text=[_hover(p, p.metric) for p in known],
        customdata=[_span(p) for p in known],
        hovertemplate="%{text}<extra></extra>",
        name="estimate",
    )
    last = known[-1]
    figure.add_annotation(
        xref="paper",
        yref="paper",
        x=1,
        y=1,
        xanchor="right",
        yanchor="bottom",
        showarrow=False,
        text=phrase("○ estimated, until {end}", end=numbers.day(last.end)),
        font={"color": line, "size": 12},
    )


def _span(point: Point) -> list[str]:
    """What a click on a mark hands back: start and end of its chunk."""
    return [point.start.isoformat(), point.end.isoformat()]


def _midpoint(point: Point) -> datetime:
    return point.start + (point.end - point.start) / 2


def _runs(points: Sequence[Point]) -> list[list[Point]]:
    """Neighbouring chunks that have a value."""
    return [list(run) for full, run in groupby(points, key=lambda p: p.value is not None) if full]


def _intervals(figure: Sketch, mode: Mode, points: Sequence[Point], line: str) -> None:
    band = TOKENS[mode].accent_band if line == TOKENS[mode].accent else line
    for run in _runs(points):
        known = [p for p in run if p.low is not None and p.high is not None]
        if len(known) < 2:
            continue
        figure.add_scatter(
            x=[_midpoint(p) for p in known] + [_midpoint(p) for p in reversed(known)],
            y=[p.high for p in known] + [p.low for p in reversed(known)],
            mode="lines",
            fill="toself",
            fillcolor=band,
            opacity=1.0 if band != line else 0.18,
            line={"width": 0, "color": line},
            hoverinfo="skip",
            name="interval",
        )


def _line(figure: Sketch, points: Sequence[Point], line: str) -> None:
    """Solid where the labels are in, dashed where the value is estimated or provisional."""
    for run in _runs(points):
        start = 0
        for soft, part in groupby(enumerate(run), key=lambda item: item[1].estimated or item[1].provisional):
            last = max(i for i, _ in part)
            piece = run[max(start - 1, 0) : last + 1]
            start = last + 1
            figure.add_scatter(
                x=[_midpoint(p) for p in piece],
                y=[p.value for p in piece],
                mode="lines",
                line={"color": line, "width": 2, "dash": "dash" if soft else "solid"},
                hoverinfo="skip",
                name=("estimated" if piece[-1].estimated else "provisional") if soft else "realised",
            )


def _statuses(figure: Sketch, mode: Mode, points: Sequence[Point], line: str) -> None:
    """Every chunk is a mark on the line that answers how many and how sure."""
    t = TOKENS[mode]
    for status in PointStatus:
        status_points = [p for p in points if p.status is status and p.value is not None]
        if not status_points:
            continue
        loud = status in (PointStatus.BREACH, PointStatus.WATCH)
        look = colour(status, mode) if loud or status is PointStatus.UNKNOWN else line
        figure.add_scatter(
            x=[_midpoint(p) for p in status_points],
            y=[p.value for p in status_points],
            mode="markers",
            marker={
                "symbol": mark(status).symbol,
                "size": 9 if loud else 5,
                "color": look,
                "line": {"color": t.paper if loud else look, "width": 1},
            },
            text=[_hover(p, p.metric) for p in status_points],
            customdata=[_span(p) for p in status_points],
            hovertemplate="%{text}<extra></extra>",
            name=mark(status).word,
        )


def _hover(point: Point, metric: str) -> str:
    how = (
        phrase("estimated")
        if point.estimated
        else phrase("provisional, labels still coming")
        if point.provisional
        else ""
    )
    sure = numbers.interval(point.low, point.high, metric)
    lines = [
        f"<b>{text(numbers.name(metric))} {numbers.figure(point.value, metric)}</b>"
        + (f" ({how})" if how else ""),
        numbers.span(point.start, point.end)
        + (phrase(", version {version}", version=text(point.version)) if point.version else ""),
        phrase("95 % interval {sure}", sure=sure) if sure else phrase("no interval"),
        f"n = {numbers.count(point.n)}",
    ]
    if point.threshold is not None:
        lines.append(
            phrase(
                "threshold {threshold}: {word}",
                threshold=numbers.figure(point.threshold, metric),
                word=status_word(point.status),
            )
        )
    if point.note:
        lines.append(text(point.note))
    return "<br>".join(lines)


def _threshold(figure: Sketch, mode: Mode, points: Sequence[Point]) -> None:
    """The threshold as steps, each as wide as its chunk; a limit below and one above are two lines."""
    values = [p.value for p in points if p.value is not None]
    middle = sum(values) / len(values)
    known = sorted((p for p in points if p.threshold is not None), key=lambda p: p.start)
    for above in (False, True):
        side_points = [p for p in known if p.threshold is not None and (p.threshold > middle) is above]
        if not side_points or len(side_points) < len(known) / 20:
            continue
        xs: list[datetime] = []
        ys: list[float | None] = []
        for p in side_points:
            if xs and p.start > xs[-1]:
                xs.append(xs[-1])
                ys.append(None)
            xs += [p.start, p.end]
            ys += [p.threshold, p.threshold]
        figure.add_scatter(
            x=xs,
            y=ys,
            mode="lines",
            line={"color": TOKENS[mode].fail, "width": 1, "dash": "dot"},
            hoverinfo="skip",
            name="threshold",
        )


def _reference(
    figure: Sketch, mode: Mode, reference: tuple[datetime, datetime], points: Sequence[Point]
) -> None:
    t = TOKENS[mode]
    start = max(reference[0], min(p.start for p in points))
    end = min(reference[1], max(p.end for p in points))
    if start < end:
        top = _has_room_above(start, end, points)
        figure.add_vrect(
            x0=start,
            x1=end,
            fillcolor=t.reference_band,
            line={"width": 0, "color": t.line},
            layer="below",
            annotation={
                "text": phrase("reference"),
                "font": {"color": t.muted, "size": 12},
                "showarrow": False,
                "y": float(top),
                "yanchor": "top" if top else "bottom",
                "x": start,
                "xanchor": "left",
                "xshift": 4,
            },
        )


def _has_room_above(start: datetime, end: datetime, points: Sequence[Point]) -> bool:
    """Whether the band has more room above what is drawn in it than below, so that a word is read there."""

    def heights(part: Sequence[Point]) -> list[float]:
        return [y for p in part for y in (p.value, p.threshold, p.low, p.high) if y is not None]

    everywhere, inside = heights(points), heights([p for p in points if start <= p.start < end])
    return bool(inside) and max(everywhere) - max(inside) > min(inside) - min(everywhere)


def _level(figure: Sketch, mode: Mode, level: float, points: Sequence[Point]) -> None:
    figure.add_shape(
        type="line",
        x0=min(p.start for p in points),
        x1=max(p.end for p in points),
        y0=level,
        y1=level,
        layer="below",
        line={"color": TOKENS[mode].muted, "width": 1},
    )


@dataclass(frozen=True, slots=True)
class Label:
    """Words at the right end of a line, at that height."""

    at: float
    words: str
    colour: str


def _limits(mode: Mode, points: Sequence[Point], level: float | None) -> list[Label]:
    """The labels of threshold and reference level. A limit is quoted of a chunk that is whole: not provisional, and of
    half as many decisions as usual at least, as the last one of a log may have begun only."""
    t, metric = TOKENS[mode], points[0].metric
    limited = [p for p in points if p.threshold is not None]
    usual = median(p.n for p in limited) if limited else 0
    known = max(limited, key=lambda p: (not p.provisional and 2 * p.n >= usual, p.start), default=None)
    labels = []
    if known is not None and known.threshold is not None:
        words = phrase("threshold {threshold}", threshold=numbers.figure(known.threshold, metric))
        labels.append(Label(known.threshold, words, t.fail))
    if level is not None:
        labels.append(Label(level, phrase("reference {level}", level=numbers.figure(level, metric)), t.muted))
    return labels


def _frame(
    figure: Sketch, points: Sequence[Point], labels: list[Label], level: float | None, height: int
) -> None:
    """Set the ranges, and write the labels beside the plot so that none covers another."""
    heights = [v for p in points for v in (p.value, p.low, p.high, p.threshold) if v is not None]
    heights += [level] if level is not None else []
    room = 0.06 * (max(heights) - min(heights)) or 0.05 * abs(heights[0]) or 1.0
    low, high = min(heights) - room, max(heights) + room
    per_pixel = (high - low) / (height - MARGIN["t"] - 32)
    last = max(p.end for p in points)
    free = low
    for label in sorted(labels, key=lambda item: item.at):
        free = max(label.at, free)
        figure.add_annotation(
            x=last, y=label.at, yshift=(free - label.at) / per_pixel, xanchor="left", xshift=6,
            showarrow=False, text=label.words, font={"color": label.colour, "size": 12},
        )  # fmt: skip
        free += 16 * per_pixel
    figure.update_layout(margin=MARGIN)
    figure.update_yaxes(range=[low, high])
    figure.update_xaxes(**dates(low=height < LOW), range=[min(p.start for p in points), last])
