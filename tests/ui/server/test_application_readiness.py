"""A server that gets ready: one step that fails costs itself and a line in the log, and the rest goes on."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from plumbline.answers import warmup
from plumbline.domain import PlumblineError, Task
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from plumbline.ui.server import application


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a server did, in its order, with nothing heavy imported."""
    done: list[str] = []
    monkeypatch.setattr(application, "HEAVY", ("first", "second"))
    monkeypatch.setattr(application, "import_module", done.append)
    monkeypatch.setattr(warmup, "warm_caches", lambda *_: done.append("ready"))
    monkeypatch.setattr(warmup, "measure_changed_systems", lambda *_: done.append("measured"))
    return done


def _fails(error: Exception) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise error

    return fail


def test_all_steps_are_taken_and_the_log_says_ready(
    done: list[str], workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="plumbline"):
        application.warm_up(lambda: workspace)
    assert done == ["first", "second", "ready", "measured"]
    assert [r.levelname for r in caplog.records] == ["INFO"]
    assert "ready" in caplog.text


def test_an_import_that_fails_costs_its_own_warmth(
    done: list[str], workspace: Workspace, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def imported(name: str) -> None:
        if name == "first":
            raise ModuleNotFoundError("No module named 'first'")
        done.append(name)

    monkeypatch.setattr(application, "import_module", imported)
    application.warm_up(lambda: workspace)
    assert done == ["second", "ready", "measured"]
    assert "No module named 'first'" in caplog.text


@pytest.mark.parametrize("step", ["warm_caches", "measure_changed_systems", "importance"])
def test_a_step_that_fails_costs_itself_alone(
    step: str,
    done: list[str],
    workspace: Workspace,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of = "plumbline.charts.importance" if step == "importance" else "plumbline.answers.warmup"
    monkeypatch.setattr(f"{of}.{step}", _fails(ValueError("a fault\x1b[31m")))
    application.warm_up(lambda: workspace)
    left = {"warm_caches": "ready", "measure_changed_systems": "measured"}.get(step)
    assert done == [one for one in ("first", "second", "ready", "measured") if one != left]
    assert "a fault" in caplog.text
    assert "\x1b" not in caplog.text


def test_the_loop_outlives_what_fails_and_measures_what_changed(
    done: list[str], workspace: Workspace, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measuring fails, then the workspace cannot be had, then it is another one: each time it goes on."""
    stop, turn = threading.Event(), iter(range(100))

    def workspace_of() -> Workspace:
        at = next(turn)
        if at in (2, 3):
            raise PlumblineError("gone for a moment")
        if at > 8:
            stop.set()
        return workspace

    changes = iter(range(100))
    monkeypatch.setattr(Workspace, "change", lambda _: next(changes) // 3)

    def measure(*_: object) -> None:
        done.append("measured")
        if done.count("measured") == 1:
            raise RuntimeError("out of memory")

    monkeypatch.setattr(warmup, "measure_changed_systems", measure)
    monkeypatch.setattr(application, "LOOK", 0.001)
    monkeypatch.setattr(application, "REST", 0.0)  # how long a measuring takes is the machine's
    application.warm_up(workspace_of, stop)
    assert done.count("measured") >= 2
    assert "out of memory" in caplog.text
    assert caplog.text.count("gone for a moment") == 1  # said once, not at every look


def test_a_server_that_stops_says_nothing(
    done: list[str], workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    stop = threading.Event()
    stop.set()
    application.warm_up(lambda: workspace, stop)
    assert done == []
    assert not caplog.records


def test_what_a_process_has_imported_is_looked_at_by_no_later_collection(
    done: list[str], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamlit collects after each run of a page: 0.13 s of processor time of a visit that took 0.2."""
    stop = threading.Event()
    monkeypatch.setattr(warmup, "measure_changed_systems", lambda *_: stop.set())
    before = len(gc.get_objects())
    try:
        application.warm_up(lambda: workspace, stop)
        assert len(gc.get_objects()) < before / 10
        assert gc.get_freeze_count() > 0.9 * before
    finally:
        gc.unfreeze()


@pytest.fixture
def two(workspace: Workspace) -> Workspace:
    with workspace.write() as cursor:
        for name in ("broken", "sound"):
            systems.create_system(cursor, name, task=Task.BINARY)
    return workspace


def test_one_question_of_one_system_fails_alone(
    two: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[tuple[str, str]] = []

    def asking(question: str) -> Callable[[Workspace, str], None]:
        def ask(_: Workspace, key: str) -> None:
            asked.append((question, key))
            if (question, key) == ("releases", "broken"):
                raise OverflowError("too large\x1b[0m")
            if question == "_warm_scorecard":
                raise PlumblineError("nothing to judge yet")  # its own page says it

        return ask

    for question in ("_warm_scorecard", "releases", "segments"):
        monkeypatch.setattr(warmup, question, asking(question))
    warmup.measure_changed_systems(two)
    assert asked == [
        (q, key) for key in ("broken", "sound") for q in ("_warm_scorecard", "releases", "segments")
    ]
    assert len(caplog.records) == 1
    assert "broken" in caplog.text
    assert "too large" in caplog.text
    assert "\x1b" not in caplog.text
    asked.clear()
    warmup.measure_changed_systems(
        two
    )  # what failed is asked again after the next change, what did not is not
    assert {key for _, key in asked} == {"broken"}


@pytest.mark.parametrize(
    "part", ["decisions.main_version", "_warm_version", "reference_profiles", "fingerprint"]
)
def test_one_system_that_cannot_be_made_ready_leaves_the_others(
    part: str, two: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reached: list[str] = []

    def one_broken(*arguments: Any) -> Any:
        key = next(a.key for a in arguments if hasattr(a, "key") and hasattr(a, "task"))
        reached.append(key)
        if key == "broken":
            raise ArithmeticError("not a number")
        return "1"

    for each in ("decisions.main_version", "_warm_version", "reference_profiles"):
        monkeypatch.setattr(f"plumbline.answers.warmup.{each}", lambda *_: "1")
    for question in ("_warm_scorecard", "releases", "segments"):
        monkeypatch.setattr(warmup, question, lambda *_: None)
    monkeypatch.setattr(f"plumbline.answers.warmup.{part}", one_broken)
    (warmup.measure_changed_systems if part == "fingerprint" else warmup.warm_caches)(two)
    assert set(reached) == {"broken", "sound"}
    assert "not a number" in caplog.text
    assert "broken" in caplog.text


def test_changes_that_come_one_upon_the_other_are_measured_a_tenth_of_the_time(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that stands still but for the work: each measuring takes 3 s, each look 2 s, all see a change."""
    clock, measured = [0.0], []

    class Changing:
        def change(self) -> int:
            return int(clock[0] * 10)

    class Stop:
        def is_set(self) -> bool:
            return clock[0] > 600

        def wait(self, seconds: float) -> bool:
            clock[0] += seconds
            return self.is_set()

    def measure(*_: object) -> None:
        measured.append(clock[0])
        clock[0] += 3.0

    monkeypatch.setattr(application.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(warmup, "measure_changed_systems", measure)
    application.warm_up(lambda: Changing(), Stop())  # type: ignore[arg-type,return-value]
    assert 18 <= len(measured) <= 21
    assert min(b - a for a, b in pairwise(measured)) >= 30
