"""Added counts as the rows of the profile tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from plumbline.domain import REGRESSION_MOMENTS, SCORE_CELLS, IntArray
from plumbline.profile.constants import DELAY_CELLS, NAMED_OTHERS
from plumbline.profile.count.scores import BY_NUMBER as NUMBERED
from plumbline.profile.count.scores import Entries, ScoreCounts, arrow_lists
from plumbline.profile.count.stream import DAY, HOUR
from plumbline.profile.partial import rows
from plumbline.profile.partial.plan import PRESENCE, BinnedPart, CountPlan

#: the code of the levels beyond those named, where the cluster has cut them
REST = -4


#: columns of a table of counts by their names
Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Part:
    """The rows of one part: the group's number and the columns, (n,) each."""

    group: IntArray
    values: dict[str, Any]

    def dense(self, groups: int, width: int, name: str = "n", start: int = 0) -> Any:
        """The column by group and code from ``start`` on, (groups, width); codes out of it are left out."""
        code = self.values["code"] - start
        there = (code >= 0) & (code < width)
        kind = np.float64 if name in ("x", "y") else np.int64
        dense = np.zeros((groups, width), kind)
        dense[self.group[there], code[there]] = self.values[name][there]
        return dense

    def texts(self, name: str) -> list[str | None]:
        return self.values[name].to_pylist()  # type: ignore[no-any-return]


class Sums:
    """A table that ``rows.sum_tables`` made, or a cluster, by part."""

    def __init__(self, table: Any, plan: CountPlan) -> None:
        import pyarrow as pa

        self.plan = plan
        table = table.combine_chunks()
        part = table["part"].to_numpy()
        order = np.argsort(part, kind="stable")
        table = table.take(pa.array(order))
        part = part[order]
        version, arm = (table[name].combine_chunks().dictionary_encode() for name in ("version", "arm"))
        self._names = version.dictionary.to_pylist(), arm.dictionary.to_pylist()
        key = (
            table["day"].to_numpy().astype(np.int64) * len(self._names[0]) + version.indices.to_numpy()
        ) * max(len(self._names[1]), 1) + arm.indices.to_numpy()
        self._keys, group = np.unique(key, return_inverse=True)
        self.groups = len(self._keys)
        self._parts: dict[int, _Part] = {}
        numbers = {name: table[name].to_numpy() for name in ("code", "n", "x", "y", "low", "high", "top")}
        texts = {name: table[name] for name in ("name", "other")}
        for number in np.unique(part).tolist():
            start, end = np.searchsorted(part, [number, number + 1]).tolist()
            cut = slice(start, end)
            values = {name: column[cut] for name, column in numbers.items()}
            values |= {name: column.slice(start, end - start) for name, column in texts.items()}
            self._parts[number] = _Part(group[cut], values)

    def part(self, number: int) -> _Part:
        """A part, empty where nothing was counted of it."""
        import pyarrow as pa

        empty: dict[str, Any] = {name: np.zeros(0, np.int64) for name in ("code", "n", "low", "high", "top")}
        empty |= {"x": np.zeros(0), "y": np.zeros(0)}
        texts = {name: pa.array([], pa.string()) for name in ("name", "other")}
        return self._parts.get(number) or _Part(np.zeros(0, np.int64), empty | texts)

    def tables(self) -> Iterator[tuple[str, Any]]:
        """(profile table, its rows) of everything that was counted."""
        yield from (("profile_feature", rows_of_column) for rows_of_column in feature_rows(self))
        if self.plan.decided:
            yield from outcome_rows(self)

    @property
    def n(self) -> int:
        """How many rows were counted."""
        return int(self.part(rows.ROWS).values["n"].sum())

    def rows_of(self) -> IntArray:
        """How many rows each group has."""
        n = np.zeros(self.groups, np.int64)
        n[self.part(rows.ROWS).group] = self.part(rows.ROWS).values["n"]
        return n

    def decode_groups(self, group: IntArray) -> Columns:
        """Version, arm and day of groups."""
        import pyarrow as pa

        arms = max(len(self._names[1]), 1)
        rest, arm = np.divmod(self._keys[group], arms)
        day, version = np.divmod(rest, max(len(self._names[0]), 1))
        return {
            "version": [self._names[0][i] for i in version.tolist()],
            "arm": [self._names[1][i] for i in arm.tolist()],
            "day": pa.array(day.astype(np.int32), pa.date32()),
        }

    def days(self, group: IntArray) -> IntArray:
        """Days since 1970 of groups."""
        return self._keys[group] // (len(self._names[0]) * max(len(self._names[1]), 1))


