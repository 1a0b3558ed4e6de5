"""Whole rows against the reference where few different rows are possible: AUCs are held against scikit-learn's
and a permutation by hand in ``test_multivariate.py``; the rest comes from code that was read, and was looked at
by sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from plumbline.domain import Kind
from plumbline.monitor.drift.multivariate import (
    _copies,
    _count_possible_rows,
    _errors,
    _hanley_mcneil,
    _levels_auc,
    auc_with_limits,
    classifier_auc,
    compare,
    components,
    encoder,
)
from tests.known_answers import Table, differences
from tests.monitor.outcomes import at


def _aucs() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(291)
    for n in (2, 9, 60):
        scores, y = rng.integers(0, 7, n) / 3.0, np.arange(n) % 2
        said = auc_with_limits(scores, y)
        assert said[0] == pytest.approx(roc_auc_score(y, scores))
        yield f"{n} rows", said
    for auc in (0.0, 0.5, 0.73, 1.0):
        for a, b in ((1, 1), (0.5, 3.0), (40, 200), (200, 40)):
            yield f"{auc} of {a} and {b}", _hanley_mcneil(auc, a, b)


def _levels() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(292)
    for rows, copies in ((2, 9), (4, 20), (6, 50)):
        n = rng.integers(0, copies, (rows, 4)).astype(float) + 1
        ones = np.floor(n * rng.random((rows, 1)))
        yield (
            f"{rows} rows of {copies}",
            (_levels_auc(n, ones), _levels_auc(n, n / 2), _levels_auc(n, 0 * n + (n > 1))),
        )
    for repeats in (1, 3, 9):
        row = np.repeat(np.arange(30), repeats)
        for name, y in (
            ("by row", (row % 2)),
            ("mixed", np.arange(len(row)) % 2),
            ("by chance", rng.integers(0, 2, len(row))),
        ):
            yield f"{repeats} of a row, {name}", _copies(row, y)
    yield (
        "possible",
        [
            _count_possible_rows(x)
            for x in (
                np.ones((5, 2)),
                np.arange(10.0).reshape(5, 2),
                rng.integers(0, 3, (40, 3)).astype(float),
            )
        ],
    )
    yield "errors", _errors(rng.integers(-4, 5, (6, 3)) / 2.0, np.eye(3)[:, :2])


def _rows(seed: int, n: int, moved: bool) -> list[Any]:
    rng = np.random.default_rng([293, seed])
    a = rng.integers(0, 3, n)
    b = np.where(rng.random(n) < (0.8 if moved else 0.3), a, rng.integers(0, 3, n))
    words = np.array(["u", "v", "w", None], object)[np.where(rng.random(n) < 0.1, 3, b)]
    return [
        ("a", Kind.NUMERIC, np.where(rng.random(n) < 0.05, np.nan, a.astype(float))),
        ("w", Kind.CATEGORICAL, words),
    ]


def _windows() -> Iterator[tuple[str, Any]]:
    reference = _rows(1, 900, False)
    encode = encoder(reference)
    fitted = components(encode.matrix(reference), np.arange(900) // 150)
    for name, n, moved in (
        ("alike", 700, False),
        ("moved", 700, True),
        ("few", 99, True),
        ("twenty", 20, False),
    ):
        window = _rows(2, n, moved)
        yield f"{name}: {n}", compare(encode, reference, fitted, window, (at(0), at(7)))
    still = [("a", Kind.NUMERIC, np.ones(900)), ("w", Kind.CATEGORICAL, np.full(900, "u", object))]
    own = encoder(still)
    yield (
        "still",
        compare(own, still, components(own.matrix(still), np.arange(900) // 450), still, (None, at(7))),
    )
    x = np.vstack([encode.codes(reference), encode.codes(_rows(3, 900, True))])
    yield "classifier", classifier_auc(x, np.r_[np.zeros(900), np.ones(900)].astype(int))
    yield "three rows", classifier_auc(np.arange(300.0)[:, None] % 3, np.arange(300) % 2)


TABLES: dict[str, Table] = {"aucs": _aucs, "levels": _levels, "windows": _windows}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name], 1e-7) == []
