"""The record of a model's trainings as DVC and git keep it: one tagged commit a release, the same on every run."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plumbline.domain import PlumblineError

if TYPE_CHECKING:
    import pandas as pd

_DESCRIBED = """\
stages:
  train:
    cmd: python train.py
    deps: [applications.csv, train.py]
    params: [num_leaves, learning_rate, num_boost_round]
    outs: [model.txt]
"""
_TRAIN = """\
import json
import lightgbm
import pandas as pd

table, params = pd.read_csv("applications.csv"), json.load(open("params.json"))
rounds = params.pop("num_boost_round")
data = lightgbm.Dataset(table.drop(columns="repaid"), table["repaid"])
lightgbm.train(params, data, num_boost_round=rounds).save_model("model.txt")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """One training: its release, day, rows with the target ``repaid``, parameters, and the model's text."""

    release: str
    day: str
    rows: pd.DataFrame
    parameters: dict[str, float]
    model: str


def write_repository(folder: Path, trainings: list[TrainingRun], *, author: str) -> Path | None:
    """Commit and tag each training's lock: hashes of the data, the code and the model, and the parameters.

    Data and model themselves stay outside, as DVC leaves them. None where git is not installed.

    Raises:
        PlumblineError: git refused.
    """
    if shutil.which("git") is None:
        return None
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    _git(folder, "init", "-q", "-b", "main")
    (folder / "dvc.yaml").write_text(_DESCRIBED, "utf-8", newline="\n")
    (folder / "train.py").write_text(_TRAIN, "utf-8", newline="\n")
    for training in trainings:
        (folder / "dvc.lock").write_text(_lock(training), "utf-8", newline="\n")
        who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER")
               for part, value in (("NAME", author), ("EMAIL", "training@example.org"),
                                   ("DATE", f"{training.day}T04:00:00+0000"))}  # fmt: skip
        _git(folder, "add", "-A", **who)
        _git(folder, "commit", "-q", "-m", f"Train {training.release}", **who)
        _git(folder, "tag", training.release)
    return folder


def _lock(training: TrainingRun) -> str:
    import pyarrow as pa
    from pyarrow import csv

    table = io.BytesIO()
    csv.write_csv(pa.Table.from_pandas(training.rows, preserve_index=False), table)
    parameters = "".join(f"      {name}: {value:g}\n" for name, value in sorted(training.parameters.items()))
    return (
        "schema: '2.0'\nstages:\n  train:\n    cmd: python train.py\n    deps:\n"
        f"{_entry('applications.csv', table.getvalue())}{_entry('train.py', _TRAIN.encode())}"
        f"    params:\n      params.json:\n{parameters.replace('      ', '        ')}"
        f"    outs:\n{_entry('model.txt', training.model.encode())}"
    )


def _entry(path: str, body: bytes) -> str:
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return f"    - path: {path}\n      hash: md5\n      md5: {digest}\n      size: {len(body)}\n"


def _git(folder: Path, *arguments: str, **more: Any) -> None:
    alone = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    process = subprocess.run(  # noqa: S603 - a fixed program and our own arguments
        ["git", "-c", "commit.gpgsign=false", "-C", str(folder), *arguments],  # noqa: S607
        env=environment | alone | more, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if process.returncode:
        raise PlumblineError(
            f"git could not record a training: {process.stderr.strip()[:200]}",
            where=str(folder),
            todo="Check git.",
        )
