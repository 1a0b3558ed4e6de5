"""The scorecard's FAIR-1 on groups that are alike, and on two of which one is decided for less often.

People are drawn by group; each has one decision and one outcome. The answer is asked for as a reader gets it: a log
is loaded, its scorecard made.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from plumbline.answers import statements
from plumbline.answers.data.load import FileAnswers, apply_answers, inspect_file, load_file
from plumbline.answers.governance.scorecard import scorecard
from plumbline.domain import Mapping
from plumbline.store.workspace import open_workspace
from tests.bench.detection.worlds import NO, START, YES, stream

ROLES = {"at": "timestamp", "id": "decision_id", "group": "protected:group", "prediction": "prediction",
         "label": "label", "x": "feature:x"}  # fmt: skip
DAYS = 30


@dataclass(frozen=True)
class Groups:
    """``rates``: each group's share decided *yes*; ``equal``: whether they are one, in error rates as well."""

    said: str
    rows: int
    rates: tuple[float, ...]
    equal: bool
    seeds: int = 60


GROUPS: dict[str, Groups] = {
    "fair-2x300": Groups("2 equal groups of 300, rate 30 %", 300, (0.3,) * 2, True),
    "fair-8x100": Groups("8 equal groups of 100, rate 10 %", 100, (0.1,) * 8, True),
    "fair-8x1000": Groups("8 equal groups of 1,000, rate 10 %", 1000, (0.1,) * 8, True),
    "fair-20x60": Groups("20 equal groups of 60, rate 30 %", 60, (0.3,) * 20, True),
    "fair-0.5": Groups("2 groups of 500, rate 30 %, ratio 0.5", 500, (0.3, 0.15), False),
    "fair-0.6": Groups("2 groups of 500, rate 50 %, ratio 0.6", 500, (0.5, 0.3), False),
}


def drawn(key: str, groups: Groups, seed: int) -> pd.DataFrame:
    """One log: four fifths of a group's rate are its positives, of whom seven in ten are decided *yes*."""
    rng = stream(key, seed, "groups")
    parts = []
    for i, rate in enumerate(groups.rates):
        share = 0.8 * rate
        y = rng.random(groups.rows) < share
        yes = rng.random(groups.rows) < np.where(y, 0.7, (rate - 0.7 * share) / (1 - share))
        parts.append(pd.DataFrame({"group": f"g{i:02d}", "prediction": np.where(yes, YES, NO),
                                   "label": np.where(y, YES, NO)}))  # fmt: skip
    frame = pd.concat(parts)
    frame["x"] = rng.normal(size=len(frame)).round(4)
    frame["at"] = START + pd.to_timedelta((rng.random(len(frame)) * DAYS * 86_400).astype(int), unit="s")
    frame = frame.sort_values("at", kind="stable").reset_index(drop=True)
    return frame.assign(id=[f"d{i:06d}" for i in range(len(frame))])


_MAPPINGS: dict[str, Mapping] = {}


def asked(key: str, seed: int, folder: Path) -> dict[str, Any]:
    """What FAIR-1 says of one log."""
    groups = GROUPS[key]
    begun, spent = time.perf_counter(), time.process_time()
    frame = drawn(key, groups, seed)
    path = folder / "log.parquet"
    frame.to_parquet(path)
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    try:
        if "one" not in _MAPPINGS:
            said = FileAnswers(
                maps=[(c, ROLES[c]) for c in frame], timezone="UTC", positive=YES, task="binary"
            )
            _MAPPINGS["one"] = apply_answers(inspect_file(path, ws=ws).mapping, said)
        load_file(
            ws, path, title="log", mapping=_MAPPINGS["one"], timezone="UTC", positive=YES, actor="bench"
        )
        statements.change_settings(ws, "log", {"favourable": YES}, by="bench")  # as an owner states it
        card = scorecard(ws, "log")
    finally:
        ws.close()
    answer = next(c for c in card.controls if c.id == "FAIR-1")
    return {
        "name": f"{key}-{seed:02d}", "kind": key, "seed": seed, "status": str(answer.status),
        "sentence": str(answer.evidence.sentence) if hasattr(answer.evidence, "sentence") else str(answer.evidence),
        "seconds": round(time.perf_counter() - begun, 1), "cpu": round(time.process_time() - spent, 1),
    }  # fmt: skip
