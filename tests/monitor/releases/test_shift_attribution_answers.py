"""The split of a change, and inputs that give the outcome away, on drawn samples: small, constant, missing, unlike any
before. The rules are held against being written out slowly by ``test_shift_attribution_reference.py`` and
``test_leakage_reference.py``; here every figure of more samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.domain import Task
from plumbline.monitor.quality.leakage import auc_with_limit, leaks
from plumbline.monitor.releases import shift_attribution as attribution
from tests.known_answers import Table, differences
from tests.monitor.quality.test_leakage_reference import drawn as inputs_of
from tests.monitor.releases.test_shift_attribution_reference import drawn


def _splits() -> Iterator[tuple[str, Any]]:
    for seed in range(100, 148):
        before, after, old, new = drawn(seed)
        yield f"{seed}", attribution.split(before, after, old, new)
        few = 1 + seed % 12
        yield f"{seed}, {few} rows", attribution.world_share(before, after[:few], old, new[:few])
    before, after, old, new = drawn(101)
    yield "no row after", attribution.split(before, after[:0], old, new[:0])
    yield "no row before", attribution.split(before[:0], after, old[:0], new)
    yield "no input", attribution.split(before[:, :0], after[:, :0], old, new)
    yield "nothing changed", attribution.split(before, before, old, old)
    yield "all known alike", attribution.split(before, after, 0 * old + 1, 0 * new + 1)
    yield "several outcomes", attribution.splits(before, after, [(old, new), (1 - old, new)])


def _balances() -> Iterator[tuple[str, Any]]:
    for seed in range(24):
        rng = np.random.default_rng([631, seed])
        x = rng.integers(-4, 5, (int(rng.choice([2, 9, 40])), int(rng.choice([1, 2, 4])))) / 2.0
        target = rng.choice([0.0, 0.25, 0.6, 9.0]) * np.ones(x.shape[1]) + x.mean(axis=0) * 0.5
        found = attribution.balance(x, target)
        yield f"{seed}", None if found is None else np.round(found, 7)


def _leaks() -> Iterator[tuple[str, Any]]:
    for seed in range(50, 80):
        outcome, inputs, task = inputs_of(seed)
        yield f"{seed}", leaks(outcome, inputs, task)
        yield (
            f"{seed} of few",
            leaks(outcome[:12], {k: (kind, v[:12]) for k, (kind, v) in inputs.items()}, task),
        )
    yield "nothing", leaks(np.zeros(0), {}, Task.BINARY)
    for seed in range(24):
        rng = np.random.default_rng([632, seed])
        sizes = rng.choice([1, 2, 5, 30, 31, 90], 2)
        positive, negative = (
            rng.integers(0, 9, size) + 6.0 * side * (seed % 3)
            for side, size in zip((1, 0), sizes, strict=True)
        )
        yield f"area {seed}", auc_with_limit(positive, negative)


TABLES: dict[str, Table] = {"splits": _splits, "balances": _balances, "leaks": _leaks}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
