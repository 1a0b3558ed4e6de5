"""A small log whose model decays, and what comes after: a version that was trained anew, or more of the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from plumbline.answers import statements
from plumbline.answers.data.load import load_file, set_reference
from plumbline.store.workspace import Workspace

KEY = "offers"
START = pd.Timestamp("2026-01-05", tz="UTC")
A_DAY, HEALTHY, DECAYED = 60, 70, 35
MAPS = (
    ("at", "timestamp"), ("id", "decision_id"), ("x", "feature:x"), ("version", "version"), ("trained", "trained_at"),
    ("said", "prediction"), ("true", "label"), ("p", "score"),
)  # fmt: skip


def rows(first: int, days: int, version: str, trained: str, right: float, seed: int) -> pd.DataFrame:
    """``days`` from day ``first`` on, of which the share ``right`` is decided rightly; outcomes are known at once."""
    rng = np.random.default_rng(seed)
    n = A_DAY * days
    frame = pd.DataFrame(
        {"at": START + pd.Timedelta(days=first) + pd.to_timedelta(np.arange(n) * 1440 / A_DAY, unit="min")}
    )
    frame["id"] = [f"d{first}-{i}" for i in range(n)]
    frame["x"] = rng.normal(0, 1, n).round(3)
    frame["version"], frame["trained"] = version, trained
    frame["p"] = rng.uniform(0.05, 0.95, n).round(4)
    frame["said"] = np.where(frame["p"] >= 0.5, "take", "skip")
    other = np.where(frame["said"] == "take", "skip", "take")
    frame["true"] = np.where(rng.random(n) < right, frame["said"], other)
    return frame


def decayed() -> pd.DataFrame:
    """Ten healthy weeks of version 1, then five in which it is right far less often."""
    return pd.concat(
        [rows(0, HEALTHY, "1", "2025-12-01", 0.85, 1), rows(HEALTHY, DECAYED, "1", "2025-12-01", 0.62, 2)]
    )


def load(
    ws: Workspace, folder: Path, frame: pd.DataFrame, name: str, *, today: int, title: str = KEY
) -> None:
    """Load it, as of the end of day ``today``."""
    path = folder / name
    frame.assign(at=frame["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(path, index=False)
    load_file(ws, path, title=title, maps=MAPS, positive="take", actor="test")
    as_of = (START + pd.Timedelta(days=today)).isoformat()
    statements.change_settings(ws, title, {"as_of": as_of}, by="test")


def healthy_reference(ws: Workspace, title: str = KEY) -> None:
    """The first eight weeks are what is healthy."""
    set_reference(
        ws, title, START.to_pydatetime(), (START + pd.Timedelta(days=56)).to_pydatetime(), actor="test"
    )
