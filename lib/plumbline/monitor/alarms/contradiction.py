"""Outcomes that contradict the score: labels the other way round, or a score that means less than it did.

Accuracy counts one wrong decision, however sure the score was. The likelihood of a label given its score weighs it: a
sure score with the other outcome costs much, an unsure one next to nothing. A share ``e`` of labels turned round makes
an outcome of probability p one of (1 - 2e) p + e. Each day's logarithm of that likelihood ratio, less what the
reference leads one to expect at these scores, is added up as the other daily outcomes are (``cusum``): in units of its
own standard error times the long-run noise of the reference. Which scores come is no part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from scipy.special import logit, xlog1py, xlogy

from plumbline.domain import DelayProfile, Finding, FloatArray, IntArray, OutcomeProfile, Severity, Task
from plumbline.domain.messages import Message, message
from plumbline.monitor.alarms.cusum import (
    ALLOWANCE,
    DECADE,
    LARGEST,
    DailyNoise,
    Excursion,
    cusum,
    cusum_limit,
    excursions,
    reference_noise,
    unsure_mean,
)
from plumbline.monitor.alarms.episodes import CALM
from plumbline.monitor.alarms.year_before import AROUND, HALF, YEAR
from plumbline.monitor.chunks import ENOUGH, day_array, midnight, sum_by
from plumbline.monitor.performance.calibration import recalibrate
from plumbline.monitor.performance.label_delay import immature_days
from plumbline.wording.quantities import decimal, percent

#: the share of labels turned round for which the weights are best, and from which on it matters
TURNED, MATTERS = 0.05, 0.02
#: days between false alarms where days are independent, and standard errors by which the reference's mean is taken
#: worse than it is. By simulation (``tests/bench/detection/contradictions.py``)
RUN_LENGTH, UNSURE = 2 * DECADE, 2.0
#: how much farther than an earlier time outcomes go before the same is told again, as for shifts
FARTHER = 1.5
#: bins of equal mass in which the reference's outcomes correct the fitted curve, each by so many outcomes fewer
BINS, PRIOR = 10, 3.0
#: days and outcomes of each class that a reference needs
FEWEST_DAYS, FEWEST = 14, 20
#: shares of labels among which the likeliest is sought; the logarithm of the likelihood that 95 % limits may lose
SHARES = np.linspace(0.0, 0.5, 251)
DROP = 1.9207


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Outcomes that left the score: since when, known ``at``, and over (``until``) or not.

    ``share``: of labels that would have to be turned round to explain it, with its 95 % limits, over ``n`` labelled
    decisions since; ``wrong``: outcomes that came less likely than not, ``expected``: as many as the reference leads
    one to expect at these scores.
    """

    at: datetime
    since: datetime
    until: datetime | None
    share: float
    low: float
    high: float
    n: int
    wrong: int
    expected: float
    run_length: float

    @property
    def sentence(self) -> Message:
        """What happened and by how much."""
        values = {
            "wrong": decimal(self.wrong, ","),
            "n": decimal(self.n, ","),
            "expected": decimal(self.expected, ",.0f"),
            "share": percent(self.share),
            "low": decimal(100 * self.low, ".1f"),
            "high": percent(self.high),
        }
        if self.until:
            return message(
                "Outcomes came out against the score more often than in the reference: {wrong} of {n} labelled "
                "decisions, {expected} were to be expected, as if {share} of labels were the other way round "
                "({low} to {high}). Either labels are wrong, or the score no longer means what it did.",
                **values,
            )
        return message(
            "Outcomes come out against the score more often than in the reference: {wrong} of {n} labelled "
            "decisions, {expected} were to be expected, as if {share} of labels were the other way round "
            "({low} to {high}). Either labels are wrong, or the score no longer means what it did.",
            **values,
        )


