"""Ratios of proportions on small counts: held against scipy's ``relative_risk`` and ``studentized_range`` and a
score that was maximised numerically when they were written."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from plumbline.monitor.statistics.ratios import katz, koopman, range_p, range_z
from tests.known_answers import Table, differences

COUNTS = ((0, 1), (1, 1), (0, 10), (1, 10), (5, 10), (9, 10), (10, 10), (3, 400), (120, 400), (399, 400))


def _katz() -> Iterator[tuple[str, Any]]:
    for (x1, n1), (x0, n0) in product(COUNTS, COUNTS):
        if x0:
            yield f"{x1} of {n1} over {x0} of {n0}", katz(x1, n1, x0, n0)
    yield "narrower", katz(3, 40, 9, 50, 1.0)


def _koopman() -> Iterator[tuple[str, Any]]:
    for (x1, n1), (x0, n0) in product(COUNTS, COUNTS):
        yield f"{x1} of {n1} over {x0} of {n0}", koopman(x1, n1, x0, n0)
    yield "narrower", koopman(3, 40, 9, 50, 1.0)


def _range() -> Iterator[tuple[str, Any]]:
    for p, groups in product((0.0, 1e-9, 9.9e-8, 1.01e-7, 1e-4, 0.003, 0.04, 0.3, 1.0), (1, 2, 3, 4, 10, 40)):
        yield f"p {p} of {groups}", range_p(p, groups)
    for groups in (1, 2, 3, 4, 7, 30):
        yield f"width of {groups}", range_z(groups)


TABLES: dict[str, Table] = {"katz": _katz, "koopman": _koopman, "range": _range}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
