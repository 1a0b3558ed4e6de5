"""The seven logs, each written once at full size for every test of this folder, when one first asks for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from plumbline.demo.scenarios import SCENARIOS, ScenarioFiles


class Written(Mapping[str, ScenarioFiles]):
    """Scenario -> its files; workers share them."""

    def __init__(self, shared: Callable[[str, Callable[[Path], object]], Path]) -> None:
        self._shared = shared

    def __getitem__(self, name: str) -> ScenarioFiles:
        folder = self._shared(f"demo-{name}", lambda folder: _write(name, folder))
        listed = json.loads((folder / "files.json").read_text("utf-8"))
        labels = folder / listed["labels"] if listed["labels"] else None
        models = {version: folder / file for version, file in listed["models"].items()}
        repository = folder / listed["repository"] if listed["repository"] else None
        return ScenarioFiles(folder / listed["log"], labels, models, repository)

    def __iter__(self) -> Iterator[str]:
        return iter(SCENARIOS)

    def __len__(self) -> int:
        return len(SCENARIOS)


def _write(name: str, folder: Path) -> None:
    files = SCENARIOS[name].write(folder)
    listed = {
        "log": files.log.name,
        "labels": files.labels.name if files.labels else None,
        "repository": files.repository.name if files.repository else None,
        "models": {version: path.name for version, path in files.models.items()},
    }
    (folder / "files.json").write_text(json.dumps(listed), "utf-8")


@pytest.fixture(scope="session")
def written(shared: Callable[[str, Callable[[Path], object]], Path]) -> Written:
    return Written(shared)
