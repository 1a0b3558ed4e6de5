"""What the figures say: thresholds, breaches, signs, sums and sample sizes are on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from plumbline.answers.data.volume import Period
from plumbline.charts.distribution import MOST_LEVELS, distribution, histogram
from plumbline.charts.forest_plot import EstimateRow, ReferenceLine, forest
from plumbline.charts.heatmap import LEAST_BREACH, MOST_PALE, WATCHED, heatmap
from plumbline.charts.marks import Release
from plumbline.charts.style import TOKENS
from plumbline.charts.trend import trend
from plumbline.charts.volume import volume
from plumbline.charts.waterfall import MOST, steps, waterfall
from plumbline.domain import PointStatus
from plumbline.domain.notes import CalendarEvent, EventKind
from tests.charts.figures import START, WEEK, drifts, explanation, points


def traces(figure, name):  # type: ignore[no-untyped-def]
    return [trace for trace in figure.data if trace.name == name]


def test_a_trend_marks_every_breach_on_the_line() -> None:
    own = points()
    (breaches,) = traces(trend(own), "breach")
    assert list(breaches.y) == [p.value for p in own if p.status == "breach" and not p.estimated]
    assert breaches.marker.symbol == "square"


def test_a_trend_always_draws_its_threshold_and_names_it() -> None:
    figure = trend(points())
    (line,) = traces(figure, "threshold")
    assert set(line.y) - {None} == {0.75}
    assert "threshold 75.0 %" in [a.text for a in figure.layout.annotations]


@pytest.mark.parametrize("begun", [{"provisional": True}, {"provisional": False, "n": 150}])
def test_the_limit_of_a_chunk_that_is_not_complete_is_drawn_but_not_quoted(begun: dict[str, int]) -> None:
    *own, last = (p for p in points() if not p.estimated)
    own.append(replace(last, threshold=0.5, **begun))
    figure = trend(own)
    assert 0.5 in traces(figure, "threshold")[0].y
    assert [a.text for a in figure.layout.annotations if a.text.startswith("threshold")] == [
        "threshold 75.0 %"
    ]


def test_provisional_chunks_are_dashed_and_join_the_solid_line() -> None:
    own = points()
    figure = trend(own)
    solid, dashed = traces(figure, "realised"), traces(figure, "provisional")
    assert {t.line.dash for t in dashed} == {"dash"}
    assert {t.line.dash for t in solid} == {"solid"}
    assert dashed[0].y[0] == solid[-1].y[-1]
    assert len(solid) == 2  # the chunk without a value is a gap


def test_estimates_have_a_line_of_their_own_beside_what_the_labels_say() -> None:
    real = points()[:10]
    both = [
        *real,
        *(replace(p, value=p.value and p.value + 0.01, estimated=True, provisional=False) for p in real),
    ]
    figure = trend(both)
    (hollow,) = traces(figure, "estimate")
    assert hollow.marker.symbol == "circle-open"
    assert list(hollow.y) == [p.value + 0.01 for p in real if p.value]
    assert list(hollow.customdata[0]) == [real[0].start.isoformat(), real[0].end.isoformat()]
    assert "estimated" in " ".join(a.text for a in figure.layout.annotations)
    assert len({t.line.color for t in traces(figure, "realised")}) == 1
    assert traces(figure, "estimated")[0].line.color != traces(figure, "realised")[0].line.color


def test_the_hover_says_how_many_and_how_sure() -> None:
    words = " ".join(w for t in trend(points()).data for w in (t.text or ()))
    assert "n = 400" in words
    assert "95 % interval 78.0 % to 86.0 %" in words
    assert "provisional" in words
    assert "2–8 Mar 2026" in words


def test_releases_inside_the_window_are_thin_lines_with_their_names() -> None:
    inside, outside = Release("4.2", START + 2 * WEEK), Release("9", START - WEEK)
    figure = trend(points(), releases=[inside, outside])
    assert [s.x0 for s in figure.layout.shapes] == [inside.at]
    assert "4.2" in [a.text for a in figure.layout.annotations]
    assert "9" not in [a.text for a in figure.layout.annotations]


def test_versions_are_told_apart_by_colour_and_by_name_at_the_line() -> None:
    figure = trend(points(("1", "2")))
    assert {"1", "2"} <= {a.text for a in figure.layout.annotations}
    assert len({t.line.color for t in traces(figure, "realised")}) == 2


def test_an_empty_trend_says_why() -> None:
    assert "enough labelled decisions" in trend([]).layout.annotations[0].text


def test_a_heat_map_cell_is_drift_over_its_threshold() -> None:
    figure = heatmap(drifts())
    grid = figure.data[0]
    assert grid.z[2][3] == pytest.approx(0.2 / 0.1)
    assert grid.z[1][1] == pytest.approx(0.08 / 0.1)
    assert grid.z[1][2] is None
    (drifted,) = traces(figure, "drifted")
    assert len(drifted.x) == sum(d.drifted for d in drifts())
    clickable = [mark for trace in figure.data[1:] for mark in trace.customdata]
    assert len(clickable) == len(drifts())
    assert [clickable[0][1], clickable[0][2]] == [START.isoformat(), (START + WEEK).isoformat()]


@pytest.mark.parametrize(
    ("status", "drifted", "value", "depth"),
    [
        (PointStatus.OK, False, 0.05, 0.5),
        (PointStatus.OK, False, 0.25, MOST_PALE),  # large, and may be chance
        (PointStatus.UNKNOWN, False, 0.25, MOST_PALE),
        (PointStatus.WATCH, False, 0.06, 0.6),
        (PointStatus.WATCH, True, 0.25, WATCHED),
        (PointStatus.BREACH, True, 0.11, LEAST_BREACH),
        (PointStatus.BREACH, True, 0.25, 2.5),
    ],
)
def test_a_cell_reddens_only_where_it_is_judged_to_have_drifted(
    status: PointStatus, drifted: bool, value: float, depth: float
) -> None:
    figure = heatmap([replace(drifts()[0], value=value, status=status, drifted=drifted)])
    assert figure.data[0].z[0][0] == pytest.approx(depth)


def test_rare_levels_are_summed_not_dropped() -> None:
    shares = [1 / 20] * 20
    figure = distribution([str(i) for i in range(20)], shares, shares, 10, 10, ordered=False)
    assert len(figure.data[0].y) == MOST_LEVELS + 1
    assert sum(figure.data[0].y) == pytest.approx(1)


@pytest.mark.parametrize("features", [1, 3, 10, 11, 40])
def test_a_waterfall_ends_at_base_plus_all_contributions(features: int) -> None:
    told = explanation(features)
    figure = waterfall(told)
    bars = figure.data[0]
    assert bars.measure[0] == "absolute"
    assert bars.measure[-1] == "total"
    assert set(bars.measure[1:-1]) == {"relative"}
    assert sum(bars.x[:-1]) == pytest.approx(told.score)
    assert len(bars.x) <= MOST + 3
    assert bars.base is None
    assert bars.orientation == "h"


def test_a_waterfall_says_its_signs_in_words_largest_first() -> None:
    told = explanation()
    sizes = [abs(value) for _, value in steps(told)[:MOST]]
    assert sizes == sorted(sizes, reverse=True)
    assert steps(told)[-1][0] == "other (4 features)"
    words = waterfall(told).data[0].text
    assert any(w.startswith("+") and w.endswith("raises") for w in words)
    assert any(w.startswith("−") and w.endswith("lowers") for w in words)


def test_a_limit_on_each_side_is_two_lines() -> None:
    own = [replace(p, threshold=0.95 if i % 2 else 0.4) for i, p in enumerate(points())]
    below, above = traces(trend(own), "threshold")
    assert set(below.y) - {None} == {0.4}
    assert set(above.y) - {None} == {0.95}


def test_a_contribution_next_to_nothing_is_about_nothing() -> None:
    told = replace(explanation(3), attributions={"a": 0.5, "b": 4.9e-06})
    assert waterfall(told).data[0].text[2] == "about 0"


def test_a_histogram_keeps_both_distributions_on_the_same_cells() -> None:
    figure = histogram([0, 1, 2, 3], [0.2, 0.3, 0.5], [0.5, 0.5, 0.0], 10, 20)
    now, then = figure.data
    assert (list(then.x), list(now.x)) == ([0, 1, 2, 3], [0, 1, 2])
    assert list(then.y[:-1]) == [0.2, 0.3, 0.5]
    assert "20 decisions" in now.text[0]


def test_a_low_picture_writes_its_dates_in_one_line() -> None:
    for height, lines in ((120, {1}), (300, {1, 2})):
        axis = trend(points(), "light", height=height).layout.xaxis
        assert {len(stop.value.splitlines()) for stop in axis.tickformatstops} == lines


def event(number: int, text: str, first: date, last: date) -> CalendarEvent:
    return CalendarEvent(
        id=number, system="s", kind=EventKind.CAMPAIGN, text=text, first=first, last=last, by="Ana", at=START
    )


def test_an_event_is_a_band_with_its_words_and_hostile_words_stay_words() -> None:
    day = START.date() + timedelta(days=20)
    own = [
        event(1, "<b>Sale</b>", day, day + timedelta(days=3)),
        event(2, "Right after it", day + timedelta(days=1), day + timedelta(days=1)),
        event(3, "Years before", day - timedelta(days=900), day - timedelta(days=900)),
    ]
    for figure in (trend(points(), events=own), heatmap(drifts(), events=own)):
        bands = [s for s in figure.layout.shapes if s.fillcolor == TOKENS["light"].event_band]
        assert len(bands) == 2
        assert bands[0].x1 - bands[0].x0 == timedelta(days=4)
        told = {a.hovertext: a.text for a in figure.layout.annotations if a.hovertext}
        assert [words[:7] for words in told.values()] == ["◆", "◆ Right"]  # no room: the hover has the words
        assert any("&lt;b&gt;Sale&lt;/b&gt;" in text for text in told)
        assert any("campaign: Right after it" in text for text in told)


def test_the_strip_shows_every_decision_and_the_window_in_another_colour() -> None:
    bars = [Period(START + i * WEEK, START + (i + 1) * WEEK, 100 * i) for i in range(8)]
    figure = volume(
        bars, window=(START + 2 * WEEK, START + 4 * WEEK), releases=[Release("2.0", START + WEEK)]
    )
    (drawn,) = traces(figure, "decisions")
    assert list(drawn.y) == [bar.n for bar in bars]
    inside = [colour == TOKENS["light"].accent for colour in drawn.marker.color]
    assert inside == [False, False, True, True, False, False, False, False]
    assert figure.layout.dragmode == "select"
    assert set(volume(bars).data[0].marker.color) == {TOKENS["light"].accent}


def test_a_picture_that_is_drawn_again_is_made_once_and_another_one_is_another() -> None:
    """A page draws the same pictures at each visit, and plotly looks at each of their values."""
    first = trend(points())
    written = first.to_json()
    assert trend(points()) is first
    assert first.to_dict() is not first.to_dict()
    assert trend(points(), mode="dark") is not first
    assert trend([replace(point, value=0.5) for point in points()]) is not first
    assert first.to_json() == written


def test_the_words_of_a_limit_and_of_another_line_stand_on_rows_of_their_own() -> None:
    """Beside each other they ran into one at 800 px."""
    row = EstimateRow(label="a", value=0.5, low=0.4, high=0.6, words="0.5")
    lines = [ReferenceLine(0.8, "four-fifths line", limit=True), ReferenceLine(1.0, "most favoured")]
    shifts = {a["text"]: a["yshift"] for a in forest([row], lines=lines)["layout"]["annotations"]}
    assert shifts["most favoured"] - shifts["four-fifths line"] >= 14
    alone = forest([row], lines=lines[1:])["layout"]["annotations"]
    assert next(a for a in alone if a["text"] == "most favoured")["yshift"] == 0
