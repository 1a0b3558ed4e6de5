"""What a demo scenario is made of, and the pieces that several stories share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, Settings, Task

if TYPE_CHECKING:
    import pandas as pd

#: no demo log goes past this moment, so that its bytes never depend on the clock
DEMO_END = "2026-10-31T00:00:00+00:00"
DEMO_MOMENT = datetime.fromisoformat(DEMO_END)
END = np.datetime64("2026-10-31T00:00:00", "us")
#: everything a company would have to state and that no log shows, used by the stories that state it
YEAR = ("2026-09-15", "2027-09-14")


@dataclass(frozen=True, slots=True)
class ScenarioFiles:
    """What was written: the log, a labels file where outcomes come apart, model files by version, and the
    repository that they were trained in."""

    log: Path
    labels: Path | None = None
    models: Mapping[str, Path] = field(default_factory=dict)
    repository: Path | None = None  # with DVC's record of each training, where the company keeps one


class Writer(Protocol):
    """Writes a story's files; seed 0 is the demo's own, any other draws the same story anew."""

    def __call__(self, folder: Path, seed: int = 0) -> ScenarioFiles: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One story: how its log is written, what its people state, and what was planted in it.

    ``mapping``: column -> role, several joined by a comma. ``attestations``: (control, status, statement,
    owner, at, expires). ``exemptions``: (control, reason, approver, until, at). ``events``: (event, at, by,
    note) as ``answers.events`` names them. ``truth``: the planted figures that the tests measure.
    """

    name: str
    title: str
    task: Task
    write: Writer
    mapping: dict[str, str]
    context: dict[str, str]
    settings: Settings
    truth: dict[str, Any]
    positive: str | None = None
    timezone: str = "UTC"
    labels_mapping: dict[str, str] | None = None
    reference: tuple[str, str] | None = None
    attestations: tuple[tuple[str, str, str, str, str, str], ...] = ()
    exemptions: tuple[tuple[str, str, str, str, str], ...] = ()
    #: whether the statements point to documents
    documents: bool = False
    #: whether the company registers its model files with Plumbline; they lie beside the log in any case
    registers: bool = True
    events: tuple[tuple[str, str, str, str], ...] = ()


def random_stream(story: int, seed: int) -> np.random.Generator:
    """A story's own stream of random numbers, or another one of it."""
    return np.random.default_rng(story if seed == 0 else [story, seed])


def times(rng: np.random.Generator, days: int, n: int, start: str | None = None) -> NDArray[np.datetime64]:
    """n sorted times over ``days`` that end at DEMO_END (or begin at ``start``), busier by day than by night."""
    first = np.datetime64(start, "us") if start else END - np.timedelta64(days, "D")
    day = rng.integers(0, days, n)
    shape = 0.35 + np.exp(-0.5 * ((np.arange(24) - 14) / 4.5) ** 2)
    hour = rng.choice(24, n, p=shape / shape.sum())
    second = rng.integers(0, 3600, n)
    seconds = np.sort(day * 86400 + hour * 3600 + second)
    return np.asarray(first + seconds.astype("timedelta64[s]"))


def days_since_start(at: NDArray[np.datetime64]) -> FloatArray:
    """Days since the first time, as a float."""
    return np.asarray((at - at[0]) / np.timedelta64(1, "D"), dtype=float)


def train(frame: pd.DataFrame, target: NDArray[Any], objective: str, trees: int = 80, **more: Any) -> Any:
    """A small LightGBM model, the same on every run."""
    import lightgbm

    settings = {
        "objective": objective, "num_leaves": 15, "learning_rate": 0.12, "min_data_in_leaf": 40, "seed": 7,
        "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbose": -1, **more,
    }  # fmt: skip
    return lightgbm.train(settings, lightgbm.Dataset(frame, target), num_boost_round=trees)


def keep(model: Any, folder: Path, name: str) -> Path:
    """Write a model's text file."""
    path = folder / name
    path.write_text(model.model_to_string(), "utf-8")
    return path


def write_csv(frame: pd.DataFrame, path: Path) -> Path:
    """Write a plain CSV; times as ISO 8601 with Z."""
    import pyarrow as pa
    from pyarrow import csv

    frame_out = frame.copy()
    for column in frame_out.columns:
        if frame_out[column].dtype.kind == "M":
            frame_out[column] = frame_out[column].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    table = pa.Table.from_pandas(frame_out, preserve_index=False)
    csv.write_csv(table, path, csv.WriteOptions(quoting_style="needed"))
    return path


def sigmoid(x: FloatArray) -> FloatArray:
    """The logistic function."""
    return np.asarray(1 / (1 + np.exp(-x)))
