"""Shapley values of any function of columns against a background of rows: exact by enumeration, else by orders.

The game: a coalition's value is the mean of f over the background's rows with the coalition's inputs taken from
the row that is explained (Shapley 1953; Štrumbelj and Kononenko 2014). Up to ``MOST_EXACT`` inputs all 2^m coalitions
are evaluated. Beyond, up to ``PAIRS`` random orders are walked, each also backwards (antithetic: Mitchell et al. 2022);
the pairs are independent, so that their spread gives the standard error. Each walk goes from the base to f(row), so
base + sum = f(row) whatever the orders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import factorial

import numpy as np

from plumbline.domain import FloatArray, IntArray
from plumbline.explain.trees import BoolArray

MOST_EXACT = 10
PAIRS, FEWEST_PAIRS = 32, 4
COSTS = 400_000_000  # what one row may cost: rows asked about, times what f costs for each
USUAL = 100  # rows of a background
CELLS = 8_192  # rows that f is asked about at once: what it makes of them stays in the cache

#: standard errors within which an estimate by 32 and by 4 pairs of orders lies in 19 of 20 cases (Student's t, 31 and 3
#: degrees of freedom: the spread of few pairs is itself an estimate)
WITHIN = (2.04, 3.19)

#: columns (n, c) to one number a row (n,)
Worth = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class PlayerContributions:
    """Contributions (n, m) of m players and the base; ``errors`` (n, m): their standard errors where estimated."""

    parts: FloatArray
    base: float
    errors: FloatArray | None = None


def orders(players: int, cost: float = 1.0) -> int:
    """How many pairs of orders are walked for a row; 0: all coalitions are evaluated.

    ``cost``: of one answer of f, in rows that it looks at; it depends on the model alone, so that an estimate can be
    made again on any machine.
    """
    if players <= MOST_EXACT and 2**players * USUAL * cost <= COSTS:
        return 0
    walk = 2 * max(players - 1, 1) * USUAL * cost
    return int(min(PAIRS, max(FEWEST_PAIRS, COSTS // walk)))


def split(
    worth: Worth,
    rows: FloatArray,
    background: FloatArray,
    owner: IntArray,
    players: int,
    seeds: Sequence[int],
    pairs: int = 0,
) -> PlayerContributions:
    """Split f of each row (n, c) among players against a background (b, c).

    Args:
        owner: (c,) the player that each column belongs to; -1: none, the background's value stays.
        seeds: (n,) one a row, for the orders that are drawn.
        pairs: of orders; 0: all coalitions, which only few players allow.
    """
    base = float(worth(background).mean())
    # one by one, as everything else of a row is asked in blocks of one shape: no row's bits depend on its company
    ends = np.array([worth(row[None, :])[0] for row in rows], np.float64)
    if not players or not len(rows):
        return PlayerContributions(np.zeros((len(rows), players)), base)
    if not pairs or players < 2:
        return PlayerContributions(
            _exact_contributions(worth, rows, background, owner, players, ends, base), base
        )
    per_player = [
        _sampled_contributions(worth, row, background, owner, players, seed, end, base, pairs)
        for row, seed, end in zip(rows, seeds, ends.tolist(), strict=True)
    ]
    parts, errors = (np.stack(side) for side in zip(*per_player, strict=True))
    return PlayerContributions(parts, base, errors)


def row_seed(names: Sequence[str], values: FloatArray) -> int:
    """A seed (below 2^48) from a row's inputs by name: the same decision gets the same orders, in any company."""
    pairs = sorted(zip(names, values.tolist(), strict=True))
    text = "\n".join(f"{name}={value!r}" for name, value in pairs)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:6], "big")


@lru_cache(maxsize=MOST_EXACT + 1)
def _gains(m: int) -> FloatArray:
    """(2^m, m): Shapley values are a row of coalition values times this."""
    number = np.arange(2**m)
    size = np.array([int(i).bit_count() for i in number])
    joined = np.array(
        [factorial(k - 1) * factorial(m - k) / factorial(m) if k else 0.0 for k in range(m + 1)]
    )
    apart = np.array(
        [factorial(k) * factorial(m - k - 1) / factorial(m) if k < m else 0.0 for k in range(m + 1)]
    )
    member = (number[:, None] >> np.arange(m)[None, :]) & 1 == 1
    weights: FloatArray = np.where(member, joined[size][:, None], -apart[size][:, None])
    return weights


def _exact_contributions(
    worth: Worth,
    rows: FloatArray,
    background: FloatArray,
    owner: IntArray,
    m: int,
    ends: FloatArray,
    base: float,
) -> FloatArray:
    coalitions = (np.arange(2**m)[:, None] >> np.arange(m)[None, :]) & 1 == 1
    chosen = _columns(coalitions, owner)[1:-1]
    parts = np.empty((len(rows), m))
    for place, row in enumerate(rows):
        values = np.concatenate([[base], _means(worth, row, background, chosen), ends[place : place + 1]])
        parts[place] = values @ _gains(m)
    return parts


def _sampled_contributions(
    worth: Worth,
    row: FloatArray,
    background: FloatArray,
    owner: IntArray,
    m: int,
    seed: int,
    end: float,
    base: float,
    pairs: int,
) -> tuple[FloatArray, FloatArray]:
    """Means (m,) over pairs of walks, and their standard errors."""
    order = np.argsort(np.random.default_rng(seed).random((pairs, m)), axis=1)
    place = np.argsort(order, axis=1)
    forward = place[:, None, :] < np.arange(1, m)[None, :, None]  # the first 1 to m - 1 of each order
    masks = np.concatenate([forward, ~forward[:, ::-1]]).reshape(-1, m)  # backwards: what is last comes first
    unique, where = np.unique(np.packbits(masks, axis=1), axis=0, return_inverse=True)
    first = np.unpackbits(unique, axis=1, count=m).view(np.bool_)
    values = _means(worth, row, background, _columns(first, owner))[where.ravel()].reshape(2, pairs, m - 1)
    walks = np.empty((2, pairs, m + 1))
    walks[:, :, 0], walks[:, :, 1:-1], walks[:, :, -1] = base, values, end
    gains = np.diff(walks, axis=2)
    pair = (np.take_along_axis(gains[0], place, 1) + np.take_along_axis(gains[1], m - 1 - place, 1)) / 2
    return pair.mean(axis=0), pair.std(axis=0, ddof=1) / np.sqrt(pairs)


def _columns(coalitions: BoolArray, owner: IntArray) -> BoolArray:
    """Coalitions of players (k, m) as choices of columns (k, c)."""
    if not (owner < 0).any():
        return coalitions[:, owner]
    with_none = np.concatenate([coalitions, np.zeros((len(coalitions), 1), np.bool_)], axis=1)
    return with_none[:, owner]


def _means(worth: Worth, row: FloatArray, background: FloatArray, chosen: BoolArray) -> FloatArray:
    """The mean of f over the background with the chosen columns (k, c) taken from the row: (k,)."""
    means = np.empty(len(chosen))
    step = max(1, CELLS // len(background))
    for begin in range(0, len(chosen), step):
        part = chosen[begin : begin + step, None, :]
        mixed = np.where(part, row, background)
        means[begin : begin + step] = worth(mixed.reshape(-1, len(row))).reshape(len(part), -1).mean(axis=1)
    return means
