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


def write_scored(path: Path, rows: int) -> Path:
    """The same log with the scores of a LightGBM model of 200 trees on its 20 inputs; the model's file lies beside it.

    Returns the log's path; the model is ``path`` with the ending ``.txt``.
    """
    import lightgbm as lgb
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.exists():
        return path
    source = pq.ParquetFile(write(path.with_name(f"log_{rows}.parquet"), rows))
    numbers, levels = [f"num_{i}" for i in range(NUMERIC)], [f"cat_{i}" for i in range(CATEGORICAL)]
    rng = np.random.default_rng(0)
    first = next(source.iter_batches(min(rows, 200_000))).to_pandas()
    known = {name: sorted(first[name].unique()) for name in levels}

    def inputs(frame: pd.DataFrame) -> pd.DataFrame:
        held = frame[[*numbers, *levels]].copy()
        for name in levels:
            held[name] = pd.Categorical(held[name], categories=known[name])
        return held

    scaled = ((first[numbers] - first[numbers].mean()) / first[numbers].std()).fillna(0).to_numpy()
    margin = (
        scaled @ rng.normal(size=NUMERIC) / 2 + (first["cat_3"] == "level_3") - (first["cat_5"] == "level_7")
    )
    asked = {"objective": "binary", "num_leaves": 31, "learning_rate": 0.05, "verbose": -1, "num_threads": 2}
    drawn = (margin + rng.logistic(size=len(first)) > 0).astype(int)
    booster = lgb.train(asked, lgb.Dataset(inputs(first), drawn), 200)
    booster.save_model(path.with_suffix(".txt"))
    part, writer = path.with_name(path.name + ".part"), None
    for batch in source.iter_batches(500_000):
        frame = batch.to_pandas()
        score = np.asarray(booster.predict(inputs(frame), num_threads=2))
        turned_out = np.where(rng.random(len(frame)) < score, "yes", "no")
        frame = frame.assign(
            score=score, prediction=np.where(score >= 0.5, "yes", "no"),
            label=np.where(frame["label"].isna(), None, turned_out),
        )  # fmt: skip
        table = pa.Table.from_pandas(frame, preserve_index=False)
        writer = writer or pq.ParquetWriter(part, table.schema)
        writer.write_table(table.cast(writer.schema))
    if writer is not None:
        writer.close()
    part.rename(path)
    return path
