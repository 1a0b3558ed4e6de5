"""What was counted in NumPy, as Arrow tables to be stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from plumbline.profile.levels import Levels
from plumbline.profile.numeric import Numbers
from plumbline.profile.stream import Groups

#: counts that one table holds at most, so that many groups of many columns take no more memory than they must
MOST_COUNTS = 4_000_000


def tables(groups: Groups, counters: Sequence[Numbers | Levels]) -> Iterator[Any]:
    """Rows of ``profile_feature`` (the columns of ``features.COLUMNS``), some of the counters' at a time."""
    import pyarrow as pa

    if not groups.numbers:
        return
    taken, held = [], 0
    for counter in counters:
        taken.append(_table(groups, counter))
        held += len(groups.numbers) * counter.counts.shape[1]
        if held > MOST_COUNTS:
            yield pa.concat_tables(taken)
            taken, held = [], 0
    if taken:
        yield pa.concat_tables(taken)


def _table(groups: Groups, counter: Numbers | Levels) -> Any:
    import pyarrow as pa

    n = len(groups.numbers)
    versions, arms, days = groups.keys()
    rows = counter.rows()
    none = np.zeros(n)
    return pa.table(
        {
            "col": pa.array([counter.grid.column] * n, pa.string()),
            "version": pa.array(versions, pa.string()),
            "arm": pa.array(arms, pa.string()),
            "day": pa.array(days, pa.date32()),
            "counts": lists(rows["counts"][:n]),
            "missing": rows["missing"][:n],
            "total": rows.get("total", none)[:n],
            "squares": rows.get("squares", none)[:n],
            "other": pa.array(rows.get("other", [[]] * n)[:n], pa.list_(pa.string())),
            "other_n": pa.array(rows.get("other_n", [[]] * n)[:n], pa.list_(pa.uint32())),
        }
    )


def lists(matrix: Any) -> Any:
    """Each row of a matrix (n, width) as one list."""
    import pyarrow as pa

    n, width = matrix.shape
    offsets = np.arange(n + 1, dtype=np.int32) * width
    return pa.ListArray.from_arrays(offsets, np.ascontiguousarray(matrix).ravel())
