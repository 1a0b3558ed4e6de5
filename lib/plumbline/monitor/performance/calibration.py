"""Whether a score means what it says: of decisions scored 0.8, do eight in ten come true?

Binned by equal mass (the same number of decisions a bin), because equally wide bins leave most of them
nearly empty (Nguyen and O'Connor 2015). The expected calibration error is the mean distance of share and
score over the bins, weighted by rows (Naeini, Cooper and Hauskrecht 2015). It is above zero by chance
alone, so it is judged against what a perfectly calibrated score of the same size would show, and against what
matters for the base rate: two points are nothing of a half, and five times everything of 0.4 %. Observed over
expected, and Cox's slope and intercept (1958, Biometrika 45) say how it is wrong (Van Calster et al. 2019, BMC
Medicine 17).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaincinv, logit

from plumbline.domain import FloatArray, OutcomeProfile, PointStatus, Slice, Task, score_halves, score_middles
from plumbline.monitor.metrics.counts import Counts, counts_of
from plumbline.monitor.metrics.intervals import SEED
from plumbline.monitor.performance.series import window_rows
from plumbline.monitor.statistics.proportions import Z, wilson
from plumbline.wording.quantities import count

BINS = 15
#: labelled rows with a score below which a curve says nothing
ENOUGH_ROWS = 100
#: smallest expected calibration error worth an alarm: this, or that share of the base rate where it is less
MATTERS, OF_BASE = 0.02, 0.2
#: base rate under which sentences count what was promised and what came
RARE = 0.1
#: events, and others, below which no slope is fitted
FEWEST_EVENTS = 10
DRAWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """One bin of the reliability curve: mean ``score`` and ``share`` that came true, with its 95 % limits."""

    score: float
    share: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % limits."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """One version's reliability curve (``version`` None: all of them).

    ``ece``: expected calibration error; ``bound``: most that the score cells may have moved it.
    ``chance``: what a perfectly calibrated score of this size stays below in 95 of 100 samples.
    ``gap``: mean score less share that came true (above zero: too sure of the positive class).
    ``observed`` and ``expected``: how many came true and how many the scores add up to; ``ratio``: the first over
    the second, with the Poisson limits of the count widened by ``bound``. ``slope`` of the log-odds of truth on
    those of the score (1 where calibrated; below it the scores are too extreme), ``intercept`` of the same with the
    slope at 1 (0 where calibrated), by Wald; None under ten events or ten others.
    """

    version: str | None
    bins: tuple[Bin, ...]
    n: int
    ece: float | None
    chance: float | None
    gap: float | None
    status: PointStatus
    bound: float = 0.0
    note: str = ""
    observed: int = 0
    expected: float = 0.0
    ratio: Estimate | None = None
    slope: Estimate | None = None
    intercept: Estimate | None = None


def calibration(
    profile: OutcomeProfile, *, window: Slice | None = None, by_version: bool = False
) -> tuple[Calibration, ...]:
    """The reliability curve of a window, all versions together first, then each one where asked.

    Only binary systems with a score in [0, 1] have one; for any other the tuple is empty.
    """
    counts = counts_of(profile)
    shown = window_rows(profile, window)
    if profile.task is not Task.BINARY or not counts.cells.shape[2] or not shown.any():
        return ()
    calibrations = [_curve(None, counts.select_rows(shown).pool())]
    names = np.array(profile.versions, dtype=object)
    versions = list(dict.fromkeys(names[shown].tolist())) if by_version else []
    if len(versions) > 1:
        calibrations += [_curve(v, counts.select_rows(shown & (names == v)).pool()) for v in versions]
    return tuple(calibrations)


def _curve(version: str | None, counts: Counts) -> Calibration:
    cells = counts.cells[0]
    n = int(cells.sum())
    if n < ENOUGH_ROWS:
        note = f"{n} labelled rows with a score; {ENOUGH_ROWS} are needed."
        return Calibration(
            version=version,
            bins=(),
            n=n,
            ece=None,
            chance=None,
            gap=None,
            status=PointStatus.UNKNOWN,
            note=note,
        )
    score, share, rows = join_cells(cells)
    low, high = wilson(share * rows, rows)
    bins = tuple(
        Bin(score=float(p), share=float(hit), low=float(least), high=float(most), n=int(size))
        for p, hit, least, most, size in zip(score, share, low, high, rows, strict=True)
    )
    ece, chance = expected_error(score, share, rows), chance_level(score, rows)
    bound = float((cells.sum(0) * score_halves(cells.shape[1])).sum() / n)
    observed, expected = int(cells[1].sum()), float((rows * score).sum())
    matters = min(MATTERS, OF_BASE * max(observed, 1) / n)
    ratio, sure = observed_over_expected(observed, expected, bound * n), 0.99
    surely = observed_over_expected(observed, expected, bound * n, sure)
    beyond = ece - bound > max(matters, chance)
    beyond |= surely.high < 1 - OF_BASE or surely.low > 1 / (1 - OF_BASE)
    slope, intercept = cox(cells)
    return Calibration(
        version=version,
        bins=bins,
        n=n,
        ece=ece,
        chance=chance,
        gap=float((rows * (score - share)).sum() / n),
        status=PointStatus.BREACH if beyond else PointStatus.OK,
        bound=bound,
        note="",
        observed=observed,
        expected=expected,
        ratio=ratio,
        slope=slope,
        intercept=intercept,
    )


def observed_over_expected(
    observed: int, expected: float, bound: float = 0.0, level: float = 0.95
) -> Estimate:
    """How many came true over how many were promised, with the exact Poisson limits of the count (Garwood 1936).

    Args:
        bound: by how much ``expected`` may be off, as the score's cells are of a width.
    """
    tail = (1 - level) / 2
    low = float(gammaincinv(observed, tail)) if observed else 0.0
    high = float(gammaincinv(observed + 1, 1 - tail))
    least = max(expected - bound, 1e-9)
    return Estimate(observed / max(expected, 1e-9), low / max(expected + bound, 1e-9), high / least)


def cox(cells: FloatArray) -> tuple[Estimate | None, Estimate | None]:
    """Cox's slope, and the intercept where the slope is 1, from score cells (2, S) by maximum likelihood."""
    rows, hits = cells.sum(0).astype(float), cells[1].astype(float)
    if min(hits.sum(), rows.sum() - hits.sum()) < FEWEST_EVENTS:
        return None, None
    occupied = rows > 0
    x = logit(score_middles(cells.shape[1])[occupied])
    rows, hits = rows[occupied], hits[occupied]
    ones = np.ones_like(x)
    slope = _fit_logistic(np.column_stack([ones, x]), np.zeros_like(x), rows, hits) if len(x) > 1 else None
    intercept = _fit_logistic(ones[:, None], x, rows, hits)
    return (slope[-1] if slope else None), (intercept[0] if intercept else None)


