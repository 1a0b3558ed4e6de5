"""The long table in which partial counts travel: its columns, its parts, and how it is added up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

#: what identifies a count; ``name`` and ``other`` may be missing
KEYS = ("part", "version", "arm", "day", "code", "name", "other")
#: how each of the other columns is added up
SUMS = {"n": "sum", "x": "sum", "y": "sum", "low": "min", "high": "max", "top": "max"}
#: parts below nought; from 0 on a part is the place of a column in the plan
ROWS, PRESENT, PAIRS, HOURS, DELAYS, BY_NUMBER, BY_CELL, LOSSES, MOMENTS, ERRORS = range(-1, -11, -1)
#: codes of a column beside its cells: sums of a numeric one, rows without a level, a level that the grid lacks
TOTALS, NO_LEVEL, UNSEEN = -1, -2, -3
#: no time
LATEST, EARLIEST = np.iinfo(np.int64).max, np.iinfo(np.int64).min


def schema() -> Any:
    """The table's columns as Arrow has them."""
    import pyarrow as pa

    texts, numbers = ("version", "arm", "name", "other"), ("x", "y")
    kinds = {"part": pa.int32(), "day": pa.int32()}
    kinds |= dict.fromkeys(texts, pa.string()) | dict.fromkeys(numbers, pa.float64())
    return pa.schema([(name, kinds.get(name, pa.int64())) for name in (*KEYS, *SUMS)])


def sum_tables(tables: Iterable[Any]) -> Any:
    """Partial counts of several places as one table, rows with the same key added."""
    import pyarrow as pa

    table = pa.concat_tables([schema().empty_table(), *tables])
    added = table.group_by(list(KEYS)).aggregate(list(SUMS.items()))
    return added.rename_columns([*KEYS, *SUMS] if added.column_names[0] == "part" else [*SUMS, *KEYS]).select(
        [*KEYS, *SUMS]
    )
