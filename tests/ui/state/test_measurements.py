"""Questions at work beside the pages: one for everybody who asks the same, few at once, short ones first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import wait

import pytest

from plumbline.ui.state import measurements
from plumbline.ui.state.measurements import Measurement, Measurements

SOON = 20.0


@pytest.fixture
def one_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurements, "AT_ONCE", 1)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What holds a measurement up until the test lets it go."""
    event = threading.Event()
    yield event
    event.set()


def behind(gate: threading.Event, log: list[str], name: str) -> Callable[[], str]:
    def work() -> str:
        gate.wait(SOON)
        log.append(name)
        return name

    return work


def result(measurement: Measurement) -> object:
    return measurement.result.result(SOON)


def settle(known: Measurements) -> None:
    """Wait until nothing is at work: a result is there a moment before its measurement has left."""
    until = time.monotonic() + SOON
    while not known.is_idle:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_who_asks_the_same_waits_for_one_measurement(gate: threading.Event) -> None:
    log: list[str] = []
    known = Measurements()
    first = known.ask("a", behind(gate, log, "a"))
    assert known.ask("a", behind(gate, log, "a again")) is first
    assert known.find_begun("a") is first
    assert not known.is_idle
    gate.set()
    assert result(first) == "a"
    known.drop(first)
    assert result(known.ask("a", behind(gate, log, "a anew"))) == "a anew"
    assert log == ["a", "a anew"]


def test_few_are_at_work_at_once_in_the_order_in_which_they_were_asked(
    one_at_once: None, gate: threading.Event
) -> None:
    log: list[str] = []
    known = Measurements()
    asked = [known.ask(name, behind(gate, log, name)) for name in "abcd"]
    assert [one.begun is not None for one in asked] == [True, False, False, False]
    gate.set()
    wait([one.result for one in asked], SOON)
    assert log == list("abcd")
    assert [result(one) for one in asked] == list("abcd")


def test_a_section_waits_for_what_whole_pages_wait_for(one_at_once: None, gate: threading.Event) -> None:
    log: list[str] = []
    known = Measurements()
    asked = [
        known.ask(name, behind(gate, log, name), later=name == "section")
        for name in ("first", "section", "page")
    ]
    gate.set()
    wait([one.result for one in asked], SOON)
    assert log == ["first", "page", "section"]


def test_a_short_one_goes_before_a_long_one_that_was_asked_a_little_earlier(
    one_at_once: None, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(measurements, "monotonic", lambda: clock[0])
    log: list[str] = []
    known = Measurements()

    def long() -> None:
        clock[0] += 5.0

    assert result(known.ask("long", long, kind="slow kind")) is None
    settle(known)
    held = known.ask("held", behind(gate, log, "held"))
    asked = [held, known.ask("slow", behind(gate, log, "slow"), kind="slow kind")]
    clock[0] += 1.0
    asked.append(known.ask("quick", behind(gate, log, "quick"), kind="quick kind"))
    gate.set()
    wait([one.result for one in asked], SOON)
    assert log[-2:] == ["quick", "slow"]


def test_a_long_one_holds_up_nobody_for_ever(
    one_at_once: None, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Measurements()
    long = known.ask("long", behind(gate, [], "long"))
    short = known.ask("short", lambda: "short")
    known.want(short)
    assert short.begun is None
    monkeypatch.setattr(measurements, "YOUNG", 0.0)
    known.want(short)
    assert result(short) == "short"
    assert not long.result.done()


def test_what_nobody_waits_for_any_more_is_not_begun(
    one_at_once: None, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []
    known = Measurements()
    first = known.ask("first", behind(gate, log, "first"))
    left = known.ask("left", behind(gate, log, "left"))
    monkeypatch.setattr(Measurement, "is_wanted", property(lambda self: self.name != "left"))
    last = known.ask("last", behind(gate, log, "last"))
    gate.set()
    wait([first.result, last.result], SOON)
    assert log == ["first", "last"]
    assert left.begun is None
    assert known.ask("left", lambda: "anew") is not left


def test_what_failed_fails_for_everybody_who_waits() -> None:
    def fail() -> None:
        raise ValueError("no such column")

    measurement = Measurements().ask("a", fail)
    with pytest.raises(ValueError, match="no such column"):
        result(measurement)


def test_results_that_nobody_comes_for_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurements, "MOST_RESULTS", 3)
    known = Measurements()
    asked = [known.ask(n, lambda n=n: n) for n in range(10)]
    assert [result(one) for one in asked] == list(range(10))
    settle(known)
    assert len(known._known) == 3


def test_what_pages_do_not_wait_for_is_measured_one_at_a_time_and_leaves_room(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measurements, "AT_ONCE", 2)
    log: list[str] = []
    known = Measurements()
    first, second = (known.ask(name, behind(gate, log, name), later=True) for name in ("a", "b"))
    assert (first.begun is None, second.begun is None) == (False, True)
    page = known.ask("page", lambda: "page")
    assert result(page) == "page"
    gate.set()
    assert (result(first), result(second)) == ("a", "b")
    assert log == ["a", "b"]


def test_what_a_page_waits_for_now_goes_before_what_was_asked_for_later(gate: threading.Event) -> None:
    log: list[str] = []
    known = Measurements()
    first = known.ask("a", behind(gate, log, "a"), later=True)
    waiting = [known.ask(name, behind(gate, log, name), later=True) for name in ("b", "c")]
    wanted = known.ask("c", behind(gate, log, "c again"))
    assert wanted is waiting[1]
    assert wanted.begun is not None
    assert waiting[0].begun is None
    gate.set()
    assert [result(one) for one in (first, *waiting)] == ["a", "b", "c"]
    settle(known)
    assert sorted(log) == ["a", "b", "c"]  # each once, though one stood in the queue twice
