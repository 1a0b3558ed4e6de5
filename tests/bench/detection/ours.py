"""Plumbline's defaults on one log: load it, run every signal, and say what was found and when it could be known."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from plumbline.answers.alerts.check import check
from plumbline.answers.data.load import load_file, set_reference
from plumbline.answers.performance.headline import system_headline
from plumbline.answers.performance.series import performance
from plumbline.demo.load import load_files
from plumbline.demo.scenarios import SCENARIOS
from plumbline.domain import Finding, Task
from plumbline.store import systems
from plumbline.store.workspace import Workspace, open_workspace
from tests.bench.detection import logs

ROLES = {
    "at": "timestamp", "id": "decision_id", "version": "version", "trained_at": "trained_at", "score": "score",
    "prediction": "prediction", "label": "label", "known_at": "label_time",
}  # fmt: skip


def on_story(name: str, seed: int, held: Path, keep: Path | None = None) -> dict[str, Any]:
    """One story from one seed; with ``keep`` its log is also written for the other tools."""
    scenario = SCENARIOS[name]

    def fill(ws: Workspace, folder: Path) -> None:
        load_files(ws, scenario, scenario.write(folder, seed))

    with loaded(held, fill) as ws:
        made = checked(ws, name, f"{name}-{seed:02d}", logs.CHANGES.get(name))
        if keep is not None and not (keep / f"{name}-{seed:02d}").exists():
            logs.story(keep, name, seed, lambda key: opened(ws, key))
    return made | {"story": name, "seed": seed}


def on_quiet(shared: Path, seed: int, held: Path) -> dict[str, Any]:
    """A log in which nothing happens, which is written in the plain form."""
    log = logs.quiet(shared, seed)
    meta = log.meta

    def fill(ws: Workspace, folder: Path) -> None:
        frame = log.frame()
        frame = frame.rename(columns={c: c.removeprefix("x_") for c in frame})
        frame.to_parquet(folder / "log.parquet")
        maps = [(c, ROLES[c]) for c in frame if c in ROLES]
        load_file(
            ws, folder / "log.parquet", title="log", maps=maps, positive=meta["positive"], actor="bench"
        )
        first = frame["at"].min().to_pydatetime().replace(tzinfo=UTC)
        end = datetime.fromisoformat(meta["reference_end"]).replace(tzinfo=UTC)
        set_reference(ws, "log", first, end, actor="bench")

    with loaded(held, fill) as ws:
        made = checked(ws, "log", log.name, meta["change"])
    return made | {"story": meta["kind"], "seed": log.name}


@contextmanager
def loaded(held: Path, fill: Callable[[Workspace, Path], None]) -> Iterator[Workspace]:
    """The workspace kept at ``held``; where there is none, one that ``fill`` loads from a folder of its own first."""
    if not held.exists():
        with tempfile.TemporaryDirectory(prefix="detection-") as place:
            folder = Path(place)
            ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
            try:
                fill(ws, folder)
            finally:
                ws.close()
            shutil.move(folder / "workspace.duckdb", held)
    ws = open_workspace(held)
    try:
        yield ws
    finally:
        ws.close()


def checked(ws: Workspace, key: str, name: str, change: str | None) -> dict[str, Any]:
    """Every signal of a loaded system, what it found, and how far its dates and estimates were out."""
    begun = time.perf_counter()
    found = check(ws, key, actor="bench")
    took = time.perf_counter() - begun
    dated, errors = _looked_back(ws, key)
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        row = cursor.execute(
            f'SELECT min(timestamp), max(timestamp), count(*) FROM "decision_{key}"'  # a key of our own
        ).fetchone()
    assert row is not None
    reference = system.reference[1] if system.reference else None
    return {
        "name": name, "change": change, "first": str(row[0]), "last": str(row[1]), "rows": row[2], "seconds": took,
        "reference_end": str(reference), "findings": [_said(f) for f in found],
        "change_point": dated, "estimates": errors,
    }  # fmt: skip


def _looked_back(ws: Workspace, key: str) -> tuple[str | None, dict[str, Any]]:
    """When the headline metric is said to have changed, and how far weekly estimates lay from what labels said."""
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
    task = system.task
    metrics = {Task.BINARY: ["accuracy"], Task.REGRESSION: ["mae"]}.get(task) if task else None
    change = performance(ws, key, by="week", metrics=[system_headline(system)]).change
    told = performance(ws, key, by="week", metrics=metrics, estimated=metrics is not None)
    errors = {
        h.metric: {"weeks": h.chunks, "distance": h.distance, "covered": h.covered} for h in told.hindsight
    }
    return str(change.at) if change else None, errors


def _said(found: Finding) -> dict[str, Any]:
    kept = {k: str(v) if isinstance(v, datetime) else v for k, v in asdict(found).items() if k != "figures"}
    known = found.known_at or found.figures.get("known_at")
    figures = {k: str(v) for k, v in found.figures.items() if k.endswith("known_at")}
    return kept | {"known_at": str(known) if known else None, "figures": figures}


def opened(ws: Workspace, key: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The decisions that were in charge, in the plain form."""
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        frame = cursor.execute(f'SELECT * FROM "decision_{key}" ORDER BY timestamp').df()
    if "arm" in frame:
        frame = frame[frame["arm"].fillna("champion") != "shadow"]
    renamed = {"timestamp": "at", "decision_id": "id", "label_time": "known_at"}
    frame = frame.rename(columns=renamed)
    inputs = {c: f"x_{c.partition(':')[2]}" for c in frame if c.startswith("feature:")}
    kept = [c for c in ("at", "id", "version", "score", "prediction", "label", "known_at") if c in frame]
    end = system.reference[1].replace(tzinfo=None) if system.reference else frame["at"].iloc[len(frame) // 3]
    meta = {"task": str(system.task), "positive": system.positive, "reference_end": str(end)}
    return frame[[*kept, *inputs]].rename(columns=inputs).reset_index(drop=True), meta
