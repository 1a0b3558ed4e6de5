"""The rule of missing values on counts drawn by day, without rows: a year in a tenth of a second.

python -m tests.bench.detection.missing [--first SEED] [--seeds N] [--years N]

Seven inputs at 55 decisions a day after a reference of eight weeks, one of them missing in 2 % as the sweep's are.
Quiet years also with people who come five times (all or none of their decisions lack the value), and with days whose
share keeps 0.5 of the day before; changed logs have five points more from a day on (``changes.py``).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, timedelta

import numpy as np

from plumbline.domain import Bins, FeatureProfile, Kind
from plumbline.monitor.drift.missing_share import missing_findings
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
        late = []
        for seed in range(given.first, given.first + given.seeds):
            since = 84 + seed % 7
            known = [d - since for d in found(drawn(seed, 140, since=since, **more)) if d > since]
            late.append(min(known, default=np.inf))
        soon = sum(d <= 14 for d in late)
        low, high = binomial(soon, len(late))
        print(f"  five points more: {soon} of {len(late)} [{low:.2f}, {high:.2f}] within 14 days, "
              f"median {np.median(late):.0f}, last {max(late):.0f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
