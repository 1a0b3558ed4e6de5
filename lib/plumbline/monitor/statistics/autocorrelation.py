"""Days that follow each other: how much less a series of days tells than as many independent ones would.

The mean of n dependent values varies by its *long-run* variance over n, not by the variance of one of them. What
days keep of the day before them is estimated as a first-order autoregression (the prewhitening of Andrews and Monahan
1992, Econometrica 60), its lag-one correlation corrected for the bias of a short series (Kendall 1954, Biometrika 41).
Where chance within the days hides it, whole weeks show it: the larger of the two counts. A weekday rhythm that is
beyond chance is taken off first, for what comes round every week adds nothing in the long run.
"""

from __future__ import annotations

import numpy as np
from scipy.special import fdtrc

from plumbline.domain import FloatArray, IntArray, to_unit

#: the most that a day is taken to keep of the day before; beyond it the mean of a reference is hardly known at all
MOST_KEPT = 0.9
#: fewer values tell nothing of what they keep
FEWEST = 10
#: fewer whole weeks give no variance of their own
FEWEST_WEEKS = 4
#: of a chunk's length, likewise
FEWEST_SPANS = 8
#: values from which on a standard error more is taken to be kept of few spans: of fewer values it widens without end
LONG = 56
#: standard errors of an independent series under which a correlation is taken for chance (one-sided 90 %)
SURELY = 1.28
#: a weekday rhythm is taken off where chance gives one as strong less often than this
RHYTHM = 0.01


def long_run_ratio(
    values: FloatArray,
    *,
    weekday: IntArray | None = None,
    week: int = 7,
    levels: int = 1,
    beyond: float = 0.0,
    unsure: float = 0.0,
) -> float:
    """The long-run variance of a series over the variance of one value; 1 where values are independent.

    Args:
        values: (n,) in order of time, of much the same size each; where ``levels`` > 1, residuals about them.
        weekday: (n,) 0 to 6; None: values are no single days, and have no rhythm that could be taken off.
        week: how many values a week holds; 1: weeks are not looked at.
        levels: means that were fitted to the series, which take as many degrees of freedom.
        beyond: standard errors of an independent series under which its correlation is taken for chance.
        unsure: standard errors by which more is taken to be kept than the series shows, where that is not chance.

    Returns:
        From 1 to (1 + ``MOST_KEPT``) / (1 - ``MOST_KEPT``); 1 below ``FEWEST`` values.
    """
    n, x = len(values), _centre(values)
    total = float(x @ x) / max(n, 1)
    if n < FEWEST or total <= 0:
        return 1.0
    rest = _remove_weekday_means(x, weekday)
    correlation = lag_one_autocorrelation(rest, levels)
    correlation = _upper_autocorrelation(correlation, n, unsure) if correlation > beyond / np.sqrt(n) else 0.0
    variance = float(rest @ rest) / n * (1 + correlation) / (1 - correlation)
    weeks = n // max(week, 1)
    if week > 1 and weeks >= max(FEWEST_WEEKS, levels + 2):
        means = x[n - weeks * week :].reshape(weeks, week).mean(1)
        variance = max(variance, week * float(((means - means.mean()) ** 2).sum()) / (weeks - levels))
    return float(np.clip(variance / total, 1.0, (1 + MOST_KEPT) / (1 - MOST_KEPT)))


def span_ratio(values: FloatArray, span: int) -> tuple[float, float]:
    """The variance of the mean of ``span`` neighbouring values over what it is of independent ones, 1 at least, and
    the degrees of freedom that it is known with.

    From the means of all spans, which overlap (Bartlett's kernel; the freedom is that of its estimate, 3/2 n / span),
    with what the series' own mean took of them. Under ``FEWEST_SPANS`` of them from a decay of the correlations
    (``lag_decay``), of a ``LONG`` series a standard error more than they show. A rhythm of the length of the span takes
    nothing away.
    """
    n, x = len(values), _centre(values)
    total = float(x @ x) / max(n, 1)
    if n < FEWEST or total <= 0:
        return 1.0, max(n - 1.0, 1.0)
    few = n // span < FEWEST_SPANS
    correlation, decay = lag_decay(x, unsure=float(few and n >= LONG))
    if few:
        ratio = autoregressive(correlation, span, decay)
        return ratio, max(n / ratio - 1, 1.0)
    means = np.convolve(x, np.full(span, 1 / span), mode="valid")
    own_mean = autoregressive(correlation, n, decay) / n
    return max(span * (float(means @ means) / len(means) / total + own_mean), 1.0), 1.5 * n / span


