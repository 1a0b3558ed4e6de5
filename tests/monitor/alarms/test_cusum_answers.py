"""Early warnings on small logs: the limit is held against Siegmund's formula and the time between alarms
against simulation in ``test_cusum.py``; courses and alarms come from code that was read, and were looked at by
sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.domain import Task
from plumbline.domain.messages import word
from plumbline.monitor.alarms.cusum import (
    cusum,
    cusum_limit,
    early_warning,
    excursions,
    reference_noise,
    unsure_mean,
    warning_sentence,
)
from tests.known_answers import Table, differences
from tests.monitor.drawn_counts import binary, multiclass, regression
from tests.monitor.outcomes import at, counted, wandering


def _sums() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(121)
    for run_length in (1.5, 10.0, 365.0, 3650.0):
        yield (
            f"a limit of {run_length}",
            [cusum_limit(run_length, allowance) for allowance in (0.1, 0.5, 1.0)],
        )
    starts, ends = [at(i) for i in range(60)], [at(i + 1) for i in range(60)]
    for name, steps in (
        ("chance", rng.integers(-9, 8, 60) / 4),
        ("a rise", np.r_[rng.integers(-9, 7, 30), rng.integers(-3, 9, 30)] / 4),
        ("there and back", np.r_[np.full(10, -1.0), np.full(9, 2.0), np.full(30, -1.5), np.full(11, 3.0)]),
        ("none", np.zeros(60)),
    ):
        sums = cusum(steps)
        yield (
            name,
            (
                sums,
                [
                    excursions(sums, limit, starts, ends, farther)
                    for limit in (2.0, 17.0, 18.0)
                    for farther in (0.0, 1.5)
                ],
            ),
        )
    yield "nothing", cusum(np.empty(0))


def _noise() -> Iterator[tuple[str, Any]]:
    for seed, (days, kept, week) in enumerate(
        ((5, 0.0, 0), (28, 0.0, 0), (56, 0.6, 0), (90, 0.9, 0), (56, 0.0, 2), (59, 0.5, 0), (61, 0.5, 1))
    ):
        rng = np.random.default_rng([122, seed])
        values = wandering(rng, days, kept) + week * (np.arange(days) % 7 >= 5)
        for kept_days in (days, days + 14):
            yield (
                f"{days} of {kept_days} days keep {kept}, week {week}",
                reference_noise(values, [at(i) for i in range(kept_days)]),
            )
    for n in (2, 9, 90):
        yield (
            f"mean of {n}",
            [unsure_mean(n, keep, errors) for keep in (1.0, 2.0, 9.0) for errors in (1.645, 0.5)],
        )


def _logs() -> Iterator[tuple[str, Any]]:
    for seed, rows in enumerate((9, 40, 200)):
        for fall in (None, 60, 80):
            yield f"binary, {rows} a day, a fall at {fall}", binary(131 + seed, 90, rows, fall=fall)
    yield "rare", binary(135, 90, 150, base=-4, fall=50)
    yield "classes", multiclass(136, 80, 30, fall=50)
    yield "numbers", regression(137, 80, 30, fall=50)
    yield "heavy tails", regression(138, 80, 30, fall=50, heavy=True)
    rng = np.random.default_rng(139)
    rows = rng.integers(30, 90, 90)
    share = np.clip(
        0.8 + 0.06 * wandering(rng, 90, 0.7) - 0.15 * ((np.arange(90) > 50) & (np.arange(90) < 62)),
        0.05,
        0.95,
    )
    yield "days keep 0.7", counted(np.round(rows * share).astype(np.int64), rows)


def _warnings() -> Iterator[tuple[str, Any]]:
    for name, profile in _logs():
        names = ("mae", "bias", "rmse") if profile.task is Task.REGRESSION else ("accuracy",)
        if profile.task is Task.BINARY:
            names = ("accuracy", "recall", "positive_rate", "brier", "roc_auc")
        for metric in names:
            for end in (20, 42):
                for run_length in (3650.0, 200.0):
                    said = early_warning(
                        profile, reference=(at(0), at(end)), name=metric, run_length=run_length
                    )
                    sentences = said and [
                        warning_sentence(word("Accuracy", "metric"), said, over=over)
                        for over in (True, False)
                    ]
                    brief = said and (
                        said.sums[-9:],
                        said.limit,
                        said.run_length,
                        said.at,
                        said.since,
                        said.alarms,
                        said.dependent,
                    )
                    yield f"{name}: {metric} from {end}, {run_length}", (brief, sentences)
    profile = binary(140, 30, 40)
    yield "nothing after", early_warning(profile, reference=(at(0), at(40)))
    yield "no reference", early_warning(profile, reference=(at(50), at(60)))


TABLES: dict[str, Table] = {"sums": _sums, "noise": _noise, "warnings": _warnings}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
