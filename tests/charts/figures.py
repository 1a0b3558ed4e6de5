"""Every figure there is, drawn from small hand-made nouns, in one table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from plumbline.charts.distribution import distribution, histogram
from plumbline.charts.forest_plot import EstimateRow, ReferenceLine, forest
from plumbline.charts.heatmap import heatmap
from plumbline.charts.importance import importance
from plumbline.charts.marks import Release
from plumbline.charts.reliability import reliability
from plumbline.charts.status_strip import strip
from plumbline.charts.style import Mode
from plumbline.charts.timeline import ReleaseEvent, Stretch, timeline
from plumbline.charts.trend import trend
from plumbline.charts.waterfall import waterfall
from plumbline.domain import AttributionSource, Explanation, FeatureDrift, Kind, Point, PointStatus
from plumbline.monitor.performance.calibration import Bin, Calibration

START = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = timedelta(days=7)
HOSTILE = "<b>![x](http://host/p)</b>"


def points(versions: tuple[str | None, ...] = (None,)) -> list[Point]:
    """Twelve weeks that fall from 82 to 60 per cent, the last provisional, the fifth without a value."""
    out = []
    for version in versions:
        for i in range(12):
            value = None if i == 4 else 0.82 - 0.02 * i
            status = (PointStatus.OK, PointStatus.WATCH, PointStatus.BREACH)[min(i // 4, 2)]
            out.append(
                Point(
                    metric="accuracy", start=START + i * WEEK, end=START + (i + 1) * WEEK,
                    n=0 if i == 4 else 400,
                    value=value, low=value and value - 0.04, high=value and value + 0.04, threshold=0.75,
                    status=PointStatus.UNKNOWN if value is None else status, version=version,
                    estimated=i >= 10, provisional=i == 9, note=HOSTILE if i == 3 else "",
                )
            )  # fmt: skip
    return out


def drifts() -> list[FeatureDrift]:
    """Three features over four weeks; one name is hostile, one cell has no value."""
    return [
        FeatureDrift(
            feature=feature, kind=Kind.NUMERIC, method="js",
            value=None if (i, j) == (1, 2) else 0.04 * (i + j), threshold=0.1, p_value=0.01, q_value=0.02,
            drifted=i + j > 3, status=PointStatus.BREACH if i + j > 3 else PointStatus.OK, n_reference=900, n=300,
            missing_share=0.01, missing_share_reference=0.0, new_levels=(HOSTILE,),
            start=START + j * WEEK, end=START + (j + 1) * WEEK,
        )
        for i, feature in enumerate(("age", HOSTILE, "season_index"))
        for j in range(4)
    ]  # fmt: skip


def explanation(features: int = 14) -> Explanation:
    values = {f"f{i}": (-1) ** i * (features - i) / 100 for i in range(features - 1)}
    values[HOSTILE] = 0.2
    return Explanation(
        decision_id="d1", source=AttributionSource.LOGGED, output_space="probability", base_value=0.3,
        score=0.3 + sum(values.values()), attributions=values, additivity_error=0.0, fidelity=None,
        method="as recorded at decision time", baseline="the mean of the reference", check="adds up",
        values={HOSTILE: HOSTILE, "f0": 3.5},
    )  # fmt: skip


def curve(version: str | None) -> Calibration:
    bins = (
        Bin(score=0.2, share=0.25, low=0.2, high=0.3, n=90),
        Bin(score=0.8, share=0.6, low=0.5, high=0.7, n=80),
    )
    return Calibration(
        version=version, bins=bins, n=170, ece=0.1, chance=0.05, gap=0.02, status=PointStatus.BREACH
    )


def all_figures() -> dict[str, Callable[[Mode], Any]]:
    """Name of a case -> the figure in a mode, empty ones included."""
    halves = np.array([0.5, 0.5])
    return {
        "trend": lambda mode: trend(
            points(),
            mode,
            reference=(START, START + 3 * WEEK),
            level=0.81,
            releases=[Release("4.1", START + WEEK), Release(HOSTILE, START + 6 * WEEK)],
        ),
        "trend by version": lambda mode: trend(points(("4.1", HOSTILE)), mode),
        "trend without values": lambda mode: trend([], mode),
        "heatmap": lambda mode: heatmap(drifts(), mode),
        "heatmap without chunks": lambda mode: heatmap([], mode),
        "distribution": lambda mode: distribution(["≤ 10", HOSTILE], halves, halves, 40, 50, mode),
        "distribution of levels": lambda mode: distribution(
            [str(i) for i in range(30)], np.full(30, 1 / 30), np.full(30, 1 / 30), 40, 50, mode, ordered=False
        ),
        "distribution without values": lambda mode: distribution([], [], [], 0, 0, mode),
        "histogram": lambda mode: histogram([0, 1, 2], halves, halves, 40, 50, mode),
        "histogram without values": lambda mode: histogram([], [], [], 0, 0, mode),
        "waterfall": lambda mode: waterfall(explanation(), mode),
        "waterfall refused": lambda mode: waterfall(
            Explanation(
                decision_id="d",
                source=AttributionSource.SURROGATE,
                output_space="probability",
                base_value=0.0,
                score=None,
                attributions={},
                additivity_error=None,
                fidelity=None,
                method="",
                baseline="",
                check="",
                refused=HOSTILE,
            ),
            mode,
        ),
        "importance": lambda mode: importance({"age": 0.3, HOSTILE: 0.2}, 500, mode, space="log-odds"),
        "importance unknown": lambda mode: importance({}, 0, mode),
        "reliability": lambda mode: reliability([curve(None), curve("4.1"), curve(HOSTILE)], mode),
        "reliability without a curve": lambda mode: reliability([], mode),
        "strip": lambda mode: strip(
            [
                (START, "LIABILITY", HOSTILE),
                (START + WEEK, "MANAGED", "fine"),
                (START + 2 * WEEK, HOSTILE, ""),
            ],
            mode,
        ),
        "forest": lambda mode: forest(
            [
                EstimateRow(
                    label="whole change",
                    value=0.2,
                    low=0.1,
                    high=0.3,
                    words="+20 (+10 to +30) points",
                    status="watch",
                ),
                EstimateRow(label=HOSTILE, value=-0.1, low=-0.3, high=0.1, words=HOSTILE, hover=HOSTILE),
                EstimateRow(label="small", value=None, low=None, high=None, words="too few to judge, n = 12"),
            ],
            mode,
            unit="points",
            lines=[ReferenceLine(0.0, "no change"), ReferenceLine(-0.2, HOSTILE, limit=True)],
        ),
        "forest without rows": lambda mode: forest([], mode),
        "timeline": lambda mode: timeline(
            [
                Stretch(version="4.1", role="in charge", start=START, end=START + 3 * WEEK, n=900),
                Stretch(version=HOSTILE, role="shadow", start=START + WEEK, end=START + 2 * WEEK, n=50),
                Stretch(version="", role="beside", start=START + 2 * WEEK, end=START + 3 * WEEK, n=60),
            ],
            [
                ReleaseEvent("4.1", START + WEEK, "fail", HOSTILE),
                ReleaseEvent(HOSTILE, START + 2 * WEEK, "pass", "back"),
            ],
            mode,
        ),
        "timeline without versions": lambda mode: timeline([], [], mode),
        "strip without history": lambda mode: strip([], mode),
    }
