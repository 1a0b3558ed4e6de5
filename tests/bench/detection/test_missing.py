"""The most powerful rule for values that go missing: its time between false alarms, by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.detection.missing import best_limit, run_length


def _simulated(limit: float, share: float, before: float, after: float, runs: int = 3000) -> float:
    """The mean number of people until the sum reaches the limit, many runs side by side."""
    rng = np.random.default_rng(2)
    sums, people = np.zeros(runs), np.zeros(runs)
    while len(sums):
        step = np.where(
            rng.random(len(sums)) < share, np.log(after / before), np.log((1 - after) / (1 - before))
        )
        sums = np.maximum(sums + step, 0.0)
        people[: len(sums)] += 1
        order = np.argsort(
            sums >= limit, kind="stable"
        )  # those that are done come last, and stay as they are
        people[: len(sums)] = people[: len(sums)][order]
        sums = sums[order][: int((sums < limit).sum())]
    return float(people.mean())


@pytest.mark.parametrize("share", [0.02, 0.07])
def test_the_time_between_alarms_is_that_of_simulation(share: float) -> None:
    assert run_length(3.0, share, 0.02, 0.07) == pytest.approx(_simulated(3.0, share, 0.02, 0.07), rel=0.06)


def test_with_more_people_a_day_the_limit_is_higher() -> None:
    assert best_limit(11, 0.02, 0.069, cells=150) < best_limit(55, 0.02, 0.069, cells=150)
