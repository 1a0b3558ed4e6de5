"""Days grouped into the chunks a signal is measured over: days, ISO weeks (from Monday) or months, in UTC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import IntArray, OutcomeProfile, PlumblineError

Number = TypeVar("Number", np.int64, np.float64)

#: labelled rows below which a chunk's value says too little to be judged
ENOUGH = 30
#: a window longer than this many chunks is shown in the next coarser chunk: too fine a chunk hides slow
#: change in noise (three standard errors of a day are 2.6 times those of a week)
READABLE = 92
#: share of the chunks that must hold enough rows (the first, the last and a holiday may not)
MOST = 0.9


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


#: name -> (first day of the chunk that holds a day, first day of the next chunk), finest first
CHUNKS: dict[str, tuple[Callable[[date], date], Callable[[date], date]]] = {
    "day": (lambda d: d, lambda d: d + timedelta(days=1)),
    "week": (lambda d: d - timedelta(days=d.weekday()), lambda d: d + timedelta(days=7)),
    "month": (lambda d: d.replace(day=1), _next_month),
}


def midnight(day: date) -> datetime:
    """The start of a day, UTC."""
    return datetime.combine(day, time.min, UTC)


def chunk_index(days: Sequence[date], by: str) -> tuple[tuple[datetime, ...], tuple[datetime, ...], IntArray]:
    """Group days into chunks.

    Args:
        days: in any order, repeats allowed (one a group of a profile).
        by: ``day``, ``week`` (ISO, Monday) or ``month``.

    Returns:
        starts and ends, half-open [start, end), UTC, ascending, of the chunks that hold at least one of
        the days (an empty chunk is not invented); and for each day the position of its chunk.

    Raises:
        PlumblineError: ``by`` is none of these.
    """
    if by not in CHUNKS:
        raise PlumblineError(f"{by!r} is not a chunk", todo="Use day, week or month.")
    first, following = CHUNKS[by]
    own = [first(day) for day in days]
    starts = sorted(set(own))
    place = {start: i for i, start in enumerate(starts)}
    index = np.array([place[start] for start in own], dtype=np.int64)
    return tuple(map(midnight, starts)), tuple(midnight(following(start)) for start in starts), index


def sum_by(index: IntArray, chunks: int, values: NDArray[Number]) -> NDArray[Number]:
    """Add up the rows of ``values`` (one a group) that fall into the same chunk: (chunks, ...)."""
    total: NDArray[Number] = np.zeros((chunks, *values.shape[1:]), dtype=values.dtype)
    np.add.at(total, index, values)
    return total


def chunk_for(days: Sequence[date], rows: IntArray) -> str:
    """The finest chunk in which nearly all chunks hold ``ENOUGH`` rows and the window stays readable.

    Args:
        days: one a group, repeats allowed.
        rows: (groups,) rows that count: labelled ones for performance, all for drift. Chunks without any
            (labels not in yet) are left out of the judgement.

    Returns:
        ``day``, ``week`` or ``month``; ``month`` where not even a month holds enough.
    """
    for by in CHUNKS:
        starts, _, index = chunk_index(days, by)
        held = sum_by(index, len(starts), rows)
        held = held[held > 0]
        inner = held[1:-1] if len(held) > 4 else held
        if len(held) <= READABLE and len(inner) and np.mean(inner >= ENOUGH) >= MOST:
            return by
    return "month"


def choose_chunk(profile: OutcomeProfile) -> str:
    """The chunk that a profile's performance is measured over unless a person says otherwise."""
    return chunk_for(profile.days, profile.n_labelled if profile.n_labelled.any() else profile.n)
