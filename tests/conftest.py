"""What all tests share: a workspace, the command line in this process, and the real logs where they are."""

from __future__ import annotations

import gc
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from plumbline.cli import main
from plumbline.domain import Load
from plumbline.store.workspace import Workspace, open_workspace

#: what is begun first when several workers share the tests: the modules that take longest, the longest before others,
#: so that none of them is still at work when all the rest is done
FIRST = (
    "tests/browser/test_installed.py", "tests/browser/test_journeys.py", "tests/demo/test_load.py",
    "tests/answers/respond/rollback/test_act.py", "tests/test_real_logs.py", "tests/served/test_gate.py",
    "tests/browser/", "tests/store/test_upgrade.py", "tests/store/test_full_disk.py", "tests/served/", "tests/demo/",
    "tests/pages/", "tests/web/", "tests/sources/", "tests/probe/", "tests/logs/", "tests/answers/",
)  # fmt: skip
#: rooms below the findings, whose tests load logs for another reason
BELOW = ("logs", "profile", "sources")
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; ``make test`` deals whole files, as theirs share fixtures."""

    def place(item: pytest.Item) -> int:
        return next((i for i, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))

    items.sort(key=place)


def pytest_collection() -> None:
    gc.disable()


def pytest_collection_finish() -> None:
    """Thousands of tests and all their modules stay to the end: each whole collection of garbage would walk through
    them, for a tenth of a worker's time."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Make a folder by name once for all workers: ``shared("logs", write)`` calls ``write(folder)`` in the
    first one that asks, while the others wait. What is in it is only read."""
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def once(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = root / f"shared-{name}", root / f"shared-{name}.done"
        with FileLock(root / f"shared-{name}.lock"):
            if not done.exists():
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return once


@pytest.fixture(scope="session", autouse=True)
def whole_pages() -> None:
    """A page waits for all its sections and shows the newest rows, however slow the machine; what it does else is
    tested where it says so."""
    os.environ["PLUMBLINE_SECTION_SECONDS"] = "120"
    os.environ["PLUMBLINE_REFRESH_SECONDS"] = "0"


@pytest.fixture(scope="session", autouse=True)
def signing_key(shared: Callable[[str, Callable[[Path], object]], Path]) -> None:
    """Evidence packs are signed with a key of the tests' own, and never the user's."""
    os.environ["PLUMBLINE_SIGNING_KEY_FILE"] = str(shared("signing", lambda folder: None) / "key.pem")


@pytest.fixture(scope="module", autouse=True)
def unchecked(request: pytest.FixtureRequest) -> Iterator[None]:
    """In rooms below the findings no check of them after a load: it is half of a small load's time, and whatever
    becomes of it changes nothing that was loaded. Modules with ``pytestmark = pytest.mark.checked`` keep it."""
    room = request.path.relative_to(Path(__file__).parent).parts[0]
    with pytest.MonkeyPatch.context() as patch:
        if room in BELOW and not request.node.get_closest_marker("checked"):
            from plumbline.answers.data import load, quarantine

            for module in (load, quarantine):
                patch.setattr(module, "check_load", _as_loaded)
        yield


def _as_loaded(ws: Workspace, made: Load, *, actor: str) -> Load:
    return made


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty workspace to copy: laying its tables takes three times as long as opening it."""
    path = tmp_path_factory.mktemp("blank") / "w.duckdb"
    open_workspace(path).close()
    return path


@pytest.fixture
def workspace(tmp_path: Path, blank: Path) -> Iterator[Workspace]:
    shutil.copy(blank, tmp_path / "workspace.duckdb")
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
