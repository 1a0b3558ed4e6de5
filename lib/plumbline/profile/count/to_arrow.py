"""What was counted in NumPy, as Arrow tables to be stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from plumbline.domain import IntArray
from plumbline.profile.count.categorical import Levels
from plumbline.profile.count.numeric import Numbers
from plumbline.profile.count.outcomes import NEVER, OutcomeCounter
from plumbline.profile.count.stream import DAY, HOUR, Groups

#: counts that one table holds at most, so that many groups of many columns take no more memory than they must
MOST_COUNTS = 4_000_000


def features(groups: Groups, counters: Sequence[Numbers | Levels]) -> Iterator[Any]:
    """Rows of ``profile_feature`` (the columns of ``features.COLUMNS``), some of the counters' at a time."""
    import pyarrow as pa

    taken, features_left = [], 0
    for counter in counters:
        taken.append(
            group_table(groups, {"col": [counter.grid.column] * len(groups.numbers), **counter.rows()})
        )
        features_left += counter.counts.values.size
        if features_left > MOST_COUNTS:
            yield pa.concat_tables(taken)
            taken, features_left = [], 0
    if taken:
        yield pa.concat_tables(taken)


def group_table(groups: Groups, rows: dict[str, Any]) -> Any:
    """A table of a row a group: version, arm, day and what was counted, each by group's number."""
    return _table(_key_columns(groups, groups.keys()), rows)


def confusion(groups: Groups, counted: OutcomeCounter) -> Any:
    """Rows of ``profile_confusion``."""
    group, rows = counted.confusion()
    return _table(_key_columns(groups, groups.keys()[group]), rows)


def hours(groups: Groups, counted: OutcomeCounter) -> Any:
    """Rows of ``profile_hour``."""
    import pyarrow as pa

    key, hour, rows = counted.hours()
    version, arm, day = groups.decode_keys(key)
    at = {name: rows[name] for name in ("first_at", "last_at", "trained")}
    times = {name: pa.array(values, pa.timestamp("us"), mask=values == NEVER) for name, values in at.items()}
    began = pa.array(day * DAY + hour * HOUR, pa.timestamp("us"))
    return _table({"version": version, "arm": arm, "hour": began}, rows | times)


def _key_columns(groups: Groups, keys: IntArray) -> dict[str, Any]:
    import pyarrow as pa

    version, arm, day = groups.decode_keys(keys)
    return {"version": version, "arm": arm, "day": pa.array(day.astype(np.int32), pa.date32())}


def _table(named: dict[str, Any], rows: dict[str, Any]) -> Any:
    """A table of the key and what was counted; counters have room for more groups than there are."""
    import pyarrow as pa

    n = len(named["version"])
    return pa.table(named | {name: _column(name, values[:n]) for name, values in rows.items()})


def _column(name: str, values: Any) -> Any:
    import pyarrow as pa

    if name.startswith("other"):
        return pa.array(values, pa.list_(pa.uint32() if name == "other_n" else pa.string()))
    if isinstance(values, np.ndarray) and values.ndim == 2:
        n, width = values.shape
        offsets = np.arange(n + 1, dtype=np.int32) * width
        return pa.ListArray.from_arrays(offsets, np.ascontiguousarray(values).ravel())
    return values
