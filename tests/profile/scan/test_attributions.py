"""Attributions that are kept: which decisions wait, what is stored of them, and what takes their place."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.profile.scan.attributions import (
    AttributionSet,
    attribution_coverage,
    begin_pass,
    count_unattributed,
    find_attribution_set,
    keep,
    list_attribution_sets,
    mean_attributions,
    next_unattributed,
    sample_attributions,
)
from tests.factory.decision_tables import START, binary_log, insert, make_system, workspace

RUN = AttributionSet(
    version="1", sha256="a" * 64, features=("x", "k"), space="margin", base=0.25, method="tree"
)


@pytest.fixture
def log() -> pd.DataFrame:
    rows = binary_log(np.random.default_rng(5), 200)
    rows["version"] = np.where(np.arange(200) % 4 == 0, "2", "1")
    rows["arm"] = np.where(np.arange(200) % 5 == 0, "Shadow", "champion")
    return rows


def test_decisions_wait_until_theirs_are_kept(tmp_path: Path, log: pd.DataFrame) -> None:
    own = log[log["version"] == "1"]
    with workspace(tmp_path).write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log, 1)
        assert count_unattributed(cursor, system, "1") == len(own) == 150
        begin_pass(cursor, system, RUN)
        first = next_unattributed(cursor, system, "1", (0, 0), 40)
        assert first["_line"].tolist() == (own.index[:40] + 1).tolist()
        after = (int(first["_load_id"].iloc[-1]), int(first["_line"].iloc[-1]))
        assert (
            next_unattributed(cursor, system, "1", after, 3)["_line"].tolist()
            == (own.index[40:43] + 1).tolist()
        )
        parts = np.random.default_rng(0).normal(size=(40, 2))
        parts[3, 1] = np.nan
        adds_up = np.arange(40) % 8 > 0
        keep(cursor, system, RUN, first, parts, adds_up)
        keep(cursor, system, RUN, first, parts + 9, adds_up)  # those that are there stay
        assert count_unattributed(cursor, system, "1") == 110
        assert next_unattributed(cursor, system, "1", (0, 0), 1)["_line"].tolist() == [own.index[40] + 1]
        gone = first.head(2).assign(_load_id=7)  # of a load that was undone meanwhile
        keep(cursor, system, RUN, gone, parts[:2], adds_up[:2])

        days = first["timestamp"].dt.date
        told = attribution_coverage(cursor, system)
        truth = pd.Series(adds_up).groupby(days.to_numpy()).agg(["size", "sum"])
        assert [(s.version, s.day, s.n, s.adds_up) for s in told] == [
            ("1", day, int(n), int(up)) for day, (n, up) in truth.iterrows()
        ]
        means = mean_attributions(cursor, system)
        assert means == {
            "x": pytest.approx(np.abs(parts[:, 0]).mean(), rel=1e-6),
            "k": pytest.approx(np.nanmean(np.abs(parts[:, 1])), rel=1e-6),
        }

        span = (START + timedelta(days=1), START + timedelta(days=7))
        inside = first[
            (first["timestamp"] >= span[0]) & (first["timestamp"] < span[1])
            & (log.loc[first["_line"] - 1, "arm"].to_numpy() != "Shadow")
        ]  # fmt: skip
        rows, found = sample_attributions(cursor, system, "1", span, 1000)
        assert sorted(rows["_line"]) == sorted(inside["_line"])
        by_line = dict(zip(first["_line"], parts, strict=True))
        for line, mine in zip(rows["_line"], found, strict=True):
            assert mine == pytest.approx(by_line[line], rel=1e-6, nan_ok=True)
        assert len(sample_attributions(cursor, system, "1", span, 4)[0]) == 4
        one, other = (
            set(sample_attributions(cursor, system, "1", span, 8, seed)[0]["_line"]) for seed in (0, 1)
        )
        assert one != other
        none = sample_attributions(cursor, system, "2", span, 4)
        assert (len(none[0]), none[1].shape) == (0, (0, 0))


def test_another_file_base_or_set_of_features_begins_anew_and_rounding_does_not(
    tmp_path: Path, log: pd.DataFrame
) -> None:
    with workspace(tmp_path).write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log, 1)
        assert find_attribution_set(cursor, system.key, "1") is None
        assert mean_attributions(cursor, system) == {}
        begin_pass(cursor, system, RUN)
        begin_pass(cursor, system, replace(RUN, version="2", base=-1.0))
        assert list_attribution_sets(cursor, system.key) == [RUN, replace(RUN, version="2", base=-1.0)]
        frame = next_unattributed(cursor, system, "1", (0, 0), 5)

        def held() -> int:
            keep(cursor, system, RUN, frame, np.ones((5, 2)), np.ones(5, bool))
            return sum(s.n for s in attribution_coverage(cursor, system))

        assert held() == 5
        begin_pass(cursor, system, replace(RUN, base=0.25 * (1 + 1e-14)))
        assert (
            find_attribution_set(cursor, system.key, "1"),
            sum(s.n for s in attribution_coverage(cursor, system)),
        ) == (
            RUN,
            5,
        )
        for changed in (
            replace(RUN, base=0.26), replace(RUN, sha256="b" * 64), replace(RUN, features=("k", "x")),
            replace(RUN, space="probability"), replace(RUN, method="asked"),
        ):  # fmt: skip
            assert held() == 5
            begin_pass(cursor, system, changed)
            assert attribution_coverage(cursor, system) == []
            assert find_attribution_set(cursor, system.key, "1") == changed
        empty = replace(RUN, features=())
        begin_pass(cursor, system, empty)
        keep(cursor, system, empty, frame, np.zeros((5, 0)), np.ones(5, bool))
        assert mean_attributions(cursor, system) == {}
