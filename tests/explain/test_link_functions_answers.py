"""Links, rounding steps, cut-offs and grades of small sets of scores: the code was read, and the answers looked
at by sample; the cut-off is held against a search of every place, the ridge against numpy's own solution, in
``test_surrogate.py``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.domain import Task
from plumbline.explain.link_functions import (
    IDENTITY,
    LOGIT,
    PERCENT,
    PERCENT_LOGIT,
    PROBABILITY,
    link_candidates,
    rounding_step,
    score_range,
    surrogate_link,
    tolerance,
)
from plumbline.explain.surrogate import (
    _clip_scores,
    _fit_ridge,
    _predict_linear,
    _r2,
    grade_fidelity,
    infer_cutoff,
)
from tests.known_answers import Table, differences


def _scores() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(211)
    some = rng.random(60)
    yield "nothing", np.empty(0)
    yield "nan alone", np.array([np.nan, np.nan])
    yield "one", np.array([0.5])
    yield "nineteen values", np.round(some[:19], 2)
    yield "twenty values", np.arange(20) / 100
    yield "with gaps", np.r_[np.round(some, 3), np.nan, np.inf]
    for decimals in (0, 1, 2, 4, 6):
        yield f"{decimals} decimals", np.round(100 * some, decimals)
        yield f"{decimals} decimals of one", np.round(some, decimals)
    yield "raw", some
    yield "edges", np.r_[0.0, 1.0, np.round(some, 2)]
    yield "just above one", np.r_[some, 1.0000001]
    yield "a hundred", np.r_[100 * some, 100.0]
    yield "above a hundred", np.r_[100 * some, 100.1]
    yield "below nought", np.r_[some, -1e-9]
    yield "large", 1e6 * some
    yield "constant", np.full(30, 7.0)


def _ranges() -> Iterator[tuple[str, Any]]:
    for name, scores in _scores():
        said = []
        for task in Task:
            said += [
                [one.name for one in link_candidates(scores, task)],
                surrogate_link(scores, task).name,
                tolerance(scores, task),
            ]
        yield name, (score_range(scores), rounding_step(scores), said)
        if len(scores) and np.isfinite(scores).any():
            yield (
                f"{name}, moved in",
                [_clip_scores(scores, one)[:6] for one in (LOGIT, PERCENT_LOGIT, IDENTITY)],
            )


def _links() -> Iterator[tuple[str, Any]]:
    x = np.array([-1.0, 0.0, 1e-9, 0.25, 0.5, 0.9999, 1.0, 1.5, 50.0, 100.0, np.nan])
    for link in (IDENTITY, PROBABILITY, LOGIT, PERCENT, PERCENT_LOGIT):
        yield (
            link.name,
            (link.space, link.forward(x), link.back(np.array([-800.0, -3.0, 0.0, 2.5, 800.0, np.nan]))),
        )


def _cutoffs() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(212)
    for n in (1, 2, 5, 30):
        scores = np.round(rng.random(n), 1)
        for name, yes in (
            ("all", np.ones(n, bool)),
            ("none", np.zeros(n, bool)),
            ("above", scores >= 0.5),
            ("below", scores < 0.5),
            ("by chance", rng.random(n) < 0.5),
        ):
            yield f"{n}, {name}", infer_cutoff(scores, yes)
    yield "gaps", infer_cutoff(np.array([np.nan, 0.2, 0.4, np.nan]), np.array([True, False, True, False]))
    yield "one score", infer_cutoff(np.array([0.5, 0.5, 0.5]), np.array([True, False, True]))


def _grades() -> Iterator[tuple[str, Any]]:
    for r2 in (-1.0, 0.8999, 0.9, 0.9699, 0.97, 1.0):
        for agreement in (None, 0.0, 0.8999, 0.9, 0.9499, 0.95, 1.0):
            yield f"{r2} and {agreement}", grade_fidelity(r2, agreement)


def _ridges() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(213)
    for n, p in ((5, 1), (30, 3), (30, 5)):
        design, target = rng.integers(-4, 5, (n, p)) / 2.0, rng.integers(-9, 10, n) / 2.0
        fitted = _fit_ridge(design, target)
        yield (
            f"{n} rows of {p}",
            (fitted, _predict_linear(fitted, design[:3]), _r2(target, _predict_linear(fitted, design))),
        )
    yield "no spread", _r2(np.ones(4), np.zeros(4))


TABLES: dict[str, Table] = {
    "ranges": _ranges,
    "links": _links,
    "cutoffs": _cutoffs,
    "grades": _grades,
    "ridges": _ridges,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
