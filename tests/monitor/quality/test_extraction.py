"""Callers who feel a model out: lines and grids are seen, people's inputs are not taken for them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from plumbline.monitor.quality.extraction import (
    FEWEST,
    CallerQueries,
    _is_enumeration,
    caller_queries,
    count_neighbours,
    probes,
)

Inputs = NDArray[np.float64]
LEVELS = (0, 0, 5, 8, 20, 3)  # how many values each input has; 0: a number of two decimals


def people(n: int, seed: int) -> Inputs:
    draw = np.random.default_rng(seed)
    return np.column_stack(
        [np.round(draw.normal(0, 1, n), 2) if k == 0 else draw.integers(0, k, n) for k in LEVELS]
    )


def line(n: int, seed: int) -> Inputs:
    """Each of some people's inputs, ten times with one of them moved."""
    draw, rows = np.random.default_rng(seed), np.repeat(people(n // 10, seed), 10, axis=0)
    moved = draw.integers(0, len(LEVELS), len(rows))
    rows[np.arange(len(rows)), moved] = np.round(draw.normal(0, 2, len(rows)), 2)
    return rows


def grid(side: int) -> Inputs:
    points = np.array(list(itertools.product(np.linspace(0, 1, side), repeat=4)))
    return np.random.default_rng(1).permutation(np.hstack([points, np.zeros((len(points), 2))]))


def hashes(rows: Inputs) -> NDArray[np.uint64]:
    return np.round(rows * 1000).astype(np.int64).view(np.uint64)


def queries(own: Inputs, others: Inputs | None) -> CallerQueries:
    return caller_queries("app", hashes(own), None if others is None else hashes(others))


def test_inputs_side_by_side_are_counted_once_each() -> None:
    rows = np.array([[1, 2, 3], [1, 2, 4], [1, 2, 4], [9, 9, 9], [3, 2, 1]], dtype=np.uint64)
    assert count_neighbours(rows) == (4, 2)  # 3, 2, 1 holds the same values in other places
    assert count_neighbours(np.empty((0, 0), dtype=np.uint64)) == (0, 0)


@pytest.mark.parametrize("seed", range(3))
def test_who_moves_one_input_at_a_time_is_seen(seed: int) -> None:
    walk = queries(line(600, seed), people(600, 9))
    assert walk.share > 0.7
    assert probes(walk) is True
    assert not walk.enumerates


@pytest.mark.parametrize("part", [1.0, 0.5])
def test_who_goes_through_combinations_is_seen_even_alone(part: float) -> None:
    rows = grid(5)
    walk = queries(rows[: int(part * len(rows))], None)
    assert walk.enumerates
    assert probes(walk) is True
    assert probes(queries(rows, people(250, 1))) is True  # others who ask less hide nothing


def test_people_are_not_taken_for_it() -> None:
    for seed in range(8):
        draw = np.random.default_rng(seed)
        own = people(900, seed)
        alike = draw.random((900, 4)) < 0.6  # a branch with customers much alike
        own[:, 2:] = np.where(alike, 0, own[:, 2:])
        assert probes(queries(own, people(900, 50 + seed))) is False


def test_what_nobody_can_tell_is_not_said() -> None:
    alone = queries(line(600, 3), None)
    assert probes(alone) is None
    assert alone.usual_share is None
    coarse = np.random.default_rng(2).integers(0, 4, (2000, 5)).astype(float)
    assert probes(queries(coarse[:1000], coarse[1000:])) is None


def test_who_has_nobody_beside_it_is_not_called_clean() -> None:
    assert probes(queries(people(600, 3), None)) is None  # one caller with all the traffic
    apart = np.arange(3600.0).reshape(600, 6)  # no input beside another
    assert probes(queries(apart, None)) is None
    assert probes(queries(apart, people(600, 9))) is False
    assert probes(queries(people(600, 3), people(150, 9))) is None


def test_who_is_cut_to_too_few_inputs_is_not_called_clean() -> None:
    repeats = np.vstack([np.repeat(people(20, 5), 20, axis=0), line(1600, 3)])
    walk = queries(repeats, people(300, 9))  # its newest 300 hold 15 different inputs
    assert walk.n < 200 <= walk.different
    assert probes(walk) is None


def test_a_few_questions_are_no_copy() -> None:
    assert probes(queries(line(150, 1), people(600, 9))) is False
    assert probes(queries(grid(3), people(600, 9))) is False


def test_as_many_inputs_of_others_are_compared() -> None:
    walk = queries(line(2000, 1), people(400, 2))
    assert walk.n <= 400
    assert walk.usual_n <= 400
    assert walk.asked == 2000


@pytest.mark.parametrize(("asked", "cells"), [(400, 500.0), (1000, 900.0), (400, 1600.0)])
def test_more_different_inputs_than_drawing_gives_are_an_enumeration(asked: int, cells: float) -> None:
    """The number of different ones that equally likely draws give has its mean and spread by simulation."""
    rng = np.random.default_rng(3)
    drawn = np.array([len(np.unique(rng.integers(0, int(cells), asked))) for _ in range(3000)])
    assert not _is_enumeration(asked, int(drawn.mean() + 4.6 * drawn.std()), cells)
    assert _is_enumeration(asked, int(np.ceil(drawn.mean() + 5.6 * drawn.std())), cells)
    assert not _is_enumeration(asked, asked, 4.0 * asked + 1)
    assert not _is_enumeration(asked, FEWEST - 1, cells)


def test_all_combinations_asked_once_are_an_enumeration_only_where_there_are_enough() -> None:
    assert _is_enumeration(FEWEST, FEWEST, float(FEWEST))
    assert not _is_enumeration(FEWEST - 1, FEWEST - 1, float(FEWEST - 1))
