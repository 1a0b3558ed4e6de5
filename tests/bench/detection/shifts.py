"""The rules of shift alone on the sweep's logs, without a workspace: a log in half a second instead of a minute.

python -m tests.bench.detection.shifts [--only KIND]... [--seeds N] [--changes]

Profiles are counted from the drawn rows by the product's own grids, and the product's own rules are applied once to
the whole log, as a check at its end would apply them.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta

import numpy as np
import pandas as pd

from plumbline.domain import Bins, FeatureProfile, Finding, Kind
from plumbline.monitor.drift.shifts import shift_findings
from plumbline.profile.constants import MAX_LEVELS
from plumbline.profile.edges import numeric_edges
from tests.bench.detection.changes import CHANGES
from tests.bench.detection.kinds import KINDS
from tests.bench.detection.sweep import AT_FIRST, CHANGED, HEALTHY, LAST
from tests.bench.detection.worlds import DAY, INPUTS, START, Drawn, draw


def profile_of(frame: pd.DataFrame, column: str, reference_days: int) -> FeatureProfile:
    """One column's counts by day on the grid of the reference."""
    day = ((frame["at"] - START) // DAY).to_numpy()
    length, values = int(day.max()) + 1, frame[column]
    gone = values.isna().to_numpy()
    held, own = values[~gone], day[~gone]
    none = np.zeros(length)
    if values.dtype.kind in "fi":
        x = held.to_numpy(float)
        edges, deciles = numeric_edges(x[own < reference_days])
        bins = Bins(feature=column, kind=Kind.NUMERIC, edges=edges, levels=(), decile_cells=deciles)
        place = np.searchsorted(edges, x, side="left")
        sums, squares = np.bincount(own, x, length), np.bincount(own, x**2, length)
    else:
        names = held[own < reference_days].value_counts().index[:MAX_LEVELS]
        bins = Bins(feature=column, kind=Kind.CATEGORICAL, levels=tuple(map(str, names)))
        place = np.array([names.get_loc(v) if v in names else len(names) for v in held])
        sums = squares = none
    counts = np.zeros((length, bins.cells), np.int64)
    np.add.at(counts, (own, place), 1)
    days = tuple((START + i * DAY).date() for i in range(length))
    missing = np.bincount(day[gone], minlength=length).astype(np.int64)
    return FeatureProfile(bins=bins, days=days, counts=counts, missing=missing, sums=sums, squares=squares)


def findings(log: Drawn) -> list[Finding]:
    """What the rules of shift raise on one log, known after its reference."""
    begun = START.to_pydatetime().replace(tzinfo=UTC)
    reference = (begun, begun + timedelta(days=log.kind.reference))
    columns = [*INPUTS, "prediction"] + (["score"] if "score" in log.frame else [])
    held = tuple(profile_of(log.frame, c, log.kind.reference) for c in columns)
    until = begun + timedelta(days=log.kind.days)
    raised = shift_findings("log", held, reference=reference, until=until, outputs=("score", "prediction"))
    return [f for f in raised if f.known_at and f.known_at > reference[1]]


def drawn(kind: str, seed: int, change: str = "") -> Drawn:
    """The log of one kind, as the sweep draws it."""
    own = KINDS[kind]
    if not change:
        return draw(kind, own, seed)
    given = CHANGES[change]
    used = replace(own, days=LAST, reference=min(HEALTHY, own.reference), given=True, first=AT_FIRST,
                   per_day=given.per_day or own.per_day)  # fmt: skip
    return draw(kind, used, seed, given, CHANGED + seed % 7)


def main(arguments: Sequence[str] | None = None) -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--only", action="append", default=[])
    asked.add_argument("--seeds", type=int, default=5)
    asked.add_argument("--changes", action="store_true")
    given = asked.parse_args(arguments)
    for kind in [k for k in KINDS if not given.changes and (not given.only or k in given.only)]:
        begun, signals, years = time.process_time(), Counter[str](), 0.0
        for seed in range(given.seeds):
            log = drawn(kind, seed)
            signals.update(f.signal for f in findings(log))
            years += (log.kind.days - log.kind.reference) / 365
        print(f"{kind}: {signals.total() / years:.2f} a year in {years:.0f} years; {dict(signals)}; "
              f"{time.process_time() - begun:.0f} s", flush=True)  # fmt: skip
    for change, told in CHANGES.items():
        for kind in told.on if given.changes else ():
            if given.only and kind not in given.only and change not in given.only:
                continue
            after: list[float] = []
            first: Counter[str] = Counter()
            before = 0
            for seed in range(given.seeds):
                log = drawn(kind, seed, change)
                since = log.truth.since.to_pydatetime().replace(tzinfo=UTC)
                own = [f for f in findings(log) if f.known_at]
                before += sum(f.known_at <= since for f in own)
                own = sorted((f for f in own if f.known_at > since), key=lambda f: f.known_at)
                if own:
                    after.append((own[0].known_at - since) / timedelta(days=1))
                    first[own[0].signal] += 1
            soon = sum(d <= told.within for d in after)
            late = f"median {np.median(after):.0f} days" if after else ""
            print(f"{change} on {kind}: {soon} of {given.seeds} within {told.within} days, {len(after)} at all, "
                  f"{late}; {dict(first)}; {before} before", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
