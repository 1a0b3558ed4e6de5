"""Whether groups fare otherwise in one window than in another: rates, errors, and the ratio to the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from plumbline.domain.messages import enumeration
from plumbline.monitor.fairness.groups import (
    ERRORS,
    FALSE_DISCOVERY,
    LEAST_ROWS,
    MEASURES,
    two_proportions_p_value,
)
from plumbline.monitor.statistics.multiple_testing import benjamini_hochberg
from plumbline.monitor.statistics.proportions import difference
from plumbline.monitor.statistics.ratios import Z95
from plumbline.profile.scan.group_outcomes import GroupOutcomes
from plumbline.profile.scan.protected_groups import GroupCounts

#: what is compared: how often a group gets what it wants, that over the best group's, and its errors
FAVOURABLE, RATIO = "favourable", "ratio"
COMPARED = (RATIO, FAVOURABLE, *ERRORS)

Key = tuple[tuple[str, ...], tuple[str, ...]]  # attributes and levels
Outcomes = dict[Key, GroupOutcomes]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureChange:
    """One measure of one group in both windows, over ``n_first`` and ``n_second`` rows.

    ``change``: the second less the first with its 95 % limits (Newcombe); of a ratio the second over the first
    (Katz on either side, their logarithms' variances added). ``q``: ``p`` after Benjamini and Hochberg over
    everything compared together. ``verdict``: ``further`` from or ``closer`` to the best group (ratio),
    ``up`` or ``down`` (shares), ``same`` where the difference is within chance.
    """

    first: float
    second: float
    change: float
    low: float
    high: float
    n_first: int
    n_second: int
    p: float
    q: float = 1.0
    verdict: str = "same"


@dataclass(frozen=True, slots=True)
class GroupChange:
    """A group in both windows; no measure where it has under 30 rows in one of them."""

    attributes: tuple[str, ...]
    levels: tuple[str, ...]
    n_first: int
    n_second: int
    best: bool  # whom the ratio is to: the most favoured group of the first window
    moved: dict[str, MeasureChange]

    @property
    def name(self) -> str:
        """``sex = f and origin = b``."""
        return enumeration([f"{a} = {v}" for a, v in zip(self.attributes, self.levels, strict=True)])


def changes(
    first: Sequence[GroupCounts],
    second: Sequence[GroupCounts],
    *,
    favourable: bool = True,
    errors: bool = True,
) -> tuple[GroupChange, ...]:
    """Every group that either window has, in the order of the first.

    The ratio is in both windows to the same group: the most favoured of the first, where it has at least 30
    rows in the second too. So it says whether the others moved against it, not that another leads now.

    Args:
        errors: whether both kinds of decision have outcomes; else error rates are unknown and not compared.
    """
    then = {(g.attributes, g.levels): g.outcomes for g in first}
    now = {(g.attributes, g.levels): g.outcomes for g in second}
    keys = list(dict.fromkeys([*then, *now]))
    best = {
        attributes: _best_group([k for k in keys if k[0] == attributes], then, now, favourable)
        for attributes in dict.fromkeys(k[0] for k in keys)
    }
    changes_by_group = {key: _measure_changes(key, best[key[0]], then, now, favourable) for key in keys}
    if not errors:
        changes_by_group = {
            key: {n: m for n, m in moved.items() if n not in ERRORS}
            for key, moved in changes_by_group.items()
        }
    flat = [(key, name) for key, moved in changes_by_group.items() for name in moved]
    q = benjamini_hochberg(np.array([changes_by_group[key][name].p for key, name in flat]))
    for (key, name), corrected in zip(flat, q, strict=True):
        changes_by_group[key][name] = _change_verdict(name, changes_by_group[key][name], float(corrected))
    return tuple(
        GroupChange(
            *key, _rows(then.get(key)), _rows(now.get(key)), key == best[key[0]], changes_by_group[key]
        )
        for key in keys
    )


def _rows(g: GroupOutcomes | None) -> int:
    return 0 if g is None else g.n


def _favourable_count(g: GroupOutcomes, favourable: bool) -> int:
    return g.positives if favourable else g.n - g.positives


def _best_group(keys: Sequence[Key], then: Outcomes, now: Outcomes, favourable: bool) -> Key | None:
    common = [
        key
        for key in keys
        if key in then
        and key in now
        and min(then[key].n, now[key].n) >= LEAST_ROWS
        and min(_favourable_count(then[key], favourable), _favourable_count(now[key], favourable)) > 0
    ]
    return max(common, key=lambda key: _favourable_count(then[key], favourable) / then[key].n, default=None)


def _measure_changes(
    key: Key, best: Key | None, then: Outcomes, now: Outcomes, favourable: bool
) -> dict[str, MeasureChange]:
    a, b = then.get(key), now.get(key)
    if a is None or b is None:
        return {}
    sides = {FAVOURABLE: ((_favourable_count(a, favourable), a.n), (_favourable_count(b, favourable), b.n))}
    sides |= {name: (MEASURES[name](a), MEASURES[name](b)) for name in ERRORS}
    changes = {
        name: moved for name, (before, after) in sides.items() if (moved := _share(before, after)) is not None
    }
    if FAVOURABLE in changes and best is not None and key != best:
        four = [(_favourable_count(g, favourable), g.n) for g in (a, then[best], b, now[best])]
        changes[RATIO] = _ratio(*four)
    return {name: changes[name] for name in COMPARED if name in changes}


def _share(before: tuple[int, int], after: tuple[int, int]) -> MeasureChange | None:
    if min(before[1], after[1]) < LEAST_ROWS:
        return None
    apart = difference(*before, *after)
    assert apart is not None
    p = two_proportions_p_value(*after, *before)
    return MeasureChange(
        first=apart.before,
        second=apart.after,
        change=apart.value,
        low=apart.low,
        high=apart.high,
        n_first=apart.n_before,
        n_second=apart.n_after,
        p=p,
    )


def _ratio(
    a: tuple[int, int], best_then: tuple[int, int], b: tuple[int, int], best_now: tuple[int, int]
) -> MeasureChange:
    """How the ratio to the best group changed, as a factor; half an event is added where a group had none."""
    ours = [(x, n) if x else (x + 0.5, n + 0.5) for x, n in (a, b)]
    plain = [(a[0] / a[1]) / (best_then[0] / best_then[1]), (b[0] / b[1]) / (best_now[0] / best_now[1])]
    cells = [ours[0], best_then, ours[1], best_now]
    logs = [math.log(x / n) for x, n in cells]
    factor = (logs[2] - logs[3]) - (logs[0] - logs[1])
    spread = math.sqrt(sum(max(1 / x - 1 / n, 0.0) for x, n in cells))
    p = math.erfc(abs(factor) / spread / math.sqrt(2)) if spread > 0 else 1.0
    low, high = math.exp(factor - Z95 * spread), math.exp(factor + Z95 * spread)
    return MeasureChange(
        first=plain[0],
        second=plain[1],
        change=math.exp(factor),
        low=low,
        high=high,
        n_first=a[1],
        n_second=b[1],
        p=p,
    )


def _change_verdict(name: str, moved: MeasureChange, q: float) -> MeasureChange:
    level = 1.0 if name == RATIO else 0.0
    if q >= FALSE_DISCOVERY or moved.low <= level <= moved.high:
        return replace(moved, q=q)
    up = moved.change > level
    words = ("closer", "further") if name == RATIO else ("up", "down")
    return replace(moved, q=q, verdict=words[0] if up else words[1])
