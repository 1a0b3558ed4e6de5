"""The day a series broke: where, how surely, and its level before and after.

Breaks are the exact least-squares partition (``partition``) of daily values in units of their noise. Days may follow
each other, and then wander without having changed (Romano et al. 2022, JASA 117): the noise is the long-run one
(``dependence``) of what is left about the change that was found, and what is not found anew with it is not told. The
last run of segments that are worse than before by more than chance and by enough to matter is the change. It is told as
a slope that sets in on a day where that fits as well as the steps for fewer breaks, else as the first of the steps.

What grows from nothing has no such day: a step is put where half of it is there. Its ``onset`` is the day from which
a running sum of days that are worse (CUSUM, Page 1954) has not been back at zero by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from plumbline.domain import FloatArray, Point
from plumbline.domain.messages import NOTHING, Day, Message, Number, message, sequence, word
from plumbline.monitor.alarms.cusum import ALLOWANCE, cusum
from plumbline.monitor.figures import say_figure
from plumbline.monitor.metrics.metrics import Metric, metric, relevant_change
from plumbline.monitor.statistics.autocorrelation import long_run_ratio
from plumbline.monitor.statistics.partition import EQUAL, optimal_partition
from plumbline.monitor.statistics.proportions import Z

#: a break must lower the squared error by PENALTY x log(days) noise variances; tested on stationary series
PENALTY = 4.0
#: standard errors between levels that chance does not reach
BEYOND = 3.0
#: times the noise is taken anew about what was found with less of it; each time less is found, or it has settled
ROUNDS = 12
SETTLED = 1.05
#: standard errors of the days' correlation that are taken for chance (one-sided 90 %), lest it hide changes
CHANCE = 1.28
#: standard deviations of a block that count at most, of an error without bounds, and blocks either side of it
REACH = 3.0
AROUND = 7
FEWEST = 8  # days with a value
FEWEST_GROWING = 3  # days over which a change grew, if it is to be told from a step


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint:
    """One change for the worse.

    ``at``: start of the first day of it; ``low`` and ``high``: the days between which it began with 95 %
    probability, all days alike likely beforehand. ``onset``: from when it grew, ``at`` or before.
    ``kind``: step or slope. ``before``, ``after``: mean levels; of a slope ``after`` is the level of its
    last days. ``until``: end, None while it lasts.
    """

    metric: str
    kind: str
    at: datetime
    low: datetime
    high: datetime
    before: float
    after: float
    n_before: int
    n_after: int
    until: datetime | None
    breach: Message  # the levels and the days, without a full stop
    sentence: Message
    onset: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """Blocks of days: values, rows, start and end; ``noise``: standard deviation of one row. ``measured``: the values
    before single ones that lie far out were drawn in (``_clip_outliers``); what is told is in these."""

    value: FloatArray
    measured: FloatArray
    rows: FloatArray
    start: tuple[datetime, ...]
    end: tuple[datetime, ...]
    noise: float

    def level(self, first: int, last: int) -> tuple[float, float]:
        """Mean of blocks [first, last) and its standard error."""
        rows = self.rows[first:last]
        return float(np.average(self.value[first:last], weights=rows)), self.noise / float(
            np.sqrt(rows.sum())
        )


def change_point(
    points: Sequence[Point], *, matters: float | None = None, unit: str = ""
) -> ChangePoint | None:
    """The last change for the worse in a daily series of one metric and version.

    Args:
        points: as ``performance(..., by="day")`` returns them; provisional ones are left out.
        matters: smallest change worth telling, in the metric's unit; None: the metric's own.
        unit: what the system predicts so many of, for the sentence.

    Returns:
        None where nothing broke beyond chance, where it does not matter, or where days are too few.

    Raises:
        PlumblineError: the metric is unknown.
    """
    used = sorted(
        (p for p in points if p.value is not None and p.n > 0 and not p.provisional), key=lambda p: p.start
    )
    if len(used) < FEWEST:
        return None
    name = used[0].metric
    series_metric = metric("recall" if name.startswith("recall:") else name)
    series = _series(used)
    if series_metric.hits is None:
        series = replace(series, value=_clip_outliers(series))
    if len(series.value) < FEWEST or series.noise <= 0:
        return None
    for _ in range(ROUNDS):
        edges = _segments(series)
        enough = _relevant_change(series_metric, series, edges) if matters is None else matters
        run = _last_worse_run(series_metric, series, edges, enough)
        point = _change_point_of_run(name, series_metric, series, run, enough, unit) if run else None
        if point is None or run is None:
            return None
        noise = _long_run_noise(series, edges, run, point.kind == "slope")
        if noise <= SETTLED * series.noise:
            return point
        series = replace(series, noise=noise)
    return None


def _series(points: Sequence[Point]) -> _Series:
    """Days joined into blocks of at least 30 rows and half the usual day, and the noise of one row.

    Noise is the larger of what the points' intervals say and what neighbouring blocks show (the median
    absolute difference, scaled for the normal law), so that a restless series does not break every week.
    """
    least = max(30.0, float(np.median([p.n for p in points])) / 2)
    blocks: list[list[Point]] = [[]]
    for point in points:
        if sum(p.n for p in blocks[-1]) >= least:
            blocks.append([])
        blocks[-1].append(point)
    rows = np.array([sum(p.n for p in block) for block in blocks], dtype=float)
    value = np.array([np.average([float(p.value or 0) for p in b], weights=[p.n for p in b]) for b in blocks])
    halves = [
        (p.high - p.low) / 2 * np.sqrt(p.n) / Z for p in points if p.low is not None and p.high is not None
    ]
    stated = float(np.median(halves)) if halves else 0.0
    apart = np.abs(np.diff(value)) / np.sqrt(1 / rows[1:] + 1 / rows[:-1])
    shown = float(np.median(apart)) / 0.6745 if len(apart) else 0.0
    return _Series(
        value=value,
        measured=value,
        rows=rows,
        start=tuple(b[0].start for b in blocks),
        end=tuple(b[-1].end for b in blocks),
        noise=max(stated, shown),
    )


def _clip_outliers(series: _Series) -> FloatArray:
    """Values at most ``REACH`` standard deviations from the median of the blocks around them: (n,).

    The mean of an error without bounds may hang on a single decision, and a few such days are no change. A bounded
    loss (Fearnhead and Rigaill 2019, JASA 114) does the same inside the partition; a median keeps a step where it is.
    """
    around = min(AROUND, (len(series.value) - 1) // 2)
    padded = np.pad(series.value, around, mode="reflect")
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * around + 1), axis=1)
    reach = REACH * series.noise / np.sqrt(series.rows)
    return np.asarray(np.clip(series.value, middle - reach, middle + reach))


def _segments(series: _Series) -> list[int]:
    """Edges of the segments, 0 and the number of blocks included."""
    scaled = series.value * np.sqrt(np.median(series.rows)) / series.noise
    return optimal_partition(scaled, float(PENALTY * np.log(len(scaled))))


def _long_run_noise(series: _Series, edges: list[int], run: list[int], slope: bool) -> float:
    """Long-run standard deviation of one row about the segments, or about the slope where the run is told as one."""
    fitted = np.empty(len(series.value))
    for first, last in pairwise(edges):
        fitted[first:last] = series.level(first, last)[0]
    if slope:
        fitted[run[0] : run[-1]] = _slope_fit(series, run[0], run[-1])
        edges = [edge for edge in edges if edge <= run[0] or edge >= run[-1]]
    left = (series.value - fitted) * np.sqrt(series.rows)
    n, levels = len(left), len(edges) - 1 + 2 * slope
    single = all((end - start).days == 1 for start, end in zip(series.start, series.end, strict=True))
    weekday = np.array([start.weekday() for start in series.start]) if single else None
    ratio = long_run_ratio(left, weekday=weekday, week=1, levels=levels, beyond=CHANCE)
    return float(np.sqrt(np.mean(left**2) * ratio / max(1 - levels * ratio / n, 0.5)))


def _relevant_change(metric: Metric, series: _Series, edges: list[int]) -> float:
    return relevant_change(metric, series.level(0, edges[1])[0], series.noise)


def _is_worse(
    metric: Metric, series: _Series, healthy: tuple[int, int], part: tuple[int, int], enough: float
) -> bool:
    (before, se0), (after, se1) = series.level(*healthy), series.level(*part)
    fall = before - after
    worse = abs(fall) if metric.higher_is_better is None else fall if metric.higher_is_better else -fall
    return worse > max(enough, BEYOND * float(np.hypot(se0, se1)))


def _last_worse_run(metric: Metric, series: _Series, edges: list[int], enough: float) -> list[int] | None:
    """Edges of the healthy stretch and of the segments of the last worse run after it, in blocks.

    Healthy is the longest stretch so far: the first segment, and whatever later one is no worse.
    """
    parts = list(pairwise(edges))
    healthy, stretch = parts[0], parts[0][0]
    run: list[int] | None = None
    for part in parts[1:]:
        lasting = run is not None and run[-1] == part[0]
        if _is_worse(metric, series, healthy, part, enough):
            run = [*run, part[1]] if run and lasting else [stretch, *part]
            continue
        if lasting:
            stretch = part[0]
        if part[1] - part[0] >= healthy[1] - healthy[0]:
            healthy = part
    return run


def _step_error(series: _Series, first: int, last: int) -> FloatArray:
    """Squared error, in noise variances, of a step at each block of (first, last)."""
    places = np.arange(1, last - first)
    return _error(series, first, last, (np.arange(last - first) >= places[:, None]).astype(float))


def _slope_error(series: _Series, first: int, last: int) -> FloatArray:
    """Squared error, in noise variances, of a slope from each block of (first, last) on."""
    day = np.array([(s - series.start[first]).total_seconds() for s in series.start[first:last]]) / 86400
    return _error(series, first, last, np.maximum(day[None, :] - day[:-1, None], 0.0))


def _slope_fit(series: _Series, first: int, last: int) -> FloatArray:
    """The slope of least squared error through blocks [first, last): (last - first,)."""
    at = int(np.argmin(_slope_error(series, first, last)))
    day = np.array([(s - series.start[first]).total_seconds() for s in series.start[first:last]]) / 86400
    shape = np.stack([np.ones(last - first), np.maximum(day - day[at], 0.0)], axis=1)
    weight = np.sqrt(series.rows[first:last])
    size = np.linalg.lstsq(shape * weight[:, None], series.value[first:last] * weight, rcond=None)[0]
    return np.asarray(shape @ size)


def _error(series: _Series, first: int, last: int, shapes: FloatArray) -> FloatArray:
    """Least squares of level + size x shape, weighted by rows, for each shape (places, blocks): (places,)."""
    y, w = series.value[first:last], series.rows[first:last] / series.noise**2
    dx = shapes - ((shapes @ w) / w.sum())[:, None]
    dy = y - (y @ w) / w.sum()
    explained = (dx @ (dy * w)) ** 2 / np.maximum(dx**2 @ w, 1e-300)
    return np.asarray((dy**2 @ w) - explained)


def _steps_cost(series: _Series, run: list[int]) -> float:
    """Squared error of the run told as its segments, each break paid for."""
    total = PENALTY * np.log(len(series.value)) * (len(run) - 2)
    for first, last in pairwise(run):
        y, w = series.value[first:last], series.rows[first:last] / series.noise**2
        total += (w * (y - (y @ w) / w.sum()) ** 2).sum()
    return float(total)


def _change_point_of_run(
    name: str, metric: Metric, series: _Series, run: list[int], enough: float, unit: str
) -> ChangePoint | None:
    first, ended = run[0], run[-1]
    error, steps = _slope_error(series, first, ended), _steps_cost(series, run)
    # a slope over the last block alone is a step: only rounding tells them apart
    slope = float(error.min()) + PENALTY * np.log(len(series.value)) < steps - EQUAL * (1 + steps)
    if not slope:
        error = _step_error(series, first, run[2])
    likely = np.exp(-(error - error.min()) / 2)
    share = np.cumsum(likely) / likely.sum()
    at = first + 1 + int(np.argmin(error))
    low, high = (first + 1 + int(np.searchsorted(share, q)) for q in (0.025, 0.975))
    tail = max(at, ended - max(2, (ended - at) // 6)) if slope else at
    whole = replace(series, value=series.measured)
    if not all(_is_worse(metric, s, (first, at), (tail, ended), enough) for s in (series, whole)):
        return None
    before, after = whole.level(first, at)[0], whole.level(tail, ended)[0]
    until = series.end[ended - 1] if ended < len(series.value) else None
    kind = "slope" if slope else "step"
    onset = series.start[_onset(series, first, min(at, run[1]), at, before < after)]
    hint = NOTHING
    if onset < series.start[low]:
        hint = message("Signs of it from {day} on.", day=Day(onset))
    breach = _levels(metric, kind, series.start[at], before, after, until, unit)
    return ChangePoint(
        metric=name,
        kind=kind,
        at=series.start[at],
        low=series.start[low],
        high=series.start[min(high, ended - 1)],
        before=before,
        after=after,
        n_before=int(series.rows[first:at].sum()),
        n_after=int(series.rows[at:ended].sum()),
        until=until,
        breach=breach,
        sentence=sequence([message("{breach}.", breach=breach), hint]),
        onset=onset,
    )


def _onset(series: _Series, first: int, healthy: int, at: int, rising: bool) -> int:
    """The block since which the running sum of blocks beyond [first, healthy) is above zero.

    ``at`` where no more than a day or two lie between, or where they are not beyond that level by two standard errors.
    """
    level, se0 = series.level(first, healthy)
    away = (series.value[first : at + 1] - level) * np.sqrt(series.rows[first : at + 1]) / series.noise
    sums = cusum((away if rising else -away) - ALLOWANCE)
    still = np.flatnonzero(sums <= 0)
    onset = first + int(still[-1]) + 1 if len(still) else first
    if onset > at - FEWEST_GROWING:
        return at
    grown, se1 = series.level(onset, at)
    return onset if abs(grown - level) > Z * np.hypot(se0, se1) else at


def _levels(
    metric: Metric, kind: str, at: datetime, before: float, after: float, until: datetime | None, unit: str
) -> Message:
    largest = max(abs(before), abs(after))
    was, then = say_figure(metric, before, unit, largest), say_figure(metric, after, unit, largest)
    last = until - timedelta(days=1) if until else None
    if last and last <= at:
        return message("{then} on {day} alone, {was} before", then=then, day=Day(at), was=was)
    if last and kind == "step":
        if (at.year, at.month) == (last.year, last.month):
            return message(
                "{then} from {first} to {last}, {was} before",
                then=then,
                first=Number(str(at.day)),
                last=Day(last),
                was=was,
            )
        return message(
            "{then} from {first_day} to {last}, {was} before",
            then=then,
            first_day=Day(at),
            last=Day(last),
            was=was,
        )
    if kind == "step":
        return message("{was} until {day}, {then} since", was=was, day=Day(at), then=then)
    way = word("falling") if after < before else word("rising")
    values = {"was": was, "day": Day(at), "way": way, "then": then}
    if last:
        return message(
            "{was} until {day}, then {way} until {last}, {then} in the last days", **values, last=Day(last)
        )
    return message("{was} until {day}, {way} since, {then} in the last days", **values)
