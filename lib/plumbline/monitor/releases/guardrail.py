"""The moment at which a new version's positive rate was surely not the previous version's.

Two one-sided mixture likelihood-ratio tests of a Bernoulli rate (Robbins 1970; as e-processes: Ramdas et
al. 2023, Statistical Science 38). Against "the rate is at most u" the evidence after n decisions, k of them
positive, is the mean over alternatives q > u of (q/u)^k ((1-q)/(1-u))^(n-k): a supermartingale for every
rate up to u, so by Ville's inequality it ever exceeds 1/a with probability a at most, however often one
looks. The same downwards from l. [l, u] is the previous rate's exact interval (Clopper and Pearson 1934),
widened by the smallest change that matters. Half of alpha is spent on the interval, a quarter on each side.

Decisions of one subject are one piece of evidence: counts are divided by the design effect (Kish 1965).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, expit, logit

from plumbline.domain import FloatArray, PlumblineError
from plumbline.domain.messages import Day, Message, message, word
from plumbline.wording.quantities import decimal, percent
from plumbline.wording.times import clock_time

POSITIVE = word("decisions were positive")

ALPHA = 0.001
#: a change that matters: a fifth of the previous rate, but no more than ten points
RELATIVE = 0.2
ABSOLUTE = 0.1
#: alternatives mixed on each side, evenly on the log-odds scale
ALTERNATIVES = 48
#: the rarest and the most common alternative that is mixed in
EXTREME = 1e-5
_BLOCK = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrail:
    """Whether and when the rate was surely another one.

    ``at_decision`` counts from 1; ``rate`` is the share of positives up to that decision, or over all of
    them where nothing fired (None without decisions). ``usual``: the rates taken for the previous one's
    (its interval, widened by the smallest change that matters).
    """

    fired: bool
    at_decision: int | None
    at: datetime | None
    rate: float | None
    n: int
    previous_rate: float
    usual: tuple[float, float]
    sentence: Message
    rising: bool = False
    times_over: float = 1.0


def guardrail(
    times: Sequence[datetime] | NDArray[np.datetime64],
    positives: NDArray[np.bool_],
    *,
    previous_rate: float,
    previous_n: int,
    alpha: float = ALPHA,
    rising: bool = False,
    were: Message = POSITIVE,
    times_over: float = 1.0,
    zone: str = "UTC",
) -> Guardrail:
    """Watch the decisions of a new version, oldest first, against the previous version's positive rate.

    Any share can be watched the same way: of wrong decisions, of errors or numbers beyond a size.

    Args:
        times: (n,) of the decisions, UTC where naive.
        positives: (n,) whether each was for the positive class.
        previous_rate, previous_n: the previous version's positive rate, 0 to 1, and its decisions.
        alpha: probability at most of ever firing while the rate is within ``usual``, the chance that the
            previous version's own sample misled included.
        rising: only a rate above the usual fires, as for errors; the whole of alpha is then spent on it.
        were: what is counted, as the sentence says it.
        zone: whose clock the times are of, as the sentence says it.
        times_over: the design effect, 1 at least: so many decisions tell as much as one, as of a subject who comes
            again. Counts, and what is known of the previous rate, are divided by it.

    Raises:
        PlumblineError: the arrays differ in length, or the rate or alpha is not a share.
    """
    if len(times) != len(positives):
        raise PlumblineError(f"{len(times)} times were given for {len(positives)} decisions")
    if not (0 <= previous_rate <= 1 and 0 < alpha < 1 and previous_n >= 0):
        raise PlumblineError("The previous rate and alpha must be shares from 0 to 1")
    usual = usual_rates(previous_rate, round(previous_n / times_over), alpha / 2)
    hits = np.asarray(positives, dtype=bool)
    watched = (0.0, usual[1]) if rising else usual
    crossing = _first_crossing(hits, watched, float(np.log((2 if rising else 4) / alpha)), times_over)
    n = len(hits)
    if crossing is None:
        rate = float(hits.mean()) if n else None
        sentence = _no_change_sentence(rate, n, previous_rate, usual, were)
        return Guardrail(
            fired=False,
            at_decision=None,
            at=None,
            rate=rate,
            n=n,
            previous_rate=previous_rate,
            usual=usual,
            sentence=sentence,
            rising=rising,
            times_over=times_over,
        )
    rate = float(hits[:crossing].mean())
    at = _aware(times[crossing - 1])
    sentence = message(
        "{share} of the first {n} {were} against {before} before: beyond chance from {day}, {time} {zone} on.",
        share=percent(rate),
        n=decimal(crossing, ","),
        were=were,
        before=percent(previous_rate),
        day=Day(at),
        time=f"{clock_time(at)}",
        zone=zone,
    )
    return Guardrail(
        fired=True,
        at_decision=crossing,
        at=at,
        rate=rate,
        n=n,
        previous_rate=previous_rate,
        usual=usual,
        sentence=sentence,
        rising=rising,
        times_over=times_over,
    )


def usual_rates(rate: float, n: int, alpha: float) -> tuple[float, float]:
    """Exact interval of a rate seen over n decisions, widened by the smallest change that matters.

    Clopper and Pearson's limits with error ``alpha`` in all, then less and more by a fifth (of the rate,
    at most ten points). (0, 1) without decisions.
    """
    hits = round(rate * n)
    low = float(betaincinv(hits, n - hits + 1, alpha / 2)) if hits else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1 - alpha / 2)) if hits < n else 1.0
    return max(0.0, low - min(RELATIVE * low, ABSOLUTE)), min(1.0, high + min(RELATIVE * high, ABSOLUTE))


def smallest_change(guardrail: Guardrail, *, alpha: float = ALPHA, step: float = 0.005) -> float | None:
    """The smallest change of the previous rate that as many decisions, of exactly the changed rate, would have shown.

    So a guardrail that stays quiet says that no change as large as this is likely: upwards where only that fires, else
    either way. To half a point; None where no change would have been noticed, as without decisions.
    """
    if guardrail.n <= 0 or guardrail.usual == (0.0, 1.0):
        return None
    usual = (0.0, guardrail.usual[1]) if guardrail.rising else guardrail.usual
    limit = float(np.log((2 if guardrail.rising else 4) / alpha))
    for size in np.arange(step, 1, step):
        ways = (size,) if guardrail.rising else (-size, size)
        rates = [guardrail.previous_rate + way for way in ways if 0 <= guardrail.previous_rate + way <= 1]
        if rates and all(
            _is_detectable(guardrail.n / guardrail.times_over, rate, usual, limit) for rate in rates
        ):
            return float(size)
    return None


def _is_detectable(n: float, rate: float, usual: tuple[float, float], limit: float) -> bool:
    """Whether n decisions of that rate cross the limit on either side."""
    low, high = usual
    k = np.array([rate * n])
    if high < 1 and (_log_evidence(k, n - k, _alternatives(high), high) >= limit)[0]:
        return True
    return low > 0 and bool((_log_evidence(k, n - k, 1 - _alternatives(1 - low), low) >= limit)[0])


def _alternatives(edge: float) -> FloatArray:
    """Rates beyond ``edge`` in (0, 1), towards 1, evenly spread on the log-odds scale."""
    far = float(logit(max(1 - EXTREME, (1 + edge) / 2)))
    return np.asarray(expit(np.linspace(float(logit(edge)), far, ALTERNATIVES + 1)[1:]))


def _first_crossing(
    hits: NDArray[np.bool_], usual: tuple[float, float], limit: float, times_over: float
) -> int | None:
    """The first decision (from 1) at which either side's log evidence reaches ``limit``."""
    low, high = usual
    sides = []
    if high < 1:
        sides.append((_alternatives(high), high))
    if low > 0:
        sides.append((1 - _alternatives(1 - low), low))
    k0 = 0
    for begin in range(0, len(hits), _BLOCK):
        part = hits[begin : begin + _BLOCK]
        k = k0 + np.cumsum(part)
        misses = begin + np.arange(1, len(part) + 1) - k
        crossed = np.zeros(len(part), dtype=bool)
        for q, edge in sides:
            crossed |= _log_evidence(k / times_over, misses / times_over, q, edge) >= limit
        if crossed.any():
            return begin + int(crossed.argmax()) + 1
        k0 = int(k[-1])
    return None


def _log_evidence(k: FloatArray, misses: FloatArray, q: FloatArray, edge: float) -> FloatArray:
    """Log of the mean likelihood ratio of the alternatives ``q`` (m,) against ``edge``: (n,)."""
    gain, loss = np.log(q / edge), np.log((1 - q) / (1 - edge))
    ratios = k[:, None] * gain[None, :] + misses[:, None] * loss[None, :]
    top = ratios.max(1)
    return np.asarray(top + np.log(np.exp(ratios - top[:, None]).mean(1)))


def _aware(at: datetime | np.datetime64) -> datetime:
    plain: datetime = at.astype("datetime64[us]").item() if isinstance(at, np.datetime64) else at
    return plain.replace(tzinfo=UTC) if plain.tzinfo is None else plain.astimezone(UTC)


def _no_change_sentence(
    rate: float | None, n: int, previous: float, usual: tuple[float, float], were: Message
) -> Message:
    if rate is None:
        return message("The new version has decided nothing yet.")
    if usual == (0.0, 1.0):
        return message("The previous version decided too little to compare with.")
    return message(
        "{share} of {n} {were} against {before} before: no change that matters beyond chance.",
        share=percent(rate),
        n=decimal(n, ","),
        were=were,
        before=percent(previous),
    )
