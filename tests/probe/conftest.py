"""The real things: a registry that MLflow wrote, and a repository that DVC and git wrote. Made once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "DVC_NO_ANALYTICS": "true", "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2026-03-01T10:00:00Z", "GIT_COMMITTER_DATE": "2026-03-01T10:00:00Z",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Registry:
    uri: str
    run: str  # behind version 1


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Two models; ``credit`` has a version with all that training can record, and one with nothing."""
    patch = pytest.MonkeyPatch()
    for name, value in QUIET.items():
        patch.setenv(name, value)
    folder = tmp_path_factory.mktemp("mlflow")
    patch.chdir(folder)
    made = fill(f"sqlite:///{folder / 'mlflow.db'}")
    patch.undo()
    return made


def fill(uri: str) -> Registry:
    """Two models in a new registry; MLflow makes its tables."""
    from mlflow import MlflowClient
    from mlflow.entities import Dataset, DatasetInput

    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    client.create_registered_model("credit")
    client.create_registered_model("it's odd")
    run = client.create_run(
        "0", tags={"mlflow.user": "ana", "mlflow.source.git.commit": "c0ffee12"}, run_name="spring"
    )
    client.log_param(run.info.run_id, "learning_rate", "0.1")
    client.log_inputs(run.info.run_id, [DatasetInput(Dataset("applications", "d1gest", "local", "{}"), [])])
    client.create_model_version("credit", "models/1", run.info.run_id, tags={"version": "2026.1"})
    client.create_model_version("credit", "models/2")
    client.set_registered_model_alias("credit", "champion", "2")
    return Registry(uri, run.info.run_id)


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline that DVC ran twice, committed and tagged ``credit@v1.0`` and ``1.1``."""
    root = tmp_path_factory.mktemp("dvc") / "repo"
    (root / "model").mkdir(parents=True)
    folder = root / "model"
    env = {**os.environ, **QUIET}

    def run(*command: str) -> None:
        subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)

    def dvc(*arguments: str) -> None:
        run(shutil.which("dvc") or str(Path(sys.executable).with_name("dvc")), *arguments)

    subprocess.run(["git", "init", "-q", str(root)], env=env, check=True)
    dvc("init", "-q", "--subdir")
    (folder / "data.csv").write_text("x,y\n1,2\n")
    (folder / "params.yaml").write_text("lr: 0.1\ntrees: 5\n")
    (folder / "train.py").write_text(
        "import pathlib; pathlib.Path('model.txt').write_text(pathlib.Path('params.yaml').read_text())\n"
    )
    (folder / "dvc.yaml").write_text(
        "stages:\n  train:\n    cmd: python train.py\n    deps: [data.csv, train.py]\n    params: [lr, trees]\n"
        "    outs: [model.txt]\n  report:\n    cmd: python train.py\n    deps: [model.txt]\n    frozen: true\n"
    )
    for tag, rate in (("credit@v1.0", "0.1"), ("1.1", "0.2")):
        (folder / "params.yaml").write_text(f"lr: {rate}\ntrees: 5\n")
        dvc("repro", "-q", "train")
        run("git", "add", ".")
        run("git", "commit", "-qm", f"Train {tag}")
        run("git", "tag", tag)
    return folder
