"""The logs that detection is measured on: the stories from many seeds, and logs in which nothing happens.

Each is written in one plain form that every tool can read: ``log.parquet`` with the columns ``at, id, version, score,
prediction, label, known_at`` and ``x_<feature>``, and ``meta.json`` with what a tool is told (task, positive class,
where the healthy reference ends) and what it is judged by (when the true change began, if there is one).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

START = pd.Timestamp("2026-01-05")
QUIET_DAYS, QUIET_ROWS = 168, 16_000
KINDS = ("steady", "seasonal", "growing", "late labels")
#: the stories with a change at a moment, as their scenarios plant it; the others have a fault from the first day
CHANGES = {
    "shop-recommendations": "2026-08-02",
    "card-fraud": "2026-10-21 09:00",
    "fleet-demand": "2025-10-31",
}
#: what each of these changes: an alarm on anything else, such as the weekday, has found something else
OUTCOME = ("performance.", "estimate.", "warning.")
MOVED = {
    "shop-recommendations": (*OUTCOME, "drift.season_index", "drift.days_since_visit"),
    "card-fraud": (*OUTCOME, "release."),
    "fleet-demand": (*OUTCOME, "drift.rival_lockers", "out_of_range.rival_lockers"),
}
STANDING = ("saas-pricing", "triage-diagnostics")
HEALTHY = ("credit-limits", "search-sandbox")


@dataclass(frozen=True)
class Log:
    """One log on disk: its folder, and what it is called."""

    name: str
    folder: Path

    @property
    def meta(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "meta.json").read_text()))

    def frame(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "log.parquet")


def quiet_name(seed: int) -> str:
    return f"quiet-{seed:02d}-{KINDS[seed % len(KINDS)].replace(' ', '-')}"


def quiet(folder: Path, seed: int) -> Log:
    """A log without any change: its kind goes round with the seed."""
    kind = KINDS[seed % len(KINDS)]
    rng = np.random.default_rng([20261124, seed])
    share = np.sort(rng.random(QUIET_ROWS))
    if kind == "growing":
        share = np.sqrt(share)  # traffic grows steadily to many times what it was
    day = share * QUIET_DAYS
    at = START + pd.to_timedelta(day, unit="D").round("s")
    wave = np.zeros(QUIET_ROWS)
    if kind == "seasonal":  # a week and a month that come round again and again, in the reference as well
        wave = 0.8 * np.sin(2 * np.pi * day / 7) + 0.6 * np.sin(2 * np.pi * day / 28)
    x = {f"n{i}": rng.normal(size=QUIET_ROWS) * (i + 1) for i in range(5)}
    x["n0"] = x["n0"] + wave
    x["n5"] = rng.gamma(2.0, 3.0, QUIET_ROWS)
    c1 = rng.choice(["a", "b", "c", "d"], QUIET_ROWS, p=[0.4, 0.3, 0.2, 0.1])
    c2 = rng.choice([f"k{i}" for i in range(12)], QUIET_ROWS)
    logit = 0.9 * x["n0"] + 0.4 * x["n1"] - 0.15 * (x["n5"] - 6) + 0.5 * (c1 == "a") - 0.3
    score = 1 / (1 + np.exp(-logit))
    label = rng.random(QUIET_ROWS) < score
    wait = rng.gamma(2.0, 6.0, QUIET_ROWS) if kind == "late labels" else np.zeros(QUIET_ROWS)
    known = at + pd.to_timedelta(wait, unit="D")
    end = START + pd.Timedelta(days=QUIET_DAYS)
    frame = pd.DataFrame(
        {
            "at": at, "id": [f"q{i:06d}" for i in range(QUIET_ROWS)], "version": "1.0", "trained_at": "2026-01-02",
            "score": score.round(6), "prediction": np.where(score >= 0.5, "yes", "no"),
            "label": pd.Series(np.where(label, "yes", "no")).where(known < end, None),
            "known_at": known.where(known < end),
            **{f"x_{k}": v for k, v in x.items()}, "x_c1": c1, "x_c2": c2,
        }
    )  # fmt: skip
    meta = {
        "task": "binary", "positive": "yes", "kind": kind, "change": None,
        "reference_end": str(START + pd.Timedelta(days=56)), "days": QUIET_DAYS,
    }  # fmt: skip
    return kept(quiet_name(seed), folder, frame, meta)


def story(folder: Path, name: str, seed: int, opened: Callable[[str], Any]) -> Log:
    """A story's log as a tool without our mapping would be given it; ``opened`` reads what was loaded."""
    frame, meta = opened(name)
    return kept(f"{name}-{seed:02d}", folder, frame, meta | {"change": CHANGES.get(name), "kind": "story"})


def kept(name: str, folder: Path, frame: pd.DataFrame, meta: dict[str, Any]) -> Log:
    """A log and what is known of it, on disk."""
    own = folder / name
    own.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(own / "log.parquet")
    (own / "meta.json").write_text(json.dumps(meta | {"name": name, "rows": len(frame)}, default=str))
    return Log(name, own)


def stories(seeds: int) -> Iterator[tuple[str, int]]:
    """Every story and seed."""
    for seed in range(seeds):
        for name in (*CHANGES, *STANDING, *HEALTHY):
            yield name, seed
