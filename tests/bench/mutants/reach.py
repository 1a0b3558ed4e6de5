"""Which functions of the package each test runs, and how long it takes: a plugin of pytest.

Run as ``PLUMBLINE_REACH=FOLDER pytest -p tests.bench.mutants.reach FILES``: one JSON file a test file. What a fixture
runs before the first test that needs it counts for every test of the file, as the others get its result.
Processes that a test starts are not looked into.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

FOLDER = "PLUMBLINE_REACH"
#: what is noted of a test file as a whole
WHOLE = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """Of one test file: seconds of each test, and the functions (``module:name``) that each runs."""

    seconds: dict[str, float]
    functions: dict[str, frozenset[str]]

    def tests(self, module: str, function: str | None) -> list[str]:
        """The tests that run the function, or any of the module; the quickest first."""
        place = f"{module}:{function}" if function else f"{module}:"

        def runs(test: str) -> bool:
            some = self.functions.get(test, frozenset())
            return place in some if function else any(name.startswith(place) for name in some)

        whole = runs(WHOLE)
        return sorted((t for t in self.seconds if whole or runs(t)), key=lambda t: self.seconds[t])


def kept_at(folder: Path, path: Path) -> Path:
    """Where the reach of a test file is kept: elsewhere once its text changes."""
    return folder / f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}.json"


def read(folder: Path, files: Sequence[Path]) -> dict[Path, Reach]:
    """What is known of these test files."""
    known = {}
    for path in files:
        kept = kept_at(folder, path)
        if kept.exists():
            said = json.loads(kept.read_text("utf-8"))
            functions = {test: frozenset(names) for test, names in said["functions"].items()}
            known[path] = Reach(said["seconds"], functions)
    return known


def function_name(code: CodeType) -> str:
    """The function or method in which the code stands, as its module names it."""
    return code.co_qualname.partition(".<locals>")[0]


class Watch:
    """Notes each function of the package that is called, by test file and test."""

    def __init__(self, folder: Path, package: str) -> None:
        self.folder, self.package = folder, package
        # by place in memory, as equal code in two modules is equal; kept, so that the place is not given away
        self.names: dict[int, tuple[CodeType, str | None]] = {}
        self.now = set[str]()
        self.functions: dict[Path, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.seconds: dict[Path, dict[str, float]] = defaultdict(lambda: defaultdict(float))

    def called(self, frame: FrameType, event: str, arg: Any) -> None:
        code = frame.f_code
        known = self.names.get(id(code))
        if known is None:
            inside = code.co_filename.startswith(self.package) and code.co_name != "<module>"
            place = f"{code.co_filename[len(self.package) :]}:{function_name(code)}"
            known = self.names[id(code)] = (code, place if inside else None)
        if known[1]:
            self.now.add(known[1])

    def noted(self, path: Path, test: str) -> None:
        self.functions[path][test] |= self.now
        self.now.clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        self.now.clear()
        yield
        self.noted(item.path, WHOLE)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        self.now.clear()
        yield
        self.noted(item.path, item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            path = Path(report.nodeid.partition("::")[0]).resolve()
            self.seconds[path][report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        sys.settrace(None)
        self.folder.mkdir(parents=True, exist_ok=True)
        for path, seconds in self.seconds.items():
            functions = {test: sorted(names) for test, names in self.functions[path].items()}
            said = {"seconds": {t: round(s, 3) for t, s in seconds.items()}, "functions": functions}
            kept_at(self.folder, path).write_text(json.dumps(said), "utf-8")


def pytest_configure(config: pytest.Config) -> None:
    import plumbline

    watch = Watch(Path(os.environ[FOLDER]), str(Path(plumbline.__file__).parent) + os.sep)
    config.pluginmanager.register(watch)
    threading.settrace(watch.called)
    sys.settrace(watch.called)
