"""Which rows a sample by day and version holds, written out slowly."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

#: a row's id, its time on the clock of the zone, and its version
Row = tuple[str, datetime, str]
_EPOCH = datetime(1970, 1, 1)


def place(row: Row) -> str:
    """Where a row lies among all, as 16 hexadecimal digits."""
    micros = (row[1] - _EPOCH) // timedelta(microseconds=1)
    return hashlib.md5(f"{row[0]}|{micros}".encode()).hexdigest()[:16]


def drawn(rows: Iterable[Row], share: float, least: int) -> set[str]:
    """The ids of the rows below a share of all hashes, and of the lowest ``least`` of each day and version."""
    strata: dict[tuple[object, str], list[Row]] = defaultdict(list)
    for row in rows:
        strata[row[1].date(), row[2]].append(row)
    chosen = set()
    for of_stratum in strata.values():
        for rank, row in enumerate(sorted(of_stratum, key=place)):
            if rank < least or int(place(row)[:12], 16) / 2**48 < share:
                chosen.add(row[0])
    return chosen
