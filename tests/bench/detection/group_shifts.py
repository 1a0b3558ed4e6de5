"""The rule of one group's shift on the sweep's logs, without a workspace.

python -m tests.bench.detection.group_shifts [--first SEED] [--seeds N] [--only KIND]... [--days DAYS]

Quiet logs of each kind, and on three of them one group's tenure (``changes.py``).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta

import numpy as np

from plumbline.domain import Kind
from plumbline.monitor.drift.group_shift import GroupShift, group_shifts
from plumbline.profile.scan.grouped_inputs import GroupedRows
from tests.bench.detection.changes import CHANGES
from tests.bench.detection.contradictions import BEGUN
from tests.bench.detection.kinds import KINDS
from tests.bench.detection.shifts import drawn, profile_of
from tests.bench.detection.tally import binomial, poisson
from tests.bench.detection.worlds import DAY, NUMBERS, START, Drawn, draw

COLUMNS = ("region", "sex")


def found(log: Drawn) -> tuple[GroupShift, ...]:
    """What the rule says of a log at its end, known after its reference."""
    frame, days = log.frame, log.kind.reference
    grids = [profile_of(frame, name, days).bins for name in NUMBERS]
    assert all(grid.kind is Kind.NUMERIC for grid in grids)
    groups = tuple(tuple(frame[c].value_counts().index) for c in COLUMNS)
    codes = [frame[c].map({g: i for i, g in enumerate(own)}) for c, own in zip(COLUMNS, groups, strict=True)]
    rows = GroupedRows(
        day=np.datetime64(BEGUN.date()) + ((frame["at"] - START) // DAY).to_numpy(), names=tuple(NUMBERS),
        values=frame[list(NUMBERS)].to_numpy(float), columns=tuple(COLUMNS), groups=groups,
        codes=np.column_stack(codes),
    )  # fmt: skip
    reference = (BEGUN, BEGUN + timedelta(days=days))
    told = group_shifts(rows, grids, reference=reference, until=BEGUN + timedelta(days=log.kind.days))
    return tuple(s for s in told if s.at > reference[1])


def main(arguments: Sequence[str] | None = None) -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--seeds", type=int, default=8)
    asked.add_argument("--only", action="append", default=[])
    asked.add_argument("--days", type=int, default=0, help="after the reference, in place of each kind's own")
    given = asked.parse_args(arguments)
    seeds = range(given.first, given.first + given.seeds)
    total, years = 0, 0.0
    for kind, own in KINDS.items():
        if given.only and kind not in given.only:
            continue
        used = replace(own, days=own.reference + given.days) if given.days else own
        begun = time.process_time()
        told = [found(draw(kind, used, seed)) for seed in seeds]
        total, years = total + sum(map(len, told)), years + len(told) * (used.days - used.reference) / 365
        print(f"{kind}: {sum(map(len, told))} {[(s.feature, s.group) for t in told for s in t]}, "
              f"{time.process_time() - begun:.0f} s", flush=True)  # fmt: skip
    low, high = poisson(total, max(years, 1e-9))
    print(f"false: {total} in {years:.1f} years [{low:.2f}, {high:.2f}] a year", flush=True)
    for kind in CHANGES["group"].on:
        late = []
        for seed in seeds:
            log = drawn(kind, seed, "group")
            since = log.truth.since.to_pydatetime().replace(tzinfo=UTC)
            right = [s for s in found(log) if s.at > since and (s.feature, s.group) == ("tenure", "b")]
            late.append((right[0].at - since) / timedelta(days=1) if right else np.inf)
        soon = sum(d <= CHANGES["group"].within for d in late)
        low, high = binomial(soon, len(late))
        within = f"{soon} of {len(late)} [{low:.2f}, {high:.2f}] within {CHANGES['group'].within} days"
        print(f"group on {kind}: {within}, median {np.median(late):.0f}, last {max(late):.0f}", flush=True)


if __name__ == "__main__":
    main()
