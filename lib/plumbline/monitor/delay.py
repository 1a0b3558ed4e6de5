"""How long labels take, and so how complete a chunk's labels are."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import DelayProfile, FloatArray
from plumbline.monitor.chunks import midnight

#: a chunk with a smaller share of its labels is provisional
COMPLETE = 0.9


def delay_curve(delay: DelayProfile, today: datetime) -> FloatArray:
    """Share of decisions labelled within k whole days, (91,) for k = 0..90, by Kaplan and Meier (1958).

    A decision without a label yet is censored at its age. A day counts towards delay k only once all its
    decisions had the chance to be labelled that late, i.e. ``today`` is k + 2 days after its midnight. The
    curve ends below 1 where some labels never come. NaN beyond the last delay that could be observed.

    Args:
        delay: labels by day of decision and delay.
        today: when the log was last complete, UTC.
    """
    counts = delay.counts[:, :91].astype(float)
    seen = np.array([(today - midnight(day)).days - 2 for day in delay.days], dtype=np.int64)
    waiting = delay.n[:, None] - (np.cumsum(counts, 1) - counts)
    watched = seen[:, None] >= np.arange(counts.shape[1])[None, :]
    at_risk, events = (waiting * watched).sum(0), (counts * watched).sum(0)
    hazard = np.where(at_risk > 0, events / np.where(at_risk > 0, at_risk, 1.0), np.nan)
    return np.asarray(1 - np.cumprod(1 - hazard))


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
