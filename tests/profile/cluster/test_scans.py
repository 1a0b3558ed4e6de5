"""Questions about every decision of a cluster's table get the answers that a table here gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from plumbline.domain import System
from plumbline.profile.cluster import scans
from plumbline.profile.scan import exact
from plumbline.profile.scan.group_outcomes import group_sizes
from tests.factory.decision_tables import binary_log, insert, make_system, workspace
from tests.profile.cluster.session import away, opened

Held = tuple[duckdb.DuckDBPyConnection, System, pd.DataFrame]


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    log = binary_log(np.random.default_rng(2), 300)
    log["decision_id"] = [f"d{i}" for i in np.random.default_rng(3).integers(0, 250, 300)]
    log.loc[::17, "decision_id"] = None
    log.loc[::23, "segment:region"] = None
    with workspace(tmp_path).write() as cursor:
        system = make_system(cursor, classes=("no", "yes"))
        insert(cursor, system, log, 1)
        yield cursor, system, log


def test_without_a_cluster_nothing_is_said(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor, system, _ = held
    monkeypatch.setattr(scans, "open_cluster", opened(None))
    assert scans.duplicate_ids(cursor, system) is None
    assert scans.level_sizes(cursor, system, "segment:region") is None
    assert scans.decision_row(cursor, system, "d1") is None


def test_duplicates_and_sizes_are_those_of_a_table_here(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor, system, log = held
    here = exact.duplicate_ids(cursor, system), group_sizes(cursor, system, "segment:region")
    monkeypatch.setattr(scans, "open_cluster", opened(away(cursor, system)))
    assert scans.duplicate_ids(cursor, system) == here[0]
    ids = log.dropna(subset="decision_id")
    assert here[0] == int(ids.duplicated(["arm", "decision_id"]).sum())
    assert scans.level_sizes(cursor, system, "segment:region") == here[1]
    live = log[(log["arm"] != "shadow") & log["segment:region"].notna()]
    assert sum(n for _, n, _ in here[1]) == len(live)
