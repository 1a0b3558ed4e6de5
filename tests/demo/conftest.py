"""All seven logs, written once at full size for every test of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.demo.scenarios import SCENARIOS, ScenarioFiles


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ScenarioFiles]:
    folder: Path = tmp_path_factory.mktemp("demo")
    return {name: scenario.write(folder) for name, scenario in SCENARIOS.items()}
