"""Model extraction by queries: one caller whose inputs lie on a line or a grid of its own making.

Whoever copies a model asks it on inputs that nobody has. The plainest ways move one input at a time, so that most
inputs differ from another one of the same caller in one place only, or go through every combination once. People do
the first seldom and the second never. Few and coarse inputs lie side by side by themselves, so a caller is compared
with as many inputs of all others, and with its own values dealt out anew.

What this cannot see: queries at random, small steps in every input at once, and one caller under many names. What it
cannot tell apart: a tool in which people try out what an amount or a date would change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from plumbline.monitor.statistics.proportions import wilson

#: different inputs below which nobody has copied a model of three inputs or more
FEWEST = 200
#: inputs of which neighbours say something; with fewer, most inputs have one
FEWEST_INPUTS = 3
#: share of neighbours below which nobody walks along a grid, whatever is usual
QUIET = 0.2
#: how many times the usual share a caller's has to be, surely
TIMES = 3.0
#: combinations, for each decision, beyond which going through them cannot be told from drawing them
MOST_CELLS = 4.0
#: standard deviations beyond which repeats are too few for chance
SURELY = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerQueries:
    """One caller's decisions (``asked``) with their different inputs (``different``); of as many as all others asked,
    the different ones (``n``) and those of them a step away from another (``near``); the same of those others (0 of 0:
    nobody else asked enough), and of its own values dealt out anew. ``enumerates``: it goes through the combinations of
    its values."""

    caller: str
    asked: int
    different: int
    n: int
    near: int
    enumerates: bool
    dealt_n: int = 0
    dealt_near: int = 0
    usual_n: int = 0
    usual_near: int = 0

    @property
    def share(self) -> float:
        """Share of the different inputs that are one step from another."""
        return self.near / self.n if self.n else 0.0

    @property
    def usual_share(self) -> float | None:
        """The same share among others; None where they asked too little to tell."""
        return self.usual_near / self.usual_n if self.usual_n else None


def _is_enumeration(asked: int, n: int, cells: float) -> bool:
    """Whether ``n`` different ones of ``asked`` inputs are more than drawing from ``cells`` combinations gives.

    Equally likely combinations repeat least; the expected number of different ones and its variance are those of the
    occupancy problem (Feller 1968, IV.2).
    """
    if n < FEWEST or cells > MOST_CELLS * asked:
        return False
    load = asked / cells
    empty = float(np.exp(-load))
    variance = cells * empty * (1 - (1 + load) * empty)
    return n > cells * (1 - empty) + SURELY * max(float(np.sqrt(max(variance, 0.0))), 1.0)


def caller_queries(
    caller: str, inputs: NDArray[np.uint64], others: NDArray[np.uint64] | None = None
) -> CallerQueries:
    """One caller's inputs, beside as many of all others.

    Args:
        inputs: (n, inputs), one hash a value, the newest first; rows may repeat.
        others: the same of all other callers; None or too few: nobody tells what is usual.
    """
    n, near = count_neighbours(inputs)
    values = [len(np.unique(inputs[:, column])) for column in range(inputs.shape[1])]
    cells = float(np.prod(np.array(values, dtype=float)))
    queries = CallerQueries(
        caller=caller,
        asked=len(inputs),
        different=n,
        n=n,
        near=near,
        enumerates=_is_enumeration(len(inputs), n, cells),
    )
    if n < FEWEST:
        return queries
    if others is not None:
        usual_n, usual_near = count_neighbours(others[: len(inputs)])
        if usual_n >= FEWEST:
            if len(others) < len(inputs):  # the more inputs, the more of them lie side by side
                inputs = inputs[: len(others)]
                n, near = count_neighbours(inputs)
            queries = replace(queries, n=n, near=near, usual_n=usual_n, usual_near=usual_near)
    if near == 0:
        return queries
    draw = np.random.default_rng(0)
    dealt = np.column_stack([draw.permutation(inputs[:, column]) for column in range(inputs.shape[1])])
    dealt_n, dealt_near = count_neighbours(dealt)
    return replace(queries, dealt_n=dealt_n, dealt_near=dealt_near)


def count_neighbours(hashes: NDArray[np.uint64]) -> tuple[int, int]:
    """Different inputs, and how many of them equal another one in all places but one.

    Args:
        hashes: (n, inputs), one hash a value; rows may repeat.
    """
    if not hashes.size:
        return 0, 0
    mixed = _mixed(hashes)
    whole, first = np.unique(mixed.sum(axis=1, dtype=np.uint64), return_index=True)
    mixed = mixed[first]
    near = np.zeros(len(whole), dtype=bool)
    for column in range(mixed.shape[1]):
        _, place, many = np.unique(whole - mixed[:, column], return_inverse=True, return_counts=True)
        near |= many[place] > 1
    return len(whole), int(near.sum())


def _mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hashes that depend on their column as well, so that swapped values are another input (SplitMix64)."""
    columns = np.arange(1, hashes.shape[1] + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    x = hashes.astype(np.uint64) + columns
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)), dtype=np.uint64)


def probes(queries: CallerQueries) -> bool | None:
    """Whether a caller's inputs are of its own making; None where nothing tells.

    No where it asked too few different inputs to copy a model; nothing tells where as many of nobody else are there, or
    too few of its own beside theirs. Yes where it goes through combinations, or where more than a fifth of its inputs
    are a step apart and the lower end of that share's 95 % interval lies above three times the upper end of the others'
    and of its own values dealt anew.
    """
    if queries.enumerates:
        return True
    if queries.different < FEWEST:
        return False
    if queries.usual_share is None or queries.n < FEWEST:
        return None
    if queries.share <= QUIET:
        return False
    surely = float(wilson(np.array([queries.near]), np.array([queries.n]))[0][0])
    usual = max(
        float(wilson(np.array([near]), np.array([n]))[1][0])
        for near, n in ((queries.usual_near, queries.usual_n), (queries.dealt_near, queries.dealt_n))
        if n
    )
    if surely > TIMES * usual:
        return True
    return None if TIMES * usual >= 1 else False
