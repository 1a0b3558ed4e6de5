"""Money: what decisions are worth by the owner's cost matrix, and what is lost since a change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from scipy.special import stdtrit

from plumbline.domain import (
    CostMatrix,
    DelayProfile,
    FloatArray,
    OutcomeProfile,
    PlumblineError,
    Slice,
    StatedAmount,
)
from plumbline.domain.messages import NOTHING, Day, Message, Number, as_message, message, sequence
from plumbline.monitor.chunks import day_array
from plumbline.monitor.metrics.counts import Counts, counts_of
from plumbline.monitor.metrics.intervals import FEWEST_DAYS
from plumbline.monitor.metrics.metrics import metric
from plumbline.monitor.performance.label_delay import immature_days
from plumbline.monitor.performance.selective_labels import decisions_for, population_sentence
from plumbline.monitor.performance.series import Span, reference_rows, sum_by_chunk, window_rows
from plumbline.monitor.statistics.autocorrelation import autoregressive, lag_decay
from plumbline.monitor.statistics.proportions import Z
from plumbline.wording.quantities import count, decimal

#: what a standard normal difference before and after the worst of all days exceeds once in twenty, the first and last
#: twentieth left out (Andrews 1993, Econometrica 61, table 1: the square root of 9.84)
SEARCHED = 3.137
#: standard errors by which days are taken to keep more of each other than they show
UNSURE = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """Money at stake, in ``currency``.

    ``source``: ``measured`` (from the log and the cost matrix) or ``stated`` (by the owner). ``amount``: of
    a measured one the shortfall of value a decision against the reference times the decisions since; below
    zero where decisions became worth more. ``low``, ``high``: 95 % interval by what days differ, None
    where there are too few. ``before``, ``after``: value of one decision. ``certain``: the interval
    excludes zero.
    """

    source: str
    amount: float
    currency: str
    sentence: Message
    low: float | None = None
    high: float | None = None
    since: datetime | None = None
    until: datetime | None = None
    decisions: int = 0
    before: float | None = None
    after: float | None = None
    certain: bool = False


def stated_stake(stated: StatedAmount | None) -> Stake | None:
    """The owner's ``at_stake`` setting: ``{"amount": 200000, "currency": "EUR", "sentence": ...}``.

    Raises:
        PlumblineError: the amount is no number.
    """
    if not stated:
        return None
    try:
        amount = float(stated["amount"])
    except (KeyError, TypeError, ValueError) as error:
        raise PlumblineError(
            "The stated money at stake has no amount", where="at_stake", todo='Give {"amount": 200000, ...}.'
        ) from error
    currency = str(stated.get("currency", ""))
    return Stake(
        source="stated",
        amount=amount,
        currency=currency,
        sentence=as_message(str(stated["sentence"])) if stated.get("sentence") else money(amount, currency),
    )


def money_at_stake(
    profile: OutcomeProfile,
    cost: CostMatrix,
    *,
    reference: Span,
    since: datetime,
    until: datetime | None = None,
    window: Slice | None = None,
    searched: bool = False,
    delay: DelayProfile | None = None,
    today: datetime | None = None,
    known: Sequence[str] = (),
) -> Stake | None:
    """What the decisions since a change were worth less than the reference's.

    (value of one reference decision - value of one labelled decision since) x all decisions since, labelled
    or not.

    Args:
        cost: the owner's cost matrix, see ``counts.cost_array``; ``currency`` names its money.
        reference: half-open span of healthy decisions.
        since, until: the change, by whole days; ``until`` None: it lasts.
        window: version and arm as for ``performance``.
        searched: ``since`` was read off the same days (a change point, a breach), as the day from which they were
            worst: the interval is then wide enough for the worst of all days that could have been taken.
        delay, today: label delays and when the log was last complete. What a decision is worth is taken from days
            whose positives are in, and counted for all decisions; where no day is so far, from all.
        known: where only decisions for some classes ever have outcomes, these: the money is that of theirs alone.

    Returns:
        None where the reference or the days since hold no labelled decision.

    Raises:
        PlumblineError: the cost matrix does not fit the task.
    """
    counts, value_metric = counts_of(profile, cost, scores=False), metric("value")
    if known:
        counts = replace(counts, n=decisions_for(profile, known))
    base = window or Slice()
    later = window_rows(profile, Slice(since, until, base.version, base.arm))
    mask = reference_rows(profile, reference, base.arm) & (np.array(profile.days) < since.date())
    if not later.any() or not mask.any():
        return None
    healthy = sum_by_chunk(profile.days, counts, mask, "day").days.counts
    after = sum_by_chunk(profile.days, counts, later, "day").days.counts
    days = np.unique(day_array(profile.days)[later])
    ripe = ~immature_days("value", days, delay, today)
    decisions = float(after.n.sum())
    after = after.select_rows(ripe) if after.labelled[ripe].any() else after
    before_value = float(value_metric.compute(healthy.pool())[0])
    after_value = float(value_metric.compute(after.pool())[0])
    if not (np.isfinite(before_value) and np.isfinite(after_value)):
        return None
    amount = (before_value - after_value) * decisions
    half = _half_width(healthy, after, decisions, searched)
    low, high = (None, None) if half is None else (amount - half, amount + half)
    currency = str(cost.get("currency", ""))
    certain = low is not None and high is not None and not low <= 0 <= high
    sentences = [
        _sentence(amount, low, high, currency, since, until, decisions),
        _total_cost_note(amount, after_value * decisions, currency),
        population_sentence(known) if known else NOTHING,
    ]
    return Stake(
        source="measured",
        amount=amount,
        currency=currency,
        sentence=sequence(sentences),
        low=low,
        high=high,
        since=since,
        until=until,
        decisions=int(decisions),
        before=before_value,
        after=after_value,
        certain=certain,
    )


def _half_width(healthy: Counts, after: Counts, decisions: float, searched: bool) -> float | None:
    """Half the width of the interval of the amount, by what the days of both sides say; the sum since is kept as a
    value a decision times the decisions that were made.

    Student's t (1908) with Satterthwaite's degrees of freedom (1946), of as many days as tell as much where they
    follow each other.
    """
    sides = [side.select_rows(side.labelled > 0) for side in (healthy, after)]
    if min(len(side.labelled) for side in sides) < FEWEST_DAYS:
        return None
    around = [_daily_influence(side) for side in sides]
    correlation, decay = lag_decay(np.concatenate([x / (np.std(x) or 1.0) for x in around]), 2, UNSURE)
    parts, spare = [], []
    for x in around:
        count = len(x)
        ratio = min(autoregressive(correlation, count, decay), count / 2)
        parts.append(float(x @ x) / (count - ratio) * ratio / count)
        spare.append(max(count / ratio - 1, 1.0))
    if not any(parts):
        return 0.0
    freedom = sum(parts) ** 2 / sum(part**2 / left for part, left in zip(parts, spare, strict=True))
    width = float(stdtrit(freedom, 0.975)) * (SEARCHED / Z if searched else 1.0)
    return float(width * np.sqrt(sum(parts)) * decisions)


def _daily_influence(side: Counts) -> FloatArray:
    """What each day adds to the difference of the side's value from its mean: (D,), their mean 0."""
    one = metric("value")
    rows = side.labelled
    return np.asarray((one.compute(side) - one.compute(side.pool())[0]) * rows / rows.mean())