def contradictions(
    profile: OutcomeProfile,
    *,
    reference: tuple[datetime, datetime],
    delay: DelayProfile | None = None,
    today: datetime | None = None,
) -> tuple[Contradiction, ...]:
    """Every time that outcomes left the score since the reference's end, in order of time.

    Decisions of versions that the reference does not have are left out, as their scores may mean something else; so
    are scores beyond those that have outcomes there, and days that still wait for outcomes of either class.

    Args:
        profile: outcomes by day, and by version where there are several.
        reference: half-open span of healthy decisions (whole days).
        delay, today: label delays and when the log was last complete.

    Returns:
        nothing where there is no score in [0, 1] or the reference holds too little: nothing is known then.
    """
    if profile.task is not Task.BINARY or not profile.score_cells.shape[2]:
        return ()
    day, end = day_array(profile.days), np.datetime64(reference[1].date())
    healthy = (day >= np.datetime64(reference[0].date())) & (day < end)
    known = set(np.array(profile.versions, dtype=object)[healthy].tolist())
    used = np.array([version in known for version in profile.versions], dtype=bool)
    days, place = np.unique(day[used], return_inverse=True)
    cells = profile.score_cells[used]
    then = cells[healthy[used]].sum(axis=0)
    later = (days >= end) & ~immature_days("log_loss", days, delay, today)
    if len(np.unique(day[healthy])) < FEWEST_DAYS or then.sum(axis=1).min() < FEWEST or not later.any():
        return ()
    p = recalibrate(then, BINS, PRIOR)
    seen = np.flatnonzero(then.sum(axis=0))
    p[: seen[0]] = p[seen[-1] + 1 :] = np.nan
    daily = _daily(cells, place, len(days), p)
    first = np.unique(place[healthy[used]])
    normal, watched = (_steps(daily[rows], days[rows]) for rows in (first, later))
    noise = reference_noise(normal.value, [midnight(d.item()) for d in days[first]])
    square = (noise.restless * noise.kept) ** 2
    results = []
    for alarm in _alarms(normal, watched, noise):
        end_of = watched.ends[-1] if alarm.until is None else alarm.until
        contradiction = _contradiction(
            alarm, _counts_between(cells, days[place], later[place], alarm.since, end_of), p, square
        )
        then = _counts_between(
            cells, days[place], later[place], *(t - YEAR for t in (alarm.since - AROUND, alarm.at + AROUND))
        )
        now = _counts_between(cells, days[place], later[place], alarm.since, alarm.at)
        if alarm.at < reference[1] + YEAR or not _is_seasonal(now, then, p):
            results.append(contradiction)
    gone = bool(day.max() - days[-1] > np.timedelta64(CALM.days, "D"))
    return tuple(
        replace(result, until=result.until or watched.ends[-1]) if gone else result for result in results
    )


@dataclass(frozen=True, slots=True)
class _Steps:
    """Blocks of days, (m,): how far the outcomes lie beyond the reference in standard errors, by how much they would
    if what matters were so, and their starts and ends."""

    value: FloatArray
    matters: FloatArray
    starts: tuple[datetime, ...]
    ends: tuple[datetime, ...]


def _flip_probability(p: FloatArray, share: float | FloatArray) -> FloatArray:
    return np.asarray((1 - 2 * share) * p + share)


def _daily(cells: IntArray, place: IntArray, days: int, p: FloatArray) -> FloatArray:
    """By day (D, 4): labelled decisions, by how much their likelihood ratio is more than expected, the variance of
    that, and by how much it would be more if what matters were so. Cells without a probability are left out."""
    finite = np.isfinite(p)
    share = p[finite]
    weight = logit(_flip_probability(share, TURNED)) - logit(share)
    counted = cells[:, :, finite].astype(np.float64)
    came, rows = counted[:, 1] @ weight, counted.sum(axis=1)
    of_rows = rows @ np.stack(
        [
            np.ones_like(share),
            -share * weight,
            share * (1 - share) * weight**2,
            MATTERS * (1 - 2 * share) * weight,
        ],
        1,
    )
    of_rows[:, 1] += came
    return sum_by(place, days, of_rows)


def _steps(daily: FloatArray, days: np.ndarray) -> _Steps:
    """Days joined to blocks of ``ENOUGH`` labelled decisions."""
    block = _join_days(daily[:, 0])
    blocks = int(block.max()) + 1
    _, beyond, variance, matters = sum_by(block, blocks, daily).T
    unit = np.where(variance > 0, np.sqrt(variance), np.inf)
    first = np.searchsorted(block, np.arange(blocks))
    last = np.searchsorted(block, np.arange(blocks), side="right") - 1
    return _Steps(
        beyond / unit,
        matters / unit,
        tuple(midnight(d.item()) for d in days[first]),
        tuple(midnight((d + np.timedelta64(1, "D")).item()) for d in days[last]),
    )