def feature_rows(sums: Sums) -> Iterator[Any]:
    """Rows of ``profile_feature``, a table a column."""
    if not sums.groups:
        return
    everyone = np.arange(sums.groups)
    for place, column in enumerate(sums.plan.columns):
        counted = _numeric if column.numeric else _levels
        values = counted(sums, sums.part(place), column)
        yield _table({"col": [column.column] * sums.groups, **sums.decode_groups(everyone)}, values)


def _numeric(sums: Sums, part: _Part, column: BinnedPart) -> dict[str, Any]:
    counts = part.dense(sums.groups, column.bins.cells + 1)
    none: list[list[str]] = [[]] * sums.groups
    return {
        "counts": counts[:, :-1],
        "missing": counts[:, -1],
        "total": part.dense(sums.groups, 1, "x", rows.TOTALS)[:, 0],
        "squares": part.dense(sums.groups, 1, "y", rows.TOTALS)[:, 0],
        "other": none,
        "other_n": none,
    }


def _levels(sums: Sums, part: _Part, column: BinnedPart) -> dict[str, Any]:
    last = column.bins.cells - 1
    counts = part.dense(sums.groups, last + 1)
    code, n = part.values["code"], part.values["n"]
    unseen = np.flatnonzero((code == rows.UNSEEN) | (code == REST))
    np.add.at(counts[:, last], part.group[unseen], n[unseen])
    other: list[list[str]] = [[] for _ in range(sums.groups)]
    other_n: list[list[int]] = [[] for _ in range(sums.groups)]
    names = part.texts("name")
    named = [(int(part.group[i]), -int(n[i]), str(names[i])) for i in unseen.tolist() if code[i] != REST]
    for group, size, name in sorted(named):
        if len(other[group]) < NAMED_OTHERS:
            other[group].append(name)
            other_n[group].append(-size)
    none = np.zeros(sums.groups)
    missing = part.dense(sums.groups, 1, start=rows.NO_LEVEL)[:, 0]
    return {
        "counts": counts,
        "missing": missing,
        "total": none,
        "squares": none,
        "other": other,
        "other_n": other_n,
    }


def outcome_rows(sums: Sums) -> Iterator[tuple[str, Any]]:
    """(table, its rows) of the profile tables beside ``profile_feature``; none where nothing was counted."""
    if not sums.groups:
        return
    everyone, n = np.arange(sums.groups), sums.rows_of()
    named = sums.decode_groups(everyone)
    yield "profile_outcome", _table(named, _outcome(sums, n))
    yield "profile_confusion", _confusion(sums)
    yield "profile_hour", _hours(sums)
    pairs = sums.part(rows.PAIRS)
    hours = np.zeros((sums.groups, 24), np.int64)
    np.add.at(hours, (pairs.group, pairs.values["code"]), pairs.values["n"])
    present = sums.part(rows.PRESENT).dense(sums.groups, len(PRESENCE))
    yield "profile_presence", _table(named, {"n": n, "present": present, "hours": hours})
    waits = sums.part(rows.DELAYS).dense(sums.groups, DELAY_CELLS)
    yield "profile_delay", _table(named, {"n": n, "counts": waits})


def _outcome(sums: Sums, n: IntArray) -> dict[str, Any]:
    losses = sums.part(rows.LOSSES)
    counted = losses.dense(sums.groups, 1)[:, 0]
    none = np.zeros((sums.groups, 0), np.uint32)
    values: dict[str, Any] = {
        "n": n,
        "n_labelled": _label_counts(sums),
        "n_scored": counted,
        "sum_log_loss": losses.dense(sums.groups, 1, "x")[:, 0],
        "sum_brier": losses.dense(sums.groups, 1, "y")[:, 0],
        "cells_negative": none,
        "cells_positive": none,
        "cells_unlabelled": none,
        "moments": np.zeros((sums.groups, 0)),
        "error_cells": none,
    }
    if sums.plan.regression:
        moments = sums.part(rows.MOMENTS).dense(sums.groups, len(REGRESSION_MOMENTS), "x")
        return values | {
            "n_labelled": counted,
            "n_scored": np.zeros_like(counted),
            "moments": moments,
            "error_cells": _error_lists(sums),
        }
    if sums.plan.losses:
        scores = ScoreCounts()
        scores.add_counts(
            _entries(sums.part(rows.BY_NUMBER), 2**32), _entries(sums.part(rows.BY_CELL), SCORE_CELLS)
        )
        names = ("cells_negative", "cells_positive", "cells_unlabelled")
        values |= dict(zip(names, arrow_lists(scores.scores(), sums.groups), strict=True))
    return values


