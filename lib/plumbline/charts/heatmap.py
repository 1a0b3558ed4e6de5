"""Drift of every feature over time: one row a feature, one column a chunk."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from plumbline.charts.figure import Sketch
from plumbline.charts.marks import ROOM, Release, mark_events, mark_releases
from plumbline.charts.style import TOKENS, Mode, blank, dates, note, status_word, text
from plumbline.domain import FeatureDrift, PointStatus
from plumbline.domain.notes import CalendarEvent
from plumbline.wording import numbers
from plumbline.wording.language import phrase

ROW = 22  # pixels a feature
#: depths of colour: the palest half of the scale ends below 1, the red one begins there
MOST_PALE, WATCHED, LEAST_BREACH = 0.99, 1.01, 1.4


#: status -> symbol of its mark and name of its trace; what is within its limits carries none
MARKS = {
    PointStatus.BREACH: ("square", "drifted"),
    PointStatus.WATCH: ("diamond-open", "watch"),
    PointStatus.UNKNOWN: ("x-thin", "unknown"),
}


def heatmap(
    drifts: Sequence[FeatureDrift],
    mode: Mode = "light",
    *,
    longest: int = 26,
    releases: Sequence[Release] = (),
    events: Sequence[CalendarEvent] = (),
) -> go.Figure:
    """Draw drift divided by its threshold, so that methods and features share one scale.

    A cell is as red as it is judged: red only where it drifted, full at three times its threshold; a large distance
    that chance may have brought stays as pale as any below its threshold. Statuses are told by shape as well:
    a square is a breach, an open diamond is watched, a cross has no value. Every cell can be clicked: the
    marks carry (feature, start, end) as ``customdata``, since a heat map itself cannot be selected from.

    Args:
        drifts: any order; a row a feature in order of first appearance, a column a chunk.
        longest: characters of a feature's name on the axis; the hover has the whole.
        releases: versions going live, named above the picture.
        events: what happened outside of the log, named above the picture.
    """
    features = list(dict.fromkeys(d.feature for d in drifts))
    chunks = sorted({(d.start, d.end) for d in drifts if d.start and d.end})
    height = max(120, 64 + ROW * len(features))
    if not chunks:
        words = phrase("No chunk of this window could be compared with the reference.")
        return note(blank(mode, height), mode, words)
    figure = Sketch(mode=mode, height=height)
    t = TOKENS[mode]
    cell = {(d.feature, d.start): d for d in drifts}
    grid = [[cell.get((f, start)) for start, _ in chunks] for f in features]
    hover = {place: _hover(d) for place, d in cell.items()}
    times = [start + (end - start) / 2 for start, end in chunks]
    figure.add_heatmap(
        x=times,
        y=list(range(len(features))),
        z=[[None if d is None else depth(d) for d in row] for row in grid],
        text=[[hover.get((f, start), "") for start, _ in chunks] for f in features],
        customdata=[["" if d is None else d.feature for d in row] for row in grid],
        hovertemplate="%{text}<extra></extra>",
        zmin=0,
        zmax=3,
        colorscale=[[0, t.heat[0]], [1 / 3, t.heat[1]], [1 / 3 + 0.001, t.heat[2]], [1, t.heat[3]]],
        showscale=False,
        xgap=1,
        ygap=2,
        hoverongaps=False,
    )
    spots = [(times[j], i, d) for i, row in enumerate(grid) for j, d in enumerate(row) if d is not None]
    for status in PointStatus:
        symbol, name = MARKS.get(status, ("square", "cell"))
        colour = {PointStatus.UNKNOWN: t.muted, PointStatus.WATCH: t.watch_text}.get(status, t.paper)
        status_spots = [(x, y, d) for x, y, d in spots if d.status is status]
        figure.add_scatter(
            x=[x for x, _, _ in status_spots],
            y=[y for _, y, _ in status_spots],
            mode="markers",
            marker={
                "symbol": symbol,
                "size": 7 if status is PointStatus.WATCH else 5,
                "color": colour,
                "line": {"color": colour, "width": 1},
                "opacity": 1 if status in MARKS else 0,
            },
            text=[hover[d.feature, d.start] for _, _, d in status_spots],
            customdata=[
                [d.feature, d.start.isoformat() if d.start else "", d.end.isoformat() if d.end else ""]
                for _, _, d in status_spots
            ],
            hovertemplate="%{text}<extra></extra>",
            unselected={"marker": {"opacity": 1 if status in MARKS else 0}},
            name=name,
        )
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(features))),
        ticktext=[text(f, longest) for f in features],
        autorange="reversed",
        showgrid=False,
        ticklabelstandoff=6,
    )
    figure.update_xaxes(**dates(), side="bottom", range=[chunks[0][0], chunks[-1][1]])
    span = (chunks[0][0], chunks[-1][1])
    mark_events(figure, mode, events, span)
    mark_releases(figure, mode, releases, span)
    if events or releases:
        figure.update_layout(margin={"l": 8, "r": 8, "t": ROOM, "b": 8})
    figure.update_layout(clickmode="event+select", dragmode=False)
    return figure.figure()


def depth(drift: FeatureDrift) -> float | None:
    """How red a cell is, from 0 to 3: below 1 where nothing drifted, at 1 where a drift is watched, a breach beyond."""
    ratio = threshold_ratio(drift)
    if ratio is None:
        return None
    if drift.status is PointStatus.BREACH:
        return max(ratio, LEAST_BREACH)
    return WATCHED if drift.drifted else min(ratio, MOST_PALE)


def threshold_ratio(drift: FeatureDrift) -> float | None:
    """How many times its threshold a drift is; chi-square, which has none, by its chance (5 % is 1)."""
    if drift.value is None:
        return None
    if drift.method == "whole_row":
        return max(drift.value - 0.5, 0.0) / (drift.threshold - 0.5)
    if drift.threshold > 0:
        return drift.value / drift.threshold
    return math.log(max(drift.q_value or 1.0, 1e-12)) / math.log(0.05)


def _hover(drift: FeatureDrift) -> str:
    chance = (
        ""
        if drift.q_value is None
        else phrase(", corrected p = {q_value}", q_value=numbers.significant(drift.q_value, 2))
    )
    sure = numbers.interval(drift.low, drift.high)
    sure = f" ({sure})" if sure else ""
    lines = [
        f"<b>{text(drift.feature)}</b>, {numbers.span(drift.start, drift.end)}",
        phrase(
            "{method} {value}{sure}, threshold {threshold}{chance}",
            method=numbers.name(drift.method),
            value=numbers.figure(drift.value),
            sure=sure,
            threshold=numbers.figure(drift.threshold),
            chance=chance,
        ),
        phrase(
            "n = {n} against {n_reference} in the reference",
            n=numbers.count(drift.n),
            n_reference=numbers.count(drift.n_reference),
        ),
        phrase(
            "missing {now}, was {then}",
            now=numbers.share(drift.missing_share),
            then=numbers.share(drift.missing_share_reference),
        ),
        status_word("drifted" if drift.drifted else drift.status.value),
    ]
    if drift.new_levels:
        lines.append(phrase("new: ") + ", ".join(text(level, 20) for level in drift.new_levels[:5]))
    return "<br>".join(lines)