def recalibrate(cells: FloatArray, bins: int, prior: float) -> FloatArray:
    """The probability of the positive outcome in each score cell, (S,), learnt from outcomes (2, S).

    A logistic curve on the score's log-odds (Platt 1999), whose log-odds are then moved in each of ``bins`` bins of
    equal mass by what came there, ``prior`` outcomes of either class being taken to have come as the curve says.
    """
    rows, hits = cells.sum(0).astype(float), cells[1].astype(float)
    x, occupied = logit(score_middles(cells.shape[1])), rows > 0
    ones = np.ones_like(x)
    curve = (
        _fit_logistic(np.column_stack([ones, x])[occupied], 0 * x[occupied], rows[occupied], hits[occupied])
        if occupied.any()
        else None
    )
    level = logit((hits.sum() + 0.5) / (rows.sum() + 1))
    odds = curve[0].value + curve[1].value * x if curve else level * ones
    before = (np.cumsum(rows) - rows / 2) / max(rows.sum(), 1.0)
    place = np.clip((before * bins).astype(int), 0, bins - 1)
    came, all_of = (np.bincount(place, values, bins) for values in (hits, rows))
    due = np.bincount(place, rows * expit(odds), bins)
    moved = np.log((came + prior) / (due + prior)) - np.log((all_of - came + prior) / (all_of - due + prior))
    return np.asarray(expit(odds + moved[place]))


