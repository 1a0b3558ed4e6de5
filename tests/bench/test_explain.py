"""``make bench-explain``: every decision's attributions by us beside LightGBM's own routine, in one run.

200 trees x 20 features, two threads each, exact to 1e-6; and the page of one decision of a log of 1M.
Prints ratios and asserts only exactness: a machine's clock is no test.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.bench.logfiles import write_scored
from tests.bench.test_signals import told, workspace

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
@pytest.mark.timeout(7200)
def test_one_decisions_page_of_a_long_log(tmp_path: Path) -> None:
    """Loaded by the product, whole runs of the page's script, each in a process of its own."""
    from plumbline.answers import models
    from plumbline.store.workspace import open_workspace

    data = Path(os.environ.get("PLUMBLINE_BENCH_DATA") or tmp_path)
    log = write_scored(data / f"scored_{TABLE}.parquet", TABLE)
    held = workspace(log, data / f"ws_scored_{TABLE}")
    ws = open_workspace(held)
    try:
        if not models.registered(ws, "bench"):
            for version in ("v4", "v1"):
                begin = time.perf_counter()
                assert models.register(ws, "bench", version, log.with_suffix(".txt"), actor="bench").passed
                print(f"\nthe file of {version} registered in {time.perf_counter() - begin:.1f} s")
    finally:
        ws.close()
    ids = [f"d{int(TABLE * share):09d}" for share in (0.8, 0.99, 0.01, 0.85, 0.9, 0.1)]
    for words, more in (("made ready as a server starts", []), ("asked at once", ["--at-once"])):
        found = told("tests.bench.timed_decision", str(held), "bench", *ids, *more)
        print(f"\n{TABLE:,} decisions, {words}: seconds (of processor time)")
        others = sorted(map(tuple, found["others"]))
        for name in ("ready", "first", "again"):
            print(f"  {name:<8}{found[name][0]:>8.3f} ({found[name][1]:.3f})")
        print("  others: " + ", ".join(f"{took:.3f} ({cpu:.3f})" for took, cpu in others))
