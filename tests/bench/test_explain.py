"""``make bench-explain``: every decision's attributions by us beside LightGBM's own routine, in one run.

200 trees x 20 features, two threads each, exact to 1e-6; and one decision found and explained in a table of 1M.
Prints ratios and asserts only exactness: a machine's clock is no test.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

ROWS = int(os.environ.get("PLUMBLINE_BENCH_ROWS", "40000"))
TABLE = int(os.environ.get("PLUMBLINE_BENCH_TABLE", "1000000"))
THREADS = 2


def _model(seed: int = 0):
    import lightgbm as lgb

    rng = np.random.default_rng(seed)
    x = rng.normal(size=(20_000, 20))
    x[rng.random(x.shape) < 0.02] = np.nan
    whole = np.nan_to_num(x)
    y = (
        whole[:, 0] * whole[:, 1]
        + np.sin(whole[:, 2])
        + whole[:, 3:].sum(axis=1) / 4
        + rng.normal(size=len(x))
        > 0
    )
    asked = {"objective": "binary", "num_leaves": 31, "verbose": -1, "num_threads": THREADS, "seed": seed}
    return lgb.train(asked, lgb.Dataset(x, y), 200), rng


@pytest.mark.bench
@pytest.mark.timeout(3600)
def test_all_attributions_beside_the_native_routine() -> None:
    from plumbline.explain.isolated import explain_rows

    booster, rng = _model()
    rows = rng.normal(size=(ROWS, 20))
    rows[rng.random(rows.shape) < 0.02] = np.nan
    body = booster.model_to_string().encode()

    def native() -> np.ndarray:
        return booster.predict(rows, pred_contrib=True, num_threads=THREADS)

    def ours() -> np.ndarray:
        parts = np.array_split(rows, THREADS)
        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(lambda part: explain_rows(body, part), parts))
        return np.concatenate([f.contributions for f in found])

    took: dict[str, list[float]] = {"native": [], "ours": []}
    for _ in range(2):  # by turns, so that what else the machine does falls on both
        for name, way in (("native", native), ("ours", ours)):
            begin = time.perf_counter()
            held = way()
            took[name].append(time.perf_counter() - begin)
            if name == "native":
                expected = held
    worst = float(np.abs(held - expected[:, :-1]).max())
    best = {name: min(seconds) for name, seconds in took.items()}
    print(
        f"\n{ROWS:,} rows, {booster.num_trees()} trees, 20 features, {THREADS} threads; farthest apart {worst:.1e}"
    )
    for name, seconds in best.items():
        print(f"{name:<8}{seconds:>8.2f} s {1e6 * seconds / ROWS:>8.0f} us a row")
    print(
        f"ours is {best['native'] / best['ours']:.2f} times as fast as the native routine, reading its file included"
    )
    assert worst < 1e-6


@pytest.mark.bench
@pytest.mark.timeout(3600)
def test_one_decision_of_a_large_table(tmp_path: Path) -> None:
    """A table made in DuckDB, not by a load: the counts that the pages keep are not there, the decisions are."""
    from plumbline.answers import models
    from plumbline.answers.explain import explain
    from plumbline.answers.loading import load_file
    from plumbline.store.sql import decision_table
    from plumbline.store.workspace import open_workspace

    booster, rng = _model(1)
    import pandas as pd

    names = [f"x{i}" for i in range(20)]
    x = pd.DataFrame(rng.normal(size=(3_000, 20)), columns=names)
    frame = x.assign(
        decision_id=[f"d{i}" for i in range(len(x))], model_version="1", score=booster.predict(x.to_numpy()),
        timestamp=pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(len(x)), unit="min"),
    )  # fmt: skip
    frame["prediction"] = np.where(frame["score"] > 0.5, "y", "n")
    frame.to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "model.txt").write_text(booster.model_to_string().replace("Column_", "x"))
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    try:
        load_file(ws, tmp_path / "log.csv", title="big", actor="bench")
        assert models.register(ws, "big", "1", tmp_path / "model.txt", actor="bench").passed
        with ws.write() as cursor:
            table = decision_table("big")
            cursor.execute(
                f"""INSERT INTO {table} SELECT t.* REPLACE (t.decision_id || '.' || i AS decision_id, i + 1 AS _line,
                    t."timestamp" + to_seconds(i) AS "timestamp") FROM {table} t, range({TABLE // 3_000}) r(i)"""
            )
            n = cursor.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        begin = time.perf_counter()
        explain(ws, "big", "d7")  # with the version's check, kept after
        first = time.perf_counter() - begin
        begin = time.perf_counter()
        found = explain(ws, "big", "d1234.77")
        took = time.perf_counter() - begin
        assert found.attributions
        print(
            f"\nthe first of {n:,} decisions found, its version checked and explained in {1_000 * first:.0f} ms"
        )
        print(f"another one found and explained in {1_000 * took:.0f} ms")
    finally:
        ws.close()
