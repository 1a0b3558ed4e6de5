"""The rule of contradicting outcomes alone on the sweep's logs, without a workspace.

python -m tests.bench.detection.contradictions [--first SEED] [--seeds N] [--only KIND]... [--oracle]

``--oracle``: beside the rule the power of the most powerful test (Neyman and Pearson 1933) that knows the day, the
share and every true probability, at the same rate of false alarms.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from scipy.special import ndtri

from plumbline.domain import DelayProfile, OutcomeProfile, Task
from plumbline.domain.score_cells import EDGE_NUMBERS, SCORE_CELLS, score_numbers
from plumbline.monitor.alarms.contradiction import RUN_LENGTH, TURNED, Contradiction, contradictions
from tests.bench.detection.changes import CHANGES
from tests.bench.detection.kinds import KINDS
from tests.bench.detection.shifts import drawn
from tests.bench.detection.tally import poisson
from tests.bench.detection.worlds import DAY, NO, START, YES, Drawn

BEGUN = START.to_pydatetime().replace(tzinfo=UTC)


def outcomes_of(log: Drawn) -> tuple[OutcomeProfile, DelayProfile]:
    """What the product's profiles hold of a log at its end: outcomes by day and score, and how late they came."""
    frame, length = log.frame, log.kind.days
    day = ((frame["at"] - START) // DAY).to_numpy()
    known = (frame["known_at"] < log.end).to_numpy()
    yes, flagged = (frame["label"] == YES).to_numpy(), (frame["prediction"] == YES).to_numpy()
    cell = np.searchsorted(EDGE_NUMBERS, score_numbers(frame["score"].to_numpy(float)), side="left")
    cells = np.zeros((length, 2, SCORE_CELLS), np.int64)
    np.add.at(cells, (day[known], yes[known].astype(int), cell[known]), 1)
    confusion = np.zeros((length, 2, 3), np.int64)
    np.add.at(confusion, (day, flagged.astype(int), np.where(known, yes, 2)), 1)
    waited = np.minimum(((frame["known_at"] - frame["at"]) / DAY).fillna(99).to_numpy().astype(int), 91)
    delays, positives = np.zeros((2, length, 92), np.int64)
    np.add.at(delays, (day[known], waited[known]), 1)
    np.add.at(positives, (day[known & yes], waited[known & yes]), 1)
    n, empty = np.bincount(day, minlength=length), np.zeros(length)
    days = tuple((START + i * DAY).date() for i in range(length))
    profile = OutcomeProfile(
        task=Task.BINARY, classes=(NO, YES), positive=YES, days=days, versions=("",) * length, arms=("",) * length, n=n,
        n_labelled=np.bincount(day[known], minlength=length), confusion=confusion, score_cells=cells,
        score_unlabelled=np.zeros((length, SCORE_CELLS), np.int64), sum_log_loss=empty, sum_brier=empty,
        n_scored=cells.sum(axis=(1, 2)), moments=np.zeros((length, 0)), error_ends=np.zeros((2, 0)),
        error_cells=np.zeros((length, 0), np.int64),
    )  # fmt: skip
    return profile, DelayProfile(days=days, counts=delays, n=n, positives=positives)


def as_of(log: Drawn, day: int, brought: int | None = None) -> Drawn:
    """A log at the end of its first ``day`` days; labels of decisions before day ``brought`` are those known by then:
    their file comes after the newest decisions."""
    frame = log.frame[log.frame["at"] < START + day * DAY]
    older = frame["at"] < START + (day if brought is None else brought) * DAY
    known = np.where(older & (brought is not None), START + (brought or 0) * DAY, START + day * DAY)
    seen = frame["known_at"].where(frame["known_at"] < known, START + 10_000 * DAY)
    return replace(log, frame=frame.assign(known_at=seen), kind=replace(log.kind, days=day))


def found(log: Drawn) -> tuple[Contradiction, ...]:
    """What the rule says at a log's end."""
    profile, delay = outcomes_of(log)
    immediate = bool((log.frame["known_at"] == log.frame["at"]).all())
    return contradictions(
        profile, reference=(BEGUN, BEGUN + timedelta(days=log.kind.reference)), delay=None if immediate else delay,
        today=BEGUN + timedelta(days=log.kind.days),
    )  # fmt: skip


def oracle(log: Drawn, share: float = TURNED, within: int = 56) -> float:
    """Days after which the best test of a change at that day, by that share, finds it in 19 logs of 20.

    It knows each true probability and looks once, at the rate of false alarms of one look in ``RUN_LENGTH`` days.
    """
    frame = log.frame[(log.frame["at"] >= log.truth.since)]
    p = frame["score"].to_numpy(float)
    q = (1 - 2 * share) * p + share
    weight = np.log(q / p) - np.log((1 - q) / (1 - p))
    gain, spread = (q - p) * weight, p * (1 - p) * weight**2
    day = ((frame["at"] - log.truth.since) // DAY).to_numpy()
    power = np.cumsum(np.bincount(day, gain)) / np.sqrt(np.cumsum(np.bincount(day, spread)))
    enough = power >= -ndtri(within / RUN_LENGTH) - ndtri(0.05)
    return float(np.argmax(enough) + 1) if enough.any() else np.inf


def since_of(log: Drawn) -> datetime:
    """When a log's change began."""
    return log.truth.since.to_pydatetime().replace(tzinfo=UTC)  # type: ignore[union-attr]


def main(arguments: Sequence[str] | None = None) -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--seeds", type=int, default=8)
    asked.add_argument("--only", action="append", default=[])
    asked.add_argument("--oracle", action="store_true")
    given = asked.parse_args(arguments)
    total, all_years = 0, 0.0
    for kind, own in KINDS.items():
        if own.law is not None or (given.only and kind not in given.only):
            continue
        told = [len(found(drawn(kind, seed))) for seed in range(given.first, given.first + given.seeds)]
        years = given.seeds * (own.days - own.reference) / 365
        total, all_years = total + sum(told), all_years + years
        print(f"{kind}: {sum(told)} in {years:.1f} years {told}", flush=True)
    low, high = poisson(total, max(all_years, 1e-9))
    print(f"all: {total} in {all_years:.1f} years [{low:.2f}, {high:.2f}] a year", flush=True)
    for change in ("labels-5", "slice"):
        late, shares, best = [], [], []
        for seed in range(given.first, given.first + 20):
            log = drawn("fifty-five", seed, change)
            since = since_of(log)
            own = [f for f in found(log) if f.at > since]
            late.append((own[0].at - since) / timedelta(days=1) if own else np.inf)
            shares += [own[0].share] if own else []
            best.append(oracle(log) if given.oracle else np.nan)
        within = CHANGES[change].within
        soon = sum(d <= within for d in late)
        print(
            f"{change}: {soon} of {len(late)} within {within} days, median {np.median(late):.0f}; share "
            f"{np.median(shares):.3f}; the best test {np.median(best):.0f}, at most {max(best):.0f} days"
        )


if __name__ == "__main__":
    main()
