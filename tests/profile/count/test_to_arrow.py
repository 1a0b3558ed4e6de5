"""Counts as Arrow tables, against pandas' own grouping of the rows that were counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from plumbline.profile.count import to_arrow
from plumbline.profile.count.outcomes import NEVER
from plumbline.profile.count.stream import Groups, GroupTally, split_batch

VERSIONS, ARMS = ["", "1.0", "2.0"], ["", "b"]
DAY = 86_400_000_000
#: of the rows: before and after 1970, so that days and hours are rounded down and not towards zero
FIRST = pd.Timestamp("1969-12-29")


@dataclass
class Counts:
    """Rows, and what was counted of them batch by batch: their number by group, and by hour of the day."""

    frame: pd.DataFrame
    groups: Groups
    sizes: GroupTally
    by_hour: GroupTally


@pytest.fixture(scope="module")
def held() -> Counts:
    rng = np.random.default_rng(11)
    n = 400
    frame = pd.DataFrame(
        {
            "at": FIRST + pd.to_timedelta(np.sort(rng.integers(0, 6 * DAY, n)), unit="us"),
            "version": rng.choice(VERSIONS, n, p=[0.1, 0.6, 0.3]), "arm": rng.choice(ARMS, n),
        }
    )  # fmt: skip
    groups, sizes, by_hour = Groups(VERSIONS, ARMS), GroupTally(), GroupTally(24, np.uint32)
    for batch in (frame[:150], frame[150:160], frame[160:]):
        at = microseconds(batch["at"])
        split = groups.split(
            at, np.array([VERSIONS.index(v) for v in batch["version"]]),
            np.array([ARMS.index(a) for a in batch["arm"]]),
        )  # fmt: skip
        sizes.add(split.groups, split.sizes())
        by_hour.add(split.groups, split.counts(at // (DAY // 24) % 24, 24))
    return Counts(frame, groups, sizes, by_hour)


def microseconds(times: pd.Series) -> np.ndarray:
    return times.to_numpy("datetime64[us]").view(np.int64)


def by_group(table: pa.Table, name: str) -> dict[tuple[str, str, date], Any]:
    """What a table says of each version, arm and day; each is there once."""
    rows = table.to_pylist()
    named = {(row["version"], row["arm"], row["day"]): row[name] for row in rows}
    assert len(named) == len(rows)
    return named


def test_a_group_is_a_row_with_its_day_and_its_counts(held: Counts) -> None:
    spare = np.full((3, 24), 9, np.uint32)  # room for groups that did not come
    rows = {
        "n": np.concatenate([held.sizes.values, spare[:, 0]]), "counts": np.concatenate([held.by_hour.values, spare]),
    }  # fmt: skip
    table = to_arrow.group_table(held.groups, rows)
    assert table.schema.field("day").type == pa.date32()
    grouped = held.frame.groupby([held.frame["version"], held.frame["arm"], held.frame["at"].dt.date])
    assert by_group(table, "n") == grouped.size().to_dict()
    hours = {key: np.bincount(part["at"].dt.hour, minlength=24).tolist() for key, part in grouped}
    assert by_group(table, "counts") == hours
    assert table.schema.field("counts").type == pa.list_(pa.uint32())


class Counted:
    """A counter of one column that says the same number of every group."""

    def __init__(self, column: str, groups: int, width: int, cell: int) -> None:
        self.grid = SimpleNamespace(column=column)
        self.counts = SimpleNamespace(values=np.full((groups, width), cell, np.uint32))

    def rows(self) -> dict[str, Any]:
        n = len(self.counts.values)
        return {
            "counts": self.counts.values, "other": [["a", "b"] if i % 2 else [] for i in range(n)],
            "other_n": [[3, 2] if i % 2 else [] for i in range(n)],
        }  # fmt: skip


#: columns and the cells of each
WIDTHS = {"x": 4, "y": 2, "z": 5, "w": 1, "v": 5, "u": 2}


def test_columns_come_some_at_a_time_and_together_are_all(
    held: Counts, monkeypatch: pytest.MonkeyPatch
) -> None:
    n = len(held.groups.numbers)
    counters = [Counted(name, n + 3, width, width) for name, width in WIDTHS.items()]
    (whole,) = to_arrow.features(held.groups, counters)
    assert whole.num_rows == len(WIDTHS) * n
    for name, width in WIDTHS.items():
        rows = whole.filter(pa.compute.equal(whole["col"], name)).to_pylist()
        assert [row["counts"] for row in rows] == [[width] * width] * n
        assert [row["other"] for row in rows[:2]] == [[], ["a", "b"]]
        assert [row["other_n"] for row in rows[:2]] == [[], [3, 2]]
    assert whole.schema.field("other").type == pa.list_(pa.string())
    assert whole.schema.field("other_n").type == pa.list_(pa.uint32())

    def portions(most: int) -> list[str]:
        monkeypatch.setattr(to_arrow, "MOST_COUNTS", most)
        tables = list(to_arrow.features(held.groups, counters))
        assert pa.concat_tables(tables).equals(whole)
        return ["".join(table["col"].unique().to_pylist()) for table in tables]

    assert portions(6 * (n + 3) - 1) == [
        "xy",
        "zw",
        "vu",
    ]  # x and y together are one over, and so are z and w
    assert portions(6 * (n + 3)) == ["xyz", "wvu"]  # x and y are as many as are allowed, and so are w and v
    assert list(to_arrow.features(held.groups, [])) == []


def test_pairs_of_prediction_and_label_go_to_the_group_of_their_number(held: Counts) -> None:
    """In any order of groups, some of them several times and some not at all."""
    number = np.array([5, 0, 5, 2])
    counted = SimpleNamespace(
        confusion=lambda: (number, {"prediction": ["yes", None, "no", "no"], "label": [None, "no", "yes", "no"],
                                    "n": np.array([7, 1, 2, 9])})
    )  # fmt: skip
    table = to_arrow.confusion(held.groups, counted)
    keys = list(held.groups.numbers)
    arms, versions = len(ARMS), len(VERSIONS)
    days = [date(1970, 1, 1).toordinal() + keys[i] // (arms * versions) for i in number]
    assert table.to_pylist() == [
        {"version": VERSIONS[keys[i] // arms % versions], "arm": ARMS[keys[i] % arms],
         "day": date.fromordinal(day), "prediction": p, "label": y, "n": n}
        for i, day, (p, y, n) in zip(
            number, days, [("yes", None, 7), (None, "no", 1), ("no", "yes", 2), ("no", "no", 9)], strict=True
        )
    ]  # fmt: skip


def test_an_hour_is_its_moment_and_a_time_that_never_was_is_none(held: Counts) -> None:
    frame = held.frame.assign(hour=held.frame["at"].dt.floor("h"))
    at = microseconds(frame["at"])
    version = np.array([VERSIONS.index(v) for v in frame["version"]])
    key = ((at // DAY) * len(VERSIONS) + version) * len(ARMS) + np.array(
        [ARMS.index(a) for a in frame["arm"]]
    )
    numbers: dict[int, int] = {}
    split = split_batch(key * 24 + at // (DAY // 24) % 24, at, numbers)
    first, last = (split.extremes(at, which) for which in (np.minimum, np.maximum))
    order = np.argsort(split.groups)
    trained = np.where(np.arange(len(order)) % 3 == 0, NEVER, first[order])
    of_day, hour = np.divmod(np.array(list(numbers)), 24)
    counted = SimpleNamespace(
        hours=lambda: (of_day, hour, {"first_at": first[order], "last_at": last[order], "trained": trained,
                                      "n": split.sizes()[order]})
    )  # fmt: skip
    table = to_arrow.hours(held.groups, counted).to_pandas()
    truth = frame.groupby(["version", "arm", "hour"])["at"].agg(["min", "max", "size"])
    found = table.set_index(["version", "arm", "hour"]).sort_index()
    assert found.index.tolist() == truth.index.tolist()
    for ours, theirs in (("first_at", "min"), ("last_at", "max"), ("n", "size")):
        assert found[ours].tolist() == truth[theirs].tolist()
    assert table["trained"].isna().tolist() == (trained == NEVER).tolist()
    known = table["trained"].notna()
    assert table.loc[known, "trained"].tolist() == table.loc[known, "first_at"].tolist()
