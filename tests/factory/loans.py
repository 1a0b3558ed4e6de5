"""Forty days of loans: versions in a row, a test, a shadow, and people who overrule."""

from __future__ import annotations

import numpy as np
import pandas as pd

START = pd.Timestamp("2026-01-05")
A_DAY, DAYS = 120, 40
#: version 2 goes live on this day, beside which it ran as a shadow for 5; version 3 is tested for 8 days from
SWITCH, TEST = 20, 30


def rows(seed: int = 11) -> pd.DataFrame:
    """Version 2 grants more to the same people; the inputs do not move."""
    rng = np.random.default_rng(seed)
    n = A_DAY * DAYS
    day = np.arange(n) // A_DAY
    x = rng.normal(0, 1, n)
    frame = pd.DataFrame(
        {
            "at": START + pd.to_timedelta(np.arange(n) * 1440 / A_DAY, unit="min"),
            "id": [f"d{i}" for i in range(n)],
            "x": x.round(4),
            "sex": rng.choice(["f", "m"], n, p=[0.4, 0.6]),
            "origin": rng.choice(["a", "b", "c"], n, p=[0.6, 0.395, 0.005]),
            "version": np.where(day < SWITCH, "1", "2"),
            "arm": "champion",
        }
    )
    in_test = (day >= TEST) & (day < TEST + 8) & (rng.random(n) < 0.5)
    frame.loc[in_test, ["version", "arm"]] = ["3", "challenger"]
    shadow = frame[(day >= SWITCH - 5) & (day < SWITCH)].assign(version="2", arm="shadow")
    frame = pd.concat([frame, shadow]).sort_values(["at", "arm"], kind="stable").reset_index(drop=True)
    lift = frame["version"].map({"1": 0.0, "2": 1.0, "3": 1.0}) - 0.9 * (frame["sex"] == "f")
    frame["p"] = (1 / (1 + np.exp(-frame["x"] - lift))).round(6)
    frame["said"] = np.where(frame["p"] >= 0.5, "grant", "refuse")
    paid = np.random.default_rng(3).random(n) < 1 / (1 + np.exp(-x))
    frame["true"] = frame["id"].map(dict(zip([f"d{i}" for i in range(n)], paid, strict=True)))
    frame["true"] = np.where(frame["true"], "grant", "refuse")
    frame.loc[frame["at"] > frame["at"].max() - pd.Timedelta("2D"), "true"] = None
    other = np.where(frame["said"] == "grant", "refuse", "grant")
    roll = np.random.default_rng(4).random(len(frame))
    frame["human"] = np.select([roll < 0.05, roll < 0.6], [other, frame["said"]], None)
    return frame
