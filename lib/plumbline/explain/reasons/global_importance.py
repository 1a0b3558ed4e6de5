"""Many decisions at once: mean absolute attribution, and how it moved against the reference.

Four numbers, because each is blind alone: NDCG misses uniform growth and collapse onto the top feature,
share shift misses growth, the magnitude ratio misses a change of order, and the split of the mean score
says by what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from plumbline.domain import FloatArray, IntArray, size_order

SAMPLE = 5_000
NDCG_WATCH = 0.90


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureImportance:
    """One feature's mean absolute attribution over ``n`` decisions, with 1.96 standard errors either side."""

    feature: str
    value: float
    low: float
    high: float
    share: float  # of the sum over all features
    mean: float  # signed
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionDrift:
    """Attributions now against the reference; ``parts`` sum to ``mean_change`` (one model, one base only)."""

    ndcg: float
    share_shift: float
    magnitude_ratio: float
    mean_change: float
    parts: dict[str, float]
    watch: bool
    shares: dict[str, float] = field(default_factory=dict)  # of all weight now, by feature


def sample_rows(n: int, most: int = SAMPLE, seed: int = 0) -> IntArray:
    """Positions of a random sample without replacement, in order; all of them where there are few."""
    if n <= most:
        return np.arange(n, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False)).astype(np.int64)


def sum_by_group(
    contributions: FloatArray, names: Sequence[str], groups: Mapping[str, str]
) -> tuple[FloatArray, list[str]]:
    """Contributions (n, d) with the columns of a group added up, and the names then; a column alone keeps its own.

    A group's share is that of its sum: contributions that cancel within it do not count.
    """
    titles = [groups.get(name, name) for name in names]
    merged = list(dict.fromkeys(titles))
    place = [merged.index(title) for title in titles]
    group_sums = np.zeros((len(contributions), len(merged)))
    for column, to in enumerate(place):
        group_sums[:, to] += contributions[:, column]
    return group_sums, merged


def importance(contributions: FloatArray, names: Sequence[str]) -> tuple[FeatureImportance, ...]:
    """Mean absolute attribution by feature, largest first, from (n, d); rows with a NaN are left out."""
    whole = contributions[np.isfinite(contributions).all(axis=1)]
    n = len(whole)
    if n == 0:
        return ()
    size = np.abs(whole)
    value = size.mean(axis=0)
    error = size.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full(len(value), np.nan)
    total = float(value.sum())
    share = value / total if total > 0 else np.zeros(len(value))
    mean = whole.mean(axis=0)
    return tuple(
        FeatureImportance(
            feature=names[i],
            value=float(value[i]),
            low=max(0.0, float(value[i] - 1.96 * error[i])),
            high=float(value[i] + 1.96 * error[i]),
            share=float(share[i]),
            mean=float(mean[i]),
            n=n,
        )
        for i in size_order(value).tolist()
    )


def ndcg(reference: FloatArray, live: FloatArray) -> float:
    """Normalised discounted cumulative gain of the live order of features, with reference scores as gains.

    reference, live: (d,) non-negative importances; the discount of rank r (from 1) is 1 / log2(r + 1), ties
    keep the features' order. Source: Amazon SageMaker Clarify, feature attribution drift. 1 where nothing
    has weight.
    """
    discount = 1.0 / np.log2(np.arange(2, len(reference) + 2))
    ideal = float(np.sort(reference)[::-1] @ discount)
    gain = float(reference[size_order(live)] @ discount)
    return gain / ideal if ideal > 0 else 1.0


def share_shift(reference: FloatArray, live: FloatArray) -> float:
    """Half the L1 distance of the normalised importances: the share of weight that moved, 0 to 1."""
    a, b = (x / x.sum() if x.sum() > 0 else np.zeros(len(x)) for x in (reference, live))
    return float(np.abs(a - b).sum() / 2)


def magnitude_ratio(reference: FloatArray, live: FloatArray) -> float:
    """The sum of importances now over then; NaN where the reference has none."""
    return float(live.sum() / reference.sum()) if reference.sum() > 0 else float("nan")


def attribution_drift(reference: FloatArray, live: FloatArray, names: Sequence[str]) -> AttributionDrift:
    """Compare contributions (n, d) of the reference with those of now, in the same feature order and space.

    ``parts``: the change of each feature's mean contribution; they add up to the change of the mean margin.
    """
    a, b = (np.abs(x).mean(axis=0) for x in (reference, live))
    change = live.mean(axis=0) - reference.mean(axis=0)
    quality = ndcg(a, b)
    return AttributionDrift(
        ndcg=quality,
        share_shift=share_shift(a, b),
        magnitude_ratio=magnitude_ratio(a, b),
        mean_change=float(change.sum()),
        parts=dict(zip(names, change.tolist(), strict=True)),
        watch=quality < NDCG_WATCH,
        shares=dict(zip(names, (b / b.sum() if b.sum() > 0 else b).tolist(), strict=True)),
    )
