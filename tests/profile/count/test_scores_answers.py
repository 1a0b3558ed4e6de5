"""Scores counted by number and in cells, batches split by group, sums of rows: held against plain counts in
``test_scores.py`` and ``test_stream.py``; here group by group, with ties, gaps and one score more than are kept
by number."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from plumbline.profile.arrays import float_sums, groups, sums
from plumbline.profile.count.scores import (
    MOST,
    Entries,
    KeyCounts,
    ScoreCounts,
    _count_keys,
    arrow_lists,
    mark_lists,
    number_entries,
)
from plumbline.profile.count.stream import MOST_CELLS, MOST_COLUMNS, Groups, portions, split_batch
from tests.known_answers import Table, differences


def _counted(counts: ScoreCounts, size: int) -> Any:
    found = counts.scores()
    lists = arrow_lists(found, size)
    values = [(np.asarray(own.values), np.asarray(own.offsets)) for own in lists]
    return (
        found.group[:40],
        found.outcome[:40],
        found.number[:40],
        found.n[:40],
        len(found.n),
        found.in_cells,
        [np.flatnonzero(cells.any(0)).tolist()[:20] for cells in found.cells],
        found.cells.sum(axis=2),
        [(v[:12], o, int(v.astype(np.int64).sum()), [x[:9] for x in mark_lists(v, o)]) for v, o in values],
        [[x[:20] for x in number_entries(v, o, mark_lists(v, o)[0])] for v, o in values],
    )


def _scores() -> Iterator[tuple[str, Any]]:
    for name, rows, different, batches in (
        ("few", 40, 9, 1),
        ("ties", 300, 5, 3),
        ("a thousand", 3000, MOST // 3, 2),
        ("many", 9000, 5000, 3),
        ("in parts", 2400, 1200, 8),
    ):
        rng = np.random.default_rng([301, rows])
        numbers: dict[int, int] = {}
        counts = ScoreCounts()
        for _ in range(batches):
            n = rows // batches
            key = np.sort(rng.integers(0, 3, n))
            split = split_batch(key, np.zeros(n, np.int64), numbers)
            scores = rng.integers(0, different + 1, n) / different
            counts.add(split, scores, rng.integers(0, 3, n), rng.random(n) < 0.95)
        yield name, _counted(counts, 3)
    for extra in (0, 1):
        counts = ScoreCounts()
        n = MOST + extra
        split = split_batch(np.zeros(n, np.int64), np.zeros(n, np.int64), {})
        counts.add(split, np.arange(n) / n, np.ones(n, np.int64), np.ones(n, bool))
        yield f"{n} scores", _counted(counts, 1)
    counts = ScoreCounts()
    by_number = Entries(np.array([0, 0, 2]), np.array([1, 1, 0]), np.array([5, 9, 5]), np.array([3, 1, 7]))
    in_cells = Entries(np.array([1, 1]), np.array([0, 2]), np.array([4, 8]), np.array([2, 6]))
    counts.add_counts(by_number, in_cells)
    counts.add_counts(by_number, in_cells)
    yield "counted elsewhere", _counted(counts, 3)


def _keys() -> Iterator[tuple[str, Any]]:
    one = KeyCounts()
    yield "nothing", (one.merge(), _count_keys(np.empty(0, np.int64)))
    for keys, n in (([3, 1, 3], [1, 2, 5]), ([], []), ([1, 7], [4, 1])):
        one.add(np.array(keys, np.int64), np.array(n, np.int64))
        yield f"then {keys}", (one.merge(), one.waiting)
    yield "counted", _count_keys(np.array([5, 1, 5, 5, 2, 1]))


def _splits() -> Iterator[tuple[str, Any]]:
    numbers: dict[int, int] = {}
    for key in ([7, 7, 3, 3, 7], [3], [10**9, 1, 10**9], [5, 4, 3, 2], [1] * 9 + [2] * 9):
        k = np.array(key, np.int64)
        one = split_batch(k, 10 * k, numbers)
        value = np.arange(len(k)) + 0.5
        yield (
            f"keys {key[:5]} of {len(key)}",
            (
                one,
                one.sizes(),
                one.sums(value),
                one.counts(np.arange(len(k)) % 3, 3),
                one.count_by_group(np.arange(len(k)) % 2 == 0),
                one.extremes(np.arange(len(k))[::-1].copy(), np.minimum),
                one.extremes(np.arange(len(k)), np.maximum),
                dict(numbers),
            ),
        )
    of = Groups(["a", "b"], ["", "x", "y"])
    at = np.array([0, 86_400_000_000 - 1, 86_400_000_000, -1], np.int64)
    split = of.split(at, np.array([0, 1, 1, 0]), np.array([2, 0, 1, 1]))
    yield "groups", (split.key, of.keys(), of.decode_keys(of.keys()))


def _sums() -> Iterator[tuple[str, Any]]:
    for keys in ([], [1], [1, 1], [1, 2, 2, 3, 3, 3], [1, 2, 3]):
        names, starts = groups(keys)
        whole = np.arange(2 * len(keys)).reshape(-1, 2)
        yield (
            f"by {keys}",
            (names, starts, sums(whole, starts), float_sums(whole / 4, starts), sums(whole[:, 0], starts)),
        )


def _portions() -> Iterator[tuple[str, Any]]:
    for many, width, columns in (
        (0, 1, 3),
        (1, 1, 3),
        (1, 1, MOST_COLUMNS),
        (1, 1, MOST_COLUMNS + 1),
        (10, MOST_CELLS // 20, 4),
        (10, MOST_CELLS // 20 + 1, 4),
        (1, 2 * MOST_CELLS, 3),
    ):
        asked = SimpleNamespace(execute=lambda *_, many=many: SimpleNamespace(fetchone=lambda: (many,)))
        said = portions(asked, SimpleNamespace(rows="", params={}), [SimpleNamespace(width=width)] * columns)  # type: ignore[arg-type,list-item]
        yield f"{many} groups, {columns} of {width}", [len(part) for part in said]


TABLES: dict[str, Table] = {
    "scores": _scores,
    "keys": _keys,
    "splits": _splits,
    "sums": _sums,
    "portions": _portions,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