def _fit_logistic(
    design: FloatArray, offset: FloatArray, rows: FloatArray, hits: FloatArray
) -> list[Estimate] | None:
    """Coefficients of a logistic regression by Newton's method, with Wald's limits; None where it does not settle."""
    coefficients = np.zeros(design.shape[1])
    for _ in range(50):
        p = expit(design @ coefficients + offset)
        information = design.T @ (design * (rows * p * (1 - p))[:, None])
        try:
            step = np.linalg.solve(information, design.T @ (hits - rows * p))
        except np.linalg.LinAlgError:
            return None
        coefficients = coefficients + np.clip(step, -2, 2)
        if float(np.abs(step).max()) < 1e-9:
            half = Z * np.sqrt(np.diag(np.linalg.inv(information)))
            return [
                Estimate(float(b), float(b - h), float(b + h))
                for b, h in zip(coefficients, half, strict=True)
            ]
    return None


def join_cells(cells: FloatArray, bins: int = BINS) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Score cells (2, S) joined, in order, into at most ``bins`` bins of about equal rows.

    Returns:
        mean score (the middle of each cell stands for it), share that came true, and rows, (bins,) each. A
        cell is never split, so that equal scores stay together.
    """
    rows = cells.sum(0)
    occupied = np.flatnonzero(rows > 0)
    before = np.cumsum(rows[occupied]) - rows[occupied] / 2
    place = np.minimum((before / rows.sum() * bins).astype(int), bins - 1)
    _, index = np.unique(place, return_inverse=True)
    size = int(index.max()) + 1
    middle = score_middles(cells.shape[1])[occupied]
    total = np.bincount(index, rows[occupied], size).astype(float)
    score = np.bincount(index, rows[occupied] * middle, size) / total
    return score, np.bincount(index, cells[1][occupied], size) / total, total


def expected_error(score: FloatArray, share: FloatArray, rows: FloatArray) -> float:
    """Expected calibration error: the mean of |share - score| over the bins, weighted by rows."""
    return float((rows * np.abs(share - score)).sum() / rows.sum())


def chance_level(score: FloatArray, rows: FloatArray, seed: int = SEED) -> float:
    """The expected calibration error that a perfectly calibrated score exceeds once in twenty samples.

    Each bin's share is drawn from the binomial law of its score and size; the seed is fixed.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.binomial(rows.astype(np.int64), np.clip(score, 0, 1), (DRAWS, len(rows))) / rows
    return float(np.quantile((np.abs(drawn - score) * rows).sum(1) / rows.sum(), 0.95))


def calibration_sentence(calibrations: Sequence[Calibration]) -> str:
    """What the curve of all versions says, in one sentence."""
    if not calibrations:
        return "Calibration needs a binary system with a score between 0 and 1."
    overall = calibrations[0]
    if overall.ece is None or overall.chance is None or overall.gap is None:
        return f"Calibration is unknown: {overall.note}"
    size = f"expected calibration error {100 * overall.ece:.2g} % on {count(overall.n)} labelled decisions"
    rare = overall.ratio is not None and overall.observed < RARE * overall.n
    counted = ""
    if rare and overall.ratio is not None:
        counted = (
            f" {count(overall.observed)} came true where the scores add up to {count(overall.expected)}: "
            f"{overall.ratio.value:.2f} times as many ({overall.ratio.low:.2f} to {overall.ratio.high:.2f})."
        )
    if overall.status is PointStatus.OK:
        return f"The score means what it says: {size}, which is small or within chance.{counted}"
    if rare and overall.ratio is not None and not overall.ratio.low <= 1 <= overall.ratio.high:
        way = "high" if overall.ratio.value < 1 else "low"
        return f"The score is too {way}:{counted[:-1]}; {size} (chance reaches {100 * overall.chance:.2g} %)."
    way = "high" if overall.gap > 0 else "low"
    if abs(overall.gap) < overall.ece / 2:
        return f"The score does not mean what it says: {size} (chance reaches {100 * overall.chance:.2g} %)."
    return (
        f"The score is too {way} by {100 * abs(overall.gap):.1f} points on average: {size} "
        f"(chance reaches {100 * overall.chance:.2g} %)."
    )
