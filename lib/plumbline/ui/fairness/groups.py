"""The pieces of the Fairness page: groups against each other, pairs of them, and both over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from plumbline.answers.fairness.groups import FairnessAnswer
from plumbline.charts.forest_plot import EstimateRow, ReferenceLine, Unit, forest
from plumbline.charts.style import Mode
from plumbline.charts.trend import trend
from plumbline.domain import Point
from plumbline.monitor.fairness.groups import (
    ERRORS,
    FOUR_FIFTHS,
    GAP,
    LEAST_ROWS,
    MEASURES,
    GroupRate,
    GroupResult,
)
from plumbline.ui.frame import drill_down
from plumbline.ui.notes import marks, strip
from plumbline.ui.parts import cards, charts, empty_states, tables
from plumbline.ui.parts.cards import Figure
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.parts.glossary import help_for
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import SOURCE, code, digits, localise, phrase, screen_text

RATIO = "ratio"
_MOST = 24  # groups drawn; the table has them all
_LINKED = 3  # groups whose decisions are one click away: those with the lowest ratios
_NAMES = {
    RATIO: screen_text("Ratio to the best"),
    "positive_rate": screen_text("Positive rate"),
    "true_positive_rate": screen_text("True positive rate"),
    "false_positive_rate": screen_text("False positive rate"),
    "precision": screen_text("Precision"),
    "calibration": screen_text("Score less outcome"),
}


def figures(answer: FairnessAnswer) -> None:
    """The lowest ratio, the widest gap of errors, what is too small, and how much was compared."""
    compared = [g for g in (*answer.groups, *answer.pairs) if g.ratio is not None]
    items = []
    if compared:
        worst = min(compared, key=lambda g: g.ratio.value if g.ratio else 1.0)
        assert worst.ratio is not None
        items.append(
            Figure(
                name=phrase("Lowest ratio"),
                value=numbers.significant(worst.ratio.value),
                note=f"{_range(worst.ratio.low, worst.ratio.high)}, {_counted(worst)}",
                status=worst.ratio.status.value,
            )
        )
    often = [g for g in compared if g.adverse is not None]
    if often:
        most = max(often, key=lambda g: g.adverse.value if g.adverse else 0.0)
        assert most.adverse is not None
        items.append(
            Figure(
                name=phrase("Otherwise, times as often"),
                value=numbers.significant(most.adverse.value),
                note=f"{_range(most.adverse.low, most.adverse.high)}, {_counted(most)}",
                status=most.adverse.status.value,
            )
        )
    gaps = [(g, name, gap) for g in compared for name, gap in g.gaps.items()]
    if gaps:
        group, name, gap = max(gaps, key=lambda item: abs(item[2].value))
        items.append(
            Figure(
                name=phrase("Widest gap of errors"),
                value=phrase("{gap} points", gap=digits(f"{100 * abs(gap.value):.1f}")),
                note=phrase(
                    "{measure} of {group}, {low} to {high}",
                    measure=_name_within(_NAMES[name]),
                    group=group.name,
                    low=_points(gap.low),
                    high=_points(gap.high),
                ),
                status=gap.status.value,
            )
        )
    items.append(
        Figure(
            name=phrase("Compared"),
            value=numbers.count(answer.comparison_count),
            note=phrase("ratios and gaps, corrected for being so many"),
        )
    )
    items.append(
        Figure(
            name=phrase("Too small to judge"),
            value=numbers.count(len(answer.small_groups)),
            note=phrase("under {least_rows} decisions", least_rows=LEAST_ROWS),
        )
    )
    cards.figures(items)


def groups(answer: FairnessAnswer, view: View) -> None:
    """One measure of every group drawn, all of them in the table."""
    cards.section(
        phrase("Groups"),
        phrase(
            "{favourable} is what people want here. Each group against the most favoured one of "
            "its attribute. Dashed: the four-fifths line, or {gap} points.",
            favourable=one_line(answer.favourable),
            gap=f"{100 * GAP:.0f}",
        ),
    )
    _measure_chart(answer, answer.groups, view.mode, "groups")
    _table(answer.groups, phrase("Groups by attribute"))
    _rows(answer, answer.groups, view)


def pairs(answer: FairnessAnswer, view: View) -> None:
    """Pairs of attributes: what no single attribute shows."""
    if not answer.pairs:
        cards.note(phrase("There is one attribute alone, so there are no pairs of them."))
        return
    cards.section(
        phrase("Intersections"),
        phrase(
            "Pairs of attributes with at least {least_rows} decisions, largest first.", least_rows=LEAST_ROWS
        ),
    )
    _measure_chart(answer, answer.pairs, view.mode, "pairs")
    _table(answer.pairs, phrase("Intersections of two attributes"))
    _rows(answer, answer.pairs, view)


def _rows(answer: FairnessAnswer, comparisons: Sequence[GroupResult], view: View) -> None:
    """To the decisions of the groups that fare worst; the bar holds two filters."""
    linked = [
        g
        for g in comparisons
        if g.ratio is not None
        and not g.best
        and len(view.where) + len(g.levels) <= 2
        and all(a in answer.columns for a in g.attributes)
    ]
    worst = sorted(linked, key=lambda g: g.ratio.value if g.ratio else 1.0)[:_LINKED]
    if not worst:
        return
    with st.container(horizontal=True, gap="medium"):
        for g in worst:
            where = [(answer.columns[a], level) for a, level in zip(g.attributes, g.levels, strict=True)]
            empty_states.link(
                empty_states.NextPage(
                    "decisions", phrase("Decisions of {name}", name=escape(localise(g.name), 60))
                ),
                drill_down.narrower_query(view, answer.system.key, where),
            )


def small_groups(answer: FairnessAnswer) -> None:
    """Groups that are too small, by name."""
    if answer.small_groups:
        named = ", ".join(f"{one_line(localise(g.name), 60)} ({g.n})" for g in answer.small_groups)
        cards.note(
            phrase(
                "Too few decisions to judge, {least_rows} are needed: {named}.",
                least_rows=LEAST_ROWS,
                named=named,
            )
        )


def _measure_chart(answer: FairnessAnswer, comparisons: Sequence[GroupResult], mode: Mode, key: str) -> None:
    options = [name for name in _NAMES if any(_value(g, name) is not None for g in comparisons)] or [RATIO]
    chosen = (
        st.segmented_control(
            phrase("Measure"),
            options,
            default=options[0],
            format_func=lambda n: localise(_NAMES[n]),
            key=f"fairness.{key}.measure",
            label_visibility="collapsed",
        )
        or options[0]
    )
    cards.note(help_for(_NAMES[chosen]) or "")
    rows = [_row(g, chosen) for g in comparisons[:_MOST]]
    unit: Unit = "ratio" if chosen == RATIO else "points" if chosen == "calibration" else "share"
    lines = {
        RATIO: [
            ReferenceLine(FOUR_FIFTHS, phrase("four-fifths line"), limit=True),
            ReferenceLine(1.0, phrase("most favoured")),
        ],
        "calibration": [ReferenceLine(0.0, phrase("as promised"))],
    }.get(chosen, [])
    if chosen in ERRORS:
        lines = _limit_lines(comparisons, chosen)
    charts.show(
        forest(rows, mode, unit=unit, lines=lines, longest=44),
        key=f"fairness.{key}",
        name=f"{answer.system.key}-{key}-{chosen}",
        alt=phrase(
            "{measure} by group. {sentence}", measure=localise(_NAMES[chosen]), sentence=answer.sentence
        ),
        rows=[
            {"group": r.label, "value": r.value, "low": r.low, "high": r.high, "words": r.words} for r in rows
        ],
    )


def _limit_lines(comparisons: Sequence[GroupResult], measure: str) -> list[ReferenceLine]:
    """Ten points either side of the most favoured group, where there is one alone."""
    best = [g.rates[measure].value for g in comparisons if g.best and measure in g.rates]
    if len(best) != 1:
        return []
    ends = [(best[0] - GAP, phrase("−10 points")), (best[0] + GAP, phrase("+10 points"))]
    return [ReferenceLine(best[0], phrase("most favoured"))] + [
        ReferenceLine(at, words, limit=True) for at, words in ends if 0 < at < 1
    ]


def _name_within(name: str) -> str:
    words = localise(name)
    return words.lower() if code() == SOURCE else words


def _value(g: GroupResult, measure: str) -> GroupRate | None:
    if measure == RATIO:
        return None if g.ratio is None else GroupRate(g.ratio.value, g.ratio.low, g.ratio.high, g.n)
    return g.calibration if measure == "calibration" else g.rates.get(measure)


def _row_at(g: GroupResult, value: float | None, words: str) -> EstimateRow:
    return EstimateRow(label=localise(g.name), value=value, low=value, high=value, words=words)


def _row(g: GroupResult, measure: str) -> EstimateRow:
    rate = _value(g, measure)
    if g.is_small:
        return _row_at(g, None, phrase("too few to judge, n = {n}", n=g.n))
    if rate is None:
        if measure == RATIO and g.best:
            return _row_at(g, 1.0, phrase("most favoured, n = {n}", n=numbers.count(g.n)))
        return _row_at(g, None, phrase("outcomes not known"))
    status = ""
    if measure == RATIO and g.ratio is not None:
        status = g.ratio.status.value
        words = (
            f"{numbers.significant(rate.value)} ({_range(rate.low, rate.high)}), n = {numbers.count(rate.n)}"
        )
    elif measure == "calibration":
        words = phrase(
            "{value} ({low} to {high}) points",
            value=_points(rate.value),
            low=_points(rate.low),
            high=_points(rate.high),
        )
    else:
        words = f"{numbers.share(rate.value)}, n = {numbers.count(rate.n)}"
        gap = g.gaps.get(measure)
        status = gap.status.value if gap is not None else ""
    return EstimateRow(
        label=localise(g.name),
        value=rate.value,
        low=rate.low,
        high=rate.high,
        words=words,
        status="" if status == "ok" else status,
    )


def _counted(g: GroupResult) -> str:
    return f"{localise(g.name)}, n = {numbers.count(g.n)}"


def _points(value: float) -> str:
    return digits(f"{100 * value:+.1f}".replace("-", "−"))


def _range(low: float, high: float) -> str:
    return phrase("{low} to {high}", low=numbers.significant(low), high=numbers.significant(high))


def _table(comparisons: Sequence[GroupResult], alt: str) -> None:
    tables.grid(
        [
            {
                "Group": one_line(localise(g.name), 80),
                "n": g.n,
                "Positive rate": _share(g, "positive_rate"),
                "Ratio to the best": _ratio(g),
                "95 % interval": _range(g.ratio.low, g.ratio.high) if g.ratio else numbers.DASH,
                "Otherwise, times as often": numbers.significant(g.adverse.value)
                if g.adverse
                else numbers.DASH,
                "Corrected p": numbers.p_value(g.ratio.q) if g.ratio else numbers.DASH,
                "Status": cards.glyph(g.status.value),
                **{_NAMES[name]: _share(g, name) for name in MEASURES if name != "positive_rate"},
                "Score less outcome": _points(g.calibration.value) if g.calibration else numbers.DASH,
                "Labelled": g.labelled,
            }
            for g in comparisons
        ],
        alt=phrase("{alt}: rates, ratio to the most favoured group, errors, status", alt=alt),
        height=460 if len(comparisons) > 11 else None,
    )


def _share(g: GroupResult, measure: str) -> str:
    return numbers.share(g.rates[measure].value) if measure in g.rates else numbers.DASH


def _ratio(g: GroupResult) -> str:
    if g.best:
        return phrase("best")
    return numbers.significant(g.ratio.value) if g.ratio else numbers.DASH


def rates_over_time(answer: FairnessAnswer, view: View) -> None:
    """How often each group gets what it wants, month by month; by version in the table."""
    cards.section(
        phrase("Over time"),
        phrase("How often each group gets {favourable}, by month.", favourable=one_line(answer.favourable)),
    )
    chosen = (
        st.segmented_control(
            phrase("Attribute"),
            answer.attributes,
            default=answer.attributes[0],
            key="fairness.attribute",
            format_func=one_line,
            label_visibility="collapsed",
        )
        or answer.attributes[0]
    )
    points = [p for name, p in answer.by_month if name == chosen]
    events = marks.events(view)
    picked = charts.show(
        trend(points, view.mode, releases=marks.releases(view), events=events),
        key="fairness.months",
        name=f"{answer.system.key}-months",
        select=True,
        caption=phrase("Click a mark to look into its month."),
        alt=phrase("Favourable rate by month and {chosen}", chosen=one_line(chosen)),
        rows=[
            {
                "group": p.version,
                "month": f"{p.start:%Y-%m}",
                "start": p.start.isoformat(),
                "end": p.end.isoformat(),
                "value": p.value,
                "low": p.low,
                "high": p.high,
                "n": p.n,
            }
            for p in points
        ],
        events=events,
    )
    strip.strip(view)
    _month(answer, points, drill_down.clicked_span(picked))
    rows = [(version, g) for version, g in answer.by_version if g.attributes == (chosen,) and version]
    if len({version for version, _ in rows}) > 1:
        tables.grid(
            [
                {
                    "Version": one_line(version),
                    "Group": one_line(localise(g.name), 80),
                    "n": g.n,
                    "Positive rate": _share(g, "positive_rate"),
                    "Ratio to the best": _ratio(g),
                    "95 % interval": _range(g.ratio.low, g.ratio.high) if g.ratio else numbers.DASH,
                    "Status": cards.glyph(g.status.value),
                }
                for version, g in sorted(rows, key=lambda row: row[0])
            ],
            alt=phrase("Groups by version: rate, ratio, status"),
            height=460 if len(rows) > 11 else None,
        )


def _month(answer: FairnessAnswer, points: Sequence[Point], span: tuple[datetime, datetime] | None) -> None:
    """One month's groups in words, and the ways to it alone and to its decisions."""
    if span is None:
        return
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{numbers.span(*span)}**")
        for p in (p for p in points if p.start == span[0]):
            sure = numbers.interval(p.low, p.high, "positive_rate")
            cards.note(
                f"{one_line(p.version or '', 60)}: {numbers.share(p.value)}{f' ({sure})' if sure else ''}, "
                f"n = {numbers.count(p.n)}."
            )
        drill_down.chunk_links("fairness", drill_down.dates(answer.system.key, *span))
