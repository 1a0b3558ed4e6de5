"""Generated logs as tables, and what is counted of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from plumbline.answers.data.load import load_file
from plumbline.store import systems
from plumbline.store.workspace import Workspace, open_workspace

PROFILES = (
    "profile_bin", "profile_feature", "profile_outcome", "profile_confusion", "profile_hour",
    "profile_presence", "profile_delay",
)  # fmt: skip


def classifier(n: int, *, days: int = 60, first: int = 0, seed: int = 1) -> pd.DataFrame:
    """A log of yes and no, with gaps, odd cells and a rare class spelt in two ways."""
    rng = np.random.default_rng(seed)
    seconds = np.sort(rng.integers(first * 86_400, (first + days) * 86_400, n))
    score = np.round(rng.random(n), 4)
    label = np.where(rng.random(n) < score, "yes", "no").astype(object)
    label[rng.random(n) < 0.2] = None
    frame = pd.DataFrame(
        {
            "decision_id": [f"d{first:03d}-{i:07d}" for i in range(n)],
            "decided_at": pd.Timestamp("2026-01-05") + pd.to_timedelta(seconds, unit="s"),
            "model_version": rng.choice(["1.0", "2.0"], n),
            "score": np.where(rng.random(n) < 0.02, np.nan, score),
            "prediction": np.where(score > 0.5, "yes", "no"),
            "label": label,
            "amount": np.where(rng.random(n) < 0.03, np.nan, rng.lognormal(3, 1, n)),
            "visits": rng.integers(0, 12, n),
            "region": rng.choice(np.array(["north", "south", " east ", "n/a", "TRUE"], object), n),
            "shop": [f"s{i}" for i in rng.integers(0, 300, n)],
        }
    )
    frame["label_time"] = frame["decided_at"] + pd.to_timedelta(rng.integers(0, 900, n), unit="h")
    frame.loc[frame["label"].isna(), "label_time"] = pd.NaT
    return frame


def prices(n: int) -> pd.DataFrame:
    """A log of predicted numbers."""
    rng = np.random.default_rng(4)
    frame = classifier(n).drop(columns=["score"])
    frame["prediction"] = np.round(rng.lognormal(8, 0.5, n), 2)
    frame["label"] = np.where(
        rng.random(n) < 0.3, np.nan, frame["prediction"] + rng.normal(0, 100, n).round(2)
    )
    return frame


def counts(ws: Workspace, key: str, table: str) -> list[tuple[Any, ...]]:
    """The rows of a profile table but for sums of fractions, whatever their order; loads by their place."""
    with ws.read() as cursor:
        columns = [
            name for name, kind, *_ in cursor.execute(f"DESCRIBE {table}").fetchall()
            if name != "load_id" and (table == "profile_bin" or kind not in ("DOUBLE", "DOUBLE[]"))
        ]  # fmt: skip
        rank = ", dense_rank() OVER (ORDER BY load_id)" if table != "profile_bin" else ""
        return cursor.execute(
            f"SELECT {', '.join(columns)}{rank} FROM {table} WHERE system = ? ORDER BY ALL", [key]
        ).fetchall()


def fractions(ws: Workspace, key: str) -> Any:
    """Sums of fractions of all groups together, by table."""
    with ws.read() as cursor:
        row = cursor.execute(
            """SELECT (SELECT list(s ORDER BY col) FROM (SELECT col, sum(total) + sum(squares) AS s FROM profile_feature
                       WHERE system = $key GROUP BY 1)),
                      (SELECT [sum(sum_log_loss), sum(sum_brier)] FROM profile_outcome WHERE system = $key)""",
            {"key": key},
        ).fetchone()
    return np.array([*row[0], *row[1]], float)


def loaded(folder: Path, *logs: pd.DataFrame, name: str = "here") -> Workspace:
    """The same rows, loaded here."""
    ws = open_workspace(folder / f"{name}.duckdb", memory_limit="1GB", read_from=[folder])
    for place, log in enumerate(logs):
        path = folder / f"{name}-{place}.parquet"
        log.to_parquet(path, coerce_timestamps="us")
        load_file(ws, path, title="x", actor="Ana")
    return ws


def same(away: Workspace, here: Workspace) -> None:
    """Compare all that is counted of two systems, bit by bit but for sums of fractions, and what their classes are."""
    with away.read() as cursor, here.read() as whole:
        one, other = systems.get_system(cursor, "x"), systems.get_system(whole, "x")
    assert (one.task, one.classes, one.positive) == (other.task, other.classes, other.positive)
    for table in PROFILES:
        assert counts(away, "x", table) == counts(here, "x", table), table
    np.testing.assert_allclose(fractions(away, "x"), fractions(here, "x"), rtol=1e-9)


def write(folder: Path, *logs: pd.DataFrame) -> Path:
    """A table of several files; written anew where it is there."""
    path = folder / "table"
    path.mkdir(parents=True, exist_ok=True)
    for place, log in enumerate(logs):
        log.to_parquet(path / f"part-{place}.parquet", coerce_timestamps="us")
    return path
