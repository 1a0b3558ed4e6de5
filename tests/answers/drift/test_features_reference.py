"""Another reference than the system's own: every measure is of it, as scipy says on the decisions themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon

from plumbline.answers.data.load import load_file, set_reference
from plumbline.answers.drift.feature import feature
from plumbline.answers.drift.features import drift
from plumbline.store.workspace import open_workspace

START = datetime(2026, 1, 5, tzinfo=UTC)


def test_the_cells_and_the_range_are_those_of_the_reference_that_was_asked_for(tmp_path: Path) -> None:
    """The own reference holds 0 to 1; the two spans that are compared lie far above it, and apart."""
    random = np.random.default_rng(4)
    n, day = 60 * 200, np.repeat(np.arange(60), 200)
    x = random.random(n) + np.select([day < 20, day < 40], [0.0, 10.0], 10.7)
    level = np.select([day < 20, day < 40], ["a", "b"], "c")
    score = random.random(n).round(4)
    frame = pd.DataFrame({
        "at": pd.Timestamp("2026-01-05") + pd.to_timedelta(np.arange(n) * 7.2, unit="min"),
        "id": [f"d{i}" for i in range(n)],
        "score": score, "prediction": np.where(score > 0.5, "yes", "no"), "x": x, "level": level,
    })  # fmt: skip
    frame.to_parquet(tmp_path / "log.parquet")
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    try:
        maps = [("at", "timestamp"), ("id", "decision_id"), ("score", "score"), ("prediction", "prediction"),
                ("x", "feature:x"), ("level", "feature:level")]  # fmt: skip
        load_file(
            ws, tmp_path / "log.parquet", title="s", maps=maps, positive="yes", timezone="UTC", actor="test"
        )
        set_reference(ws, "s", START, START + timedelta(days=14), actor="test")
        spans = tuple((START + timedelta(days=a), START + timedelta(days=b)) for a, b in ((20, 40), (40, 60)))
        found = drift(ws, "s", reference=spans[0], window=spans[1], methods=["js", "psi", "ks"])
        one = feature(ws, "s", "x", reference=spans[0], window=spans[1])
    finally:
        ws.close()
    then, now = (frame.x[(day >= a) & (day < b)].to_numpy() for a, b in ((20, 40), (40, 60)))
    cuts = np.quantile(then, np.arange(1, 10) / 10)
    p, q = (np.bincount(np.searchsorted(cuts, v, side="right"), minlength=10) for v in (then, now))
    held = {(f.feature, f.method): f.value for f in found.features}
    assert held["x", "js"] == pytest.approx(jensenshannon(p, q, base=2), abs=1e-9)
    assert held["level", "js"] == pytest.approx(1.0)
    (beyond,) = [f for f in found.own if f.feature == "x" and f.method == "out_of_range"]
    assert beyond.value == pytest.approx(np.mean((now < then.min()) | (now > then.max())), abs=1e-9)
    assert next(f.value for f in one.by_method if f.method == "js") == held["x", "js"]
    assert {f.value for f in found.chunks if f.feature == "x" and f.start and f.start >= spans[1][0]} != {1.0}
