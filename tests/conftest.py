"""What all tests share: a workspace, the command line in this process, and the real logs where they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plumbline.cli import main
from plumbline.store.workspace import Workspace, open_workspace

REAL_LOGS = Path(__file__).parents[1].parent / "shared" / "data"


@dataclass(frozen=True)
class Ran:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code in (0, 1), self.err
        return json.loads(self.out)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    ws = open_workspace(tmp_path / "workspace.duckdb", read_from=[tmp_path])
    yield ws
    ws.close()


@pytest.fixture
def plumbline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ran]:
    """Run a command in this process against a workspace of the test's own."""
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(tmp_path / "workspace.duckdb"))

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main.main([str(a) for a in arguments])
        text = capsys.readouterr()
        return Ran(int(ended.value.code or 0), text.out, text.err)

    return run


@pytest.fixture(scope="session")
def real_logs() -> Path:
    """The folder of real prediction logs; tests that need it skip where it is absent."""
    if not REAL_LOGS.is_dir():
        pytest.skip("the real logs are not beside this checkout")
    return REAL_LOGS


@pytest.fixture(scope="session")
def truth(real_logs: Path) -> Callable[[str], Any]:
    return lambda name: json.loads((real_logs / name / "truth.json").read_text("utf-8"))