def money(amount: float, currency: str) -> Message:
    """An amount to three significant digits: ``EUR 2.01 million``, ``EUR 48,300``."""
    if abs(amount) >= 1e9:
        figure = message("{number} billion", number=Number(f"{amount / 1e9:.3g}"))
    elif abs(amount) >= 1e6:
        figure = message("{number} million", number=Number(f"{amount / 1e6:.3g}"))
    else:
        digits = 2 - int(np.floor(np.log10(abs(amount)))) if amount else 0
        rounded = round(amount, min(digits, 2))
        figure = message("{number}", number=decimal(rounded, f",.{2 if abs(amount) < 10 else 0}f"))
    return message("{currency} {figure}", currency=currency, figure=figure) if currency else figure


def _total_cost_note(amount: float, worth: float, currency: str) -> Message:
    """Where decisions cost money even when healthy: their whole cost, of which the amount is the part too much."""
    if amount <= 0 or worth >= 0:
        return NOTHING
    return message(
        "In all they cost {cost}; the reference's would have cost {healthy}.",
        cost=money(-worth, currency),
        healthy=money(-worth - amount, currency),
    )


def _sentence(
    amount: float,
    low: float | None,
    high: float | None,
    currency: str,
    since: datetime,
    until: datetime | None,
    decisions: float,
) -> Message:
    span = message("since {day}", day=Day(since))
    if until:
        span = message("from {first} to {last}", first=Day(since), last=Day(until))
    values = {"decisions": Number(f"{count(decisions)}"), "span": span}
    if amount <= 0:
        return message("{decisions} decisions {span} were worth no less than the reference's.", **values)
    values["amount"] = money(amount, currency)
    if low is None or high is None:
        return message(
            "{amount} lost over {decisions} decisions {span} against the reference; "
            "too few days for an interval.",
            **values,
        )
    values |= {"low": money(low, currency), "high": money(high, currency)}
    if low > 0:
        return message(
            "{amount} lost over {decisions} decisions {span} against the reference "
            "(95 % interval {low} to {high}).",
            **values,
        )
    return message(
        "{amount} lost over {decisions} decisions {span} against the reference "
        "(95 % interval {low} to {high}), which may be chance.",
        **values,
    )
