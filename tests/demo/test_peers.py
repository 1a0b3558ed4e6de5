"""Evidently's and NannyML's own numbers on a demo log and on NannyML's sample, reproduced with their binning.

``peers.json`` is what Evidently 0.7.23 and NannyML 0.13.1 themselves said (``tests/bench/peer_values.py``). Our
measures are given the cells that each peer would have made; what then remains is a stated factor.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from plumbline.domain import Bins, Kind
from plumbline.monitor.binned_counts import BinnedCounts, binned_counts
from plumbline.monitor.drift.distances import METHODS
from plumbline.monitor.drift.exact import exact_ks, exact_wasserstein
from plumbline.monitor.estimate.cbpe_binary import estimate
from tests.bench.peer_values import COLUMNS, car_loan, shop
from tests.demo.conftest import Written
from tests.monitor.outcomes import at, classified, day

SAID = json.loads(Path(__file__).with_name("peers.json").read_text("utf-8"))
Sides = Callable[[str], tuple[pd.DataFrame, pd.DataFrame]]
LOGS = pytest.mark.parametrize("log", ["shop", pytest.param("car-loan", marks=pytest.mark.reallogs)])


@pytest.fixture(scope="module")
def sides(request: pytest.FixtureRequest, written: Written) -> Sides:
    """Reference and window of a log, read once."""
    read: dict[str, tuple[pd.DataFrame, pd.DataFrame]] = {}

    def of(log: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        if log not in read:
            folder = (
                written["shop-recommendations"].log.parent
                if log == "shop"
                else request.getfixturevalue("real_logs") / "car-loan"
            )
            read[log] = shop(folder) if log == "shop" else car_loan(folder)
        return read[log]

    return of


def _columns(log: str, which: int, sides: Sides) -> list[tuple[str, Any, Any]]:
    then, now = sides(log)
    return [(c, then[c].dropna().to_numpy(), now[c].dropna().to_numpy()) for c in COLUMNS[log][which]]


def _cells(p: Any, q: Any) -> BinnedCounts:
    names = tuple(f"cell {i}" for i in range(len(p) - 1))
    return binned_counts(
        Bins(feature="f", kind=Kind.CATEGORICAL, levels=names), np.asarray(p, float), np.asarray(q, float)
    )


def _levels(a: Any, b: Any) -> BinnedCounts:
    """Levels of both sides: Evidently's, and NannyML's where the window has no new one."""
    names = np.unique(np.concatenate([a, b]))
    return _cells(*([int((x == name).sum()) for name in names] for x in (a, b)))


def _sturges(a: Any, b: Any, over: Any) -> BinnedCounts:
    """Evidently: Sturges bins; a number with at most 20 values is taken by its values."""
    edges = np.histogram_bin_edges(over, bins="sturges")
    return _cells(*(np.histogram(x, edges)[0] for x in (a, b)))


def _doane(a: Any, b: Any) -> BinnedCounts:
    """NannyML: Doane bins of the reference, and one cell for what lies outside them."""
    edges = np.histogram_bin_edges(a.astype(float), bins="doane")
    p, q = (np.histogram(x, edges)[0] for x in (a, b))
    return _cells([*p, 0], [*q, len(b) - q.sum()])


def _ours(method: str, cells: BinnedCounts) -> float:
    value = METHODS[method].distance(cells).value
    assert value is not None
    return value


@LOGS
def test_evidentlys_distances(log: str, sides: Sides) -> None:
    said, whole = SAID["evidently"][log], 0
    for column, a, b in _columns(log, 0, sides):
        both = np.concatenate([a, b])
        cells = _sturges(a, b, both) if len(np.unique(a)) > 20 else _levels(a, b)
        assert _ours("js", cells) * np.sqrt(np.log(2)) == pytest.approx(said[f"js:{column}"], abs=1e-9)
        filled = cells.p.all() and cells.q.all()
        # an empty cell gets 1e-4 in both; ours then divides by the sum again
        assert _ours("psi", cells) == pytest.approx(said[f"psi:{column}"], rel=1e-9 if filled else 0.02)
        whole += int(filled)
        rooted = _ours("hellinger", _sturges(a, b, np.unique(both)))
        assert rooted == pytest.approx(said[f"hellinger:{column}"], abs=1e-6)
        moved = exact_wasserstein(a.astype(float), b.astype(float)).value
        assert moved is not None
        by_population = moved * np.sqrt(len(a) / (len(a) - 1))
        assert by_population == pytest.approx(said[f"wasserstein:{column}"], rel=1e-9)
        found = exact_ks(a.astype(float), b.astype(float))
        # scipy counts paths or corrects for small samples; ours is Kolmogorov's limit law
        assert found.p_value == pytest.approx(said[f"ks_p:{column}"], abs=0.01)
    for column, a, b in _columns(log, 1, sides):
        cells = _levels(a, b)
        assert _ours("js", cells) * np.sqrt(np.log(2)) == pytest.approx(said[f"js:{column}"], abs=1e-9)
        assert _ours("psi", cells) == pytest.approx(said[f"psi:{column}"], rel=1e-9)
        assert _ours("hellinger", cells) == pytest.approx(said[f"hellinger:{column}"], abs=1e-7)
        whole += 1
    assert whole >= 1


@LOGS
def test_nannymls_distances(log: str, sides: Sides) -> None:
    said = SAID["nannyml"][log]
    for column, a, b in _columns(log, 0, sides):
        for method in ("js", "hellinger"):
            assert _ours(method, _doane(a, b)) == pytest.approx(said[f"{method}:{column}"], abs=1e-7)
        edges = np.linspace(a.min(), a.max(), 10_001)  # its grid for 10,000 reference rows and more
        p, q = (np.r_[(x < edges[0]).sum(), np.histogram(x, edges)[0], (x > edges[-1]).sum()] for x in (a, b))
        grid = binned_counts(Bins(feature="f", kind=Kind.NUMERIC, edges=edges), p, q)
        assert _ours("ks", grid) == pytest.approx(said[f"ks:{column}"], abs=1e-9)
        assert exact_ks(a.astype(float), b.astype(float)).value == pytest.approx(
            said[f"ks:{column}"], abs=2e-3
        )
        far = exact_wasserstein(a.astype(float), b.astype(float)).value
        assert far is not None
        wide = (max(a.max(), b.max()) - min(a.min(), b.min())) / 1_000
        assert far * np.std(a, ddof=1) == pytest.approx(said[f"wasserstein:{column}"], abs=wide)
    for column, a, b in _columns(log, 1, sides):
        for method in ("js", "hellinger", "linf", "chi2"):
            assert _ours(method, _levels(a, b)) == pytest.approx(said[f"{method}:{column}"], abs=1e-7), method


@LOGS
def test_nannymls_estimates(log: str, sides: Sides) -> None:
    """CBPE: the same calibration, on 1,000 score cells instead of on every score."""
    then, now = sides(log)
    rows = pd.concat([then[then["truth"].notna()], now])
    days = (rows["at"].dt.normalize() - pd.Timestamp(day(0))).dt.days.to_numpy()
    known = rows["truth"].notna().to_numpy() & (np.arange(len(rows)) < len(rows) - len(now))
    truth = rows["truth"].fillna(0).to_numpy(int)
    profile = classified(
        days, rows["prediction"].to_numpy(int), truth, rows["score"].to_numpy(float), labelled=known
    )
    starts = int(days[: len(rows) - len(now)].max()) + 1
    said = SAID["nannyml"][log]
    metrics = ["accuracy", "precision", "recall", "f1", "roc_auc"]
    by = "week" if log == "shop" else "month"
    found = estimate(profile, reference=(at(int(days.min())), at(starts)), by=by, metrics=metrics)
    compared = 0
    for point in found:
        key = point.start.strftime("%Y-%m-%d" if log == "shop" else "%Y-%m")
        theirs = said[f"cbpe:{point.metric}"].get(key)
        if theirs is None or key == "2018-10":  # that month is the reference's but for 207 rows
            continue
        assert point.value == pytest.approx(theirs, abs=2e-3), (point.metric, key)
        compared += 1
    assert compared >= 10
