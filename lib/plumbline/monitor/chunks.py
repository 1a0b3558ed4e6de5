"""Days grouped into the chunks a signal is measured over: days, ISO weeks (from Monday) or months, in UTC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import IntArray, OutcomeProfile, PlumblineError
from plumbline.domain.messages import message

Number = TypeVar("Number", np.int64, np.float64)

#: labelled rows below which a chunk's value says too little to be judged
ENOUGH = 30
#: a window longer than this many chunks is shown in the next coarser chunk: too fine a chunk hides slow
#: change in noise (three standard errors of a day are 2.6 times those of a week)
READABLE = 92
#: share of the chunks that must hold enough rows (the first, the last and a holiday may not)
MOST = 0.9
#: numbers a row below which rows are added up all at once
NARROW = 64


#: labelled rows from which a day is judged by itself: three standard errors of a share are then ten points at most
PLENTY = 200


Days = NDArray[np.datetime64]
_DAY = np.timedelta64(1, "D")
_EPOCH = date(1970, 1, 1).toordinal()
_MONDAY = np.datetime64("1970-01-05", "D")


def _week(days: Days) -> Days:
    return np.asarray(days - (days - _MONDAY) % np.timedelta64(7, "D"))


def _month(days: Days) -> Days:
    return days.astype("datetime64[M]").astype("datetime64[D]")


#: name -> (first day of the chunk that holds a day, first day of the next chunk), finest first
CHUNKS: dict[str, tuple[Callable[[Days], Days], Callable[[Days], Days]]] = {
    "day": (lambda d: d, lambda d: np.asarray(d + _DAY)),
    "week": (_week, lambda d: np.asarray(d + 7 * _DAY)),
    "month": (_month, lambda d: (d.astype("datetime64[M]") + 1).astype("datetime64[D]")),
}


def midnight(day: date) -> datetime:
    """The start of a day, UTC."""
    return datetime.combine(day, time.min, UTC)


def chunk_index(
    days: Sequence[date] | Days, by: str
) -> tuple[tuple[datetime, ...], tuple[datetime, ...], IntArray]:
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
        raise PlumblineError(message("{by} is not a chunk", by=repr(by)), todo="Use day, week or month.")
    first, following = CHUNKS[by]
    starts, index = np.unique(first(day_array(days)), return_inverse=True)
    begin, end = (tuple(map(midnight, side.tolist())) for side in (starts, following(starts)))
    return begin, end, index.astype(np.int64)


def day_array(days: Sequence[date] | Days) -> Days:
    """Days as an array; by their ordinals, which is thirty times as fast as ``np.array`` of dates."""
    return days if isinstance(days, np.ndarray) else _cached_day_array(tuple(days))


@lru_cache(maxsize=64)
def _cached_day_array(days: tuple[date, ...]) -> Days:
    """The same of a profile's days, which every signal asks for."""
    ordinals = np.fromiter(map(date.toordinal, days), dtype=np.int64, count=len(days)) - _EPOCH
    ordinals.setflags(write=False)
    return ordinals.view("datetime64[D]")


def days_mask(days: Sequence[date] | Days, start: datetime | None, end: datetime | None) -> NDArray[np.bool_]:
    """Which days a half-open span touches, (n,): those on which it holds at least a moment."""
    days_of_rows = day_array(days)
    mask = np.ones(len(days_of_rows), dtype=np.bool_)
    if start is not None:
        mask &= days_of_rows >= np.datetime64(start.date(), "D")
    if end is not None:
        naive = end.astimezone(UTC).replace(tzinfo=None) if end.tzinfo else end
        mask &= days_of_rows.astype("datetime64[us]") < np.datetime64(naive, "us")
    return mask


def sum_by(index: IntArray, chunks: int, values: NDArray[Number]) -> NDArray[Number]:
    """Add up the rows of ``values`` (one a group) that fall into the same chunk: (chunks, ...).

    Where every chunk is one row, in order, the rows themselves are given back.
    """
    if len(index) == chunks and np.array_equal(index, np.arange(chunks)):
        return values
    total: NDArray[Number] = np.zeros((chunks, *values.shape[1:]), dtype=values.dtype)
    if not values.size:
        return total
    if np.any(index[1:] < index[:-1]):
        order = np.argsort(index, kind="stable")
        index, values = index[order], values[order]
    firsts: IntArray = np.flatnonzero(np.diff(index, prepend=index[0] - 1))
    if len(firsts) == len(index):
        total[index] = values
    elif values[0].size < NARROW:
        total[index[firsts]] = np.add.reduceat(values, firsts)
    else:  # three times as fast as reduceat over wide rows
        for start, end in zip(firsts.tolist(), [*firsts[1:].tolist(), len(index)], strict=True):
            np.add.reduce(values[start:end], axis=0, out=total[index[start]])
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
        if np.count_nonzero(sum_by(index, len(starts), rows)) <= READABLE and _has_enough_rows(
            days, rows, by, ENOUGH
        ):
            return by
    return "month"


def choose_chunk(profile: OutcomeProfile) -> str:
    """The chunk that a profile's performance is measured over unless a person says otherwise."""
    return chunk_for(profile.days, profile.n_labelled if profile.n_labelled.any() else profile.n)


def alarm_chunk(profile: OutcomeProfile) -> str:
    """The chunk that alarms are raised on, however long the log is.

    A month is easier to read over years, but too long to wait for; a day of few decisions tells of large changes
    alone. So it is the week, but for a short log with ``PLENTY`` a day, and for one whose weeks hold too little.
    """
    rows = profile.n_labelled if profile.n_labelled.any() else profile.n
    if choose_chunk(profile) == "day" and _has_enough_rows(profile.days, rows, "day", PLENTY):
        return "day"
    return "week" if _has_enough_rows(profile.days, rows, "week", ENOUGH) else "month"


def _has_enough_rows(days: Sequence[date], rows: IntArray, by: str, least: int) -> bool:
    """Whether nearly all chunks that hold anything, the cut ones at the ends left out, hold so many rows."""
    starts, _, index = chunk_index(days, by)
    sums = sum_by(index, len(starts), rows)
    sums = sums[sums > 0]
    inner = sums[1:-1] if len(sums) > 4 else sums
    return bool(len(inner) and np.mean(inner >= least) >= MOST)
