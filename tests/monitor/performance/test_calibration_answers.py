"""Calibration curves of small systems: the curve, its error and Cox's coefficients are held against
scikit-learn and a logistic regression in ``test_calibration.py``; the verdicts and sentences come from code
that was read, and were looked at by sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from plumbline.monitor.performance.calibration import (
    calibration,
    calibration_sentence,
    chance_level,
    cox,
    expected_error,
    join_cells,
    observed_over_expected,
    recalibrate,
)
from tests.known_answers import Table, differences
from tests.monitor.drawn_counts import binary, profiles


def _curves() -> Iterator[tuple[str, Any]]:
    cases = [*profiles(), ("too high", binary(71, 10, 90, base=-1)), ("under a hundred", binary(72, 3, 16))]
    cases += [
        ("turned", binary(73, 10, 90, fall=0)),
        ("rare and turned", binary(74, 20, 200, base=-4, fall=0)),
    ]
    for name, profile in cases:
        half = replace(profile, versions=tuple(str(i % 2) for i in range(len(profile.days))))
        said = calibration(half, by_version=True)
        yield name, (said, calibration_sentence(said))


def _cells() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(75)
    for size, rows in ((40, 30), (40, 300), (200, 2000), (40, 9)):
        cells = np.stack([rng.integers(0, rows // 5, size), rng.integers(0, rows // 9 + 1, size)]).astype(
            float
        )
        cells[:, rng.random(size) < 0.6] = 0
        cells[0, 3] += 2
        cells[:, 20] += 1
        for bins in (1, 5, 15):
            score, share, n = join_cells(cells, bins)
            yield f"{size} cells of {rows}, {bins} bins", (score, share, n, expected_error(score, share, n))
            yield f"{size} cells of {rows}, {bins} bins, learnt", recalibrate(cells, bins, 2.0)
        yield f"{size} cells of {rows}", (cox(cells), chance_level(*join_cells(cells)[::2]))
    one = np.zeros((2, 40))
    one[:, 7] = 30
    yield "one cell", (cox(one), recalibrate(one, 5, 2.0))
    one[1] = 0
    yield "no event", (cox(one), recalibrate(one, 5, 2.0), recalibrate(0 * one, 5, 2.0))
    for events in (9, 10):
        few = np.zeros((2, 40))
        few[0, 5:25], few[1, 20 : 20 + events] = 9, 1
        yield f"{events} events", cox(few)


def _counts() -> Iterator[tuple[str, Any]]:
    for observed in (0, 1, 7, 400):
        for expected in (0.0, 0.4, 7.0, 380.0):
            yield (
                f"{observed} of {expected}",
                [
                    observed_over_expected(observed, expected, bound, level)
                    for bound in (0.0, 0.3)
                    for level in (0.95, 0.99)
                ],
            )


TABLES: dict[str, Table] = {"curves": _curves, "cells": _cells, "counts": _counts}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
