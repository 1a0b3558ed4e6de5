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
    from plumbline.explain.sandbox.call import explain_rows

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
    from plumbline.answers.decisions import model_files as models
    from plumbline.store.workspace import open_workspace

    data = Path(os.environ.get("PLUMBLINE_BENCH_DATA") or tmp_path)
    log = write_scored(data / f"scored_{TABLE}.parquet", TABLE)
    held = workspace(log, data / f"ws_scored_{TABLE}")
    ws = open_workspace(held)
    try:
        if not models.list_model_files(ws, "bench"):
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


def _asked(width: int):
    """Models that can only be asked, fitted to so many inputs."""
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.svm import SVR

    rng = np.random.default_rng(width)
    x = rng.normal(size=(3_000, width))
    y = x[:, 0] * x[:, 1] + np.abs(x[:, 2]) - 0.5 * x[:, 3] > 0.5
    return x, {
        "network": MLPClassifier((50,), max_iter=10, random_state=1).fit(x, y),
        "naive Bayes": GaussianNB().fit(x, y),
        "support vectors": SVR().fit(x[:1_000], y[:1_000]),
        "neighbours": KNeighborsClassifier(15).fit(x[:1_000], y[:1_000]),
    }


@pytest.mark.bench
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("width", [8, 20])
def test_models_that_can_only_be_asked_beside_shaps_own_explainer(width: int) -> None:
    """The same model and 100 background rows, one thread; shap asked as often as we ask, and with its default."""
    shap = pytest.importorskip("shap")
    from skops.io import dumps

    from plumbline.explain.model import margins
    from plumbline.explain.model_agnostic import sampled_contributions
    from plumbline.explain.readers.formats import read_model
    from plumbline.explain.shap.tree_path_dependent import to_score

    x, models = _asked(width)
    background, rows = x[:100], x[200:204]
    print(f"\n{width} inputs, {len(background)} background rows, us a row")
    for name, model in models.items():
        ours = read_model(dumps(model))
        most = (2 * ours.orders * (width - 1) or 2**width) + 2 * width + 2
        say = model.predict if name == "support vectors" else lambda z, m=model: m.predict_proba(z)[:, 1]
        probability = ours.link == "logit"
        masker = shap.maskers.Independent(background, max_samples=len(background))
        explainer = shap.PermutationExplainer(say, masker, seed=0)
        explainer(rows[:1], silent=True)  # compiled once
        took = {}
        for which, run in (
            ("ours", lambda o=ours, p=probability: sampled_contributions(o, rows, background, probability=p).parts),
            ("shap", lambda e=explainer: e(rows, silent=True).values),
            ("shap, as often", lambda e=explainer, n=most: e(rows, max_evals=n, silent=True).values),
        ):  # fmt: skip
            begin = time.perf_counter()
            found = run()
            took[which] = time.perf_counter() - begin
            made = ours if which == "ours" else None
            if made is not None:
                asked = sampled_contributions(made, rows, background, probability=probability)
                told = to_score(made.link, margins(made, rows)) if probability else margins(made, rows)
                assert np.abs(asked.base + found.sum(axis=1) - told[:, 0]).max() < 1e-6
        words = ", ".join(f"{which} {1e6 * t / len(rows):,.0f}" for which, t in took.items())
        ratio = took["shap, as often"] / took["ours"]
        print(f"{name:<16} {words}; as often asked, ours is {ratio:.1f} times as fast")
