"""The record of trainings that the demo keeps: read back by the probe, and the same on every run."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from plumbline.demo.scenarios import SCENARIOS, ScenarioFiles
from plumbline.demo.training import TrainingRun, write_repository
from plumbline.probe.dvc import probe_dvc

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def test_each_credit_release_is_recorded_with_code_data_and_parameters(
    written: Mapping[str, ScenarioFiles],
) -> None:
    files = written["credit-limits"]
    assert files.repository is not None
    found = probe_dvc(str(files.repository), by="test")
    by_release = {name: version for version in found.versions for name in version.names}
    for release in SCENARIOS["credit-limits"].truth["releases"]:
        assert by_release[release].reproducible
        assert by_release[release].has_provenance
        model = files.models[release].read_bytes()
        assert hashlib.md5(model, usedforsecurity=False).hexdigest() in by_release[release].names


def test_the_same_trainings_make_the_same_commits(tmp_path: Path) -> None:
    rows = pd.DataFrame({"x": [1.0, 2.0], "repaid": [0.0, 1.0]})
    trainings = [
        TrainingRun(
            release=f"2026.{i}",
            day=f"2026-0{i}-01",
            rows=rows + i,
            parameters={"num_leaves": 7.0},
            model="model",
        )
        for i in (1, 2)
    ]
    heads = []
    for name in ("one", "two"):
        folder = write_repository(tmp_path / name, trainings, author="Somebody")
        assert folder is not None
        shown = subprocess.run(
            ["git", "-C", folder, "rev-parse", "2026.1", "2026.2"], capture_output=True, check=True
        )
        heads.append(shown.stdout)
    assert heads[0] == heads[1]
    assert len(set(heads[0].split())) == 2
