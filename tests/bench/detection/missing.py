"""The rule of missing values on counts drawn by day, without rows: a year in a tenth of a second.

python -m tests.bench.detection.missing [--first SEED] [--seeds N] [--years N]

Seven inputs at 55 decisions a day after a reference of eight weeks, one of them missing in 2 % as the sweep's are.
Quiet years also with people who come five times (all or none of their decisions lack the value), and with days whose
share keeps 0.5 of the day before; changed logs have five points more from a day on (``changes.py``).

What could be found at all says the most powerful rule: the running sum of likelihood ratios of people (Page 1954;
optimal by Moustakides 1986), which knows both shares and who came how often, with as many false alarms a year.

What the page of each log says of the days that it takes is held against the days that it took.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from unittest.mock import patch

import numpy as np

from plumbline.domain import Bins, FeatureProfile, FloatArray, Kind
from plumbline.monitor.drift import missing_share
from plumbline.monitor.drift.dispersion import daily_laws
from plumbline.monitor.drift.missing_share import missing_findings
from plumbline.monitor.drift.missing_share_power import slowest_notice
from plumbline.monitor.statistics.null_distribution import NullDistribution
from tests.bench.detection.tally import binomial, poisson
from tests.bench.detection.worlds import START

BEGUN = START.to_pydatetime().replace(tzinfo=UTC)
REFERENCE, INPUTS = 56, 7
SHARE, MORE, A_DAY = 0.02, 0.05, 55.0


def drawn(
    seed: int, days: int, *, since: int | None = None, alike: int = 1, wander: float = 0.0
) -> list[FeatureProfile]:
    """Seven inputs' counts by day; ``wander``: standard deviation of the log-odds of a day, which keeps 0.5."""
    rng = np.random.default_rng([20261130, seed, alike])
    week = np.where(np.arange(days) % 7 >= 5, 0.6, 1.16)
    n = alike * rng.poisson(A_DAY / alike * week)
    level, kept = rng.normal(size=days), np.zeros(days)
    for i in range(1, days):
        kept[i] = 0.5 * kept[i - 1] + np.sqrt(0.75) * level[i]
    made = []
    for i in range(INPUTS):
        share = 1 / (1 + np.exp(-np.log(SHARE / (1 - SHARE)) - wander * kept)) if i == 0 else np.zeros(days)
        if i == 0 and since is not None:
            share[since:] += (1 - share[since:]) * MORE
        gone = alike * rng.binomial(n // alike, share)
        made.append(
            FeatureProfile(
                bins=Bins(feature=f"x{i}", kind=Kind.CATEGORICAL, levels=("a",)),
                days=tuple((BEGUN + timedelta(days=d)).date() for d in range(days)),
                counts=np.column_stack([n - gone, 0 * n]), missing=gone,
                sums=np.zeros(days), squares=np.zeros(days),
            )
        )  # fmt: skip
    return made


def found(profiles: Sequence[FeatureProfile]) -> list[int]:
    """Days after the first on which a finding was known, of those known after the reference."""
    days = len(profiles[0].days)
    reference = (BEGUN, BEGUN + timedelta(days=REFERENCE))
    told = missing_findings("s", profiles, reference=reference, until=BEGUN + timedelta(days=days))
    return [(f.known_at - BEGUN).days for f in told if f.known_at and f.known_at > reference[1]]


def delays(seeds: Sequence[int], days: int, **more: float) -> FloatArray:
    """Days until five points more were known in each log, endless where they were not."""
    late = []
    for seed in seeds:
        since = 84 + seed % 7
        known = [d - since for d in found(drawn(seed, days, since=since, **more)) if d > since]  # type: ignore[arg-type]
        late.append(min(known, default=np.inf))
    return np.array(late)


def notice_times(seeds: Sequence[int], **more: float) -> FloatArray:
    """Days within which the page of each log says that five points more would be noticed; endless: over a year."""
    reference = (BEGUN, BEGUN + timedelta(days=REFERENCE))
    told = []
    for seed in seeds:
        slowest = slowest_notice(drawn(seed, 84, **more), reference=reference)  # type: ignore[arg-type]
        told.append(slowest.days if slowest and slowest.days else np.inf)
    return np.array(told)


def _known(effect: float) -> object:
    """The laws of chance where the first input's design effect is known, not learnt from the reference's days."""

    def laws(*given: object, **more: object) -> tuple[NullDistribution, ...]:
        first, *rest = daily_laws(*given, **more)  # type: ignore[arg-type]
        return (replace(first, spread=effect, share=1.0, freedom=np.inf, kept=0.0), *rest)

    return laws


def run_length(limit: float, share: float, before: float, after: float, cells: int = 900) -> float:
    """People until the running sum of likelihood ratios first reaches a limit (Brook and Evans 1972, Biometrika 59).

    Args:
        share: of people who lack the value; ``before``, ``after``: the two shares that the ratio is of.
    """
    width = limit / cells
    sums = (np.arange(cells) + 0.5) * width
    chain = np.zeros((cells, cells))
    for step, chance in ((np.log(after / before), share), (np.log((1 - after) / (1 - before)), 1 - share)):
        to = np.floor(np.maximum(sums + step, 0.0) / width).astype(int)
        inside = sums + step < limit
        np.add.at(chain, (np.flatnonzero(inside), to[inside]), chance)
    return float(np.linalg.solve(np.eye(cells) - chain, np.ones(cells))[0])


def best_limit(people_a_day: float, before: float, after: float, cells: int = 900) -> float:
    """The limit at which the sum of one of the inputs alarms by chance as often as its part of the budget says."""
    wanted = 365 * INPUTS / missing_share.BUDGET * people_a_day
    low, high = 1.0, 20.0
    for _ in range(25):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if run_length(middle, before, before, after, cells) < wanted else (low, middle)
        )
    return high


