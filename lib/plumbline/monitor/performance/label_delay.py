"""How long labels take, and so how complete a chunk's labels are."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import DelayProfile, FloatArray, IntArray
from plumbline.monitor.chunks import ENOUGH, midnight

#: metrics of the positive class: they are complete once its labels are, not once most labels are
OF_POSITIVES = frozenset(
    ("recall", "precision", "f1", "balanced_accuracy", "matthews_corrcoef", "roc_auc", "average_precision", "log_loss",
     "brier", "value")
)  # fmt: skip
#: days of decisions from which delays are learnt: twice the longest that is told
RECENT = 180
#: days after which a positive is taken to come no more
HORIZON = 90
#: positives of days older than that from which delays are learnt
FEWEST_POSITIVES = 200
#: a chunk with a smaller share of its labels is provisional
COMPLETE = 0.9


def delay_curve(delay: DelayProfile, today: datetime) -> FloatArray:
    """Share of decisions labelled within k whole days, (91,) for k = 0..90, by Kaplan and Meier (1958).

    A decision without a label yet is censored at its age. A day counts towards delay k only once all its
    decisions had the chance to be labelled that late, i.e. ``today`` is k + 2 days after its midnight. The
    curve ends below 1 where some labels never come. NaN beyond the last delay that could be observed. From the last
    ``RECENT`` days.

    Args:
        delay: labels by day of decision and delay.
        today: when the log was last complete, UTC.
    """
    counts = delay.counts[:, :91].astype(float)
    seen = np.array([(today - midnight(day)).days - 2 for day in delay.days], dtype=np.int64)
    counts, n, seen = _recent(counts, delay.n.astype(float), seen)
    waiting = n[:, None] - (np.cumsum(counts, 1) - counts)
    watched = seen[:, None] >= np.arange(counts.shape[1])[None, :]
    at_risk, events = (waiting * watched).sum(0), (counts * watched).sum(0)
    hazard = np.where(at_risk > 0, events / np.where(at_risk > 0, at_risk, 1.0), np.nan)
    return np.asarray(1 - np.cumprod(1 - hazard))


def _recent(counts: FloatArray, n: FloatArray, age: IntArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """The rows of the last ``RECENT`` days, as the way in which outcomes are learnt may have changed; all of them
    where those hold too few labels."""
    recent = age <= RECENT
    return (counts[recent], n[recent], age[recent]) if counts[recent].sum() >= ENOUGH else (counts, n, age)


def positive_curve(delay: DelayProfile, today: datetime) -> FloatArray | None:
    """Share of the positives that ever come within 90 days which has come within k whole days, (91,); None where
    there are too few.

    What becomes of a decision without a label is unknown, so only delays that were seen count, and of young days only
    short ones can be: the share is built up from the longest delay down, each among those days that are old enough
    for it (right truncation: Lawless 1994; the curve of Lynden-Bell 1971 in reversed time). From the last days that
    hold ``FEWEST_POSITIVES``, as the way in which outcomes are learnt may have changed.
    """
    if delay.positives is None:
        return None
    counts = delay.positives[:, :91].astype(float)
    age = np.array([(today - midnight(day)).days - 2 for day in delay.days], dtype=np.int64)
    order = np.argsort(age, kind="stable")
    ripe = np.cumsum(np.where(age[order] >= HORIZON, counts[order].sum(1), 0.0))
    if not len(ripe) or ripe[-1] < ENOUGH:
        recent = age >= 0  # a young log: whatever there is
    else:
        recent = age <= age[order][int(np.argmax(ripe >= min(FEWEST_POSITIVES, ripe[-1])))]
    k = np.arange(91)
    watched = (age[:, None] >= k[None, :]) & recent[:, None] & (age[:, None] >= 0)
    if (counts * watched).sum() < ENOUGH:
        return None
    came = (counts * watched).sum(0)
    at_most = (np.cumsum(counts, 1) * watched).sum(0)
    keeps = 1 - np.where(at_most > 0, came / np.where(at_most > 0, at_most, 1.0), 0.0)
    return np.asarray(np.r_[np.cumprod(keeps[::-1])[::-1][1:], 1.0])


def awaited(
    days: NDArray[np.datetime64], n: FloatArray, chunk: IntArray, chunks: int, delay: DelayProfile | None,
    today: datetime | None,
) -> NDArray[np.bool_]:  # fmt: skip
    """Which chunks (m,) still wait for more than a tenth of the positives to be expected of their days.

    Args:
        days, n, chunk: (D,) the days that hold decisions, how many, and the chunk of each.
    """
    curve = positive_curve(delay, today) if delay is not None and today is not None else None
    if curve is None or today is None:
        return np.zeros(chunks, dtype=np.bool_)
    last = np.datetime64(today.date(), "D")
    age = np.clip((last - days).astype(np.int64) - 2, -1, 90)
    share = np.where(age < 0, 0.0, curve[np.maximum(age, 0)])
    due, here = np.bincount(chunk, n, chunks), np.bincount(chunk, n * share, chunks)
    return np.asarray(here < COMPLETE * due)


def usual_delay(curve: FloatArray, share: float = 0.9) -> int | None:
    """Whole days within which ``share`` of all labels that ever come have come; None: not observed."""
    known = curve[np.isfinite(curve)]
    if not len(known) or known[-1] <= 0:
        return None
    return int(np.argmax(known >= share * known[-1] - 1e-12))


def provisional(
    labelled: FloatArray, n: FloatArray, delay: DelayProfile | None = None, today: datetime | None = None
) -> NDArray[np.bool_]:
    """Which chunks have less than 90 % of the labels that are due to them in the end, (m,).

    Due is the end of the delay curve times the chunk's decisions. Without label times (or before any delay
    could be observed) it is the median labelled share of the chunks that have labels, and then only the
    last chunks in a row can be provisional: a hole further back is not waiting for labels.

    Args:
        labelled, n: (m,) labelled decisions and all decisions of each chunk, in order of time.
    """
    share = np.where(n > 0, labelled / np.where(n > 0, n, 1.0), 1.0)
    if delay is not None and today is not None and len(delay.days) and delay.counts.any():
        curve = delay_curve(delay, today)
        known = curve[np.isfinite(curve)]
        if len(known) and known[-1] > 0:
            return np.asarray(share < COMPLETE * known[-1])
    usual = float(np.median(share[labelled > 0])) if (labelled > 0).any() else 0.0
    late = share < COMPLETE * usual
    return np.asarray(np.logical_and.accumulate(late[::-1])[::-1])
