"""``make bench-many``: what a load needs of many versions, and of many features, each in a fresh process.

Prints seconds and peak memory of one run and asserts only that every row came in. ``PLUMBLINE_BENCH_MANY`` chooses
among them: ``versions:1000,features:2000``.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

from tests.bench.test_load import timed

CASES = os.environ.get(
    "PLUMBLINE_BENCH_MANY", "versions:4,versions:1000,features:20,features:500,features:2000"
).split(",")
#: rows and days of the log with many versions, and rows of the one with many features
ROWS, DAYS, WIDE_ROWS = 300_000, 30, 50_000


def write_log(path: Path, rows: int, versions: int, features: int) -> Path:
    """A log of probabilities as a Parquet file: every version on every day, numbers of three digits as features."""
    numbers = ", ".join(f"round((hash(i, {k}) % 1000003) / 1000003.0, 3) AS x{k}" for k in range(features))
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        connection.execute(
            f"""COPY (SELECT 'd' || i AS decision_id,
                    TIMESTAMP '2026-01-05' + to_seconds((i * {DAYS} * 86400 // {rows})::BIGINT) AS decided_at,
                    'v' || (i % {versions}) AS model_version, score,
                    CASE WHEN score > 0.5 THEN 'yes' ELSE 'no' END AS prediction,
                    CASE WHEN (hash(i, 71) % 1000) / 1000.0 < score THEN 'yes' ELSE 'no' END AS label, {numbers}
                FROM (SELECT i, round((hash(i, 61) % 10007) / 10007.0, 4) AS score FROM range({rows}) t(i)))
                TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 10000)"""
        )
    return path


@pytest.mark.bench
@pytest.mark.timeout(3600)
def test_a_load_of_many_versions_and_of_many_features(tmp_path: Path) -> None:
    print(f"\nload at the start {os.getloadavg()[0]:.1f}")
    print(f"{'log':<20}{'rows':>9}{'seconds':>9}{'cpu':>8}{'peak MB':>9}")
    for case in CASES:
        what, _, number = case.partition(":")
        many = {"versions": (ROWS, int(number), 20), "features": (WIDE_ROWS, 2, int(number))}[what]
        path = write_log(tmp_path / f"{what}-{number}.parquet", *many)
        took = timed("load_versions", path, tmp_path / f"{what}-{number}")
        assert took["rows"] == many[0]
        print(
            f"{case:<20}{many[0]:>9}{took['seconds']:>9.1f}{took['cpu']:>8.1f}{took['peak_mb']:>9}",
            flush=True,
        )