def _join_days(rows: FloatArray) -> IntArray:
    """The block of each day, (D,): days joined in order until they hold enough; what is left over joins the last."""
    block, number, level = np.zeros(len(rows), dtype=np.int64), 0, 0.0
    for i, n in enumerate(rows):
        block[i], level = number, level + n
        if level >= ENOUGH:
            number, level = number + 1, 0.0
    return np.minimum(block, max(number - 1, 0))


def _alarms(normal: _Steps, watched: _Steps, noise: DailyNoise) -> list[Excursion]:
    unit, least = noise.restless * noise.kept, min(ALLOWANCE, LARGEST / noise.kept)
    unsure = unsure_mean(len(normal.value), noise.kept, UNSURE)
    sums = cusum(watched.value / unit - np.maximum(least, watched.matters / 2 / unit) - unsure)
    blocks_a_day = len(watched.value) / max((watched.ends[-1] - watched.starts[0]).days, 1)
    return excursions(
        sums, cusum_limit(RUN_LENGTH * blocks_a_day, least), watched.starts, watched.ends, FARTHER
    )


def _counts_between(
    cells: IntArray, day: np.ndarray, later: np.ndarray, start: datetime, end: datetime
) -> IntArray:
    """Labelled decisions of [start, end) after the reference, by outcome and cell: (2, cells)."""
    own = later & (day >= np.datetime64(start.date())) & (day < np.datetime64(end.date()))
    return np.asarray(cells[own].sum(axis=0))


def _is_seasonal(now: IntArray, then: IntArray, p: FloatArray) -> bool:
    """Whether the same weeks of the year before contradicted the score by more than half as much."""
    held = np.isfinite(p)
    shares = [flip_share(counts[:, held], p[held])[0] for counts in (now, then)]
    return bool(then.sum() >= ENOUGH) and shares[1] > HALF * shares[0]


def _contradiction(excursion: Excursion, counts: IntArray, p: FloatArray, noise: float) -> Contradiction:
    finite = np.isfinite(p)
    counts, p = counts[:, finite], p[finite]
    share, low, high = flip_share(counts, p, noise)
    return Contradiction(
        at=excursion.at,
        since=excursion.since,
        until=excursion.until,
        share=share,
        low=low,
        high=high,
        n=int(counts.sum()),
        wrong=int(counts[1, p < 0.5].sum() + counts[0, p >= 0.5].sum()),
        expected=float(counts.sum(axis=0) @ np.minimum(p, 1 - p)),
        run_length=RUN_LENGTH,
    )


def flip_share(
    counts: FloatArray | IntArray, p: FloatArray, noise: float = 1.0
) -> tuple[float, float, float]:
    """The share of labels turned round that is likeliest, with 95 % limits (likelihood ratio).

    Args:
        counts: (2, cells) labelled decisions by outcome and cell of the score.
        p: (cells,) probability of the positive outcome.
        noise: variance over that of independent decisions, by which the likelihood is divided (quasi-likelihood).
    """
    turned = _flip_probability(p[None, :], SHARES[:, None])
    present = counts.sum(axis=0) > 0
    likely = (xlogy(counts[1], turned) + xlog1py(counts[0], -turned))[:, present].sum(axis=1) / max(
        noise, 1.0
    )
    inside = SHARES[likely >= likely.max() - DROP]
    return float(SHARES[int(np.argmax(likely))]), float(inside.min()), float(inside.max())


def contradiction_findings(system: str, contradictions: Sequence[Contradiction]) -> list[Finding]:
    """One finding an episode."""
    return [
        Finding(
            system=system,
            signal="warning.contradiction",
            sentence=contradiction.sentence,
            since=contradiction.since,
            until=contradiction.until,
            severity=Severity.MEDIUM,
            confidence=None,
            page="accuracy",
            figures={
                "share": contradiction.share,
                "low": contradiction.low,
                "high": contradiction.high,
                "n": contradiction.n,
                "contradicting": contradiction.wrong,
                "expected": contradiction.expected,
                "run_length_days": contradiction.run_length,
            },
            known_at=contradiction.at,
        )
        for contradiction in contradictions
    ]