def best_delays(people_a_day: float, logs: int = 2000, seed: int = 1) -> FloatArray:
    """Days until the most powerful rule knows of five points more among so many people a day, (logs,)."""
    before, after = SHARE, SHARE + (1 - SHARE) * MORE
    limit = best_limit(people_a_day, before, after)
    lacks, there = np.log(after / before), np.log((1 - after) / (1 - before))
    rng = np.random.default_rng(seed)
    late = np.full(logs, np.inf)
    for log in range(logs):
        total = 0.0
        for lacking in rng.random(300) < before:  # healthy people first
            total = max(total + (lacks if lacking else there), 0.0)
        for day in range(1, 400):
            for lacking in rng.random(rng.poisson(people_a_day)) < after:
                total = max(total + (lacks if lacking else there), 0.0)
                if total >= limit:
                    break
            if total >= limit:
                late[log] = day
                break
    return late


def main(arguments: Sequence[str] | None = None) -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--seeds", type=int, default=20)
    asked.add_argument("--years", type=int, default=100)
    given = asked.parse_args(arguments)
    kinds = {
        "independent": {}, "5 decisions a person": {"alike": 5}, "days keep 0.5 (sd 0.25)": {"wander": 0.25},
    }  # fmt: skip
    for name, more in kinds.items():
        false = [len(found(drawn(given.first + s, REFERENCE + 365, **more))) for s in range(given.years)]
        low, high = poisson(sum(false), given.years)
        print(f"{name}: {sum(false)} in {given.years} years [{low:.2f}, {high:.2f}] a year", flush=True)
        late = delays(range(given.first, given.first + given.seeds), 140, **more)
        soon = sum(d <= 14 for d in late)
        low, high = binomial(soon, len(late))
        print(f"  five points more: {soon} of {len(late)} [{low:.2f}, {high:.2f}] within 14 days, "
              f"median {np.median(late):.0f}, last {max(late):.0f}", flush=True)  # fmt: skip
    seeds = range(given.first, given.first + given.seeds)
    with patch.object(missing_share, "daily_laws", _known(5.0)):
        late = delays(seeds, 224, alike=5)
    print(f"5 decisions a person, a design effect that is known: {sum(late <= 14)} of {len(late)} within 14 days, "
          f"median {np.median(late):.0f}; learnt from days: median {np.median(delays(seeds, 224, alike=5)):.0f}",
          flush=True)  # fmt: skip
    for a_day, alike in ((15, 1), (25, 1), (55, 2), (55, 3), (110, 5), (220, 5)):
        with patch.object(sys.modules[__name__], "A_DAY", float(a_day)):
            told = notice_times(seeds, alike=alike)
            late = delays(seeds, 448, alike=alike)
        sure = np.isfinite(told)
        middle = float(np.median(told))
        low, high = binomial(int((late <= middle).sum()), len(late))
        print(f"  the page of {a_day} decisions a day, {alike} a person, says {middle:.0f} days (median): by then "
              f"{np.mean(late <= middle):.2f} [{low:.2f}, {high:.2f}] are found; by each log's own days "
              f"{np.mean(late[sure] <= told[sure]):.2f} of {sure.sum()}", flush=True)  # fmt: skip
    for people in (11, 22, 33, 55):
        late = best_delays(people)
        print(f"  the most powerful rule, {people} people a day: {np.mean(late <= 14):.2f} within 14 days, median "
              f"{np.median(late):.0f}, 95 of 100 within {np.quantile(late, 0.95):.0f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
