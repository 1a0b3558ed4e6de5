"""Builders for the tests: a workspace, and decisions put straight into a system's table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from plumbline.domain import DecisionColumn, Kind, RoleName, System, Task
from plumbline.store.sql import decision_table, ident
from plumbline.store.systems import create_system, ensure_columns, set_reference, update_system
from plumbline.store.workspace import Workspace, open_workspace

START = datetime(2026, 1, 1, tzinfo=UTC)


def workspace(folder: Path) -> Workspace:
    return open_workspace(folder / "w.duckdb", memory_limit="500MB")


def insert(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    rows: pd.DataFrame,
    load_id: int,
    *,
    categorical: Sequence[str] = (),
) -> None:
    """Put rows into the decision table; columns are roles (``feature:x``, ``score`` ...)."""
    named = [
        DecisionColumn(
            name=c,
            role=RoleName.parse(c),
            kind=Kind.CATEGORICAL
            if c in categorical or not pd.api.types.is_numeric_dtype(rows[c])
            else Kind.NUMERIC,
        )
        for c in rows.columns
        if ":" in c
    ]
    ensure_columns(cursor, system.key, named, load_id)
    columns = ", ".join(ident(c) for c in rows.columns)
    held = rows  # found by DuckDB under this name
    cursor.register("held_rows", held)
    cursor.execute(
        f"""INSERT INTO {decision_table(system.key)} (_load_id, _line, _hash, {columns})
            SELECT {load_id}, row_number() OVER (), hash(row_number() OVER (), {load_id}), {columns}
            FROM held_rows"""
    )
    cursor.unregister("held_rows")


def binary_log(rng: np.random.Generator, n: int = 600, days: int = 10) -> pd.DataFrame:
    """A log with every kind of column, gaps in each."""
    seconds = rng.integers(0, days * 86400, n)
    score = np.round(rng.random(n), 3)
    label = np.where(rng.random(n) < score, "yes", "no").astype(object)
    label[rng.random(n) < 0.3] = None
    x = np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n))
    return pd.DataFrame(
        {
            "timestamp": [(START + timedelta(seconds=int(s))).replace(tzinfo=None) for s in seconds],
            "decision_id": [f"d{i}" for i in rng.integers(0, 10 * n, n)],
            "prediction": np.where(score > 0.5, "yes", "no"),
            "score": np.where(rng.random(n) < 0.05, np.nan, score),
            "label": label,
            "version": rng.choice(["1", "2"], n),
            "arm": rng.choice(["champion", "shadow"], n, p=[0.8, 0.2]),
            "feature:x": x,
            "feature:k": rng.integers(0, 5, n).astype(float),
            "feature:c": rng.choice(np.array(["a", "b", "c", None], dtype=object), n),
            "segment:region": rng.choice(np.array(["north", "south"], dtype=object), n),
        }
    )


def late_binary_log(seed: int, n: int = 500) -> pd.DataFrame:
    """``binary_log`` whose labels come early, late or at no known time, of a model that was trained a month before."""
    rng = np.random.default_rng(seed)
    log = binary_log(rng, n)
    log["label_time"] = log["timestamp"] + pd.to_timedelta(rng.integers(-50, 4000, n), unit="h")
    log.loc[rng.random(n) < 0.2, "label_time"] = pd.NaT
    log["trained_at"] = log["timestamp"].min() - pd.Timedelta(days=30)
    return log


def make_system(
    cursor: duckdb.DuckDBPyConnection,
    task: Task = Task.BINARY,
    *,
    title: str = "test",
    reference_days: int | None = 4,
    **more: Any,
) -> System:
    system = create_system(cursor, title, task=task, positive="yes" if task is Task.BINARY else None)
    if more:
        from dataclasses import replace

        system = replace(system, **more)
        update_system(cursor, system)
    if reference_days:
        system = set_reference(cursor, system, (START, START + timedelta(days=reference_days)), "given")
    return system
