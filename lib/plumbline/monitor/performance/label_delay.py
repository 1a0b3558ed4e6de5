"""How long labels take, and so how complete a chunk's labels are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import DelayProfile, FloatArray, IntArray
from plumbline.monitor.chunks import ENOUGH

#: metrics that hang on either class, or on how many of each there are: they are complete once the labels of both
#: classes are, not once most labels are
OF_CLASSES = frozenset(
    (
        "recall",
        "precision",
        "f1",
        "balanced_accuracy",
        "matthews_corrcoef",
        "roc_auc",
        "average_precision",
        "log_loss",
        "brier",
        "value",
        "specificity",
    )
)
#: the share of a class among the labels that have come may be so far from its own before accuracy has to wait
OFF_BALANCE = 0.01
#: labels that should have come by chance alone where none did, before they are taken not to have been brought yet
EXPECTED = 5.0
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
    seen = _ages(_days(delay), today, label_frontier(delay, delay.counts, today))
    counts, n, seen = _recent_rows(counts, delay.n.astype(float), seen)
    waiting = n[:, None] - (np.cumsum(counts, 1) - counts)
    watched = seen[:, None] >= np.arange(counts.shape[1])[None, :]
    at_risk, events = (waiting * watched).sum(0), (counts * watched).sum(0)
    hazard = np.where(at_risk > 0, events / np.where(at_risk > 0, at_risk, 1.0), np.nan)
    return np.asarray(1 - np.cumprod(1 - hazard))


def _recent_rows(counts: FloatArray, n: FloatArray, age: IntArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """The rows of the last ``RECENT`` days, as the way in which outcomes are learnt may have changed; all of them
    where those hold too few labels."""
    recent = age <= RECENT
    return (counts[recent], n[recent], age[recent]) if counts[recent].sum() >= ENOUGH else (counts, n, age)


def label_frontier(delay: DelayProfile, counts: IntArray, today: datetime) -> np.datetime64 | None:
    """The last day by which labels of decisions made until then have been brought; None: they are as new as the log.

    Labels that come in files of their own are older than the decisions of the newest load. It shows in a day after
    which no label came of any decision made by then, where by the log's usual delays ``EXPECTED`` should have.

    Args:
        counts: (days, 92) labels of all classes, or of one, as in ``delay``.
    """
    until_days = np.array(delay.days, dtype="datetime64[D]").astype(np.int64)
    last = int(np.datetime64(today.date(), "D").astype(np.int64))
    if not len(until_days) or not counts.any():
        return None
    first, lag = int(until_days.min()), np.arange(counts.shape[1])
    length = max(last, int(until_days.max())) - first + 1
    came = np.minimum(until_days[:, None] - first + lag[None, :], length)
    of_day = np.bincount(until_days - first, counts.sum(1), length)
    arrived = np.bincount(came.ravel(), counts.ravel(), length + 1)[:length]
    after = np.round(
        np.cumsum(of_day) - np.cumsum(arrived)
    )  # of decisions made by a day, labels that came later
    longer = 1 - np.cumsum(counts.sum(0)) / counts.sum()  # share of labels that take longer than k days
    days = np.arange(max(length - 1 - HORIZON, 0), length - 1)
    usual = np.bincount(until_days - first, delay.n, length) * counts.sum() / max(float(delay.n.sum()), 1.0)
    age = days[:, None] - np.arange(length)[None, :]
    by_then, by_now = (longer[np.clip(k, 0, len(longer) - 1)] for k in (age, length - 2 - np.arange(length)))
    due = (np.where(age >= 0, usual * np.maximum(by_then - by_now, 0.0), 0.0)).sum(1)
    missing = days[(after[days] <= 0) & (due >= EXPECTED)]
    return np.datetime64(int(missing[-1]) + first, "D") if len(missing) else None


def _ages(days: NDArray[np.datetime64], today: datetime, until: np.datetime64 | None) -> IntArray:
    """Whole days (D,) in which all labels of each day had the chance to come, of those made by ``until`` until then."""
    now = np.datetime64(today.date(), "D")
    seen = np.full(len(days), now)
    if until is not None:
        seen[days <= until] = until + np.timedelta64(1, "D")
    return np.asarray((seen - days).astype(np.int64) - 2)


def _days(delay: DelayProfile) -> NDArray[np.datetime64]:
    return np.array(delay.days, dtype="datetime64[D]")


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
    return _class_curve(
        delay.positives, _ages(_days(delay), today, label_frontier(delay, delay.positives, today))
    )


def _class_curve(labels: IntArray, age: IntArray) -> FloatArray | None:
    """The same of any class, from its labels (days, 92) of days so old."""
    counts = labels[:, :91].astype(float)
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


@dataclass(frozen=True, slots=True)
class ArrivalShares:
    """Of days (D,): the share of their positives, and of their negatives, to be expected by now; 1 where nothing is
    known of a class. ``positive``: the share of positives among all labels that come in the end, None: unknown."""

    positives: FloatArray
    negatives: FloatArray
    positive: float | None

    def by_chunk(self, n: FloatArray, chunk: IntArray, chunks: int) -> tuple[FloatArray, FloatArray]:
        """The shares of chunks (m,) of days with so many decisions."""
        due = np.maximum(np.bincount(chunk, n, chunks), 1e-9)
        here = [np.bincount(chunk, n * share, chunks) / due for share in (self.positives, self.negatives)]
        return here[0], here[1]


def arrival_shares(
    days: NDArray[np.datetime64], delay: DelayProfile | None, today: datetime | None
) -> ArrivalShares | None:
    """What has come of each class by day; None where the log has no label times by class."""
    if delay is None or today is None or delay.positives is None:
        return None
    shares, counted, known = [], [], []
    days_of_delay = _days(delay)
    for labels in (delay.positives, delay.counts - delay.positives):
        until = label_frontier(delay, labels, today)
        age = _ages(days_of_delay, today, until)
        curve = _class_curve(labels, age)
        known.append(curve is not None)
        curve = np.ones(91) if curve is None else curve
        shares.append(_share_at_age(curve, _ages(days, today, until)))
        counted.append(labels.sum() / max(float(delay.n @ _share_at_age(curve, age)), 1e-9))
    if not any(known):
        return None
    return ArrivalShares(shares[0], shares[1], counted[0] / sum(counted) if all(known) else None)


def _share_at_age(curve: FloatArray, age: IntArray) -> FloatArray:
    return np.where(age < 0, 0.0, curve[np.clip(age, 0, 90)])


def immature_chunks(
    found: ArrivalShares | None, n: FloatArray, chunk: IntArray, chunks: int
) -> NDArray[np.bool_]:
    """Which chunks (m,) still wait for more than a tenth of either class to be expected of their days.

    Args:
        found: what has come by day; None: nothing is waited for.
        n, chunk: (D,) decisions of each of these days, and the chunk of each.
    """
    if found is None:
        return np.zeros(chunks, dtype=np.bool_)
    return np.asarray(np.minimum(*found.by_chunk(n, chunk, chunks)) < COMPLETE)


def unbalanced_chunks(
    found: ArrivalShares | None, n: FloatArray, chunk: IntArray, chunks: int
) -> NDArray[np.bool_]:
    """Which chunks (m,) have labels of which a class has another share than it will have, by ``OFF_BALANCE`` or more:
    accuracy is then that of the class that comes sooner. Arguments as for ``immature_chunks``."""
    if found is None or found.positive is None:
        return np.zeros(chunks, dtype=np.bool_)
    share = found.positive
    came = [part * p for part, p in zip((share, 1 - share), found.by_chunk(n, chunk, chunks), strict=True)]
    total = came[0] + came[1]
    now = np.where(total > 0, came[0] / np.where(total > 0, total, 1.0), 0.0)
    return np.asarray(np.abs(now - share) >= OFF_BALANCE)


def immature_days(
    name: str, days: NDArray[np.datetime64], delay: DelayProfile | None, today: datetime | None
) -> NDArray[np.bool_]:
    """Which of ``days`` (D,), by themselves, a metric has to wait for."""
    found = arrival_shares(days, delay, today) if name in OF_CLASSES or name == "accuracy" else None
    rule = immature_chunks if name in OF_CLASSES else unbalanced_chunks
    return rule(found, np.ones(len(days)), np.arange(len(days)), len(days))


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
