"""Inputs that moved together and no longer do: what a join on the wrong key leaves of an input that looks as before.

Each input by itself is then distributed as ever. What is lost is how its ranks go with those of the other inputs and of
the score, so that is compared between the reference and the last fourteen days, anew every day.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from plumbline.domain import Finding, FloatArray, IntArray, Severity
from plumbline.domain.messages import message
from plumbline.wording.quantities import decimal

WIDTH = 14
#: correlation of the reference from which a loss of it is told, and the share of it that is left at most
LEAST, LEFT = 0.2, 0.5
#: false alarms a year that chance may raise over all pairs
BUDGET = 0.05
FEWEST = 100  # rows of a window with both values
FEWEST_ONSET = 20  # of the days from which the loss is dated
#: a day of so many rows on which a column has this share of the reference's variance at most is (nearly) constant: a
#: fault of its own, of which lost associations are but the echo
OF_DAY, CONSTANT = 10, 0.05
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AssociationChange:
    """Two columns whose rank correlation was ``was`` and is ``now`` over ``n`` rows; known ``at``, over ``until``."""

    one: str
    other: str
    was: float
    now: float
    n: int
    since: datetime
    until: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class PairSums:
    """Daily sums of ranks by pair, (days, pairs, 6): n, x, y, x², y², xy; day i is ``first`` + i days."""

    first: datetime
    pairs: tuple[tuple[str, str], ...]
    sums: FloatArray


def moments(first: datetime, day: IntArray, names: Sequence[str], ranks: FloatArray) -> PairSums:
    """Sums by day of the ranks (n, names) of rows, NaN where a value is missing; ``day``: (n,) from ``first`` on."""
    length = int(day.max()) + 1 if len(day) else 0
    pairs = tuple(itertools.combinations(range(len(names)), 2))
    sums = np.zeros((length, len(pairs), 6))
    for place, (i, j) in enumerate(pairs):
        x, y = ranks[:, i], ranks[:, j]
        both = np.isfinite(x) & np.isfinite(y)
        x, y, pair_values = x[both], y[both], day[both]
        for k, part in enumerate((np.ones(len(x)), x, y, x * x, y * y, x * y)):
            sums[:, place, k] = np.bincount(pair_values, part, length)
    return PairSums(first, tuple((names[i], names[j]) for i, j in pairs), sums)


def association_findings(system: str, lost: Sequence[AssociationChange]) -> list[Finding]:
    """One finding a pair that was lost."""
    return [
        Finding(
            system=system,
            signal=f"association.{f.one}+{f.other}",
            sentence=message(
                "{one} and {other} no longer go together: rank correlation {now}, {was} in the reference, over {n} "
                "decisions. Each by itself may look as before: so does a join on a wrong key.",
                one=f.one,
                other=f.other,
                now=decimal(f.now, ".2f"),
                was=decimal(f.was, ".2f"),
                n=decimal(f.n, ","),
            ),
            since=f.since,
            until=f.until,
            severity=Severity.HIGH,
            confidence=None,
            page="drift",
            figures={"feature": f.one, "other": f.other, "value": f.now, "reference": f.was, "n": f.n},
            known_at=f.at,
        )
        for f in lost
    ]


def lost_associations(
    moments: PairSums, *, reference: tuple[datetime, datetime], until: datetime
) -> tuple[AssociationChange, ...]:
    """The pair that is lost most plainly on the first day on which any is; none where none is.

    Days on which one of the two hardly varies are left out.

    Fisher's z of rank correlations, whose dispersion is that of the reference's own weeks, never below 1; the normal
    law, Bonferroni over pairs and days.
    """
    start, end = ((bound - moments.first) // _DAY for bound in reference)
    healthy = moments.sums[max(start, 0) : end]
    last = min(len(moments.sums), (until - moments.first) // _DAY)
    if len(healthy) < 28 or last < end + 7:
        return ()
    then, n = _fisher(healthy.sum(axis=0))
    spread = _dispersion(healthy)
    after = np.where(_is_constant(moments.sums[end:last], healthy)[..., None], 0.0, moments.sums[end:last])
    total = np.cumsum(np.concatenate([np.zeros((1, *after.shape[1:])), after]), axis=0)
    ends = np.arange(7, len(total))
    now, m = _fisher(total[ends] - total[np.maximum(ends - WIDTH, 0)])
    z = np.sign(then) * (then - now) / np.sqrt(spread * (1 / np.maximum(n - 3, 1) + 1 / np.maximum(m - 3, 1)))
    known = (np.abs(np.tanh(then)) >= LEAST) & (m >= FEWEST)
    gone = known & (np.sign(then) * np.tanh(now) <= LEFT * np.abs(np.tanh(then)))
    lost = gone & (ndtr(-np.where(known, z, 0.0)) < BUDGET / (365 * max(int(known.any(axis=0).sum()), 1)))
    if not lost.any():
        return ()
    row = int(np.argmax(lost.any(axis=1)))
    pair = int(np.argmax(np.where(lost[row], z[row], -np.inf)))
    at = moments.first + (end + int(ends[row])) * _DAY
    last_gone = moments.first + (end + int(ends[np.flatnonzero(gone[:, pair])[-1]])) * _DAY
    return (
        AssociationChange(
            *moments.pairs[pair], float(np.tanh(then[pair])), float(np.tanh(now[row, pair])), int(m[row, pair]),
            _onset(after[: int(ends[row]), pair], float(then[pair]), float(n[pair]), moments.first + end * _DAY),
            None if gone[-1, pair] else last_gone, at,
        ),
    )  # fmt: skip


def _onset(days: FloatArray, then: float, n: float, first: datetime) -> datetime:
    """The day of the last fortnight from which until its end the loss is plainest: the largest squared difference of
    Fisher's z times the size of the two samples together (Hinkley 1970, up to a constant).

    Args:
        days: (D, 6) daily sums of the pair from ``first`` on until it was known.
        then, n: z and rows of the reference.
    """
    week = days[-WIDTH:]
    now, m = _fisher(np.cumsum(week[::-1], axis=0)[::-1])
    plain = np.where(m >= FEWEST_ONSET, (then - now) ** 2 * n * m / (n + m), 0.0)
    return first + (len(days) - len(week) + int(np.argmax(plain))) * _DAY


def _fisher(sums: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Fisher's z of correlations, and how many rows they rest on, from sums (..., 6)."""
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    of = np.maximum(n, 1)
    spread = np.sqrt(np.maximum(xx / of - (x / of) ** 2, 1e-12) * np.maximum(yy / of - (y / of) ** 2, 1e-12))
    return np.arctanh(np.clip((xy / of - x * y / of**2) / spread, -0.999, 0.999)), n


def _is_constant(days: FloatArray, healthy: FloatArray) -> NDArray[np.bool_]:
    """Of days by pairs: whether either of the two hardly varies, as after a default answer to everybody."""

    def variances(sums: FloatArray) -> FloatArray:
        n = np.maximum(sums[..., 0], 1)
        means, squares = sums[..., 1:3] / n[..., None], sums[..., 3:5] / n[..., None]
        return np.asarray(squares - means**2)

    still = variances(days) <= CONSTANT * variances(healthy.sum(axis=0))
    return np.asarray(still.any(axis=-1) & (days[..., 0] >= OF_DAY))


def _dispersion(healthy: FloatArray) -> FloatArray:
    """Of each pair: how much its weeks' z differ beyond that of independent rows; at least that of all pairs, and 1."""
    weeks = len(healthy) // 7
    z, n = _fisher(healthy[: weeks * 7].reshape(weeks, 7, *healthy.shape[1:]).sum(axis=1))
    own = np.sum((z - z.mean(axis=0)) ** 2 * np.maximum(n - 3, 1), axis=0) / (weeks - 1)
    return np.asarray(np.maximum(own, max(float(own.mean()), 1.0)), dtype=np.float64)
