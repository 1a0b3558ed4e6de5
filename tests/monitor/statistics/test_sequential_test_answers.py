"""Two arms while they run, on small sums: held against scipy's ``chisquare`` and ``chi2_contingency`` and the
mixture's likelihood ratio by numerical integration when they were written; for the rest the code was read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.monitor.statistics.sequential_test import (
    ArmSums,
    always_valid,
    detectable_difference,
    difference_by_look,
    sample_ratio,
    standard_error,
    time_to_detect,
)
from tests.known_answers import Table, differences


def _arms(seed: int, looks: int, rows: float, apart: float, *, proportion: bool, subjects: bool) -> ArmSums:
    rng = np.random.default_rng([7, seed])
    n = rng.integers(0, max(int(2 * rows), 1) + 1, (looks, 2)).astype(float)
    hour = (
        rng.integers(0, 5, (looks, 1)) / 10 if seed % 2 else np.zeros((looks, 1))
    )  # what both arms meet in an hour
    own = rng.integers(-2, 3, (looks, 2)) / 20 if seed % 2 else 0.0  # and one arm alone
    if proportion:
        total = np.floor(
            n * (0.3 + hour + own + np.array([0.0, apart]) / 2) + rng.integers(0, 2, n.shape) * (n > 2)
        )
        squares = total
    else:
        total = n * (2.0 + 3 * hour + 9 * own + np.array([0.0, apart])) + rng.integers(-3, 4, n.shape)
        squares = total**2 / np.maximum(n, 1) + 3 * n
    known = np.ceil(n / 2) if subjects else None
    spread = n.prod(1) / np.maximum(n.sum(1), 1) * rng.integers(1, 5, looks) if subjects else None
    return ArmSums(n, total, squares, known, spread)


def _series() -> Iterator[tuple[str, ArmSums, bool]]:
    for seed, (looks, rows, apart) in enumerate(
        (
            (1, 9, 0.0),
            (5, 400, 0.1),
            (6, 400, 0.1),
            (7, 40, 0.3),
            (12, 90, -0.2),
            (30, 12, 0.25),
            (30, 200, 0.02),
            (40, 60, 0.4),
        )
    ):
        for proportion in (False, True):
            for subjects in (False, True):
                name = f"{looks} looks of {rows}, {apart} apart, {'shares' if proportion else 'numbers'}"
                arms = _arms(seed, looks, rows, apart, proportion=proportion, subjects=subjects)
                yield f"{name}{', subjects' if subjects else ''}", arms, proportion


def _difference() -> Iterator[tuple[str, Any]]:
    for name, arms, _ in _series():
        yield name, difference_by_look(arms)


def _always_valid() -> Iterator[tuple[str, Any]]:
    for name, arms, proportion in _series():
        for tau in (0.01, 0.1, 1.0):
            yield f"{name}, tau {tau}", always_valid(arms, tau, proportion=proportion)
    for n in (99, 100, 399, 400):
        whole = np.full((1, 2), float(n))
        share = np.array([[n // 4, n // 2]], dtype=float)
        known = ArmSums(whole, share, share, whole, np.array([n / 8.0]))
        yield f"one look of {n}, numbers", always_valid(known, 0.1, proportion=False)
        yield f"one look of {n}, shares", always_valid(known, 0.1, proportion=True)
    for events in (9, 10, 11, 990, 991):
        whole, share = np.full((1, 2), 1000.0), np.array([[events, 500.0]])
        yield (
            f"{events} events of 1000",
            always_valid(ArmSums(whole, share, share, whole, np.array([1.0])), 0.1, proportion=True),
        )
    yield "no look", always_valid(ArmSums(*np.zeros((3, 0, 2))), 0.1, proportion=True)


def _power() -> Iterator[tuple[str, Any]]:
    for name, arms, _ in _series():
        total = arms.sum_looks()
        yield name, (standard_error(total), detectable_difference(total), detectable_difference(total, 2.5))
        waits = [
            time_to_detect(total, elapsed, matters, times)
            for elapsed in (0, 30)
            for matters in (0, 0.01, 0.5)
            for times in (1, 3)
        ]
        yield f"{name}: until", waits
    for n in (0, 1, 2):
        few = ArmSums(np.array([n, 9.0]), np.array([n / 2, 4.0]), np.array([n / 2, 4.0]))
        yield f"an arm of {n}", (few.mean, few.variance, standard_error(few), detectable_difference(few))


def _ratio() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(8)
    blocks = {
        "nothing": np.zeros((3, 2)),
        "one arm": np.array([[9.0, 0], [8, 0]]),
        "even": rng.integers(40, 60, (9, 2)).astype(float),
        "ramp": np.column_stack([np.full(10, 50.0), np.arange(5, 55, 5)]),
        "step": np.column_stack([np.full(12, 60.0), np.repeat([20.0, 80.0], 6)]),
        "few": np.array([[10.0, 9], [4, 5], [12, 14], [5, 5]]),
        "exactly five": np.array([[5.0, 5], [5, 5], [5, 5]]),
        "one block": np.array([[300.0, 200]]),
        "two blocks": np.array([[300.0, 200], [280, 240]]),
        "at 40 %": np.array([[60.0, 40], [120, 80]]),
        "under 40 %": np.array([[61.0, 39], [122, 78]]),
        "over 60 %": np.array([[39.0, 61], [78, 122]]),
        "large": rng.integers(4000, 6000, (6, 2)).astype(float),
    }
    for name, n in blocks.items():
        for intended in (None, 0.5, 0.4, 0.0, 1.0):
            for independent in (True, False):
                one = sample_ratio(n, intended, independent=independent, unit="subjects")
                yield f"{name}, {intended} intended{'' if independent else ', repeats'}", (one, one.status)


TABLES: dict[str, Table] = {
    "difference_by_look": _difference,
    "always_valid": _always_valid,
    "power": _power,
    "sample_ratio": _ratio,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
