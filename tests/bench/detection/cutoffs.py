"""The rule of cut-offs alone on the sweep's logs, without a workspace: python -m tests.bench.detection.cutoffs

Sides are counted from the drawn rows as the product's query counts them (``tests/answers/drift/test_cutoff_changes.py``
holds the two together), and the rule is applied once to the whole log.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from plumbline.answers.drift.cutoff_changes import departures_of
from plumbline.monitor.drift.cutoff import CutOff, Departure, best_cut_off
from plumbline.profile.scan.score_sides import PER_UNIT, REACH, Scale, SideCounts
from tests.bench.detection.changes import CHANGES
from tests.bench.detection.shifts import drawn
from tests.bench.detection.worlds import DAY, NO, START, YES, Drawn

BEGUN = START.to_pydatetime().replace(tzinfo=UTC)
Hook = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def sides_of(frame: pd.DataFrame, cut: float) -> SideCounts:
    """What the query counts of a log with scores in [0, 1]."""
    least = 10.0**-REACH
    odds = np.log(np.maximum(frame["score"], least)) - np.log(np.maximum(1 - frame["score"], least))
    cell = np.clip(np.floor(odds * PER_UNIT), -PER_UNIT * REACH, PER_UNIT * REACH).astype(int)
    held = pd.DataFrame({
        "day": (frame["at"] - START) // DAY, "version": frame["version"], "cell": cell,
        "above": frame["score"] >= cut, "yes": frame["prediction"] == YES,
    })  # fmt: skip
    counted = held.groupby(list(held), as_index=False).size()
    names, version = np.unique(counted["version"].to_numpy(str), return_inverse=True)
    column = {name: counted[name].to_numpy() for name in ("day", "cell", "above", "yes", "size")}
    first = np.datetime64(START, "D") + int(column["day"].min())
    return SideCounts(
        first=first,
        versions=tuple(names.tolist()),
        day=column["day"] - column["day"].min(),
        version=version,
        cell=column["cell"],
        above=column["above"],
        yes=column["yes"],
        n=column["size"],
    )


def cut_of(frame: pd.DataFrame) -> CutOff | None:
    """The cut-off of a reference's rows."""
    counted = pd.crosstab(frame["score"], frame["prediction"]).reindex(columns=[NO, YES], fill_value=0)
    found = best_cut_off(counted.index.to_numpy(float), counted.to_numpy())
    return found if found is not None and found.is_reliable else None


def left(log: Drawn, hook: Hook | None = None) -> tuple[Departure, ...]:
    """The episodes of a log; ``hook`` alters its rows first."""
    frame = log.frame if hook is None else hook(log.frame, np.random.default_rng(log.seed))
    cut = cut_of(frame[frame["at"] < START + log.kind.reference * DAY])
    if cut is None:
        return ()
    reference = (BEGUN, BEGUN + timedelta(days=log.kind.reference))
    return departures_of(
        sides_of(frame, cut.score), cut, Scale(), reference, BEGUN + timedelta(days=log.kind.days)
    )


def since_of(log: Drawn) -> datetime:
    """When a log's change began."""
    return log.truth.since.to_pydatetime().replace(tzinfo=UTC)  # type: ignore[union-attr]


def overrides(share: float, *, kept: float = 0.0, odd: int = 0) -> Hook:
    """A share of answers turned round by people; its log-odds wander by days that keep ``kept`` of the one before;
    on ``odd`` days of all a third is."""

    def turned(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        day = ((frame["at"] - START) // DAY).to_numpy()
        level = rng.normal(size=int(day.max()) + 1)
        for i in range(1, len(level)):
            level[i] = kept * level[i - 1] + np.sqrt(1 - kept**2) * level[i]
        wander = 0.5 if kept else 0.0
        p = 1 / (1 + (1 - share) / share * np.exp(-wander * level))
        p[rng.choice(len(p), odd, replace=False)] = 1 / 3
        other = np.where(frame["prediction"] == YES, NO, YES)
        return frame.assign(prediction=np.where(rng.random(len(frame)) < p[day], other, frame["prediction"]))

    return turned


def two_digits(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Scores logged to two digits; the answer was made from all of them."""
    return frame.assign(score=frame["score"].round(2))


def unrelated(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Answers that follow the score by chance alone."""
    return frame.assign(prediction=np.where(rng.random(len(frame)) < frame["score"], YES, NO))


def by_segment(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Another cut-off in a quarter of the decisions, always."""
    cut = np.where(frame["region"] == "north", 0.3, 0.5)
    return frame.assign(prediction=np.where(frame["score"] >= cut, YES, NO))


QUIET: dict[str, Hook | None] = {
    "a clean cut": None, "2 % overridden": overrides(0.02), "2 %, days keep 0.8": overrides(0.02, kept=0.8),
    "1 %, an odd day a month": overrides(0.01, odd=14), "two digits": two_digits, "no cut": unrelated,
    "by segment": by_segment,
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, default=20)
    asked.add_argument("--first", type=int, default=0)
    given = asked.parse_args(arguments)
    seeds = range(given.first, given.first + given.seeds)
    for kind in ("fifty-five", "few", "ar-0.8", "repeats-20", "rare-0.5"):
        logs = [drawn(kind, seed) for seed in seeds]
        years = sum(log.kind.days - log.kind.reference for log in logs) / 365
        for name, hook in QUIET.items():
            found = [len(left(log, hook)) for log in logs]
            print(f"{kind}, {name}: {sum(found)} in {years:.0f} years", flush=True)
    for change, kind in (("cut-off", "fifty-five"), ("stricter", "independent"), ("stricter", "repeats-5"),
                         ("calibration-2", "rare-0.5"), ("calibration-4", "rare-0.5"), ("calibration-2", "fifty-five"),
                         ("stricter", "fifty-five")):  # fmt: skip
        for name, hook in (("a clean cut", None), ("2 % overridden", overrides(0.02))):
            own = [(log, left(log, hook)) for log in (drawn(kind, seed, change) for seed in seeds)]
            days = [(f[0].at - since_of(log)) / timedelta(days=1) for log, f in own if f]
            off = [abs((f[0].since - since_of(log)) / timedelta(days=1)) for log, f in own if f]
            now = sorted({f[0].now for _, f in own if f}, key=str)
            print(f"{change} on {kind}, {name}: {sum(0 < d <= CHANGES[change].within for d in days)} of {len(own)} in "
                  f"{CHANGES[change].within} days, median {np.median(days or [np.nan]):.0f}, at most "
                  f"{max(days, default=np.nan):.0f}; onset off by {max(off, default=np.nan):.0f} at most; now {now}",
                  flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