def _label_counts(sums: Sums) -> IntArray:
    pairs = sums.part(rows.PAIRS)
    known = ~np.asarray(pairs.values["other"].is_null().to_numpy(), np.bool_)
    labelled = np.zeros(sums.groups, np.int64)
    np.add.at(labelled, pairs.group[known], pairs.values["n"][known])
    return labelled


def _entries(part: _Part, width: int) -> Entries:
    outcome, code = np.divmod(part.values["code"], width)
    return Entries(part.group, outcome, code, part.values["n"])


def _error_lists(sums: Sums) -> Any:
    """Of each group the mark, the cells that occur in order, and how many errors lie in each."""
    part = sums.part(rows.ERRORS)
    order = np.lexsort((part.values["code"], part.group))
    group, code, n = (each[order] for each in (part.group, part.values["code"], part.values["n"]))
    lists: list[list[int]] = []
    for place in range(sums.groups):
        start, end = np.searchsorted(group, [place, place + 1]).tolist()
        lists.append([NUMBERED, *code[start:end].tolist(), *n[start:end].tolist()] if end > start else [])
    return lists


def _confusion(sums: Sums) -> Any:
    import pyarrow as pa

    pairs = sums.part(rows.PAIRS)
    if sums.plan.regression:
        none = np.zeros(0, np.int64)
        return _table(sums.decode_groups(none), {"prediction": [], "label": [], "n": none})
    table = pa.table(
        {
            "group": pairs.group,
            "prediction": pairs.values["name"],
            "label": pairs.values["other"],
            "n": pairs.values["n"],
        }
    )
    added = table.group_by(["group", "prediction", "label"]).aggregate([("n", "sum")])
    of_pair = added["group"].to_numpy()
    values = {"prediction": added["prediction"], "label": added["label"], "n": added["n_sum"].to_numpy()}
    return _table(sums.decode_groups(of_pair), values)


def _hours(sums: Sums) -> Any:
    import pyarrow as pa

    times, pairs, plan = sums.part(rows.HOURS), sums.part(rows.PAIRS), sums.plan
    key, of_time = np.unique(times.group * 24 + times.values["code"], return_inverse=True)
    of_pair = np.searchsorted(key, pairs.group * 24 + pairs.values["code"])
    predicted, true, n = pairs.texts("name"), pairs.texts("other"), pairs.values["n"]
    flags = {
        "n": np.ones(len(n), np.bool_),
        "n_labelled": np.array([label is not None for label in true], np.bool_),
        "correct": np.array(
            [p is not None and p == y for p, y in zip(predicted, true, strict=True)], np.bool_
        ),
        "positives": np.array([p is not None and p == plan.positive for p in predicted], np.bool_),
    }
    values: dict[str, Any] = {name: np.zeros(len(key), np.int64) for name in flags}
    for name, which in flags.items():
        np.add.at(values[name], of_pair[which], n[which])
    values["positives"] = values["positives"].astype(np.float64)
    if plan.regression:
        values["positives"][of_time] = times.values["x"]
    for name, source in (("first_at", "low"), ("last_at", "high"), ("trained", "top")):
        at = np.zeros(len(key), np.int64)
        at[of_time] = times.values[source]
        values[name] = pa.array(at, pa.timestamp("us"), mask=at == rows.EARLIEST)
    group, hour = np.divmod(key, 24)
    began = pa.array(sums.days(group) * DAY + hour * HOUR, pa.timestamp("us"))
    named = sums.decode_groups(group)
    return _table({"version": named["version"], "arm": named["arm"], "hour": began}, values)


def _table(named: dict[str, Any], values: dict[str, Any]) -> Any:
    import pyarrow as pa

    return pa.table(named | {name: _column(name, column) for name, column in values.items()})


def _column(name: str, values: Any) -> Any:
    import pyarrow as pa

    if name.startswith("other"):
        return pa.array(values, pa.list_(pa.uint32() if name == "other_n" else pa.string()))
    if name == "error_cells" and isinstance(values, list):
        return pa.array(values, pa.list_(pa.uint32()))
    if isinstance(values, np.ndarray) and values.ndim == 2:
        n, width = values.shape
        offsets = np.arange(n + 1, dtype=np.int32) * width
        return pa.ListArray.from_arrays(offsets, np.ascontiguousarray(values).ravel())
    return values
