"""One server for all tests of this folder, and logs to count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.server import Server, need_spark, start


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    need_spark()
    running = start(tmp_path_factory.mktemp("spark"))
    yield running
    running.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
