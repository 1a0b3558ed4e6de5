"""The sum of the hashes of rows with very many columns, as DuckDB's ``sum(hash(...))`` gives it.

DuckDB holds blocks of every column that a statement reads; so columns are read some at a time, and their hashes put
together here, by the same arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np

from plumbline.store.sql import ident

#: columns that are read together, and beyond which a row is wide
PORTION = 500
WIDE = 2 * PORTION
#: rows that are held at once while they are read
_BATCH = 4096
_SHIFT, _FACTOR = np.uint64(32), np.uint64(0xD6E8FEB86659FD93)


def hash_sum(cursor: duckdb.DuckDBPyConnection, rows: str, columns: Sequence[str]) -> tuple[int, int]:
    """How many rows there are, and the sum of ``hash(columns)`` over them.

    Args:
        rows: ``FROM table WHERE condition``; read once a portion, each time in the order of the table.
    """
    total = np.zeros(0, np.uint64)
    for start in range(0, len(columns), PORTION):
        names = columns[start : start + PORTION]
        hashed = ", ".join(f"hash({ident(name)})" for name in names)
        at = 0
        for batch in cursor.execute(f"SELECT {hashed} {rows}").to_arrow_reader(_BATCH):
            end = at + batch.num_rows
            if not start and end > len(total):
                total = np.concatenate(
                    [total, np.zeros(max(end, len(total) * 3 // 2) - len(total), np.uint64)]
                )
            part = total[at:end]
            for place, column in enumerate(batch.columns):
                values = column.to_numpy()
                if start or place:
                    part ^= part >> _SHIFT
                    part *= _FACTOR
                    part ^= values
                else:
                    part[:] = values
            at = end
        total = total[:at]
    high, low = total >> _SHIFT, total & np.uint64(2**32 - 1)
    return len(total), (int(high.sum()) << 32) + int(low.sum())
