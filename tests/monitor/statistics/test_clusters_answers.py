"""Design effects of small samples: the formulas are held in ``test_clusters.py``; the code was read, and the
answers looked at by sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.domain import SlicedColumn, SlicedRows
from plumbline.monitor.statistics.clusters import design_effect, run_design_effect, subject_design_effect
from tests.known_answers import Table, differences

SIZES = (0, 1, 2, 4, 5, 6, 40, 300)


def _rows(values: Any, units: Any, codes: list[Any], *, named: bool) -> SlicedRows:
    columns = tuple(SlicedColumn(name=f"c{i}", labels=("a", "b")) for i in range(len(codes)))
    return SlicedRows(
        values=values, columns=columns, codes=tuple(codes), available=len(values), units=units, named=named
    )


def _rows_effect() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(2)
    for n in SIZES:
        for units in (1, 4, 5, 9):
            unit = rng.integers(0, units, n)
            level = rng.integers(0, 2, units)[unit] if n else np.zeros(0, int)
            for name, values in (
                ("chance", rng.integers(0, 2, n)),
                ("alike", level),
                ("half", level * rng.integers(0, 2, n)),
            ):
                codes = [rng.integers(0, 3, n) for _ in range(3)]
                for named in (False, True):
                    row = _rows(values.astype(float), unit, codes, named=named)
                    yield f"{n} rows of {units} {'subjects' if named else 'days'}, {name}", design_effect(row)
    yield "no unit", design_effect(_rows(np.arange(9.0), None, [], named=False))
    yield "no column", design_effect(_rows(np.arange(9.0), np.arange(9), [], named=False))


def _runs() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(3)
    for n in (0, 1, 249, 250, 499, 500, 999, 1000, 1400):
        for run in (1, 5, 40):
            values = np.repeat(rng.integers(0, 2, n // run + 1), run)[:n].astype(float)
            yield f"{n} in runs of {run}", run_design_effect(values)
    yield "constant", run_design_effect(np.ones(1000))


def _subjects() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(4)
    for n in (0, 1, 2, 3, 30, 400):
        for often in (1, 3, 20):
            subject = (np.arange(n) // often).astype(np.uint64)
            for name, values in (
                ("alike", (subject % 2).astype(float)),
                ("chance", rng.integers(0, 9, n) / 4),
            ):
                yield f"{n} rows, {often} a subject, {name}", subject_design_effect(values, subject)


TABLES: dict[str, Table] = {"design_effect": _rows_effect, "runs": _runs, "subjects": _subjects}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
