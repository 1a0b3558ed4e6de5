"""A log of 28 columns in any number of rows, written by DuckDB: the same for the same number of rows."""

from __future__ import annotations

from pathlib import Path

import duckdb

NUMERIC, CATEGORICAL, DAYS = 14, 6, 180


def _features() -> str:
    """14 numbers (two of them with gaps, one whole, one skewed) and 6 categories of 3 to 40 levels."""
    made = []
    for i in range(NUMERIC):
        r = f"(hash(i, {i}) % 1000003) / 1000003.0"
        value = f"round(({r}) * {10 * (i + 1)} + ({r}) * ({r}), 4)"
        if i in (3, 9):
            value = f"CASE WHEN hash(i, {100 + i}) % 20 = 0 THEN NULL ELSE {value} END"
        if i == 5:
            value = "(hash(i, 5) % 90)::BIGINT"
        if i == 7:
            value = f"round(exp(8 * ({r})), 2)"
        made.append(f"{value} AS num_{i}")
    for i in range(CATEGORICAL):
        made.append(f"'level_' || (hash(i, {50 + i}) % {(3, 5, 8, 12, 25, 40)[i]}) AS cat_{i}")
    return ", ".join(made)


def write(path: Path, rows: int) -> Path:
    """Write the log as CSV or Parquet, by the file's ending; kept where it is there already."""
    if path.exists():
        return path
    part = path.with_name(path.name + ".part")
    options = "FORMAT csv, HEADER" if path.suffix == ".csv" else "FORMAT parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (
                SELECT 'd' || lpad(i::VARCHAR, 9, '0') AS decision_id,
                       (TIMESTAMP '2026-01-01' + to_microseconds(i * ({DAYS} * 86400000000 // {rows}))) AS decided_at,
                       score, CASE WHEN score >= 0.5 THEN 'yes' ELSE 'no' END AS prediction,
                       CASE WHEN i < {rows} * 0.95 THEN
                            CASE WHEN (hash(i, 71) % 1000) / 1000.0 < score THEN 'yes' ELSE 'no' END END AS label,
                       'v' || (1 + i * 4 // {rows}) AS model_version,
                       'segment_' || (hash(i, 81) % 4) AS segment, {_features()},
                       'extra_' || (hash(i, 91) % 7) AS channel
                FROM (SELECT i, round((hash(i, 61) % 10007) / 10007.0, 4) AS score FROM range({rows}) t(i)))
                TO '{part}' ({options})"""
        )
    part.rename(path)
    return path
