"""How often limits of weeks, or months, hold the truth, without a workspace: a log in a second instead of a minute.

python -m tests.bench.detection.weekly_limits [--first SEED] [--seeds N] [--only KIND]... [--by week]
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from plumbline.monitor.performance.series import performance
from tests.bench.detection.contradictions import BEGUN, outcomes_of
from tests.bench.detection.coverage import truth
from tests.bench.detection.kinds import KINDS
from tests.bench.detection.shifts import drawn
from tests.bench.detection.worlds import DAY, START, YES

METRICS = ("accuracy", "recall", "precision", "roc_auc", "brier")


def limits(kind: str, seed: int, by: str) -> dict[str, tuple[int, int, float]]:
    """By metric: chunks with limits, those that hold the truth, and the sum of their widths."""
    log = drawn(kind, seed)
    day = ((log.frame["at"] - START) // DAY).to_numpy()
    loss = (log.frame["score"] - (log.frame["label"] == YES)) ** 2
    profile = replace(outcomes_of(log)[0], sum_brier=np.bincount(day, loss, log.kind.days))
    reference, true = (BEGUN, BEGUN + timedelta(days=log.kind.reference)), truth(KINDS[kind])
    points = performance(profile, reference=reference, by=by, metrics=METRICS)
    made = {}
    for name in METRICS:
        own = [(p.low - p.bound, p.high + p.bound) for p in points
               if p.metric == name and p.low is not None and p.high is not None]  # fmt: skip
        held = sum(low <= true[name] <= high for low, high in own)
        made[name] = (len(own), held, float(sum(high - low for low, high in own)))
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--seeds", type=int, default=8)
    asked.add_argument("--only", action="append", default=[])
    asked.add_argument("--by", default="week")
    given = asked.parse_args(arguments)
    for kind in given.only or (
        "independent",
        "ar-0.3",
        "ar-0.5",
        "ar-0.8",
        "repeats-3",
        "repeats-5",
        "repeats-20",
    ):
        n, held, width = Counter[str](), Counter[str](), Counter[str]()
        for seed in range(given.first, given.first + given.seeds):
            for name, (chunks, right, wide) in limits(kind, seed, given.by).items():
                n[name], held[name] = n[name] + chunks, held[name] + right
                width[name] += wide  # type: ignore[assignment]
        each = ", ".join(
            f"{name} {held[name] / n[name]:.3f} ({width[name] / n[name]:.4f} wide)" for name in METRICS
        )
        print(
            f"{kind}: {n[METRICS[0]]} {given.by}s, {held.total() / n.total():.3f} in all; {each}", flush=True
        )


if __name__ == "__main__":
    main()
