"""Evidently with its default drift report on the logs in the plain form, in an environment of its own (see run.py).

Each week after the reference is the current data of one report. A column's alarm is its own verdict; the data set's is
that half of the columns drift. Neighbouring weeks of one signal count once, known at the week's end. It has no alarm on
performance. Nine tenths of a report's time go into charts, which are not drawn here. A log's description may name
columns to be ``watched`` beside the features.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import evidently
import pandas as pd
from evidently import Report
from evidently.metrics.column_statistics import ValueDriftCalculation
from evidently.presets import DataDriftPreset

warnings.filterwarnings("ignore")
# The verdicts are read off the figures alone; without charts they are the same.
ValueDriftCalculation._render = lambda *args: []
DataDriftPreset.render = lambda *args, **more: []
QUIET, SEEDS = 12, 2


def verdicts(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, bool]:
    """Which columns drifted by Evidently's own method and threshold, and whether the data set did."""
    found = {}
    for one in Report([DataDriftPreset()]).run(current, reference).dict()["metrics"]:
        setting = one["config"]
        if setting["type"].endswith("DriftedColumnsCount"):
            found["data set"] = bool(one["value"]["share"] >= setting["drift_share"])
        else:
            value, limit = float(one["value"]), float(setting["threshold"])
            by_p = "p_value" in setting["method"].lower() or "p-value" in setting["method"].lower()
            found[setting["column"]] = value < limit if by_p else value >= limit
    return found


def alarms(frame: pd.DataFrame, meta: dict[str, Any]) -> list[dict[str, Any]]:
    end = pd.Timestamp(meta["reference_end"])
    features = [c for c in frame if c.startswith("x_")] + list(meta.get("watched", ()))
    reference, later = frame[frame["at"] < end][features], frame[frame["at"] >= end]
    found, before = [], dict.fromkeys([*features, "data set"], False)
    for week, part in later.groupby(later["at"].dt.to_period("W")):
        if len(part) < 30:
            continue
        now = verdicts(reference, part[features])
        for signal, on in now.items():
            if on and not before.get(signal):
                found.append(
                    {
                        "signal": f"drift.{signal}",
                        "since": str(week.start_time),
                        "known_at": str(week.end_time),
                        "figures": {},
                    }
                )
        before = now
    return found


def wanted(name: str) -> bool:
    story, _, rest = name.partition("-")
    if story == "quiet":
        return int(rest[:2]) < QUIET
    seed = name.rpartition("-")[2]
    return not seed.isdigit() or int(seed) < SEEDS  # a real log has no seed


def result(folder: Path) -> dict[str, Any]:
    """What Evidently says of the log in a folder."""
    meta = json.loads((folder / "meta.json").read_text())
    frame = pd.read_parquet(folder / "log.parquet")
    story = meta["kind"] if meta["kind"] != "story" else meta["name"].rpartition("-")[0]
    return {
        "name": meta["name"], "story": story, "change": meta["change"], "first": str(frame["at"].min()),
        "last": str(frame["at"].max()), "rows": len(frame), "reference_end": meta["reference_end"],
        "findings": alarms(frame, meta), "version": evidently.__version__,
    }  # fmt: skip


def main(place: Path, out: Path) -> None:
    have = {json.loads(line)["name"] for line in out.read_text().splitlines()} if out.exists() else set()
    for folder in sorted(p for p in place.iterdir() if p.name not in have and wanted(p.name)):
        made = result(folder)
        with out.open("a") as file:
            file.write(json.dumps(made) + "\n")
        print(f"{made['name']}: {len(made['findings'])} alarms", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
