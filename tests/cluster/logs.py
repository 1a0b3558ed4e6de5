"""Generated logs as tables, and what is counted of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from plumbline.store.workspace import Workspace

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
