"""The picture of an answer, as the pages draw it, for a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.answers.drift.features import DriftAnswer
from plumbline.answers.fairness.groups import FairnessAnswer
from plumbline.answers.performance.series import PerformanceAnswer
from plumbline.answers.releases.history import ReleasesAnswer
from plumbline.charts.forest_plot import EstimateRow, ReferenceLine, forest
from plumbline.charts.heatmap import heatmap
from plumbline.charts.style import Mode
from plumbline.charts.timeline import Stretch, timeline
from plumbline.charts.trend import trend
from plumbline.charts.waterfall import waterfall
from plumbline.domain import Explanation, PlumblineError, Result
from plumbline.monitor.fairness.groups import GroupResult
from plumbline.wording import numbers

if TYPE_CHECKING:
    import plotly.graph_objects as go


def chart(answer: Result, *, metric: str | None = None, dark: bool = False) -> go.Figure:
    """Draw an answer.

    Args:
        answer: of ``performance``, ``drift``, ``releases``, ``fairness`` or ``explain``.
        metric: of performance, which metric; None: the headline.

    Raises:
        PlumblineError: the answer has no picture, or not that metric.
    """
    mode: Mode = "dark" if dark else "light"
    match answer:
        case PerformanceAnswer():
            name = metric or answer.headline
            if name not in answer.metrics:
                raise PlumblineError(
                    f"There is no {name} in this answer", todo=f"It has: {', '.join(answer.metrics)}."
                )
            band = answer.bands.get(name)
            return trend(
                answer.points_of(name),
                mode,
                reference=answer.system.reference,
                level=band.mean if band else None,
            )
        case DriftAnswer():
            return heatmap(answer.chunks, mode)
        case ReleasesAnswer():
            spans = [
                Stretch(version=s.version or "no version", role="in charge", start=s.start, end=s.end, n=s.n)
                for s in answer.releases.spans
            ]
            stretches = [
                Stretch(version=p.version, role=p.role, start=p.start, end=p.end, n=p.n)
                for p in answer.presences
            ]
            return timeline([*spans, *stretches], mode=mode)
        case FairnessAnswer():
            return forest(
                [_ratio(group) for group in answer.groups],
                mode,
                unit="ratio",
                lines=[ReferenceLine(1.0, "alike")],
            )
        case Explanation():
            return waterfall(answer, mode)
    raise PlumblineError("This answer has no picture", todo="Use to_frame() or to_dict().")


def _ratio(group: GroupResult) -> EstimateRow:
    """A group's favourable rate against that of the most favoured one."""
    n = f"n = {numbers.count(group.n)}"
    if group.ratio is None:
        return EstimateRow(
            label=group.name,
            value=None,
            low=None,
            high=None,
            words=f"most favoured, {n}" if group.best else f"too few to judge, {n}",
        )
    comparison = group.ratio
    words = f"{numbers.significant(comparison.value)}, {n}"
    return EstimateRow(
        label=group.name,
        value=comparison.value,
        low=comparison.low,
        high=comparison.high,
        words=words,
        status=comparison.status.value,
    )