def autoregressive(correlation: float, span: int, decay: float | None = None) -> float:
    """``span`` times the variance of the mean of so many neighbours, of variance 1 each.

    1 + 2 sum over k < span of (1 - k / span) r(k) with r(1) = ``correlation`` and r(k + 1) = ``decay`` r(k): a
    first-order autoregression where no decay is given, one under independent noise where it is more than is kept.
    """
    lag = np.arange(1, span)
    return 1 + 2 * float(
        ((1 - lag / span) * correlation * (correlation if decay is None else decay) ** (lag - 1)).sum()
    )


def _upper_autocorrelation(correlation: float, n: int, unsure: float) -> float:
    """What is kept, so many standard errors more (Bartlett 1946): a short series that shows too little of it makes
    means seem better known than they are, and one that shows too much does no such harm."""
    if correlation <= SURELY / np.sqrt(n):
        return correlation
    return float(min(correlation + unsure * np.sqrt((1 - correlation**2) / n), MOST_KEPT))


def lag_decay(x: FloatArray, levels: int = 1, unsure: float = 0.0) -> tuple[float, float]:
    """The correlation of neighbours, and by how much it falls from one lag to the next: each 0 to ``MOST_KEPT``.

    Chance within the days lowers every correlation alike, so what is kept is seen from the second over the first.
    Both 0 where the first may be chance, and else ``unsure`` standard errors more than the series shows.
    """
    x, n = to_unit(x)[0], len(x)
    first = lag_one_autocorrelation(x, levels)
    if first <= SURELY / np.sqrt(max(n, 1)):
        return 0.0, 0.0
    second = float(x[2:] @ x[:-2]) / float(x @ x)
    second += (2 * first + levels * (1 + first)) / n
    decay = float(np.clip(second / first, first, MOST_KEPT))
    more = _upper_autocorrelation(first, n, unsure) - first
    return first + more, min(decay + more, MOST_KEPT)


def lag_one_autocorrelation(x: FloatArray, levels: int = 1) -> float:
    """The correlation of neighbouring values about zero, 0 to ``MOST_KEPT``.

    Each fitted mean lowers it by (1 + r) / n and the estimate itself by 2 r / n: for one mean together Kendall's
    (1 + 3 r) / n.
    """
    x, n = to_unit(x)[0], len(x)
    square = float(x @ x)
    if n < FEWEST or square <= 0:
        return 0.0
    r = float(x[1:] @ x[:-1]) / square
    return float(np.clip(r + (2 * r + levels * (1 + r)) / n, 0.0, MOST_KEPT))


def _centre(values: FloatArray) -> FloatArray:
    """A series about its mean, ``to_unit``."""
    x = to_unit(values)[0]
    return x - x.mean() if len(x) else x


def _remove_weekday_means(x: FloatArray, weekday: IntArray | None) -> FloatArray:
    """``x`` less the mean of its weekday, where weekdays differ by an F test (one-way analysis of variance)."""
    if weekday is None:
        return x
    size = np.bincount(weekday, minlength=7)
    groups, n = int((size > 0).sum()), len(x)
    if groups < 2 or n < 2 * groups:
        return x
    mean = np.bincount(weekday, x, minlength=7) / np.maximum(size, 1)
    between, within = float((size * mean**2).sum()), float(((x - mean[weekday]) ** 2).sum())
    if within <= 0:
        return x
    strength = between / (groups - 1) / (within / (n - groups))
    return np.asarray(x - mean[weekday]) if fdtrc(groups - 1, n - groups, strength) < RHYTHM else x
